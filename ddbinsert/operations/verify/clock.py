"""Times of log lines, compared with the clock of a run, which follows AWS's."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ddbinsert.core.clock import Clock

#: Seconds by which the time may differ from AWS's, if it is derived from a Date header.
_ERROR = 1.0


def not_before(clock: Clock, moment: float) -> float:
    """The earliest time stamp, in epoch seconds, that a line logged after ``moment`` can have."""
    return moment - _ERROR if getattr(clock, "ahead", 0.0) else moment
