"""Commands through a rig, with their answers read."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

from ddbinsert.cli import main
from ddbinsert.environment import Environment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ddbinsert import local
    from tests.strict.bench import Bench


def variables_of(bench: Bench, emulator: local.Emulator, tmp_path: Path) -> dict[str, str]:
    """The environment of a command that talks to the bench's rig, in its region."""
    return {
        **emulator.variables(region="eu-west-1"),
        "AWS_ENDPOINT_URL": bench.rig.endpoint,
        "HOME": str(tmp_path),
        "DDBINSERT_STATE_DIR": str(tmp_path / "state"),
        "PATH": "/usr/bin",
    }


def runner(
    bench: Bench, emulator: local.Emulator, tmp_path: Path
) -> Callable[..., tuple[int, dict[str, Any]]]:
    """Runs a command through the bench's rig, in its region; its exit code and JSON answer."""
    variables = variables_of(bench, emulator, tmp_path)

    def run(*words: str) -> tuple[int, dict[str, Any]]:
        out = io.StringIO()
        environment = Environment(out=out, err=io.StringIO(), variables=variables, cwd=tmp_path)
        code = main([*words, "--output", "json"], environment)
        answer: dict[str, Any] = json.loads(out.getvalue())
        return code, answer

    return run
