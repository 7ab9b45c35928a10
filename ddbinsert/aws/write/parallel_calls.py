"""Many similar calls in parallel: a bounded number at a time, fewer when AWS throttles, none lost."""

from __future__ import annotations

import contextlib
from collections import deque
from concurrent.futures import FIRST_COMPLETED, wait
from dataclasses import field
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Generic, TypeVar

from ddbinsert.aws.errors import Throttled, is_passing, is_throttle, translated
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future

    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.clock import Clock

T = TypeVar("T")
R = TypeVar("R")

_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 5.0
#: Calls in a row that may fail for passing reasons other than throttling.
_FAILURES = 5
#: With a rate, calls are made this many times a second at least, so that it is kept evenly.
_EVENNESS = 4


@dataclass(frozen=True, kw_only=True)
class CallResult(Generic[T, R]):
    """What one call did: results of what is done, and what AWS handed back for another try."""

    done: list[R] = field(default_factory=list)
    left: list[T] = field(default_factory=list)


@dataclass(frozen=True)
class _Failed:
    """A call that may well succeed another time."""

    error: Exception


class Pace:
    """The pace of calls: fewer at once and growing pauses after a throttle, more again after successes.

    Args:
        width: Calls in flight at most.
        rate: Pieces a second at most; None for as fast as it goes.
    """

    def __init__(self, clock: Clock, *, width: int, rate: float | None) -> None:
        self._clock = clock
        self._most = width
        self._width = float(width)
        self._rate = rate
        self._pause = 0.0
        self._slowed_at = clock.monotonic()
        self._resume_at = self._due_at = self._slowed_at

    def room(self, in_flight: int) -> bool:
        return in_flight < int(self._width) and self._clock.monotonic() >= max(self._resume_at, self._due_at)

    def portion(self, most: int) -> int:
        """Pieces for one call, where it can take ``most``."""
        return most if self._rate is None else max(1, min(most, int(self._rate / _EVENNESS)))

    def start(self, pieces: int) -> float:
        """A call starts now; when, by the stopwatch."""
        now = self._clock.monotonic()
        if self._rate is not None:
            self._due_at = max(self._due_at, now - 1 / _EVENNESS) + pieces / self._rate
        return now

    def succeeded(self) -> None:
        self._width = min(self._most, self._width + 1 / self._width)
        self._pause = 0.0

    def throttled(self, started: float) -> None:
        """A call that was started at ``started`` was turned down, wholly or in part."""
        if started < self._slowed_at:
            return  # it was under way when we slowed down
        self._slowed_at = self._clock.monotonic()
        self._width = max(1.0, self._width / 2)
        self._pause = min(max(2 * self._pause, _FIRST_PAUSE), _LONGEST_PAUSE)
        self._resume_at = self._slowed_at + self._pause

    def rest(self) -> None:
        """Sleep until the next call may start."""
        until = max(self._due_at, self._resume_at) - self._clock.monotonic()
        if until > 0:
            self._clock.sleep(until)


class ParallelCalls(Generic[T, R]):
    """Works on pieces, a bounded number of calls side by side.

    Args:
        work: One call with up to ``most`` pieces; runs in another thread.
        doing: Completes "Could not …" in an error.
        took: Called with the number of pieces that are about to be worked on, in their order.
        did: Called with the results, in the caller's thread.
        patience: Seconds of throttling without any progress, after which it ends with an error.
    """

    def __init__(
        self,
        aws: Aws,
        work: Callable[[list[T]], CallResult[T, R]],
        *,
        most: int,
        pace: Pace,
        clock: Clock,
        doing: str,
        took: Callable[[int], None],
        did: Callable[[list[R]], None],
        patience: float,
    ) -> None:
        self._aws = aws
        self._work = work
        self._most = most
        self._pace = pace
        self._clock = clock
        self._doing = doing
        self._took = took
        self._did = did
        self._patience = patience
        self._again: deque[list[T]] = deque()
        self._running: dict[Future[CallResult[T, R] | _Failed], tuple[list[T], float]] = {}
        self._failures = 0
        self._progress_at = clock.monotonic()

    def run(self, pieces: Iterable[T]) -> Iterator[list[R]]:
        """Results as calls end, in no particular order.

        However this ends (an error, Ctrl-C, a caller that has enough), what is in flight is waited for and
        ``did`` is told; nothing more is started.

        Raises:
            AwsError: AWS refused a call, or went on throttling without any progress.
        """
        source = iter(pieces)
        try:
            while self._start_what_fits(source):
                if not self._running:
                    self._pace.rest()
                    continue
                finished, _ = wait(self._running, return_when=FIRST_COMPLETED)
                for future in finished:
                    if done := self._settle(future):
                        yield done
        finally:
            for future in wait(self._running).done:
                self._settle_at_the_end(future)

    def _start_what_fits(self, source: Iterator[T]) -> bool:
        """Whether there is anything left, running or to be started."""
        while self._pace.room(len(self._running)):
            batch = self._again.popleft() if self._again else self._fresh(source)
            if not batch:
                return bool(self._running)
            call = partial(self._attempt, batch)
            self._running[self._aws.start(call)] = (batch, self._pace.start(len(batch)))
        return True

    def _fresh(self, source: Iterator[T]) -> list[T]:
        batch = list(islice(source, self._pace.portion(self._most)))
        self._took(len(batch))
        return batch

    def _attempt(self, batch: list[T]) -> CallResult[T, R] | _Failed:
        with translated(self._doing):
            try:
                return self._work(batch)
            except Exception as error:
                if is_passing(error):
                    return _Failed(error)
                raise

    def _settle(self, future: Future[CallResult[T, R] | _Failed]) -> list[R]:
        """The results of a call that has ended; what it left is put back for another try."""
        batch, started = self._running.pop(future)
        part = future.result()
        if isinstance(part, _Failed):
            self._again.append(batch)
            self._pace.throttled(started)
            self._failures = 0 if is_throttle(part.error) else self._failures + 1
            self._judge(part.error)
            return []
        self._failures = 0
        if part.left:
            self._again.append(part.left)
            self._pace.throttled(started)
        else:
            self._pace.succeeded()
        if part.done:
            self._progress_at = self._clock.monotonic()
            self._did(part.done)
        else:
            self._judge(None)
        return part.done

    def _judge(self, error: Exception | None) -> None:
        """End where trying again doesn't help."""
        if error is not None and self._failures >= _FAILURES:
            with translated(self._doing):
                raise error
        if self._clock.monotonic() - self._progress_at > self._patience:
            raise Throttled(
                f"Could not {self._doing}: throttled without any progress for {self._patience:.0f} s.",
                hint="Raise the table's write capacity, or use a lower --rate.",
            ) from error

    def _settle_at_the_end(self, future: Future[CallResult[T, R] | _Failed]) -> None:
        """Something else has ended this already: only what was done still counts."""
        with contextlib.suppress(Exception):
            part = future.result()
            if isinstance(part, CallResult) and part.done:
                self._did(part.done)
