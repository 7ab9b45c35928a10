"""The proof: as many rounds as needed, from the first read of the trigger to the verdict.

Writes and reads overlap. The reads continue until every insert was processed and every lane's fence was reached, or
the time expired. Late lines are then waited for, as long as the delays of this run's log lines suggest, before the
verdict can be PASS.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ddbinsert.advice import TABLE, Advice
from ddbinsert.aws.read.resources import read_table_tags
from ddbinsert.aws.wait import pauses
from ddbinsert.core.proof.script import canaries
from ddbinsert.core.proof.script import script as script_of
from ddbinsert.core.proof.verdict import Result, Weight, with_findings
from ddbinsert.core.trigger.reporter import Silent
from ddbinsert.errors import PrerequisiteError
from ddbinsert.operations.verify.own_code import runs_a_template
from ddbinsert.operations.verify.recent_change import (
    age_of_change,
    changed_before,
    explaining_change,
    in_force_after,
    leak_before,
)
from ddbinsert.operations.verify.round import one_round
from ddbinsert.operations.verify.sources.bookmark import StreamBookmark
from ddbinsert.operations.verify.sources.kinesis import kinesis_streams
from ddbinsert.operations.verify.subject import Subject, find_subject
from ddbinsert.operations.verify.versions import contradicting_findings, with_each_version

if TYPE_CHECKING:
    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.model.seen import World
    from ddbinsert.core.model.wanted import Trigger
    from ddbinsert.core.proof.proof import Proof
    from ddbinsert.core.proof.script import Script
    from ddbinsert.operations.verify.context import VerifyContext, VerifyOptions
    from ddbinsert.operations.verify.prefetch import Prefetch

_CLEAN_ROUNDS = 2
#: Expected records in an invocation; the same for code other than the templates (which may process only the first few
#: records of a batch); items written together to get them; and number of tries.
_SEVERAL, _SEVERAL_OF_OWN_CODE, _BURST, _BURSTS = 2, 4, 16, 3
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 10.0
#: Number of canaries written together.
_FLOCK = 8
#: Seconds to wait for these canaries before the next ones are written.
_CANARY_ROUND = 1.0
_CANARY_ROUND_ON_AWS = 10.0


def verify(
    context: VerifyContext,
    trigger: Trigger,
    options: VerifyOptions,
    *,
    known: World | None = None,
    early: Prefetch | None = None,
) -> Proof:
    """Prove a trigger.

    Args:
        known: What was just observed or created; it is not read again.
        early: What was read while ``known`` was created; ``known`` then includes the stream's other readers.

    Raises:
        PrerequisiteError: The table, its stream or the function does not exist.
        AwsError: AWS refused a write or a read that the proof needs.
    """
    kinesis = early.kinesis if early is not None else None
    if kinesis is None:
        kinesis = context.aws.start(lambda: kinesis_streams(context.aws, trigger.table))
    taken = early.bookmark(known) if early is not None and known is not None else None
    subject = find_subject(
        context.aws,
        trigger,
        log_group=options.log_group,
        reporter=context.reporter,
        bookmark=taken or StreamBookmark(context.aws, context.clock),
        known=known,
        knows_readers=taken is not None,
    )
    subject = replace(subject, kinesis=kinesis.result())
    before_writing(context, subject, options)
    return prove(context, subject, options)


def before_writing(context: VerifyContext, subject: Subject, options: VerifyOptions) -> None:
    """Refuse a table that must not be written to, and report who else receives the test items.

    Raises:
        PrerequisiteError: The table has a tag that the user excluded.
    """
    refuse_by_tag(context.aws, subject, options)
    if others := subject.audience:
        context.reporter.step(f"test items are also delivered to {', '.join(others)}")


def refuse_by_tag(aws: Aws, subject: Subject, options: VerifyOptions) -> None:
    """Refuse a table with a tag that the user excluded.

    Raises:
        PrerequisiteError: The table has such a tag.
    """
    if not options.refuse_tags:
        return
    tags = read_table_tags(aws, subject.table.arn)
    for name, value in options.refuse_tags:
        if name in tags and value in (None, tags[name]):
            raise PrerequisiteError(
                f"Table {subject.table.name} has the tag {name}={tags[name]}, so no test item is written to it.",
                hint=Advice("Observe it without writing", ("verify", TABLE, "--observe")),
                code="refused-by-tag",
            )


def prove(context: VerifyContext, subject: Subject, options: VerifyOptions) -> Proof:
    """Prove the subject; if the mapping starts at LATEST, after it has started to poll."""
    starts_late = any(mapping.starting_position == "LATEST" for mapping in subject.mappings)
    if starts_late and not subject.certain_failures():
        await_polling(context, subject, options)
    proof = with_each_version(context, subject, options, _in_force(context, subject, options))
    return _with_a_batch(context, subject, options, proof)


def _with_a_batch(context: VerifyContext, subject: Subject, options: VerifyOptions, proof: Proof) -> Proof:
    """The proof, completed by a batch of several records if each invocation received only one test record.

    A handler that processes only the first record of a batch works as long as it receives one at a time.
    """
    if proof.verdict.result is not Result.PASS or proof.tally is None:
        return proof
    wanted = _batch_to_see(subject, proof.tally.largest_batch)
    if proof.tally.largest_batch >= wanted:
        return proof
    for _ in range(_BURSTS):
        burst = canaries(context.new_id(), _BURST)
        if not options.by_lines:
            burst = replace(burst, lanes=burst.lanes[:1], bulk=_BURST - 1)
        more = one_round(context, subject, replace(options, keep=False), burst)
        if (against := contradicting_findings(more.verdict)) is not None:
            return replace(proof, verdict=with_findings(proof.verdict, against))
        if more.tally is None or more.tally.largest_batch >= wanted:
            break
    return proof


def _batch_to_see(subject: Subject, seen: int) -> int:
    """The number of records that one invocation must receive together; 0 for any."""
    longest = max((mapping.batch_size for mapping in subject.mappings), default=1)
    if longest < _SEVERAL or seen >= _SEVERAL_OF_OWN_CODE:
        return 0
    return min(longest, _SEVERAL if runs_a_template(subject.running) else _SEVERAL_OF_OWN_CODE)


def _in_force(context: VerifyContext, subject: Subject, options: VerifyOptions) -> Proof:
    """Run a round; repeat it if a leak may be due to old settings, because a change is not in force yet.

    After a leak, two consecutive rounds have to pass; on AWS, they must begin when the change is certainly in force.
    """
    started = context.clock.monotonic()
    steps = pauses(_FIRST_PAUSE, _LONGEST_PAUSE)
    leaked: Proof | None = None
    clean = 0
    while True:
        proof = one_round(context, subject, options, _script(context, options), with_parts=True)
        changed = explaining_change(subject, proof.verdict.findings, proof.started)
        if changed is None:
            if leaked is None or proof.verdict.result is not Result.PASS:
                return proof if leaked is None else _recalled(proof, leaked, Weight.HOLE)
            clean += age_of_change(subject, proof.started) >= in_force_after(context)
            if clean >= _CLEAN_ROUNDS:
                return _recalled(proof, leaked, Weight.NOTE)
        else:
            leaked, clean = proof, 0
        elapsed = context.clock.monotonic() - started
        if elapsed >= context.timeout:
            if changed is None:
                return _recalled(proof, leaked, Weight.HOLE)
            return replace(proof, verdict=with_findings(proof.verdict, [changed_before(changed)]))
        context.reporter.waiting("the mapping's last change to be in force", elapsed)
        context.clock.sleep(next(steps))


def _recalled(proof: Proof, leaked: Proof | None, weight: Weight) -> Proof:
    """The proof, with the leak that an earlier round found."""
    if leaked is None:
        return proof
    more = ", and two rounds since then saw no leak" if weight is Weight.NOTE else ""
    finding = leak_before(leaked.verdict.findings, proof.started - leaked.started, weight, more)
    return replace(proof, verdict=with_findings(proof.verdict, [finding]))


def _script(context: VerifyContext, options: VerifyOptions) -> Script:
    return script_of(
        context.new_id(),
        options.count,
        partiql=options.partiql,
        expired=options.ttl_attribute is not None,
        gauged=options.by_lines,
        methods=options.methods,
    )


def await_polling(context: VerifyContext, subject: Subject, options: VerifyOptions) -> None:
    """Insert groups of canaries until a whole group is processed.

    A mapping that is Enabled may not poll yet: with LATEST, it may miss records of the first minute or two, which is not
    an error of the filter. The canaries of one group are spread over the stream's shards.
    """
    started = context.clock.monotonic()
    limit = min(context.timeout, _CANARY_ROUND_ON_AWS if context.aws.is_aws else _CANARY_ROUND)
    missed = 0
    while (elapsed := context.clock.monotonic() - started) < context.timeout:
        context.reporter.waiting("the mapping to poll (it starts at LATEST)", elapsed)
        round_of = replace(context, timeout=limit, reporter=Silent())
        proof = one_round(round_of, subject, replace(options, keep=False), canaries(context.new_id(), _FLOCK))
        if proof.tally is None or proof.tally.is_complete or proof.verdict.counts.get("log_lines"):
            break
        missed += proof.verdict.counts.get("missing", 0)
    if missed:
        context.reporter.step(f"the mapping starts at LATEST and missed {missed} canaries before it polled")
