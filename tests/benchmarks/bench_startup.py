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

from tests.benchmarks.figures import figure

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
#: A pattern is checked by the whole engine.
AIMS = {"--help": 1.5, "--version": 1.5, "filter lint": 1.6}


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
    for name in list(COMMANDS)[1:]:
        figure(
            f"start of `{name}`" if name.startswith("-") else f"whole `{name}`",
            against=f'`python -c "{BASE}"`',
            measured=f"{spent[name] * 1000:.0f} ms and {spent[BASE] * 1000:.0f} ms of processor time "
            f"({passed[name] * 1000:.0f} ms and {passed[BASE] * 1000:.0f} ms passed)",
            ratio=spent[name] / spent[BASE],
            most=AIMS.get(name),
        )
