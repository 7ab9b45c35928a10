"""Changes to roles and log groups: what a function needs before it can run."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from ddbinsert.aws.errors import code_of, is_not_found, message_of, translated
from ddbinsert.aws.observe import read_log_group, read_role
from ddbinsert.core import shapes
from ddbinsert.core.model import OWNER_TAG, LogGroupState
from ddbinsert.core.policy import POLICY_NAME, READING, role_policy
from ddbinsert.core.steps import CreateLogGroup
from ddbinsert.errors import AwsError, PrerequisiteError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ddbinsert.aws.hands import Hands
    from ddbinsert.core.model import RoleState, World
    from ddbinsert.core.steps import (
        CreateRole,
        DeleteLogGroup,
        DeleteRole,
        PutRolePolicy,
        RebindRolePolicy,
        SetRetention,
    )


def log_group(hands: Hands, step: CreateLogGroup | SetRetention, world: World) -> LogGroupState:
    client = hands.aws.client("logs")
    with translated(f"prepare log group {step.name}"):
        if isinstance(step, CreateLogGroup):
            with contextlib.suppress(client.exceptions.ResourceAlreadyExistsException):
                client.create_log_group(logGroupName=step.name, tags=hands.trigger.all_tags)
        if step.retention_days is not None:
            client.put_retention_policy(logGroupName=step.name, retentionInDays=step.retention_days)
        elif not isinstance(step, CreateLogGroup):
            client.delete_retention_policy(logGroupName=step.name)
    arn = world.log_group.arn if world.log_group else ""
    return LogGroupState(name=step.name, arn=arn, retention_days=step.retention_days)


def create_role(hands: Hands, step: CreateRole) -> RoleState:
    client = hands.aws.client("iam")
    with translated(f"create role {step.name}"):
        try:
            answer: Any = client.create_role(
                RoleName=step.name,
                AssumeRolePolicyDocument=shapes.TRUST,
                Description=f"Execution role of {hands.trigger.function_name}, made by ddbinsert",
                Tags=[{"Key": key, "Value": value} for key, value in hands.trigger.all_tags.items()],
            )
        except client.exceptions.EntityAlreadyExistsException:
            answer = client.get_role(RoleName=step.name)  # a run at the same time was faster
    role = shapes.role(answer)
    if not role.is_ours:
        raise PrerequisiteError(
            f"Role {step.name} appeared meanwhile, and ddbinsert did not make it.",
            hint=f"Use it as it is (function.role: {role.arn}), or give the function another name.",
            code="role-not-ours",
        )
    return role


def put_role_policy(hands: Hands, step: PutRolePolicy, world: World) -> str | None:
    """Write our inline policy, bound to the live stream; where there is none yet, just for logging."""
    table, package = world.table, hands.needed_package
    if table is None:
        return None
    document = role_policy(hands.trigger, table, table.stream_arn, package.rights)
    with translated(f"write the policy of role {step.role}"):
        hands.aws.client("iam").put_role_policy(
            RoleName=step.role, PolicyName=POLICY_NAME, PolicyDocument=document
        )
    return document


def rebind_role_policy(hands: Hands, step: RebindRolePolicy, world: World) -> str | None:
    """Our policy with the new stream's ARN in the old one's place."""
    if (
        world.table is None
        or world.table.stream_arn is None
        or world.role is None
        or world.role.policy is None
    ):
        return None
    document = world.role.policy.replace(step.old_stream_arn, world.table.stream_arn)
    with translated(f"write the policy of role {step.role}"):
        hands.aws.client("iam").put_role_policy(
            RoleName=step.role, PolicyName=POLICY_NAME, PolicyDocument=document
        )
    return document


def is_role_not_assumable(error: BaseException) -> bool:
    """Lambda can't assume the role: one that is new in IAM, or one that doesn't trust Lambda."""
    return code_of(error) == "InvalidParameterValueException" and "cannot be assumed" in message_of(error)


def refuse_a_role_that_never_will_do(hands: Hands, role_arn: str) -> None:
    """Tell a real lack of trust from propagation: read the role.

    Raises:
        PrerequisiteError: The role doesn't exist, or doesn't trust Lambda.
    """
    name = role_arn.rsplit("/", 1)[-1]
    try:
        role = read_role(hands.aws, name)
    except AwsError:
        return  # not allowed to look: only time can tell
    if role is None:
        raise PrerequisiteError(
            f"Role {role_arn} does not exist.",
            hint="Correct function.role, or leave it out and let ddbinsert make one.",
            code="role-not-found",
        )
    if not role.trusts_lambda:
        raise PrerequisiteError(
            f"Role {name} does not trust Lambda: its trust policy has no lambda.amazonaws.com.",
            hint="Add sts:AssumeRole for the service lambda.amazonaws.com to its trust policy.",
            code="role-does-not-trust-lambda",
        )


def refuse_a_role_that_may_not_read(hands: Hands, role_arn: str, stream_arn: str) -> None:
    """Tell a real lack of rights from propagation: ask IAM what the role's policies say.

    Raises:
        PrerequisiteError: They don't allow to read the stream.
    """
    name = role_arn.rsplit("/", 1)[-1]
    client = hands.aws.client("iam")
    try:
        with translated(f"ask what role {name} may do"):
            answer: Any = client.simulate_principal_policy(
                PolicySourceArn=role_arn, ActionNames=list(READING), ResourceArns=[stream_arn]
            )
    except AwsError:
        return  # not allowed to ask: only time can tell
    lacking = [
        result["EvalActionName"]
        for result in answer["EvaluationResults"]
        # With conditions on what only a real call carries, IAM can't tell either.
        if result["EvalDecision"] != "allowed" and not result.get("MissingContextValues")
    ]
    if lacking:
        raise PrerequisiteError(
            f"Role {name} may not read stream {stream_arn}: its policies don't allow {', '.join(lacking)}.",
            hint=f"Add a policy to the role that allows {', '.join(READING)} on the stream and dynamodb:ListStreams "
            "on *, and run it again.",
            code="role-lacks-rights",
        )


def delete_role(hands: Hands, step: DeleteRole) -> None:
    client = hands.aws.client("iam")
    gone(
        lambda: client.delete_role_policy(RoleName=step.name, PolicyName=POLICY_NAME),
        f"delete the policy of role {step.name}",
    )
    gone(lambda: client.delete_role(RoleName=step.name), f"delete role {step.name}")


def delete_log_group(hands: Hands, step: DeleteLogGroup, world: World) -> bool:
    """Delete the log group; whether it is gone. One that bears no tag of ours stays, as do its lines."""
    client = hands.aws.client("logs")
    doing = f"delete log group {step.name}"
    seen = (
        world.log_group if world.log_group and world.log_group.arn else read_log_group(hands.aws, step.name)
    )
    if seen is None:
        return True
    tags: dict[str, str] = {}

    def look() -> None:
        answer = client.list_tags_for_resource(resourceArn=seen.arn.removesuffix(":*"))
        tags.update(answer.get("tags") or {})

    gone(look, f"read the tags of log group {step.name}")
    if OWNER_TAG not in tags:
        hands.reporter.warn(f"log group {step.name} was not made by ddbinsert; it stays")
        return False
    gone(lambda: client.delete_log_group(logGroupName=step.name), doing)
    return True


def gone(delete: Callable[[], object], doing: str) -> None:
    """Delete something; that it is gone already is fine."""
    with translated(doing):
        try:
            delete()
        except Exception as error:
            if not is_not_found(error):
                raise
