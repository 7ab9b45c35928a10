"""AWS's time, from the Date header of its answers: times compared with log lines must not use the local clock."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.clock import Clock

#: Seconds of difference that are ignored: a Date header has whole seconds, and an answer takes time.
_TOLERANCE = 2.0


class ServerClock:
    """A clock whose ``now`` is AWS's time, from its answers; the local time until the first answer.

    Attributes:
        ahead: Seconds by which the local clock is ahead of AWS's; 0 if they agree.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.ahead = 0.0

    def now(self) -> float:
        return self._clock.now() - self.ahead

    def monotonic(self) -> float:
        return self._clock.monotonic()

    def sleep(self, seconds: float) -> None:
        self._clock.sleep(seconds)

    def follow(self, aws: Aws) -> None:
        """Set the clock from the answers to DynamoDB calls."""
        aws.client("dynamodb").meta.events.register("after-call.dynamodb", self._take_date)

    def _take_date(self, http_response: Any = None, **_: Any) -> None:
        date = getattr(http_response, "headers", {}).get("date") if http_response is not None else None
        if not date:
            return
        try:
            told = parsedate_to_datetime(date).timestamp()
        except (TypeError, ValueError):
            return
        # The header's time is rounded down: the answer was created up to a second later.
        ahead = self._clock.now() - (told + 0.5)
        ahead = ahead if abs(ahead) > _TOLERANCE else 0.0
        if abs(ahead - self.ahead) > _TOLERANCE:  # correcting the clock with every answer would make it jump
            self.ahead = ahead
