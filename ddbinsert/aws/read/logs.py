"""A log group, read repeatedly: every line is returned once, in memory that does not grow with the log.

CloudWatch Logs shows events late (mostly 2 s, sometimes minutes), and log streams overtake one another. So each
read starts before the newest event and leaves out the events that were returned before, by eventId. If an endpoint
has no IDs (the embedded emulator), an event is identified by its stream, timestamp, message, and the number of equal
events before it.

An answer may be empty and still have a next page. The emulator cuts an answer at 10,000 events without notice:
after a page that full and without a token, reading continues from its last timestamp.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ddbinsert.aws.errors import code_of, is_not_found, is_passing, is_throttle, translated
from ddbinsert.aws.read.log_bookmarks import KnownEvents, Look
from ddbinsert.core.logs.event import LogEvent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ddbinsert.aws.session.session import Aws

#: Events per request if pages have no tokens (AWS returns at most 10,000, or 1 MB, with a token); the whole page is
#: held in memory.
_FULL_PAGE = 2_500
#: Minimum number of known events that every read covers again, unless the overlap holds fewer.
_SHORT_LOOK = 1_000
#: Number of consecutive reads that may fail for temporary reasons other than throttling before an error is raised.
_PATIENCE = 3
#: CloudWatch's limit on a filter pattern.
_LONGEST_PATTERN = 1024
#: Printable ASCII without quote and backslash: characters that are literal between quotes.
_PLAIN = re.compile(r"[ !#-\[\]-~]+")


class LogReader:
    """Reads a log group repeatedly. Not thread-safe.

    Args:
        since: Epoch seconds; older events are not returned.
        needle: Plain text that the message must contain; of several, one is enough.
        overlap: Seconds before the newest event at which a read starts, for events that appear late. Events that
            appear still later are found only by ``sweep``. If the overlap holds more than 1,000 events, not every
            read covers all of it: every second one covers 2,000 events, every fourth 4,000, and so on, and more
            each time while there are no new events. All of it is read at the latest when the log has advanced by a
            quarter of the overlap, so an event that appears within three quarters of it is found at any rate of events.

    Attributes:
        group_missing: The last read found no such log group. This is not an error: Lambda may still create it.
        throttled: Number of reads that CloudWatch ended by throttling (beyond botocore's own retries). The next
            poll continues where that one ended: sleep before it.
        complete: Whether the last read reached the log's end.
    """

    def __init__(
        self,
        aws: Aws,
        group: str,
        *,
        since: float,
        needle: str | Sequence[str] | None = None,
        overlap: float = 60.0,
    ) -> None:
        self.group = group
        self.group_missing = False
        self.throttled = 0
        self.complete = False
        self._aws = aws
        self._since = max(0, int(since * 1000))
        self._needles = (needle,) if isinstance(needle, str) else tuple(needle or ())
        self._pattern = pattern_of(self._needles, is_aws=aws.is_aws)
        self._overlap = int(overlap * 1000)
        self._known = KnownEvents()
        self._newest = 0
        self._whole_at = 0
        self._pending: Look | None = None
        self._looks = self._idle = 0
        self._failures = 0

    def poll(self) -> Iterator[LogEvent]:
        """The events since the last poll, each once, oldest first.

        Holds one page at a time. If a poll is not read to its end, the next poll continues it.

        Raises:
            AwsError: Not permitted, no credentials, or three consecutive reads were not answered.
        """
        look = self._pending or self._next_look()
        self._pending = look
        for event in self._new_in(look):
            look.gave = True
            yield event
        if self.complete:
            self._pending = None
            if look.whole:
                self._whole_at = self._newest
            self._idle = 0 if look.gave or look.whole else self._idle + 1

    def sweep(self) -> Iterator[LogEvent]:
        """All events from ``since`` on, to find those that appeared later than the overlap.

        Events that were returned within the overlap are left out. Older events are returned AGAIN, because they are
        not remembered: the caller must recognize them. If CloudWatch throttles, it ends early: see ``complete``.

        Raises:
            AwsError: As for ``poll``.
        """
        yield from self._new_in(Look(start=self._since))

    def _next_look(self) -> Look:
        self._looks += 1
        start = max(self._since, self._horizon)
        self._known.forget_before(start)
        # Powers of two, like the marks of a ruler: 1, 2, 1, 4, 1, 2, 1, 8, … So an event that appears a little late is
        # found soon, a later one is found later, and a read takes not much more than a page on average. While there
        # are no new events, each read goes further back.
        reach = _SHORT_LOOK * max(self._looks & -self._looks, 1 << self._idle)
        near = self._known.start_of_last(reach)
        if self._newest - self._whole_at >= self._overlap // 4:
            near = start
        return Look(start=max(start, near), whole=near <= start)

    @property
    def _horizon(self) -> int:
        """Epoch milliseconds before which polls do not read any more."""
        return self._newest - self._overlap

    def _new_in(self, look: Look) -> Iterator[LogEvent]:
        self.complete = False
        while (page := self._read_page(look)) is not None:
            look.begin_page()
            yield from self._fresh(look, page["events"])
            if not self._turn(look, page):
                self.complete = True
                return
            if look.instant is not None:
                self._add_without_ids(look, page["events"])
                look.restart_count()
                yield from self._fresh(look, self._events_of(look.instant))
                look.restart(look.instant + 1)

    def _fresh(self, look: Look, events: Any) -> Iterator[LogEvent]:
        """The events that were not returned before; yielded events count as returned."""
        needles = self._needles
        for raw in events:
            message = raw.get("message", "").rstrip("\r\n")
            if needles and not has_one(message, needles):
                continue
            timestamp = int(raw["timestamp"])  # moto returns fractions
            event = LogEvent(
                timestamp=timestamp,
                stream=raw["logStreamName"],
                message=message,
                event_id=raw.get("eventId"),
                ingested=int(raw["ingestionTime"]) if "ingestionTime" in raw else None,
            )
            # An event's timestamp may be in the future; the ingestion time shows how far the log has advanced.
            self._newest = max(self._newest, min(timestamp, event.ingested or timestamp))
            if self._known.add(timestamp, look.identity(event)):
                if self._aws.listener is not None:
                    self._aws.listener.on_log_line(self.group, event)
                yield event

    def _add_without_ids(self, look: Look, events: Any) -> None:
        """Add events without IDs: GetLogEvents has none, even if FilterLogEvents has."""
        look.restart_count()
        for raw in events:
            message = raw.get("message", "").rstrip("\r\n")
            timestamp = int(raw["timestamp"])
            self._known.add(timestamp, look.count(timestamp, raw["logStreamName"], message))

    def _turn(self, look: Look, page: Any) -> bool:
        """Advance the read to its next page; False if there is none."""
        self._known.forget_before(self._horizon)  # not earlier: a page may have to be read again
        events = page["events"]
        look.token = page.get("nextToken")
        if look.token is not None:
            return True
        if self._aws.is_aws or len(events) < _FULL_PAGE:
            return False  # AWS always returns a token if there may be more
        last = int(events[-1]["timestamp"])
        if last > look.start:
            look.restart(last)
        else:
            look.instant = last  # more events in one millisecond than one answer can hold
        return True

    def _read_page(self, look: Look) -> Any:
        """The read's next page; None if the log group is missing, or the read must be continued later."""
        request: dict[str, Any] = {"logGroupName": self.group, "startTime": look.start}
        if self._pattern:
            request["filterPattern"] = self._pattern
        if not self._aws.is_aws:
            request["limit"] = _FULL_PAGE
        if look.token:
            request["nextToken"] = look.token
        try:
            with translated(f"read log group {self.group}"):
                page = self._aws.client("logs").filter_log_events(**request)
        except Exception as error:
            if not self._can_continue(error.__cause__ or error, look):
                raise
            return None
        self.group_missing = False
        self._failures = 0
        return page

    def _can_continue(self, error: BaseException, look: Look) -> bool:
        """Whether the next poll can continue after this error."""
        if is_not_found(error):
            self.group_missing = self.complete = True
            return True
        if is_throttle(error):
            self.throttled += 1
        elif look.token is not None and code_of(error) == "InvalidParameterException":
            look.restart(
                max(look.start, self._horizon)
            )  # a token is valid for a day, on some endpoints for less
        elif is_passing(error) and self._failures + 1 < _PATIENCE:
            self._failures += 1
        else:
            return False
        return True

    def _events_of(self, instant: int) -> Iterator[Any]:
        """Every event of one millisecond, by log stream."""
        client = self._aws.client("logs")
        where: dict[str, Any] = {"logGroupName": self.group, "startTime": instant, "endTime": instant + 1}
        with translated(f"read log group {self.group}"):
            for stream in self._streams_of(instant):
                token: dict[str, Any] = {"startFromHead": True}
                while True:
                    page = client.get_log_events(**where, logStreamName=stream, **token)
                    for event in page["events"]:
                        yield {**event, "logStreamName": stream}
                    if not page["events"] or page["nextForwardToken"] == token.get("nextToken"):
                        break
                    token = {"startFromHead": True, "nextToken": page["nextForwardToken"]}

    def _streams_of(self, instant: int) -> Iterator[str]:
        pages = self._aws.client("logs").get_paginator("describe_log_streams")
        for page in pages.paginate(logGroupName=self.group, orderBy="LastEventTime", descending=True):
            for stream in page["logStreams"]:
                if stream.get("lastEventTimestamp", instant) < instant:
                    return
                if stream.get("firstEventTimestamp", instant) <= instant:
                    yield stream["logStreamName"]


def has_one(message: str, needles: Sequence[str]) -> bool:
    """Whether a message contains one of the needles."""
    for needle in needles:  # noqa: SIM110 - a generator takes three times as long, and there are many lines
        if needle in message:
            return True
    return False


def is_of_another(stream: str, function: str) -> bool:
    """Whether a log stream belongs to another function that shares the log group.

    The streams are then named YYYY/MM/DD/FUNCTION[VERSION]ID (Lambda's developer guide on log groups); in a
    function's own log group, the function's name is left out.
    """
    owner = stream.rpartition("/")[2].partition("[")[0]
    return bool(owner) and "[" in stream and owner != function


def pattern_of(needles: Sequence[str], *, is_aws: bool) -> str | None:
    """A filter pattern that every message with one of the needles matches; None if no pattern is certain to.

    CloudWatch accepts quoted phrases, but its documentation does not say how to quote quotes and backslashes. An
    emulator may split phrases at spaces, so it is only sent a single plain word. Every line is checked again by the
    reader; without a pattern there are only more lines to read.
    """
    if not needles or not all(_PLAIN.fullmatch(needle) and needle == needle.strip() for needle in needles):
        return None
    if not is_aws and (len(needles) > 1 or " " in needles[0]):
        return None
    phrases = [f'"{needle}"' for needle in needles]
    pattern = phrases[0] if len(phrases) == 1 else " ".join(f"?{phrase}" for phrase in phrases)
    return pattern if len(pattern) <= _LONGEST_PATTERN else None
