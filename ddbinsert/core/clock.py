"""The clock as a parameter, so that tests do not have to wait; and a clock that follows AWS's."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """A source of time; all values are in seconds, as floats."""

    def now(self) -> float:
        """Seconds since the epoch."""

    def monotonic(self) -> float:
        """Seconds of a clock that never goes backwards."""

    def sleep(self, seconds: float) -> None:
        """Wait for this many seconds."""


#: Seconds of difference that are ignored: a Date header has whole seconds, and an answer takes time.
_TOLERANCE = 2.0


class ServerClock:
    """A clock whose ``now`` is AWS's time, from its answers; the local time until the first answer.

    Attributes:
        ahead: Seconds by which the local clock is ahead of AWS's; 0 if they agree.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._service: str | None = None
        self.ahead = 0.0

    def now(self) -> float:
        return self._clock.now() - self.ahead

    def monotonic(self) -> float:
        return self._clock.monotonic()

    def sleep(self, seconds: float) -> None:
        self._clock.sleep(seconds)

    def answered(self, service: str, date: str) -> None:
        """Set the clock from the Date header of an answer.

        Only the first service that answers counts: the endpoints of others may be on machines with another time.
        """
        if self._service is None:
            self._service = service
        if service != self._service:
            return
        from email.utils import parsedate_to_datetime  # 26 ms, unless botocore is imported

        try:
            told = parsedate_to_datetime(date).timestamp()
        except (TypeError, ValueError, OverflowError):
            return
        # The header's time is rounded down: the answer was created up to a second later.
        ahead = self._clock.now() - (told + 0.5)
        ahead = ahead if abs(ahead) > _TOLERANCE else 0.0
        if abs(ahead - self.ahead) > _TOLERANCE:  # correcting the clock with every answer would make it jump
            self.ahead = ahead
