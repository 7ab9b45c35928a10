"""Preparation of the plan: the existing resources, and the settings that depend on them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from ddbinsert.advice import TABLE, Advice
from ddbinsert.core.model.wanted import OWNER_TAG, StartingPosition
from ddbinsert.core.trigger.differences import cleared_tags, mapping_changes, tag_changes
from ddbinsert.core.trigger.effective_settings import knows_code, settings_source
from ddbinsert.core.trigger.partial_batch import VARIABLE, following
from ddbinsert.core.trigger.plan_function import changes_retention
from ddbinsert.core.trigger.policy import failure_destination
from ddbinsert.core.trigger.scope import Scope
from ddbinsert.errors import PrerequisiteError, Refused

if TYPE_CHECKING:
    from ddbinsert.aws.context import Context
    from ddbinsert.aws.read.stream_history import StreamHistory
    from ddbinsert.core.model.record import KeySchema
    from ddbinsert.core.model.seen import World
    from ddbinsert.core.model.wanted import Trigger
    from ddbinsert.core.trigger.reporter import Reporter
    from ddbinsert.operations.provision.converge_options import ChoosePosition, ConvergeOptions


def observed(context: Context, trigger: Trigger, scope: Scope, options: ConvergeOptions) -> World:
    """The world; the owner of the live mapping is read only if the mapping has to be changed."""
    from ddbinsert.aws.read.observe import observe, with_shown_filters

    function = scope is not Scope.STREAM or options.replace
    world = observe(
        context.aws,
        trigger,
        function=function,
        others=scope is Scope.TRIGGER or options.replace,
        owners=function,
        live_owner=options.replace or bool(options.take_over),
        tags=options.dry_run or bool(trigger.tags or cleared_tags(trigger)),
    )
    return with_shown_filters(context.aws, world)


def with_live_owner(context: Context, trigger: Trigger, world: World, scope: Scope) -> World:
    """The world, with the live mapping's tags if the mapping or its tags are to be changed."""
    from ddbinsert.aws.read.observe import with_mapping_tags

    live = world.live_mapping
    if live is None or live.tags is not None or scope is Scope.STREAM:
        return world
    changes = scope is Scope.TRIGGER and any(mapping_changes(trigger, live))
    if not changes and not _changes_tags(trigger, world):
        return world
    return with_mapping_tags(context.aws, world, live)


def with_log_group_owner(context: Context, trigger: Trigger, world: World, scope: Scope) -> World:
    """The world, with the log group's tags if its retention is to be changed."""
    group = world.log_group
    if scope is Scope.STREAM or group is None or not changes_retention(trigger, world):
        return world
    from ddbinsert.aws.read.ownership import with_log_group_tags

    return replace(world, log_group=with_log_group_tags(context.aws, group))


def with_other_owners(context: Context, world: World, options: ConvergeOptions) -> World:
    """The world of a plan, with the tags of other functions' mappings, as far as they may be read."""
    from ddbinsert.aws.read.observe import with_other_tags

    others = [one for one in world.other_mappings if one.function_name not in options.beside]
    return with_other_tags(context.aws, world, others) if options.dry_run and others else world


def _changes_tags(trigger: Trigger, world: World) -> bool:
    if world.function is not None and not world.function.is_ours and (trigger.tags or cleared_tags(trigger)):
        return True  # the mapping's tags are compared
    parts = (world.function, world.role)
    return any(tag_changes(trigger, *(part.tags for part in parts if part is not None and part.is_ours)))


def partial_batch_set(trigger: Trigger, world: World, scope: Scope, *, is_given: bool) -> Trigger:
    """The trigger with the template's variable adapted to the mapping's setting, if this run changes either.

    Args:
        is_given: The user gives the variable; otherwise an existing one follows the setting.

    Raises:
        UsageError: The variable is given, or removed, and failing records would be lost.
    """
    function, live = world.function, world.live_mapping
    if scope is Scope.STREAM or (scope is Scope.FUNCTION and live is None):
        return trigger
    if function is not None and not knows_code(trigger, function):
        return trigger
    is_reported = trigger.mapping.report_batch_item_failures
    if scope is Scope.FUNCTION and live is not None:  # the mapping stays as it is
        is_reported = live.report_batch_item_failures
    elif function is None or "mapping.report_batch_item_failures" in trigger.explicit:
        return following(trigger, is_reported=is_reported, is_given=is_given)
    is_removed = f"function.environment.{VARIABLE}" in trigger.cleared
    is_touched = is_given or is_removed or trigger.gives_code or "function.environment" in trigger.cleared
    if is_touched and (is_given or not is_reported):
        return following(trigger, is_reported=is_reported, is_given=is_given or is_removed)
    return trigger


def read_history(context: Context, trigger: Trigger, world: World) -> StreamHistory | None:
    """The content of the live stream, if a new mapping may replay it; otherwise None."""
    stream = world.table.stream_arn if world.table else None
    if stream is None or trigger.mapping.starting_position is not StartingPosition.AUTO:
        return None
    # The successor of a mapping on a replaced stream must not miss anything.
    if world.live_mapping is not None or settings_source(world) is not None:
        return None
    from ddbinsert.aws.errors import PermissionDenied
    from ddbinsert.aws.read.stream_history import StreamHistory, history

    try:
        return history(context.aws, stream, clock=context.clock)
    except PermissionDenied:
        if context.aws.of_table.table_arn is None:
            raise
        # Another account's stream, which only the function's role may read.
        return StreamHistory(inserts=0, records=0, at_least=True)


def require_mapping(trigger: Trigger, world: World) -> None:
    """Check that the mapping to take over exists.

    Raises:
        PrerequisiteError: The function has no mapping on the table's live stream.
    """
    if world.live_mapping is None:
        raise PrerequisiteError(
            f"Function {trigger.function_name} has no event source mapping on the live stream of {trigger.table}.",
            hint=Advice(
                "Specify the function with --function; list the stream's consumers", ("status", TABLE)
            ),
            code="nothing-to-adopt",
        )


def keeping_view(trigger: Trigger, world: World, options: ConvergeOptions, reporter: Reporter) -> Trigger:
    live = world.table.view if world.table else None
    if not options.keep_view or live is None or live is trigger.view:
        return trigger
    reporter.step(f"stream of {trigger.table} is live with {live.value}; keeping it")
    return replace(trigger, view=live)


def with_readers(context: Context, trigger: Trigger, world: World, scope: Scope) -> World:
    """The world, with all readers of the stream if another view type is requested."""
    table = world.table
    if scope is not Scope.STREAM or world.other_mappings:
        return world
    if table is None or table.stream_arn is None or table.view is trigger.view:
        return world
    from ddbinsert.aws.read.resources import read_mappings

    known = {mapping.uuid for mapping in world.mappings}
    readers = read_mappings(context.aws, stream_arn=table.stream_arn)
    return replace(world, other_mappings=tuple(m for m in readers if m.uuid not in known))


def with_destination(context: Context, trigger: Trigger, world: World) -> Trigger:
    """The trigger with the destination ``create`` replaced by the ARN of the queue to create.

    Raises:
        PrerequisiteError: The account, and so the ARN, is not known.
        Refused: A queue with that name exists, and ddbinsert did not create it.
    """
    if trigger.mapping.on_failure != "create":
        return trigger
    _refuse_foreign_queue(context, trigger, world)
    beside = (
        world.table.function_place
        if world.table
        else f"arn:aws:dynamodb:{world.region}:{world.account}:table/-"
    )
    if world.table is None and not (world.account and world.region):
        raise PrerequisiteError(
            "The name of the queue for discarded records cannot be determined: the account is unknown.",
            hint="Create the table first, or give the queue's ARN: --on-failure ARN.",
            code="account-unknown",
        )
    mapping = replace(trigger.mapping, on_failure=failure_destination(trigger, beside))
    return replace(trigger, mapping=mapping)


def _refuse_foreign_queue(context: Context, trigger: Trigger, world: World) -> None:
    """Refuse a queue that ddbinsert did not create: discarded records would be sent to its owner."""
    live = world.live_mapping
    if world.failure_queue_missing or (
        live and (live.on_failure or "").endswith(f":{trigger.failure_queue}")
    ):
        return
    from ddbinsert.aws.errors import PermissionDenied
    from ddbinsert.aws.read.ownership import read_queue

    with suppress(PermissionDenied):
        queue = read_queue(context.aws, trigger.failure_queue)
        if queue is not None and queue.tags.get(OWNER_TAG) != trigger.table:
            raise Refused(
                f"Queue {trigger.failure_queue} exists, and ddbinsert did not create it for table {trigger.table}.",
                hint="Use it by its ARN (--on-failure ARN), or give the function another name.",
                code="queue-not-ours",
            )


def key_of(world: World, options: ConvergeOptions) -> KeySchema | None:
    return world.table.key if world.table is not None else options.create_table


def with_conditions(trigger: Trigger, world: World, options: ConvergeOptions) -> Trigger:
    """The trigger with the conditions as one more filter; key attributes have the types of the table's key.

    Raises:
        UsageError: A condition cannot be parsed, or no pattern can express it.
    """
    if not options.where:
        return trigger
    from ddbinsert.core.filters.where.build import pattern_from_conditions

    pattern = pattern_from_conditions(options.where, key_of(world, options), {})
    mapping = replace(trigger.mapping, filters=(*trigger.mapping.filters, pattern))
    return replace(trigger, mapping=mapping, explicit=trigger.explicit | {"mapping.filters"})


def positioned(
    trigger: Trigger, held: StreamHistory | None, choose: ChoosePosition, *, stays_open: bool = False
) -> Trigger:
    """The trigger with ``auto`` resolved: TRIM_HORIZON if nothing was written yet, a question otherwise.

    Args:
        stays_open: Keep ``auto`` instead of asking.
    """
    if trigger.mapping.starting_position is not StartingPosition.AUTO:
        return trigger
    position = StartingPosition.TRIM_HORIZON
    if held is not None and (held.inserts or held.at_least):
        if stays_open:
            return trigger
        position = choose(held.inserts, at_least=held.at_least)
    return replace(trigger, mapping=replace(trigger.mapping, starting_position=position))
