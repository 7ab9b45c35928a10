"""Running a trigger's handler on an event: on this machine, or deployed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ddbinsert.core.model.wanted import Template
from ddbinsert.errors import UsageError
from ddbinsert.operations.handlers.events import LARGEST_EVENT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.logs.invocation import Invocation
    from ddbinsert.core.model.wanted import Trigger


def run_locally(
    trigger: Trigger,
    event: Mapping[str, Any],
    *,
    base: Path,
    connect: Callable[[], Aws],
    variables: Mapping[str, str],
    request_id: str,
    times: int = 1,
) -> list[Invocation]:
    """Run the handler's own files in a separate process, ``times`` times in the same one.

    Args:
        base: The folder that ``function.code`` is relative to.
        connect: Returns the connection for a handler that may connect to AWS; called only then.
        variables: This process's environment.

    Raises:
        DdbInsertError: The code cannot be packed, or cannot be run on this machine.
    """
    from ddbinsert.handlers.worker import Worker
    from ddbinsert.operations.provision.code import build

    package = build(trigger, base, connect)
    if package.image is not None:
        raise UsageError(
            "A container image cannot be run on this machine.",
            hint="Invoke the deployed function: --deployed.",
            code="runtime-not-local",
        )
    surroundings = dict(variables)
    if _needs_connection(trigger):
        from ddbinsert.aws.invoke import variables_of

        # Only the resolved credentials: a profile must not be resolved a second time.
        surroundings = {name: value for name, value in variables.items() if not name.startswith("AWS_")}
        surroundings |= variables_of(connect())
    with Worker(
        package,
        runtime=trigger.function.runtime,
        name=trigger.function_name,
        environment=trigger.function.environment,
        surroundings=surroundings,
    ) as worker:
        seconds = float(trigger.function.timeout)
        return [worker.invoke(event, request_id=request_id, seconds=seconds) for _ in range(times)]


def deployed(aws: Aws, trigger: Trigger, event: Mapping[str, Any], *, times: int = 1) -> list[Invocation]:
    """Invoke the deployed function.

    Raises:
        UsageError: The event is larger than Lambda's limit.
        DdbInsertError: The function does not exist, or Lambda refused the call.
    """
    from ddbinsert.aws.invoke import invoke

    if len(json.dumps(event).encode()) > LARGEST_EVENT:
        raise UsageError("The event is larger than Lambda's limit of 6 MB.", hint="Use fewer records.")
    return [invoke(aws, trigger.function_name, event) for _ in range(times)]


def _needs_connection(trigger: Trigger) -> bool:
    function = trigger.function
    if function.code is not None:
        return True
    return function.template is not Template.PRINT and bool(function.environment)
