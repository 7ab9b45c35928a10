"""The current state of a trigger and its surroundings; independent reads run concurrently, in few round trips."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ddbinsert.aws.errors import PermissionDenied
from ddbinsert.aws.read.ownership import with_log_group_tags
from ddbinsert.aws.read.resources import (
    caller_account,
    has_queue,
    read_alias,
    read_function,
    read_log_group,
    read_mapping,
    read_mapping_tags,
    read_mappings,
    read_role,
    read_table,
    require_tags,
)
from ddbinsert.aws.read.stream_policies import readable_stream_policy
from ddbinsert.core.arn import arn_parts, resource_name
from ddbinsert.core.model.seen import World
from ddbinsert.core.model.wanted import ALIAS_TAG, OWNER_TAG
from ddbinsert.core.trigger.alias import alias_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.model.seen import LogGroupState, MappingState, RoleState, TableState
    from ddbinsert.core.model.wanted import Trigger


def observe(
    aws: Aws,
    trigger: Trigger,
    *,
    role: bool = True,
    function: bool = True,
    others: bool = False,
    owners: bool = False,
    live_owner: bool = True,
    tags: bool = False,
    lenient: bool = False,
    meanwhile: Callable[[str], None] | None = None,
    known: World | None = None,
) -> World:
    """Read the current state.

    Args:
        function: Read the function, its log group and its mappings.
        role: Read the role (only with ``function``).
        others: Also read other functions' mappings on the live stream: one more round trip.
        owners: Read the tags of the mappings, and the log group and role that the function is configured with: in the
            same additional round trip.
        live_owner: With ``owners``: also read the tags of the mapping on the live stream.
        tags: With ``owners``: read the tags of that mapping and of the log group, if permitted.
        lenient: Leave the owner of a mapping unknown if its tags may not be read.
        meanwhile: Called during that round trip, with the live stream's ARN.
        known: The state of this trigger that was just read, without its role; only missing parts are read.

    Raises:
        AwsError: A read was refused (with ``owners``, that of the function's tags, too). A resource that does not exist
            is not an error.
    """
    world = known or _with_alias(aws, trigger, _nearest(aws, trigger, role=role, function=function))
    gone = trigger.function_name if function and world.function is None else ""
    further = [*_others(aws, world, meanwhile, gone)] if others else []
    further += _stream_policy(aws, world) if function else ()
    if owners:
        if not lenient:
            require_tags(world.function)
        further += _owners(aws, trigger, world, live_owner=live_owner, tags=tags, lenient=lenient)
    if known is not None and function and role and not trigger.function.role:
        # First, so that the role that the function is configured with (from `_owners`) replaces it.
        further.insert(0, lambda: _role_edit(read_role(aws, trigger.role_name)))
    for edit in aws.side_by_side(*further) if further else ():
        world = edit(world)
    return world


def _nearest(aws: Aws, trigger: Trigger, *, role: bool, function: bool) -> World:
    """Read the resources whose names are known, in one round trip."""
    reads: list[Callable[[], Any]] = [
        lambda: read_table(aws, trigger.table),
        lambda: read_function(aws, trigger.function_name) if function else None,
        lambda: read_mappings(aws, function_name=trigger.function_name) if function else (),
        lambda: read_log_group(aws, trigger.log_group) if function else None,
        lambda: (
            read_role(aws, trigger.role_name) if function and role and not trigger.function.role else None
        ),
    ]
    if function and trigger.mapping.on_failure == "create":
        reads.append(lambda: not has_queue(aws, trigger.failure_queue))
    table: TableState | None
    table, deployed, mappings, group, its_role, *queue_missing = aws.side_by_side(*reads)
    return World(
        account=arn_parts(table.function_place).account if table else caller_account(aws),
        region=arn_parts(table.arn).region if table else aws.region,
        table=table,
        role=its_role,
        log_group=group,
        function=deployed,
        mappings=tuple(m for m in mappings if _is_stream_of(m, trigger.table, table)),
        twin_mappings=tuple(m for m in mappings if _is_stream_of_twin(m, trigger.table, table)),
        failure_queue_missing=any(queue_missing),
    )


def _with_alias(aws: Aws, trigger: Trigger, world: World) -> World:
    """The world with the mappings that invoke an alias or a version of the function, and with that alias.

    ListEventSourceMappings of the function leaves them out (docs/aws-facts.md#esm-list-qualifiers). An alias is given, or
    named by the function's tag; if its mapping is not on the live stream, any other alias or version is searched for.
    """
    function = world.function
    if function is None:
        return world
    name = trigger.function.alias or function.tags.get(ALIAS_TAG)
    if name is not None:
        alias, mappings = aws.side_by_side(
            lambda: read_alias(aws, function, name),
            lambda: read_mappings(aws, function_name=f"{function.name}:{name}"),
        )
        more = tuple(one for one in mappings if _is_stream_of(one, trigger.table, world.table))
        world = replace(world, alias=alias).with_mappings(more)
    if world.live_mapping is None and world.table is not None and world.table.stream_arn is not None:
        found = read_mappings(aws, stream_arn=world.table.stream_arn)
        world = world.with_mappings(tuple(one for one in found if one.function_name == function.name))
    invoked = alias_of(world.live_mapping) if world.live_mapping is not None else None
    if invoked is None or name is not None:
        return world
    with contextlib.suppress(PermissionDenied):  # an alias of others, of which only its name is needed
        return replace(world, alias=read_alias(aws, function, invoked))
    return world


Edit = Callable[[World], World]


def _stream_policy(aws: Aws, world: World) -> Iterator[Callable[[], Edit]]:
    """Reads the policy of a live stream of another account."""
    table = world.table
    if table is None or not table.is_of_other_account:
        return
    stream = table.stream_arn

    def read() -> Edit:
        policy = readable_stream_policy(aws, stream)
        return lambda w: replace(w, stream_policy=policy)

    yield read


def _others(
    aws: Aws, world: World, meanwhile: Callable[[str], None] | None, gone: str
) -> Iterator[Callable[[], Edit]]:
    """Reads of other consumers of the live stream.

    Args:
        gone: The name of the trigger's function if it does not exist: a mapping of its alias is left by it.
    """
    live = world.table.stream_arn if world.table is not None else None
    if live is None:
        return
    mine = {mapping.uuid for mapping in world.mappings}

    def readers() -> Edit:
        found = tuple(m for m in read_mappings(aws, stream_arn=live) if m.uuid not in mine)
        left = tuple(_with_tags(aws, m) for m in found if gone and m.function_name == gone)
        others = tuple(m for m in found if not gone or m.function_name != gone)
        return lambda w: replace(w, other_mappings=others).with_mappings(left)

    def beside() -> Edit:
        if meanwhile is not None:
            meanwhile(live)
        return lambda w: w

    yield readers
    yield beside


def _owners(
    aws: Aws, trigger: Trigger, world: World, *, live_owner: bool, tags: bool, lenient: bool
) -> Iterator[Callable[[], Edit]]:
    """Reads of the mappings' owners, and of the log group and role that the function is configured with."""
    function, live = world.function, world.live_mapping
    for mapping in world.mappings:
        must = live_owner or mapping is not live
        if must or tags:
            yield _tags_reader(aws, mapping, _fallback(world), lenient=lenient or not must)
    group = function.log_group if function is not None else trigger.log_group
    is_other = group != trigger.log_group and "function.log_group" not in trigger.explicit
    if is_other or (tags and world.log_group is not None):
        known = None if is_other else world.log_group
        yield lambda: _log_group_edit(_tagged(aws, known or read_log_group(aws, group), tags=tags))
    if function is None:
        return
    role = resource_name(function.role_arn)
    if (
        trigger.function.role is None
        and role != trigger.role_name
        and "function.role" not in trigger.explicit
    ):
        yield lambda: _role_edit(read_role(aws, role))


def _tagged(aws: Aws, group: LogGroupState | None, *, tags: bool) -> LogGroupState | None:
    """The log group, with its tags if they are requested and may be read."""
    if group is None or not tags:
        return group
    with contextlib.suppress(PermissionDenied):
        return with_log_group_tags(aws, group)
    return group


def _fallback(world: World) -> dict[str, str]:
    """The replacement for a mapping's tags on an endpoint without them: the tags of its function, if that is ours."""
    tags = world.function.tags if world.function is not None else {}
    return dict(tags) if OWNER_TAG in tags else {}


def with_mapping_tags(aws: Aws, world: World, mapping: MappingState) -> World:
    """The world with the tags of one of its mappings."""
    return _tags_edit(aws, mapping, _fallback(world))(world)


def with_shown_filters(aws: Aws, world: World) -> World:
    """The world, with the live mapping's filters if they are encrypted: a list never contains them.

    They stay hidden if the key may not be used (docs/aws-facts.md#esm-encrypted-filter).
    """
    live = world.live_mapping
    seen = read_mapping(aws, live.uuid) if live is not None and live.filters_hidden else None
    return world if seen is None else world.with_mapping(seen)


def with_other_tags(aws: Aws, world: World, mappings: Iterable[MappingState]) -> World:
    """The world with the tags of these mappings of other functions, where they may be read."""
    read = aws.side_by_side(*(lambda one=one: _with_tags(aws, one) for one in mappings))
    known = {one.uuid: one for one in read}
    return replace(world, other_mappings=tuple(known.get(one.uuid, one) for one in world.other_mappings))


def _with_tags(aws: Aws, mapping: MappingState) -> MappingState:
    """The mapping with its tags, where they may be read."""
    with contextlib.suppress(PermissionDenied):
        return replace(mapping, tags=read_mapping_tags(aws, mapping))
    return mapping


def _tags_reader(
    aws: Aws, mapping: MappingState, fallback: Mapping[str, str], *, lenient: bool
) -> Callable[[], Edit]:
    def read() -> Edit:
        try:
            return _tags_edit(aws, mapping, fallback)
        except PermissionDenied:
            if not lenient:
                raise
            return lambda w: w

    return read


def _tags_edit(aws: Aws, mapping: MappingState, fallback: Mapping[str, str]) -> Edit:
    tags = read_mapping_tags(aws, mapping)
    tagged = replace(mapping, tags=fallback if tags is None else tags)
    return lambda w: replace(w, mappings=tuple(tagged if m.uuid == mapping.uuid else m for m in w.mappings))


def _log_group_edit(group: LogGroupState | None) -> Edit:
    return lambda w: replace(w, log_group=group)


def _role_edit(role: RoleState | None) -> Edit:
    return lambda w: replace(w, role=role)


def with_others(aws: Aws, world: World, *, meanwhile: Callable[[str], None] | None = None) -> World:
    """The world with the mappings of other functions on the live stream.

    Args:
        meanwhile: Called during that read, with the live stream's ARN.
    """
    live = world.table.stream_arn if world.table else None
    if live is None:
        return world
    on_stream, _ = aws.side_by_side(
        lambda: read_mappings(aws, stream_arn=live), lambda: meanwhile(live) if meanwhile else None
    )
    now = {mapping.uuid: mapping for mapping in on_stream}
    mine = tuple(now.get(mapping.uuid, mapping) for mapping in world.mappings)
    known = {mapping.uuid for mapping in mine}
    return replace(
        world,
        mappings=mine,
        other_mappings=tuple(mapping for mapping in on_stream if mapping.uuid not in known),
    )


def _is_stream_of_twin(mapping: MappingState, name: str, table: TableState | None) -> bool:
    return _is_stream_of(mapping, name, None) and not _is_stream_of(mapping, name, table)


def _is_stream_of(mapping: MappingState, name: str, table: TableState | None) -> bool:
    """Whether it reads a stream of the table, not of one with the same name in another account."""
    if table is not None and arn_parts(mapping.stream_arn).account != arn_parts(table.arn).account:
        return False
    return f":table/{name}/stream/" in mapping.stream_arn
