"""Progress reports of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.core.times import format_duration

if TYPE_CHECKING:
    from ddbinsert.core.proof.script import Script
    from ddbinsert.core.proof.tally import Tally
    from ddbinsert.core.trigger.reporter import Reporter
    from ddbinsert.operations.verify.sources.log import LogSource
    from ddbinsert.operations.verify.writing import Writing


class Progress:
    """Reports the progress of a run."""

    def __init__(
        self,
        reporter: Reporter,
        *,
        script: Script,
        tally: Tally,
        writing: Writing,
        log: LogSource,
        group: str,
    ) -> None:
        self._reporter = reporter
        self._script = script
        self._tally = tally
        self._writing = writing
        self._log = log
        self._group = group

    @property
    def counters(self) -> tuple[int, int, int]:
        """A value that changes whenever something was written or observed."""
        tally = self._tally
        written = sum(len(lane.written) for lane in tally.lanes) + tally.bulk_written
        return tally.receipts.total() + tally.lines, written, tally.attempts.count

    def report(self, elapsed: float, *, written: bool) -> None:
        """Report what the run is waiting for.

        Args:
            elapsed: Seconds since the start.
            written: All writes are completed.
        """
        self._reporter.waiting(self._what(written=written), elapsed, self._detail(elapsed))

    def report_stragglers(self, elapsed: float) -> None:
        self._reporter.waiting("late log lines", elapsed)

    def _what(self, *, written: bool) -> str:
        if self._log.group_missing:
            return f"the first log line in {self._group}"
        return "inserts to be processed" if written else "the writes"

    def _detail(self, elapsed: float) -> str:
        processed = f"{self._tally.processed_inserts:,} of {self._tally.expected_inserts:,} processed"
        written = self._tally.bulk_written
        if not self._script.bulk or written >= self._script.bulk:
            return processed
        rate = written / elapsed if elapsed > 0 else 0.0
        left = self._writing.seconds_left(elapsed) if rate else 0.0
        return f"{written:,} written ({rate:,.0f}/s, {format_duration(left)} left), {processed}"
