"""The log of the past, read once in the order of time: receipts joined with the ends of their attempts.

Memory holds what is open: the receipts of invocations that have not ended yet, and a little about each log stream.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING

from ddbinsert.core import receipt as receipts
from ddbinsert.core.arn import resource_name
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddbinsert.core.logs.ends import InvocationEnd
    from ddbinsert.core.logs.event import LogEvent

#: Log streams of which the last end is remembered.
_STREAMS = 1_000
#: Lines of one invocation that are kept until its end: a batch holds 10,000 records, each perhaps with two lines.
_LARGEST_BATCH = 20_000
#: So many invocations in a row that ended well and left no receipt are a time in which the log shows no work.
_SILENT = 3
#: Such times that are kept; later ones lengthen the last one.
_MOST = 1_000
#: Seconds of a bin in which it is noted that the log holds lines of invocations.
BIN = 300


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A line that says what the function did with a record.

    Attributes:
        at: Epoch seconds.
        ended_well: How its attempt ended; None if that is not on record.
        sequence: Empty if the line does not say.
    """

    event_id: str
    sequence: str
    decision: str
    at: float
    request: str
    stream: str = ""
    ended_well: bool | None = None


def line_of(event: LogEvent, function: str) -> Line | None:
    """The receipt in a log line; None if there is none, or it is another function's."""
    found = receipts.parse(event.message)
    if found is None or not found.get("eventID"):
        return None
    by = found.get("function")
    if by and resource_name(str(by)) != function:
        return None
    return Line(
        event_id=str(found["eventID"]),
        sequence=str(found.get("seq") or ""),
        decision=str(found["decision"]),
        at=event.timestamp / 1000,
        request=str(found.get("request") or ""),
        stream=event.stream,
    )


class PastLines:
    """Lines and ends as they come; lines go out with the end of their attempt.

    Args:
        awaits_ends: The log holds a line for the end of each invocation.

    Attributes:
        lines: Lines so far. ends: Ends so far. last_failure: When an attempt last failed, epoch seconds.
        bins: Bins of ``BIN`` seconds in which there is a line or an end.
        silent: Times (from, until) in which invocations ended well and left no line at all, one after the other.
    """

    def __init__(self, *, awaits_ends: bool) -> None:
        self._awaits_ends = awaits_ends
        self._open: dict[str, list[Line]] = {}
        self._last: OrderedDict[str, InvocationEnd] = OrderedDict()
        self.lines = self.ends = self.failures = 0
        self.last_failure: float | None = None
        self.errors: OrderedDict[str, int] = OrderedDict()
        self.bins: set[int] = set()
        self.silent: list[tuple[float, float]] = []
        self._run: tuple[int, float, float] = (0, 0.0, 0.0)

    def took(self, line: Line) -> Iterator[Line]:
        """Take a line; those whose end is known."""
        self.lines += 1
        self.bins.add(int(line.at // BIN))
        last = self._last.get(line.stream)
        if last is not None and line.request and last.request == line.request and line.at <= last.at:
            # Of the same millisecond as the end, and read after it.
            yield replace(line, ended_well=last.ok)
        elif self._awaits_ends:
            waiting = self._open.setdefault(line.stream, [])
            waiting.append(line)
            if len(waiting) > _LARGEST_BATCH:  # no end shows: a log without Lambda's own lines
                self._open[line.stream] = []
                yield from waiting
        else:
            yield line

    def ended(self, end: InvocationEnd) -> Iterator[Line]:
        """Take the end of an attempt; its lines."""
        self.ends += 1
        self.bins.add(int(end.at // BIN))
        if not end.ok:
            self.failures += 1
            self.last_failure = max(self.last_failure or 0.0, end.at)
            self.errors[end.error] = self.errors.get(end.error, 0) + 1
            while len(self.errors) > _SILENT * 2:
                self.errors.popitem(last=False)
        self._last[end.stream] = end
        self._last.move_to_end(end.stream)
        while len(self._last) > _STREAMS:
            self._last.popitem(last=False)
        mine = self._open.pop(end.stream, [])
        self._count_silent(end, spoke=bool(mine))
        for line in mine:
            yield replace(line, ended_well=end.ok)

    def rest(self) -> Iterator[Line]:
        """The lines whose attempt has no end on record; call it at the end of the log."""
        self._close_run()
        for lines in self._open.values():
            yield from lines
        self._open = {}

    def _count_silent(self, end: InvocationEnd, *, spoke: bool) -> None:
        if spoke:
            self._close_run()
        elif end.ok:
            count, since, _ = self._run
            began = end.at - (end.seconds or 0.0)
            self._run = (count + 1, since if count else began, end.at)

    def _close_run(self) -> None:
        count, since, until = self._run
        self._run = (0, 0.0, 0.0)
        if count < _SILENT:
            return
        if len(self.silent) >= _MOST:
            self.silent[-1] = (self.silent[-1][0], until)
        else:
            self.silent.append((since, until))
