"""Runs all benchmarks, and writes their figures to docs/benchmarks.md.

    python -m tests.benchmarks                       all, on an idle machine: a quarter of an hour
    python -m tests.benchmarks --only tail           one; may be repeated; prints its figures only
    python -m tests.benchmarks --quick               small, to see whether they work; prints only

Each benchmark is a process of its own. If one fails, its row says so, and the others go on. The page is written at the
end, at once. Exit codes: 0 all were measured, 1 a benchmark failed, 2 usage, 130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks import page
from tests.benchmarks.figures import reported
from tests.benchmarks.page import Result
from tests.benchmarks.table import BENCHMARKS, Benchmark
from tests.benchmarks.tools import tools
from tests.docs.generated import write_part

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_FOLDER = Path(__file__).parent
_PYTEST = (sys.executable, "-m", "pytest", "-m", "benchmark", "-q", "-s", "-p", "no:cacheprovider")
_LINES = 25
_LEFT_OUT = ("AWS_", "DDBINSERT_", "PYTHONDONTWRITEBYTECODE", "PYTEST_")


def measured(
    benchmark: Benchmark, work: Path, variables: Mapping[str, str], *, is_quick: bool, folder: Path = _FOLDER
) -> Result:
    """Run a benchmark to its end, or for as long as it may take."""
    figures = work / f"{benchmark.name}.jsonl"
    sizes = benchmark.quick if is_quick else benchmark.sizes
    log = work / f"{benchmark.name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*_PYTEST, f"--basetemp={work / benchmark.name}", str(folder / benchmark.file)],
            cwd=_FOLDER.parents[1],
            env={
                **variables,
                **{name: str(size) for name, size in sizes.items()},
                "BENCH_FIGURES": str(figures),
            },
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # what it started ends with it
        )
        try:
            process.wait(60 * benchmark.minutes)
        except subprocess.TimeoutExpired:
            problem = f"took more than {benchmark.minutes:g} minutes"
        else:
            problem = f"pytest ended with {process.returncode}" if process.returncode else ""
        finally:
            _end(process)
    found = reported(figures)
    if not problem and not found:
        problem = "reported no figure"
    text = log.read_text(encoding="utf-8", errors="replace")
    return Result(name=benchmark.name, figures=found, problem=problem, output=text)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a benchmark and the processes that it started, if any are left."""
    try:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(10)
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, subprocess.TimeoutExpired):
        process.kill()
        process.wait()


def run(
    benchmarks: Sequence[Benchmark], *, work: Path, is_quick: bool, has_tools: bool, folder: Path = _FOLDER
) -> list[Result]:
    """The results of benchmarks, one after the other; says what each found."""
    results = []
    variables = {name: value for name, value in os.environ.items() if not name.startswith(_LEFT_OUT)}
    if has_tools:
        variables["BENCH_TOOLS"] = str(work / "tools" / "bin")
    for one in benchmarks:
        began = time.monotonic()
        result = measured(one, work, variables, is_quick=is_quick, folder=folder)
        results.append(result)
        failed = f", FAILED: {result.problem}" if result.problem else ""
        _say(f"{one.name}: {time.monotonic() - began:.0f} s{failed}")
        for figure in result.figures:
            _say(f"  {figure.ratio:7.2f}  {figure.what}, against {figure.against} (aim: {figure.aim})")
        if result.problem:
            _say("\n".join(f"  | {line}" for line in result.output.splitlines()[-_LINES:]))
    return results


def _tools(work: Path) -> Path | None:
    """The tools that are compared with; without them, the benchmarks that need them fail and say why."""
    try:
        return tools(work / "tools")
    except RuntimeError as error:
        _say(f"tools: {error}")
        return None


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__.split("\n", 1)[0])
    names = [one.name for one in BENCHMARKS]
    parser.add_argument("--only", metavar="NAME", action="append", choices=names, help=", ".join(names))
    parser.add_argument("--quick", action="store_true", help="small sizes, whose figures mean nothing")
    given = parser.parse_args(arguments)
    chosen = [one for one in BENCHMARKS if not given.only or one.name in given.only]
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    began = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="benchmarks-") as name:
            work = Path(name)
            folder = _tools(work) if any(one.has_tools for one in chosen) else None
            where = page.Surroundings.now(folder)
            results = run(chosen, work=work, is_quick=given.quick, has_tools=folder is not None)
    except KeyboardInterrupt:
        return 130
    minutes = (time.monotonic() - began) / 60
    lines = [*where.lines(minutes), "", *page.table(results)]
    if given.only or given.quick:
        _say("\n" + "\n".join(lines))
    else:
        write_part(page.PAGE, page.BEGIN, lines)
        _say(f"wrote {page.PAGE.relative_to(page.ROOT)}")
    failed = [one.name for one in results if one.problem]
    missed = sum(not figure.holds for one in results for figure in one.figures)
    _say(f"{len(results)} benchmarks in {minutes:.0f} minutes, {len(failed)} failed, {missed} aims missed")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
