"""The content of the HTML report, taken from the proof: the figures, tables and lists for ``templates``."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from ddbinsert.core.model.record import EventName
from ddbinsert.core.proof.by_event import counts_by_event
from ddbinsert.core.proof.claims import NEGATIVES, Standing
from ddbinsert.core.proof.verdict import Result, Weight
from ddbinsert.core.times import format_duration
from ddbinsert.dataclass import dataclass
from ddbinsert.render.verdict.common import COLUMNS, NOTHING, after, has_written, number
from ddbinsert.render.verdict.history import decision_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ddbinsert.core.proof.by_event import EventCounts
    from ddbinsert.core.proof.claims import Claim
    from ddbinsert.core.proof.failure_path.report import FailurePath
    from ddbinsert.core.proof.proof import Proof
    from ddbinsert.core.proof.tally import LaneTally, StreamRecord
    from ddbinsert.render.verdict.timeline import TimelineDrawing

#: The CSS class of each result, standing and weight.
TONES: Final[Mapping[Result | Standing | Weight, str]] = {
    Result.PASS: "pass",
    Result.FAIL: "fail",
    Result.INCONCLUSIVE: "open",
    Standing.PROVEN: "pass",
    Standing.DISPROVEN: "fail",
    Standing.OPEN: "open",
    Standing.NOT_JUDGED: "none",
    Weight.PROOF: "fail",
    Weight.HOLE: "open",
    Weight.NOTE: "none",
}
#: Maximum numbers of log lines of one write, and of records without a write, in the table; the others are counted.
_LINES_SHOWN, _RECORDS_SHOWN = 40, 40

# --- the numbers ------------------------------------------------------------------------------------------


def figures(proof: Proof, every: Sequence[Claim]) -> tuple[tuple[str, str], ...]:
    """The four most important numbers, as (value, name)."""
    if proof.failure_path is not None:
        return _of_failures(proof, proof.failure_path)
    counts, latency = proof.verdict.counts, proof.verdict.latency
    expected = counts.get("expected_inserts", 0)
    unwritten = proof.tally is not None and not has_written(proof)
    return (
        (
            "none written" if unwritten else f"{counts.get('processed_inserts', 0):,} of {expected:,}",
            "inserts processed",
        ),
        (_others(proof, every), "other changes delivered"),
        (format_duration(latency["p50"]) if latency else NOTHING, "median from write to log line"),
        (format_duration(max(0.0, proof.finished - proof.started)), "duration of the run"),
    )


def _of_failures(proof: Proof, path: FailurePath) -> tuple[tuple[str, str], ...]:
    """The numbers of a run that made a record fail."""
    counts = proof.verdict.counts
    longest = max((seen.longest for seen in path.outcomes), default=None)
    return (
        (f"{counts['attempts']:,}", "attempts at the failing item"),
        (NOTHING if longest is None else format_duration(longest), "longest wait of others behind it"),
        (f"{counts['documents']:,}", "documents at the destination"),
        (format_duration(max(0.0, proof.finished - proof.started)), "duration of the run"),
    )


def _others(proof: Proof, every: Sequence[Claim]) -> str:
    """The number of modifications and removals that were delivered."""
    counts = proof.verdict.counts
    others = [one for one in counts_by_event(proof) if one.name is not EventName.INSERT]
    if not others:
        return f"{counts.get('intruders', 0) + counts.get('guarded', 0):,}"
    made = sum(one.written for one in others)
    received = [value for one in others for value in (one.processed, one.guarded, one.failed)]
    if None in received or not made:
        return NOTHING
    delivered = sum(filter(None, received))
    if not delivered and any(one.standing is Standing.OPEN and one.id in NEGATIVES.values() for one in every):
        return "none seen"
    return f"{delivered:,} of {made:,}"


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A number in the table of events.

    Attributes:
        text: The number.
        alarm: Whether it should be 0 and is not.
    """

    text: str
    alarm: bool


def event_rows(proof: Proof) -> tuple[tuple[str, tuple[Cell, ...]], ...]:
    """One row per count (written, processed, …), with one cell per event name; empty if nothing was written."""
    if not has_written(proof) or proof.tally is None:
        return ()
    events = counts_by_event(proof)
    return tuple((name, tuple(_cell(one, column) for one in events)) for column, name in COLUMNS.items())


def _cell(one: EventCounts, column: str) -> Cell:
    value: int | None = getattr(one, column)
    stray = one.name is not EventName.INSERT and column in ("processed", "guarded", "failed")
    return Cell(text=number(value), alarm=bool(value) and (stray or column == "missing"))


# --- the legend of the timeline ---------------------------------------------------------------------------

_LEGEND = (
    ("insert", "I", "INSERT"),
    ("modify", "M", "MODIFY"),
    ("remove", "R", "REMOVE"),
    ("none", NOTHING, "a write without a stream record"),
    ("line", "L", "a log line"),
    ("stopped", "┴", "not delivered"),
    ("insert missing", "I", "? an insert that was not processed by the end of the run"),
    ("modify intruder", "M", "! processed, and should not have been"),
    ("modify guarded", "M", "g delivered, and dropped by the handler"),
    ("insert failed", "I", "✗ delivered, and the handler failed"),
)


def legend(drawing: TimelineDrawing) -> tuple[tuple[str, str, str], ...]:
    """The signs that the timeline uses, as (CSS class, letter, meaning)."""
    kinds = {one.partition(" ")[0] for one in drawing.states}
    states = {one.partition(" ")[2] for one in drawing.states}

    def is_shown(classes: str) -> bool:
        kind, _, state = classes.partition(" ")
        if kind == "stopped":
            return drawing.has_stops
        return state in states if state else kind in kinds

    return tuple(entry for entry in _LEGEND if is_shown(entry[0]))


# --- the table of all writes ------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class WriteRow:
    """One write with its effects, or what was seen of the item without a known write.

    Attributes:
        write: What was written, and how.
        acknowledged: Time of the acknowledgement since the start of the run.
        expected: The record that the write must cause.
        event: The record's event name; empty if no record was read.
        event_id: The record's eventID; empty if no record was read.
        log: (text, time) of its log lines.
        more: Number of further log lines.
    """

    write: str
    acknowledged: str
    expected: str
    event: str
    event_id: str
    log: tuple[tuple[str, str], ...]
    more: int


@dataclass(frozen=True, kw_only=True)
class ItemWrites:
    """All writes on one test item.

    Attributes:
        number: The item's number.
        method: The write method.
        rows: One row for each write.
    """

    number: int
    method: str
    rows: tuple[WriteRow, ...]


def every_write(proof: Proof) -> tuple[ItemWrites, ...]:
    """The writes of every scripted item; empty if none was made."""
    lanes = [lane for lane in proof.tally.lanes if lane.written] if proof.tally else []
    if not lanes:
        return ()
    start = min(at for lane in lanes for _, at in lane.written)
    return tuple(
        ItemWrites(number=lane.lane.number, method=lane.lane.method.value, rows=tuple(_rows(lane, start)))
        for lane in lanes
    )


def _rows(lane: LaneTally, start: float) -> Iterator[WriteRow]:
    recorded, processed = list(lane.recorded), lane.processed
    known = {name for record in recorded for name in (record.event_id, str(record.sequence))}
    for write, at in lane.written:
        record = recorded.pop(0) if recorded and write.expects is not None else None
        names = {record.event_id, str(record.sequence)} if record else set()
        found = [
            (one.logged, f"{lane.name_of(one)} {decision_of(one, lane.name_of(one), processed)}")
            for one in lane.receipts
            if one.identity in names
        ]
        yield _row(
            record,
            found,
            start,
            write=f"{write.action.value} ({write.method.value})",
            acknowledged=after(at, start),
            expected=write.expects or "no record",
        )
    others = [
        *(
            (one.logged, f"{lane.name_of(one)} {one.decision} {one.event_id}")
            for one in lane.receipts
            if one.identity not in known
        ),
        *lane.lines,
    ]
    if len(recorded) > _RECORDS_SHOWN:
        others.append((start, f"{len(recorded) - _RECORDS_SHOWN:,} more stream records are not listed"))
    for record, logged in zip_longest(recorded[:_RECORDS_SHOWN], [others] if others else []):
        yield _row(
            record,
            logged or (),
            start,
            write="not matched to a write",
            acknowledged=NOTHING,
            expected=NOTHING,
        )


def _row(
    record: StreamRecord | None,
    log: Iterable[tuple[float, str]],
    start: float,
    *,
    write: str,
    acknowledged: str,
    expected: str,
) -> WriteRow:
    lines = tuple((text, after(at, start)) for at, text in sorted(log))
    return WriteRow(
        write=write,
        acknowledged=acknowledged,
        expected=expected,
        event=record.event_name if record else "",
        event_id=record.event_id if record else "",
        log=lines[:_LINES_SHOWN],
        more=len(lines[_LINES_SHOWN:]),
    )
