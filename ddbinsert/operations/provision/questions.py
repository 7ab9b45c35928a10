"""The question before a change that removes or replaces something: old → new, and the consequences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.core.arn import arn_parts
from ddbinsert.core.trigger.steps import (
    AdoptFunction,
    AdoptMapping,
    DeleteMapping,
    ReplaceStream,
    SetRetention,
    UpdateFunctionCode,
    UpdateFunctionSettings,
    UpdateMapping,
    UpdateMappingTags,
    UpdateRole,
    UpdateTags,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddbinsert.core.model.seen import World
    from ddbinsert.core.trigger.steps import Step
    from ddbinsert.operations.provision.draining import Backlog

    _Update = UpdateFunctionSettings | UpdateMapping | UpdateRole | UpdateTags | UpdateMappingTags


def question(
    steps: tuple[Step, ...],
    world: World,
    *,
    drained: frozenset[str],
    backlog: Backlog | None,
    kinesis: tuple[str, ...] = (),
) -> str | None:
    """The question before a plan is carried out; None if it removes and replaces nothing.

    Args:
        kinesis: ARNs of the Kinesis data streams that receive the table's changes, if its stream is replaced.
    """
    taken_over = frozenset(_taken_over(steps))
    asked = [line for step in steps for line in _lines(step, world, drained, backlog, taken_over)]
    asked += [
        f"  Kinesis data stream {arn_parts(arn).resource.rpartition('/')[2]} receives every change as before"
        for arn in kinesis
    ]
    if not asked:
        return None
    return "\n".join(["This replaces or removes:", *(f"  {line}" for line in asked), "Continue?"])


def _taken_over(steps: tuple[Step, ...]) -> Iterator[str]:
    for step in steps:
        match step:
            case AdoptFunction(name=name) | AdoptMapping(uuid=name):
                yield name
            case _:
                pass


def _lines(
    step: Step,
    world: World,
    drained: frozenset[str],
    backlog: Backlog | None,
    taken_over: frozenset[str],
) -> Iterator[str]:
    match step:
        case ReplaceStream():
            yield from _replacement(step, world, backlog)
        case DeleteMapping() if step.uuid not in drained:
            yield f"event source mapping {step.uuid}: deleted; what it has not delivered yet is lost"
        case UpdateFunctionCode():
            yield f"code of function {step.name}: {step.have} → {step.want}"
        case UpdateFunctionSettings() | UpdateMapping() | UpdateRole() | UpdateTags() | UpdateMappingTags():
            yield from _changes(step, taken_over)
        case SetRetention() if _is_shorter(step):
            yield f"log group {step.name}: lines older than {step.retention_days} days are deleted"
        case SetRetention(removes=True):
            yield f"log group {step.name}: retention {_days(step.have)} → {_days(step.retention_days)}"
        case AdoptFunction():
            yield f"function {step.name}: managed by ddbinsert from now on; down will delete it"
        case AdoptMapping():
            yield f"event source mapping {step.uuid}: managed by ddbinsert from now on; down will delete it"
        case _:
            pass


def _changes(step: _Update, taken_over: frozenset[str]) -> Iterator[str]:
    """The values that an update removes or replaces; for a resource that is taken over, all changes."""
    match step:
        case UpdateFunctionSettings(name=name):
            what = f"function {name}"
        case UpdateRole(name=name):
            what = f"role {name}"
        case UpdateTags(function=name):
            what = f"function {name}"
        case UpdateMapping(uuid=name) | UpdateMappingTags(uuid=name):
            what = f"event source mapping {name}"
    for change in step.changes:
        if change.replaces or name in taken_over:
            yield f"{what}: {change.field} {change.have} → {change.want}"


def _days(days: int | None) -> str:
    return "for ever" if days is None else f"{days} days"


def _is_shorter(step: SetRetention) -> bool:
    return step.retention_days is not None and (step.have is None or step.retention_days < step.have)


def _replacement(step: ReplaceStream, world: World, backlog: Backlog | None) -> Iterator[str]:
    yield (
        f"stream of table {step.table}: {step.have.value} → {step.view.value}, with a new ARN. It is disabled "
        "for up to a minute; writes during that time are not recorded"
    )
    if backlog is not None:
        more = "at least " if backlog.at_least else ""
        yield f"  writes now: {more}{backlog.last_minute} in the last minute"
        if backlog.undelivered is None:
            yield "  undelivered records: unknown (the function leaves no receipts)"
        else:
            yield f"  undelivered records: {more}{backlog.undelivered}"
        yield "  your mapping stays on the old stream until they are delivered; a new one reads the new stream"
    live = world.table.stream_arn if world.table else None
    for mapping in (*world.mappings, *world.other_mappings):
        if mapping.stream_arn == live and not mapping.is_ours:
            yield (
                f"  function {mapping.function_name} ({mapping.uuid}) stays on the old stream and receives no "
                "new records until it is attached again"
            )
    replicas = world.table.replicas if world.table else ()
    if replicas:
        yield f"  streams of the replicas in {', '.join(replicas)} are not changed"
