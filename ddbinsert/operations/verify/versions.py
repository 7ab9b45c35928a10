"""Aliases with routing weights: further rounds, until each of the versions was seen to run.

Lambda routes every invocation at random, so a run of a few items may not reach every version.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ddbinsert.core.proof.causes.catalog import Cause
from ddbinsert.core.proof.script import canaries
from ddbinsert.core.proof.verdict import Finding, Result, Weight, explained, with_findings
from ddbinsert.core.words import plural
from ddbinsert.operations.verify.round import one_round

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddbinsert.core.proof.proof import Proof
    from ddbinsert.core.proof.verdict import Verdict
    from ddbinsert.operations.verify.context import VerifyContext, VerifyOptions
    from ddbinsert.operations.verify.subject import Subject

_ROUNDS, _CANARIES = 20, 4
#: The causes of a run in which no sign of the function was seen.
_SILENCE = frozenset(
    {Cause.FUNCTION_LEAVES_NO_RECEIPT, Cause.NO_LINE_SHOWS_A_KEY, Cause.LOG_LATE, Cause.NOTHING_DELIVERED}
)


def with_each_version(
    context: VerifyContext, subject: Subject, options: VerifyOptions, proof: Proof
) -> Proof:
    """The proof, completed by further rounds for the versions that its run did not reach.

    They end when the run's time expires. A fault that any of them finds counts.
    """
    divided = [target for target in subject.targets if target.weights]
    lacks_versions = {one.code for one in proof.verdict.causes} == {Cause.ALIAS_DIVIDES_INVOCATIONS}
    if not divided or proof.tally is None or not (proof.verdict.in_order and lacks_versions):
        return proof
    seen = set(proof.tally.versions_at_work)
    began = context.clock.monotonic()
    for number in range(1, _ROUNDS + 1):
        elapsed = context.clock.monotonic() - began
        if elapsed >= context.timeout:
            break
        unseen = [version for target in divided for version in target.not_among(seen)]
        context.reporter.waiting(f"an invocation of version {', '.join(unseen)}", elapsed)
        more = one_round(
            context, subject, replace(options, keep=False), canaries(context.new_id(), _CANARIES)
        )
        if (against := contradicting_findings(more.verdict)) is not None:
            return replace(
                proof, verdict=with_findings(proof.verdict, _of_versions(more.verdict, against, unseen))
            )
        seen |= more.tally.versions_at_work if more.tally is not None else set()
        if not any(target.not_among(seen) for target in divided):
            rounds = f"{plural(number, 'further round')} of {_CANARIES} items"
            text = f"an alias divides the invocations among versions; each was seen to process inserts, after {rounds}"
            verdict = explained(proof.verdict, proof.tally, Cause.ALIAS_DIVIDES_INVOCATIONS, text)
            return replace(proof, verdict=verdict)
    return proof


def _of_versions(verdict: Verdict, found: Sequence[Finding], unseen: Sequence[str]) -> tuple[Finding, ...]:
    """The findings of a further round; if nothing was seen, only the unseen version is silent, as others were seen."""
    kept = tuple(one for one in found if one.code not in _SILENCE)
    missing = verdict.counts.get("missing", 0)
    if kept or not missing:
        return kept
    return (
        Finding(
            code=Cause.HANDLER_DROPS_RECORDS,
            weight=Weight.HOLE,
            text=f"{missing} inserts of a further round were not processed in time, though those before were, and nothing "
            f"failed: version {', '.join(unseen)} drops them, or they are late",
            mend="Wait longer (--timeout 10m); inserts that are still missing then are skipped by the handler.",
        ),
    )


def contradicting_findings(verdict: Verdict) -> tuple[Finding, ...] | None:
    """The findings of a further round; None if it would be a PASS except for versions that it did not reach."""
    causes = tuple(one for one in verdict.causes if one.code != Cause.ALIAS_DIVIDES_INVOCATIONS)
    passed = verdict.result is Result.PASS or (verdict.in_order and not causes)
    return None if passed else causes or verdict.causes
