"""The state of a log that is read repeatedly: the position of a read, and the events that were returned lately."""

from __future__ import annotations

from collections import Counter
from dataclasses import field
from typing import TYPE_CHECKING

from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from ddbinsert.core.logs.event import LogEvent

#: Milliseconds for which known events are kept together: a tenth of a second.
_BUCKET = 100


@dataclass
class Look:
    """One read from a start time to the present, page by page; it can be continued after an interruption.

    Attributes:
        start: Epoch milliseconds; advanced if pages have no tokens.
        token: The token of the next page.
        whole: Whether it covers the whole overlap.
        instant: A millisecond with more events than one answer can hold.
        gave: Whether it has found a new event.
    """

    start: int
    whole: bool = True
    token: str | None = None
    instant: int | None = None
    gave: bool = False
    _at: int | None = None
    _equal: Counter[tuple[str, str]] = field(default_factory=Counter)
    _page: tuple[int, str | None] | None = None
    _mark: tuple[int | None, Counter[tuple[str, str]]] = (None, Counter())

    def restart(self, start: int) -> None:
        """Read from another time on, without a token."""
        self.start, self.token, self.instant = start, None, None
        self.restart_count()

    def restart_count(self) -> None:
        self._at = None

    def begin_page(self) -> None:
        """Count equal lines from the page's beginning, also if the page is read again."""
        page = (self.start, self.token)
        if page == self._page:
            self._at, self._equal = self._mark[0], Counter(self._mark[1])
        else:
            self._page, self._mark = page, (self._at, Counter(self._equal))

    def identity(self, event: LogEvent) -> int:
        """A number that identifies this event, however often it is read."""
        if event.event_id is not None:
            return hash(event.event_id)
        return self.count(event.timestamp, event.stream, event.message)

    def count(self, timestamp: int, stream: str, message: str) -> int:
        """The identity of an event without an ID: its position among equal events, in reading order."""
        if timestamp != self._at:  # events come in the order of their timestamps
            self._at = timestamp
            self._equal.clear()
        line = stream, message
        self._equal[line] += 1
        return hash((timestamp, line, self._equal[line]))


class KnownEvents:
    """The events that were returned lately, by tenths of a second."""

    def __init__(self) -> None:
        self._buckets: dict[int, set[int]] = {}

    def add(self, timestamp: int, identity: int) -> bool:
        """Add an event; return whether it was unknown."""
        bucket = self._buckets.setdefault(timestamp // _BUCKET, set())
        before = len(bucket)
        bucket.add(identity)
        return len(bucket) > before

    def forget_before(self, timestamp: int) -> None:
        for number in [number for number in self._buckets if number < timestamp // _BUCKET]:
            del self._buckets[number]

    def start_of_last(self, count: int) -> int:
        """The timestamp from which on about ``count`` events are known; 0 if there are not that many."""
        for number in sorted(self._buckets, reverse=True):
            count -= len(self._buckets[number])
            if count < 0:
                return number * _BUCKET
        return 0
