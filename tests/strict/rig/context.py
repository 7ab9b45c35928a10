"""What every habit of the rig shares."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from .upstream import Upstream


class Signal:
    """News for any number of waiting threads: each sees every one, whoever else has seen it."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._count = 0

    def set(self) -> None:
        with self._condition:
            self._count += 1
            self._condition.notify_all()

    def wait(self, known: int, seconds: float) -> int:
        """The count of news, as soon as it isn't ``known`` any more or the time is over."""
        with self._condition:
            self._condition.wait_for(lambda: self._count != known, seconds)
            return self._count


@dataclass(frozen=True, kw_only=True)
class Context:
    """The way to the emulator, the clock (epoch seconds), and the two signals between threads.

    ``wake`` is set by whatever may have put records on a stream; ``stopping`` by the rig's end.
    """

    upstream: Upstream
    clock: Callable[[], float]
    stopping: threading.Event = field(default_factory=threading.Event)
    wake: Signal = field(default_factory=Signal)
