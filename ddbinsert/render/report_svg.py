"""The drawings of a report: how long receipts took, as a histogram."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ddbinsert.core.duration import words
from ddbinsert.render.markup import Markup, element, joined
from ddbinsert.render.report_axis import LogAxis, count_ticks, tick_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ddbinsert.core.latency import Histogram

_WIDTH, _HEIGHT = 520.0, 250.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 44.0, 16.0, 34.0, 46.0

#: (from, to, count), seconds.
Bar = tuple[float, float, int]


def drawing(name: str, *children: Markup, width: float, height: float, title: str, about: str) -> Markup:
    """An SVG picture that tells what it shows to those who can't see it."""
    return element(
        "svg",
        element("title", title, id=f"{name}-title"),
        element("desc", about, id=f"{name}-desc"),
        *children,
        viewBox=f"0 0 {width:g} {height:g}",
        role="img",
        aria_labelledby=f"{name}-title {name}-desc",
        class_=name,
    )


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def label(x: float, y: float, content: str, class_: str = "", anchor: str = "start") -> Markup:
    return element("text", content, x=x, y=y, text_anchor=anchor, class_=class_ or None)


def histogram(latency: Histogram) -> Markup | None:
    """How many inserts took how long, on a logarithmic axis; None where no time was taken."""
    bars = _columns(latency.bars(), latency.count)
    median = latency.percentile(0.5)
    if not bars or median is None:
        return None
    axis = _axis(bars)
    ticks = count_ticks(max(count for _, _, count in bars))
    base, room = _HEIGHT - _BOTTOM, _HEIGHT - _BOTTOM - _TOP

    def y(count: float) -> float:
        return base - room * count / ticks[-1]

    return drawing(
        "histogram",
        *(_row(tick, y(tick)) for tick in ticks),
        *(_column(axis, bar, y) for bar in bars),
        *(_tick(axis.x(value), base, tick_words(value)) for value in axis.ticks()),
        *_marker(axis.x(median), base, f"median {words(median)}"),
        label(_LEFT, _HEIGHT - 6, "from the write's answer to its log line (logarithmic)", "note"),
        width=_WIDTH,
        height=_HEIGHT,
        title="How long it took from write to log line",
        about=f"{latency.count} inserts; the median is {words(median)}, the longest {words(latency.most)}.",
    )


def _columns(bars: Sequence[Bar], count: int) -> list[Bar]:
    """Neighbouring buckets put together, as many as make a picture of so few values."""
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
    """From the first column to the last, and at least over a factor of five, so that ticks find room."""
    low, high = bars[0][0], bars[-1][1]
    if high / low < 5:
        widen = math.sqrt(5 * low / high)
        low, high = low / widen, high * widen
    return LogAxis(low=low, high=high, left=_LEFT, width=_WIDTH - _LEFT - _RIGHT)


def _row(count: int, y: float) -> Markup:
    return joined(
        (
            line(_LEFT, y, _WIDTH - _RIGHT, y, "axis" if count == 0 else "grid"),
            label(_LEFT - 8, y + 4, f"{count:,}", "tick", "end"),
        )
    )


def _column(axis: LogAxis, bar: Bar, y: object) -> Markup:
    low, high, count = bar
    top, base = y(count), y(0)  # type: ignore[operator]
    left, right = axis.x(low), axis.x(high)
    about = f"{count:,} took {words(low)} to {words(high)}"
    return element(
        "rect",
        element("title", about),
        x=left + 1,
        y=top,
        width=max(right - left - 2, 1.0),
        height=max(base - top, 1.0),
        rx=1.5,
        class_="bar",
    )


def _tick(x: float, base: float, content: str) -> Markup:
    anchor = "end" if x > _WIDTH - 30 else "middle"
    return joined((line(x, base, x, base + 5, "axis"), label(x, base + 19, content, "tick", anchor)))


def _marker(x: float, base: float, content: str) -> Iterable[Markup]:
    anchor = "end" if x > _WIDTH * 0.7 else "start" if x < _WIDTH * 0.3 else "middle"
    return line(x, _TOP - 10, x, base, "marker"), label(x, _TOP - 16, content, "strong", anchor)
