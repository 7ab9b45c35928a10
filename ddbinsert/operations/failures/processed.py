"""Which records of a failure were processed later, as the function's receipts show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.core import receipt as receipts
from ddbinsert.core.arn import resource_name
from ddbinsert.core.times import parse_time
from ddbinsert.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddbinsert.aws.context import Context
    from ddbinsert.core.failed_records import Failure, Record

#: Seconds before the write of the first record from which the log is read: clocks differ.
_EARLIER = 60.0
#: Number of throttled reads after which the log counts as unread.
_TRIES = 20


def processed_since(
    context: Context, log_group: str, failure: Failure, records: Sequence[Record]
) -> set[str]:
    """The eventIDs of records whose last receipt says ``processed``.

    Only the function's own receipts count, and only where eventID and sequence number are the record's. A log that
    cannot be read to its end shows nothing as processed.

    Args:
        log_group: The function's log group.
    """
    from ddbinsert.aws.read.logs import LogReader

    sequences = {one.get("eventID"): str(one["dynamodb"]["SequenceNumber"]) for one in records}
    decisions: dict[str, tuple[int, str]] = {}
    reader = LogReader(
        context.aws, log_group, since=_first_write_time(failure, context) - _EARLIER, needle=receipts.MARK
    )
    for _ in range(_TRIES):
        for event in reader.poll():
            found = receipts.parse(event.message)
            if found is None or sequences.get(found.get("eventID")) != found.get("seq"):
                continue
            function = found.get("function")
            if function and resource_name(function) != failure.function_name:
                continue
            event_id, at = str(found["eventID"]), event.timestamp
            if event_id not in decisions or decisions[event_id][0] <= at:
                decisions[event_id] = (at, str(found["decision"]))
        if reader.complete or reader.group_missing:
            break
        context.clock.sleep(0.5)
    else:
        return set()
    return {event_id for event_id, (_, decision) in decisions.items() if decision == receipts.PROCESSED}


def _first_write_time(failure: Failure, context: Context) -> float:
    """When the first record was written, in epoch seconds; a day ago if the document does not say."""
    now = context.clock.now()
    try:
        return min(parse_time(failure.arrived, now), now)
    except UsageError:
        return now - 24 * 3600
