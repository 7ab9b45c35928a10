"""docs/benchmarks.md: prose around the part that a run of all benchmarks writes."""

from __future__ import annotations

import contextlib
import os
import platform
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from ddbinsert import __version__
from tests.benchmarks.tools import versions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.benchmarks.figures import Figure

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "benchmarks.md"
BEGIN = "<!-- measured -->"
_PACKAGES = ("boto3", "botocore", "moto", "ministack", "typer", "PyYAML")


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a benchmark reported.

    Attributes:
        problem: Why it did not end as it should; empty otherwise.
        output: All that it printed.
    """

    name: str
    figures: list[Figure] = field(default_factory=list)
    problem: str = ""
    output: str = ""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """Where and when a run was."""

    begun: datetime
    load: float
    tools: list[str]

    @classmethod
    def now(cls, tools: Path | None) -> Surroundings:
        found: list[str] = []
        if tools is not None:
            with contextlib.suppress(RuntimeError, OSError):
                found = versions(tools)
        return cls(begun=datetime.now(UTC), load=os.getloadavg()[0], tools=found)

    def lines(self, minutes: float) -> Iterator[str]:
        """Machine, date, versions and commit."""
        installed = [f"{name} {_version(name)}" for name in _PACKAGES]
        yield f"- **When:** {self.begun:%Y-%m-%d %H:%M} UTC, {minutes:.0f} minutes, commit {_commit()}"
        yield (
            f"- **Machine:** {os.cpu_count()} cores of {_processor()}, {_memory():.0f} GiB, {platform.system()} "
            f"{platform.release()}; load {self.load:.1f} at the start"
        )
        python = f"Python {platform.python_version()}"
        yield f"- **Versions:** ddbinsert {__version__}, {', '.join([python, *installed, *self.tools])}"


def table(results: Iterable[Result]) -> Iterator[str]:
    """The rows of all figures; a benchmark that failed has one that says so."""
    yield "| benchmark | ddbinsert | against | measured, ddbinsert first | ratio | aim | holds |"
    yield "|---|---|---|---|---:|---|---|"
    for result in results:
        for one in result.figures:
            holds = "" if one.aim == "none" else "yes" if one.holds else "**no**"
            aim = "" if one.aim == "none" else one.aim
            yield (
                f"| {result.name} | {one.what} | {one.against} | {one.measured} | {one.ratio:.2f} | {aim} | {holds} |"
            )
        if result.problem:
            yield f"| {result.name} | **failed**: {result.problem} | | | | | |"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _commit() -> str:
    found = _said("git", "rev-parse", "--short=10", "HEAD") or "unknown"
    return (
        f"{found}, with changes" if _said("git", "status", "--porcelain", "--untracked-files=no") else found
    )


def _said(*command: str) -> str:
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    return done.stdout.strip()


def _processor() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


def _memory() -> float:
    """GiB."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
