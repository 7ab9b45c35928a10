"""The processing of a batch of stream records that all handlers share.

    guard     only INSERT records are processed, even if the mapping's filter passes others
    receipt   one log line for every record: processed, guarded or failed (ddbinsert_receipt)
    response  {"batchItemFailures": [{"itemIdentifier": the lowest failed SequenceNumber}]}

After a failure the rest of the batch is still processed. Lambda delivers everything from the lowest failed record on
again, and discards that whole range when the retries are exhausted: if the rest were skipped, records that were never
tried would be discarded together with the failed one. Successful records are remembered in the execution environment,
so that they are not processed again when they are delivered again. The only exception is a later record of an item
that has just failed: it waits, because order holds per item.

Processing ends some time before the function's timeout (ddbinsert_deadline). If no record of a batch could be
processed because the sink was not available or time ran out, the function fails, so that alarms on errors fire.

    PARTIAL_BATCH_RESPONSE  ``false`` for a mapping without ReportBatchItemFailures: failures then raise an error
    METRICS                 ``emf``: one line of CloudWatch metrics per invocation (custom metrics are charged)
"""

from __future__ import annotations

import json
import os
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import ddbinsert_receipt as receipt
from ddbinsert_deadline import Deadline, deadlines
from ddbinsert_privacy import Privacy, privacy_of
from ddbinsert_settings import choice, flag
from ddbinsert_tally import WAITS, Error, Record, Tally, Unavailable, log, lowest, print_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    Outcomes = Iterable[tuple[Record, Error | None]]
    Deliver = Callable[[list[Record], "Invocation"], Outcomes]

# A batch has at most 10,000 records, so that a whole batch is remembered when it is delivered again.
_REMEMBERED = 10_000


class FailsOnPurpose(Exception):
    """A test item of ``ddbinsert verify --failure-path``, which fails on purpose to test the failure path."""


class BatchFailed(Exception):
    """No record of the batch could be processed, or the response cannot report failures of single records."""


@dataclass(frozen=True)
class Options:
    """The checked settings of this module.

    Attributes:
        is_partial: Whether the response reports single failed records.
        has_metrics: Whether to write metrics.
        privacy: What must not be shown.
    """

    is_partial: bool = True
    has_metrics: bool = False
    privacy: Privacy = field(default_factory=Privacy)


def options_of(environ: Mapping[str, str]) -> Options:
    """The settings in these variables.

    Raises:
        SettingsError: A setting is not valid.
    """
    return Options(
        is_partial=flag(environ, "PARTIAL_BATCH_RESPONSE", default=True),
        has_metrics=choice(environ, "METRICS", ("off", "emf")) == "emf",
        privacy=privacy_of(environ),
    )


@dataclass(frozen=True)
class Invocation:
    """One invocation of the function.

    Attributes:
        function: The ARN by which it was invoked.
        request: Its request id.
        work_until: The deadline for starting work.
        notes_until: The deadline for recording processed events.
    """

    function: str = ""
    request: str = ""
    work_until: Deadline = field(default_factory=Deadline)
    notes_until: Deadline = field(default_factory=Deadline)

    @property
    def unqualified(self) -> str:
        """The function's ARN without alias or version."""
        return ":".join(self.function.split(":")[:7]) or os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "")


class Memory:
    """The ids of the newest 10,000 events that this execution environment has processed."""

    #: ARNs of the tables that this memory writes to.
    tables: tuple[str, ...] = ()

    def __init__(self) -> None:
        self._ids: OrderedDict[str, None] = OrderedDict()

    def known(self, records: list[Record], _invocation: Invocation) -> set[str]:
        """The event ids of these records that have been processed."""
        return {record["eventID"] for record in records if record.get("eventID") in self._ids}

    def add(self, record: Record, _invocation: Invocation) -> None:
        """Remember a processed record."""
        if record.get("eventID"):
            self._ids[record["eventID"]] = None
            while len(self._ids) > _REMEMBERED:
                self._ids.popitem(last=False)

    def flush(self, _invocation: Invocation) -> None:
        """Called once after a batch; has no effect here, see ``ddbinsert_deduplication``."""


def run(
    event: Any, context: Any, deliver: Deliver, memory: Memory, options: Options | None = None
) -> dict[str, Any]:
    """Guard the batch, process its inserts with ``deliver``, write the receipts, and return the response.

    Args:
        event: A stream event, ``{"Records": [...]}``.
        context: Lambda's context, of which request id, function ARN and remaining time are used.
        deliver: Processes a list of INSERT records; yields ``(record, error)`` for each as soon as the outcome is
            known, with None for success. Records that it has not yielded when it raises count as failed.
        memory: Remembers the processed events.
        options: The checked settings; read from the environment by default.

    Raises:
        BatchFailed: No record could be processed because of the sink or the time; or a record failed and
            PARTIAL_BATCH_RESPONSE is ``false`` (a response with failures would then count as success).
    """
    options = options or options_of(os.environ)
    records = _records(event)
    invocation = _invocation(context, len(records))
    tally = Tally(options.privacy)
    if options.privacy.test_key:
        deliver = _failing_test_items(deliver, options.privacy)
    try:
        for record, decision, error, again in _decisions(records, deliver, memory, invocation):
            if decision == receipt.PROCESSED and not again:
                memory.add(record, invocation)
            tally.add(record, decision, error, again=again)
            print_line(_receipt(record, decision, invocation, options.privacy, again=again))
    finally:
        memory.flush(invocation)
    tally.close()
    if options.has_metrics:
        print_line(tally.metrics(invocation.unqualified.rpartition(":")[2]))
    if tally.failed and (tally.is_outage or not options.is_partial):
        raise BatchFailed(tally.summary)
    return {"batchItemFailures": [{"itemIdentifier": lowest(tally.failed)}] if tally.failed else []}


def each(work: Callable[[Record], object]) -> Deliver:
    """A ``deliver`` that calls ``work(record)`` for each record in turn."""

    def deliver(records: list[Record], invocation: Invocation) -> Outcomes:
        failed_items = set()
        for record in records:
            if invocation.work_until.is_over():
                return
            item = item_of(record)
            error: Error | None = WAITS if item in failed_items else _attempt(work, record)
            if error is not None:
                failed_items.add(item)
            yield record, error

    return deliver


def _failing_test_items(deliver: Deliver, privacy: Privacy) -> Deliver:
    """The same, but test items fail if they prove that they are meant to."""

    def some_fail(records: list[Record], invocation: Invocation) -> Outcomes:
        others = []
        for record in records:
            if privacy.is_to_fail(record, time.time()):
                yield record, FailsOnPurpose("this test item of ddbinsert verify fails on purpose")
            else:
                others.append(record)
        if others:
            yield from deliver(others, invocation)

    return some_fail


_NO_TIME = "not started: the function's timeout is near"


def item_of(record: Record) -> str:
    """The item's key as text, which is equal for two records if and only if they belong to the same item."""
    return json.dumps((record.get("dynamodb") or {}).get("Keys"), sort_keys=True, default=str)


def _invocation(context: Any, records: int) -> Invocation:
    work_until, notes_until = deadlines(context, records)
    return Invocation(
        function=getattr(context, "invoked_function_arn", "") or "",
        request=getattr(context, "aws_request_id", "") or "",
        work_until=work_until,
        notes_until=notes_until,
    )


def _receipt(record: Record, decision: str, invocation: Invocation, privacy: Privacy, *, again: bool) -> str:
    return receipt.line(
        record,
        decision,
        invocation.request,
        again=again,
        function=invocation.function,
        keys=(lambda keys: privacy.receipt_key(record, keys)) if privacy.is_active else None,
    )


def _records(event: Any) -> list[Record]:
    records = event.get("Records") if isinstance(event, dict) else None
    if not isinstance(records, list):
        log("WARNING", "the event contains no stream records")
        return []
    return [record for record in records if isinstance(record, dict)]


def _decisions(
    records: list[Record], deliver: Deliver, memory: Memory, invocation: Invocation
) -> Iterator[tuple[Record, str, Error | None, bool]]:
    """Every record with its decision, its error, and whether it had been processed before."""
    inserts = []
    for record in records:
        if record.get("eventName") == "INSERT":
            inserts.append(record)
        else:
            yield record, receipt.GUARDED, None, False
    try:
        known = memory.known(inserts, invocation)
    except Exception as raised:  # noqa: BLE001 -- unknown does not mean unprocessed: Lambda delivers all again
        problem = Unavailable(f"the records of processed events cannot be read: {raised}")
        yield from ((record, receipt.FAILED, problem, False) for record in inserts)
        return
    fresh = []
    for record in inserts:
        if record.get("eventID") in known:
            yield record, receipt.PROCESSED, None, True
        else:
            fresh.append(record)
    for record, error in _outcomes(fresh, deliver, invocation):
        yield record, receipt.PROCESSED if error is None else receipt.FAILED, error, False


def _outcomes(fresh: list[Record], deliver: Deliver, invocation: Invocation) -> Outcomes:
    """The outcomes of ``deliver``, and a failure for every record without one."""
    known: set[int] = set()
    problem: Error | None = None
    try:
        for record, error in deliver(fresh, invocation) if fresh else ():
            known.add(id(record))
            yield record, error
    except Exception as raised:  # noqa: BLE001 -- an unreachable sink fails the records, but receipts are still written
        problem = raised
    if problem is None:
        is_late = invocation.work_until.is_over()
        problem = (
            Unavailable(_NO_TIME)
            if is_late
            else RuntimeError("the handler returned no outcome for this record")
        )
    yield from ((record, problem) for record in fresh if id(record) not in known)


def _attempt(work: Callable[[Record], object], record: Record) -> Exception | None:
    try:
        work(record)
    except Exception as error:  # noqa: BLE001 -- the batch continues after any error
        return error
    return None
