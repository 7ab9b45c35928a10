"""Changes to roles and log groups: what a function needs before it can run."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ddbinsert.aws.errors import code_of, is_not_found, message_of, translated
from ddbinsert.aws.read.ownership import with_log_group_tags
from ddbinsert.aws.read.resources import read_log_group, read_role
from ddbinsert.aws.read.simulation import simulated
from ddbinsert.core.arn import resource_name
from ddbinsert.core.model.package import READING
from ddbinsert.core.model.seen import LogGroupState
from ddbinsert.core.model.wanted import OWNER_TAG
from ddbinsert.core.trigger import shapes
from ddbinsert.core.trigger.differences import TRUST, cleared_tags
from ddbinsert.core.trigger.plan_function import wanted_policy
from ddbinsert.core.trigger.policy import POLICY_NAME
from ddbinsert.core.trigger.steps import CreateLogGroup, SetRetention
from ddbinsert.errors import AwsError, PrerequisiteError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ddbinsert.aws.change.context import Provisioning
    from ddbinsert.core.model.seen import RoleState, World
    from ddbinsert.core.trigger.steps import (
        CreateRole,
        DeleteLogGroup,
        DeleteRole,
        UpdateRole,
    )


def log_group(context: Provisioning, step: CreateLogGroup | SetRetention, world: World) -> LogGroupState:
    """Create the log group, or set its retention. The plan has checked the owner of an existing group."""
    client = context.aws.client("logs")
    with translated(f"prepare log group {step.name}"):
        if isinstance(step, CreateLogGroup):
            try:
                client.create_log_group(**shapes.create_log_group_request(context.trigger, step.log_class))
            except client.exceptions.ResourceAlreadyExistsException:
                appeared = read_log_group(context.aws, step.name)
                if appeared is not None and not _is_ours(context, appeared):
                    return appeared  # another process created it meanwhile: it is left unchanged
        if step.retention_days is not None:
            client.put_retention_policy(logGroupName=step.name, retentionInDays=step.retention_days)
        elif not isinstance(step, CreateLogGroup):
            client.delete_retention_policy(logGroupName=step.name)
    known = world.log_group
    if known is None or known.name != step.name:
        log_class = step.log_class if isinstance(step, CreateLogGroup) else ""
        known = LogGroupState(
            name=step.name, arn="", log_class=log_class, tags=context.trigger.log_group_tags
        )
    return replace(known, retention_days=step.retention_days)


def _is_ours(context: Provisioning, group: LogGroupState) -> bool:
    tagged = with_log_group_tags(context.aws, group)
    return tagged is not None and (tagged.tags or {}).get(OWNER_TAG) == context.trigger.table


def create_role(context: Provisioning, step: CreateRole) -> RoleState:
    client = context.aws.client("iam")
    with translated(f"create role {step.name}"):
        try:
            answer: Any = client.create_role(**shapes.create_role_request(context.trigger))
        except client.exceptions.EntityAlreadyExistsException:
            answer = client.get_role(RoleName=step.name)  # a concurrent run created it first
    role = shapes.role(answer)
    if not role.is_ours:
        raise PrerequisiteError(
            f"Role {step.name} was created by someone else at the same time.",
            hint=f"Use it (function.role: {role.arn}), or give the function another name.",
            code="role-not-ours",
        )
    return role


def update_role(context: Provisioning, step: UpdateRole, world: World) -> RoleState:
    """Change the trust policy, permissions boundary and tags of our role; return the changed role."""
    client, role, want = context.aws.client("iam"), world.role, context.trigger.role
    if role is None:
        raise PrerequisiteError(f"Role {step.name} does not exist.", code="role-not-found")
    fields = {change.field for change in step.changes}
    tags, gone = dict(want.tags), cleared_tags(context.trigger, "role.tags")
    with translated(f"change role {step.name}"):
        if TRUST in fields:
            answer: Any = client.get_role(RoleName=step.name)
            document = shapes.trusting(answer["Role"].get("AssumeRolePolicyDocument"))
            client.update_assume_role_policy(RoleName=step.name, PolicyDocument=document)
        if "role.boundary" in fields and want.boundary is not None:
            client.put_role_permissions_boundary(RoleName=step.name, PermissionsBoundary=want.boundary)
        elif "role.boundary" in fields:
            client.delete_role_permissions_boundary(RoleName=step.name)
        if tags and any(field.startswith("role.tags.") for field in fields):
            client.tag_role(RoleName=step.name, Tags=[{"Key": key, "Value": tags[key]} for key in tags])
        if gone:
            client.untag_role(RoleName=step.name, TagKeys=list(gone))
    boundary = want.boundary if "role.boundary" in fields else role.boundary
    left = {key: value for key, value in {**role.tags, **tags}.items() if key not in gone}
    return replace(role, boundary=boundary, tags=left, trusts_lambda=role.trusts_lambda or TRUST in fields)


def put_role_policy(context: Provisioning, role: str, world: World, *, keeps: bool = False) -> str | None:
    """Write our inline policy for the live stream and those being drained; without a stream, only for logging.

    Args:
        keeps: Keep the rights that settings need which are still to be changed.
    """
    document = wanted_policy(context.trigger, world, context.package, keeps=keeps)
    if document is None:
        return None
    with translated(f"write the policy of role {role}"):
        context.aws.client("iam").put_role_policy(
            RoleName=role, PolicyName=POLICY_NAME, PolicyDocument=document
        )
    return document


def is_role_not_ready(error: BaseException) -> bool:
    """Whether Lambda can't assume the role, or the role lacks a right: both are temporary with a new role."""
    return is_role_not_assumable(error) or (
        code_of(error) == "InvalidParameterValueException"
        and "execution role does not have permissions" in message_of(error)
    )


def is_role_not_assumable(error: BaseException) -> bool:
    """Whether Lambda can't assume the role: it is new in IAM, or does not trust Lambda."""
    return code_of(error) == "InvalidParameterValueException" and "cannot be assumed" in message_of(error)


def refuse_unusable_role(context: Provisioning, role_arn: str) -> None:
    """Read the role to distinguish missing trust from propagation.

    Raises:
        PrerequisiteError: The role doesn't exist, or doesn't trust Lambda.
    """
    name = resource_name(role_arn)
    try:
        role = read_role(context.aws, name)
    except AwsError:
        return  # not permitted to read it: wait for propagation
    if role is None:
        raise PrerequisiteError(
            f"Role {role_arn} does not exist.",
            hint="Correct function.role, or leave it out and let ddbinsert create one.",
            code="role-not-found",
        )
    if not role.trusts_lambda:
        raise PrerequisiteError(
            f"Role {name} does not trust Lambda: its trust policy has no lambda.amazonaws.com.",
            hint="Add sts:AssumeRole for the service lambda.amazonaws.com to its trust policy.",
            code="role-does-not-trust-lambda",
        )


def refuse_role_without_stream_rights(context: Provisioning, role_arn: str, stream_arn: str) -> None:
    """Ask IAM about the role's policies to distinguish missing rights from propagation.

    Raises:
        PrerequisiteError: The policies do not allow reading the stream.
    """
    name = resource_name(role_arn)
    try:
        results = simulated(context.aws, role_arn, READING, [stream_arn], who=f"role {name}")
    except AwsError:
        return  # not permitted to ask: wait for propagation
    lacking = [
        result["EvalActionName"]
        for result in results
        # IAM cannot evaluate conditions on context that only a real call has.
        if result["EvalDecision"] != "allowed" and not result.get("MissingContextValues")
    ]
    if lacking:
        raise PrerequisiteError(
            f"Role {name} may not read stream {stream_arn}: its policies don't allow {', '.join(lacking)}.",
            hint=f"Add a policy to the role that allows {', '.join(READING)} on the stream and dynamodb:ListStreams "
            "on *, and run it again.",
            code="role-lacks-rights",
        )


def delete_role(context: Provisioning, step: DeleteRole) -> None:
    client = context.aws.client("iam")
    delete_if_present(
        lambda: client.delete_role_policy(RoleName=step.name, PolicyName=POLICY_NAME),
        f"delete the policy of role {step.name}",
    )
    delete_if_present(lambda: client.delete_role(RoleName=step.name), f"delete role {step.name}")


def delete_log_group(context: Provisioning, step: DeleteLogGroup, world: World) -> str:
    """Delete the log group, unless it lacks our tag.

    Returns:
        Why it was not deleted; empty if it was.
    """
    client = context.aws.client("logs")
    known = world.log_group
    seen = (
        known if known and known.name == step.name and known.arn else read_log_group(context.aws, step.name)
    )
    if seen is None:
        return ""
    if not _is_ours(context, seen):
        # Where another trigger's removal deleted it meanwhile, there are no tags to read.
        return "" if read_log_group(context.aws, step.name) is None else "it was not created by ddbinsert"
    delete_if_present(
        lambda: client.delete_log_group(logGroupName=step.name), f"delete log group {step.name}"
    )
    return ""


def delete_if_present(delete: Callable[[], object], doing: str) -> None:
    """Delete a resource; a resource that does not exist is not an error."""
    with translated(doing):
        try:
            delete()
        except Exception as error:
            if not is_not_found(error):
                raise
