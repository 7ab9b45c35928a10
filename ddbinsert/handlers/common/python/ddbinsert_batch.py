"""What every handler does with a batch of stream records, whatever its work is.

    guard     only INSERT reaches the work, even where the mapping's filter leaks
    receipt   one line for every record given: processed, guarded or failed (ddbinsert_receipt)
    answer    {"batchItemFailures": [{"itemIdentifier": the lowest failing SequenceNumber}]}

After a failure the rest of the batch is still worked on. Lambda gives again everything from the lowest
failing record on, and when the retries are used up it gives up that whole range: were the rest skipped,
records that nobody ever tried would be given up together with the one that fails. What succeeded is
remembered in the execution environment, so being given again does not mean being done again. The one
exception is a later record of an item that has just failed: it waits, because order holds per item.

Shortly before the function's timeout the rest of the batch is answered as failed: a function that times out gets
everything again, with all that it remembered lost.
"""

from __future__ import annotations

import json
import os
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import ddbinsert_receipt as receipt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Record = dict[str, Any]
    Error = Exception | str
    Outcomes = Iterable[tuple[Record, Error | None]]
    Deliver = Callable[[list[Record]], Outcomes]

# A stream batch holds at most 10,000 records, so a retried batch is remembered whole.
_REMEMBERED = 10_000
# Milliseconds before the timeout at which a batch is broken off; less where little time was given at all.
_RESERVE = 1_500


class Memory:
    """The ids of the events that this execution environment has processed, the newest 10,000."""

    def __init__(self) -> None:
        self._ids: OrderedDict[str, None] = OrderedDict()

    def known(self, records: list[Record]) -> set[str]:
        """Which of these records' event ids have been processed."""
        return {record["eventID"] for record in records if record.get("eventID") in self._ids}

    def add(self, record: Record) -> None:
        if record.get("eventID"):
            self._ids[record["eventID"]] = None
            while len(self._ids) > _REMEMBERED:
                self._ids.popitem(last=False)

    def flush(self) -> None:
        """Called once after a batch; nothing to do here, see ``ddbinsert_ledger``."""


def run(event: Any, context: Any, deliver: Deliver, memory: Memory) -> dict[str, Any]:
    """Guard the batch, let ``deliver`` work on its inserts, leave the receipts, answer Lambda.

    Args:
        event: A stream event, ``{"Records": [...]}``.
        context: Lambda's context; only ``aws_request_id`` is read.
        deliver: Takes a list of INSERT records; yields ``(record, error)`` for each as soon as it is
            known, error None for success. What it has not yielded when it raises has failed.
        memory: Knows what has been processed before.

    Raises:
        RuntimeError: A record failed and PARTIAL_BATCH_RESPONSE is ``false`` (for a mapping without
            ReportBatchItemFailures, where an answer that names failures would count as success).
    """
    request = getattr(context, "aws_request_id", "") or ""
    failed = []
    try:
        decided = _decisions(_records(event), deliver, memory, _lateness(context))
        for record, decision, error, again in decided:
            if decision == receipt.PROCESSED and not again:
                memory.add(record)
            if decision == receipt.FAILED:
                failed.append(record)
                log("ERROR", "record failed", eventID=record.get("eventID"), error=describe(error))
            _print(receipt.line(record, decision, request, again=again))
    finally:
        memory.flush()
    if failed and os.environ.get("PARTIAL_BATCH_RESPONSE", "true").lower() == "false":
        raise RuntimeError(f"records failed: {len(failed)}, the first with SequenceNumber {lowest(failed)}")
    return {"batchItemFailures": [{"itemIdentifier": lowest(failed)}] if failed else []}


def each(work: Callable[[Record], object]) -> Deliver:
    """A ``deliver`` that calls ``work(record)`` for one record after the other."""

    def deliver(records: list[Record]) -> Outcomes:
        failed_items = set()
        for record in records:
            item = item_of(record)
            error: Error | None = WAITS if item in failed_items else _attempt(work, record)
            if error is not None:
                failed_items.add(item)
            yield record, error

    return deliver


WAITS = "waits for an earlier record of the same item, which failed"


def item_of(record: Record) -> str:
    """The item's key as text: equal for two records exactly where they concern the same item."""
    return json.dumps((record.get("dynamodb") or {}).get("Keys"), sort_keys=True, default=str)


def lowest(failed: list[Record]) -> str:
    """The lowest SequenceNumber, by value; empty (Lambda then retries the whole batch) if one has none."""
    numbers = [str((record.get("dynamodb") or {}).get("SequenceNumber")) for record in failed]
    return min(numbers, key=int) if all(number.isdecimal() for number in numbers) else ""


def describe(error: Error | None) -> str:
    return f"{type(error).__name__}: {error}" if isinstance(error, Exception) else str(error)


def log(level: str, message: str, **fields: object) -> None:
    """One JSON object on a line; JSON's escapes keep hostile text from forging further lines."""
    _print(json.dumps({"level": level, "message": message, **fields}, default=str))


def _records(event: Any) -> list[Record]:
    records = event.get("Records") if isinstance(event, dict) else None
    if not isinstance(records, list):
        log("WARNING", "the event holds no stream records")
        return []
    return [record for record in records if isinstance(record, dict)]


def _decisions(
    records: list[Record], deliver: Deliver, memory: Memory, is_late: Callable[[], bool]
) -> Iterator[tuple[Record, str, Error | None, bool]]:
    """Every record with what became of it, why, and whether that was so before."""
    inserts = []
    for record in records:
        if record.get("eventName") == "INSERT":
            inserts.append(record)
        else:
            yield record, receipt.GUARDED, None, False
    try:
        known = memory.known(inserts)
    except Exception as raised:  # noqa: BLE001 -- unknown is not undone: all are given again
        yield from ((record, receipt.FAILED, raised, False) for record in inserts)
        return
    fresh = []
    for record in inserts:
        if record.get("eventID") in known:
            yield record, receipt.PROCESSED, None, True
        else:
            fresh.append(record)
    for record, error in _outcomes(fresh, deliver, is_late):
        yield record, receipt.PROCESSED if error is None else receipt.FAILED, error, False


def _lateness(context: Any) -> Callable[[], bool]:
    """Tells whether the function's time is nearly over."""
    left = getattr(context, "get_remaining_time_in_millis", None)
    if not callable(left):
        return lambda: False
    reserve = min(_RESERVE, left() / 5)
    return lambda: bool(left() < reserve)


def _outcomes(fresh: list[Record], deliver: Deliver, is_late: Callable[[], bool]) -> Outcomes:
    """What ``deliver`` says, and a failure for every record that it did not come to."""
    told: set[int] = set()
    problem: Error = "the handler gave no outcome for this record"
    try:
        for record, error in deliver(fresh) if fresh else ():
            told.add(id(record))
            yield record, error
            if is_late():
                problem = "the function's time is nearly over"
                break
    except Exception as raised:  # noqa: BLE001 -- a sink that can't be reached fails records, not receipts
        problem = raised
    yield from ((record, problem) for record in fresh if id(record) not in told)


def _attempt(work: Callable[[Record], object], record: Record) -> Exception | None:
    try:
        work(record)
    except Exception as error:  # noqa: BLE001 -- whatever the work raises, the batch goes on
        return error
    return None


def _print(text: str) -> None:
    print(text, flush=True)  # what is still buffered when a function times out never reaches the log
