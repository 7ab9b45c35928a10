"""A run's numbers by kind of change: what was written, recorded, processed, guarded, and what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ddbinsert.core import receipt as receipts
from ddbinsert.core.model import EventName

if TYPE_CHECKING:
    from collections import Counter

    from ddbinsert.core.proof import Proof
    from ddbinsert.core.tally import Tally


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of change in numbers; None where it can't be told, or nothing is to be told.

    Attributes:
        written: Acknowledged writes that must leave a record of this kind.
        recorded: Records of the scripted items that were read from the stream.
        processed: Inserts, each counted once; of the others every receipt.
        guarded: Deliveries that the guard in the handler's code dropped. failed: Deliveries that failed.
        missing: Inserts that were not processed.
    """

    name: EventName
    written: int
    recorded: int | None
    processed: int | None
    guarded: int | None
    failed: int | None
    missing: int | None


def is_by_lines(tally: Tally) -> bool:
    """Whether log lines that show a key were all there was to go by."""
    return not tally.receipts.total() and tally.lines > 0


def deliveries(tally: Tally) -> Counter[str]:
    """Receipts by decision and kind (``processed MODIFY``); the kind is the stream's, where that was read."""
    found = tally.receipts + tally.bulk_strays
    for lane in tally.lanes:
        for one in lane.receipts:
            if (name := lane.name_of(one)) != one.event_name:
                found[f"{one.decision} {one.event_name}"] -= 1
                found[f"{one.decision} {name}"] += 1
    return found


def kinds(proof: Proof) -> tuple[Kind, ...]:
    """INSERT, MODIFY and REMOVE; nothing where the run kept no tally."""
    return () if proof.tally is None else tuple(_kind(proof, proof.tally, name) for name in EventName)


def _kind(proof: Proof, tally: Tally, name: EventName) -> Kind:
    counts = proof.verdict.counts
    inserts = name is EventName.INSERT
    written = sum(write.expects is name for lane in tally.lanes for write, _ in lane.written)
    recorded = sum(record.event_name == name for lane in tally.lanes for record in lane.records.values())
    stream_seen = any(side.side == "stream" and side.seen for side in proof.verdict.evidence)
    given = None if is_by_lines(tally) else deliveries(tally)

    def received(decision: str) -> int | None:
        return None if given is None else given[f"{decision} {name}"]

    return Kind(
        name=name,
        written=written + (tally.bulk_written if inserts else 0),
        recorded=recorded if stream_seen or recorded else None,
        processed=counts.get("processed_inserts", 0) if inserts else received(receipts.PROCESSED),
        guarded=received(receipts.GUARDED),
        failed=received(receipts.FAILED),
        missing=counts.get("missing", 0) if inserts else None,
    )
