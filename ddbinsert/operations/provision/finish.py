"""Waiting after the plan: for the function to become active, and for a replaced stream to be read to its end."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ddbinsert.core.trigger.effective_settings import effective
from ddbinsert.core.trigger.plan import plan
from ddbinsert.core.trigger.scope import Allowed, Scope
from ddbinsert.operations.provision.carry_out import carry_out

if TYPE_CHECKING:
    from ddbinsert.aws.context import Context
    from ddbinsert.core.model.package import Package
    from ddbinsert.core.model.seen import World
    from ddbinsert.core.trigger.draining import Draining
    from ddbinsert.core.trigger.results import Converged
    from ddbinsert.operations.provision.converge_options import ConvergeOptions


def draining_now(context: Context, world: World, scope: Scope) -> tuple[Draining, ...]:
    if scope is Scope.FUNCTION or not world.draining_mappings:
        return ()
    from ddbinsert.operations.provision.draining import draining_of

    return draining_of(context, world)


def drained_uuids(draining: tuple[Draining, ...]) -> frozenset[str]:
    return frozenset(each.mapping.uuid for each in draining if each.is_drained)


def wait_until_finished(
    context: Context,
    done: Converged,
    options: ConvergeOptions,
    code: Package | None,
    draining: tuple[Draining, ...],
) -> Converged:
    """Wait for the function to become active, and for a replaced stream to be read to its end."""
    if done.scope is Scope.FUNCTION:
        return _active(context, done)
    if not done.world.draining_mappings:
        return done
    from ddbinsert.operations.provision.draining import wait_drained

    if options.finishes:
        draining = draining_now(context, done.world, done.scope)
        if options.wait_drained:
            draining = wait_drained(context, done.world, draining)
        done = _without_drained(context, done, options, code, drained_uuids(draining))
    there = {mapping.uuid for mapping in done.world.draining_mappings}
    left = tuple(each for each in draining if each.mapping.uuid in there)
    for each in left:
        context.reporter.warn(
            f"event source mapping {each.mapping.uuid} reads a stream that is no longer the live one of "
            f"{done.trigger.table} ({each.text})",
            replace(each.advice, text=each.advice.text[0].lower() + each.advice.text[1:]),
        )
    return replace(done, draining=left)


def _without_drained(
    context: Context, done: Converged, options: ConvergeOptions, code: Package | None, drained: frozenset[str]
) -> Converged:
    """Delete the mappings that have nothing left to deliver, and the permissions that they needed."""
    wanted = effective(done.trigger, done.world)
    allowed = Allowed(replace=options.replace, drained=drained)
    steps = plan(wanted, done.world, done.scope, code, allowed) if drained else ()
    if not steps:
        return done
    carried = carry_out(context, wanted, steps, done.world, code)
    return replace(done, steps=(*done.steps, *carried.done), world=carried.world)


def _active(context: Context, done: Converged) -> Converged:
    """The function, after waiting until it is Active."""
    function = done.world.function
    if function is None or function.is_settled:
        return done
    from ddbinsert.aws.change.context import Provisioning
    from ddbinsert.aws.change.functions import wait_until_active

    settled = wait_until_active(Provisioning.of(context, done.trigger), function.name)
    return replace(done, world=replace(done.world, function=settled))
