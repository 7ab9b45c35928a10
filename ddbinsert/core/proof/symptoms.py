"""The symptoms of a run: differences from the expected behaviour, before their causes are determined."""

from __future__ import annotations

import math
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
        failed: The handler received it and reported a failure.
    """

    number: int
    event_id: str = ""
    passed_over: bool = False
    failed: bool = False


@dataclass(frozen=True, kw_only=True)
class Surplus:
    """An item with more log lines than its inserts explain.

    Attributes:
        explained: Number of mentions of its key that its inserts explain.
        lines: Number of mentions of its key in the log.
        named: Number of lines that contain MODIFY or REMOVE.
        removals: Number of lines that contain REMOVE.
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
    """The symptoms of a run, before their causes are determined.

    Attributes:
        missing: The first inserts that were not processed.
        missing_count: Number of all such inserts.
        intruders: Receipts of other records that were processed.
        leaked: Receipts of other records that only the guard dropped.
        strays_count: Number of receipts of other records, in bulk or observed traffic.
        surplus_lines: Items with more log lines than their inserts explain.
        stream_differs: Lanes whose stream records differ: (number, expected, recorded).
        unexplained: Receipts of records that the stream does not contain.
        strange_count: Number of receipts of a second insert of a bulk item.
        too_few: Number of inserts with fewer deliveries than mappings.
    """

    missing: tuple[Missing, ...] = ()
    missing_count: int = 0
    intruders: tuple[Receipt, ...] = ()
    leaked: tuple[Receipt, ...] = ()
    strays_count: int = 0
    surplus_lines: tuple[Surplus, ...] = ()
    lines_vary: bool = False
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


#: Number of symptoms of each kind that are shown with their ids; all are counted.
SHOWN = 20


def symptoms(tally: Tally, *, stream_read: bool, by_lines: bool = False) -> Symptoms:
    """The symptoms of a run.

    Args:
        stream_read: The stream was read completely, so it can be compared with the writes.
        by_lines: The function writes no receipts: log lines that show a key are the only evidence.
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
        # The stream was not (completely) read: only the count is known.
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
    """(number, expected, recorded) of each lane whose stream records differ from those of its writes."""
    found = []
    for lane in tally.lanes:
        if not lane.is_streamed:
            expected = tuple(str(name) for name in lane.lane.expected)
            recorded = tuple(record.event_name for record in lane.recorded)
            found.append((lane.lane.number, expected, recorded))
    return found


def _symptoms_of_lines(tally: Tally) -> Symptoms:
    """The symptoms by log lines only, compared with items that were inserted and not changed.

    Mentions of a key are counted, as a line may contain a whole batch. More mentions for each insert of
    another item mean that another record was processed, or one twice; fewer mean that an insert was not
    processed. The event name in a line decides which, unless lines of plain inserts contain such words, too. Where the
    numbers are no multiples of those of plain inserts, the number of lines varies from insert to insert.
    """
    of_one = tally.mentions_of_one or 1
    each = math.gcd(of_one, *(lane.mentions for lane in tally.lanes))
    telling = not any(_count_lines_naming(lane) for lane in tally.lanes if lane.lane.is_gauge)
    missing: list[Missing] = []
    surplus = []
    for lane in tally.lanes:
        lacking = lane.lane.inserts - lane.mentions // each
        missing += [Missing(number=lane.lane.number, failed=lane.failed_mentions > 0)] * max(0, lacking)
        wanted = each * lane.lane.inserts
        named = _count_lines_naming(lane) if telling else 0
        if lane.mentions > wanted:
            surplus.append(
                Surplus(
                    number=lane.lane.number,
                    explained=wanted,
                    lines=lane.mentions,
                    named=named,
                    removals=_count_lines_naming(lane, "REMOVE") if telling else 0,
                    strays=tuple(r for r in lane.recorded if r.event_name != EventName.INSERT),
                )
            )
    too_few = 0 if missing else sum(lane.too_few_by_lines for lane in tally.lanes)
    return Symptoms(
        missing=tuple(missing),
        missing_count=len(missing),
        surplus_lines=tuple(surplus),
        lines_vary=each != of_one,
        too_few=too_few,
    )


def _count_lines_naming(lane: LaneTally, *words: str) -> int:
    """Number of lines of an item that name one of these events, or any event other than INSERT."""
    others = words or ("MODIFY", "REMOVE")
    return sum(any(word in line for word in others) and "INSERT" not in line for _, line in lane.lines)
