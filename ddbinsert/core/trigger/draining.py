"""A mapping that still reads a replaced stream: the records that it has left, and when they expire."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ddbinsert.advice import TABLE, Advice
from ddbinsert.core.arn import arn_parts
from ddbinsert.core.words import plural
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from ddbinsert.core.model.seen import MappingState

#: Seconds for which a stream's records can be read, also after it was disabled (DynamoDB's documentation).
RETENTION = 24 * 3600.0


@dataclass(frozen=True, kw_only=True)
class Draining:
    """One mapping on a replaced stream.

    Attributes:
        left: Number of records that it still has to deliver; None if unknown, because the function writes no
            receipts.
        at_least: ``left`` is a lower bound: the stream was not read completely.
        ends: Epoch seconds at which the old stream's records expire; None if the time is not known.
    """

    mapping: MappingState
    left: int | None
    at_least: bool = False
    ends: float | None = None

    @property
    def is_drained(self) -> bool:
        """Whether the mapping can be deleted without losing records."""
        return self.left == 0 and not self.at_least

    @property
    def is_stopped(self) -> bool:
        """Whether it is disabled and has records left."""
        return not self.is_drained and not self.mapping.is_enabled

    @property
    def text(self) -> str:
        """Such as ``draining, 12 records left``."""
        if self.is_drained:
            return "drained"
        if self.is_stopped:
            return f"disabled, {self._left} left that it does not deliver{self._until}"
        unknown = " (the function leaves no receipts)" if self.left is None else ""
        return f"draining, {self._left} left{unknown}{self._until}"

    @property
    def advice(self) -> Advice:
        """The command that ends the draining; deleting asks for confirmation if records would be lost."""
        if self.is_drained:
            # Not --prune: it also deletes other mappings that are not drained yet.
            return Advice("Delete it", ("attach-trigger", TABLE, "--wait-drained"))
        if self.is_stopped:
            return Advice(
                "Deliver them (`aws lambda update-event-source-mapping --enabled --uuid "
                f"{self.mapping.uuid}`), or delete the mapping and lose what it has not delivered",
                ("attach-trigger", TABLE, "--prune"),
            )
        return Advice("Wait until it is drained", ("attach-trigger", TABLE, "--wait-drained"))

    @property
    def _left(self) -> str:
        if self.left is None:
            return "an unknown number of records"
        return f"{'at least ' if self.at_least else ''}{plural(self.left, 'record')}"

    @property
    def _until(self) -> str:
        return "" if self.ends is None else f"; the old stream's records expire at {_time(self.ends)}"


def expiry(live_stream_arn: str | None) -> float | None:
    """The latest time at which the records of the previous stream expire; None if the ARN does not contain a time.

    A stream's ARN ends in the time at which it was enabled, in UTC.
    """
    label = arn_parts(live_stream_arn or "").resource.rpartition("/stream/")[2]
    try:
        enabled = datetime.fromisoformat(label)
    except ValueError:
        return None
    return (enabled if enabled.tzinfo else enabled.replace(tzinfo=UTC)).timestamp() + RETENTION


def _time(epoch: float) -> str:
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%d %H:%M UTC")
