"""The timeline of a report: each scripted item's writes, stream records and log lines on one axis of time.

Every item has three tracks, one below the other. A line leads from a write to the record that it left, and from
the record to its receipt; one that stops short ends in a bar: the record was not delivered.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

from ddbinsert.core import receipt as receipts
from ddbinsert.core.duration import words
from ddbinsert.core.model import EventName
from ddbinsert.render.markup import Markup, element, joined
from ddbinsert.render.report import NOTHING, after
from ddbinsert.render.report_axis import TimeAxis, spread, tick_words
from ddbinsert.render.report_svg import drawing, label, line
from ddbinsert.render.screen import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ddbinsert.core.proof import Proof
    from ddbinsert.core.tally import LaneTally, Receipt, StreamRecord

_WIDTH = 960.0
_LEFT, _RIGHT = 176.0, 26.0
_TOP = 44.0
_LANE, _WRITES, _STREAM, _LOG = 138.0, 26.0, 66.0, 108.0
_MARK_WIDTH, _MARK_HEIGHT, _GAP = 19.0, 17.0, 21.0
#: Log lines about one item that are drawn; the rest is counted.
_SHOWN = 24
#: A log event dated further away than this from the run is drawn at the edge.
_SLACK = 60.0

_LETTERS = {"INSERT": "I", "MODIFY": "M", "REMOVE": "R", "line": "L"}
_CLASSES = {"INSERT": "insert", "MODIFY": "modify", "REMOVE": "remove", "line": "line"}


@dataclass(frozen=True, kw_only=True)
class Mark:
    """Something that happened to an item.

    Attributes:
        at: Epoch seconds. kind: The stream record's event name, ``none`` for a write that leaves no record,
            ``line`` for a log line that names none.
        state: ``""``, or what is wrong with it: ``intruder``, ``guarded``, ``failed``, ``missing``.
        source: The place of the record that it came from, in its own track.
    """

    at: float
    kind: str
    about: str
    state: str = ""
    source: int | None = None

    @property
    def letter(self) -> str:
        return _LETTERS.get(self.kind, NOTHING)


@dataclass(frozen=True, kw_only=True)
class Tracks:
    """The three tracks of one item, each in the order of time.

    Attributes:
        stopped: Places of the records that surely were not delivered, and need not be.
        more: Log lines beyond those drawn.
    """

    writes: tuple[Mark, ...]
    stream: tuple[Mark, ...]
    log: tuple[Mark, ...]
    stopped: frozenset[int]
    more: int = 0


def timeline(proof: Proof) -> Markup | None:
    """The drawing; None where nothing was written."""
    lanes = [lane for lane in proof.tally.lanes if lane.written] if proof.tally else []
    if not lanes:
        return None
    start = min(at for lane in lanes for _, at in lane.written)
    tracks = [tracks_of(lane, start, max(proof.finished, start)) for lane in lanes]
    times = [mark.at for t in tracks for mark in (*t.writes, *t.stream, *t.log) if mark.state != "missing"]
    # A log line may be dated before the answer that came on a busy line, or by a clock that goes otherwise.
    first, span = min(times), max(max(times) - min(times), 0.006)
    axis = TimeAxis(start=first, zero=start, span=span, left=_LEFT, width=_WIDTH - _LEFT - _RIGHT)
    height = _TOP + _LANE * len(lanes) + 6
    pairs = zip(lanes, tracks, strict=True)
    return drawing(
        "timeline",
        *_ticks(axis, height),
        *(_lane(axis, lane, its, _TOP + _LANE * place) for place, (lane, its) in enumerate(pairs)),
        width=_WIDTH,
        height=height,
        title="What became of each write",
        about=f"{len(lanes)} items over {words(axis.span)}; the table “Every write” below tells the same in words.",
    )


# --- from what was seen to marks --------------------------------------------------------------------------


def tracks_of(lane: LaneTally, start: float, finished: float) -> Tracks:
    """What happened to one item, as marks.

    Args:
        start: Epoch seconds of the run's first write. finished: Of its end.
    """
    recorded = lane.recorded
    shown = sorted(lane.receipts, key=lambda one: one.logged)[:_SHOWN]
    lines = sorted(lane.lines)[: _SHOWN - len(shown)]
    log = [
        *(_received(one, lane.name_of(one), recorded, start, finished) for one in shown),
        *(
            Mark(
                at=_near(at, start, finished),
                kind="line",
                about=f"log line {after(at, start)}: {one_line(text, 200)}",
            )
            for at, text in lines
        ),
        *_missing(lane, recorded, finished),
    ]
    delivered = {one.identity for one in lane.receipts}
    seen = [bool({record.event_id, str(record.sequence)} & delivered) for record in recorded]
    # Order holds per item: what lies before a record that was delivered is not on its way any more.
    stopped = (
        place
        for place, record in enumerate(recorded)
        if record.event_name != EventName.INSERT and not seen[place] and any(seen[place:])
    )
    return Tracks(
        writes=tuple(
            Mark(
                at=at,
                kind=write.expects or "none",
                about=f"{write.action.value} ({write.method.value}) answered {after(at, start)}; must leave "
                + (write.expects or "no record"),
            )
            for write, at in lane.written
        ),
        stream=tuple(
            Mark(
                at=at,
                kind=record.event_name,
                about=f"{record.event_name} in the stream, eventID {record.event_id}",
            )
            for record, at in _dated(lane, recorded, start, finished)
        ),
        log=tuple(sorted(log, key=lambda mark: mark.at)),
        stopped=frozenset(stopped),
        more=len(lane.receipts) + len(lane.lines) - len(shown) - len(lines),
    )


def _dated(
    lane: LaneTally, recorded: Sequence[StreamRecord], start: float, finished: float
) -> Iterator[tuple[StreamRecord, float]]:
    """The records with the time of the write that left them.

    GetRecords tells a record's time in whole seconds: too coarse beside writes that take milliseconds.
    """
    leaving = [(write, at) for write, at in lane.written if write.expects is not None]
    before = start
    for record, pair in zip_longest(recorded, leaving[: len(recorded)]):
        if pair is not None and pair[0].expects == record.event_name:
            before = max(before, pair[1])
        elif record.at is not None:
            before = max(before, _near(record.at, start, finished))
        yield record, before


def _received(
    one: Receipt, name: str, recorded: Sequence[StreamRecord], start: float, finished: float
) -> Mark:
    source = next((n for n, r in enumerate(recorded) if one.identity in (r.event_id, str(r.sequence))), None)
    if one.decision == receipts.PROCESSED:
        state = "" if name == EventName.INSERT else "intruder"
    else:
        state = "guarded" if one.decision == receipts.GUARDED else "failed"
    return Mark(
        at=_near(one.logged, start, finished),
        kind=name,
        about=f"{name} {one.decision} {after(one.logged, start)}, eventID {one.event_id}",
        state=state,
        source=source,
    )


def _missing(lane: LaneTally, recorded: Sequence[StreamRecord], finished: float) -> Iterator[Mark]:
    """The inserts that were not processed, at the end of time."""
    if lane.lines:
        lacking: list[int | None] = [None] * max(0, lane.lane.inserts - len(lane.lines))
    else:
        inserts = [(n, r) for n, r in enumerate(recorded) if r.event_name == EventName.INSERT]
        unseen = [None] * max(0, lane.lane.inserts - len(inserts) - lane.processed_inserts)
        done = lane.processed
        lacking = [
            *(n for n, r in inserts if r.event_id not in done and str(r.sequence) not in done),
            *(unseen if not inserts else ()),
        ]
    for source in lacking:
        yield Mark(
            at=finished, kind=EventName.INSERT, about="INSERT not processed", state="missing", source=source
        )


def _near(at: float, start: float, finished: float) -> float:
    return min(max(at, start - _SLACK), finished + _SLACK)


# --- from marks to paper ----------------------------------------------------------------------------------


def _ticks(axis: TimeAxis, height: float) -> Iterator[Markup]:
    yield label(_LEFT, 14, "time since the first write was answered", "note")
    for seconds in axis.ticks():
        x = axis.x(axis.zero + seconds)
        yield line(x, _TOP - 8, x, height - 6, "grid")
        yield label(x, _TOP - 13, tick_words(seconds), "tick", "middle")


def _lane(axis: TimeAxis, lane: LaneTally, tracks: Tracks, top: float) -> Markup:
    heights = (top + _WRITES, top + _STREAM, top + _LOG)
    placed = [_placed(axis, marks) for marks in (tracks.writes, tracks.stream, tracks.log)]
    right = _WIDTH - _RIGHT
    more = label(right, top + _LANE - 10, f"and {tracks.more:,} more log lines", "note", "end")
    return element(
        "g",
        line(0, top, right + 10, top, "rule"),
        label(0, top + _WRITES + 4, f"Item {lane.lane.number}", "strong"),
        label(0, top + _WRITES + 22, lane.lane.method.value, "note"),
        *(
            joined((line(_LEFT, y, right, y, "track"), label(_LEFT - 18, y + 4, name, "tick", "end")))
            for y, name in zip(heights, ("writes", "stream", "log"), strict=True)
        ),
        *_links(tracks, placed, heights),
        *(
            _mark(mark, x, y, axis.x(mark.at))
            for marks, places, y in zip(
                (tracks.writes, tracks.stream, tracks.log), placed, heights, strict=True
            )
            for mark, x in zip(marks, places, strict=True)
        ),
        *((more,) if tracks.more else ()),
    )


def _placed(axis: TimeAxis, marks: Sequence[Mark]) -> list[float]:
    """Where each mark is drawn: what is missing stands at the end."""
    right = axis.left + axis.width
    exact = [right if mark.state == "missing" else axis.x(mark.at) for mark in marks]
    return spread(exact, _GAP, axis.left, right)


def _links(
    tracks: Tracks, placed: Sequence[Sequence[float]], heights: tuple[float, float, float]
) -> Iterator[Markup]:
    writes, stream, log = placed
    half = _MARK_HEIGHT / 2
    leaving = [n for n, mark in enumerate(tracks.writes) if mark.kind != "none"]
    for place, record in enumerate(tracks.stream):
        if place < len(leaving):
            yield _curve(writes[leaving[place]], heights[0] + half, stream[place], heights[1] - half, record)
        if place in tracks.stopped:
            yield _stop(stream[place], heights[1] + half, record)
    for place, mark in enumerate(tracks.log):
        if mark.source is not None:
            yield _curve(stream[mark.source], heights[1] + half, log[place], heights[2] - half, mark)


def _curve(x1: float, y1: float, x2: float, y2: float, mark: Mark) -> Markup:
    middle = (y1 + y2) / 2
    path = f"M{x1:.1f} {y1:.1f}C{x1:.1f} {middle:.1f} {x2:.1f} {middle:.1f} {x2:.1f} {y2:.1f}"
    return element("path", d=path, class_=f"link {_class(mark)}")


def _stop(x: float, y: float, record: Mark) -> Markup:
    path = f"M{x:.1f} {y:.1f}v8M{x - 6:.1f} {y + 8:.1f}h12"
    return element(
        "path", element("title", f"{record.kind}: not delivered"), d=path, class_=f"stop {_class(record)}"
    )


def _mark(mark: Mark, x: float, y: float, exact: float) -> Markup:
    parts = [element("title", mark.about)]
    if abs(exact - x) > 0.75 and mark.state != "missing":
        # It was moved: a tick shows where it belongs.
        parts.append(line(exact, y + _MARK_HEIGHT / 2 + 1, exact, y + _MARK_HEIGHT / 2 + 5, "exact"))
    left, top = x - _MARK_WIDTH / 2, y - _MARK_HEIGHT / 2
    parts.append(element("rect", x=left, y=top, width=_MARK_WIDTH, height=_MARK_HEIGHT, rx=4))
    parts.append(label(x, y + 4, mark.letter, "", "middle"))
    if mark.state:
        sign = {"intruder": "!", "guarded": "g", "failed": "✗", "missing": "?"}[mark.state]
        parts.append(label(x, y + _MARK_HEIGHT + 6, sign, "sign", "middle"))
    return element("g", *parts, class_=f"mark {_class(mark)}")


def _class(mark: Mark) -> str:
    return f"{_CLASSES.get(mark.kind, 'none')} {mark.state}".strip()
