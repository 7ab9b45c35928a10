"""A run's numbers by event name: what was written, recorded, processed, dropped by the guard, and missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.core import receipt as receipts
from ddbinsert.core.model.record import EventName
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections import Counter

    from ddbinsert.core.proof.proof import Proof
    from ddbinsert.core.proof.tally import Tally


@dataclass(frozen=True, kw_only=True)
class EventCounts:
    """The numbers of one event name; None means unknown or not applicable.

    Attributes:
        name: INSERT, MODIFY or REMOVE.
        written: Acknowledged writes that must create a record of this event.
        recorded: Records of the scripted items that were read from the stream.
        processed: Inserts, each counted once; for the other events every receipt.
        guarded: Deliveries that the guard in the handler's code dropped.
        failed: Deliveries on which the handler failed; for inserts at least those whose invocations all failed.
        missing: Inserts that were not processed; None for the other events, and if nothing was written.
    """

    name: EventName
    written: int
    recorded: int | None
    processed: int | None
    guarded: int | None
    failed: int | None
    missing: int | None


def is_by_lines(tally: Tally) -> bool:
    """Whether log lines that show a key are the only evidence of processing."""
    return not tally.receipts.total() and tally.lines > 0


def deliveries(tally: Tally) -> Counter[str]:
    """Receipts by decision and event (``processed MODIFY``); the event is taken from the stream if it was read."""
    found = tally.receipts + tally.bulk.strays
    for lane in tally.lanes:
        for one in lane.receipts:
            if (name := lane.name_of(one)) != one.event_name:
                found[f"{one.decision} {one.event_name}"] -= 1
                found[f"{one.decision} {name}"] += 1
    return found


def counts_by_event(proof: Proof) -> tuple[EventCounts, ...]:
    """The numbers of INSERT, MODIFY and REMOVE; empty if the run kept no tally."""
    return () if proof.tally is None else tuple(_counts_of(proof, proof.tally, name) for name in EventName)


def _counts_of(proof: Proof, tally: Tally, name: EventName) -> EventCounts:
    counts = proof.verdict.counts
    inserts = name is EventName.INSERT
    written = sum(write.expects is name for lane in tally.lanes for write, _ in lane.written)
    written += tally.bulk_written if inserts else 0
    recorded = sum(record.event_name == name for lane in tally.lanes for record in lane.records.values())
    stream_seen = any(side.side == "stream" and side.seen for side in proof.verdict.evidence)
    given = None if is_by_lines(tally) else deliveries(tally)

    def received(decision: str) -> int | None:
        return None if given is None else given[f"{decision} {name}"]

    return EventCounts(
        name=name,
        written=written,
        recorded=recorded if stream_seen or recorded else None,
        processed=counts.get("processed_inserts", 0) if inserts else received(receipts.PROCESSED),
        guarded=received(receipts.GUARDED),
        failed=_failed(tally, received(receipts.FAILED), inserts=inserts),
        missing=counts.get("missing", 0) if inserts and written else None,
    )


def _failed(tally: Tally, said: int | None, *, inserts: bool) -> int | None:
    """A handler that crashes reports no failed records; the ends of its invocations show them."""
    if said is None or not inserts:
        return said
    return max(said, sum(len(lane.failed) for lane in tally.lanes) + tally.bulk.failed.count)
