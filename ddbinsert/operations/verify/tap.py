"""A tap: a temporary function of ddbinsert beside the user's, created for one run, and always removed."""

from __future__ import annotations

import contextlib
from dataclasses import fields, replace
from typing import TYPE_CHECKING

from ddbinsert.advice import Advice
from ddbinsert.core.model.wanted import FunctionSpec, MappingSettings, MappingSpec, Trigger
from ddbinsert.core.trigger.consumers import TAP_PREFIX
from ddbinsert.core.trigger.plan import plan
from ddbinsert.core.trigger.removal import removal
from ddbinsert.core.trigger.scope import Scope
from ddbinsert.core.trigger.stream_policy_steps import stream_policy_steps
from ddbinsert.dataclass import dataclass
from ddbinsert.operations.provision.carry_out import carry_out

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ddbinsert.core.model.package import Package
    from ddbinsert.core.model.seen import MappingState, World
    from ddbinsert.operations.verify.context import VerifyContext
    from ddbinsert.operations.verify.subject import Subject


@dataclass(frozen=True, kw_only=True)
class Tap:
    """The definition of a tap.

    Attributes:
        trigger: Its function and mapping.
        original: The mapping whose filters it uses.
        package: Its code; None for that of the trigger's template.
        what: What it shares with the original mapping, as text.
    """

    trigger: Trigger
    original: MappingState
    package: Package | None = None
    what: str = "the filters"


def filters_only(subject: Subject, original: MappingState, run_id: str) -> Tap:
    """A tap with a mapping's filters; its other settings are ddbinsert's defaults."""
    return Tap(trigger=_trigger(subject, run_id, MappingSpec()), original=original)


def with_settings(
    subject: Subject, original: MappingState, run_id: str, package: Package, environment: Mapping[str, str]
) -> Tap:
    """A tap with every setting of a mapping, including the on-failure destination, and other code.

    It counts its events (EventCount metrics), whether or not the original does.
    """
    same = {one.name: getattr(original, one.name) for one in fields(MappingSettings)}
    spec = MappingSpec(**{**same, "filters": (), "metrics": True})
    trigger = _trigger(subject, run_id, spec, environment)
    return Tap(trigger=trigger, original=original, package=package, what="the settings")


def _trigger(
    subject: Subject, run_id: str, mapping: MappingSpec, environment: Mapping[str, str] | None = None
) -> Trigger:
    function = FunctionSpec(name=f"{TAP_PREFIX}{run_id}", log_retention_days=1, environment=environment or {})
    given = subject.trigger
    return Trigger(
        table=given.table,
        view=subject.view,
        function=function,
        role=given.role,
        mapping=mapping,
        tags=given.tags,
    )


@contextlib.contextmanager
def tapped(context: VerifyContext, subject: Subject, tap: Tap, base: Path) -> Iterator[Subject]:
    """Create a tap; within the block, the subject has the tap instead of the function.

    Args:
        base: The folder that relative paths are resolved against.
    """
    world = replace(subject.world, role=None, log_group=None, function=None, mappings=(), other_mappings=())
    try:
        from ddbinsert.aws.change.context import Provisioning
        from ddbinsert.aws.change.mappings import create_like
        from ddbinsert.operations.provision import code

        package = tap.package or code.build(tap.trigger, base)
        steps = plan(tap.trigger, world, Scope.FUNCTION, package)
        world = carry_out(context, tap.trigger, steps, world, package).world
        function = world.function
        if function is None:
            raise AssertionError("the tap was just created")
        allowing = tuple(stream_policy_steps(tap.trigger, world, ()))
        if allowing:  # the stream of another account, which the temporary role may not read yet
            world = carry_out(context, tap.trigger, allowing, world, package).world
        stream = world.table.stream_arn if world.table else None
        mapping = create_like(
            Provisioning.of(context, tap.trigger),
            stream or tap.original.stream_arn,
            tap.original,
            role_arn=function.role_arn,
        )
        context.reporter.step(
            f"attached {tap.trigger.function_name} with {tap.what} of {tap.original.uuid}, for this run only"
        )
        world = world.with_mapping(mapping)
        yield replace(
            subject,
            trigger=tap.trigger,
            world=world,
            function=function,
            mappings=world.mappings,
            targets=(),
            log_group=tap.trigger.log_group,
            own_log_group=tap.trigger.log_group,
            shares_log=False,
        )
    finally:
        _remove(context, tap.trigger)


def _remove(context: VerifyContext, trigger: Trigger) -> None:
    """Remove all resources of a tap, even of a partly created one."""
    from ddbinsert.aws.read.observe import observe

    try:
        world = _as_made(observe(context.aws, trigger, owners=True, lenient=True), trigger)
        going = removal(world, trigger.table, own_function=trigger.function_name)
        carry_out(context, trigger, going.steps, world)
    except BaseException:
        context.reporter.warn(
            f"{trigger.function_name} may be left",
            Advice("remove it with", ("down", trigger.table, "--function", trigger.function_name, "--yes")),
        )
        raise


def _as_made(world: World, trigger: Trigger) -> World:
    """The world of a tap; tags that cannot be read are those it was created with, as its name is unique."""
    function = world.function
    if function is not None and function.tags_unread:
        world = replace(world, function=replace(function, tags=trigger.function_tags, tags_unread=""))
    made = tuple(
        one if one.tags is not None else replace(one, tags=trigger.function_tags) for one in world.mappings
    )
    return replace(world, mappings=made)
