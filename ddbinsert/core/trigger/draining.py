"""A mapping that still reads a replaced stream: what it has left to deliver, and until when it can."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ddbinsert.advice import TABLE, Advice
from ddbinsert.core.arn import arn_parts
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from ddbinsert.core.model.seen import MappingState

#: Seconds that a stream's records can be read for, also after it was disabled (DynamoDB's documentation).
RETENTION = 24 * 3600.0


@dataclass(frozen=True, kw_only=True)
class Draining:
    """One mapping on a replaced stream.

    Attributes:
        left: Records that it has still to deliver; None where that cannot be known, because the function leaves no
            receipts.
        at_least: There may be more: not the whole stream was read.
        ends: Epoch seconds at which the old stream's records expire; None where the time is not known.
    """

    mapping: MappingState
    left: int | None
    at_least: bool = False
    ends: float | None = None

    @property
    def is_drained(self) -> bool:
        """Whether nothing can be lost by deleting the mapping."""
        return self.left == 0 and not self.at_least

    @property
    def is_stopped(self) -> bool:
        """Whether it has something left and never gets on with it: it is disabled."""
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
        """What ends it: deleting asks where something would be lost with the mapping."""
        if self.is_drained:
            # Not --prune, which deletes others that are not drained yet, too.
            return Advice("Delete it", ("attach-trigger", TABLE, "--wait-drained"))
        if self.is_stopped:
            return Advice(
                "Deliver them (aws lambda update-event-source-mapping --enabled --uuid "
                f"{self.mapping.uuid}), or delete the mapping and lose what it has not delivered",
                ("attach-trigger", TABLE, "--prune"),
            )
        return Advice("Wait until it is drained", ("attach-trigger", TABLE, "--wait-drained"))

    @property
    def _left(self) -> str:
        if self.left is None:
            return "an unknown number of records"
        return f"{'at least ' if self.at_least else ''}{self.left} record{'' if self.left == 1 else 's'}"

    @property
    def _until(self) -> str:
        return "" if self.ends is None else f"; the old stream's records expire at {_time(self.ends)}"


def expiry(live_stream_arn: str | None) -> float | None:
    """When the records of the stream before this one expire at the latest; None where its ARN does not say.

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
