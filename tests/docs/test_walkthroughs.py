"""The pages that lead through a task do: each command, as printed, in one shell and one folder, with the files they show."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ddbinsert.errors import ExitCode
from tests.docs.walkthrough import Commands, File, steps

#: Runs of a command until it is not inconclusive any more.
_ATTEMPTS = 30
DOCS = Path(__file__).parents[2] / "docs"


def _variables(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "DDBINSERT_"))}
    return {
        **kept,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}",
        "DDBINSERT_STATE_DIR": str(folder / ".state"),
    }


def _run(script: str, folder: Path, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = ["bash", "-c", script]
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)


@pytest.mark.nightly
@pytest.mark.parametrize("name", ["tutorial", "runbook"])
def test_the_steps_of_a_page_do_what_it_says(name: str, tmp_path: Path) -> None:
    variables = _variables(tmp_path)
    found = list(steps(DOCS / f"{name}.md"))
    assert any(isinstance(one, Commands) for one in found)
    exported: list[str] = []
    try:
        for step in found:
            if isinstance(step, File):
                (tmp_path / step.name).write_text(step.text)
                continue
            exported += [line for line in step.text.splitlines() if line.startswith("export ")]
            script = "\n".join(["set -e", *exported, step.text])
            done = _run(script, tmp_path, variables)
            for _ in range(_ATTEMPTS):  # a reader is slower: what was written recently cannot be judged yet
                if done.returncode == step.exit_code or done.returncode != ExitCode.INCONCLUSIVE:
                    break
                done = _run(script, tmp_path, variables)
            assert done.returncode == step.exit_code, f"{step.text}\n{done.stdout}\n{done.stderr}"
            assert "Traceback" not in done.stderr
    finally:
        _run("ddbinsert local stop", tmp_path, variables)
