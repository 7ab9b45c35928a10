"""Following a log group: one loop for looking once and for looking on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ddbinsert.core.duration import seconds, words
from ddbinsert.errors import InconclusiveError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ddbinsert.aws.logs import LogReader
    from ddbinsert.aws.session import Aws
    from ddbinsert.core.clock import Clock
    from ddbinsert.core.log_event import LogEvent
    from ddbinsert.core.model import Trigger

#: Seconds between looks: short while lines come, so that they are seen at once, then longer. CloudWatch
#: allows some 5 to 10 looks a second to a whole account.
_FIRST_PAUSE, _LONGEST_PAUSE, _GROWTH = 0.2, 2.0, 1.3
_FIRST_BACKOFF, _LONGEST_BACKOFF = 1.0, 15.0


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where the lines come from.

    Attributes:
        exists: Whether the function that writes there does; None where that was not to be found out.
        arn: The function's.
    """

    group: str
    exists: bool | None = None
    arn: str | None = None


def source_of(aws: Aws, function: str, trigger: Trigger | None) -> Source:
    """The log group that a function writes to: as deployed, else as wanted, else Lambda's default."""
    from ddbinsert.aws.errors import PermissionDenied
    from ddbinsert.aws.observe import read_function

    wanted = trigger.log_group if trigger is not None else f"/aws/lambda/{function}"
    try:
        deployed = read_function(aws, function)
    except PermissionDenied:  # one may be allowed to read logs, and no more
        return Source(group=wanted)
    if deployed is None:
        return Source(group=wanted, exists=False)
    return Source(group=deployed.log_group, exists=True, arn=deployed.arn)


def moment(text: str, now: float) -> float:
    """Epoch seconds of ``5m`` (ago) or of an ISO 8601 time; local time where it names no zone.

    Raises:
        UsageError: It is neither, or lies in the future.
    """
    if "-" not in text and ":" not in text:
        return max(0.0, now - seconds(text, name="--since"))
    try:
        at = datetime.fromisoformat(text.strip()).astimezone().timestamp()
    except (ValueError, OverflowError, OSError):
        raise UsageError(
            f"--since: {text!r} is no time.",
            hint="Write 5m, 2h30m, 2026-05-01T12:00 or 2026-05-01T12:00:00Z.",
        ) from None
    if at > now:
        raise UsageError(f"--since: {text} lies in the future.", hint="Mind the time zone: Z is UTC.")
    return max(0.0, at)


def lines(
    reader: LogReader,
    *,
    clock: Clock,
    follow: bool,
    count: int | None = None,
    timeout: float = math.inf,
    idle: Callable[[int, float], None],
) -> Iterator[LogEvent]:
    """The log's lines: what is there, and with ``follow`` what is yet to come.

    Args:
        count: End after so many.
        timeout: Seconds; following without ``count`` just ends then.
        idle: Told (lines so far, seconds so far) before every sleep.

    Raises:
        InconclusiveError: The time was up before ``count`` lines, or before CloudWatch gave what is there.
        AwsError: Not allowed, or nothing answers.
    """
    started = clock.monotonic()
    given, pause, backoff = 0, _FIRST_PAUSE, _FIRST_BACKOFF
    while True:
        before = given
        for event in reader.poll():
            given += 1
            yield event
            if given == count:
                return
            if clock.monotonic() - started >= timeout:
                break
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


def _time_is_up(reader: LogReader, given: int, count: int | None, timeout: float, *, follow: bool) -> None:
    """Raise where more was asked for than came.

    Raises:
        InconclusiveError: It was.
    """
    if count is not None:
        missing = f"; log group {reader.group} does not exist" if reader.group_missing else ""
        raise InconclusiveError(
            f"{given} of {count} lines within {words(timeout)}{missing}.",
            hint="Give a longer --timeout or an earlier --since, or look at what --filter leaves out.",
            code="timeout",
        )
    if not follow:
        raise InconclusiveError(
            f"CloudWatch Logs did not give all of {reader.group} within {words(timeout)} (throttled).",
            hint="Give a longer --timeout, or a later --since.",
            code="timeout",
        )
