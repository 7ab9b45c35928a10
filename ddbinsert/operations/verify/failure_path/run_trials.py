"""Making an item fail under one mapping: in the function itself, or in a tap with the mapping's settings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ddbinsert.core.items.run_key import key_of
from ddbinsert.core.proof.causes.catalog import Cause
from ddbinsert.core.proof.failure_path.destination import ENCRYPTS, SENDS, Own, judge_destination
from ddbinsert.core.proof.failure_path.outcome import FailingFunction
from ddbinsert.core.proof.failure_path.settings import splits
from ddbinsert.core.proof.verdict import Finding, Weight
from ddbinsert.core.trigger.partial_batch import VARIABLE
from ddbinsert.operations.verify.failure_path.trial import POISON
from ddbinsert.operations.verify.failure_path.trial_series import TRIALS, Trials, TrialsRun
from ddbinsert.operations.verify.prove import await_polling
from ddbinsert.operations.verify.round import sample_of
from ddbinsert.operations.verify.tap import tapped, with_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ddbinsert.core.model.record import KeySchema
    from ddbinsert.core.model.seen import MappingState
    from ddbinsert.core.proof.failure_path.settings import Limits
    from ddbinsert.operations.provision.converge_options import Confirm
    from ddbinsert.operations.verify.context import VerifyContext, VerifyOptions
    from ddbinsert.operations.verify.failure_path.preconditions import Preconditions
    from ddbinsert.operations.verify.subject import Subject
    from ddbinsert.operations.verify.tap import Tap


def run_trials(
    context: VerifyContext,
    subject: Subject,
    options: VerifyOptions,
    limits: Limits,
    looked: Preconditions,
    *,
    alone: bool,
    base: Path,
    confirm: Confirm,
) -> TrialsRun:
    """Make an item fail under the subject's one mapping.

    Args:
        alone: The function has no other mapping that could deliver the item to it.
    """
    sample = sample_of(subject, options)
    if isinstance(sample, Finding):
        return TrialsRun(findings=(sample,))
    made: list[str] = []  # every run, including canaries: documents may concern any of them

    def new_id() -> str:
        made.append(own_id())
        return made[-1]

    own_id = context.new_id
    context = replace(context, new_id=new_id)
    (mapping,) = subject.mappings
    own = alone and looked.template is not None and subject.secret and subject.view.has_new_image
    if own:
        return Trials(
            context, subject, options, limits, stand=FailingFunction.OWN, sample=sample, made=made
        ).run_trials()
    if mapping.filters_hidden:
        return TrialsRun(findings=(_hidden(mapping),))
    if subject.is_crowded:
        confirm(
            f"{subject.readers} functions read this stream already; a shard serves two readers, and a "
            "temporary function may slow them down. Continue?"
        )
    runs = [context.new_id() for _ in range(TRIALS)]
    tap = _tap(context, subject, mapping, looked, runs)
    with tapped(context, subject, tap, base) as beside:
        await_polling(context, beside, options)
        barred = _barred(beside, mapping, looked)
        return Trials(
            context,
            beside,
            options,
            limits,
            stand=FailingFunction.TAP,
            sample=sample,
            runs=runs,
            barred=barred,
            original=mapping,
            made=made,
        ).run_trials()


def _hidden(mapping: MappingState) -> Finding:
    return Finding(
        code=Cause.FILTER_HIDDEN,
        weight=Weight.HOLE,
        text=f"the filter of {mapping.uuid} is encrypted with a customer key, so a temporary function cannot use the same filter",
        evidence=(mapping.uuid,),
        mend="Run it with an identity that is allowed to decrypt with that key.",
    )


def _tap(
    context: VerifyContext, subject: Subject, mapping: MappingState, looked: Preconditions, runs: list[str]
) -> Tap:
    """A tap that fails on the first item of each run: with an error if batches are split, else in its response."""
    from ddbinsert.core.model.package import Statement
    from ddbinsert.handlers.bundle import failing_package

    state = looked.destinations[mapping.on_failure or ""]
    key = state.key if state.key and not state.key.is_aws_managed else None
    rights = (Statement(actions=ENCRYPTS[state.service], resources=(key.arn,)),) if key else ()
    answers = mapping.report_batch_item_failures and not splits(mapping)
    environment = {
        "POISON": ",".join(part for run_id in runs for part in _parts(subject.table.key, run_id)),
        VARIABLE: str(answers).lower(),
    }
    return with_settings(subject, mapping, context.new_id(), failing_package(rights), environment)


def _parts(schema: KeySchema, run_id: str) -> Iterator[str]:
    """The text in the key of a run's failing item, by attribute type."""
    for value in key_of(schema, run_id, POISON).values():
        for part in value.values():
            yield part.decode() if isinstance(part, bytes) else str(part)


def _barred(beside: Subject, mapping: MappingState, looked: Preconditions) -> str:
    """Why a tap's role cannot send to the function's destination; empty if it can."""
    state = looked.destinations[mapping.on_failure or ""]
    actions = (SENDS[state.service], *ENCRYPTS[state.service])
    granted = replace(state, own=dict.fromkeys(actions, Own.ALLOWED), own_unread="")
    problems = [one.text for one in judge_destination(granted, beside.function.role_arn)]
    if not problems:
        return ""
    return f"the destination accepts documents only from the function's own role, not from that of a temporary function ({problems[0]})"
