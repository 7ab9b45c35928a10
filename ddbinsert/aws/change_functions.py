"""Changes to functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.aws.change_roles import gone, is_role_not_assumable, refuse_a_role_that_never_will_do
from ddbinsert.aws.code_objects import put_archive
from ddbinsert.aws.errors import message_of, translated
from ddbinsert.aws.observe import read_function
from ddbinsert.aws.wait import until
from ddbinsert.core import shapes
from ddbinsert.errors import AwsError, DdbInsertError, PrerequisiteError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ddbinsert.aws.hands import Hands
    from ddbinsert.core.model import FunctionState, World
    from ddbinsert.core.steps import DeleteFunction, UpdateFunctionCode, UpdateFunctionSettings

#: IAM shows a new role to Lambda within some 5 to 30 s (recorded); past this it is no propagation any more.
PROPAGATION = 90.0


def create_function(hands: Hands, world: World) -> FunctionState:
    """Create the function; while a role of ours is still propagating through IAM, wait for it."""
    trigger = hands.trigger
    put_archive(hands.aws, hands.needed_package)
    role_arn = trigger.function.role or (world.role.arn if world.role else "")
    request = shapes.create_function_request(trigger, role_arn, hands.needed_package)
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


def update_function_code(hands: Hands, step: UpdateFunctionCode) -> FunctionState:
    client = hands.aws.client("lambda")
    package = hands.needed_package
    put_archive(hands.aws, package)
    return _settled_after(
        hands,
        step.name,
        lambda: client.update_function_code(
            FunctionName=step.name,
            **shapes.code_source(package),
            Architectures=[hands.trigger.function.architecture],
        ),
        f"upload the code of function {step.name}",
    )


def update_function_settings(hands: Hands, step: UpdateFunctionSettings, world: World) -> FunctionState:
    client = hands.aws.client("lambda")
    settings = shapes.function_settings(hands.trigger, hands.needed_package)
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
        PrerequisiteError: It isn't there.
        AwsError: It failed; with Lambda's reason.
    """
    last = ["nothing"]

    def look() -> FunctionState | None:
        function = working_function(hands, name)
        last[0] = _standing(function)
        return function if function.is_settled else None

    return until(
        look,
        clock=hands.clock,
        timeout=hands.timeout,
        what=f"function {name} to be active",
        seen=lambda: last[0],
        progress=hands.reporter.waiting,
    )


def working_function(hands: Hands, name: str) -> FunctionState:
    """The function as it stands.

    Raises:
        PrerequisiteError: It isn't there.
        AwsError: It failed; with Lambda's reason.
    """
    function = read_function(hands.aws, name)
    if function is None:
        raise PrerequisiteError(f"Function {name} does not exist (any more).", code="function-not-found")
    if function.state == "Failed" or function.update_status == "Failed":
        raise AwsError(
            f"Function {name} failed: {function.state_reason or _standing(function)}.",
            hint="Mend what Lambda names, then run it again.",
            code="function-failed",
        )
    return function


def _standing(function: FunctionState) -> str:
    return f"{function.state}, last update {function.update_status}"


def delete_function(hands: Hands, step: DeleteFunction) -> None:
    gone(
        lambda: hands.aws.client("lambda").delete_function(FunctionName=step.name),
        f"delete function {step.name}",
    )
