"""How the process itself ends: with all its output, and an honest code where that can't be delivered."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

#: The console script's own entry, and the module's.
_ENTRIES = {
    "the console script": ("-c", "from ddbinsert.__main__ import run; run()"),
    "the module": ("-m", "ddbinsert"),
}


@pytest.fixture(params=list(_ENTRIES.values()), ids=list(_ENTRIES))
def entry(request: pytest.FixtureRequest) -> tuple[str, ...]:
    entry: tuple[str, ...] = request.param
    return entry


def _shell(command: str, entry: tuple[str, ...], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", command, "sh", sys.executable, *entry],  # noqa: S607
        env={"PATH": os.defpath, "HOME": str(folder)},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_everything_that_was_printed_arrives_in_a_pipe(entry: tuple[str, ...], tmp_path: Path) -> None:
    done = _shell('"$@" config schema | cat', entry, tmp_path)
    assert "$schema" in json.loads(done.stdout)
    assert done.stderr == ""


def test_the_exit_code_is_the_commands(entry: tuple[str, ...], tmp_path: Path) -> None:
    assert _shell('"$@" --version', entry, tmp_path).returncode == 0
    assert _shell('"$@" --nonsense', entry, tmp_path).returncode == 2


def test_a_reader_that_goes_away_ends_it_quietly(entry: tuple[str, ...], tmp_path: Path) -> None:
    done = _shell('{ "$@" config schema; echo "code $?" >&2; } | true', entry, tmp_path)
    assert done.stderr == "code 0\n"


def test_closed_streams_are_no_bug(entry: tuple[str, ...], tmp_path: Path) -> None:
    done = _shell('"$@" --version >&- 2>&-', entry, tmp_path)
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full to write to")
def test_a_full_disk_is_no_success(entry: tuple[str, ...], tmp_path: Path) -> None:
    done = _shell('"$@" config schema > /dev/full', entry, tmp_path)
    assert done.returncode != 0
    assert "No space left on device" in done.stderr
