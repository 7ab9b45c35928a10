"""Removing triggers: only resources with ddbinsert's tag, mappings first."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from ddbinsert.advice import TABLE, Advice
from ddbinsert.core.model.wanted import OWNER_TAG
from ddbinsert.core.trigger.consumers import TAP_PREFIX
from ddbinsert.core.trigger.removal import USUAL, Keeping, Removal, removal, sends_to
from ddbinsert.core.trigger.results import Converged
from ddbinsert.core.trigger.scope import Scope
from ddbinsert.core.trigger.steps import DeleteTable, DisableStream
from ddbinsert.dataclass import dataclass
from ddbinsert.errors import CHECK_TABLE, AwsError, PrerequisiteError, Refused, table_not_found
from ddbinsert.operations.existing_resources import nearest, tables
from ddbinsert.operations.provision.carry_out import carry_out
from ddbinsert.operations.provision.left_taps import left_taps, tap_steps
from ddbinsert.operations.provision.rights_check import refuse_without_rights
from ddbinsert.operations.taps import mention_taps

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ddbinsert.aws.context import Context
    from ddbinsert.core.model.seen import FunctionState, MappingState, World
    from ddbinsert.core.model.wanted import Trigger
    from ddbinsert.core.trigger.steps import Step


@dataclass(frozen=True, kw_only=True)
class DownRequest:
    """What to remove.

    Attributes:
        stream: Also disable the table's stream.
        table: Also delete the table, if ddbinsert created it.
        keeping: What to keep, or to remove, besides the default.
    """

    stream: bool = False
    table: bool = False
    keeping: Keeping = USUAL


@dataclass(frozen=True, kw_only=True)
class FoundTrigger:
    """The existing resources of one trigger.

    Attributes:
        tags: The table's tags.
        mappings: Every mapping of the region, from any source, if a resource of the trigger may be in use.
        functions: Every function of the region, in the same case; empty if they cannot be listed.
        taps: Temporary functions of `verify --wiretap` that are left on the stream, if no other trigger reads it.
    """

    trigger: Trigger
    world: World
    tags: Mapping[str, str]
    mappings: tuple[MappingState, ...] = ()
    functions: tuple[FunctionState, ...] = ()
    taps: tuple[tuple[Trigger, World], ...] = ()

    def is_going(self, function: str) -> bool:
        """Whether this run removes a function with this name."""
        own = self.world.function
        return own is not None and own.name == function and own.is_ours


def read_trigger(context: Context, trigger: Trigger, asked: DownRequest) -> FoundTrigger:
    """The resources to remove; changes nothing.

    Raises:
        PrerequisiteError: The table does not exist, nor any resource of its trigger.
        Refused: The table is to be deleted, but ddbinsert did not create it.
    """
    from ddbinsert.aws.no_such_service import NoSuchService
    from ddbinsert.aws.read.observe import observe
    from ddbinsert.aws.read.ownership import with_belongings
    from ddbinsert.aws.read.resources import read_mappings, read_table_tags

    reporter = context.reporter
    try:
        world = observe(context.aws, trigger, others=True, owners=True)
        world = with_belongings(context.aws, world, trigger.failure_queue)
    except NoSuchService:  # an endpoint with DynamoDB only: there can be nothing but a table
        world = observe(context.aws, trigger, function=False)
    reporter.header(account=world.account, region=world.region, table=trigger.table)
    taps = left_taps(context, trigger, world)
    if not taps:
        mention_taps(reporter, world, trigger.table)
    if world.table is None and not _is_anything_there(world, trigger.table):
        raise _no_such_table(context, trigger, world)
    of_table = asked.stream or asked.table
    tags = read_table_tags(context.aws, world.table.arn) if world.table and of_table else {}
    if asked.table and world.table is not None and OWNER_TAG not in tags:
        raise Refused(
            f"Table {trigger.table} was not created by ddbinsert, so it is not deleted.",
            hint="Leave --table out to remove only the trigger.",
            code="table-not-ours",
        )
    if not (world.function or world.role or world.log_group or world.queue):
        return FoundTrigger(trigger=trigger, world=world, tags=tags, taps=taps)
    mappings, functions = context.aws.side_by_side(
        lambda: read_mappings(context.aws), lambda: _functions(context)
    )
    return FoundTrigger(
        trigger=trigger, world=world, tags=tags, mappings=mappings, functions=functions, taps=taps
    )


def mention_other_triggers(context: Context, seen: FoundTrigger) -> None:
    """Report other functions that ddbinsert attached to the table: their resources are not removed."""
    from ddbinsert.aws.read.resources import read_mapping_tags

    table = seen.trigger.table

    def is_ours(mapping: MappingState) -> bool:
        with suppress(AwsError):
            return (read_mapping_tags(context.aws, mapping) or {}).get(OWNER_TAG) == table
        return False

    others = [one for one in seen.world.other_mappings if not one.function_name.startswith(TAP_PREFIX)]
    ours = context.aws.side_by_side(*(partial(is_ours, one) for one in others)) if others else []
    for name in dict.fromkeys(one.function_name for one, own in zip(others, ours, strict=True) if own):
        context.reporter.warn(
            f"function {name} stays: it is another trigger of {table}",
            Advice("remove it", ("down", TABLE, "--function", name)),
        )


def _functions(context: Context) -> tuple[FunctionState, ...]:
    """Every function of the region; none if they cannot be listed."""
    from ddbinsert.aws.errors import PermissionDenied
    from ddbinsert.aws.read.resources import read_functions

    try:
        return read_functions(context.aws)
    except PermissionDenied:
        context.reporter.warn(
            "Whether other functions use the trigger's role or log group is not known: functions may not be listed "
            "(lambda:ListFunctions)."
        )
        return ()


def planned(
    seen: FoundTrigger,
    asked: DownRequest,
    *,
    beside: Sequence[FoundTrigger] = (),
    staying: Sequence[Trigger] = (),
) -> Removal:
    """The steps, and the resources that stay.

    Args:
        beside: The other triggers that the same run removes.
        staying: The triggers of the configuration file that it does not remove.

    Raises:
        Refused: The stream is to be disabled, but it is not ddbinsert's, or other functions read it.
    """
    world, table = seen.world, seen.trigger.table
    same = [other for other in beside if other.trigger.table == table]
    together = (*(other.world for other in same), *(left for _, left in seen.taps))
    leaving = frozenset(one.uuid for other in together for one in other.mappings if one.is_ours)
    name = world.function.name if world.function else ""
    found = removal(
        world,
        table,
        stream=asked.stream,
        stream_is_ours=world.table is not None and world.table.stream_is_ours(seen.tags),
        delete_table=asked.table,
        keeping=_keeping(seen, asked.keeping, beside, staying),
        users=tuple(mapping for mapping in seen.mappings if mapping.function_name == name),
        leaving=leaving,
        own_function=seen.trigger.function_name,
    )
    of_table = tuple(step for step in found.steps if is_of_table(step))
    own = tuple(step for step in found.steps if not is_of_table(step))
    further = tuple(step for tap in seen.taps for step in tap_steps(*tap))
    return found._replace(steps=(*own, *further, *of_table))


def _keeping(
    seen: FoundTrigger, keeping: Keeping, beside: Sequence[FoundTrigger], staying: Sequence[Trigger]
) -> Keeping:
    """The resources that stay because other functions use them."""
    world, own = seen.world, seen.trigger.function_name
    role = world.role.arn if world.role else ""
    group, former = (one.name if one else "" for one in (world.log_group, world.former_log_group))
    queue = world.queue.name if world.queue else ""
    gone = {mapping.uuid for other in beside for mapping in other.world.mappings if mapping.is_ours}
    others = [
        one
        for one in seen.functions
        if one.name != own and not any(other.is_going(one.name) for other in beside)
    ]
    writing = [one.function_name for one in staying if one.log_group == group]
    writing += [one.name for one in others if one.log_group == group]
    return keeping._replace(
        log_group_of=tuple(dict.fromkeys(writing)),
        former_log_group_of=tuple(one.name for one in others if one.log_group == former),
        role_of=tuple(one.name for one in others if one.role_arn == role),
        queue_of=tuple(
            mapping
            for mapping in seen.mappings
            if sends_to(mapping, queue) and mapping.function_name != own and mapping.uuid not in gone
        ),
    )


def question(context: Context, seen: FoundTrigger, found: Removal, words: Callable[[Step], str]) -> str:
    """The steps as text, for the question before them.

    Args:
        words: Returns the text of a step.
    """
    lines = ["This will", *(f"  {words(step)}" for step in found.steps), *_undelivered(context, seen.world)]
    lines += ["What stays:", *(f"  {text}" for text in found.stays)] if found.stays else []
    return "\n".join(lines)


def would_take_down(seen: FoundTrigger, found: Removal) -> Converged:
    """The outcome of a dry run."""
    return Converged(
        trigger=seen.trigger,
        scope=Scope.TRIGGER,
        steps=found.steps,
        world=seen.world,
        dry_run=True,
        stays=found.stays,
    )


def check_rights(context: Context, seen: FoundTrigger, found: Removal) -> None:
    """Refuse a run that would stop half-way for lack of permissions.

    Raises:
        PermissionDenied: A permission is certainly missing; nothing was changed.
    """
    refuse_without_rights(context, seen.world, found.steps)


def take_down(
    context: Context, seen: FoundTrigger, found: Removal, words: Callable[[Step], str]
) -> Converged:
    """Delete the resources except the table and its stream, which others may still read.

    Raises:
        DdbInsertError: AWS refused a call; completed steps are listed.
    """
    of_taps = [(*tap, tap_steps(*tap)) for tap in seen.taps]
    others = {step for *_, steps in of_taps for step in steps}
    own = tuple(step for step in found.steps if not is_of_table(step) and step not in others)
    done = replace(would_take_down(seen, found), dry_run=False, steps=())
    done = _with(context, done, own, words)
    for tap, left, steps in of_taps:
        removed = carry_out(context, tap, steps, left)
        done = replace(done, steps=(*done.steps, *removed.done))
    return done


def take_down_table(
    context: Context, done: Converged, found: Removal, words: Callable[[Step], str]
) -> Converged:
    """Then disable the stream or delete the table, if requested."""
    return _with(context, done, tuple(step for step in found.steps if is_of_table(step)), words)


def is_of_table(step: Step) -> bool:
    """Whether a step changes the table, which concerns all of its triggers."""
    return isinstance(step, DisableStream | DeleteTable)


def _with(
    context: Context, done: Converged, steps: tuple[Step, ...], words: Callable[[Step], str]
) -> Converged:
    if not steps:
        return done
    carried = carry_out(context, done.trigger, steps, done.world)
    stays = tuple(f"{words(step).removeprefix('delete ')}: {why}" for step, why in carried.stays)
    return replace(done, steps=(*done.steps, *carried.done), world=carried.world, stays=(*done.stays, *stays))


def _is_anything_there(world: World, table: str) -> bool:
    """Whether a trigger of a table that does not exist has resources left."""
    owners = (each.tags for each in (world.log_group, world.queue) if each is not None)
    is_left = any((tags or {}).get(OWNER_TAG) == table for tags in owners)
    return bool(is_left or world.function or world.role or world.mappings)


def _undelivered(context: Context, world: World) -> list[str]:
    """The records that are lost with mappings that still read a replaced stream."""
    if not world.draining_mappings:
        return []
    from ddbinsert.operations.provision.draining import draining_of

    return [
        f"  event source mapping {each.mapping.uuid} is {each.text}: it is lost"
        for each in draining_of(context, world)
        if not each.is_drained
    ]


def _no_such_table(context: Context, trigger: Trigger, world: World) -> PrerequisiteError:
    """The error for a table that does not exist, nor any resource of its trigger; suggests a similar name."""
    near = nearest(trigger.table, tables(context.aws))
    return table_not_found(
        trigger.table,
        world.region,
        more=", and no resources of a trigger with that name",
        hint=Advice("Did you mean", ("down", near[0])) if near else CHECK_TABLE,
    )
