"""The clock as a parameter, so that tests do not have to wait."""

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
