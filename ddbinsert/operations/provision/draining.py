"""The undelivered records of a mapping: the stream's inserts, compared with the receipts in the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.advice import TABLE, Advice
from ddbinsert.core.model.wanted import CODE_TAG, OWN_CODE
from ddbinsert.core.receipt import FAILED, MARK, parse
from ddbinsert.core.trigger.draining import Draining, expiry
from ddbinsert.dataclass import dataclass
from ddbinsert.errors import PrerequisiteError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ddbinsert.aws.context import Context
    from ddbinsert.core.model.seen import FunctionState, MappingState, World

#: Maximum number of seconds for reading one stream, and of records to compare.
_READING = 20.0
_MOST = 200_000
#: Seconds by which the clocks of CloudWatch and of the stream may differ.
_MARGIN = 60.0


@dataclass(frozen=True, kw_only=True)
class Backlog:
    """The undelivered records of one mapping.

    Attributes:
        undelivered: Number of inserts that pass the mapping's filter and have no receipt; None if the function writes
            no receipts.
        last_minute: Number of records of any kind that were written within the last minute.
        at_least: Not everything was read: the numbers are lower bounds.
    """

    undelivered: int | None
    last_minute: int
    at_least: bool


def draining_of(context: Context, world: World) -> tuple[Draining, ...]:
    """Each of ddbinsert's mappings on a replaced stream, with what it has left to deliver."""
    ends = expiry(world.table.stream_arn if world.table else None)
    return tuple(_draining(context, mapping, world.function, ends) for mapping in world.draining_mappings)


def _draining(
    context: Context, mapping: MappingState, function: FunctionState | None, ends: float | None
) -> Draining:
    if ends is not None and context.clock.now() >= ends:
        return Draining(mapping=mapping, left=0, ends=ends)
    backlog = backlog_of(context, mapping, function)
    if backlog is None:
        return Draining(mapping=mapping, left=0, ends=ends)
    return Draining(mapping=mapping, left=backlog.undelivered, at_least=backlog.at_least, ends=ends)


def backlog_of(context: Context, mapping: MappingState, function: FunctionState | None) -> Backlog | None:
    """The mapping's undelivered records; None if the stream no longer exists."""
    from ddbinsert.aws.read.streams import StreamReader

    aws, clock = context.aws, context.clock
    reader = StreamReader(aws, mapping.stream_arn, clock=clock)
    try:
        reader.open()
    except PrerequisiteError:
        return None
    passes, started = matcher(mapping.filters), clock.monotonic()
    waiting: dict[str, float] = {}
    recent, at_least = 0, False
    while not reader.caught_up:
        for record in reader.poll_through():
            change = record.get("dynamodb") or {}
            at = float(change.get("ApproximateCreationDateTime") or 0.0)
            recent += at >= clock.now() - 60
            if record.get("eventName") == "INSERT" and passes(record):
                waiting[str(change.get("SequenceNumber"))] = at
        if clock.monotonic() - started >= _READING or len(waiting) >= _MOST:
            at_least = True
            break
        clock.sleep(reader.wait)
    undelivered = _without_receipts(context, waiting, function) if waiting else 0
    return Backlog(undelivered=undelivered, last_minute=recent, at_least=at_least)


def matcher(filters: tuple[str, ...]) -> Callable[[dict[str, object]], bool]:
    """A test whether a record passes one of the filters; always true if there are none."""
    from ddbinsert.core.filters.insert_only import INSERT_ONLY

    if not filters or INSERT_ONLY in filters:
        return lambda _: True
    from ddbinsert.core.pattern.matcher import compile_pattern

    matchers = [compile_pattern(pattern) for pattern in filters]
    return lambda record: any(matcher.matches(record) for matcher in matchers)


def _without_receipts(
    context: Context, waiting: dict[str, float], function: FunctionState | None
) -> int | None:
    """The number of records (sequence number to time) without a receipt in the log."""
    from ddbinsert.aws.read.logs import LogReader

    if function is None:
        return None
    since = min(waiting.values()) - _MARGIN
    reader = LogReader(context.aws, function.log_group, since=since, needle=MARK.strip())
    left, receipts = set(waiting), 0
    while True:
        for event in reader.poll():
            receipt = parse(event.message)
            if receipt is not None:
                receipts += 1
                if receipt["decision"] != FAILED:
                    left.discard(str(receipt["seq"]))
        if reader.complete:
            break
        context.clock.sleep(1.0)
    leaves_receipts = function.tags.get(CODE_TAG, OWN_CODE) != OWN_CODE
    return len(left) if receipts or leaves_receipts else None


def wait_drained(context: Context, world: World, known: tuple[Draining, ...]) -> tuple[Draining, ...]:
    """Wait until every draining mapping has delivered everything; return the draining mappings.

    Raises:
        InconclusiveError: The timeout expired; the mappings continue to drain.
        PrerequisiteError: A mapping is disabled, and would never deliver its records.
    """
    from ddbinsert.aws.wait import until

    last = [known]

    def look() -> tuple[Draining, ...] | None:
        last[0] = draining_of(context, world)
        _refuse_stopped(last[0])
        return last[0] if all(each.is_drained for each in last[0]) else None

    if all(each.is_drained for each in known):
        return known
    _refuse_stopped(known)
    return until(
        look,
        clock=context.clock,
        timeout=context.timeout,
        what="the replaced stream to be read to its end",
        seen=lambda: "; ".join(each.text for each in last[0]),
        hint=Advice(
            "The old mapping stays until everything is delivered; finish later",
            ("attach-trigger", TABLE),
        ),
        progress=context.reporter.waiting,
        first=0.2,
    )


def _refuse_stopped(seen: tuple[Draining, ...]) -> None:
    for each in seen:
        if each.is_stopped:
            raise PrerequisiteError(
                f"Event source mapping {each.mapping.uuid} on the replaced stream is {each.text}: it is not "
                "waited for.",
                hint=each.advice,
                code="mapping-disabled",
            )
