"""The geometry of the histogram of times from write to log line.

``templates/histogram.svg`` renders it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ddbinsert.core.times import format_duration
from ddbinsert.dataclass import dataclass
from ddbinsert.render.verdict.axis import LogAxis, count_ticks, tick_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddbinsert.core.proof.histogram import Histogram

_WIDTH, _HEIGHT = 520.0, 250.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 44.0, 16.0, 34.0, 46.0

#: (from, to, count); seconds.
Bar = tuple[float, float, int]


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of the histogram, in pixels.

    Attributes:
        x: Left edge.
        y: Upper edge.
        width: Width.
        height: Height.
        about: Its tooltip.
    """

    x: float
    y: float
    width: float
    height: float
    about: str


@dataclass(frozen=True, kw_only=True)
class Label:
    """A text at a position.

    Attributes:
        x: Its horizontal position.
        text: The text.
        anchor: Its alignment, as SVG's text-anchor.
    """

    x: float
    text: str
    anchor: str


@dataclass(frozen=True, kw_only=True)
class HistogramDrawing:
    """The whole drawing.

    Attributes:
        base: The y of the horizontal axis.
        top: The y of the upper end of the vertical axis.
        rows: The y and the text of each tick of the counts, from 0 up.
        ticks: The ticks of the durations.
        median: The mark of the median.
    """

    left: float
    right: float
    top: float
    base: float
    rows: tuple[tuple[float, str], ...]
    columns: tuple[Column, ...]
    ticks: tuple[Label, ...]
    median: Label
    about: str
    width: float = _WIDTH
    height: float = _HEIGHT


def histogram(latency: Histogram) -> HistogramDrawing | None:
    """The histogram of the inserts' latencies, on a logarithmic axis; None if nothing was measured."""
    bars = _columns(latency.bars(), latency.count)
    median = latency.percentile(0.5)
    if not bars or median is None:
        return None
    axis = _axis(bars)
    counts = count_ticks(max(count for _, _, count in bars))
    base, room = _HEIGHT - _BOTTOM, _HEIGHT - _BOTTOM - _TOP
    heights = {count: room * count / counts[-1] for count in (*counts, *(count for _, _, count in bars))}
    return HistogramDrawing(
        left=_LEFT,
        right=_WIDTH - _RIGHT,
        top=_TOP,
        base=base,
        rows=tuple((base - heights[count], f"{count:,}") for count in counts),
        columns=tuple(_column(axis, bar, base, heights[bar[2]]) for bar in bars),
        ticks=tuple(_tick(axis.x(value), tick_words(value)) for value in axis.ticks()),
        median=_median(axis.x(median), f"median {format_duration(median)}"),
        about=f"{latency.count:,} inserts; the median is {format_duration(median)}, the maximum {format_duration(latency.most)}.",
    )


def _columns(bars: Sequence[Bar], count: int) -> list[Bar]:
    """Merge neighbouring buckets, so that the number of columns suits the number of values."""
    if not bars:
        return []
    lowest, highest = _above_zero(bars[0]), bars[-1][1]
    wanted = min(32, max(10, math.ceil(2 * math.sqrt(count))))
    ratio = max((highest / lowest) ** (1 / wanted), 1.05)
    sums: dict[int, int] = {}
    for low, high, many in bars:
        middle = math.sqrt(max(low, lowest) * high)
        place = math.floor(math.log(middle / lowest) / math.log(ratio))
        sums[place] = sums.get(place, 0) + many
    return [
        (lowest * ratio**place, lowest * ratio ** (place + 1), many) for place, many in sorted(sums.items())
    ]


def _above_zero(bar: Bar) -> float:
    low, high, _ = bar
    return low or high / 1.5


def _axis(bars: Sequence[Bar]) -> LogAxis:
    """An axis from the first column to the last, over at least a factor of five, so that ticks have room."""
    low, high = bars[0][0], bars[-1][1]
    if high / low < 5:
        widen = math.sqrt(5 * low / high)
        low, high = low / widen, high * widen
    return LogAxis(low=low, high=high, left=_LEFT, width=_WIDTH - _LEFT - _RIGHT)


def _column(axis: LogAxis, bar: Bar, base: float, height: float) -> Column:
    low, high, count = bar
    left, right = axis.x(low), axis.x(high)
    return Column(
        x=left + 1,
        y=base - height,
        width=max(right - left - 2, 1.0),
        height=max(height, 1.0),
        about=f"{count:,} took {format_duration(low)} to {format_duration(high)}",
    )


def _tick(x: float, text: str) -> Label:
    return Label(x=x, text=text, anchor="end" if x > _WIDTH - 30 else "middle")


def _median(x: float, text: str) -> Label:
    anchor = "end" if x > _WIDTH * 0.7 else "start" if x < _WIDTH * 0.3 else "middle"
    return Label(x=x, text=text, anchor=anchor)
