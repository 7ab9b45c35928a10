"""A log group read by CloudWatch Logs Insights, for log groups in which few of many lines are needed.

Insights searches on the server and returns at most 10,000 rows, so a period with more rows is queried in parts. The
last minutes of a log may not be indexed yet: they are read without Insights, like a second with more lines than an
answer can hold.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from ddbinsert.aws.errors import is_not_found, translated
from ddbinsert.aws.read.insights import query
from ddbinsert.aws.read.logs import LogReader
from ddbinsert.core.logs.event import LogEvent
from ddbinsert.core.logs.insights import ROWS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.clock import Clock

#: Seconds before now that Insights may not have indexed yet, on AWS and on other endpoints.
_NEW, _NEW_ELSEWHERE = 600, 0
#: Seconds that the first query covers; a log of a day takes about ten queries.
_WINDOW: Final = 7_200
#: Text of the line that ends an invocation; it is sorted last among lines of the same millisecond.
_ENDS: Final = ("REPORT RequestId:", "platform.report")


class QueriedLog:
    """Reads a log group once, in the order of time.

    Args:
        since: Epoch seconds.
        needles: Plain texts, one of which each line must contain; None for every line.
        overlap: See ``LogReader``, which reads the last minutes.

    Attributes:
        complete: Whether it was read to its end.
        group_missing: Whether the log group does not exist.
    """

    def __init__(
        self,
        aws: Aws,
        group: str,
        *,
        since: float,
        needles: Sequence[str] | None,
        overlap: float,
        clock: Clock,
        progress: Callable[[str, float, str], None] | None = None,
    ) -> None:
        self._aws = aws
        self._group = group
        self._needles = tuple(needles or ())
        self._clock = clock
        self._progress = progress
        self._at = int(since)
        # A whole second, because Insights is queried for whole seconds.
        self._until = max(self._at, int(clock.now()) - (_NEW if aws.is_aws else _NEW_ELSEWHERE))
        self._window = _WINDOW
        self._rest = LogReader(aws, group, since=self._until, needle=needles, overlap=overlap)
        self.group_missing = False

    @property
    def complete(self) -> bool:
        """Whether it was read to its end."""
        return self.group_missing or (self._at >= self._until and self._rest.complete)

    def poll(self) -> Iterator[LogEvent]:
        """The lines that were not returned yet, oldest first.

        Raises:
            AwsError: The group may not be queried or read.
        """
        while self._at < self._until:
            since, end = self._at, min(self._at + self._window, self._until)
            rows = self._rows(since, end)
            if self.group_missing:
                return
            if len(rows) < ROWS:
                self._at = end
                self._window = min(_WINDOW, self._window * 2)
                yield from sorted(self._events(rows, since, end), key=_order)
            elif end - since > 1:
                self._window = (end - since) // 2
            else:
                self._at = end
                yield from self._second(since)
        yield from self._rest.poll()
        self.group_missing = self._rest.group_missing

    def sweep(self) -> Iterator[LogEvent]:
        """Return nothing: every line was returned once."""
        yield from ()

    def _rows(self, since: int, until: int) -> list[dict[str, str]]:
        """The rows of the seconds from ``since`` to before ``until``."""
        wanted = "|".join(re.escape(needle).replace("/", r"\/") for needle in self._needles)
        text = "fields @timestamp, @logStream, @message"
        text += f"\n| filter @message like /{wanted}/" if wanted else ""
        try:
            return query(
                self._aws,
                self._group,
                f"{text}\n| sort @timestamp asc\n| limit {ROWS}",
                since=since,
                until_time=until - 1,
                clock=self._clock,
                progress=self._progress,
            )
        except Exception as error:
            if not is_not_found(error.__cause__ or error):
                raise
            self.group_missing = True
            return []

    def _events(self, rows: list[dict[str, str]], since: int, until: int) -> Iterator[LogEvent]:
        """The rows as lines; Insights includes both end seconds."""
        for row in rows:
            event = _event(row)
            if since * 1000 <= event.timestamp < until * 1000:
                yield event

    def _second(self, at: int) -> Iterator[LogEvent]:
        """Every line of one second, page by page."""
        request: dict[str, Any] = {
            "logGroupName": self._group,
            "startTime": at * 1000,
            "endTime": at * 1000 + 999,
        }
        with translated(f"read log group {self._group}"):
            while True:
                page = self._aws.client("logs").filter_log_events(**request)
                for one in page["events"]:
                    message = one.get("message", "").rstrip("\r\n")
                    if not self._needles or any(needle in message for needle in self._needles):
                        yield LogEvent(
                            timestamp=int(one["timestamp"]), stream=one["logStreamName"], message=message
                        )
                if not page.get("nextToken"):
                    return
                request["nextToken"] = page["nextToken"]


def _event(row: dict[str, str]) -> LogEvent:
    at = datetime.fromisoformat(row["@timestamp"]).replace(tzinfo=UTC)
    return LogEvent(
        timestamp=round(at.timestamp() * 1000),
        stream=row.get("@logStream", ""),
        message=row.get("@message", "").rstrip("\r\n"),
    )


def _order(event: LogEvent) -> tuple[int, bool]:
    """Sort by time, with an invocation's end after its other lines of the same millisecond."""
    return event.timestamp, any(event.message.startswith(end) or end in event.message[:200] for end in _ENDS)
