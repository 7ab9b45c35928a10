"""What a start loads: help and version pay for nothing that they don't use."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from ddbinsert.cli.registry import TABLE

if TYPE_CHECKING:
    from pathlib import Path

_HEAVY = {"boto3", "botocore", "rich", "pydantic", "yaml", "asyncio", "ssl", "http", "email", "hypothesis"}
_REPORT = (
    "import sys\n"
    "from ddbinsert.cli import main\n"
    "code = main()\n"
    "print(*sys.modules, file=sys.stderr)\n"
    "sys.exit(code)"
)


def _run(folder: Path, *arguments: str, report: bool = True) -> subprocess.CompletedProcess[str]:
    program = ("-c", _REPORT) if report else ("-m", "ddbinsert")
    return subprocess.run(
        [sys.executable, *program, *arguments],
        env={"PATH": os.defpath, "HOME": str(folder)},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("--version",),
        ("-h",),
        ("local", "--help"),
        ("attach-trigger", "--help"),
        ("verify", "--help"),
    ],
    ids=" ".join,
)
def test_help_and_version_load_nothing_heavy(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = _run(tmp_path, *arguments)
    assert done.returncode == 0
    assert done.stdout
    loaded = {module.partition(".")[0] for module in done.stderr.split()}
    assert "ddbinsert" in loaded
    assert loaded & _HEAVY == set()


_COMMANDS = {f"ddbinsert.cli.{row.module}" for rows in TABLE.values() for row in rows if row.module}


@pytest.mark.parametrize(
    ("arguments", "modules"),
    [
        (("--help",), set()),
        (("--version",), set()),
        (("filter", "--help"), set()),
        (("veriy",), set()),
        (("status", "--help"), {"status"}),
        (("local", "status"), {"local"}),
        (("filter", "lint", "--help"), {"filter_lint", "filters"}),
    ],
    ids=lambda value: " ".join(sorted(value)),
)
def test_a_start_loads_the_module_of_the_called_command_alone(
    tmp_path: Path, arguments: tuple[str, ...], modules: set[str]
) -> None:
    loaded = set(_run(tmp_path, *arguments).stderr.split())
    assert loaded & _COMMANDS == {f"ddbinsert.cli.{module}" for module in modules}


@pytest.mark.parametrize(
    ("words", "modules"),
    [("ddbinsert ", set()), ("ddbinsert filter ", set()), ("ddbinsert down --y", {"down"})],
)
def test_completing_a_name_loads_no_command(tmp_path: Path, words: str, modules: set[str]) -> None:
    code = f"import sys; sys.argv[0] = 'ddbinsert'\n{_REPORT}"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={
            "PATH": os.defpath,
            "HOME": str(tmp_path),
            "_DDBINSERT_COMPLETE": "complete_bash",
            "COMP_WORDS": words,
            "COMP_CWORD": str(len(words.split(" ")) - 1),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split()
    assert set(done.stderr.split()) & _COMMANDS == {f"ddbinsert.cli.{module}" for module in modules}


def test_a_look_at_the_emulator_loads_no_aws_client(tmp_path: Path) -> None:
    done = _run(tmp_path, "local", "status")
    assert done.returncode == 1
    loaded = {module.partition(".")[0] for module in done.stderr.split()}
    assert loaded & {"boto3", "botocore", "rich", "pydantic"} == set()


def test_the_version_is_one_line(tmp_path: Path) -> None:
    from ddbinsert import __version__

    assert _run(tmp_path, "--version", report=False).stdout == f"ddbinsert {__version__}\n"


def test_no_arguments_at_all_show_the_help_and_count_as_wrong_usage(tmp_path: Path) -> None:
    done = _run(tmp_path, report=False)
    assert done.returncode == 2
    assert "Usage: ddbinsert" in done.stdout


@pytest.mark.parametrize(
    ("words", "completion"),
    [
        ("ddbinsert attach-trigger --paral", "--parallelization"),
        ("ddbinsert local st", "status"),
        ("ddbinsert config ch", "check"),
    ],
)
def test_a_shell_completes_commands_and_options(tmp_path: Path, words: str, completion: str) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; sys.argv[0] = 'ddbinsert'; from ddbinsert.__main__ import run; run()",
        ],
        env={
            "PATH": os.defpath,
            "HOME": str(tmp_path),
            "_DDBINSERT_COMPLETE": "complete_bash",
            "COMP_WORDS": words,
            "COMP_CWORD": str(len(words.split()) - 1),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert completion in done.stdout.split()
