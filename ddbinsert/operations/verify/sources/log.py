"""The function's log as a source of a run: receipts, lines that show a key, and ends of invocations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.aws.read.logs import LogReader, has_one, is_of_another
from ddbinsert.core.logs.ends import EMULATOR_NEEDLE, NEEDLES, EndReader

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ddbinsert.aws.context import Context
    from ddbinsert.aws.read.queried_log import QueriedLog
    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.logs.ends import InvocationEnd
    from ddbinsert.core.logs.event import LogEvent


class LogSource:
    """Reads one function's log repeatedly, and returns every line once.

    Args:
        function: Lines of other functions that share the log group are left out.
        since: Epoch seconds.
        needles: Plain texts; only lines with one of them are relevant.
        overlap: Seconds that each read goes back, for late lines.
        everything: Return every line of the handler.
        by_query: Search lines older than some minutes with CloudWatch Logs Insights; the log is then read once.
    """

    def __init__(
        self,
        aws: Aws,
        group: str,
        function: str,
        *,
        since: float,
        needles: Sequence[str],
        overlap: float = 60.0,
        everything: bool = False,
        by_query: Context | None = None,
    ) -> None:
        self._everything = everything
        wanted = [*needles, *NEEDLES, *([] if aws.is_aws else [EMULATOR_NEEDLE])]
        sought = None if everything else wanted
        self._reader: LogReader | QueriedLog
        if by_query is None:
            self._reader = LogReader(aws, group, since=since, needle=sought, overlap=overlap)
        else:
            from ddbinsert.aws.read.queried_log import QueriedLog

            self._reader = QueriedLog(
                aws,
                group,
                since=since,
                needles=sought,
                overlap=overlap,
                clock=by_query.clock,
                progress=by_query.reporter.waiting,
            )
        self._needles = tuple(needles)
        self._function = function
        self._ends = EndReader()

    @property
    def complete(self) -> bool:
        """Whether the last read reached the end of the log."""
        return self._reader.complete

    @property
    def group_missing(self) -> bool:
        return self._reader.group_missing

    def poll(self) -> Iterator[LogEvent | InvocationEnd]:
        """New handler lines and invocation ends since the last poll.

        Raises:
            AwsError: The log cannot be read, or there was no response three times in a row.
        """
        yield from self._understood(self._reader.poll(), self._ends)

    def sweep(self) -> Iterator[LogEvent | InvocationEnd]:
        """Everything since the start again, for lines that appeared later than the reads go back.

        Lines that were returned before may be returned again.

        Raises:
            AwsError: Like poll.
        """
        yield from self._understood(self._reader.sweep(), EndReader())

    def _understood(self, events: Iterator[LogEvent], ends: EndReader) -> Iterator[LogEvent | InvocationEnd]:
        stream, is_foreign = "", False
        for event in events:
            if event.stream != stream:
                stream, is_foreign = event.stream, is_of_another(event.stream, self._function)
            if is_foreign:
                continue
            heard = ends.feed(event.stream, event.timestamp / 1000, event.message)
            if heard.end is not None:
                yield heard.end
            elif not heard.by_runtime and (self._everything or has_one(event.message, self._needles)):
                yield event
