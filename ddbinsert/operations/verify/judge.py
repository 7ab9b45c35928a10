"""The verdict on a run: the symptoms, their explanations, and the evidence."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ddbinsert.core.proof.causes.causes import findings
from ddbinsert.core.proof.symptoms import Missing, Symptoms, symptoms
from ddbinsert.core.proof.verdict import Evidence, judge
from ddbinsert.operations.verify.circumstances import read_circumstances, unexplained_failures
from ddbinsert.operations.verify.evidence import configuration_of, evidence_of
from ddbinsert.operations.verify.own_code import runs_a_template

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddbinsert.core.proof.filter_parts import FilterPart
    from ddbinsert.core.proof.tally import Tally
    from ddbinsert.core.proof.verdict import Finding, Verdict
    from ddbinsert.operations.verify.circumstances import Beginning
    from ddbinsert.operations.verify.context import VerifyContext, VerifyOptions
    from ddbinsert.operations.verify.run import Watch
    from ddbinsert.operations.verify.subject import Subject


def refuse(tally: Tally, found: Sequence[Finding], subject: Subject) -> Verdict:
    """The verdict if the configuration alone shows that nothing can be processed; nothing was written."""
    expected = tally.script.expected_inserts
    seen = Symptoms(missing=(Missing(number=0),), missing_count=expected)
    evidence = (
        Evidence(side="writes", seen=False, text="none: the verdict follows from the configuration"),
        configuration_of(subject),
    )
    return judge(tally, seen, found, evidence, waited=0.0)


def conclude(
    context: VerifyContext,
    subject: Subject,
    watch: Watch,
    options: VerifyOptions,
    before: Beginning,
    *,
    parts: Sequence[FilterPart] = (),
) -> Verdict:
    """The verdict on a run.

    Args:
        parts: The parts of filters that have their own test items, or cannot have one.
    """
    tally = watch.tally
    # The stream records are also compared with the writes if the reading works but is incomplete.
    looked = watch.stream.complete or (watch.timed_out and not watch.stream.problem)
    seen = symptoms(tally, stream_read=looked, by_lines=watch.by_lines)
    healthy = (
        seen.none
        and not subject.leaking_filters(allow_guarded=options.allow_guarded)
        and not unexplained_failures(tally, subject)
    )
    around = read_circumstances(
        context,
        subject,
        tally,
        before,
        log=watch.log,
        started=watch.started,
        thoroughly=not healthy,
    )
    around = replace(
        around,
        by_lines=watch.by_lines,
        named_failures=tally.named_failures,
        sink=watch.sink.check(),
        unproven_parts=tuple(one.shown for one in parts if one.sample is None and not one.is_possible),
        log_shared=subject.shares_log and tally.unsigned > 0,
        stream_unread=watch.stream.problem,
        names_itself=bool(watch.stream.problem) and not runs_a_template(subject.running),
    )
    found = findings(seen, tally, around, allow_guarded=options.allow_guarded)
    if options.allow_guarded:
        seen = replace(seen, leaked=(), strays_count=len(seen.intruders))
    evidence = evidence_of(subject, watch, around, options, parts)
    return judge(tally, seen, found, evidence, waited=watch.waited)
