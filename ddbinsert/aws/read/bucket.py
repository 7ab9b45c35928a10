"""A token bucket, which limits the rate of an operation so that other tools keep their share of the quota."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ddbinsert.core.clock import Clock

#: Factor of the rate after a throttle; the rate does not rise again within a run.
_SLOWER = 0.5
_SLOWEST = 0.5


class TokenBucket:
    """Limits the calls of one operation in one region; thread-safe.

    Args:
        rate: Calls per second.
        burst: Calls that may be made at once.
    """

    def __init__(self, clock: Clock, *, rate: float, burst: float) -> None:
        self._clock = clock
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._at = clock.monotonic()
        self._lock = threading.Lock()

    @property
    def rate(self) -> float:
        """The current limit in calls per second."""
        return self._rate

    def take(self) -> None:
        """Wait until a call may be made."""
        with self._lock:
            now = self._clock.monotonic()
            self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
            self._at = now
            self._tokens -= 1
            pause = max(0.0, -self._tokens / self._rate)
        if pause:
            self._clock.sleep(pause)

    def throttled(self) -> None:
        """AWS throttled a call: reduce the rate."""
        with self._lock:
            self._rate = max(_SLOWEST, self._rate * _SLOWER)
            self._tokens = min(self._tokens, 0.0)
