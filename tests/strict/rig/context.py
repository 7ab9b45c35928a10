"""What every habit of the rig shares."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .metrics import EventCounts
from .request_ids import RequestIds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

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


class Wakes:
    """A signal for each table: whoever reads its stream waits for that one, however many tables there are."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._signals: dict[str, Signal] = {}

    def of(self, table: str) -> Signal:
        with self._lock:
            return self._signals.setdefault(table, Signal())

    def wake(self, tables: Iterable[str]) -> None:
        for table in tables:
            self.of(table).set()

    def wake_all(self) -> None:
        with self._lock:
            signals = list(self._signals.values())
        for signal in signals:
            signal.set()


@dataclass(frozen=True, kw_only=True)
class Context:
    """The way to the emulator, the clock (epoch seconds), and what threads tell one another.

    ``wakes`` is told of whatever may have put records on a table's stream, or changed how it is read;
    ``stopping`` is set by the rig's end; ``counts`` is for CloudWatch, ``ids`` for its logs.
    """

    upstream: Upstream
    clock: Callable[[], float]
    stopping: threading.Event = field(default_factory=threading.Event)
    wakes: Wakes = field(default_factory=Wakes)
    counts: EventCounts = field(default_factory=EventCounts)
    ids: RequestIds = field(default_factory=RequestIds)
