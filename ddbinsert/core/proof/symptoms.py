"""What is not as it should be after a run, before anybody asks why."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ddbinsert.core import receipt as receipts
from ddbinsert.core.model.record import EventName
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from ddbinsert.core.proof.tally import LaneTally, Receipt, StreamRecord, Tally


@dataclass(frozen=True, kw_only=True)
class Missing:
    """An insert that was not processed.

    Attributes:
        passed_over: A later record of the same item was processed.
        failed: The handler was given it and said that it failed.
    """

    number: int
    event_id: str = ""
    passed_over: bool = False
    failed: bool = False


@dataclass(frozen=True, kw_only=True)
class Surplus:
    """An item about which the function logged more than its inserts explain.

    Attributes:
        explained: How often its inserts account for its key.
        lines: How often the log shows it.
        named: Lines that say MODIFY or REMOVE.
        removals: Lines that say REMOVE.
        strays: The item's records in the stream that are not inserts.
    """

    number: int
    explained: int
    lines: int
    named: int
    removals: int = 0
    strays: tuple[StreamRecord, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Symptoms:
    """What is not as it should be, before anybody asks why."""

    missing: tuple[Missing, ...] = ()
    missing_count: int = 0
    intruders: tuple[Receipt, ...] = ()
    leaked: tuple[Receipt, ...] = ()
    strays_count: int = 0
    surplus_lines: tuple[Surplus, ...] = ()
    stream_differs: tuple[tuple[int, tuple[str, ...], tuple[str, ...]], ...] = ()
    unexplained: tuple[Receipt, ...] = ()
    strange_count: int = 0
    too_few: int = 0

    @property
    def none(self) -> bool:
        return not (
            self.missing_count
            or self.strange_count
            or self.too_few
            or self.intruders
            or self.leaked
            or self.strays_count
            or self.surplus_lines
            or self.stream_differs
            or self.unexplained
        )


#: Of each kind of symptom, so many are shown with their ids; all are counted.
SHOWN = 20


def symptoms(tally: Tally, *, stream_read: bool, by_lines: bool = False) -> Symptoms:
    """What is not as it should be.

    Args:
        stream_read: Our own reading of the stream is complete, so that it may be held against the writes.
        by_lines: The function leaves no receipts: log lines that show a key are all there is.
    """
    if by_lines:
        return _symptoms_of_lines(tally)
    missing: list[Missing] = []
    intruders: list[Receipt] = []
    leaked: list[Receipt] = []
    for lane in tally.lanes:
        missing += _missing(lane)
        for one in lane.receipts:
            name = lane.name_of(one)
            if name != EventName.INSERT:
                stray = one if name == one.event_name else replace(one, event_name=name)
                (leaked if one.decision == receipts.GUARDED else intruders).append(stray)
    for one in tally.bulk.intruders:
        (leaked if one.decision == receipts.GUARDED else intruders).append(one)
    lanes_missing = len(missing)
    bulk_missing = tally.script.bulk - tally.bulk.processed.count
    if bulk_missing:
        first = len(tally.lanes)
        for place in tally.bulk.processed.absent():
            if len(missing) >= lanes_missing + SHOWN:
                break
            missing.append(Missing(number=first + place, failed=place in tally.bulk.failed))
    return Symptoms(
        missing=tuple(missing),
        missing_count=lanes_missing + bulk_missing,
        intruders=tuple(intruders),
        leaked=tuple(leaked),
        strays_count=tally.bulk.intruder_count,
        stream_differs=tuple(_differing(tally)) if stream_read else (),
        unexplained=tuple(one for lane in tally.lanes for one in lane.unexplained) if stream_read else (),
        strange_count=tally.bulk.strange,
        too_few=sum(lane.too_few for lane in tally.lanes),
    )


def _missing(lane: LaneTally) -> list[Missing]:
    processed, failed = lane.processed, lane.failed
    inserts = [record for record in lane.recorded if record.event_name == EventName.INSERT]
    if len(inserts) != lane.lane.inserts:
        # The stream was not (wholly) read: the count is all there is.
        lacking = lane.lane.inserts - lane.processed_inserts
        return [Missing(number=lane.lane.number, failed=bool(failed))] * max(0, lacking)
    newest = max((one.sequence for one in processed.values()), default=-1)
    return [
        Missing(
            number=lane.lane.number,
            event_id=record.event_id,
            passed_over=newest > record.sequence,
            failed=record.event_id in failed,
        )
        for record in inserts
        if record.event_id not in processed and str(record.sequence) not in processed
    ]


def _differing(tally: Tally) -> list[tuple[int, tuple[str, ...], tuple[str, ...]]]:
    """(number, expected, recorded) of each lane whose stream records are not what its writes must leave."""
    found = []
    for lane in tally.lanes:
        if not lane.is_streamed:
            expected = tuple(str(name) for name in lane.lane.expected)
            recorded = tuple(record.event_name for record in lane.recorded)
            found.append((lane.lane.number, expected, recorded))
    return found


def _symptoms_of_lines(tally: Tally) -> Symptoms:
    """By log lines alone: what one insert leaves is seen on items that were inserted and left alone.

    Counted is how often a key is shown, as a line may hold a whole batch. More than that for each insert of
    another item means that something else was processed, too, or the same twice; less, that one was not. A
    line that names its event settles which, unless those of plain inserts have such words in them, too.
    """
    each = tally.mentions_of_one or 1
    telling = not any(_named(lane) for lane in tally.lanes if lane.lane.is_gauge)
    missing: list[Missing] = []
    surplus = []
    for lane in tally.lanes:
        lacking = lane.lane.inserts - lane.mentions // each
        missing += [Missing(number=lane.lane.number, failed=lane.failed_mentions > 0)] * max(0, lacking)
        wanted = each * lane.lane.inserts
        named = _named(lane) if telling else 0
        if lane.mentions > wanted:
            surplus.append(
                Surplus(
                    number=lane.lane.number,
                    explained=wanted,
                    lines=lane.mentions,
                    named=named,
                    removals=_named(lane, "REMOVE") if telling else 0,
                    strays=tuple(r for r in lane.recorded if r.event_name != EventName.INSERT),
                )
            )
    too_few = 0 if missing else sum(lane.too_few_by_lines for lane in tally.lanes)
    return Symptoms(
        missing=tuple(missing),
        missing_count=len(missing),
        surplus_lines=tuple(surplus),
        too_few=too_few,
    )


def _named(lane: LaneTally, *words: str) -> int:
    """How many lines of an item name another event than INSERT: one of these, or any."""
    others = words or ("MODIFY", "REMOVE")
    return sum(any(word in line for word in others) and "INSERT" not in line for _, line in lane.lines)
