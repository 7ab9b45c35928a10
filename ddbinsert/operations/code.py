"""Which code a trigger's function runs: a template of ours, or the user's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from ddbinsert.core.model import Trigger
    from ddbinsert.core.package import Package


def build(trigger: Trigger, base: Path) -> Package:
    """The deployment package; ``function.code`` is relative to ``base``.

    Raises:
        PrerequisiteError, UsageError: There is no such code, or it can't be a function's.
    """
    from ddbinsert import handlers

    function = trigger.function
    if function.code is None:
        return handlers.bundle(function.template, function.runtime, function.environment)
    return handlers.package_code(
        base / function.code,
        runtime=function.runtime,
        handler=function.handler,
        architecture=function.architecture,
        environment=function.environment,
    )
