"""The clock of a run: it follows AWS's clock, whose times are in log lines and stream records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.aws.read.server_time import ServerClock

if TYPE_CHECKING:
    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.clock import Clock

#: Seconds by which the time may differ from AWS's, as it is derived from a Date header.
_ERROR = 1.0


def server_clock(aws: Aws, clock: Clock) -> ServerClock:
    """A clock that follows the Date header of DynamoDB's responses."""
    following = ServerClock(clock)
    following.follow(aws)
    return following


def not_before(clock: Clock, moment: float) -> float:
    """The earliest time stamp, in epoch seconds, that a line logged after ``moment`` can have."""
    return moment - _ERROR if isinstance(clock, ServerClock) and clock.ahead else moment
