"""Carrying out the steps of a plan, with a report of each, and of the completed ones if a step fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ddbinsert.errors import DdbInsertError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ddbinsert.aws.context import Context
    from ddbinsert.core.model.package import Package
    from ddbinsert.core.model.seen import World
    from ddbinsert.core.model.wanted import Trigger
    from ddbinsert.core.trigger.steps import Step


class CarriedOut(NamedTuple):
    """The result of a plan.

    Attributes:
        done: The completed steps.
        stays: Resources that were to be deleted and were not, as ``TEXT: reason``.
    """

    world: World
    done: tuple[Step, ...]
    stays: tuple[tuple[Step, str], ...] = ()


def carry_out(
    context: Context,
    trigger: Trigger,
    steps: tuple[Step, ...],
    world: World,
    package: Package | None = None,
    *,
    watch: Callable[[World], None] = lambda _world: None,
) -> CarriedOut:
    """Carry out the steps.

    Args:
        trigger: The trigger as it will be (`core.trigger.effective_settings`).
        watch: Called with the world after each step.

    Raises:
        DdbInsertError: A step failed; the message says how many are done.
    """
    from ddbinsert.aws.change.apply import apply
    from ddbinsert.aws.change.context import Provisioning

    done: list[Step] = []
    stays: list[tuple[Step, str]] = []
    try:
        for each in apply(steps, world, Provisioning.of(context, trigger, package)):
            world = each.world
            watch(world)
            if each.stays:
                stays.append((each.step, each.stays))
            else:
                done.append(each.step)
            context.reporter.step_done(each.step, each.stays)
    except DdbInsertError as error:
        count = len(done) + len(stays)
        if count and len(steps) > 1:
            error.message += f"\n{count} of {len(steps)} steps are done; run it again to continue."
        raise
    return CarriedOut(world, tuple(done), tuple(stays))
