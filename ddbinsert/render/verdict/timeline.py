"""The geometry of the timeline: each test item's writes, stream records and log lines on one axis of time.

Every item has three tracks, one below the other. A line leads from a write to its record, and from the record to
its receipt; a line that ends in a bar is a record that was not delivered. ``templates/timeline.svg`` renders it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.core.times import format_duration
from ddbinsert.dataclass import dataclass
from ddbinsert.render.verdict.axis import TimeAxis, side_by_side, tick_words
from ddbinsert.render.verdict.history import ItemHistory, Mark, history_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ddbinsert.core.proof.proof import Proof
    from ddbinsert.core.proof.tally import LaneTally

_WIDTH = 960.0
_LEFT, _RIGHT = 176.0, 26.0
_TOP = 44.0
_LANE, _WRITES, _STREAM, _LOG = 138.0, 26.0, 66.0, 108.0
_MARK_WIDTH, _MARK_HEIGHT, _GAP = 19.0, 17.0, 21.0

_CLASSES = {"INSERT": "insert", "MODIFY": "modify", "REMOVE": "remove", "line": "line"}
_SIGNS = {"": "", "intruder": "!", "guarded": "g", "failed": "✗", "missing": "?"}


@dataclass(frozen=True, kw_only=True)
class Path:
    """A drawn line.

    Attributes:
        d: SVG path data.
        classes: CSS classes.
        about: Its tooltip; may be empty.
    """

    d: str
    classes: str
    about: str = ""


@dataclass(frozen=True, kw_only=True)
class Box:
    """A drawn mark.

    Attributes:
        x: The x of its centre.
        y: The y of its centre.
        exact: The x of its time, if it had to be moved from there; else None.
        classes: CSS classes.
        letter: The letter in it.
        sign: The sign below it.
        about: Its tooltip.
    """

    x: float
    y: float
    exact: float | None
    classes: str
    letter: str
    sign: str
    about: str


@dataclass(frozen=True, kw_only=True)
class ItemRow:
    """One item's tracks, drawn.

    Attributes:
        top: The y of its upper edge.
        tracks: The y and the name of each track.
        more: A text about marks that are not drawn; empty if all are drawn.
    """

    number: int
    method: str
    top: float
    tracks: tuple[tuple[float, str], ...]
    paths: tuple[Path, ...]
    boxes: tuple[Box, ...]
    more: str


@dataclass(frozen=True, kw_only=True)
class TimelineDrawing:
    """The whole drawing.

    Attributes:
        left: The x of the start of the axis.
        right: The x of the end of the tracks.
        ticks: The x and the text of each tick.
        mark: Width and height of a mark.
        states: The CSS classes of its marks, for the legend.
    """

    width: float
    height: float
    left: float
    right: float
    ticks: tuple[tuple[float, str], ...]
    rows: tuple[ItemRow, ...]
    about: str
    mark: tuple[float, float] = (_MARK_WIDTH, _MARK_HEIGHT)

    @property
    def states(self) -> frozenset[str]:
        return frozenset(box.classes for row in self.rows for box in row.boxes)

    @property
    def has_stops(self) -> bool:
        return any(path.classes.startswith("stop") for row in self.rows for path in row.paths)


def timeline(proof: Proof) -> TimelineDrawing | None:
    """The drawing; None if nothing was written."""
    lanes = [lane for lane in proof.tally.lanes if lane.written] if proof.tally else []
    if not lanes:
        return None
    start = min(at for lane in lanes for _, at in lane.written)
    histories = [history_of(lane, start, max(proof.finished, start)) for lane in lanes]
    axis, placed = _fitted(histories, start)
    edge = max((x for tracks in placed for track in tracks for x in track), default=0.0)
    width = max(_WIDTH, edge + _RIGHT)
    rows = zip(lanes, histories, placed, strict=True)
    return TimelineDrawing(
        width=width,
        height=_TOP + _LANE * len(lanes) + 6,
        left=_LEFT,
        right=width - _RIGHT,
        ticks=tuple((axis.x(start + seconds), tick_words(seconds)) for seconds in axis.ticks()),
        rows=tuple(_row(axis, *one, _TOP + _LANE * place) for place, one in enumerate(rows)),
        about=f"{len(lanes)} items over {format_duration(axis.span)}; the appendix “Every write” lists the same as a table.",
    )


_Placed = tuple[list[float], list[float], list[float]]


def _fitted(histories: Sequence[ItemHistory], start: float) -> tuple[TimeAxis, list[_Placed]]:
    """The axis, shortened until the marks that are moved to the right of their time fit into the drawing."""
    times = [mark.at for one in histories for mark in (*one.writes, *one.stream, *one.log) if not _last(mark)]
    span, full = max(max(times) - start, 0.006), _WIDTH - _LEFT - _RIGHT
    width = full
    for _ in range(4):
        axis = TimeAxis(start=start, span=span, left=_LEFT, width=width)
        placed = [_placed(axis, one) for one in histories]
        over = max(x for tracks in placed for track in tracks for x in track) - (_LEFT + full)
        if over <= 0.01:
            break
        width = max(width - over, full / 2)
    return axis, placed


def _last(mark: Mark) -> bool:
    """Whether the mark is drawn at the end of the axis, regardless of its time."""
    return mark.state == "missing"


def _placed(axis: TimeAxis, one: ItemHistory) -> _Placed:
    """The x of each mark: at its time or to the right of it, and never left of the mark that caused it."""
    writes = side_by_side([axis.x(mark.at) for mark in one.writes], _GAP)
    stream = side_by_side(
        [
            max(axis.x(mark.at), writes[mark.write if mark.source is None else mark.source])
            for mark in one.stream
        ],
        _GAP,
    )
    end = axis.left + axis.width
    log = [
        max(
            end if _last(mark) else axis.x(mark.at),
            writes[mark.write] if mark.source is None else stream[mark.source],
        )
        for mark in one.log
    ]
    return writes, stream, side_by_side(log, _GAP)


def _row(axis: TimeAxis, lane: LaneTally, one: ItemHistory, placed: _Placed, top: float) -> ItemRow:
    heights = (top + _WRITES, top + _STREAM, top + _LOG)
    return ItemRow(
        number=lane.lane.number,
        method=lane.lane.method.value,
        top=top,
        tracks=tuple(zip(heights, ("writes", "stream", "log"), strict=True)),
        paths=tuple(_paths(one, placed, heights)),
        boxes=tuple(
            _box(mark, x, y, axis.x(mark.at))
            for marks, places, y in zip((one.writes, one.stream, one.log), placed, heights, strict=True)
            for mark, x in zip(marks, places, strict=True)
        ),
        more=_more(one),
    )


def _more(one: ItemHistory) -> str:
    counts = ((one.more_records, "stream records"), (one.more, "log lines"))
    left_out = " and ".join(f"{count:,} more {name}" for count, name in counts if count)
    return f"and {left_out}" if left_out else ""


def _paths(one: ItemHistory, placed: _Placed, heights: tuple[float, float, float]) -> Iterator[Path]:
    writes, stream, log = placed
    half = _MARK_HEIGHT / 2
    for place, record in enumerate(one.stream):
        if record.source is not None:
            yield _curve(writes[record.source], heights[0] + half, stream[place], heights[1] - half, record)
        if place in one.stopped:
            x, y = stream[place], heights[1] + half
            yield Path(
                d=f"M{x:.1f} {y:.1f}v8M{x - 6:.1f} {y + 8:.1f}h12",
                classes=f"stop {_class(record)}",
                about=f"{record.kind}: not delivered",
            )
    for place, mark in enumerate(one.log):
        if mark.source is not None:
            yield _curve(stream[mark.source], heights[1] + half, log[place], heights[2] - half, mark)


def _curve(x1: float, y1: float, x2: float, y2: float, mark: Mark) -> Path:
    middle = (y1 + y2) / 2
    return Path(
        d=f"M{x1:.1f} {y1:.1f}C{x1:.1f} {middle:.1f} {x2:.1f} {middle:.1f} {x2:.1f} {y2:.1f}",
        classes=f"link {_class(mark)}",
    )


def _box(mark: Mark, x: float, y: float, exact: float) -> Box:
    return Box(
        x=x,
        y=y,
        exact=exact if abs(exact - x) > 0.75 and not _last(mark) else None,
        classes=_class(mark),
        letter=mark.letter,
        sign=_SIGNS[mark.state],
        about=mark.about,
    )


def _class(mark: Mark) -> str:
    return f"{_CLASSES.get(mark.kind, 'none')} {mark.state}".strip()
