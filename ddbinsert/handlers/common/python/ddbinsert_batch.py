"""What every handler does with a batch of stream records, whatever its work is.

    guard     only INSERT reaches the work, even where the mapping's filter leaks
    receipt   one line for every record given: processed, guarded or failed (ddbinsert_receipt)
    answer    {"batchItemFailures": [{"itemIdentifier": the lowest failing SequenceNumber}]}

After a failure the rest of the batch is still worked on. Lambda gives again everything from the lowest
failing record on, and when the retries are used up it gives up that whole range: were the rest skipped,
records that nobody ever tried would be given up together with the one that fails. What succeeded is
remembered in the execution environment, so being given again does not mean being done again. The one
exception is a later record of an item that has just failed: it waits, because order holds per item.
"""

from __future__ import annotations

import json
import os
from collections import OrderedDict

import ddbinsert_receipt as receipt

# A stream batch holds at most 10,000 records, so a retried batch is remembered whole.
_REMEMBERED = 10_000


class Memory:
    """The ids of the events that this execution environment has processed, the newest 10,000."""

    def __init__(self):
        self._ids = OrderedDict()

    def __contains__(self, record):
        return record.get("eventID") in self._ids

    def add(self, record):
        if record.get("eventID"):
            self._ids[record["eventID"]] = True
            while len(self._ids) > _REMEMBERED:
                self._ids.popitem(last=False)


def run(event, context, deliver, memory=None):
    """Guard the batch, let ``deliver`` work on its inserts, leave the receipts, answer Lambda.

    Args:
        event: A stream event, ``{"Records": [...]}``.
        context: Lambda's context; only ``aws_request_id`` is read.
        deliver: Takes a list of INSERT records; yields ``(record, error)`` for each as soon as it is
            known, error None for success. What it has not yielded when it raises has failed.
        memory: A ``Memory``; without one, everything given is worked on.

    Raises:
        RuntimeError: A record failed and PARTIAL_BATCH_RESPONSE is ``false`` (for a mapping without
            ReportBatchItemFailures, where an answer that names failures would count as success).
    """
    request = getattr(context, "aws_request_id", "") or ""
    fresh, failed = [], []
    for record in _records(event):
        if record.get("eventName") != "INSERT":
            _print(receipt.line(record, receipt.GUARDED, request))
        elif memory is not None and record in memory:
            _print(receipt.line(record, receipt.PROCESSED, request, again=True))
        else:
            fresh.append(record)
    for record, error in _outcomes(fresh, deliver):
        if error is None:
            if memory is not None:
                memory.add(record)
            _print(receipt.line(record, receipt.PROCESSED, request))
        else:
            failed.append(record)
            log("ERROR", "record failed", eventID=record.get("eventID"), error=describe(error))
            _print(receipt.line(record, receipt.FAILED, request))
    if failed and os.environ.get("PARTIAL_BATCH_RESPONSE", "true").lower() == "false":
        raise RuntimeError(f"{len(failed)} of {len(fresh)} new records failed")
    return {"batchItemFailures": [{"itemIdentifier": lowest(failed)}] if failed else []}


def each(work):
    """A ``deliver`` that calls ``work(record)`` for one record after the other."""

    def deliver(records):
        failed_items = set()
        for record in records:
            item = item_of(record)
            try:
                if item in failed_items:
                    raise Waits(record)
                work(record)
            except Exception as error:  # noqa: BLE001 -- whatever the work raises, the batch goes on
                failed_items.add(item)
                yield record, error
            else:
                yield record, None

    return deliver


class Waits(Exception):  # noqa: N818 -- it says what the record does, not what is wrong with it
    """A record was left for the retry, because an earlier one of the same item failed."""

    def __init__(self, record):
        super().__init__("waits for an earlier record of the same item, which failed")
        self.record = record


def item_of(record):
    """The item's key as text: equal for two records exactly where they concern the same item."""
    return json.dumps((record.get("dynamodb") or {}).get("Keys"), sort_keys=True, default=str)


def lowest(failed):
    """The lowest SequenceNumber, by value; empty (Lambda then retries the whole batch) if one has none."""
    numbers = [(record.get("dynamodb") or {}).get("SequenceNumber") for record in failed]
    try:
        return min(numbers, key=int)
    except (TypeError, ValueError):
        return ""


def describe(error):
    return error if isinstance(error, str) else f"{type(error).__name__}: {error}"


def log(level, message, **fields):
    """One JSON object on a line; JSON's escapes keep hostile text from forging further lines."""
    _print(json.dumps({"level": level, "message": message, **fields}, default=str))


def _records(event):
    records = event.get("Records") if isinstance(event, dict) else None
    if not isinstance(records, list):
        log("WARNING", "the event holds no stream records")
        return []
    return [record for record in records if isinstance(record, dict)]


def _outcomes(fresh, deliver):
    """What ``deliver`` says, and a failure for every record that it did not come to."""
    told, problem = set(), "the handler gave no outcome for this record"
    try:
        for record, error in deliver(fresh) if fresh else ():
            told.add(id(record))
            yield record, error
    except Exception as error:  # noqa: BLE001 -- a sink that can't be reached fails records, not receipts
        problem = error
    for record in fresh:
        if id(record) not in told:
            yield record, problem


def _print(line):
    print(line, flush=True)  # what is still buffered when a function times out never reaches the log
