"""Watching a trigger at work without a write of our own: the live stream and the log, side by side.

Every INSERT that is read from the stream waits for its receipt, and every receipt is known by its eventID, so
memory holds what is under way and no more. What was under way at the start is nothing to be judged: only
records that came after it.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ddbinsert.aws.invocations import read_invocations
from ddbinsert.aws.logs import LogReader, is_of_another
from ddbinsert.aws.streams import StreamReader
from ddbinsert.aws.wait import pauses
from ddbinsert.core.causes import failing
from ddbinsert.core.causes_unseen import log_not_read, silence
from ddbinsert.core.circumstances import Invocations
from ddbinsert.core.duration import words
from ddbinsert.core.event_counts import told
from ddbinsert.core.passive import Ongoing, judge_ongoing
from ddbinsert.core.pattern import PatternError, compile_pattern
from ddbinsert.core.proof import Proof
from ddbinsert.core.receipt import MARK
from ddbinsert.core.verdict import Evidence
from ddbinsert.errors import AwsError
from ddbinsert.operations.judging import read_counts
from ddbinsert.operations.subject import find_subject

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ddbinsert.core.event_counts import Counted
    from ddbinsert.core.model import Trigger
    from ddbinsert.core.verdict import Finding
    from ddbinsert.operations.means import Means, Wishes
    from ddbinsert.operations.subject import Subject

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0


def watch_live(means: Means, trigger: Trigger, wishes: Wishes, *, seconds: float) -> Proof:
    """Watch for ``seconds``, then wait for what is under way (at most ``means.timeout``), then judge.

    Raises:
        PrerequisiteError: There is nothing to watch: no table, no stream, no function.
        AwsError: The stream or the log may not be read.
    """
    subject = find_subject(means.aws, trigger, log_group=wishes.log_group, reporter=means.reporter)
    if subject.is_crowded:
        means.reporter.warn(
            f"{subject.readers} functions read this stream already; a shard serves two readers, and this one more "
            "may slow them down"
        )
    started = means.clock.now()
    ongoing = Ongoing(_wanted(subject))
    reader = StreamReader(means.aws, subject.table.stream_arn or "", clock=means.clock, latest=True)
    reader.open()
    log = LogReader(means.aws, subject.log_group, since=started, needle=MARK)
    _watch(means, ongoing, reader, log, function=subject.function.name, seconds=seconds)
    counted = read_counts(means, subject, since=started, needed=bool(ongoing.waiting))
    verdict = judge_ongoing(
        ongoing,
        run_id=means.new_id(),
        leaking=(*subject.leaking_filters(allow_guarded=wishes.allow_guarded), *_unread(subject, log)),
        standing=subject.certain_failures()
        or _why(means, subject, ongoing, log, counted=counted, since=started),
        allow_guarded=wishes.allow_guarded,
        seconds=means.clock.now() - started,
        trimmed=reader.trimmed,
        where=subject.log_group,
        metrics=Evidence(side="metrics", seen=bool(counted.counts), text=told(counted, subject.mappings)),
        configuration=subject.configuration,
    )
    return Proof(
        verdict=verdict,
        trigger=trigger,
        world=subject.world,
        started=started,
        finished=means.clock.now(),
        function=subject.function.name,
        endpoint=means.aws.endpoint or "AWS",
    )


def _unread(subject: Subject, log: LogReader) -> tuple[Finding, ...]:
    return tuple(log_not_read(replace(subject.circumstances(), log_complete=log.complete)))


def _why(
    means: Means, subject: Subject, ongoing: Ongoing, log: LogReader, *, counted: Counted, since: float
) -> tuple[Finding, ...]:
    """What the function's own account says of inserts without a receipt."""
    if not ongoing.waiting:
        return ()
    try:
        calls = read_invocations(means.aws, subject.log_group, subject.function.name, since=since)
    except AwsError:
        calls = Invocations()
    around = replace(
        subject.circumstances(),
        group_missing=log.group_missing,
        log_complete=log.complete,
        invocations=calls,
        counted=counted,
    )
    found = [*failing(around, nothing_done=not ongoing.matched)]
    if not calls.reports and not ongoing.matched and not ongoing.strays:
        found += silence(around, records=ongoing.seen)
    return tuple(found)


def _watch(
    means: Means, ongoing: Ongoing, reader: StreamReader, log: LogReader, *, function: str, seconds: float
) -> None:
    began = means.clock.monotonic()
    steps = pauses(_FIRST_PAUSE, _LONGEST_PAUSE)

    def look(*, stream: bool) -> None:
        # The log first: a receipt that is seen before its record waits for it; the other way round too.
        for event in log.poll():
            if not is_of_another(event.stream, function):
                ongoing.logged(event.message, event.timestamp / 1000)
        for record in reader.poll_through() if stream else ():
            ongoing.streamed(record)

    while (elapsed := means.clock.monotonic() - began) < seconds:
        look(stream=True)
        means.reporter.waiting(
            "traffic",
            elapsed,
            f"{ongoing.inserts:,} inserts, {ongoing.matched:,} processed, {words(max(0, seconds - elapsed))} left",
        )
        means.clock.sleep(min(next(steps), max(0.0, seconds - elapsed)))
    ended = means.clock.monotonic()
    steps = pauses(_FIRST_PAUSE, _LONGEST_PAUSE)
    while ongoing.waiting and (elapsed := means.clock.monotonic() - ended) < means.timeout:
        look(stream=False)
        means.reporter.waiting("the last inserts to be processed", elapsed, f"{ongoing.waiting:,} under way")
        means.clock.sleep(next(steps))
    look(stream=False)


def _wanted(subject: Subject) -> Callable[[Mapping[str, Any]], bool]:
    """Whether any of the mappings lets a record through; all do where the filters can't be read."""
    if any(mapping.filters_hidden or not mapping.filters for mapping in subject.mappings):
        return lambda _record: True
    matchers = []
    for text in dict.fromkeys(text for mapping in subject.mappings for text in mapping.filters):
        with contextlib.suppress(PatternError):
            matchers.append(compile_pattern(text).matches)
    return lambda record: any(matches(record) for matches in matchers)
