"""Sending missed inserts to the function again: exactly those, in the stream's order; each call is recorded."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from ddbinsert.aws.read.records_at import records_at
from ddbinsert.core.failed_records import sequence_of
from ddbinsert.core.proof.gaps.model import GapCause, Repair
from ddbinsert.errors import DdbInsertError, PrerequisiteError
from ddbinsert.operations.failures.replay import Giver, call_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ddbinsert.aws.context import Context
    from ddbinsert.core.failed_records import Record
    from ddbinsert.core.proof.gaps.model import Gaps
    from ddbinsert.operations.failures.replay import Call
    from ddbinsert.operations.gaps.audit import Audited
    from ddbinsert.operations.gaps.ledger import RepairLedger
    from ddbinsert.operations.verify.subject import Subject

_REPORTED = 100


def refuse_disabled(gaps: Gaps) -> None:
    """Refuse a disabled mapping: it resumes where it stopped, so inserts would arrive twice (docs/aws-facts.md#esm-resumes).

    Raises:
        PrerequisiteError: Some inserts were missed because the mapping is disabled.
    """
    held = next((one for one in gaps.groups if one.cause is GapCause.MAPPING_DISABLED), None)
    if held is not None:
        raise PrerequisiteError(
            f"The mapping is disabled, and inserts wait for it ({held.count:,}): once enabled it delivers them, and after "
            "a repair they would be processed twice.",
            hint=held.advice,
            code="mapping-disabled",
        )


def await_answers(context: Context, ledger: RepairLedger, seconds: float) -> None:
    """Wait until every call of an earlier repair without a known answer has ended, and its log lines are visible.

    Args:
        seconds: The longest time that this may take after the call.
    """
    last = ledger.last_unanswered()
    began = context.clock.monotonic()
    while last is not None and (left := last + seconds - context.clock.now()) > 0:
        context.reporter.waiting(
            "calls of an interrupted repair to end", context.clock.monotonic() - began, f"{left:.0f} s left"
        )
        context.clock.sleep(min(left, 1.0))


def repair(
    context: Context,
    subject: Subject,
    audited: Audited,
    ledger: RepairLedger,
    *,
    batch_size: int = 1,
    attempts: int = 3,
) -> Repair:
    """Send the missed inserts of an audit to the function.

    Args:
        batch_size: Number of records per invocation. With more than one, some may be sent twice if one of them fails.
        attempts: Number of invocations of a record before it counts as failed.
    """
    result = Repair()
    call = call_of(context.aws, _target(subject))
    giving = _Giving(context, call, ledger, result, audited.gaps.missed, attempts=attempts)
    try:
        for batch in _batches(context, audited, batch_size):
            giving.send_batch(batch)
    except DdbInsertError as error:
        result.problem = error.message
        result.untried = audited.gaps.missed - result.tried
    else:
        result.gone = audited.gaps.missed - result.tried
    return result


def _target(subject: Subject) -> str:
    """The function, with the alias or version that the mapping invokes."""
    if subject.qualifier:
        return f"{subject.function.name}:{subject.qualifier}"
    mapping = subject.world.live_mapping
    return mapping.function_arn if mapping else subject.function.name


class _Giving:
    """Sends batches, and counts the records."""

    def __init__(
        self, context: Context, call: Call, ledger: RepairLedger, result: Repair, total: int, *, attempts: int
    ) -> None:
        self._context, self._call, self._ledger, self._result = context, call, ledger, result
        self._attempts, self._total = attempts, total
        self._failed_items: set[str] = set()
        self._began = context.clock.monotonic()

    def send_batch(self, batch: list[Record]) -> None:
        giver = Giver(self._call, batch, self._failed_items, attempts=self._attempts, journal=self._ledger)
        giver.send(batch)
        left = [one for one in batch if sequence_of(one) in giver.remaining]
        result = self._result
        result.done += len(batch) - len(left)
        result.failed += [str(one["eventID"]) for one in left]
        result.problem = giver.problem if left else result.problem
        tried = result.tried
        if tried % _REPORTED == 0 or tried == self._total:
            elapsed = self._context.clock.monotonic() - self._began
            self._context.reporter.waiting(
                "the function", elapsed, f"{tried:,} of {self._total:,} inserts sent"
            )


def _batches(context: Context, audited: Audited, size: int) -> Iterator[list[Record]]:
    """The missed records in batches of ``size``, shard by shard, in the shard's order."""
    for shard, missed in groupby(audited.missed(), key=lambda pair: pair[0].shard):
        stream, name = audited.shards[shard]
        sequences: Iterable[str] = [one.sequence for one, _ in missed]
        batch: list[Record] = []
        for record in records_at(context.aws, stream, name, sequences, clock=context.clock):
            batch.append(record)
            if len(batch) == size:
                yield batch
                batch = []
        if batch:
            yield batch
