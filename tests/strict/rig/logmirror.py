"""What the emulator has logged, with identities and the moment at which each event shows.

The emulator's own FilterLogEvents cuts silently at 10,000 events and gives Lambda's events no id, so the
mirror reads every log stream by itself and counts within it.
"""

from __future__ import annotations

import bisect
import hashlib
import threading
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .request_ids import GroupIds
    from .upstream import Upstream
    from .wire import Access, JsonObject


@dataclass(frozen=True, kw_only=True)
class LogEvent:
    """One event; ``shown_at`` in epoch milliseconds, ``key`` orders a group's events for good."""

    key: tuple[int, str, int]
    message: str
    shown_at: int
    event_id: str

    @property
    def timestamp(self) -> int:
        return self.key[0]

    @property
    def stream(self) -> str:
        return self.key[1]

    def document(self) -> JsonObject:
        return {
            "logStreamName": self.stream,
            "timestamp": self.timestamp,
            "message": self.message,
            "ingestionTime": self.shown_at,
            "eventId": self.event_id,
        }


def share(text: str) -> float:
    """A fixed number in 0..1 for a text: what is random on AWS is repeatable here."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") / 0xFFFFFFFF


class LogMirror:
    """One log group's events, in order of timestamp, stream and place within it.

    Args:
        lag_ms: The most that an event's showing lags behind its writing.
        written: Whether a log stream seen for the first time leaves a trace at all.
        ids: Whose request id an invocation bears.
        lines: A log stream's messages as they show, given those of an invocation and its time (epoch ms).
    """

    def __init__(
        self,
        group: str,
        *,
        lag_ms: float,
        written: Callable[[str], bool],
        ids: GroupIds,
        lines: Callable[[list[str], int], list[str]],
    ) -> None:
        self._group = group
        self._lag_ms = lag_ms
        self._written = written
        self._ids = ids
        self._lines = lines
        self._lock = threading.RLock()
        self._events: list[LogEvent] = []
        self._known: set[tuple[int, str, int]] = set()
        self._signatures: dict[str, tuple[Any, ...]] = {}
        self._hidden: set[str] = set()

    def refresh(self, upstream: Upstream, access: Access) -> None:
        """Takes over what is new upstream.

        Raises:
            Refusal: ResourceNotFoundException where the group doesn't exist.
        """
        with self._lock:
            for stream in self._changed_streams(upstream, access):
                if stream not in self._hidden:
                    self._take(stream, _stream_events(upstream, access, self._group, stream))

    def _changed_streams(self, upstream: Upstream, access: Access) -> Iterator[str]:
        """Newest streams first; a whole page without news ends the search."""
        request: JsonObject = {"logGroupName": self._group, "orderBy": "LastEventTime", "descending": True}
        while True:
            page = upstream.json("logs", "DescribeLogStreams", request, access)
            news = [stream for stream in page["logStreams"] if self._is_news(stream)]
            yield from (stream["logStreamName"] for stream in news)
            if not news or not page.get("nextToken"):
                return
            request["nextToken"] = page["nextToken"]

    def _is_news(self, stream: JsonObject) -> bool:
        name = stream["logStreamName"]
        signature = tuple(
            stream.get(key) for key in ("lastEventTimestamp", "lastIngestionTime", "storedBytes")
        )
        if name in self._hidden or signature[0] is None or self._signatures.get(name) == signature:
            return False
        if self._ids.holds(name, int(signature[0])):
            return False
        if name not in self._signatures and not self._written(name):
            self._hidden.add(name)
            return False
        self._signatures[name] = signature
        return True

    def _take(self, stream: str, events: Iterator[JsonObject]) -> None:
        places: dict[int, int] = defaultdict(int)
        lag = self._lag_ms * (0.2 + 0.8 * share(stream))
        for event in self._shaped(list(events)):
            timestamp = event["timestamp"]
            key = (timestamp, stream, places[timestamp])
            places[timestamp] += 1
            if key not in self._known:
                self._known.add(key)
                shown_at = int(event["ingestionTime"] + lag)
                bisect.insort(
                    self._events,
                    LogEvent(
                        key=key,
                        message=self._ids.retold(stream, event["message"]),
                        shown_at=shown_at,
                        event_id=_event_id(self._group, key),
                    ),
                    key=lambda known: known.key,
                )

    def _shaped(self, events: list[JsonObject]) -> list[JsonObject]:
        """The same events with the messages that show; an invocation's bear one time, and are written at once."""
        messages = [str(event["message"]) for event in events]
        shown = self._lines(messages, int(events[0]["timestamp"])) if events else messages
        if shown == messages:
            return events
        return [{**events[0], "message": message} for message in shown]

    def after(self, key: tuple[int, str, int], *, until: int | None) -> Iterator[LogEvent]:
        """Events beyond ``key``, oldest first, none later than ``until`` (milliseconds, inclusive)."""
        with self._lock:
            start = bisect.bisect_right(self._events, key, key=lambda event: event.key)
            tail = self._events[start:]
        for event in tail:
            if until is not None and event.timestamp > until:
                return
            yield event

    def of_stream(self, stream: str) -> list[LogEvent]:
        with self._lock:
            return [event for event in self._events if event.stream == stream]

    def hides(self, stream: str) -> bool:
        return stream in self._hidden


def _stream_events(upstream: Upstream, access: Access, group: str, stream: str) -> Iterator[JsonObject]:
    request: JsonObject = {"logGroupName": group, "logStreamName": stream, "startFromHead": True}
    while True:
        page = upstream.json("logs", "GetLogEvents", request, access)
        yield from page["events"]
        if not page["events"] or page["nextForwardToken"] == request.get("nextToken"):
            return
        request["nextToken"] = page["nextForwardToken"]


def _event_id(group: str, key: tuple[int, str, int]) -> str:
    """56 digits, as AWS's."""
    digest = hashlib.sha256(repr((group, key)).encode()).digest()
    return f"{int.from_bytes(digest, 'big') % 10**56:056d}"
