"""Changes to functions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ddbinsert.aws.change.code import put_archive
from ddbinsert.aws.change.roles import delete_if_present, is_role_not_ready, refuse_unusable_role
from ddbinsert.aws.errors import is_not_found, message_of, translated
from ddbinsert.aws.read.resources import read_function, require_tags
from ddbinsert.core.model.alias import AliasState
from ddbinsert.core.model.wanted import ALIAS_TAG, CODE_TAG
from ddbinsert.core.trigger import shapes
from ddbinsert.errors import AwsError, DdbInsertError, PrerequisiteError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ddbinsert.aws.change.context import Provisioning
    from ddbinsert.core.model.seen import FunctionState, World
    from ddbinsert.core.trigger.steps import (
        DeleteFunction,
        PublishVersion,
        UpdateFunctionCode,
        UpdateFunctionSettings,
    )

#: IAM shows a new role to Lambda within 5 to 30 s (docs/aws-facts.md#role-propagation); after this many seconds the cause is another.
PROPAGATION = 90.0


def create_function(context: Provisioning, world: World) -> FunctionState:
    """Create the function; while a role of ddbinsert's is still propagating through IAM, wait for it."""
    trigger = context.trigger
    put_archive(context.aws, context.needed_package)
    role_arn = trigger.function.role or (world.role.arn if world.role else "")
    request = shapes.create_function_request(trigger, role_arn, context.needed_package)
    client = context.aws.client("lambda")

    def attempt() -> FunctionState | None:
        try:
            return shapes.function(
                {"Configuration": client.create_function(**request), "Tags": trigger.function_tags}
            )
        except client.exceptions.ResourceConflictException as error:
            existing = read_function(context.aws, trigger.function_name)
            if existing is None:
                return None  # a function of this name is being deleted
            require_tags(existing)
            if not existing.is_ours:
                raise PrerequisiteError(
                    f"Function {trigger.function_name} was created by someone else at the same time.",
                    hint="Run it again to attach to it, or give another --function name.",
                    code="function-not-ours",
                ) from error
            return existing

    return _while_role_propagates(context, role_arn, attempt, f"create function {trigger.function_name}")


def _while_role_propagates(
    context: Provisioning, role_arn: str, attempt: Callable[[], FunctionState | None], doing: str
) -> FunctionState:
    checked = False
    last = [""]

    def try_once() -> FunctionState | None:
        nonlocal checked
        with translated(doing):
            try:
                return attempt()
            except DdbInsertError:
                raise
            except Exception as error:
                if not is_role_not_ready(error):
                    raise
                last[0] = message_of(error)
        if not checked:
            checked = True
            refuse_unusable_role(context, role_arn)
        return None

    return context.until(
        try_once,
        timeout=PROPAGATION,
        what=f"IAM to make role {role_arn.rsplit('/', 1)[-1]} visible to Lambda",
        seen=lambda: last[0],
        hint="If this persists, check the role: lambda.amazonaws.com must be able to assume it, and its policies must "
        "allow what the function's settings need.",
        first=0.05,
    )


def update_function_code(context: Provisioning, step: UpdateFunctionCode) -> FunctionState:
    """Upload the code, and record in the function's tag which code it is."""
    client = context.aws.client("lambda")
    package = context.needed_package
    put_archive(context.aws, package)
    function = _settled_after(
        context,
        step.name,
        lambda: client.update_function_code(
            FunctionName=step.name,
            **shapes.code_source(package),
            Architectures=[context.trigger.function.architecture],
        ),
        f"upload the code of function {step.name}",
    )
    label = {CODE_TAG: context.trigger.code_label}
    if function.tags.get(CODE_TAG) != context.trigger.code_label:
        with translated(f"tag function {step.name}"):
            client.tag_resource(Resource=function.arn, Tags=label)
    return replace(function, tags={**function.tags, **label})


def update_function_settings(
    context: Provisioning, step: UpdateFunctionSettings, world: World
) -> FunctionState:
    """Change the settings that differ, and no others."""
    client, have = context.aws.client("lambda"), world.function
    if have is None:
        raise PrerequisiteError(f"Function {step.name} does not exist.", code="function-not-found")
    settings = shapes.update_function_request(context.trigger, have, step.changes, context.package)
    role = ""
    if any(change.field == "function.role" for change in step.changes):
        role = context.trigger.function.role or (world.role.arn if world.role else "")
        settings["Role"] = role
    return _settled_after(
        context,
        step.name,
        lambda: client.update_function_configuration(FunctionName=step.name, **settings),
        f"change the settings of function {step.name}",
        role_arn=role,
    )


def publish_version(context: Provisioning, step: PublishVersion) -> AliasState:
    """Publish a version of the function as it is now, and point the alias to it.

    Lambda returns the last version if nothing has changed since, so that a repeated call publishes no second one.
    """
    client, made = context.aws.client("lambda"), [""]

    def publish() -> object:
        made[0] = str(client.publish_version(FunctionName=step.function)["Version"])
        return made

    function = _settled_after(
        context, step.function, publish, f"publish a version of function {step.function}"
    )
    wait_until_active(context, f"{function.arn}:{made[0]}")
    with translated(f"point alias {step.alias} of function {step.function} to version {made[0]}"):
        try:
            client.update_alias(
                FunctionName=step.function,
                Name=step.alias,
                FunctionVersion=made[0],
                RoutingConfig={"AdditionalVersionWeights": {}},
            )
        except Exception as error:
            if not is_not_found(error):
                raise
            client.create_alias(FunctionName=step.function, Name=step.alias, FunctionVersion=made[0])
    if function.tags.get(ALIAS_TAG) != step.alias:
        with translated(f"tag function {step.function}"):
            client.tag_resource(Resource=function.arn, Tags={ALIAS_TAG: step.alias})
    return AliasState(name=step.alias, version=made[0], function=function)


def _settled_after(
    context: Provisioning, name: str, call: Callable[[], object], doing: str, *, role_arn: str = ""
) -> FunctionState:
    """Make a change as soon as the function (and IAM, with a new role) accepts it; wait until it is in effect."""
    client = context.aws.client("lambda")
    last = [""]
    checked = False

    def attempt() -> bool | None:
        nonlocal checked
        with translated(doing):
            try:
                call()
            except client.exceptions.ResourceConflictException as error:
                last[0] = message_of(error)  # Pending, or an update in progress
                return None
            except client.exceptions.InvalidParameterValueException as error:
                if not is_role_not_ready(error):
                    raise
                last[0] = message_of(error)
                if not checked:
                    checked = True
                    refuse_unusable_role(context, role_arn)
                return None
            return True

    context.until(
        attempt,
        what=f"function {name} to accept a change",
        seen=lambda: last[0],
    )
    return wait_until_active(context, name)


def wait_until_active(context: Provisioning, name: str) -> FunctionState:
    """The function, once it is Active and no update is in progress.

    Raises:
        PrerequisiteError: The function does not exist.
        AwsError: The function failed; the message has Lambda's reason.
    """
    last = ["nothing"]

    def read_if_settled() -> FunctionState | None:
        function = working_function(context, name)
        last[0] = _state_text(function)
        return function if function.is_settled else None

    return context.until(
        read_if_settled,
        what=f"function {name} to be active",
        seen=lambda: last[0],
    )


def working_function(context: Provisioning, name: str) -> FunctionState:
    """The function in its current state.

    Raises:
        PrerequisiteError: The function does not exist.
        AwsError: The function failed; the message has Lambda's reason.
    """
    function = read_function(context.aws, name)
    if function is None:
        raise PrerequisiteError(f"Function {name} does not exist.", code="function-not-found")
    if function.has_failed:
        raise AwsError(
            f"Function {name} failed: {function.failure}.",
            hint="Fix what Lambda reports, then run it again.",
            code="function-failed",
        )
    return function


def _state_text(function: FunctionState) -> str:
    return f"{function.state}, last update {function.update_status}"


def delete_function(context: Provisioning, step: DeleteFunction) -> None:
    delete_if_present(
        lambda: context.aws.client("lambda").delete_function(FunctionName=step.name),
        f"delete function {step.name}",
    )
