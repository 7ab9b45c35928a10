"""Several subjects of one run in parallel, each in its own thread: an error of one does not end the others."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from ddbinsert.dataclass import dataclass
from ddbinsert.errors import DdbInsertError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ddbinsert.advice import Advice
    from ddbinsert.core.clock import Clock
    from ddbinsert.core.trigger.reporter import Reporter
    from ddbinsert.core.trigger.steps import Step

T = TypeVar("T")
U = TypeVar("U")
#: Seconds of a sleep after which a worker checks whether the run was interrupted.
_SLICE: Final = 0.1


@dataclass(frozen=True, kw_only=True)
class Ended(Generic[T]):
    """The result of one subject.

    Attributes:
        value: The returned value; None if there was an error.
        error: The error, if there was one.
    """

    value: T | None = None
    error: DdbInsertError | None = None

    def then(self, call: Callable[[T], U]) -> Ended[U]:
        """The result of the call with the value; the same error if there is no value."""
        if self.error is not None or self.value is None:
            return Ended(error=self.error)
        return Ended(value=call(self.value))


class Stop:
    """Set when the run is interrupted; each worker's clock then raises KeyboardInterrupt in its next sleep."""

    def __init__(self) -> None:
        self.asked = threading.Event()

    def clock(self, clock: Clock) -> Clock:
        """A clock for one worker that follows this."""
        return _StoppingClock(clock, self.asked)


class _StoppingClock:
    """A clock whose sleep raises KeyboardInterrupt once after an interruption; the cleanup can then sleep normally."""

    def __init__(self, clock: Clock, asked: threading.Event) -> None:
        self._clock = clock
        self._asked = asked
        self._stopped = False

    @property
    def ahead(self) -> float:
        """Seconds by which the local clock is ahead of AWS's."""
        return float(getattr(self._clock, "ahead", 0.0))

    def now(self) -> float:
        return self._clock.now()

    def monotonic(self) -> float:
        return self._clock.monotonic()

    def sleep(self, seconds: float) -> None:
        left = seconds
        while True:
            if self._asked.is_set() and not self._stopped:
                self._stopped = True
                raise KeyboardInterrupt
            if left <= 0:
                return
            self._clock.sleep(min(left, _SLICE))
            left -= _SLICE


class Named:
    """A reporter for one of several subjects: each line names the subject, and one thread writes at a time.

    Args:
        addressed: Completes the command of an advice for this subject.
        told: The reported steps of all subjects: a step that several of them need is reported once.
    """

    def __init__(
        self,
        reporter: Reporter,
        name: str,
        lock: threading.RLock,
        *,
        addressed: Callable[[Advice], Advice] = lambda advice: advice,
        told: set[Step] | None = None,
    ) -> None:
        self._reporter = reporter
        self._name = name
        self._lock = lock
        self._addressed = addressed
        self._told: set[Step] = set() if told is None else told

    def header(self, *, account: str | None, region: str | None, table: str | None) -> None:
        del table  # the run covers several tables
        with self._lock:
            self._reporter.header(account=account, region=region, table=None)

    def step(self, text: str, advice: Advice | None = None) -> None:
        with self._lock:
            self._reporter.step(f"{self._name}: {text}", advice and self._addressed(advice))

    def step_done(self, step: Step, stays: str = "") -> None:
        with self._lock:
            if step not in self._told:
                self._told.add(step)
                self._reporter.step_done(step, stays)

    def waiting(self, what: str, elapsed: float, detail: str = "") -> None:
        with self._lock:
            self._reporter.waiting(f"{what} of {self._name}", elapsed, detail)

    def warn(self, text: str, advice: Advice | None = None) -> None:
        with self._lock:
            self._reporter.warn(f"{self._name}: {text}", advice and self._addressed(advice))


class _RunningCall:
    """Counts the running workers: a pool does not wait for a worker whose start was interrupted."""

    def __init__(self, stop: Stop) -> None:
        self._stop = stop
        self._count = 0
        self._changed = threading.Condition()

    def __enter__(self) -> None:
        with self._changed:
            if self._stop.asked.is_set():
                raise KeyboardInterrupt
            self._count += 1

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._count -= 1
            self._changed.notify_all()

    def end(self) -> None:
        """Ask the workers to stop, let no further one start, and return when none is running."""
        with self._changed:
            self._stop.asked.set()
            self._changed.wait_for(lambda: not self._count)


def side_by_side(
    calls: Sequence[Callable[[], T]], stop: Stop, *, at_once: int, name: str = "subject"
) -> tuple[Ended[T], ...]:
    """Make the calls in parallel; an error ends only its own call.

    Args:
        at_once: Maximum number of parallel calls.
        name: Prefix of the threads' names.

    Raises:
        KeyboardInterrupt: The run was interrupted; raised after every worker has cleaned up.
    """
    running = _RunningCall(stop)

    def ended(call: Callable[[], T]) -> Ended[T]:
        with running:
            try:
                return Ended(value=call())
            except DdbInsertError as error:
                return Ended(error=error)

    with ThreadPoolExecutor(at_once, thread_name_prefix=name) as pool:
        try:
            futures = [pool.submit(ended, call) for call in calls]
            while wait(futures, timeout=1.0).not_done:
                pass
        except KeyboardInterrupt:
            running.end()
            raise
        return tuple(future.result() for future in futures)
