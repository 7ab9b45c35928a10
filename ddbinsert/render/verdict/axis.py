"""Axes of drawings: positions of values, ticks, and moving marks that would overlap."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ddbinsert.core.times import format_duration
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

_STEPS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30)
_ROUND = (*_STEPS[:12], 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 28800, 86400)
_ROUNDER = (0.001, 0.01, 0.1, 1, 10, 60, 600, 3600, 36000)
_LONG_STEPS = (60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 28800, 86400)


@dataclass(frozen=True, kw_only=True)
class TimeAxis:
    """A linear axis of epoch seconds from ``left`` to ``left + width`` in the drawing.

    Attributes:
        start: The time at its left end, where the ticks begin.
        span: Length in seconds, greater than 0.
        left: The x of its left end.
        width: In the same unit as ``left``.
    """

    start: float
    span: float
    left: float
    width: float

    def x(self, at: float) -> float:
        """The x of a time; a time outside the axis has the x of the nearer end."""
        share = min(max((at - self.start) / self.span, 0.0), 1.0)
        return self.left + share * self.width

    def ticks(self, most: int = 8) -> tuple[float, ...]:
        """Ticks in seconds since the start, at round intervals; at most ``most`` + 1."""
        step = next((s for s in (*_STEPS, *_LONG_STEPS) if self.span / s <= most), self.span)
        return tuple(step * n for n in range(math.floor(self.span / step + 1e-9) + 1))


@dataclass(frozen=True, kw_only=True)
class LogAxis:
    """A logarithmic axis of durations.

    Attributes:
        low: The shortest duration in seconds, above 0.
        high: The longest duration in seconds.
        left: x of the shortest duration, in pixels.
        width: Width of the axis in pixels.
    """

    low: float
    high: float
    left: float
    width: float

    def x(self, seconds: float) -> float:
        share = math.log(max(seconds, self.low) / self.low) / math.log(self.high / self.low)
        return self.left + min(share, 1.0) * self.width

    def ticks(self) -> tuple[float, ...]:
        """Ticks at round durations; the larger the range, the fewer."""
        spread_out = _ROUND if self.high / self.low <= 100 else _ROUNDER
        return tuple(value for value in spread_out if self.low * 0.999 <= value <= self.high * 1.001)


def tick_words(seconds: float) -> str:
    """A round duration without trailing zeros: ``0``, ``50 s``, ``2 min``."""
    if seconds <= 0:
        return "0"
    return format_duration(seconds).replace(".0 s", " s").removesuffix(" 00 s").removesuffix(" 00 min")


def count_ticks(most: int) -> tuple[int, ...]:
    """Whole numbers from 0 to ``most`` or just beyond it, in at most four steps."""
    step = next(f * 10**p for p in range(18) for f in (1, 2, 5) if most <= 4 * f * 10**p)
    return tuple(range(0, math.ceil(max(most, 1) / step) * step + 1, step))


def side_by_side(places: Sequence[float], gap: float) -> list[float]:
    """The positions in order, each moved right until it is at least ``gap`` to the right of the previous one."""
    moved: list[float] = []
    for place in places:
        moved.append(place if not moved else max(place, moved[-1] + gap))
    return moved
