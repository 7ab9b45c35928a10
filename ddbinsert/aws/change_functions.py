"""Changes to functions, their roles and their log groups."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from ddbinsert.aws.errors import code_of, is_not_found, message_of, translated
from ddbinsert.aws.observe import read_function, read_log_group, read_role
from ddbinsert.aws.wait import until
from ddbinsert.core import shapes
from ddbinsert.core.model import OWNER_TAG, LogGroupState
from ddbinsert.core.policy import POLICY_NAME, role_policy
from ddbinsert.core.steps import CreateLogGroup
from ddbinsert.errors import AwsError, DdbInsertError, PrerequisiteError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ddbinsert.aws.hands import Hands
    from ddbinsert.core.model import FunctionState, RoleState, World
    from ddbinsert.core.package import Package
    from ddbinsert.core.steps import (
        CreateRole,
        DeleteFunction,
        DeleteLogGroup,
        DeleteRole,
        PutRolePolicy,
        RebindRolePolicy,
        SetRetention,
        UpdateFunctionCode,
        UpdateFunctionSettings,
    )

#: IAM shows a new role to Lambda within some 5 to 30 s (recorded); past this it is no propagation any more.
PROPAGATION = 90.0


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
    table, package = world.table, _package(hands)
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


def _package(hands: Hands) -> Package:
    if hands.package is None:
        raise AssertionError("a plan with steps of the function needs its package")
    return hands.package


def create_function(hands: Hands, world: World) -> FunctionState:
    """Create the function; while a role of ours is still propagating through IAM, wait for it."""
    trigger = hands.trigger
    role_arn = trigger.function.role or (world.role.arn if world.role else "")
    request = shapes.create_function_request(trigger, role_arn, _package(hands))
    client = hands.aws.client("lambda")

    def attempt() -> FunctionState | None:
        try:
            return shapes.function(
                {"Configuration": client.create_function(**request), "Tags": trigger.all_tags}
            )
        except client.exceptions.ResourceConflictException as error:
            existing = read_function(hands.aws, trigger.function_name)
            if existing is None:
                return None  # one of this name is on its way out
            if not existing.is_ours:
                raise PrerequisiteError(
                    f"Function {trigger.function_name} appeared meanwhile, and ddbinsert did not make it.",
                    hint="Run it again to attach to it, or give another --function name.",
                    code="function-not-ours",
                ) from error
            return existing

    return _while_role_propagates(hands, role_arn, attempt, f"create function {trigger.function_name}")


def _while_role_propagates(
    hands: Hands, role_arn: str, attempt: Callable[[], FunctionState | None], doing: str
) -> FunctionState:
    checked = False

    def look() -> FunctionState | None:
        nonlocal checked
        with translated(doing):
            try:
                return attempt()
            except DdbInsertError:
                raise
            except Exception as error:
                if not is_role_not_assumable(error):
                    raise
        if not checked:
            checked = True
            refuse_a_role_that_never_will_do(hands, role_arn)
        return None

    return until(
        look,
        clock=hands.clock,
        timeout=min(hands.timeout, PROPAGATION),
        what=f"IAM to show role {role_arn.rsplit('/', 1)[-1]} to Lambda",
        hint="If it stays so, look at the role's trust policy: lambda.amazonaws.com must be able to assume it.",
        progress=hands.reporter.waiting,
        first=0.05,
    )


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


def update_function_code(hands: Hands, step: UpdateFunctionCode) -> FunctionState:
    client = hands.aws.client("lambda")
    package = _package(hands)
    return _settled_after(
        hands,
        step.name,
        lambda: client.update_function_code(
            FunctionName=step.name,
            ZipFile=package.zip_bytes,
            Architectures=[hands.trigger.function.architecture],
        ),
        f"upload the code of function {step.name}",
    )


def update_function_settings(hands: Hands, step: UpdateFunctionSettings, world: World) -> FunctionState:
    client = hands.aws.client("lambda")
    settings = shapes.function_settings(hands.trigger, _package(hands))
    # A log group that is no longer wanted must be named to be left: an omitted field stays as it is.
    settings.setdefault("LoggingConfig", {"LogGroup": hands.trigger.log_group})
    role = hands.trigger.function.role or (world.role.arn if world.role else None)
    if role is not None:
        settings["Role"] = role
    return _settled_after(
        hands,
        step.name,
        lambda: client.update_function_configuration(FunctionName=step.name, **settings),
        f"change the settings of function {step.name}",
        role_arn=role or "",
    )


def _settled_after(
    hands: Hands, name: str, call: Callable[[], object], doing: str, *, role_arn: str = ""
) -> FunctionState:
    """Make a change as soon as the function (and IAM, with a new role) takes it; wait until it is in force."""
    client = hands.aws.client("lambda")
    last = [""]
    checked = False

    def attempt() -> bool | None:
        nonlocal checked
        with translated(doing):
            try:
                call()
            except client.exceptions.ResourceConflictException as error:
                last[0] = message_of(error)  # Pending, or an update under way
                return None
            except client.exceptions.InvalidParameterValueException as error:
                if not is_role_not_assumable(error):
                    raise
                last[0] = message_of(error)
                if not checked:
                    checked = True
                    refuse_a_role_that_never_will_do(hands, role_arn)
                return None
            return True

    until(
        attempt,
        clock=hands.clock,
        timeout=hands.timeout,
        what=f"function {name} to take a change",
        seen=lambda: last[0],
        progress=hands.reporter.waiting,
    )
    return wait_until_active(hands, name)


def wait_until_active(hands: Hands, name: str) -> FunctionState:
    """The function, once it is Active and no update is under way.

    Raises:
        AwsError: It failed; with Lambda's reason.
    """
    last = ["nothing"]

    def look() -> FunctionState | None:
        function = read_function(hands.aws, name)
        if function is None:
            raise PrerequisiteError(f"Function {name} does not exist (any more).", code="function-not-found")
        last[0] = f"{function.state}, last update {function.update_status}"
        if function.state == "Failed" or function.update_status == "Failed":
            raise AwsError(
                f"Function {name} failed: {function.state_reason or last[0]}.",
                hint="Mend what Lambda names, then run it again.",
                code="function-failed",
            )
        return function if function.is_settled else None

    return until(
        look,
        clock=hands.clock,
        timeout=hands.timeout,
        what=f"function {name} to be active",
        seen=lambda: last[0],
        progress=hands.reporter.waiting,
    )


def delete_function(hands: Hands, step: DeleteFunction) -> None:
    _gone(
        lambda: hands.aws.client("lambda").delete_function(FunctionName=step.name),
        f"delete function {step.name}",
    )


def delete_role(hands: Hands, step: DeleteRole) -> None:
    client = hands.aws.client("iam")
    _gone(
        lambda: client.delete_role_policy(RoleName=step.name, PolicyName=POLICY_NAME),
        f"delete the policy of role {step.name}",
    )
    _gone(lambda: client.delete_role(RoleName=step.name), f"delete role {step.name}")


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

    _gone(look, f"read the tags of log group {step.name}")
    if OWNER_TAG not in tags:
        hands.reporter.warn(f"log group {step.name} was not made by ddbinsert; it stays")
        return False
    _gone(lambda: client.delete_log_group(logGroupName=step.name), doing)
    return True


def _gone(delete: Callable[[], object], doing: str) -> None:
    """Delete something; that it is gone already is fine."""
    with translated(doing):
        try:
            delete()
        except Exception as error:
            if not is_not_found(error):
                raise
