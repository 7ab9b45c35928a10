"""The evidence of one source about a record, as input of the ledgers. Ends of invocations are in core.logs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True, slots=True)
class StreamRecord:
    """A record that ddbinsert read from the stream.

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
        sequence: -1 if the receipt has none.
        stream: The log stream's name, which assigns the receipt to an invocation.
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
        """The value that is equal for two deliveries of one record and differs for two records."""
        return self.event_id or str(self.sequence)


def receipt_of(found: Mapping[str, Any], *, number: int, logged: float, stream: str) -> Receipt:
    """The receipt that was read from a line, about the item with this number."""
    sequence = found.get("seq")
    return Receipt(
        number=number,
        decision=str(found.get("decision")),
        event_id=str(found.get("eventID") or ""),
        event_name=str(found.get("eventName")),
        sequence=int(sequence) if isinstance(sequence, str) and sequence.isdecimal() else -1,
        logged=logged,
        request=str(found.get("request") or ""),
        again=bool(found.get("again")),
        stream=stream,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Mention:
    """A log line other than a receipt that shows an item's key.

    Attributes:
        logged: Epoch seconds of the log event.
        times: How often it shows the key.
        request: The invocation's request id; empty if the line has none.
        complains: The line reports an error, by its level.
    """

    text: str
    logged: float
    times: int = 1
    stream: str = ""
    request: str = ""
    complains: bool = False
