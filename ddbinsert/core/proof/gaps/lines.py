"""Reads a past log once, in order of time, and joins receipts with the ends of their attempts.

Only open items are kept in memory: receipts of invocations that have not ended, and a little about each log stream.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from ddbinsert.core import receipt as receipts
from ddbinsert.core.arn import resource_name
from ddbinsert.core.proof.target import is_to
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddbinsert.core.logs.ends import InvocationEnd
    from ddbinsert.core.logs.event import LogEvent

#: Number of log streams whose last end is kept.
_STREAMS = 1_000
#: Number of lines of one invocation that are kept until its end: a batch has up to 10,000 records, each with
#: up to two lines.
_LARGEST_BATCH = 20_000
#: Number of consecutive successful invocations without a receipt that make a period in which the log shows no work.
_SILENT = 3
#: Number of such periods that are kept; later ones extend the last one.
_MOST = 1_000
#: Length in seconds of the bins that record whether the log contains lines of invocations.
BIN = 300


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A log line that reports a decision about a record.

    Attributes:
        at: Epoch seconds.
        ended_well: Whether its attempt ended without an error; None if the end is not known.
        sequence: The sequence number; empty if the line has none.
    """

    event_id: str
    sequence: str
    decision: str
    at: float
    request: str
    stream: str = ""
    ended_well: bool | None = None


def line_of(event: LogEvent, function: str, qualifiers: frozenset[str] = frozenset()) -> Line | None:
    """The receipt in a log line; None if there is none, or if another function wrote it.

    Args:
        qualifiers: Names of the only alias or version whose receipts count; empty if all do.
    """
    found = receipts.parse(event.message)
    if found is None or not found.get("eventID"):
        return None
    by = found.get("function")
    if by and (
        resource_name(str(by)) != function
        or (qualifiers and not any(is_to(str(by), one) for one in qualifiers))
    ):
        return None
    return Line(
        event_id=str(found["eventID"]),
        sequence=str(found.get("seq") or ""),
        decision=str(found["decision"]),
        at=event.timestamp / 1000,
        request=str(found.get("request") or ""),
        stream=event.stream,
    )


def _ended(line: Line, *, well: bool) -> Line:
    """The same line with the end of its attempt; ``dataclasses.replace`` takes three times as long."""
    return Line(
        event_id=line.event_id,
        sequence=line.sequence,
        decision=line.decision,
        at=line.at,
        request=line.request,
        stream=line.stream,
        ended_well=well,
    )


class PastLines:
    """Takes lines and ends in log order, and returns lines together with the end of their attempt.

    Args:
        awaits_ends: The log contains a line for the end of each invocation.

    Attributes:
        lines: Number of lines so far.
        ends: Number of ends so far.
        last_failure: Epoch seconds of the last failed attempt.
        bins: Bins of ``BIN`` seconds with a line or an end.
        silent: Periods (from, until) of consecutive invocations that succeeded without any line.
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

    def add_line(self, line: Line) -> Iterator[Line]:
        """Add a line, and return the lines whose end is known."""
        self.lines += 1
        self.bins.add(int(line.at // BIN))
        last = self._last.get(line.stream)
        if last is not None and line.request and last.request == line.request and line.at <= last.at:
            # The line has the same millisecond as the end and is read after it.
            yield _ended(line, well=last.ok)
        elif self._awaits_ends:
            waiting = self._open.setdefault(line.stream, [])
            waiting.append(line)
            if len(waiting) > _LARGEST_BATCH:  # no ends in the log: Lambda's own lines are off
                self._open[line.stream] = []
                yield from waiting
        else:
            yield line

    def add_end(self, end: InvocationEnd) -> Iterator[Line]:
        """Add the end of an attempt, and return its lines."""
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
            yield _ended(line, well=end.ok)

    def unended_lines(self) -> Iterator[Line]:
        """The lines whose attempt's end is not in the log; call it at the end of the log."""
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
