"""The context in which a step of a plan is carried out, and the step's result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field, fields
from typing import TYPE_CHECKING, NamedTuple

from ddbinsert.aws.context import Context
from ddbinsert.core.model.seen import World
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from concurrent.futures import Future

    from ddbinsert.core.model.package import Package
    from ddbinsert.core.model.wanted import Trigger
    from ddbinsert.core.trigger.steps import Step

#: A step's change to the world. It is applied to the world when the step ends, because other steps end meanwhile.
Edit = Callable[[World], World]


@dataclass(frozen=True, kw_only=True)
class Provisioning(Context):
    """A context with the trigger that is being created or changed.

    Attributes:
        trigger: The wanted trigger (`core.trigger.effective_settings`).
        package: The function's code; None if the plan does not need it.
        beside: Running calls that no step depends on; the run waits for them at its end.
    """

    trigger: Trigger
    package: Package | None
    beside: list[Future[None]] = field(default_factory=list)

    @classmethod
    def of(cls, context: Context, trigger: Trigger, package: Package | None = None) -> Provisioning:
        """``context``, for one trigger."""
        given = {each.name: getattr(context, each.name) for each in fields(Context)}
        return cls(**given, trigger=trigger, package=package)

    @property
    def needed_package(self) -> Package:
        """The package, for a step that requires it."""
        if self.package is None:
            raise AssertionError("a plan that uploads code needs its package")
        return self.package


class Performed(NamedTuple):
    """The result of a step.

    Attributes:
        edit: Its change to the world.
        step: The step as it was done: a mapping that existed already was updated, not created.
        stays: Why the resource was not deleted; empty if the step was done.
    """

    edit: Edit
    step: Step
    stays: str = ""
