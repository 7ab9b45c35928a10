"""How long `--help` and `--version` take, against `python -c "import typer"` in the same run.

    python -m pytest -m benchmark -s tests/benchmarks/bench_startup.py

Processes in turn, the fastest of each, in processor time: on a quiet machine that is the time that passes, and
on a busy one it still is the work of the process alone.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time

import pytest

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "20"))
BASE = "import typer"
#: As the console script begins.
PROGRAM = ("-c", "from ddbinsert.__main__ import run; run()")
COMMANDS = {
    BASE: ("-c", "import typer"),
    "--help": (*PROGRAM, "--help"),
    "--version": (*PROGRAM, "--version"),
    "verify --help": (*PROGRAM, "verify", "--help"),
    "local status": (*PROGRAM, "local", "status"),
    "filter lint": (*PROGRAM, "filter", "lint", '{"eventName":["INSERT"]}'),
}
MOST = 1.5
#: A pattern is checked by the whole engine.
MOST_OF_LINT = 1.6


def _seconds(arguments: tuple[str, ...]) -> tuple[float, float]:
    """Processor time, and the time that passed."""
    started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], check=False, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return spent, time.perf_counter() - started


@pytest.mark.benchmark
def test_help_takes_at_most_half_as_long_again_as_its_parser_takes_to_load() -> None:
    for arguments in COMMANDS.values():
        _seconds(arguments)
    spent: dict[str, float] = dict.fromkeys(COMMANDS, 1e9)
    passed = dict(spent)
    for _ in range(ROUNDS):
        for name, arguments in COMMANDS.items():
            work, wall = _seconds(arguments)
            spent[name], passed[name] = min(spent[name], work), min(passed[name], wall)
    for name in COMMANDS:
        print(
            f"{name:15} {spent[name] * 1000:6.1f} ms of work (x {spent[name] / spent[BASE]:.2f}),"
            f" {passed[name] * 1000:6.1f} ms passed (x {passed[name] / passed[BASE]:.2f})"
        )
    assert spent["--help"] <= MOST * spent[BASE]
    assert spent["--version"] <= MOST * spent[BASE]
    assert spent["filter lint"] <= MOST_OF_LINT * spent[BASE]
