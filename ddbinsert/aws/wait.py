"""The loop for all waits: read, decide, then sleep."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from ddbinsert.core.times import format_duration
from ddbinsert.errors import InconclusiveError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ddbinsert.advice import Advice
    from ddbinsert.core.clock import Clock

T = TypeVar("T")

#: First seconds between two reads: short, because an emulator (and often AWS) is ready at once. Later pauses grow.
FIRST_PAUSE = 0.01
LONGEST_PAUSE = 5.0
GROWTH = 1.5


def pauses(first: float = FIRST_PAUSE, longest: float = LONGEST_PAUSE) -> Iterator[float]:
    """Seconds to sleep between reads: growing from ``first`` to ``longest``, without an end."""
    pause = first
    while True:
        yield min(pause, longest)
        pause = min(pause * GROWTH, longest)


def until(
    look: Callable[[], T | None],
    *,
    clock: Clock,
    timeout: float,
    what: str,
    hint: str | Advice | None = None,
    seen: Callable[[], str] | None = None,
    progress: Callable[[str, float, str], None] | None = None,
    first: float = FIRST_PAUSE,
    longest: float = LONGEST_PAUSE,
) -> T:
    """Call ``look`` until it returns a value other than None; return that value.

    Args:
        what: Completes "waiting for …".
        seen: Returns the latest state in words, for the message when the time is up.
        progress: Called with (what, elapsed seconds, time left and the latest state) before every sleep.

    Raises:
        InconclusiveError: ``timeout`` seconds passed; code ``timeout``.
    """
    started = clock.monotonic()
    for pause in pauses(first, longest):
        answer = look()
        if answer is not None:
            return answer
        elapsed = clock.monotonic() - started
        left = timeout - elapsed
        if left <= 0:
            state = f"; last seen: {seen()}" if seen else ""
            raise InconclusiveError(
                f"Timed out after {elapsed:.0f} s waiting for {what}{state}.",
                hint=hint or "Run it again to continue from here, or use a longer --timeout.",
                code="timeout",
            )
        if progress:
            progress(what, elapsed, f"{format_duration(left)} left{f', {seen()}' if seen else ''}")
        clock.sleep(min(pause, left))
    raise AssertionError  # pauses() never ends
