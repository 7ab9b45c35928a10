"""The benchmarks: names, files, and how large they are in a run of all (a quarter of an hour) and in a quick one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    """One file of benchmarks.

    Attributes:
        name: What `--only` takes.
        file: In this folder.
        sizes: Variables of the file in a run of all.
        quick: The same with `--quick`: whether it works, not what it measures.
        minutes: It is ended after so many.
        has_tools: It compares with the tools of `tools.py`.
    """

    name: str
    file: str
    sizes: Mapping[str, int] = field(default_factory=dict)
    quick: Mapping[str, int] = field(default_factory=dict)
    minutes: float = 5.0
    has_tools: bool = False


#: In the order of the page.
BENCHMARKS: tuple[Benchmark, ...] = (
    Benchmark(name="main-job", file="bench_main_job.py", quick={"BENCH_ROUNDS": 1}, has_tools=True),
    Benchmark(name="up", file="bench_up.py", quick={"BENCH_ROUNDS": 1, "BENCH_TRIGGERS": 3}),
    Benchmark(name="start", file="bench_startup.py", quick={"BENCH_ROUNDS": 2}),
    Benchmark(name="filter-engine", file="bench_pattern.py", quick={"BENCH_ROUNDS": 1, "BENCH_RECORDS": 200}),
    Benchmark(
        name="template-lint",
        file="bench_lint_documents.py",
        quick={"BENCH_FILES": 20},
    ),
    Benchmark(
        name="verify-scale",
        file="bench_verify_scale.py",
        sizes={"BENCH_ROUNDS": 1},
        quick={"BENCH_ROUNDS": 1, "BENCH_ITEMS": 2000},
        minutes=10.0,
    ),
    Benchmark(
        name="gaps",
        file="bench_gaps.py",
        sizes={"BENCH_ROUNDS": 2},
        quick={"BENCH_ROUNDS": 1, "BENCH_RECORDS": 2000},
        minutes=10.0,
    ),
    Benchmark(
        name="export",
        file="bench_export.py",
        sizes={"BENCH_EXPORTED": 1_000_000},
        quick={"BENCH_EXPORTED": 110_000},
        minutes=10.0,
    ),
    Benchmark(
        name="backtest",
        file="bench_backtest.py",
        sizes={"BENCH_ROUNDS": 2, "BENCH_RECORDS": 40_000},
        quick={"BENCH_ROUNDS": 1, "BENCH_RECORDS": 2000},
        minutes=10.0,
    ),
    Benchmark(
        name="records",
        file="bench_records.py",
        sizes={"BENCH_ROUNDS": 2},
        quick={"BENCH_ROUNDS": 1, "BENCH_RECORDS": 2000},
    ),
    Benchmark(
        name="tail",
        file="bench_tail.py",
        sizes={"BENCH_ROUNDS": 2},
        quick={"BENCH_ROUNDS": 1, "BENCH_LINES": 5000},
        has_tools=True,
    ),
    Benchmark(name="ls", file="bench_ls.py", quick={"BENCH_TABLES": 100}),
    Benchmark(name="handlers", file="bench_handlers.py", quick={"BENCH_RECORDS": 500}, minutes=10.0),
)
