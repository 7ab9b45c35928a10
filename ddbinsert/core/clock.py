"""Time as a thing that is handed in, so that waiting can be tested without waiting."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """Seconds, as floats."""

    def now(self) -> float:
        """Seconds since the epoch."""

    def monotonic(self) -> float:
        """A stopwatch that never goes back."""

    def sleep(self, seconds: float) -> None:
        """Return after this many seconds."""
