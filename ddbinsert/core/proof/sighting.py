"""What one source saw of a record: small values, as the ledgers take them. The end of an invocation is in core.logs."""

from __future__ import annotations

from ddbinsert.dataclass import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class StreamRecord:
    """A record that we read from the stream ourselves.

    Attributes:
        at: ApproximateCreationDateTime, epoch seconds.
    """

    event_id: str
    event_name: str
    sequence: int
    at: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """A receipt in the logs.

    Attributes:
        logged: Epoch seconds of the log event.
        sequence: -1 where the receipt has none.
        stream: The log stream's name: it tells with which invocation the receipt belongs.
    """

    number: int
    decision: str
    event_id: str
    event_name: str
    sequence: int
    logged: float
    request: str
    again: bool = False
    stream: str = ""

    @property
    def identity(self) -> str:
        """What tells two deliveries of one record from two records."""
        return self.event_id or str(self.sequence)


@dataclass(frozen=True, kw_only=True, slots=True)
class Mention:
    """A log line, no receipt, that shows an item's key.

    Attributes:
        logged: Epoch seconds of the log event.
        times: How often it shows the key.
        request: The invocation's request id; empty if the line does not show it.
        complains: The line reports an error, by its level.
    """

    text: str
    logged: float
    times: int = 1
    stream: str = ""
    request: str = ""
    complains: bool = False
