"""A log group, read again and again: every line once, in memory that doesn't grow with the log.

CloudWatch Logs shows events late (2 s mostly, minutes at times), and log streams overtake one another. So each
look goes back behind the newest event and leaves out what was given before, by eventId. Where an endpoint
gives no ids (the embedded emulator), an event is known by its stream, timestamp, message, and how many equal
ones stood before it.

An answer may be empty and still have a next page; and the emulator cuts an answer at 10,000 events without
saying so: a page that full and without a token is followed from its last timestamp on.
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

#: Events asked for at once where pages come without tokens (AWS gives at most 10,000, or 1 MB, with one): the
#: whole page is held in memory.
_FULL_PAGE = 2_500
#: Every look goes back over at least so many known events, or the whole overlap.
_SHORT_LOOK = 1_000
#: So many looks in a row may fail for other passing reasons than throttling before the failure is raised.
_PATIENCE = 3
#: CloudWatch's limit on a filter pattern.
_LONGEST_PATTERN = 1024
# Printable ASCII without quote and backslash: what is taken literally between quotes.
_PLAIN = re.compile(r"[ !#-\[\]-~]+")


class LogReader:
    """Reads a log group again and again. Not for several threads at once.

    Args:
        since: Epoch seconds; nothing older is given.
        needle: Plain text (or several, of which one is enough) that must stand in the message.
        overlap: Seconds that looks go back behind the newest event, for events that show late. Later ones
            are found by ``sweep`` alone. Where the overlap holds more than 1,000 events, not every look goes
            back over it whole: every second one over 2,000, every fourth over 4,000, and so on, and further
            each time while nothing new comes. It is read whole at the latest when the log has moved on by a quarter
            of it: an event that shows up within three quarters of the overlap is found at any rate of events.

    Attributes:
        group_missing: The last look found no such log group, which is no error: Lambda may yet make it.
        throttled: How many looks CloudWatch broke off by throttling (beyond botocore's own retries). The next
            poll goes on where that one ended: sleep before it.
        complete: The last look was read to its end.
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
        """What is new since the last poll, each event once, oldest first.

        Holds one page at a time. A poll that isn't read to its end is gone on with by the next one.

        Raises:
            AwsError: Not allowed, no credentials, or nothing has answered three times in a row.
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
        """Everything since ``since``, for events that showed later than the overlap.

        What was given within the overlap is left out; older events are given AGAIN, as no trace of them is
        kept: the caller must know its own. Broken off by throttling it ends early: see ``complete``.

        Raises:
            AwsError: Like poll.
        """
        yield from self._new_in(Look(start=self._since))

    def _next_look(self) -> Look:
        self._looks += 1
        start = max(self._since, self._horizon)
        self._known.forget_before(start)
        # Powers of two, as on a ruler: 1, 2, 1, 4, 1, 2, 1, 8, … So an event that shows a little late is
        # found soon, one that is later is found later, and no look costs much more than a page on average.
        # Where nothing new comes, there is time to look ever further back.
        reach = _SHORT_LOOK * max(self._looks & -self._looks, 1 << self._idle)
        near = self._known.start_of_last(reach)
        if self._newest - self._whole_at >= self._overlap // 4:
            near = start
        return Look(start=max(start, near), whole=near <= start)

    @property
    def _horizon(self) -> int:
        """Epoch milliseconds before which polls don't look any more."""
        return self._newest - self._overlap

    def _new_in(self, look: Look) -> Iterator[LogEvent]:
        self.complete = False
        while (page := self._ask(look)) is not None:
            look.begin_page()
            yield from self._fresh(look, page["events"])
            if not self._turn(look, page):
                self.complete = True
                return
            if look.instant is not None:
                self._know_without_ids(look, page["events"])
                look.count_anew()
                yield from self._fresh(look, self._events_of(look.instant))
                look.restart(look.instant + 1)

    def _fresh(self, look: Look, events: Any) -> Iterator[LogEvent]:
        """Those events that were not given before; what is yielded counts as given."""
        needles = self._needles
        for raw in events:
            message = raw.get("message", "").rstrip("\r\n")
            if needles and not any(needle in message for needle in needles):
                continue
            timestamp = int(raw["timestamp"])  # moto answers with fractions
            event = LogEvent(
                timestamp=timestamp,
                stream=raw["logStreamName"],
                message=message,
                event_id=raw.get("eventId"),
                ingested=int(raw["ingestionTime"]) if "ingestionTime" in raw else None,
            )
            # An event may bear a time to come; how far the log has come shows when it was taken in.
            self._newest = max(self._newest, min(timestamp, event.ingested or timestamp))
            if self._known.add(timestamp, look.identity(event)):
                if self._aws.listener is not None:
                    self._aws.listener.line(self.group, event)
                yield event

    def _know_without_ids(self, look: Look, events: Any) -> None:
        """GetLogEvents gives no ids, even where FilterLogEvents does."""
        look.count_anew()
        for raw in events:
            message = raw.get("message", "").rstrip("\r\n")
            timestamp = int(raw["timestamp"])
            self._known.add(timestamp, look.count(timestamp, raw["logStreamName"], message))

    def _turn(self, look: Look, page: Any) -> bool:
        """Set the look to its next page; False where there is none."""
        self._known.forget_before(self._horizon)  # not before: a page may have to be read for a second time
        events = page["events"]
        look.token = page.get("nextToken")
        if look.token is not None:
            return True
        if self._aws.is_aws or len(events) < _FULL_PAGE:
            return False  # AWS always gives a token where there may be more
        last = int(events[-1]["timestamp"])
        if last > look.start:
            look.restart(last)
        else:
            look.instant = last  # more in one millisecond than fit into an answer
        return True

    def _ask(self, look: Look) -> Any:
        """The look's next page; None where the group is missing, or the look has to be gone on with later."""
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
            if not self._bears(error.__cause__ or error, look):
                raise
            return None
        self.group_missing = False
        self._failures = 0
        return page

    def _bears(self, error: BaseException, look: Look) -> bool:
        """Whether the next poll may simply go on."""
        if is_not_found(error):
            self.group_missing = self.complete = True
            return True
        if is_throttle(error):
            self.throttled += 1
        elif look.token is not None and code_of(error) == "InvalidParameterException":
            look.restart(
                max(look.start, self._horizon)
            )  # a token lives a day, and not every endpoint's so long
        elif is_passing(error) and self._failures + 1 < _PATIENCE:
            self._failures += 1
        else:
            return False
        return True

    def _events_of(self, instant: int) -> Iterator[Any]:
        """Every event of one millisecond, log stream by log stream."""
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


def is_of_another(stream: str, function: str) -> bool:
    """Whether a log stream is another function's, where several share a log group.

    Their streams are called YYYY/MM/DD/FUNCTION[VERSION]ID (Lambda's developer guide on log groups); in a
    function's own group the name is left out.
    """
    owner = stream.rpartition("/")[2].partition("[")[0]
    return bool(owner) and "[" in stream and owner != function


def pattern_of(needles: Sequence[str], *, is_aws: bool) -> str | None:
    """A filter pattern that every message with one of the needles matches; None where none is sure to.

    CloudWatch takes quoted phrases, but its documentation is silent about quotes and backslashes in them. An
    emulator may split phrases at spaces, so only plain words go there, and only one. Everything is looked at
    again on our side anyway: without a pattern there is just more to read.
    """
    if not needles or not all(_PLAIN.fullmatch(needle) and needle == needle.strip() for needle in needles):
        return None
    if not is_aws and (len(needles) > 1 or " " in needles[0]):
        return None
    phrases = [f'"{needle}"' for needle in needles]
    pattern = phrases[0] if len(phrases) == 1 else " ".join(f"?{phrase}" for phrase in phrases)
    return pattern if len(pattern) <= _LONGEST_PATTERN else None
