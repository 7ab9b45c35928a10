"""Many similar calls in parallel: a limited number at a time, fewer when AWS throttles, none lost."""

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
#: Number of consecutive calls that may fail for temporary reasons other than throttling.
_FAILURES = 5
#: With a rate, minimum number of calls per second, so that the rate is even.
_EVENNESS = 4


@dataclass(frozen=True, kw_only=True)
class CallResult(Generic[T, R]):
    """The result of one call.

    Attributes:
        done: Results of the pieces that are done.
        left: Pieces that AWS returned unprocessed, to be tried again.
    """

    done: list[R] = field(default_factory=list)
    left: list[T] = field(default_factory=list)


@dataclass(frozen=True)
class _Failed:
    """A failed call that may succeed if it is tried again."""

    error: Exception


class Pace:
    """The pace of calls: fewer at once and growing pauses after a throttle, more again after successes.

    Args:
        width: Maximum number of concurrent calls.
        rate: Maximum number of pieces per second; None for no limit.
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
        """Number of pieces for one call, at most ``most``."""
        return most if self._rate is None else max(1, min(most, int(self._rate / _EVENNESS)))

    def start(self, pieces: int) -> float:
        """Record that a call starts now; return the time, in seconds of the monotonic clock."""
        now = self._clock.monotonic()
        if self._rate is not None:
            self._due_at = max(self._due_at, now - 1 / _EVENNESS) + pieces / self._rate
        return now

    def succeeded(self) -> None:
        self._width = min(self._most, self._width + 1 / self._width)
        self._pause = 0.0

    def throttled(self, started: float) -> None:
        """Record that a call which started at ``started`` was throttled, wholly or in part."""
        if started < self._slowed_at:
            return  # it started before the pace was reduced
        self._slowed_at = self._clock.monotonic()
        self._width = max(1.0, self._width / 2)
        self._pause = min(max(2 * self._pause, _FIRST_PAUSE), _LONGEST_PAUSE)
        self._resume_at = self._slowed_at + self._pause

    def sleep_until_due(self) -> None:
        """Sleep until the next call may start."""
        until = max(self._due_at, self._resume_at) - self._clock.monotonic()
        if until > 0:
            self._clock.sleep(until)


class ParallelCalls(Generic[T, R]):
    """Processes pieces by a limited number of concurrent calls.

    Args:
        work: Makes one call with up to ``most`` pieces; runs in another thread.
        doing: Completes "Could not …" in an error.
        took: Called with the number of pieces that are about to be processed, in their order.
        did: Called with the results, in the caller's thread.
        patience: Seconds of throttling without any progress after which an error is raised.
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
        """Yield results as calls end, in no particular order.

        When it ends (also by an error, Ctrl-C, or a caller that stops reading), running calls are waited for and
        reported to ``did``, and no more are started.

        Raises:
            AwsError: AWS refused a call, or kept throttling without any progress.
        """
        source = iter(pieces)
        try:
            while self._start_what_fits(source):
                if not self._running:
                    self._pace.sleep_until_due()
                    continue
                finished, _ = wait(self._running, return_when=FIRST_COMPLETED)
                for future in finished:
                    if done := self._settle(future):
                        yield done
        finally:
            for future in wait(self._running).done:
                self._settle_at_the_end(future)

    def _start_what_fits(self, source: Iterator[T]) -> bool:
        """Start as many calls as allowed; return whether any call is running or left to start."""
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
        """The results of a call that has ended; its unprocessed pieces are queued again."""
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
        """Raise the error if retrying does not help."""
        if error is not None and self._failures >= _FAILURES:
            with translated(self._doing):
                raise error
        if self._clock.monotonic() - self._progress_at > self._patience:
            raise Throttled(
                f"Could not {self._doing}: throttled without any progress for {self._patience:.0f} s.",
                hint="Raise the table's write capacity, or use a lower --rate.",
            ) from error

    def _settle_at_the_end(self, future: Future[CallResult[T, R] | _Failed]) -> None:
        """Count the results of a call that ends after the run was stopped; its errors are ignored."""
        with contextlib.suppress(Exception):
            part = future.result()
            if isinstance(part, CallResult) and part.done:
                self._did(part.done)
