"""A token bucket: how often an operation may be called, so that other tools keep their share of an account's limits."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ddbinsert.core.clock import Clock

#: After a throttle, the rate falls to this part of itself; it does not rise again within a run.
_SLOWER = 0.5
_SLOWEST = 0.5


class TokenBucket:
    """Calls of one operation in one region; thread-safe.

    Args:
        rate: Calls a second.
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
        """Calls a second, as of now."""
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
        """AWS throttled a call: be slower from now on."""
        with self._lock:
            self._rate = max(_SLOWEST, self._rate * _SLOWER)
            self._tokens = min(self._tokens, 0.0)
