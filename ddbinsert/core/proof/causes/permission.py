"""Missing permissions of the function's role, and problems that its mappings report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.advice import TABLE, Advice
from ddbinsert.core.arn import resource_name
from ddbinsert.core.model.package import READING
from ddbinsert.core.proof.causes.catalog import Cause
from ddbinsert.core.proof.causes.unseen import is_silent
from ddbinsert.core.proof.verdict import Finding, Weight

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddbinsert.core.proof.circumstances import Circumstances
    from ddbinsert.core.proof.ledger import Ledger


def permission(tally: Ledger, around: Circumstances, *, missing: int) -> Iterator[Finding]:
    """Missing permissions of the function's role, and problems that the mapping reports.

    Args:
        missing: Number of inserts that were not processed.
    """
    reports = [f"{m.uuid}: {m.last_result}" for m in around.mappings if "PROBLEM" in m.last_result]
    denied = [text for text in reports if "Cannot access" in text or "assume" in text]
    others = tuple(text for text in reports if text not in denied)
    if others:
        yield Finding(
            code=Cause.MAPPING_REPORTS_PROBLEM,
            weight=Weight.NOTE,
            text="the mapping reports a problem",
            evidence=others,
            mend=Advice("Show what was discarded", ("failures", "list", TABLE))
            if around.has_destination
            else None,
        )
    lack, certain = _lack(around)
    if not lack and not denied:
        return
    silent = is_silent(tally, around)
    # Another policy may grant what ours does not; then the mapping reports no problem.
    sure = certain or (bool(lack) and bool(denied))
    if silent:
        weight = Weight.PROOF if sure else Weight.HOLE
    else:  # something was processed, perhaps before the permission was lost
        weight = Weight.HOLE if missing and (denied or certain) else Weight.NOTE
    by_stream = bool(around.stream_policy_lacks) and not around.role_missing
    yield Finding(
        code=Cause.ROLE_MISSING
        if around.role_missing
        else Cause.STREAM_POLICY_LACKS
        if by_stream
        else Cause.PERMISSION_LOST,
        weight=weight,
        text=lack or "the mapping cannot read the stream",
        evidence=tuple(denied),
        mend=_policy_repair(around) if by_stream else _repair(around),
    )


def _policy_repair(around: Circumstances) -> Advice:
    policy, function = around.world.stream_policy, around.world.function
    if policy is not None and policy.is_by_owner and function is not None:
        return Advice(
            f"Ask the table's owner to allow role {function.role_arn} {', '.join(around.stream_policy_lacks)}"
        )
    return Advice("Write the statement of the stream's policy again", ("attach-trigger", TABLE))


def _repair(around: Circumstances) -> Advice:
    """The advice; no command changes a role that ddbinsert did not create."""
    if around.role_restored:
        return Advice("Restore the role and the policy that ddbinsert created", ("attach-trigger", TABLE))
    world = around.world
    role = resource_name(world.function.role_arn) if world.function else ""
    stream = world.table.stream_arn if world.table else ""
    rights = f"{', '.join(READING)} on {stream}"
    if around.role_missing:
        return Advice(
            f"Create role {role} again, so that lambda.amazonaws.com may assume it, and allow it {rights}; or give "
            "the function another role"
        )
    return Advice(f"Allow role {role} {rights}, and lambda.amazonaws.com to assume it")


def _lack(around: Circumstances) -> tuple[str, bool]:
    """The missing permission in words, and whether it certainly prevents every delivery."""
    role = around.world.role
    if around.role_missing:
        arn = around.world.function.role_arn if around.world.function else ""
        return f"the function's role does not exist, or no longer exists: {arn}", True
    if role is not None and around.role_known and not role.trusts_lambda:
        return f"role {role.name} does not let Lambda assume it", True
    lacking = around.stream_policy_lacks
    if lacking and around.world.function is not None:
        arn = around.world.function.role_arn
        return (
            f"the policy of the stream, in another account, does not allow role {arn}: {', '.join(lacking)}",
            False,
        )
    if "stream" in around.policy_lacks and role is not None:
        return f"the policy of role {role.name} does not grant GetRecords on the live stream", False
    return "", False
