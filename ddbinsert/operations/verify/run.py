"""One run: write, read every source until everything expected was seen or can no longer arrive, and settle.

``Writing``, the sources, ``Progress`` and ``Cleanup`` write, read, report progress and clean up; the loop here only
decides when to read again, and when to stop.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from ddbinsert.aws.wait import pauses
from ddbinsert.aws.write.probe import ProbeTable
from ddbinsert.core.items.run_key import needles, needles_of_first
from ddbinsert.core.logs.ends import InvocationEnd
from ddbinsert.core.model.record import EventName
from ddbinsert.operations.verify.cleanup import Cleanup
from ddbinsert.operations.verify.clock import not_before
from ddbinsert.operations.verify.progress import Progress
from ddbinsert.operations.verify.sources.insights import InsightsSource
from ddbinsert.operations.verify.sources.log import LogSource
from ddbinsert.operations.verify.sources.sink import SinkSource
from ddbinsert.operations.verify.sources.stream import StreamSource
from ddbinsert.operations.verify.writing import Writing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddbinsert.core.logs.event import LogEvent
    from ddbinsert.core.proof.probe_item import Sample
    from ddbinsert.core.proof.script import Script
    from ddbinsert.core.proof.tally import Tally
    from ddbinsert.operations.verify.context import VerifyContext, VerifyOptions
    from ddbinsert.operations.verify.subject import Subject

#: Seconds before the start from which log lines are read: the clocks of AWS hosts differ a little.
_SKEW = 60.0
#: Late lines are waited for as long as this run's latest line was late, times this factor.
_SETTLE_FACTOR = 3.0
_LONGEST_SETTLE = 15.0
#: Seconds. During a wait of at most this length the cleanup starts already.
_SHORT_SETTLE = 1.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.01, 1.0
_REPORTED_EVERY = 1.0
#: With more outstanding items than this, reads are made less often, as each reads recent lines again.
_BULKY = 2_000
_BULK_PAUSE, _BULK_PAUSE_HERE, _SHORT_PAUSE = 0.5, 1.0, 0.1
#: Seconds that each read goes back; fewer with many items, as these lines are held in memory. Later lines are found
#: by the last read, which covers everything.
_OVERLAP, _BULK_OVERLAP_ON_AWS, _BULK_OVERLAP = 60.0, 15.0, 3.0
#: The embedded emulator gives a line the time at which it shows it.
_BULK_OVERLAP_HERE = 1.0


class Watch:
    """Writes a script and watches what becomes of it.

    Attributes:
        started: Epoch seconds by AWS's clock.
        waited: Seconds from the last write to the end of the reads.
        timed_out: The time expired before everything expected was seen.
        hopeless: The reads ended early, as the run can no longer become a PASS.
    """

    def __init__(
        self,
        *,
        context: VerifyContext,
        subject: Subject,
        script: Script,
        sample: Sample,
        tally: Tally,
        options: VerifyOptions,
    ) -> None:
        aws, clock = context.aws, context.clock
        self.tally = tally
        self.waited = 0.0
        self.timed_out = False
        self.hopeless = False
        self.started = clock.now()
        self._looked_at = 0.0
        self._aws = aws
        self._script = script
        self._subject = subject
        self._options = options
        self._clock = clock
        self._timeout = context.timeout
        self.probe = ProbeTable(
            aws=aws,
            table=subject.table.name,
            key=subject.table.key,
            run_id=script.run_id,
            sample=sample,
            clock=clock,
            ttl_attribute=options.ttl_attribute,
        )
        self.writing = Writing(aws, clock, script=script, probe=self.probe, tally=tally, rate=options.rate)
        self.cleanup = Cleanup(
            aws, clock, context.reporter, probe=self.probe, lanes=len(script.lanes), writing=self.writing
        )
        self.stream = StreamSource(aws, clock, subject, tally)
        self.sink = SinkSource(aws, clock, subject, tally)
        tally.bulk.keeps_ids = self.sink.is_there
        self._insights: InsightsSource | None = None
        if options.via_insights and script.bulk:
            self._insights = InsightsSource(context, subject, tally, since=self.started - _SKEW)
        self._progress = Progress(
            context.reporter,
            script=script,
            tally=tally,
            writing=self.writing,
            log=self.log,
            group=subject.log_group,
        )

    @cached_property
    def log(self) -> LogSource:
        key, run_id = self._subject.table.key, self._script.run_id
        return LogSource(
            self._aws,
            self._subject.log_group,
            self._subject.function.name,
            since=self.started - _SKEW,
            needles=needles_of_first(key, run_id) if self._insights else needles(key, run_id),
            overlap=self._overlap,
        )

    @property
    def _overlap(self) -> float:
        if self._script.bulk <= _BULKY:
            return _OVERLAP
        if self._aws.connection.is_local:
            return _BULK_OVERLAP_HERE
        return _BULK_OVERLAP_ON_AWS if self._aws.is_aws else _BULK_OVERLAP

    def run(self) -> None:
        """Write and watch until everything has arrived, the result can no longer change, or the time expired.

        Raises:
            AwsError: A write, or every read of the log, was refused.
        """
        self.stream.open()
        self.writing.begin()
        written_at: float | None = None
        began = self._clock.monotonic()
        progress = self._progress.counters
        steps = self._pauses()
        try:
            self._await_writes(began)
            while True:
                if written_at is None and self.writing.is_done():
                    written_at = self._clock.monotonic()
                self._read_sources()
                if self._insights and written_at is not None:
                    self._insights.poll()
                now = self._clock.monotonic()
                if written_at is not None:
                    self.waited = now - written_at
                    if self._is_over():
                        return
                if (made := self._progress.counters) != progress:
                    progress, steps = made, self._pauses()
                self._progress.report(now - began, written=written_at is not None)
                pause = next(steps)
                if written_at is None:  # not much longer than the writers need
                    pause = min(pause, max(_SHORT_PAUSE, self.writing.seconds_left(now - began)))
                self._clock.sleep(pause)
        finally:
            self.writing.join()

    def _await_writes(self, began: float) -> None:
        """Wait for the writes of a few items: they take no longer than a few reads, which would show little."""
        while not self._script.bulk and not self.writing.wait(_REPORTED_EVERY):
            self._progress.report(self._clock.monotonic() - began, written=False)

    def _is_over(self) -> bool:
        """Whether to stop reading, after all writes; waits for late lines before."""
        if self._is_done() or self._can_not_pass():
            self.hopeless = not self._is_done()
            self._look_ahead()
            self._settle()
            # A late line may change the final state of a record.
            if self.hopeless or self._is_done() or self.waited >= self._timeout:
                self.timed_out = not (self.hopeless or self._is_done())
                return True
            return False
        if self.waited >= self._timeout:
            self.timed_out = True
            self._settle()
            self._read_whole_log()
            return True
        return False

    def _can_not_pass(self) -> bool:
        """Whether the result is already a FAIL: a MODIFY or REMOVE was delivered."""
        if self._options.allow_guarded or self._options.by_lines:
            return False
        # Wait for the stream's event name of each record: a handler may log a wrong one.
        return self._has_stream and any(
            lane.name_of(one) != EventName.INSERT for lane in self.tally.lanes for one in lane.receipts
        )

    def _pauses(self) -> Iterator[float]:
        """Pauses between reads: short for a few items, longer while each read returns thousands."""
        if not self._is_bulky:
            return pauses(_FIRST_PAUSE, _LONGEST_PAUSE)
        # The embedded emulator scans all of its log at every read, and does nothing else meanwhile.
        return pauses(_BULK_PAUSE_HERE if self._aws.connection.is_local else _BULK_PAUSE, _LONGEST_PAUSE)

    @property
    def _is_bulky(self) -> bool:
        return self._script.bulk - self.tally.bulk.processed.count > _BULKY

    # --- reading ----------------------------------------------------------------------------------------

    def _read_sources(self) -> None:
        if not self.stream.wanted:
            self._read_log()
            return
        self._aws.side_by_side(self._read_log, self.stream.poll)

    def _read_log(self) -> None:
        # Lines in a response existed when it was requested, so the transfer is not part of the log's delay. Nor is the time
        # between two reads: if the endpoint shows lines at once, only a line that a read did not return counts as late.
        asked = self._clock.now()
        for one in self.log.poll():
            self._add_event(one, asked=asked)
        self._looked_at = asked

    def _add_event(
        self, one: LogEvent | InvocationEnd, *, asked: float | None = None, swept: bool = False
    ) -> None:
        if isinstance(one, InvocationEnd):
            if one.at >= not_before(self._clock, self.started):
                self.tally.add_end(one)
            return
        at = one.timestamp / 1000
        late = self._aws.is_aws or self._looked_at > at
        self.tally.add_log_line(one.message, at, asked if late else None, swept=swept, stream=one.stream)

    def _read_whole_log(self) -> None:
        """Read the whole log again before anything counts as missing, for lines later than the reads go back."""
        for one in self.log.sweep():
            self._add_event(one, swept=True)
        if self._insights:
            self._insights.query_incomplete_bins()

    def _is_done(self) -> bool:
        if self.by_lines:
            return self.tally.is_seen_in_lines and self._has_stream
        return self.tally.is_complete and self._has_stream

    @property
    def by_lines(self) -> bool:
        """Whether log lines are judged: if the function writes receipts, those are used instead."""
        return self._options.by_lines and not self.tally.receipts.total()

    @property
    def _has_stream(self) -> bool:
        return not self.stream.awaited

    @property
    def _settling(self) -> float:
        """Seconds to wait for late lines: lines of other log streams may appear later than those of the fences."""
        if self._aws.connection.is_local:
            return (
                0.0  # the emulator shows an invocation's lines before the next invocation of the same shard
            )
        return min(_LONGEST_SETTLE, _SETTLE_FACTOR * max(0.0, self.tally.log_lag))

    def _look_ahead(self) -> None:
        """If the wait for late lines is short, start the cleanup: every record was already processed."""
        if self.needs_no_explanation and not self._options.keep and self._settling <= _SHORT_SETTLE:
            self.cleanup.begin()

    def _settle(self) -> None:
        """Wait for late lines."""
        looked = False
        pause = self._settling
        until = self._clock.monotonic() + pause
        while (left := until - self._clock.monotonic()) > 0:
            self._progress.report_stragglers(pause - left)
            self._clock.sleep(min(left, 0.5))
            self._read_log()
            looked = True
        if not looked:
            self._read_log()
        self._read_to_the_end()

    def _read_to_the_end(self) -> None:
        """Continue a read that CloudWatch throttled: it may have missed the line of an unwanted record."""
        until = self._clock.monotonic() + max(0.0, self._timeout - self.waited)
        steps = pauses(_FIRST_PAUSE, _LONGEST_PAUSE)
        while not self.log.complete and self._clock.monotonic() < until:
            self._clock.sleep(next(steps))
            self._read_log()

    @property
    def needs_no_explanation(self) -> bool:
        """Whether nothing seen so far needs an explanation."""
        inserts = f" {EventName.INSERT}"
        return (
            not self.timed_out
            and not self.hopeless
            and not self._script.bulk
            and self.tally.is_complete
            and not self.tally.attempts.failures
            and all(name.endswith(inserts) for name in self.tally.receipts)
        )
