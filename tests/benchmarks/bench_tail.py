"""`tail` of 100,000 log lines, against `aws logs tail` and awslogs.

    python -m pytest -m benchmark -s tests/benchmarks/bench_tail.py

Each reads the same endpoint in turn, as a process of its own whose output is a pipe, and must print every line of the
handler once. What is compared is processor time, start included; the rate is that of the time that passed. The other
tools are installed for this run (`tools.py`). BENCH_LINES sets another number.
"""

from __future__ import annotations

import os
from statistics import median
from typing import TYPE_CHECKING

import pytest

from tests.benchmarks.figures import figure
from tests.benchmarks.log_group import NAME
from tests.benchmarks.processes import PROGRAM, Taken, endpoint, run

if TYPE_CHECKING:
    from pathlib import Path

LINES = int(os.environ.get("BENCH_LINES", "100000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
_OURS = (*PROGRAM, "tail", "--log-group", NAME, "--since", "2h", "-q", "--timeout", "10m")


@pytest.mark.benchmark
def test_tail_reads_a_log_faster_than_other_tools(tools: Path) -> None:
    ways: dict[str, tuple[str, ...]] = {
        "tail": _OURS,
        "tail --output json": (*_OURS, "--output", "json"),
        "aws logs tail": (str(tools / "aws"), "logs", "tail", NAME, "--since", "2h"),
        "awslogs get": (str(tools / "awslogs"), "get", NAME, "ALL", "--start=2h", "--color=never"),
    }
    taken: dict[str, list[Taken]] = {way: [] for way in ways}
    with endpoint("log_group", LINES) as variables:
        for _ in range(ROUNDS):
            for way, command in ways.items():
                found = run(command, variables)
                assert found.output.count(" accepted for ") == LINES * 9 // 20, way
                taken[way].append(found)
    seconds = {way: median(one.processor for one in found) for way, found in taken.items()}
    rates = {way: LINES / median(one.wall for one in found) for way, found in taken.items()}
    for way in ("tail", "tail --output json"):
        for other in ("aws logs tail", "awslogs get"):
            ratio = median(
                ours.processor / theirs.processor
                for ours, theirs in zip(taken[way], taken[other], strict=True)
            )
            figure(
                f"`{way}` of {LINES:,} lines",
                against=f"`{other}`",
                measured=f"{seconds[way]:.1f} s and {seconds[other]:.1f} s of processor time, "
                f"{rates[way]:,.0f} and {rates[other]:,.0f} lines/s",
                ratio=ratio,
                most=1.0,
            )
