"""Checks of the function's role: missing rights prevent deliveries; needless rights make a fault more harmful."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.advice import Advice
from ddbinsert.core.arn import log_group_arn
from ddbinsert.core.doctor.checks.words import allow, attach
from ddbinsert.core.doctor.facts import RoleRight
from ddbinsert.core.doctor.model import FactSource, Severity, Symptom, check
from ddbinsert.core.model.package import READING
from ddbinsert.core.model.wanted import OWN_CODE
from ddbinsert.core.proof.causes.catalog import Cause
from ddbinsert.core.trigger.policy import lacking, statements_of
from ddbinsert.core.trigger.stream_policy import lacks as lacks_policy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddbinsert.core.doctor.facts import Facts


def _own_policy_lacks(facts: Facts) -> tuple[str, ...]:
    """The necessary rights that ddbinsert's policy does not grant; none if ddbinsert did not create the role."""
    role, stream, function = facts.world.role, facts.table.stream_arn, facts.function
    if (
        role is None
        or not role.is_ours
        or stream is None
        or function is None
        or role.arn != function.role_arn
    ):
        return ()
    group = log_group_arn(facts.table.function_place, function.log_group)
    return lacking(role.policy, stream_arn=stream, log_group_arn=group)


def _names_another_stream(facts: Facts) -> tuple[str, ...]:
    role = facts.world.role
    prefix = f"{facts.table.arn}/stream/"
    found = []
    for statement in statements_of(role.policy if role else None):
        resources = statement.get("Resource") or []
        found += [
            one
            for one in ([resources] if isinstance(resources, str) else resources)
            if isinstance(one, str) and one.startswith(prefix) and one != facts.table.stream_arn
        ]
    return tuple(found)


def _is_stale(facts: Facts) -> bool:
    cannot = RoleRight.READ_STREAM in facts.rights.denied or (
        "stream" in _own_policy_lacks(facts) and RoleRight.READ_STREAM not in facts.rights.allowed
    )
    return cannot and bool(_names_another_stream(facts))


@check(Cause.ROLE_MISSING, Severity.ERROR, Cause.ROLE_MISSING.meaning, FactSource.ROLE, FactSource.FUNCTION)
def missing(facts: Facts) -> Iterator[Symptom]:
    if facts.function is not None and facts.world.role is None:
        yield Symptom(
            text=f"the function's role {facts.role_name} does not exist: Lambda can neither read the stream nor run the function",
            evidence=(facts.function.role_arn,),
            advice=attach("Restore the role, which ddbinsert created")
            if facts.restores_role
            else Advice(
                f"Create role {facts.role_name} again, so that lambda.amazonaws.com may assume it, or give the function another role"
            ),
            is_safe=facts.is_ours,
        )


@check(
    "role-not-assumable",
    Severity.ERROR,
    "the role's trust policy does not let Lambda assume it",
    FactSource.ROLE,
)
def not_assumable(facts: Facts) -> Iterator[Symptom]:
    role = facts.world.role
    if role is not None and not role.trusts_lambda:
        yield Symptom(
            text=f"role {role.name} does not let Lambda assume it: its trust policy has no lambda.amazonaws.com",
            evidence=(role.arn,),
            advice=allow(
                facts,
                f"to be assumed by lambda.amazonaws.com (sts:AssumeRole), in its trust policy: `aws iam get-role --role-name {role.name}` shows it",
                attach("Restore the trust policy of the role, which ddbinsert created"),
            ),
            is_safe=facts.is_ours,
        )


@check(
    "permissions-boundary",
    Severity.ERROR,
    "the role's permissions boundary denies a permission that its policies grant",
    FactSource.RIGHTS,
)
def boundary(facts: Facts) -> Iterator[Symptom]:
    needed = facts.rights.by_boundary - {RoleRight.DELETE_TABLE}
    if needed:
        yield Symptom(
            text=f"the permissions boundary of role {facts.role_name} does not let it {', or '.join(sorted(needed))}",
            evidence=tuple(
                f"{facts.rights.actions.get(one, one.value)}: denied by the permissions boundary"
                for one in sorted(needed)
            ),
            advice=Advice(
                f"Allow it in the boundary: `aws iam get-role --role-name {facts.role_name}` names the policy"
            ),
        )


@check(
    "policy-names-replaced-stream",
    Severity.ERROR,
    "the role's policy names a stream that was replaced, and not the live one",
    FactSource.ROLE,
)
def stale_policy(facts: Facts) -> Iterator[Symptom]:
    if facts.table.stream_arn is not None and _is_stale(facts):
        yield Symptom(
            text="the stream was replaced, and the role's policy still names the old one: the function cannot read the live stream",
            evidence=(
                f"live stream: {facts.table.stream_arn}",
                *(f"policy names: {arn}" for arn in _names_another_stream(facts)),
            ),
            advice=allow(
                facts, f"to read {facts.table.stream_arn}", attach("Write the policy for the live stream")
            ),
            is_safe=facts.is_ours,
        )


@check(
    Cause.PERMISSION_LOST, Severity.ERROR, Cause.PERMISSION_LOST.meaning, FactSource.ROLE, FactSource.FUNCTION
)
def permission(facts: Facts) -> Iterator[Symptom]:
    if facts.world.role is None or facts.table.stream_arn is None or _is_stale(facts):
        return
    reports = tuple(
        f"mapping {m.uuid}: {m.last_result}"
        for m in facts.mappings
        if "Cannot access" in m.last_result or "assume" in m.last_result
    )
    denied = (
        RoleRight.READ_STREAM in facts.rights.denied and RoleRight.READ_STREAM not in facts.rights.by_boundary
    )
    lacks = "stream" in _own_policy_lacks(facts) and RoleRight.READ_STREAM not in facts.rights.allowed
    if lacks_policy(facts.world) and not denied and not lacks:
        return  # the policy of the stream explains the reports
    if denied or lacks or reports:
        yield Symptom(
            text=f"role {facts.role_name} cannot read the stream: nothing is delivered",
            evidence=(
                *(
                    (f"{', '.join(READING)} on {facts.table.stream_arn}: not allowed",)
                    if denied or lacks
                    else ()
                ),
                *reports,
            ),
            advice=allow(
                facts,
                f"{', '.join(READING)} on {facts.table.stream_arn}",
                attach("Restore the policy of the role, which ddbinsert created"),
                RoleRight.READ_STREAM,
            ),
            is_safe=facts.is_ours and RoleRight.READ_STREAM not in facts.rights.by_statement,
            # If IAM was not asked, another policy of the role may grant it.
            severity=Severity.WARNING if FactSource.RIGHTS in facts.unread and not reports else None,
        )


@check(
    Cause.ROLE_CANNOT_WRITE_LOGS,
    Severity.WARNING,
    Cause.ROLE_CANNOT_WRITE_LOGS.meaning,
    FactSource.ROLE,
    FactSource.FUNCTION,
)
def logs(facts: Facts) -> Iterator[Symptom]:
    if facts.world.role is None or facts.function is None:
        return
    denied = (
        RoleRight.WRITE_LOGS in facts.rights.denied and RoleRight.WRITE_LOGS not in facts.rights.by_boundary
    )
    if denied or ("logs" in _own_policy_lacks(facts) and RoleRight.WRITE_LOGS not in facts.rights.allowed):
        yield Symptom(
            text="the function's role cannot write to its log group: its log lines are lost, and verify cannot observe it",
            evidence=(f"logs:PutLogEvents on log group {facts.function.log_group}: not allowed",),
            advice=allow(
                facts,
                f"logs:CreateLogStream, logs:PutLogEvents on {facts.function.log_group}",
                attach("Restore the policy of the role, which ddbinsert created"),
                RoleRight.WRITE_LOGS,
            ),
            is_safe=facts.is_ours and RoleRight.WRITE_LOGS not in facts.rights.by_statement,
        )


@check(
    Cause.FAILURE_DESTINATION_DENIED,
    Severity.ERROR,
    Cause.FAILURE_DESTINATION_DENIED.meaning,
    FactSource.RIGHTS,
)
def destination(facts: Facts) -> Iterator[Symptom]:
    if RoleRight.SEND_FAILED in facts.rights.denied - facts.rights.by_boundary and facts.destinations:
        yield Symptom(
            text="the function's role is not allowed to send to the on-failure destination: discarded records are lost",
            evidence=tuple(
                f"{facts.rights.actions.get(RoleRight.SEND_FAILED, 'sending')} to {one.arn}: denied"
                for one in facts.destinations
            ),
            advice=allow(
                facts,
                f"sending to {facts.destinations[0].arn}",
                attach(
                    "Grant it to the role, which ddbinsert created",
                    "--on-failure",
                    facts.destinations[0].arn,
                    "--yes",
                ),
                RoleRight.SEND_FAILED,
            ),
        )


@check(
    "sink-denied",
    Severity.ERROR,
    "the role is not allowed to write to the sink",
    FactSource.OWNER,
    FactSource.RIGHTS,
)
def sink(facts: Facts) -> Iterator[Symptom]:
    denied = RoleRight.WRITE_SINK in facts.rights.denied - facts.rights.by_boundary
    if denied and facts.sink.arn not in ("", facts.table.arn):
        yield Symptom(
            text="the function's role is not allowed to write to its sink: every record fails",
            evidence=(
                f"{facts.rights.actions.get(RoleRight.WRITE_SINK, 'writing')} on {facts.sink.arn}: denied",
            ),
            advice=allow(
                facts,
                f"writing to {facts.sink.arn}",
                attach("Grant it to the role, which ddbinsert created", "--sink", facts.sink.arn, "--yes"),
                RoleRight.WRITE_SINK,
            ),
        )


@check(
    "role-too-wide",
    Severity.WARNING,
    "the function's role is allowed to delete the table",
    FactSource.RIGHTS,
)
def too_wide(facts: Facts) -> Iterator[Symptom]:
    if RoleRight.DELETE_TABLE in facts.rights.allowed:
        yield Symptom(
            text=f"role {facts.role_name} has more permissions than a trigger needs: it is allowed to delete the table",
            evidence=(f"dynamodb:DeleteTable on {facts.table.arn}: allowed",),
            # What other code needs besides the stream and its log is not known: another role would break it.
            advice=attach("Let ddbinsert create a role with least privilege", "--role", "own", "--yes")
            if facts.label not in ("", OWN_CODE)
            else Advice(
                f"Take dynamodb:DeleteTable on {facts.table.name} out of the policies of role {facts.role_name}"
            ),
        )
