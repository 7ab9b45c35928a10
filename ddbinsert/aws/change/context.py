"""What a step of a plan is carried out with."""

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

#: What a step changed, to be made on the world as it is when the step ends: other steps end meanwhile.
Edit = Callable[[World], World]


@dataclass(frozen=True, kw_only=True)
class Provisioning(Context):
    """A context with the trigger that is brought about.

    Attributes:
        trigger: The trigger as it will be (`core.trigger.effective`).
        package: The function's code; None where the plan does not depend on it.
        beside: Calls under way that no other step waits for; they are waited for at the end.
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
        """The package, where a step cannot do without."""
        if self.package is None:
            raise AssertionError("a plan that uploads code needs its package")
        return self.package


class Performed(NamedTuple):
    """What came of a step.

    Attributes:
        step: The step as it was done: a mapping that was there already was updated, not created.
        stays: Why what was to be deleted is still there; empty where the step was done.
    """

    edit: Edit
    step: Step
    stays: str = ""
