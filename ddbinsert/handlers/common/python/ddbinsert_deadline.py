"""The remaining time of an invocation, and calls that end with it.

Work stops some time before the function's timeout (the reserve), so that records processed by then still get their
receipts, are remembered and are in the response. If Lambda ended the function at its timeout, all of that would be lost.
"""

from __future__ import annotations

import math
import threading
import time
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# The reserve in seconds, in total and per record (for its log line); at most a fifth of the time.
_RESERVE = 1.5
_RESERVE_PER_RECORD = 0.0003
_AT_ONCE = 8


class Deadline:
    """A time after which no work starts; ``math.inf`` seconds from now if there is no limit."""

    def __init__(self, seconds: float = math.inf) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Remaining seconds, 0 or more."""
        return max(0.0, self._end - time.monotonic())

    def is_over(self) -> bool:
        return self.left() <= 0

    def sleep(self, seconds: float) -> None:
        """Sleep, at most until the deadline."""
        time.sleep(min(seconds, self.left()))


def deadlines(context: Any, records: int) -> tuple[Deadline, Deadline]:
    """The deadlines of this invocation's work, and of recording the processed events."""
    remaining = getattr(context, "get_remaining_time_in_millis", None)
    if not callable(remaining):
        return Deadline(), Deadline()
    seconds = remaining() / 1000
    reserve = min(_RESERVE + _RESERVE_PER_RECORD * records, seconds / 5)
    return Deadline(seconds - reserve), Deadline(seconds - reserve / 3)


class _Task:
    """A piece of work, and its result."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self._work = work
        self.done = threading.Event()
        self.result: Any = None
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            self.result = self._work()
        except BaseException as error:  # noqa: BLE001 -- raised again by the waiting caller
            self.error = error
        self.done.set()


class _Threads:
    """Threads that run tasks. A hanging thread is replaced by a new one."""

    def __init__(self) -> None:
        self._tasks: SimpleQueue[_Task] = SimpleQueue()
        self._lock = threading.Lock()
        self._idle = 0

    def start(self, work: Callable[[], Any]) -> _Task:
        task = _Task(work)
        with self._lock:
            is_new = self._idle == 0
            if not is_new:
                self._idle -= 1
        if is_new:
            threading.Thread(target=self._run, daemon=True).start()
        self._tasks.put(task)
        return task

    def _run(self) -> None:
        while True:
            self._tasks.get().run()
            with self._lock:
                self._idle += 1


_threads = _Threads()


def within(seconds: float, work: Callable[[], Any]) -> Any:
    """The result of ``work`` within this time. Work that takes longer continues, and its result is discarded.

    Raises:
        TimeoutError: The work takes longer.
    """
    task = _threads.start(work)
    if not task.done.wait(None if seconds == math.inf else seconds):
        raise TimeoutError
    if task.error is not None:
        raise task.error
    return task.result


def side_by_side(
    values: Sequence[Any], work: Callable[[Any], object], deadline: Deadline
) -> list[Exception | None]:
    """Do ``work`` for each value, eight in parallel; return each one's error, TimeoutError if it was not started in time.

    ``work`` must itself end at the deadline, as calls to AWS do.
    """
    outcomes: list[Exception | None] = [TimeoutError("not started: the function's timeout is near")] * len(
        values
    )
    waiting = iter(range(len(values)))
    lock = threading.Lock()

    def work_on() -> None:
        while not deadline.is_over():
            with lock:
                index = next(waiting, None)
            if index is None:
                return
            try:
                work(values[index])
                outcomes[index] = None
            except Exception as error:  # noqa: BLE001 -- only for this value
                outcomes[index] = error

    for task in [_threads.start(work_on) for _ in range(min(_AT_ONCE, len(values)))]:
        task.done.wait()
    return outcomes
