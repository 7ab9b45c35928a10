"""A leak soon after a mapping was changed: the old settings may explain it, as a change takes time to be in force.

A mapping is Enabled before a change is in force: updates take up to 90 s (docs/aws-facts.md#esm-update-lag).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.core.proof.causes.catalog import Cause
from ddbinsert.core.proof.verdict import Finding, Weight

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ddbinsert.operations.verify.context import VerifyContext
    from ddbinsert.operations.verify.subject import Subject

#: The codes of leaks.
LEAKS = frozenset({Cause.FILTER_LEAKS, Cause.INTRUDERS_PROCESSED})
#: Seconds after which a change of a mapping is certainly in force: on AWS, on other endpoints, on the emulator.
_IN_FORCE_AFTER = 120.0
_IN_FORCE_HERE, _IN_FORCE_LOCALLY = 15.0, 2.0
_AGAIN = "Run verify again in two minutes."


def in_force_after(context: VerifyContext) -> float:
    """Seconds after which a mapping's change is certainly in force; endpoints other than AWS are faster."""
    if context.aws.connection.is_local:
        return _IN_FORCE_LOCALLY
    return _IN_FORCE_AFTER if context.aws.is_aws else _IN_FORCE_HERE


def age_of_change(subject: Subject, started: float) -> float:
    """Seconds from the last change of a mapping to the beginning of a round."""
    newest = max((mapping.modified or 0.0 for mapping in subject.mappings), default=0.0)
    return max(0.0, started - newest)


def explaining_change(subject: Subject, findings: Iterable[Finding], started: float) -> float | None:
    """Seconds since the change that may explain the leak; None if there is no leak, or no change explains it.

    A filter that is not insert-only, or cannot be read, is never excused by a change.
    """
    proofs = {one.code for one in findings if one.weight is Weight.PROOF}
    if not proofs or not proofs <= LEAKS or not subject.circumstances().insert_only:
        return None
    age = age_of_change(subject, started)
    return age if age < _IN_FORCE_AFTER else None


def leak_before(findings: Iterable[Finding], seconds: float, weight: Weight, more: str = "") -> Finding:
    """The finding about a leak that an earlier round saw."""
    seen = next(one for one in findings if one.code in LEAKS)
    return Finding(
        code=Cause.MAPPING_CHANGED_LATELY,
        weight=weight,
        text=f"an earlier round, {seconds:.0f} s before, saw that {seen.text}; the mapping had "
        f"been changed shortly before{more}",
        evidence=seen.evidence[:5],
        mend=_AGAIN,
    )


def changed_before(seconds: float) -> Finding:
    """The note that a change may not have been in force."""
    return Finding(
        code=Cause.MAPPING_CHANGED_LATELY,
        weight=Weight.NOTE,
        text=f"the mapping was changed {seconds:.0f} s before the run: its old settings may still have been in force",
        mend=_AGAIN,
    )


def with_leak_excused(
    context: VerifyContext, subject: Subject, findings: Sequence[Finding], *, started: float, last: float
) -> list[Finding]:
    """The findings of an observation, in which a leak that old settings may explain is no proof.

    An observation does not repeat what it saw: the leak remains, as a hole.

    Args:
        last: When the last record was delivered that should not have been, in epoch seconds.
    """
    age = explaining_change(subject, findings, started)
    if age is None or last - (started - age) > in_force_after(context):
        return list(findings)
    return [
        Finding(
            code=Cause.MAPPING_CHANGED_LATELY,
            weight=Weight.HOLE,
            text=f"{one.text}; the mapping was changed {age:.0f} s before, and its old settings may explain that",
            evidence=one.evidence,
            mend=_AGAIN,
        )
        if one.code in LEAKS and one.weight is Weight.PROOF
        else one
        for one in findings
    ]
