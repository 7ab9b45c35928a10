"""A line of a log group in the form of CloudWatch Logs."""

from __future__ import annotations

from ddbinsert.dataclass import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class LogEvent:
    """One line of a log group.

    Attributes:
        timestamp: Epoch milliseconds, by the writer's clock.
        stream: The log stream's name.
        message: Without its final line break.
        event_id: CloudWatch's id; None if the endpoint returns none.
        ingested: Epoch milliseconds of its arrival at CloudWatch Logs.
    """

    timestamp: int
    stream: str
    message: str
    event_id: str | None = None
    ingested: int | None = None
