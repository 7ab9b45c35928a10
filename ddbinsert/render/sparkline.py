"""A series of numbers as one line of blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_BLOCKS: Final = "▁▂▃▄▅▆▇█"
_PLAIN: Final = "12345678"
#: Shown if there is no datapoint, which differs from zero.
_NOTHING: Final = "."


def sparkline(values: Sequence[float | None], encoding: str | None = "utf-8") -> str:
    """One character per value, scaled to the largest; None is a dot.

    Args:
        encoding: The stream's encoding; digits are used if it has no block characters.
    """
    can_show = (encoding or "").lower().replace("-", "") in {"utf8", ""}
    blocks = _BLOCKS if can_show else _PLAIN
    top = max((value for value in values if value is not None), default=0.0)

    def block(value: float | None) -> str:
        if value is None:
            return _NOTHING
        return blocks[0 if top <= 0 else round(value / top * (len(blocks) - 1))]

    return "".join(block(value) for value in values)


def buckets(
    points: Sequence[tuple[float, float]], start: float, end: float, count: int, *, largest: bool = False
) -> list[float | None]:
    """Aggregate the points into ``count`` equal parts of a time range.

    Returns:
        The sum (or with ``largest`` the maximum) of each part; None for a part without a point.
    """
    found: list[float | None] = [None] * count
    for at, value in points:
        place = min(count - 1, max(0, int((at - start) / max(1.0, end - start) * count)))
        known = found[place]
        found[place] = value if known is None else max(known, value) if largest else known + value
    return found
