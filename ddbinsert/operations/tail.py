"""Reading a log group: one loop for reading it once or continuously."""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING

from ddbinsert.core.times import format_duration
from ddbinsert.dataclass import dataclass
from ddbinsert.errors import InconclusiveError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ddbinsert.aws.read.logs import LogReader as LogReader  # noqa: PLC0414 - re-exported
    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.clock import Clock
    from ddbinsert.core.logs.event import LogEvent
    from ddbinsert.core.model.wanted import Trigger

#: A line that appears up to this number of seconds late is still shown, at any rate of lines.
LATEST = 60.0
#: Seconds between two requests: short while lines arrive, then longer. CloudWatch allows about 5 to 10 requests per
#: second and account.
_FIRST_PAUSE, _LONGEST_PAUSE, _GROWTH = 0.2, 2.0, 1.3
_FIRST_BACKOFF, _LONGEST_BACKOFF = 1.0, 15.0


@dataclass(frozen=True, kw_only=True)
class TailedGroup:
    """The log group to read.

    Attributes:
        group: Name of the log group.
        exists: Whether the function that writes to it exists; None if unknown.
        arn: ARN of the function.
    """

    group: str
    exists: bool | None = None
    arn: str | None = None


def source_of(aws: Aws, function: str, trigger: Trigger | None) -> TailedGroup:
    """The log group of a function: the deployed one, else the configured one, else Lambda's default."""
    from ddbinsert.aws.errors import PermissionDenied
    from ddbinsert.aws.read.resources import read_function

    wanted = trigger.log_group if trigger is not None else f"/aws/lambda/{function}"
    try:
        deployed = read_function(aws, function)
    except PermissionDenied:  # the identity may be allowed to read logs only
        return TailedGroup(group=wanted)
    if deployed is None:
        return TailedGroup(group=wanted, exists=False)
    return TailedGroup(group=deployed.log_group, exists=True, arn=deployed.arn)


def reader_of(aws: Aws, group: str, *, since: float, text: str | None = None) -> LogReader:
    """A reader of a log group.

    Args:
        since: Epoch seconds; older lines are left out.
        text: Only lines that contain this text.
    """
    from ddbinsert.aws.read.logs import LogReader

    # The window is read again after every quarter of its length, so that a line of half its length is still found.
    return LogReader(aws, group, since=since, needle=text, overlap=2 * LATEST)


def lines(
    reader: LogReader,
    *,
    clock: Clock,
    follow: bool,
    count: int | None = None,
    last: int | None = None,
    wanted: Callable[[LogEvent], bool] = lambda _event: True,
    timeout: float = math.inf,
    idle: Callable[[int, float], None],
) -> Iterator[LogEvent]:
    """The lines of a log: those that exist, and with ``follow`` those that are written from now on.

    Args:
        count: Stop after this number of lines.
        last: Of the lines that exist at the start, only this number of the newest.
        wanted: Whether to return a line.
        timeout: Seconds; after them, following without ``count`` ends without an error.
        idle: Called with (number of lines, elapsed seconds) before every sleep.

    Raises:
        InconclusiveError: The timeout expired before ``count`` lines, or before CloudWatch returned the existing lines.
        AwsError: Access was denied, or the endpoint does not answer.
    """
    started = clock.monotonic()
    given, pause, backoff = 0, _FIRST_PAUSE, _FIRST_BACKOFF
    held: deque[LogEvent] | None = None if last is None else deque(maxlen=last)
    while True:
        before = given
        for event in _new(reader, wanted, held):
            given += 1
            yield event
            if given == count:
                return
            if clock.monotonic() - started >= timeout:
                break
        if reader.complete:
            held = None
        if reader.complete and not follow:
            return
        elapsed = clock.monotonic() - started
        if elapsed >= timeout:
            _time_is_up(reader, given, count, timeout, follow=follow)
            return
        idle(given, elapsed)
        if reader.complete:
            pause = _FIRST_PAUSE if given > before else min(pause * _GROWTH, _LONGEST_PAUSE)
            backoff = _FIRST_BACKOFF
            clock.sleep(min(pause, timeout - elapsed))
        else:
            clock.sleep(min(backoff, timeout - elapsed))
            backoff = min(backoff * 2, _LONGEST_BACKOFF)


def _new(
    reader: LogReader, wanted: Callable[[LogEvent], bool], held: deque[LogEvent] | None
) -> Iterator[LogEvent]:
    """The new lines of one poll; with ``held``, the newest lines when all of them are known."""
    for event in reader.poll():
        if not wanted(event):
            continue
        if held is None:
            yield event
        else:
            held.append(event)
    if held is not None and reader.complete:
        yield from sorted(held, key=_when)


def _when(event: LogEvent) -> int:
    return event.timestamp


def _time_is_up(reader: LogReader, given: int, count: int | None, timeout: float, *, follow: bool) -> None:
    """Raise an error if fewer lines arrived than requested.

    Raises:
        InconclusiveError: Fewer lines arrived.
    """
    if count is not None:
        missing = f"; log group {reader.group} does not exist" if reader.group_missing else ""
        raise InconclusiveError(
            f"Only {given} of {count} lines arrived within {format_duration(timeout)}{missing}.",
            hint="Use a longer --timeout or an earlier --since, and check what --filter leaves out.",
            code="timeout",
        )
    if not follow:
        raise InconclusiveError(
            f"CloudWatch Logs did not return all of {reader.group} within {format_duration(timeout)} (throttled).",
            hint="Use a longer --timeout or a later --since.",
            code="timeout",
        )
