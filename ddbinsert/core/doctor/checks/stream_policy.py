"""Checks of the policy on the stream, if the table is in another account than the function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.advice import Advice
from ddbinsert.core.doctor.checks.words import attach
from ddbinsert.core.doctor.model import FactSource, Severity, Symptom, check
from ddbinsert.core.proof.causes.catalog import Cause
from ddbinsert.core.trigger.stream_policy import denied_actions, lacks, sid_of, statement, with_statement
from ddbinsert.core.trigger.stream_refusals import put_command

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddbinsert.core.doctor.facts import Facts


@check(
    Cause.STREAM_POLICY_LACKS,
    Severity.ERROR,
    Cause.STREAM_POLICY_LACKS.meaning,
    FactSource.FUNCTION,
)
def lacking(facts: Facts) -> Iterator[Symptom]:
    actions, policy, function = lacks(facts.world), facts.world.stream_policy, facts.function
    if not actions or policy is None or function is None:
        return
    denied = denied_actions(policy.document, function.role_arn, policy.stream_arn)
    repair = attach("Write the statement for the role; statements of others are kept")
    if denied:
        repair = Advice(f"Ask the table's owner to remove the statement that denies {', '.join(denied)}")
    elif policy.is_by_owner:
        own = statement(
            policy.stream_arn, function.role_arn, sid_of(function.name, facts.world.account or "")
        )
        command = put_command(policy.stream_arn, with_statement(policy.document, own))
        repair = Advice(f"Ask the table's owner to run `{command}`")
    why = "has no policy" if policy.document is None else "has a policy that does not allow it"
    yield Symptom(
        text=f"the stream is in another account, and {why}: role {facts.role_name} cannot read it, and nothing is delivered",
        evidence=tuple(f"{action} on {policy.stream_arn}: not allowed" for action in actions),
        advice=repair,
        is_safe=facts.is_ours and not denied and not policy.is_by_owner,
    )
