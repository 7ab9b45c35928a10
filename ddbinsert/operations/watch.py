"""One run's writes and looks: lanes and bulk written side by side while stream and log are read."""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ddbinsert.aws.errors import PermissionDenied
from ddbinsert.aws.items import ItemWriter
from ddbinsert.aws.logs import LogReader, is_of_another
from ddbinsert.aws.probe_writes import ProbeTable
from ddbinsert.aws.wait import pauses
from ddbinsert.core.duration import words
from ddbinsert.core.model import EventName
from ddbinsert.core.probe import Method
from ddbinsert.core.probe_key import needles, needles_of_first
from ddbinsert.errors import AwsError, PrerequisiteError
from ddbinsert.operations.aggregate import Aggregate
from ddbinsert.operations.place import Place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future

    from ddbinsert.aws.streams import StreamReader
    from ddbinsert.core.probe import Lane, Script, Write
    from ddbinsert.core.probe_item import Sample
    from ddbinsert.core.tally import Tally
    from ddbinsert.operations.means import Means, Wishes
    from ddbinsert.operations.subject import Subject

#: AWS's clock and ours may differ by so many seconds; older lines of this run can't exist anyway.
_SKEW = 60.0
#: Stragglers are waited for as long as the latest of this run's lines took to show, times this.
_SETTLE_FACTOR = 3.0
_LONGEST_SETTLE = 15.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.01, 1.0
#: With more than so many items to come, every look costs: it goes over what it has seen lately, too.
_BULKY = 2_000
_BULK_PAUSE, _BULK_PAUSE_HERE, _SHORT_PAUSE = 0.5, 1.0, 0.1
#: Seconds that looks go back; with many items fewer, as all that lies in them is held in memory. What shows later
#: is found by the last look, over everything.
_OVERLAP, _BULK_OVERLAP_ON_AWS, _BULK_OVERLAP = 60.0, 15.0, 3.0


class Watch:
    """Writes a script and watches what becomes of it.

    Attributes:
        stream_problem: Why our own reading of the stream is not complete; empty where it is.
        left_out: (method, why) of lanes that could not be written.
        waited: Seconds from the last write to the end of the looks.
        timed_out: The time was up before everything expected had been seen.
    """

    def __init__(
        self,
        *,
        means: Means,
        subject: Subject,
        script: Script,
        sample: Sample,
        tally: Tally,
        wishes: Wishes,
    ) -> None:
        aws, clock = means.aws, means.clock
        self.tally = tally
        self.stream_problem = ""
        self.left_out: list[tuple[Method, str]] = []
        self.waited = 0.0
        self.timed_out = False
        self.started = clock.now()
        self.probe = ProbeTable(
            aws=aws,
            table=subject.table.name,
            key=subject.table.key,
            run_id=script.run_id,
            sample=sample,
            clock=clock,
            ttl_attribute=wishes.ttl_attribute,
        )
        self._aws = aws
        self._script = script
        self._subject = subject
        self._wishes = wishes
        self._clock = clock
        self._reporter = means.reporter
        self._timeout = means.timeout
        self._bulk = ItemWriter(aws, subject.table.name, clock, rate=wishes.rate)
        self._reader: StreamReader | None = None
        self._streamed = False
        self._removing: Future[None] | None = None
        self._aggregate: Aggregate | None = None
        if wishes.via_insights and script.bulk:
            self._aggregate = Aggregate(means, subject, tally, since=self.started - _SKEW)

    @cached_property
    def log(self) -> LogReader:
        key, run_id = self._subject.table.key, self._script.run_id
        return LogReader(
            self._aws,
            self._subject.log_group,
            since=self.started - _SKEW,
            needle=needles_of_first(key, run_id) if self._aggregate else needles(key, run_id),
            overlap=self._overlap,
        )

    @property
    def _overlap(self) -> float:
        if self._script.bulk <= _BULKY:
            return _OVERLAP
        return _BULK_OVERLAP_ON_AWS if self._aws.is_aws else _BULK_OVERLAP

    def run(self) -> None:
        """Write and watch until everything is there, or the time is up.

        Raises:
            AwsError: A write, or every look at the log, was refused.
        """
        self._open_stream()
        writers = [(lane, self._aws.start(self._maker(lane))) for lane in self._script.lanes]
        bulk = self._aws.start(self._write_bulk) if self._script.bulk else None
        written_at: float | None = None
        began = self._clock.monotonic()
        progress = (0, 0)
        steps = self._pauses()
        try:
            while True:
                if written_at is None and self._is_written(writers, bulk):
                    written_at = self._clock.monotonic()
                self._look()
                if self._aggregate and written_at is not None:
                    self._aggregate.look()
                now = self._clock.monotonic()
                if written_at is not None:
                    self.waited = now - written_at
                    if self._is_done():
                        self._settle()
                        return
                    if self.waited >= self._timeout:
                        self.timed_out = True
                        self._settle()
                        self._look_once_more()
                        return
                if (made := self._progress()) != progress:
                    progress, steps = made, self._pauses()
                self._reporter.waiting(self._what(written_at), now - began, self._detail(now - began))
                pause = next(steps)
                if written_at is None:  # hardly longer than the writers will need
                    pause = min(pause, max(_SHORT_PAUSE, self._seconds_left(now - began)))
                self._clock.sleep(pause)
        finally:
            self._join(writers, bulk)

    def _pauses(self) -> Iterator[float]:
        """Between looks: short ones for a few items, longer ones while thousands come in at every look."""
        if not self._is_bulky:
            return pauses(_FIRST_PAUSE, _LONGEST_PAUSE)
        # The embedded emulator goes over all of its log at every look, and does nothing else meanwhile.
        return pauses(_BULK_PAUSE_HERE if self._aws.connection.is_local else _BULK_PAUSE, _LONGEST_PAUSE)

    @property
    def _is_bulky(self) -> bool:
        return self._script.bulk - self.tally.bulk.count > _BULKY

    # --- writing ----------------------------------------------------------------------------------------

    def _maker(self, lane: Lane) -> Any:
        return lambda: self.probe.make(lane, self._wrote)

    def _wrote(self, write: Write, at: float) -> None:
        self.tally.wrote(write, at)

    def _write_bulk(self) -> None:
        before = 0
        for count in self._bulk.put_all(self.probe.bulk_items(self._script.bulk_numbers)):
            self.tally.wrote_bulk(count - before)
            before = count

    def _is_written(self, writers: list[tuple[Lane, Future[None]]], bulk: Future[None] | None) -> bool:
        """Whether all writes are made.

        Raises:
            AwsError: One was refused; a method that the user may not use is left out instead.
        """
        if not all(future.done() for _, future in writers) or (bulk and not bulk.done()):
            return False
        for lane, future in writers:
            try:
                future.result()
            except PermissionDenied as error:
                if lane.method is Method.SINGLE:
                    raise
                self.left_out.append((lane.method, error.message))
                self.tally.leave_out(lane.number)
        if bulk:
            bulk.result()
        return True

    def _join(self, writers: list[tuple[Lane, Future[None]]], bulk: Future[None] | None) -> None:
        """Wait for what is being written, however the run ended, so that the cleanup finds it."""
        for future in (*(future for _, future in writers), *([bulk] if bulk else [])):
            if not future.cancel():
                future.exception()

    # --- looking ----------------------------------------------------------------------------------------

    def _open_stream(self) -> None:
        """Take our place in the stream before the first write; a proof goes on without, and says so."""
        arn = self._subject.table.stream_arn
        if arn is None:
            return
        if self._subject.is_crowded and self._aws.is_aws:
            self.stream_problem = (
                f"{self._subject.readers} functions read this stream already, and a shard serves no more"
            )
            return
        try:
            place = self._subject.place or Place(self._aws, self._clock)
            self._reader = place.reader(arn)
        except (AwsError, PrerequisiteError) as error:
            self._reader, self.stream_problem = None, error.message

    def _look(self) -> None:
        wants_stream = self._reader is not None and not self._streamed
        if not wants_stream:
            self._read_log()
            return
        self._aws.side_by_side(self._read_log, self._read_stream)

    def _read_log(self) -> None:
        # What an answer shows was there when it was asked for, so its way to us is no lag of the log's.
        asked = self._clock.now()
        for event in self.log.poll():
            if self._is_of_another(event.stream):
                continue
            self.tally.logged(event.message, event.timestamp / 1000, asked)

    def _look_once_more(self) -> None:
        """Before anything counts as missing: the whole log again, for lines later than looks go back."""
        for event in self.log.sweep():
            if not self._is_of_another(event.stream):
                self.tally.logged(event.message, event.timestamp / 1000, swept=True)
        if self._aggregate:
            self._aggregate.look_into_gaps()

    def _is_of_another(self, stream: str) -> bool:
        return is_of_another(stream, self._subject.function.name)

    def _read_stream(self) -> None:
        """What the stream holds of the scripted items; bulk items are too many to be read twice."""
        if self._reader is None:
            return
        try:
            for record in self._reader.poll_through():
                self.tally.streamed(record)
        except (AwsError, PrerequisiteError) as error:
            self._reader, self.stream_problem = None, error.message
            return
        self._streamed = self.tally.is_streamed

    def _is_done(self) -> bool:
        if self._wishes.by_lines:
            return self.tally.is_told and self._has_stream
        return self.tally.is_complete and self._has_stream

    @property
    def _has_stream(self) -> bool:
        return self._reader is None or self._streamed

    def _settle(self) -> None:
        """Let stragglers come in: lines of other log streams may show later than the fences'."""
        looked = False
        if not self._aws.connection.is_local:
            # The emulator shows an invocation's lines before it makes the next one of the same shard.
            pause = min(_LONGEST_SETTLE, _SETTLE_FACTOR * max(0.0, self.tally.log_lag))
            until = self._clock.monotonic() + pause
            while (left := until - self._clock.monotonic()) > 0:
                self._reporter.waiting("stragglers in the log", pause - left)
                self._clock.sleep(min(left, 0.5))
                self._read_log()
                looked = True
        if not looked:
            self._read_log()
        self._read_to_the_end()

    def _read_to_the_end(self) -> None:
        """A look that CloudWatch broke off may have missed just the line of an intruder: go on with it."""
        until = self._clock.monotonic() + max(0.0, self._timeout - self.waited)
        steps = pauses(_FIRST_PAUSE, _LONGEST_PAUSE)
        while not self.log.complete and self._clock.monotonic() < until:
            self._clock.sleep(next(steps))
            self._read_log()

    @property
    def stream_read(self) -> bool:
        return self._streamed

    # --- telling ----------------------------------------------------------------------------------------

    def _progress(self) -> tuple[int, int]:
        seen = self.tally.receipts.total() + self.tally.lines
        return seen, sum(len(lane.written) for lane in self.tally.lanes) + self.tally.bulk_written

    def _what(self, written_at: float | None) -> str:
        if self.log.group_missing:
            return f"the first log line in {self._subject.log_group}"
        return "the writes" if written_at is None else "inserts to be processed"

    def _detail(self, elapsed: float) -> str:
        expected = self._script.expected_inserts
        processed = f"{self.tally.processed_inserts:,} of {expected:,} processed"
        written = self.tally.bulk_written
        if not self._script.bulk or written >= self._script.bulk:
            return processed
        rate = written / elapsed if elapsed > 0 else 0.0
        left = self._seconds_left(elapsed) if rate else 0.0
        return f"{written:,} written ({rate:,.0f}/s, {words(left)} left), {processed}"

    def _seconds_left(self, elapsed: float) -> float:
        """For writing the rest of the bulk at the rate so far; infinite where there is none."""
        written = self.tally.bulk_written
        return (self._script.bulk - written) * elapsed / written if written else math.inf

    # --- cleaning up ------------------------------------------------------------------------------------

    @property
    def looks_well(self) -> bool:
        """Whether nothing was seen so far that anybody would have to look into."""
        inserts = f" {EventName.INSERT}"
        return (
            not self.timed_out
            and not self._script.bulk
            and self.tally.is_complete
            and all(name.endswith(inserts) for name in self.tally.receipts)
        )

    def begin_removing(self) -> None:
        """Begin to remove the items while the verdict is drawn; ``remove_items`` waits for it."""
        self._removing = self._aws.start(self._remove)

    def remove_items(self) -> None:
        """Delete every test item that may be there.

        Raises:
            AwsError: DynamoDB refused.
        """
        if self._removing is None:
            self._remove()
        else:
            self._removing.result()

    def _remove(self) -> None:
        lanes = len(self._script.lanes)
        numbers = range(lanes + self._bulk.attempted)
        started = self._clock.monotonic()
        writer = ItemWriter(self._aws, self.probe.table, self._clock)
        for done in writer.delete_all(self.probe.keys(numbers)):
            if self._bulk.attempted:
                self._reporter.waiting(
                    "the cleanup", self._clock.monotonic() - started, f"{done:,} of {len(numbers):,}"
                )
