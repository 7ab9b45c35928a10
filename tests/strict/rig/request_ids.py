"""The same request id at each attempt at a batch: the emulator gives every invocation one of its own.

It says nowhere which log an invocation left. But that log is a stream of its own, written before the invocation's
answer, which tells the output; of several streams with the same output any may be taken. So a retry's lines are
found when it has ended, and are held back from readers until then.
"""

from __future__ import annotations

import base64
import contextlib
import re
import threading
import time
from typing import TYPE_CHECKING

from .wire import Access, JsonObject, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .upstream import Upstream

_START = re.compile(r"START RequestId: (\S+)")
#: Lambda's answer tells so many bytes of the output, the last ones.
_TAIL = 4096
_WRAPPING = 3  # START; END, REPORT


class GroupIds:
    """The request ids in one log group."""

    def __init__(self, group: str) -> None:
        self._group = group
        self._lock = threading.Lock()
        self._running: list[int] = []
        self._taken: set[str] = set()
        self._retold: dict[str, tuple[str, str]] = {}

    @contextlib.contextmanager
    def attempt(self, *, again: bool) -> Iterator[int]:
        """An invocation; gives when it began (epoch ms). What may be a retry's log is held back meanwhile."""
        began = int(time.time() * 1000)
        if not again:
            yield began
            return
        with self._lock:
            self._running.append(began)
        try:
            yield began
        finally:
            with self._lock:
                self._running.remove(began)

    def settle(self, upstream: Upstream, access: Access, *, began: int, told: str, first: str) -> str:
        """Find what an invocation logged, and have it bear the first attempt's id from now on.

        Args:
            told: Its output as the answer has it, in base64. first: Empty where it was the first attempt.

        Returns:
            The id of the first attempt; empty where that one left no log.
        """
        output = base64.b64decode(told).decode("utf-8", "ignore")
        for stream in self._streams(upstream, access, since=began):
            own = self._take(stream, _messages(upstream, access, self._group, stream), output)
            if own and first:
                with self._lock:
                    self._retold[stream] = (own, first)
            if own:
                return first or own
        return first

    def _streams(self, upstream: Upstream, access: Access, *, since: int) -> list[str]:
        """Names of the streams written since then that no attempt was found to have left."""
        request = {"logGroupName": self._group, "orderBy": "LastEventTime", "descending": True}
        try:
            streams: list[JsonObject] = upstream.json("logs", "DescribeLogStreams", request, access)[
                "logStreams"
            ]
        except Refusal:
            return []  # the group was deleted
        with self._lock:
            return [
                one["logStreamName"]
                for one in streams
                if (one.get("lastEventTimestamp") or 0) >= since and one["logStreamName"] not in self._taken
            ]

    def _take(self, stream: str, messages: list[str], output: str) -> str:
        """The stream's request id, if it shows this output and nobody has taken it; else nothing."""
        found = _START.match(messages[0]) if len(messages) >= _WRAPPING else None
        logged, wanted = "\n".join(messages[1:-2]), "\n".join(output.splitlines())
        cut = len(output.encode()) >= _TAIL - 3  # a character may have been cut in two
        if found is None or not (logged.endswith(wanted) if cut else logged == wanted):
            return ""
        with self._lock:
            if stream in self._taken:
                return ""
            self._taken.add(stream)
        return found[1]

    def holds(self, stream: str, written: int) -> bool:
        """Whether a stream last written at a time (epoch ms) may be the log of a retry that goes on."""
        with self._lock:
            return stream not in self._taken and any(began <= written for began in self._running)

    def retold(self, stream: str, message: str) -> str:
        """A stream's message with the id that it bears on AWS."""
        own, first = self._retold.get(stream, ("", ""))
        return message.replace(own, first) if own else message


class RequestIds:
    """Those of all log groups."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._groups: dict[tuple[tuple[str, str], str], GroupIds] = {}

    def of(self, access: Access, group: str) -> GroupIds:
        with self._lock:
            return self._groups.setdefault((access.scope, group), GroupIds(group))


def _messages(upstream: Upstream, access: Access, group: str, stream: str) -> list[str]:
    request = {"logGroupName": group, "logStreamName": stream, "startFromHead": True}
    try:
        page = upstream.json("logs", "GetLogEvents", request, access)
    except Refusal:
        return []
    return [event["message"] for event in page["events"]]
