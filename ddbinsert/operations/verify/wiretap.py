"""Proving a filter with a temporary function (a tap) beside the user's: for functions that log nothing.

The tap has the same filters as the user's mapping, on the same stream. It shows what the filter delivers. What the
user's function does with the records is not visible, and the verdict says so.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ddbinsert.advice import TABLE, Advice
from ddbinsert.aws.wait import pauses
from ddbinsert.core.logs.ends import InvocationEnd
from ddbinsert.core.proof.causes.catalog import Cause
from ddbinsert.core.proof.causes.contradictions import contradictions
from ddbinsert.core.proof.causes.delivered import guard_not_seen
from ddbinsert.core.proof.causes.filters import judge_filters
from ddbinsert.core.proof.causes.permission import permission
from ddbinsert.core.proof.script import Script
from ddbinsert.core.proof.tally import Tally
from ddbinsert.core.proof.verdict import Evidence, Finding, Weight, with_findings
from ddbinsert.errors import PrerequisiteError
from ddbinsert.operations.verify.circumstances import begin, read_circumstances
from ddbinsert.operations.verify.observe import watch
from ddbinsert.operations.verify.prove import before_writing, prove
from ddbinsert.operations.verify.sources.kinesis import kinesis_streams
from ddbinsert.operations.verify.sources.log import LogSource
from ddbinsert.operations.verify.subject import find_subject
from ddbinsert.operations.verify.tap import filters_only, tapped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ddbinsert.core.model.seen import MappingState
    from ddbinsert.core.model.wanted import Trigger
    from ddbinsert.core.proof.proof import Proof
    from ddbinsert.operations.provision.converge_options import Confirm
    from ddbinsert.operations.verify.circumstances import Beginning
    from ddbinsert.operations.verify.context import VerifyContext, VerifyOptions
    from ddbinsert.operations.verify.subject import Subject

#: A text that no log line contains: only the ends of the user's function's invocations are read.
_NO_LINE = "ddbinsert: no line has this"
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0
#: Seconds to wait for a sign of the user's own function after the tap has received everything.
_PATIENCE = 15.0


def wiretap(
    context: VerifyContext,
    trigger: Trigger,
    options: VerifyOptions,
    *,
    base: Path,
    confirm: Confirm,
    watch_for: float | None = None,
) -> Proof:
    """Prove the filters of a trigger's mapping with a temporary function, which is always removed.

    Args:
        base: The folder that relative paths are resolved against.
        confirm: Called if the tap would be a third reader.
        watch_for: Observe existing traffic for this number of seconds instead of writing.

    Raises:
        PrerequisiteError: There is no mapping whose filters could be used.
    """
    subject = find_subject(context.aws, trigger, log_group=None, reporter=context.reporter)
    if not subject.mappings:
        raise PrerequisiteError(
            f"No mapping delivers the live stream of {trigger.table} to {subject.function.name}.",
            hint=Advice("Attach it", ("attach-trigger", TABLE)),
            code="no-mapping",
        )
    if subject.is_crowded:
        confirm(
            f"{subject.readers} functions read this stream already; a shard serves two readers, and the tap "
            "may slow them down. Continue?"
        )
    if subject.certain_failures():
        return prove(
            context, subject, options
        )  # a tap would receive records that the user's own function never receives
    if watch_for is None:
        subject = replace(subject, kinesis=kinesis_streams(context.aws, trigger.table))
        before_writing(context, subject, options)
    original, *others = subject.mappings
    if original.filters_hidden:
        raise PrerequisiteError(
            f"The filter of {original.uuid} is encrypted with a customer key, so a tap cannot use the same filter.",
            hint="Let the function log the keys that it receives, and use --match.",
            code="filter-hidden",
        )
    tap = filters_only(subject, original, context.new_id())
    started = context.clock.now()
    before = context.aws.start(lambda: begin(context, subject, since=started))
    with tapped(context, subject, tap, base) as beside:
        proof = (
            prove(context, beside, options)
            if watch_for is None
            else watch(context, beside, options, seconds=watch_for)
        )
    found = [
        *_of_others(subject, others, allow_guarded=options.allow_guarded),
        *_of_the_function(context, subject, proof, before.result(), started),
    ]
    return _for_trigger(proof, subject, found, allow_guarded=options.allow_guarded)


def _of_others(subject: Subject, others: Sequence[MappingState], *, allow_guarded: bool) -> Iterator[Finding]:
    """Findings about the function's further mappings, judged by their filters: the tap has those of the first only."""
    for mapping in others:
        is_second = subject.world.is_second(mapping)
        yield from judge_filters(mapping, subject.table, allow_guarded=allow_guarded, is_second=is_second)
        yield Finding(
            code=Cause.SECOND_MAPPING,
            weight=Weight.HOLE if mapping.filters_hidden else Weight.NOTE,
            text=f"mapping {mapping.uuid} delivers the stream to the function, too; its filter was judged, not tapped",
            evidence=(f"{mapping.uuid} ({mapping.state}) → {mapping.function_arn}",),
            mend="Delete the one that is not wanted.",
        )


def _of_the_function(
    context: VerifyContext, subject: Subject, proof: Proof, before: Beginning, started: float
) -> Iterator[Finding]:
    """What is visible of the user's own function and mapping while the tap received the same records."""
    tally = Tally(Script(run_id=proof.verdict.run_id, lanes=()))
    log = LogSource(context.aws, subject.log_group, subject.function.name, since=started, needles=(_NO_LINE,))
    steps = pauses(_FIRST_PAUSE, _LONGEST_PAUSE)
    began = context.clock.monotonic()
    while True:
        for one in log.poll():
            if isinstance(one, InvocationEnd) and one.at >= started:
                tally.add_end(one)
        waited = context.clock.monotonic() - began
        if tally.attempts.count or waited >= min(context.timeout, _PATIENCE):
            break
        context.reporter.waiting(f"a sign of {subject.function.name}", waited)
        context.clock.sleep(next(steps))
    thoroughly = not tally.attempts.count or bool(tally.attempts.failures)
    around = read_circumstances(
        context, subject, tally, before, log=log, started=started, thoroughly=thoroughly
    )
    inserted = proof.verdict.counts.get("processed_inserts", 0)
    if not tally.attempts.count and inserted and subject.running.logs_each_end:
        yield from permission(tally, around, missing=int(inserted))
        yield Finding(
            code=Cause.MAPPING_DELIVERS_NOTHING,
            weight=Weight.HOLE,
            text=f"the tap received {inserted} inserts, but the log of {subject.function.name} shows no invocation",
            evidence=tuple(f"{m.uuid}: {m.state}, {m.last_result or 'no result'}" for m in around.mappings),
            mend=Advice("Check the mapping", ("status", TABLE)),
        )
    yield from contradictions(around, missing=False, failed_receipts=False)


def _for_trigger(proof: Proof, subject: Subject, more: Sequence[Finding], *, allow_guarded: bool) -> Proof:
    """The proof in the name of the user's trigger, with what the tap cannot see."""
    if allow_guarded:
        more = [*more, *guard_not_seen([*proof.verdict.findings, *more])]
    unseen = Evidence(
        side="function",
        seen=False,
        text=f"what {subject.function.name} itself does with its records: the filter was proven with a temporary function of ddbinsert",
    )
    about = "of the filter only, with a temporary function of ddbinsert:  "
    summary = (
        proof.verdict.summary
        if proof.verdict.summary.startswith(("no insert", "no test item"))
        else about + proof.verdict.summary
    )
    verdict = with_findings(
        replace(proof.verdict, summary=summary, evidence=(*proof.verdict.evidence, unseen)), [*more]
    )
    return replace(
        proof, verdict=verdict, trigger=subject.trigger, function=subject.function.name, subject=subject.named
    )
