"""Axes for drawings: where a value lies, which ticks it gets, how marks that would overlap move apart."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ddbinsert.core.duration import words

if TYPE_CHECKING:
    from collections.abc import Sequence

_STEPS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30)
_ROUND = (*_STEPS[:12], 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 28800, 86400)
_ROUNDER = (0.001, 0.01, 0.1, 1, 10, 60, 600, 3600, 36000)
_LONG_STEPS = (60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 28800, 86400)


@dataclass(frozen=True, kw_only=True)
class TimeAxis:
    """A linear axis of epoch seconds from ``left`` to ``left + width`` on the paper.

    Attributes:
        span: Seconds; more than 0.
        zero: The moment from which ticks count; the start, or later.
    """

    start: float
    zero: float
    span: float
    left: float
    width: float

    def x(self, at: float) -> float:
        """Where a moment lies; one outside the axis at its nearer end."""
        share = min(max((at - self.start) / self.span, 0.0), 1.0)
        return self.left + share * self.width

    def ticks(self, most: int = 8) -> tuple[float, ...]:
        """Seconds since zero, at round distances; at most so many, and one more."""
        step = next((s for s in (*_STEPS, *_LONG_STEPS) if self.span / s <= most), self.span)
        first, last = self.start - self.zero, self.start - self.zero + self.span
        numbers = range(math.ceil(first / step - 1e-9), math.floor(last / step + 1e-9) + 1)
        return tuple(step * n for n in numbers)


@dataclass(frozen=True, kw_only=True)
class LogAxis:
    """A logarithmic axis of durations in seconds from ``low`` to ``high``; both above 0."""

    low: float
    high: float
    left: float
    width: float

    def x(self, seconds: float) -> float:
        share = math.log(max(seconds, self.low) / self.low) / math.log(self.high / self.low)
        return self.left + min(share, 1.0) * self.width

    def ticks(self) -> tuple[float, ...]:
        """Round durations, fewer of them the wider the axis is."""
        spread_out = _ROUND if self.high / self.low <= 100 else _ROUNDER
        return tuple(value for value in spread_out if self.low * 0.999 <= value <= self.high * 1.001)


def tick_words(seconds: float) -> str:
    """A round duration, without what is 0 in it: ``50 s``, ``2 min``; -20 ms before zero."""
    if seconds <= 0:
        return f"-{tick_words(-seconds)}" if seconds else "0"
    return words(seconds).replace(".0 s", " s").removesuffix(" 00 s").removesuffix(" 00 min")


def count_ticks(most: int) -> tuple[int, ...]:
    """Whole numbers from 0 to ``most`` or just beyond it, four steps at most."""
    step = next(f * 10**p for p in range(18) for f in (1, 2, 5) if most <= 4 * f * 10**p)
    return tuple(range(0, math.ceil(max(most, 1) / step) * step + 1, step))


def spread(places: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """The places moved apart as little as needed: at least ``gap`` between neighbours, in the order given.

    Args:
        places: Ascending. low, high: Where the first and the last may lie; there must be room for all.
    """
    # Marks that touch move as one group, centred on where its members belong.
    groups: list[tuple[float, int]] = []  # where the group's first belongs, how many it has
    for place in places:
        first, size = place, 1
        while groups and groups[-1][0] + gap * groups[-1][1] > first:
            before, count = groups.pop()
            first = (before * count + (first - gap * count) * size) / (count + size)
            size += count
        groups.append((first, size))
    moved = [first + gap * n for first, size in groups for n in range(size)]
    for n in range(len(moved)):
        moved[n] = max(moved[n], low + gap * n)
    for n in reversed(range(len(moved))):
        moved[n] = min(moved[n], high - gap * (len(moved) - 1 - n))
    return moved
