"""The consequences of a plan beyond its steps, and the resources of others that it does not change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.core.arn import resource_name
from ddbinsert.core.model.wanted import OWNER_TAG, StartingPosition
from ddbinsert.core.trigger.steps import (
    CreateMapping,
    DeleteMapping,
    EnableStream,
    PublishVersion,
    ReplaceStream,
    SetRetention,
    UpdateFunctionCode,
    UpdateFunctionSettings,
    UpdateMapping,
)
from ddbinsert.core.words import plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ddbinsert.core.model.seen import World
    from ddbinsert.core.model.wanted import Trigger
    from ddbinsert.core.trigger.steps import Change, Step

#: A mapping's charged metrics; AWS's price list names them custom metrics.
_CHARGED = "EventCount metrics of the mapping are charged as custom metrics (mapping.metrics)"
_A_DAY = "up to 24 hours"


def consequences(want: Trigger, steps: Sequence[Step], *, held: int | None, at_least: bool) -> Iterator[str]:
    """The consequences as sentences without a full stop, in the order of the steps.

    Args:
        want: The effective trigger.
        held: Number of inserts in the live stream; None if they were not counted.
        at_least: ``held`` is a lower bound.
    """
    for step in steps:
        if isinstance(step, CreateMapping):
            yield from _of_new_mapping(want, step, steps, held=held, at_least=at_least)
        else:
            yield from _of_step(step)


def _of_step(step: Step) -> Iterator[str]:
    match step:
        case EnableStream():
            yield "the stream gets a new ARN and contains only later writes: nothing is replayed"
        case ReplaceStream():
            yield (
                "the stream gets a new ARN: it is disabled for up to a minute, writes during that time are "
                "not recorded, and other consumers must be attached to the new stream"
            )
        case UpdateFunctionCode():
            yield f"the code that {step.name} runs now is replaced; Lambda keeps no copy of it"
        case UpdateMapping():
            for change in step.changes:
                yield from _of_change(change)
        case UpdateFunctionSettings() if any(one.field == "function.log_group" for one in step.changes):
            yield "existing lines stay in the former log group"
        case PublishVersion():
            yield f"earlier versions of {step.function} stay: alias {step.alias} can be moved back to one"
        case SetRetention(name=name, retention_days=days) if days is not None and days < (
            step.have or days + 1
        ):
            yield f"lines in {name} that are older than {plural(days, 'day')} are deleted"
        case DeleteMapping():
            yield f"what event source mapping {step.uuid} has not delivered yet is lost"
        case _:
            pass


def _of_new_mapping(
    want: Trigger, step: CreateMapping, steps: Sequence[Step], *, held: int | None, at_least: bool
) -> Iterator[str]:
    is_new = any(isinstance(one, EnableStream | ReplaceStream) for one in steps)
    count = (
        "" if held is None or (at_least and not held) else f" (now {'at least ' if at_least else ''}{held})"
    )
    match step.starting_position:
        case StartingPosition.TRIM_HORIZON if not is_new and held != 0:
            yield f"the function receives again every insert in the stream, of {_A_DAY}{count}"
        case StartingPosition.LATEST:
            yield "inserts before the mapping polls, in about a minute, may be missed"
        case StartingPosition.AUTO:
            yield (
                f"the stream contains inserts of {_A_DAY}{count}: choose mapping.starting_position, "
                "TRIM_HORIZON to replay "
                "them or LATEST to skip them"
            )
        case _:
            pass
    if want.mapping.metrics:
        yield _CHARGED


def _of_change(change: Change) -> Iterator[str]:
    match change.field, change.want:
        case "mapping.metrics", "yes":
            yield _CHARGED
        case "mapping.enabled", "yes":
            yield f"the mapping continues where it stopped: inserts of {_A_DAY} are delivered"
        case "mapping.enabled", "no":
            yield "inserts wait in the stream for 24 hours and are then lost"
        case "mapping.filters", _:
            yield "records that pass only the former filter are no longer delivered"
        case "mapping.on_failure", "none":
            yield "discarded records are no longer kept"
        case "mapping.report_batch_item_failures", "yes":
            yield (
                "until the change is in force (on AWS up to 90 s), records that the function reports as failed count as "
                "processed: make it while nothing fails"
            )
        case _:
            pass


def of_others(want: Trigger, have: World) -> Iterator[str]:
    """What belongs to others and so is not changed, as ``RESOURCE: its parts``."""
    function, role, group, live = have.function, have.role, have.log_group, have.live_mapping
    if function is not None and not function.is_ours:
        yield f"function {function.name}: its code, role and logs"
    elif function is not None and role is None and want.function.role is not None:
        yield f"role {resource_name(want.function.role)}: its policies"
    if live is not None and live.tags is not None and not live.is_ours:
        yield f"event source mapping {live.uuid}: all settings, until it is adopted"
    if group is not None and group.tags is not None and OWNER_TAG not in group.tags:
        yield f"log group {group.name}: its retention and tags"
    for mapping in have.other_mappings:
        if not mapping.is_leaving and not mapping.is_ours:
            yield f"event source mapping {mapping.uuid} of function {mapping.function_name}, which reads the stream, too"


def other_triggers(have: World) -> Iterator[str]:
    """Other triggers of ddbinsert on the same stream, which this plan does not change."""
    for mapping in have.other_mappings:
        if not mapping.is_leaving and mapping.is_ours:
            yield f"function {mapping.function_name} (event source mapping {mapping.uuid}), which reads the stream, too"
