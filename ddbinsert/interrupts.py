"""Signals that end a run: Ctrl-C, SIGTERM and SIGHUP are handled alike, so that the run cleans up."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType, TracebackType

NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interruptible:
    """A context manager in which each of the signals raises KeyboardInterrupt in the main thread.

    A signal that is ignored (``nohup``, a background job) stays ignored.

    Attributes:
        received: Whether a signal was received. The code that runs at that time (for example, an import) may convert
            the KeyboardInterrupt to another exception.
    """

    def __init__(self) -> None:
        self.received = False
        self._is_over = False
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in NUMBERS:
                before = signal.getsignal(number)
                if before is not signal.SIG_IGN:
                    self._before[number] = before
                    signal.signal(number, self._interrupt)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over = True  # a signal that comes while the handlers are put back has nothing left to end
        for number, before in self._before.items():
            signal.signal(number, before)  # type: ignore[arg-type]
        self._before.clear()

    def _interrupt(self, _number: int, _frame: FrameType | None) -> None:
        self.received = True
        if not self._is_over:
            raise KeyboardInterrupt


@contextmanager
def deferred() -> Iterator[None]:
    """Defer the signals until the block ends, and raise KeyboardInterrupt then.

    For steps that must not be interrupted, such as starting a process and keeping a reference to it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before = {
        number: signal.signal(number, lambda received, _frame: came.append(received))
        for number in NUMBERS
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if came:
        raise KeyboardInterrupt
