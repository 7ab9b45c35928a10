"""One round of a proof: write a script, watch it, judge it, and clean up."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ddbinsert.advice import Advice
from ddbinsert.core.filters.insert_only import INSERT_ONLY
from ddbinsert.core.proof.causes.catalog import Cause
from ddbinsert.core.proof.probe_item import Sample, Unsatisfiable, sample_for
from ddbinsert.core.proof.proof import Proof
from ddbinsert.core.proof.script import with_more_lanes
from ddbinsert.core.proof.tally import Tally
from ddbinsert.core.proof.verdict import Finding, Weight

if TYPE_CHECKING:
    from ddbinsert.core.proof.filter_parts import FilterPart
    from ddbinsert.core.proof.script import Script
    from ddbinsert.operations.verify.context import VerifyContext, VerifyOptions
    from ddbinsert.operations.verify.run import Watch
    from ddbinsert.operations.verify.subject import Subject


def _with_parts(
    subject: Subject, sample: Sample, script: Script
) -> tuple[tuple[FilterPart, ...], Sample, Script]:
    """The parts of the mappings' filters, and the sample and script with a lane for each of them."""
    if not any({*mapping.filters} - {INSERT_ONLY} for mapping in subject.mappings):
        return (), sample, script
    from ddbinsert.core.proof.filter_parts import parts

    found = parts(subject.mappings, subject.table, sample)
    own = [part.sample for part in found if part.sample is not None]
    sample = replace(sample, variants=dict(enumerate(own, len(script.lanes))))
    return found, sample, with_more_lanes(script, len(own))


def _tally(
    subject: Subject, script: Script, sample: Sample | Finding, copies: int, copies_of: dict[int, int]
) -> Tally:
    return Tally(
        script,
        awaits_ends=subject.running.logs_each_end,
        copies=copies,
        copies_of=copies_of,
        function=subject.function.name,
        sample=None if isinstance(sample, Finding) else sample,
        key=subject.table.key,
    )


def one_round(
    context: VerifyContext,
    subject: Subject,
    options: VerifyOptions,
    script: Script,
    *,
    with_parts: bool = False,
) -> Proof:
    """Write a script, watch it, judge it, and clean up.

    Args:
        with_parts: Write an additional item for each part of a filter that the other items do not test.
    """
    from ddbinsert.operations.verify.circumstances import begin
    from ddbinsert.operations.verify.judge import conclude, refuse
    from ddbinsert.operations.verify.run import Watch

    started = context.clock.now()
    certain = subject.certain_failures()
    sample = Sample() if certain else sample_of(subject, options)
    found: tuple[FilterPart, ...] = ()
    copies, copies_of = 1, {}
    if not certain and isinstance(sample, Sample):
        if with_parts:
            found, sample, script = _with_parts(subject, sample, script)
        copies = subject.copies(sample)
        copies_of = {number: subject.copies(one) for number, one in sample.variants.items()}
    tally = _tally(subject, script, sample, copies, copies_of)
    if certain or isinstance(sample, Finding):
        verdict = refuse(tally, (sample,) if isinstance(sample, Finding) else certain, subject)
    else:
        _write_down(context, subject, script, sample)
        watch = Watch(
            context=context, subject=subject, script=script, sample=sample, tally=tally, options=options
        )
        before = context.aws.start(lambda: begin(context, subject, since=watch.started))
        try:
            watch.run()
            if watch.needs_no_explanation and not options.keep:
                watch.cleanup.begin()
            verdict = conclude(context, subject, watch, options, before.result(), parts=found)
        finally:
            _clean_up(context, watch, script, options)
    return Proof(
        verdict=verdict,
        trigger=subject.trigger,
        world=subject.world,
        started=started,
        finished=context.clock.now(),
        function=subject.function.name,
        subject=subject.named,
        endpoint=context.aws.endpoint or "AWS",
        tally=tally,
        kept=options.keep,
    )


def _write_down(context: VerifyContext, subject: Subject, script: Script, sample: Sample) -> None:
    context.open_runs.open(
        script.run_id,
        table=subject.table.name,
        arn=subject.table.arn,
        items=script.items,
        sample=sample,
        where=context.aws.connection.endpoint_url or "",
    )


def sample_of(subject: Subject, options: VerifyOptions) -> Sample | Finding:
    """Attributes of test items with which their inserts pass the filter's conditions."""
    filters = tuple(text for mapping in subject.mappings if mapping.is_enabled for text in mapping.filters)
    try:
        sample = sample_for(
            filters,
            subject.table.key,
            subject.view,
            given=options.attributes,
            stream=subject.table.stream_arn or "",
        )
        return replace(sample, secret=subject.secret)
    except Unsatisfiable as error:
        return Finding(
            code=Cause.FILTER_EXCLUDES_TEST_ITEMS,
            weight=Weight.HOLE,
            text=f"no test item was found that the filter lets through: {error}",
            mend="Specify one that does: verify with --item FILE (its attributes without the key).",
        )


def _clean_up(context: VerifyContext, watch: Watch, script: Script, options: VerifyOptions) -> None:
    again = Advice("remove them with", ("verify", watch.probe.table, "--cleanup", script.run_id))
    if options.keep:
        context.open_runs.end(script.run_id)
        context.reporter.step("kept the test items", again)
        return
    try:
        watch.cleanup.finish()
        watch.sink.remove()
    except BaseException:
        context.open_runs.end(script.run_id)
        context.reporter.warn(f"test items may be left in {watch.probe.table}", again)
        raise
    context.open_runs.close(script.run_id)
