"""Drift: explicit settings compared with the deployed ones, with the time and author of the last change."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ddbinsert.aws.errors import CredentialsError
from ddbinsert.core.doctor.model import ROLES_ELSEWHERE, TRAIL_OF_IAM
from ddbinsert.core.trigger.drift import DriftSeen, Recorded, TriggerPart, drift_of, last_change, undoing
from ddbinsert.core.trigger.effective_settings import effective
from ddbinsert.core.trigger.fixed_settings import fixed_differences
from ddbinsert.core.trigger.partial_batch import VARIABLE
from ddbinsert.core.trigger.plan_function import needs_package
from ddbinsert.core.trigger.scope import Scope
from ddbinsert.core.trigger.unchanged_settings import kept_settings
from ddbinsert.errors import AwsError
from ddbinsert.operations.provision.converge_options import ConvergeOptions
from ddbinsert.operations.provision.emulator_warning import supported
from ddbinsert.operations.provision.preparation import (
    keeping_view,
    observed,
    partial_batch_set,
    with_destination,
    with_live_owner,
    with_log_group_owner,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ddbinsert.aws.context import Context
    from ddbinsert.core.model.package import Package
    from ddbinsert.core.model.seen import World
    from ddbinsert.core.model.wanted import Trigger

#: Number of days that LookupEvents covers.
_DAYS: Final = 90


def look_for_drift(
    context: Context, trigger: Trigger, *, keep_view: bool, package: Callable[[Trigger], Package]
) -> DriftSeen:
    """Compare the explicit settings with the deployed ones; changes nothing.

    Args:
        keep_view: The view type is not given.
        package: Builds the function's code; called only if the comparison depends on it.

    Raises:
        PrerequisiteError: The table does not exist.
        Refused: Something cannot be compared, because it belongs to another trigger.
        AwsError: AWS refused a read.
    """
    options = ConvergeOptions(dry_run=True, keep_view=keep_view)
    world = observed(context, trigger, Scope.TRIGGER, options)
    context.reporter.header(account=world.account, region=world.region, table=trigger.table)
    trigger = supported(context.aws, trigger, context.reporter)
    trigger = with_destination(context, keeping_view(trigger, world, options, context.reporter), world)
    wanted = effective(trigger, world)
    world = with_live_owner(context, wanted, world, Scope.TRIGGER)
    world = with_log_group_owner(context, wanted, world, Scope.TRIGGER)
    wanted = partial_batch_set(
        wanted, world, Scope.TRIGGER, is_given=VARIABLE in trigger.function.environment
    )
    code = package(wanted) if needs_package(wanted, world, Scope.TRIGGER) else None
    compared, fixed = fixed_differences(wanted, world)
    steps = undoing(compared, world, code)
    return with_last_changes(
        context,
        DriftSeen(
            trigger=wanted,
            world=world,
            found=(*fixed, *drift_of(compared, world, code, steps)),
            steps=steps,
            kept=tuple(kept_settings(trigger, world, Scope.TRIGGER)),
        ),
    )


def with_last_changes(context: Context, seen: DriftSeen) -> DriftSeen:
    """The same, with the time of each drifted part's last change, and its author if CloudTrail can be read."""
    parts = tuple(dict.fromkeys(one.part for one in seen.found))
    recorded: Sequence[list[Recorded]] = [[] for _ in parts]
    unasked = ""
    if parts == (TriggerPart.ROLE,) and context.aws.region != TRAIL_OF_IAM and context.aws.has_cloudtrail:
        unasked = ROLES_ELSEWHERE
    elif parts and context.aws.has_cloudtrail:
        try:
            recorded = context.aws.side_by_side(
                *(lambda part=part: _recorded(context, seen.world, part) for part in parts)
            )
        except CredentialsError:
            raise
        except AwsError as error:
            unasked = error.message
    elif parts:
        from ddbinsert.aws.read.recorded_changes import ONLY_ON_AWS

        unasked = ONLY_ON_AWS
    changes = {
        part: last_change(
            [one for one in seen.found if one.part is part], _modified(seen.world, part), events
        )
        for part, events in zip(parts, recorded, strict=True)
    }
    return replace(seen, changes=changes, unasked=unasked)


def _modified(world: World, part: TriggerPart) -> float | None:
    match part:
        case TriggerPart.FUNCTION if world.function is not None:
            return world.function.modified_at
        case TriggerPart.MAPPING if world.live_mapping is not None:
            return world.live_mapping.modified
        case _:
            return None


def _recorded(context: Context, world: World, part: TriggerPart) -> list[Recorded]:
    """CloudTrail's events about a part; an event has the resource's name or its ARN, as the call had."""
    from ddbinsert.aws.read.recorded_changes import read_changes

    since = context.clock.now() - _DAYS * 86400
    for name in _names(world, part):
        found = read_changes(context.aws, name, since)
        if found:
            return [Recorded(one.at, one.who, one.what) for one in found]
    return []


def _names(world: World, part: TriggerPart) -> tuple[str, ...]:
    seen = {
        TriggerPart.FUNCTION: world.function,
        TriggerPart.ROLE: world.role,
        TriggerPart.LOG_GROUP: world.log_group,
        TriggerPart.STREAM: world.table,
    }.get(part)
    if part is TriggerPart.MAPPING:
        live = world.live_mapping
        return () if live is None else (live.uuid, live.arn)
    return () if seen is None else (seen.name, seen.arn)
