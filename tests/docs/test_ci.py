"""CI runs what the README tells people to run, and nothing from elsewhere."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
EXTRACT = ROOT / ".ci" / "test-command"
RUN = ROOT / ".ci" / "run"


def _extract(readme: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(EXTRACT), str(readme)], capture_output=True, text=True, check=False)


def _readme(folder: Path, text: str) -> Path:
    file = folder / "README.md"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_command_is_the_block_behind_the_mark_and_nothing_else(tmp_path: Path) -> None:
    readme = _readme(
        tmp_path,
        "```sh\nnot this\n```\n<!-- test-command -->\nWords.\n\n```sh\nmake &&\n  test\n```\n\n```\nnor this\n```\n",
    )
    assert _extract(readme).stdout == "make &&\n  test\n"


def test_a_readme_without_the_mark_or_without_a_block_is_an_error(tmp_path: Path) -> None:
    for text in ("```\ntest\n```\n", "<!-- test-command -->\nWords only.\n", ""):
        done = _extract(_readme(tmp_path, text))
        assert done.returncode == 1
        assert done.stdout == ""
        assert "test-command" in done.stderr


#: What a run calls; the interpreter for the tests that go through the rig.
_TOOLS = ("python", "ruff", "mypy", "lint-imports")


def _clone_with(folder: Path, test_command: str, *, fails: str = "") -> Path:
    """A stand-in for a clone, whose tools do nothing but succeed (all but one)."""
    shutil.copytree(RUN.parent, folder / ".ci")
    _readme(folder, f"<!-- test-command -->\n```sh\n{test_command}\n```\n")
    tools = folder / ".venv" / "bin"
    tools.mkdir(parents=True)
    for name in _TOOLS:
        tool = tools / name
        tool.write_text(f"#!/bin/sh\nexit {int(name == fails)}\n", encoding="utf-8")
        tool.chmod(0o755)
    return folder


def _run(clone: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], **variables}
    return subprocess.run(
        [str(clone / ".ci" / "run")], env=environment, capture_output=True, text=True, check=False
    )


def test_a_run_shows_the_closing_line_of_the_tests_last(tmp_path: Path) -> None:
    done = _run(_clone_with(tmp_path, "echo working; echo '3 passed in 1s'"))
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "tests: 3 passed in 1s"


def test_a_run_fails_with_its_tests_and_checks_the_rest_all_the_same(tmp_path: Path) -> None:
    done = _run(_clone_with(tmp_path, "echo '1 failed'; exit 1"))
    assert done.returncode == 1
    assert "lint-imports" in done.stdout
    assert done.stdout.splitlines()[-2:] == ["tests: 1 failed", "failed: the tests"]


def test_a_run_fails_with_any_one_check(tmp_path: Path) -> None:
    for name in _TOOLS:
        folder = tmp_path / name
        folder.mkdir()
        assert _run(_clone_with(folder, "true", fails=name)).returncode == 1


def test_no_identity_of_whoever_runs_it_reaches_the_tests(tmp_path: Path) -> None:
    done = _run(
        _clone_with(tmp_path, "env"), AWS_PROFILE="mine", AWS_SESSION_TOKEN="t", DDBINSERT_LOCAL="true"
    )
    assert "AWS_PROFILE" not in done.stdout
    assert "AWS_SESSION_TOKEN" not in done.stdout
    assert "DDBINSERT_LOCAL" not in done.stdout
    assert "AWS_SHARED_CREDENTIALS_FILE=/dev/null" in done.stdout


def _python3(clone: Path, *, has_monitoring: bool) -> str:
    """A PATH whose python3 says that it has sys.monitoring, or has not."""
    folder = clone / "bin"
    folder.mkdir()
    tool = folder / "python3"
    answer = f"case $* in *version_info*) exit {int(not has_monitoring)} ;; esac"
    tool.write_text(f'#!/bin/sh\n{answer}\nexec {sys.executable} "$@"\n', encoding="utf-8")
    tool.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def test_a_run_prints_the_coverage_of_each_package_before_its_closing_line(tmp_path: Path) -> None:
    measured = {
        "files": {
            "ddbinsert/core/arn.py": {"summary": {"covered_lines": 9, "num_statements": 10}},
            "ddbinsert/core/pattern/parse.py": {"summary": {"covered_lines": 30, "num_statements": 30}},
        }
    }
    command = f"echo '{json.dumps(measured)}' > ${{PYTEST_ADDOPTS#*json:}}; echo '3 passed in 1s'"
    clone = _clone_with(tmp_path, command)
    assert _run(clone, PATH=_python3(clone, has_monitoring=True)).stdout.splitlines()[-4:] == [
        "coverage:  98%  all",
        "coverage:  90%  ddbinsert/core",
        "coverage: 100%  ddbinsert/core/pattern",
        "tests: 3 passed in 1s",
    ]


def test_coverage_is_not_measured_where_it_would_double_the_time(tmp_path: Path) -> None:
    clone = _clone_with(tmp_path, "env; echo '3 passed in 1s'")
    done = _run(clone, PATH=_python3(clone, has_monitoring=False))
    assert "PYTEST_ADDOPTS" not in done.stdout
    assert done.stdout.splitlines()[-2].startswith("coverage: not measured")


def test_modules_are_compiled_in_a_run_whatever_its_caller_prefers(tmp_path: Path) -> None:
    done = _run(_clone_with(tmp_path, "env"), PYTHONDONTWRITEBYTECODE="1")
    assert "PYTHONDONTWRITEBYTECODE" not in done.stdout


def test_the_workflow_runs_the_same_scripts_and_may_write_nothing() -> None:
    workflow: Any = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    assert [step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step] == [
        ".ci/run",
        ".ci/packages",
        "packages/lock --check",
        "docker build -f packages/Containerfile -t ddbinsert .",
        "docker run --rm ddbinsert demo",
        ".ci/rig ${{ matrix.habits }}",
        ".ci/nightly",
        "packages/bill-of-materials",
    ]
    assert all(
        (ROOT / script).stat().st_mode & 0o111
        for script in (
            *(
                ".ci/run",
                ".ci/rig",
                ".ci/nightly",
                ".ci/versions",
                ".ci/coverage",
                ".ci/packages",
                ".ci/interpreter",
            ),
            *("packages/lock", "packages/bill-of-materials"),
        )
    )


def test_pre_commit_takes_no_hook_from_elsewhere_and_checks_what_ci_checks() -> None:
    config: Any = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert [repo["repo"] for repo in config["repos"]] == ["local"]
    hooks = [hook["entry"].replace(" --force-exclude", "") for hook in config["repos"][0]["hooks"]]
    checks = [
        line.split(maxsplit=1)[1] for line in RUN.read_text().splitlines() if line.startswith("check .venv/")
    ]
    assert hooks == [check.replace(" --check", "") for check in checks]


def test_the_readme_has_one_such_command_which_installs_and_tests_the_clone_itself() -> None:
    done = _extract(ROOT / "README.md")
    (line,) = done.stdout.splitlines()
    assert "pip install --quiet -e '.[dev]'" in line
    assert line.endswith(".venv/bin/python -m pytest -q -n auto")
