"""Sending existing items to the function as inserts; each call is recorded like a repair's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ddbinsert.aws.read.logs import LogReader
from ddbinsert.aws.read.scan import scan, segments_of
from ddbinsert.core.failed_records import sequence_of
from ddbinsert.core.filters.where.build import pattern_from_conditions
from ddbinsert.core.filters.where.tree import ConditionError
from ddbinsert.core.items.backfill import backfill_record, time_in
from ddbinsert.core.pattern.matcher import compile_pattern
from ddbinsert.core.proof.gaps.judge import filters_unread
from ddbinsert.core.proof.gaps.lines import line_of
from ddbinsert.core.proof.gaps.model import Backfill
from ddbinsert.core.receipt import MARK, PROCESSED
from ddbinsert.dataclass import dataclass
from ddbinsert.errors import DdbInsertError, PrerequisiteError, UsageError
from ddbinsert.operations.failures.replay import Giver, call_of
from ddbinsert.operations.gaps.ledger import State
from ddbinsert.operations.gaps.scope import wanted_by

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ddbinsert.aws.context import Context
    from ddbinsert.operations.gaps.ledger import RepairLedger
    from ddbinsert.operations.verify.subject import Subject

_REPORTED = 1_000
_EARLIER = 60.0


@dataclass(frozen=True, kw_only=True)
class BackfillOptions:
    """Which items are sent, and how.

    Attributes:
        where: Conditions; an item must meet all of them.
        limit: Maximum number of items.
        rate: Maximum number of items read per second.
        time_attribute: The attribute with the time of insertion; the current time is used if it is missing or invalid.
        missing: Only items without an entry in the function's sink.
        again: Include items that were sent by an earlier backfill.
    """

    where: tuple[str, ...] = ()
    limit: int | None = None
    rate: float | None = None
    time_attribute: str | None = None
    missing: bool = False
    again: bool = False
    batch_size: int = 100
    attempts: int = 3
    dry_run: bool = False


def condition_of(subject: Subject, where: Sequence[str]) -> Callable[[Mapping[str, Any]], bool]:
    """Whether a record meets the conditions and the filters of the function's mappings.

    Raises:
        UsageError: A condition is not valid.
        PrerequisiteError: A filter cannot be read.
    """
    unread = filters_unread(subject.mappings)
    if unread:
        raise PrerequisiteError(
            f"The items that the trigger is for are unknown: {unread}.", code="filter-unreadable"
        )
    wanted = wanted_by(subject.mappings)
    if not where:
        return wanted
    try:
        pattern = pattern_from_conditions(where, subject.table.key, {})
    except ConditionError as error:
        raise UsageError(f"--where: {error.message}", hint=error.hint, code="bad-condition") from error
    matches = compile_pattern(pattern).matches
    return lambda record: wanted(record) and matches(record)


def backfill(
    context: Context,
    subject: Subject,
    ledger: RepairLedger,
    options: BackfillOptions,
    *,
    lacks: Callable[[Mapping[str, Any]], bool] | None = None,
) -> Backfill:
    """Send the table's items to the function.

    Args:
        lacks: Whether to send an item (by its key); the default is all items.

    Raises:
        UsageError: See ``condition_of``.
        PrerequisiteError: See ``condition_of``.
    """
    result = Backfill(run_id=context.new_id())
    condition_of(subject, options.where)  # report errors before anything is read
    mapping = subject.world.live_mapping
    call = call_of(context.aws, mapping.function_arn if mapping else subject.function.name)
    failed_items: set[str] = set()
    try:
        for batch in _batches(context, subject, ledger, options, result=result, lacks=lacks):
            if options.dry_run:
                result.given += len(batch)
                continue
            giver = Giver(call, batch, failed_items, attempts=options.attempts, journal=ledger)
            giver.send(batch)
            left = [one for one in batch if sequence_of(one) in giver.remaining]
            result.given += len(batch) - len(left)
            result.failed += [str(one["eventID"]) for one in left]
            result.problem = giver.problem if left else result.problem
        result.complete = True
    except DdbInsertError as error:
        if not (result.given or result.failed):
            raise
        result.problem = error.message
    return result


def _batches(
    context: Context,
    subject: Subject,
    ledger: RepairLedger,
    options: BackfillOptions,
    *,
    result: Backfill,
    lacks: Callable[[Mapping[str, Any]], bool] | None,
) -> Iterator[list[dict[str, Any]]]:
    table, now, began = subject.table, context.clock.now(), context.clock.monotonic()
    passes = condition_of(subject, options.where)
    batch: list[dict[str, Any]] = []
    chosen = 0
    items = scan(
        context.aws,
        table.name,
        clock=context.clock,
        rate=options.rate,
        segments=segments_of(table.item_count) if options.limit is None else 1,
    )
    for item in items:
        result.read += 1
        if result.read % _REPORTED == 0:
            elapsed = context.clock.monotonic() - began
            context.reporter.waiting(
                "the backfill", elapsed, f"{result.read:,} items read, {result.given:,} sent"
            )
        at = time_in(item, options.time_attribute) if options.time_attribute else None
        record = backfill_record(
            item,
            table.key,
            view=subject.view,
            table_arn=table.arn,
            stream_arn=table.stream_arn or "",
            run_id=result.run_id,
            at=now if at is None else at,
            place=result.read,
        )
        if not passes(record):
            result.excluded += 1
            continue
        if lacks is not None and not lacks(record["dynamodb"]["Keys"]):
            result.with_entry += 1
            continue
        if not options.again and _is_given(ledger, record):
            result.before += 1
            continue
        batch.append(record)
        chosen += 1
        if len(batch) == options.batch_size or chosen == options.limit:
            yield batch
            batch = []
        if chosen == options.limit:
            return
    if batch:
        yield batch


def _is_given(ledger: RepairLedger, record: Mapping[str, Any]) -> bool:
    known = ledger.find(str(record["eventID"]))
    return known is not None and known.state is State.DONE


def settle_unanswered(context: Context, subject: Subject, ledger: RepairLedger) -> None:
    """Settle calls whose answer was not received: items with a receipt in the log are done."""
    unanswered = ledger.unanswered()
    if not unanswered:
        return
    reader = LogReader(context.aws, subject.log_group, since=min(unanswered.values()) - _EARLIER, needle=MARK)
    done = set()
    for event in reader.poll():
        line = line_of(event, subject.function.name)
        if line is not None and line.decision == PROCESSED and line.event_id in unanswered:
            done.add(line.event_id)
    ledger.settle(done)
