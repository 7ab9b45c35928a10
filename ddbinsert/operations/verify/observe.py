"""Observing a trigger without writing: the live stream and the log are read in parallel.

Every INSERT that is read from the stream waits for its receipt and for the end of the invocation that wrote it.
Records from before the start are not judged.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ddbinsert.aws.read.streams import StreamReader
from ddbinsert.aws.wait import pauses
from ddbinsert.core.logs.ends import InvocationEnd
from ddbinsert.core.model.record import EventName
from ddbinsert.core.pattern.matcher import PatternError, compile_pattern
from ddbinsert.core.proof.causes.causes import findings
from ddbinsert.core.proof.filter_parts import not_found
from ddbinsert.core.proof.mapping_counts import metrics_text
from ddbinsert.core.proof.observed import Ongoing
from ddbinsert.core.proof.observed_lines import OngoingByLines
from ddbinsert.core.proof.observed_verdict import judge_watched, unseen_traffic
from ddbinsert.core.proof.proof import Proof
from ddbinsert.core.proof.verdict import Evidence
from ddbinsert.core.receipt import MARK
from ddbinsert.core.times import format_duration
from ddbinsert.operations.verify.circumstances import begin, read_circumstances, unexplained_failures
from ddbinsert.operations.verify.clock import not_before
from ddbinsert.operations.verify.deliveries import deliveries_of
from ddbinsert.operations.verify.evidence import configuration_of, sink_evidence
from ddbinsert.operations.verify.recent_change import with_leak_excused
from ddbinsert.operations.verify.second_look import changed_since, read_world_again, targets_again
from ddbinsert.operations.verify.sources.log import LogSource
from ddbinsert.operations.verify.sources.sink import SinkReader
from ddbinsert.operations.verify.subject import find_subject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ddbinsert.core.logs.event import LogEvent
    from ddbinsert.core.model.wanted import Trigger
    from ddbinsert.core.proof.circumstances import Circumstances
    from ddbinsert.core.proof.verdict import Verdict
    from ddbinsert.operations.verify.context import VerifyContext, VerifyOptions
    from ddbinsert.operations.verify.subject import Subject

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0
#: Seconds between two reads of the configuration while traffic is observed.
_LOOK_AGAIN = 30.0


def watch_live(context: VerifyContext, trigger: Trigger, options: VerifyOptions, *, seconds: float) -> Proof:
    """Observe for ``seconds``, then wait for inserts in progress (at most ``context.timeout``), then judge.

    If the configuration certainly excludes every insert, the verdict is returned at once.

    Raises:
        PrerequisiteError: The table, its stream or the function does not exist.
        AwsError: The stream or the log cannot be read.
    """
    subject = find_subject(context.aws, trigger, log_group=options.log_group, reporter=context.reporter)
    return watch(context, subject, options, seconds=seconds)


def watch(context: VerifyContext, subject: Subject, options: VerifyOptions, *, seconds: float) -> Proof:
    """Observe the subject."""
    started = context.clock.now()
    kind = OngoingByLines if options.by_lines else Ongoing
    ongoing = kind(
        _wanted(subject), awaits_ends=subject.running.logs_each_end, copies=deliveries_of(subject.mappings)
    )
    certain = subject.certain_failures()
    if certain:
        evidence = (
            Evidence(side="stream", seen=False, text="not read: the verdict follows from the configuration"),
        )
        verdict = judge_watched(
            ongoing,
            ongoing.symptoms(),
            certain,
            (*evidence, configuration_of(subject)),
            run_id=context.new_id(),
            seconds=0.0,
            looked=False,
        )
    else:
        verdict = _Watch(context, subject, options, ongoing, started).verdict(seconds)
    return Proof(
        verdict=verdict,
        trigger=subject.trigger,
        world=subject.world,
        started=started,
        finished=context.clock.now(),
        function=subject.function.name,
        subject=subject.named,
        endpoint=context.aws.endpoint or "AWS",
    )


class _Watch:
    """One observation."""

    def __init__(
        self,
        context: VerifyContext,
        subject: Subject,
        options: VerifyOptions,
        ongoing: Ongoing,
        started: float,
    ) -> None:
        self._context = context
        self._subject = subject
        self._options = options
        self._ongoing = ongoing
        self._started = started
        #: Earlier lines are about earlier records, which were not read from the stream.
        self._first_line = 0.0
        self._changed: dict[str, None] = {}
        self._untested = dict(not_found(subject.mappings, subject.table))
        self._looked = context.clock.monotonic()
        self._reader = StreamReader(
            context.aws, subject.table.stream_arn or "", clock=context.clock, latest=True
        )
        self._log = LogSource(
            context.aws,
            subject.log_group,
            subject.function.name,
            since=not_before(context.clock, started),
            needles=(MARK,),
            everything=options.by_lines,
        )

    def verdict(self, seconds: float) -> Verdict:
        """Observe, wait for inserts in progress, and judge."""
        context, subject, ongoing = self._context, self._subject, self._ongoing
        if subject.is_crowded:
            context.reporter.warn(
                f"{subject.readers} functions read this stream already; a shard serves two readers, and "
                "another reader may slow them down"
            )
        before = context.aws.start(lambda: begin(context, subject, since=self._started))
        if (
            self._options.by_lines and not context.aws.is_aws
        ):  # elsewhere, clocks may differ by more than this
            self._first_line = not_before(context.clock, context.clock.now())
        self._reader.open()
        self._watch(seconds)
        seen = ongoing.symptoms()
        around = read_circumstances(
            context,
            subject,
            ongoing,
            before.result(),
            log=self._log,
            started=self._started,
            thoroughly=bool(ongoing.waiting or unexplained_failures(ongoing, subject)),
        )
        around = replace(
            around,
            by_lines=self._options.by_lines,
            named_failures=ongoing.named,
            unrecognizable=ongoing.unrecognizable,
            changed=tuple(dict.fromkeys((*self._changed, *around.changed))),
            wait_limit=seconds + context.timeout,
            unproven_parts=tuple(self._untested),
            sink=SinkReader(context.aws, context.clock, subject).entries_of(ongoing.last_processed),
        )
        allowed = self._options.allow_guarded
        found = [
            *findings(seen, ongoing, around, allow_guarded=allowed, watched=True),
            *unseen_traffic(ongoing, trimmed=self._reader.trimmed),
        ]
        if allowed:
            seen = replace(seen, leaked=(), strays_count=len(seen.intruders))
        return judge_watched(
            ongoing,
            seen,
            with_leak_excused(context, subject, found, started=self._started, last=ongoing.last_stray),
            self._evidence(around),
            run_id=context.new_id(),
            seconds=context.clock.now() - self._started,
        )

    def _watch(self, seconds: float) -> None:
        clock, reporter, ongoing = self._context.clock, self._context.reporter, self._ongoing
        began = clock.monotonic()
        steps = pauses(_FIRST_PAUSE, _LONGEST_PAUSE)
        while (elapsed := clock.monotonic() - began) < seconds:
            self._read_sources()
            left = format_duration(max(0, seconds - elapsed))
            reporter.waiting(
                "traffic", elapsed, f"{ongoing.inserts:,} inserts, {ongoing.matched:,} processed, {left} left"
            )
            clock.sleep(min(next(steps), max(0.0, seconds - elapsed)))
        self._read_sources()  # records that were written in time and not read yet
        ended = clock.monotonic()
        steps = pauses(_FIRST_PAUSE, _LONGEST_PAUSE)
        while (ongoing.waiting or ongoing.ends_unseen or ongoing.too_few) and (
            elapsed := clock.monotonic() - ended
        ) < self._context.timeout:
            self._read_sources(is_over=True)
            reporter.waiting("the last inserts to be processed", elapsed, f"{ongoing.waiting:,} under way")
            clock.sleep(next(steps))
        self._read_sources(is_over=True)

    def _read_sources(self, *, is_over: bool = False) -> None:
        """Read the log and the stream once.

        Args:
            is_over: Records are no longer judged. Lines other than receipts may be about them.
        """
        heard: Iterable[LogEvent | InvocationEnd] = self._log.poll()
        if self._options.by_lines:
            heard = list(heard)  # every record that they are about is read before they count for one
            self._read_stream(is_over=is_over)
            self._hear(heard)
        else:  # a receipt waits for its record, and a record for its receipt
            self._hear(heard)
            if not is_over:
                self._read_stream(is_over=False)
        if self._context.clock.monotonic() - self._looked >= _LOOK_AGAIN:
            self._looked = self._context.clock.monotonic()
            aws, subject = self._context.aws, self._subject
            world, targets = aws.side_by_side(
                lambda: read_world_again(aws, subject), lambda: targets_again(aws, subject)
            )
            self._changed |= dict.fromkeys(changed_since(subject, world, targets))

    def _hear(self, heard: Iterable[LogEvent | InvocationEnd]) -> None:
        for one in heard:
            if not isinstance(one, InvocationEnd):
                if one.timestamp / 1000 >= self._first_line:
                    self._ongoing.add_log_line(one.message, one.timestamp / 1000, stream=one.stream)
            elif one.at >= not_before(self._context.clock, self._started):
                self._ongoing.add_end(one)

    def _read_stream(self, *, is_over: bool) -> None:
        for record in self._reader.poll_through():
            if is_over:
                self._ongoing.streamed_later(record)
                continue
            self._ongoing.streamed(record)
            if self._untested and record.get("eventName") == EventName.INSERT:
                self._untested = {name: ok for name, ok in self._untested.items() if not ok(record)}

    def _evidence(self, around: Circumstances) -> tuple[Evidence, ...]:
        ongoing = self._ongoing
        excluded = f"; the filter excludes {ongoing.filtered:,} more" if ongoing.filtered else ""
        counted = around.counted
        return (
            Evidence(side="writes", seen=False, text="none: existing traffic was observed"),
            Evidence(
                side="stream",
                seen=True,
                text=f"{ongoing.inserts:,} inserts and {ongoing.others:,} other changes read from the stream{excluded}",
            ),
            Evidence(
                side="log",
                seen=ongoing.receipts.total() + ongoing.lines > 0,
                text=f"{ongoing.receipts.total():,} receipts in {self._subject.log_group}"
                if not self._options.by_lines
                else f"{ongoing.lines:,} lines in {self._subject.log_group} that show the key of an insert; other deliveries are judged only by the filter",
            ),
            Evidence(
                side="invocations",
                seen=ongoing.attempts.count > 0,
                text=f"{ongoing.attempts.count:,} invocations reported",
            ),
            Evidence(
                side="metrics", seen=bool(counted.counts), text=metrics_text(counted, self._subject.mappings)
            ),
            *sink_evidence(around),
            configuration_of(self._subject),
        )


def _wanted(subject: Subject) -> Callable[[Mapping[str, Any]], bool]:
    """Whether any of the mappings delivers a record; true if a filter cannot be read."""
    if any(mapping.filters_hidden or not mapping.filters for mapping in subject.mappings):
        return lambda _record: True
    matchers = []
    for text in dict.fromkeys(text for mapping in subject.mappings for text in mapping.filters):
        try:
            matchers.append(compile_pattern(text).matches)
        except PatternError:
            return lambda _record: True
    return lambda record: any(matches(record) for matches in matchers)
