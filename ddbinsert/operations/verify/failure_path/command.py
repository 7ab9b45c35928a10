"""verify --failure-path: what happens to a failing record, from the settings to a real test.

First the settings, the destination and the permissions are checked: if they certainly lose records, that is reported
at once, and nothing is written. Then an item is made to fail. The function itself fails on it only if it runs a
template of ddbinsert and has TEST_ITEMS_KEY, with which the item proves that it is a test item. For any other function,
a temporary function with the mapping's settings is used instead. The user's own code is never made to fail.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ddbinsert.advice import TABLE, Advice
from ddbinsert.core.proof.failure_path.outcome import judge_outcome, not_emulated
from ddbinsert.core.proof.failure_path.report import FailurePath, not_tried, verdict_of
from ddbinsert.core.proof.proof import Proof
from ddbinsert.core.proof.verdict import Evidence, Weight
from ddbinsert.errors import PrerequisiteError
from ddbinsert.operations.verify.evidence import configuration_of
from ddbinsert.operations.verify.failure_path.preconditions import enabled, read_preconditions, where_of
from ddbinsert.operations.verify.failure_path.run_trials import run_trials
from ddbinsert.operations.verify.prove import before_writing
from ddbinsert.operations.verify.sources.kinesis import kinesis_streams
from ddbinsert.operations.verify.subject import find_subject

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ddbinsert.core.model.wanted import Trigger
    from ddbinsert.core.proof.failure_path.outcome import TrialOutcome
    from ddbinsert.core.proof.failure_path.settings import Limits
    from ddbinsert.core.proof.verdict import Finding
    from ddbinsert.operations.provision.converge_options import Confirm
    from ddbinsert.operations.verify.context import VerifyContext, VerifyOptions
    from ddbinsert.operations.verify.failure_path.preconditions import Preconditions
    from ddbinsert.operations.verify.subject import Subject


def _no_mapping(table: str, function: str) -> PrerequisiteError:
    return PrerequisiteError(
        f"No mapping delivers the live stream of {table} to {function}.",
        hint=Advice("Attach it", ("attach-trigger", TABLE)),
        code="no-mapping",
    )


def prove_failure_path(
    context: VerifyContext,
    trigger: Trigger,
    options: VerifyOptions,
    limits: Limits,
    *,
    base: Path,
    confirm: Confirm,
) -> Proof:
    """Prove that a failing record is retried, isolated and kept, and blocks others for a limited time only.

    Args:
        base: The folder that relative paths are resolved against.
        confirm: Called if a tap would be a third reader of the stream.

    Raises:
        PrerequisiteError: There is no table, stream, function or mapping.
    """
    started = context.clock.now()
    subject = find_subject(context.aws, trigger, log_group=options.log_group, reporter=context.reporter)
    if not subject.mappings:
        raise _no_mapping(trigger.table, subject.function.name)
    looked = read_preconditions(context, subject)
    found = [*subject.certain_failures(), *looked.findings(subject, limits)]
    outcomes: list[TrialOutcome] = []
    run_id = context.new_id()
    if any(one.weight is Weight.PROOF for one in found):
        pass  # a certain result needs no failing record
    elif context.aws.connection.is_local:
        found.append(not_emulated("the embedded emulator (docs/aws-facts.md#emulator-failures)"))
    else:
        subject = replace(subject, kinesis=kinesis_streams(context.aws, trigger.table))
        before_writing(context, subject, options)
        _announce(context, subject)
        for mapping in enabled(subject):
            tried = run_trials(
                context, replace(subject, mappings=(mapping,)), options, limits, looked,
                alone=len(enabled(subject)) == 1, base=base, confirm=confirm,
            )  # fmt: skip
            run_id = tried.run_id or run_id
            outcomes += [tried.outcome] if tried.outcome else []
            found += [*tried.findings, *(judge_outcome(tried.outcome) if tried.outcome else ())]
    path = FailurePath(function=subject.function.name, outcomes=tuple(outcomes))
    waited = max((seen.waited for seen in outcomes), default=0.0)
    evidence = tuple(_evidence(subject, looked, path, found))
    return Proof(
        verdict=verdict_of(run_id, path, found, evidence, waited=waited),
        trigger=subject.trigger,
        world=subject.world,
        started=started,
        finished=context.clock.now(),
        function=subject.function.name,
        subject=subject.named,
        endpoint=context.aws.endpoint or "AWS",
        kept=options.keep,
        failure_path=path,
    )


def _announce(context: VerifyContext, subject: Subject) -> None:
    """Report which destinations will receive a document about the failure."""
    for arn in dict.fromkeys(one.on_failure for one in enabled(subject) if one.on_failure):
        context.reporter.step(
            f"a document about a failed test item goes to {where_of(arn)}; alarms on it will fire"
        )


def _evidence(
    subject: Subject, looked: Preconditions, path: FailurePath, found: list[Finding]
) -> Iterator[Evidence]:
    if not path.outcomes:
        certain = any(one.weight is Weight.PROOF for one in found)
        why = "the verdict follows from the configuration" if certain else "it would show nothing here"
        yield Evidence(side="writes", seen=False, text=f"the failing record was not written: {why}")
    for seen in path.outcomes:
        yield Evidence(
            side="writes",
            seen=True,
            text=f"1 test item that fails and {len(seen.companions)} others; {seen.stand} failed {len(seen.tries)} times on it",
        )
    yield from looked.evidence(subject)
    if unseen := not_tried(path):
        yield Evidence(side="function", seen=False, text=unseen)
    yield configuration_of(subject)
