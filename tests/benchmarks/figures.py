"""A figure of a benchmark: a ratio of two measurements of one run, with its aim.

A benchmark calls `figure`, which prints it; `python -m tests.benchmarks` collects the figures of all benchmarks from the
files that it names in BENCH_FIGURES.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A ratio, and what it compares.

    Attributes:
        what: What of ddbinsert is measured.
        against: The baseline of the same run.
        measured: Both measurements with their units, ddbinsert's first.
        ratio: ddbinsert's by the baseline's.
        most: The aim: at most this ratio.
        least: The aim: at least this ratio.
    """

    what: str
    against: str
    measured: str
    ratio: float
    most: float | None = None
    least: float | None = None

    @property
    def aim(self) -> str:
        if self.most is not None:
            return f"at most {self.most:g}"
        return f"at least {self.least:g}" if self.least is not None else "none"

    @property
    def holds(self) -> bool:
        """Whether the ratio, as it is shown, reaches the aim."""
        shown = round(self.ratio, 2)
        return (self.most is None or shown <= self.most) and (self.least is None or shown >= self.least)


def figure(
    what: str,
    *,
    against: str,
    measured: str,
    ratio: float,
    most: float | None = None,
    least: float | None = None,
) -> None:
    """Report a figure; see `Figure`."""
    one = Figure(what=what, against=against, measured=measured, ratio=ratio, most=most, least=least)
    reached = "" if one.aim == "none" else f" (aim: {one.aim}; {'reached' if one.holds else 'missed'})"
    sys.stdout.write(f"\n  {what}, against {against}: {measured}: {ratio:.2f}{reached}\n")
    if os.environ.get("BENCH_FIGURES"):
        with Path(os.environ["BENCH_FIGURES"]).open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(one)) + "\n")


def reported(path: Path) -> list[Figure]:
    """The figures in a file; none if there is no file."""
    if not path.exists():
        return []
    return [Figure(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]
