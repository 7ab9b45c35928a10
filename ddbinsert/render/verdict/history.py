"""The history of one test item, as marks on three tracks: its writes, its stream records, its log lines.

`timeline` draws them, and the table of writes lists them.
"""

from __future__ import annotations

from collections import Counter
from itertools import zip_longest
from typing import TYPE_CHECKING

from ddbinsert.core import receipt as receipts
from ddbinsert.core.model.record import EventName
from ddbinsert.dataclass import dataclass
from ddbinsert.render.verdict.common import NOTHING, after
from ddbinsert.render.verdict.plain_text import plain

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from ddbinsert.core.proof.tally import LaneTally, Receipt, StreamRecord

#: Maximum number of log lines and of stream records of one item that are drawn; the others are counted.
_SHOWN, _RECORDS_SHOWN = 24, 30
#: Seconds. A log event whose time is further away from the run than this is drawn at the edge.
_SLACK = 60.0

_LETTERS = {"INSERT": "I", "MODIFY": "M", "REMOVE": "R", "line": "L"}


@dataclass(frozen=True, kw_only=True)
class Mark:
    """An event of an item.

    Attributes:
        at: Epoch seconds. Never before the write that caused it.
        kind: The event name; ``none`` for a write without a stream record, ``line`` for a log line without an event
            name.
        about: The mark's description.
        state: ``""``, or its fault: ``intruder``, ``guarded``, ``failed``, ``missing``.
        source: The index of the record (for a log mark) or of the write (for a record) that caused it; None if
            unknown.
        write: The index of the first write that can have caused it.
    """

    at: float
    kind: str
    about: str
    state: str = ""
    source: int | None = None
    write: int = 0

    @property
    def letter(self) -> str:
        return _LETTERS.get(self.kind, NOTHING)


@dataclass(frozen=True, kw_only=True)
class ItemHistory:
    """The three tracks of one item, each in order of time.

    Attributes:
        writes: Acknowledged writes, at the time of the acknowledgement.
        stream: Records, at the time of the write that caused them.
        log: Receipts and log lines, and the inserts that are missing at the end of the run.
        stopped: Indexes of the records that were certainly not delivered, as intended.
        more: Number of log lines beyond those in ``log``.
        more_records: Number of records beyond those in ``stream``.
    """

    writes: tuple[Mark, ...]
    stream: tuple[Mark, ...]
    log: tuple[Mark, ...]
    stopped: frozenset[int]
    more: int = 0
    more_records: int = 0


def history_of(lane: LaneTally, start: float, finished: float) -> ItemHistory:
    """The history of one item.

    Args:
        lane: The item, with at least one write.
        start: Epoch seconds of the run's first acknowledged write.
        finished: Epoch seconds of the run's end.
    """
    every = lane.recorded
    recorded = every[:_RECORDS_SHOWN]
    writes = tuple(_writes(lane, start))
    stream = tuple(_stream(lane, recorded, start, finished))
    shown = sorted(lane.receipts, key=lambda one: one.logged)[:_SHOWN]
    lines = sorted(lane.lines)[: _SHOWN - len(shown)]
    log = [
        *_received(lane, shown, stream, start, finished),
        *_lines(lines, writes[0].at, start, finished),
        *_missing(lane, every, finished),
    ]
    return ItemHistory(
        writes=writes,
        stream=stream,
        log=tuple(sorted(log, key=lambda mark: mark.at)),
        stopped=frozenset(place for place in _stopped(lane, every) if place < len(recorded)),
        more=len(lane.receipts) + len(lane.lines) - len(shown) - len(lines),
        more_records=len(every) - len(recorded),
    )


def _writes(lane: LaneTally, start: float) -> Iterator[Mark]:
    for write, at in lane.written:
        expects = write.expects or "no record"
        yield Mark(
            at=at,
            kind=write.expects or "none",
            about=f"{write.action.value} ({write.method.value}), acknowledged at {after(at, start)}; "
            f"expected in the stream: {expects}",
        )


def _stream(
    lane: LaneTally, recorded: Sequence[StreamRecord], start: float, finished: float
) -> Iterator[Mark]:
    """The records, at the time of the write that caused them.

    GetRecords returns a record's time in whole seconds: too coarse for writes that take milliseconds.
    """
    leaving = [
        (place, write, at) for place, (write, at) in enumerate(lane.written) if write.expects is not None
    ]
    before, cause = lane.written[0][1], 0
    for record, one in zip_longest(recorded, leaving[: len(recorded)]):
        source = None
        if one is not None and one[1].expects == record.event_name:
            source = cause = one[0]
            before = max(before, one[2])
        elif record.at is not None:
            before = max(before, _near(record.at, start, finished))
        yield Mark(
            at=before,
            kind=record.event_name,
            about=f"{plain(record.event_name)} in the stream, eventID {plain(record.event_id)}",
            source=source,
            write=cause,
        )


def _received(
    lane: LaneTally, shown: Sequence[Receipt], stream: Sequence[Mark], start: float, finished: float
) -> Iterator[Mark]:
    places = {
        identity: place
        for place, record in enumerate(lane.recorded[: len(stream)])
        for identity in (record.event_id, str(record.sequence))
    }
    causes = _causes(lane, [one for one in shown if one.identity not in places])
    processed = lane.processed
    for one in shown:
        name, source = lane.name_of(one), places.get(one.identity)
        cause = causes[one.identity] if source is None else stream[source].write
        acknowledged = lane.written[cause][1] if source is None else stream[source].at
        yield Mark(
            at=max(_near(one.logged, start, finished), acknowledged),
            kind=name,
            about=f"{plain(name)} {plain(decision_of(one, name, processed))}, "
            f"{_logged(one.logged, start, acknowledged)}, "
            f"eventID {plain(one.event_id)}",
            state=_state(one, name, is_processed=one.identity in processed),
            source=source,
            write=cause,
        )


def decision_of(one: Receipt, name: str, processed: Container[str]) -> str:
    """The decision of a receipt, with a remark if it does not count because the insert was not processed.

    Args:
        name: The record's event name.
        processed: Identities of the records that were processed.
    """
    counts = one.decision != receipts.PROCESSED or name != EventName.INSERT or one.identity in processed
    return one.decision if counts else f"{one.decision} (not counted: the function failed on this record)"


def _causes(lane: LaneTally, received: Sequence[Receipt]) -> dict[str, int]:
    """The index of the first write that can have caused each record, for records not read from the stream.

    Records of one item are delivered in order: the n-th record of an event name is caused by the n-th write that
    expects it, or a later one.
    """
    expecting: dict[str, list[int]] = {}
    for place, (write, _) in enumerate(lane.written):
        expecting.setdefault(str(write.expects), []).append(place)
    found: dict[str, int] = {}
    met = Counter[str]()
    for one in received:
        if one.identity not in found:
            name = lane.name_of(one)
            possible = expecting.get(name, [0])
            found[one.identity] = possible[min(met[name], len(possible) - 1)]
            met[name] += 1
    return found


def _state(one: Receipt, name: str, *, is_processed: bool) -> str:
    """The fault of a delivery, or ""; a receipt alone does not prove that an insert was processed."""
    match one.decision:
        case receipts.PROCESSED if name != EventName.INSERT:
            return "intruder"
        case receipts.PROCESSED:
            return "" if is_processed else "failed"
        case receipts.GUARDED:
            return "guarded"
        case _:
            return "failed"


def _lines(lines: Sequence[tuple[float, str]], first: float, start: float, finished: float) -> Iterator[Mark]:
    for at, text in lines:
        yield Mark(
            at=max(_near(at, start, finished), first),
            kind="line",
            about=f"log line, {_logged(at, start, first)}: {plain(text, 200)}",
        )


def _logged(at: float, start: float, acknowledged: float) -> str:
    """The time of a log line; it may be earlier than the arrival of the write's acknowledgement."""
    early = ", before the answer to its write arrived" if at < acknowledged else ""
    return f"logged at {after(at, start)}{early}"


def _missing(lane: LaneTally, recorded: Sequence[StreamRecord], finished: float) -> Iterator[Mark]:
    """The inserts that were not processed, at the end of the run."""
    if lane.lines:
        lacking: list[int | None] = [None] * max(0, lane.lane.inserts - len(lane.lines))
    else:
        inserts = [(place, one) for place, one in enumerate(recorded) if one.event_name == EventName.INSERT]
        unseen = [None] * max(0, lane.lane.inserts - len(inserts) - lane.processed_inserts)
        done = lane.processed
        lacking = [
            *(n for n, one in inserts if one.event_id not in done and str(one.sequence) not in done),
            *(unseen if not inserts else ()),
        ]
    for source in lacking[:_SHOWN]:
        yield Mark(
            at=finished,
            kind=EventName.INSERT,
            about="INSERT, not processed by the end of the run",
            state="missing",
            source=source if source is not None and source < _RECORDS_SHOWN else None,
        )


def _stopped(lane: LaneTally, recorded: Sequence[StreamRecord]) -> frozenset[int]:
    """The records that can no longer be delivered: order holds per item, and a later one was delivered."""
    delivered = {one.identity for one in lane.receipts}
    seen = [bool({record.event_id, str(record.sequence)} & delivered) for record in recorded]
    return frozenset(
        place
        for place, record in enumerate(recorded)
        if record.event_name != EventName.INSERT and not seen[place] and any(seen[place:])
    )


def _near(at: float, start: float, finished: float) -> float:
    return min(max(at, start - _SLACK), finished + _SLACK)
