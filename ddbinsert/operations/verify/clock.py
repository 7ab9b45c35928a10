"""The clock of a run: AWS's, as log lines and stream records bear its time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.aws.read.server_time import ServerClock

if TYPE_CHECKING:
    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.clock import Clock

#: Seconds by which AWS's time may be wrong where it is derived from a Date header.
_ERROR = 1.0


def server_clock(aws: Aws, clock: Clock) -> ServerClock:
    """A clock that follows the Date header of DynamoDB's answers."""
    following = ServerClock(clock)
    following.follow(aws)
    return following


def not_before(clock: Clock, moment: float) -> float:
    """The time before which nothing that came after ``moment`` can be logged; epoch seconds."""
    return moment - _ERROR if isinstance(clock, ServerClock) and clock.ahead else moment
