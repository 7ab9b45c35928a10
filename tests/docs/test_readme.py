"""The README is true: its commands exist and run, what it shows is what is printed, its tables are the code's."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ddbinsert import local
from ddbinsert.cli.registry import commands
from ddbinsert.environment import SystemClock
from ddbinsert.errors import ExitCode
from ddbinsert.render.machine import envelope
from tests.command_lines import parse, shown_in, spoken_of
from tests.functional.command import ran

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PAGES = [README, ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXT = README.read_text(encoding="utf-8")
#: Commands that never go to AWS, also without --local.
OFFLINE = ("demo", "local", "config", "filter")


def _blocks(text: str, *languages: str) -> list[str]:
    """The fenced blocks of a page in one of these languages."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [content for language, content in found if language in languages]


def _code(page: Path) -> tuple[str, str]:
    """What a page shows to be typed (fenced or indented), and what stands between backticks."""
    text = page.read_text(encoding="utf-8")
    fenced = _blocks(text, "sh", "console", "")
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return "\n".join([*fenced, *re.findall(r"^    .*$", prose, re.MULTILINE)]), "\n".join(
        re.findall(r"`[^`\n]+`", prose)
    )


BLOCKS = _blocks(TEXT, "sh")


def _can_run_here(block: str) -> bool:
    """Whether all its commands are for this machine; the two one-liners have tests of their own."""
    lines = shown_in(block)
    stays = all(words[0] in OFFLINE or "--local" in words for words in lines)
    return bool(lines) and stays and "pip install" not in block


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_is_shown_exists_and_takes_its_options(page: Path) -> None:
    typed, mentioned = map(shown_in, _code(page))
    names = {parse(words) for words in typed} | {spoken_of(words) for words in mentioned}
    for name in names:
        assert ran(*name.split(), "--help", variables={}).code == 0
    assert names or page != README


def test_the_table_of_commands_names_what_there_is() -> None:
    table = re.search(r"^\| command \|.*?\n\n", TEXT, re.MULTILINE | re.DOTALL)
    assert table is not None
    rows = table[0].strip().splitlines()
    named = set(re.findall(r"`([a-z-]+)`", "".join(row.split("|")[1] for row in rows)))
    assert named
    assert named <= {name.split()[0] for name in commands}


def test_options_that_the_text_names_exist() -> None:
    help_texts = "".join(ran(*name.split(), "--help", variables={}).out for name in commands)
    for option in re.findall(r"`(--[a-z-]+)", TEXT):
        assert option in help_texts


def test_the_exit_codes_are_the_programs() -> None:
    rows = re.findall(r"^\| (\d+) \| ", TEXT, re.MULTILINE)
    assert [int(code) for code in rows] == [int(code) for code in ExitCode]


def test_the_envelope_has_the_fields_that_are_promised() -> None:
    (shown,) = re.findall(r'`(\{"schema".*?\})`', TEXT)
    promised = re.findall(r'"(\w+)"', re.sub(r"\[.*?\]", "", shown.replace('"ddbinsert/1"', "")))
    assert promised == list(envelope("x", 0))


def test_every_page_and_file_that_is_linked_is_there() -> None:
    for page in PAGES:
        links = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8"))
        for link in links:
            assert "://" in link or (page.parent / link).exists(), link


# --- what runs --------------------------------------------------------------------------------------------


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Path]:
    """A stand-in for a fresh clone, on a machine whose python3 makes a venv in which all is installed already.

    What its pip and its python are called with is written down beside it.
    """
    tools, folder = tmp_path / "tools", tmp_path / "clone"
    (tools / "venv").mkdir(parents=True)
    folder.mkdir()
    noted = tmp_path / "called"
    note = f'echo "$(basename "$0") $*" >> {noted}'
    for file, content in {
        "python3": f'[ "$1 $2" = "-m venv" ] || exit 9\nmkdir -p "$3/bin"\ncp {tools}/venv/* "$3/bin/"',
        "venv/pip": note,
        "venv/python": note,
        "venv/ddbinsert": f'exec {sys.executable} -m ddbinsert "$@"',
        "venv/activate": f"PATH={folder}/.venv/bin:$PATH",
    }.items():
        (tools / file).write_text(f"#!/bin/sh\n{content}\n")
        (tools / file).chmod(0o755)
    yield folder
    local.stop(local.state_directory(_variables(folder)), clock=SystemClock())


def _variables(clone: Path) -> dict[str, str]:
    return {
        "PATH": f"{clone.parent / 'tools'}:/usr/bin:/bin",
        "HOME": str(clone.parent),
        "PYTHONPATH": str(ROOT),
        "DDBINSERT_STATE_DIR": str(clone.parent / "state"),
    }


def _typed(clone: Path, block: str) -> str:
    """Run a block as somebody types it; what its commands printed."""
    done = subprocess.run(
        ["/bin/bash", "-ec", block],
        env=_variables(clone),
        cwd=clone,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def _called(clone: Path) -> list[str]:
    return (clone.parent / "called").read_text().splitlines()


def test_the_first_command_of_a_newcomer_is_one_line_and_ends_in_the_demo(clone: Path) -> None:
    block = next(block for block in BLOCKS if "ddbinsert demo" in block)
    assert len(block.splitlines()) == 1
    told = _typed(clone, block)
    assert "PASS: " in told
    assert "FAIL: " in told
    (call,) = _called(clone)
    (extra,) = re.findall(r"\[(\w+)\]", call)
    assert extra in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]


def test_the_test_command_is_one_line_and_runs_the_tests_with_what_they_need(clone: Path) -> None:
    after = TEXT.split("<!-- test-command -->")[1]
    (block,) = _blocks(after, "sh")[:1]
    assert len(block.splitlines()) == 1
    _typed(clone, block)
    install, run = _called(clone)
    assert ".[dev]" in install
    assert run.startswith("python -m pytest")


@pytest.mark.parametrize("block", [block for block in BLOCKS if _can_run_here(block)])
def test_what_is_shown_for_this_machine_can_be_typed_as_it_stands(clone: Path, block: str) -> None:
    _typed(clone, f"python3 -m venv .venv\n{block}")


def test_what_a_command_is_shown_to_print_is_what_it_prints(clone: Path) -> None:
    _typed(
        clone,
        "python3 -m venv .venv && .venv/bin/ddbinsert enable-stream orders --create-table pk:S --local -q",
    )
    to_emulator = 'source .venv/bin/activate; eval "$(ddbinsert local env)"\n'
    shown = [block for block in _blocks(TEXT, "console") if "\n$ " in f"\n{block}"]
    assert shown
    for block in shown:
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            real = iter(_plain(_typed(clone, to_emulator + command)).splitlines())
            for line in _plain(output).splitlines():
                assert line.strip() in ("…", "") or line in real, line


def _plain(text: str) -> str:
    """Without what differs from run to run: ARNs, ids, times."""
    text = re.sub(r"arn:aws:\S+", "ARN", text)
    text = re.sub(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "UUID", text)
    return re.sub(r"\b[0-9.]+ (ms|s)\b", "TIME", text)
