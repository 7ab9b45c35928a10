"""Several subjects of one run side by side, each in a thread of its own: one does not end another."""

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
#: Seconds of a sleep after which a worker looks whether the run was interrupted.
_SLICE: Final = 0.1


@dataclass(frozen=True, kw_only=True)
class Ended(Generic[T]):
    """How the part of one subject ended: with a value, or with an error."""

    value: T | None = None
    error: DdbInsertError | None = None

    def then(self, call: Callable[[T], U]) -> Ended[U]:
        """What the call makes of the value; the same error where there is none."""
        if self.error is not None or self.value is None:
            return Ended(error=self.error)
        return Ended(value=call(self.value))


class Stop:
    """Set once the run is interrupted; each worker's clock then raises KeyboardInterrupt in its next sleep."""

    def __init__(self) -> None:
        self.asked = threading.Event()

    def clock(self, clock: Clock) -> Clock:
        """The clock for one worker."""
        return _StoppingClock(clock, self.asked)


class _StoppingClock:
    """A clock whose sleep ends once when the run is interrupted; what is cleaned up after that sleeps as ever."""

    def __init__(self, clock: Clock, asked: threading.Event) -> None:
        self._clock = clock
        self._asked = asked
        self._stopped = False

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
    """A reporter for one of several subjects: each line names it, one thread writes at a time.

    Args:
        addressed: Completes the command of an advice for this subject.
        told: The steps that were reported, of all subjects: one that several of them need is done once.
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
        del table  # the run is about several
        with self._lock:
            self._reporter.header(account=account, region=region, table=None)

    def step(self, text: str, advice: Advice | None = None) -> None:
        with self._lock:
            self._reporter.step(f"{self._name}: {text}", advice and self._addressed(advice))

    def did(self, step: Step, stays: str = "") -> None:
        with self._lock:
            if step not in self._told:
                self._told.add(step)
                self._reporter.did(step, stays)

    def waiting(self, what: str, elapsed: float, detail: str = "") -> None:
        with self._lock:
            self._reporter.waiting(f"{what} of {self._name}", elapsed, detail)

    def warn(self, text: str, advice: Advice | None = None) -> None:
        with self._lock:
            self._reporter.warn(f"{self._name}: {text}", advice and self._addressed(advice))


class _Running:
    """The workers that are at work: a pool forgets the worker whose start was interrupted, and would not wait for it."""

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
        """Ask the workers to stop, let no other begin, and return once none is at work."""
        with self._changed:
            self._stop.asked.set()
            self._changed.wait_for(lambda: not self._count)


def side_by_side(
    calls: Sequence[Callable[[], T]], stop: Stop, *, at_once: int, name: str = "subject"
) -> tuple[Ended[T], ...]:
    """Make each of the calls; an error ends its own alone.

    Args:
        at_once: The number of calls at a time.
        name: How the threads' names begin.

    Raises:
        KeyboardInterrupt: The run was interrupted; every worker has cleaned up by then.
    """
    running = _Running(stop)

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
