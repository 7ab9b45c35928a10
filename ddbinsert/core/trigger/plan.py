"""The differences between the wanted and the present state, as steps.

Pure: the same wanted trigger and the same world give the same steps, and a world that is as wanted gives none. On
existing resources only explicit settings are changed (`core.trigger.effective_settings`), and only if they have
ddbinsert's tag.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.advice import Advice
from ddbinsert.core.arn import resource_name
from ddbinsert.core.model.key_text import describe_key
from ddbinsert.core.model.wanted import OWNER_TAG, StartingPosition
from ddbinsert.core.trigger.alias import alias_steps
from ddbinsert.core.trigger.differences import mapping_changes, tag_changes
from ddbinsert.core.trigger.effective_settings import effective, settings_source
from ddbinsert.core.trigger.plan_function import function_steps, is_ours_to_change, tag_steps
from ddbinsert.core.trigger.policy import further_grants
from ddbinsert.core.trigger.refusals import not_ours, refuse_twin, view_differs
from ddbinsert.core.trigger.scope import Allowed, Scope, in_scope
from ddbinsert.core.trigger.settings import as_inserts
from ddbinsert.core.trigger.steps import (
    AdoptMapping,
    Change,
    CreateMapping,
    CreateQueue,
    CreateTable,
    DeleteMapping,
    EnableStream,
    NarrowRolePolicy,
    PutRolePolicy,
    ReplaceStream,
    Step,
    UpdateMapping,
    UpdateMappingTags,
)
from ddbinsert.core.trigger.stream_policy_steps import stream_policy_steps
from ddbinsert.errors import CHECK_TABLE, PrerequisiteError, Refused, table_not_found

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ddbinsert.core.model.package import Package
    from ddbinsert.core.model.record import KeySchema
    from ddbinsert.core.model.seen import FunctionState, MappingState, World
    from ddbinsert.core.model.wanted import Trigger

_NOTHING = Allowed()


def plan(
    want: Trigger,
    have: World,
    scope: Scope,
    package: Package | None = None,
    allowed: Allowed = _NOTHING,
) -> tuple[Step, ...]:
    """The steps from ``have`` to ``want``.

    Args:
        package: The function's code; needed if `needs_package` is true.

    Raises:
        PrerequisiteError: The table does not exist and is not to be created.
        Refused: The stream is live with another view type, or a resource has to change that ddbinsert did not create.
    """
    want = effective(in_scope(want, scope), have)
    steps: list[Step] = list(_table(want, have, allowed.create_table))
    if scope in (Scope.STREAM, Scope.TRIGGER):
        steps += _stream(want, have, allowed)
    replaced = any(isinstance(step, ReplaceStream) for step in steps)
    if scope in (Scope.FUNCTION, Scope.TRIGGER):
        refuse_twin(have)
        steps += function_steps(want, have, package, allowed, stream_stays=not steps)
        steps += alias_steps(want, have, steps, adopt=allowed.adopt)
        steps += tag_steps(want, have)
    if scope is Scope.TRIGGER:
        steps += stream_policy_steps(want, have, steps)
    if scope is Scope.STREAM and allowed.replace:
        steps += _rebinding(want, have, steps, replaced=replaced)
    if scope is Scope.TRIGGER:
        steps += _mapping(want, have, allowed, replaced=replaced)
    if scope is Scope.TRIGGER or (scope is Scope.STREAM and allowed.replace):
        steps += _left_mappings(want, have, allowed, makes_role=scope is Scope.TRIGGER)
    return tuple(steps)


def is_of_table(tags: Mapping[str, str] | None, table: str) -> bool:
    """Whether these tags contain ddbinsert's tag for this table."""
    return (tags or {}).get(OWNER_TAG) == table


def _table(want: Trigger, have: World, key: KeySchema | None) -> Iterator[Step]:
    if have.table is not None:
        if have.table.status == "DELETING":
            raise PrerequisiteError(
                f"Table {want.table} is being deleted.",
                hint="Wait until it is deleted, then create it again.",
                code="table-deleting",
            )
        if key is not None and key != have.table.key:
            raise Refused(
                f"Table {want.table} exists with another key: {describe_key(have.table.key)}.",
                hint="A key cannot be changed. Leave --create-table out, or use another name.",
                code="table-key-differs",
            )
        return
    if key is None:
        create = ("enable-stream", want.table, "--create-table", "pk:S")
        advice = Advice(f"{CHECK_TABLE} Or create it", create)
        raise table_not_found(want.table, have.region, hint=advice)
    yield CreateTable(table=want.table, key=key)


def _stream(want: Trigger, have: World, allowed: Allowed) -> Iterator[Step]:
    table = have.table
    if table is None or table.view is None:
        yield EnableStream(table=want.table, view=want.view)
        return
    if table.view is want.view:
        return
    if not allowed.replace:
        raise view_differs(want, have)
    yield ReplaceStream(table=want.table, have=table.view, view=want.view)


def _mapping(want: Trigger, have: World, allowed: Allowed, *, replaced: bool) -> Iterator[Step]:
    live = None if replaced else have.live_mapping
    changes = tuple(mapping_changes(want, live)) if live is not None else ()
    tags = tuple(_mapping_tags(live, want, have))
    if live is not None and not live.is_ours and (changes or tags or "mapping" in allowed.take_over):
        if not allowed.adopt:
            what = f"Event source mapping {live.uuid} of function {live.function_name}"
            raise not_ours(what, (*changes, *tags), want)
        yield AdoptMapping(uuid=live.uuid)
    elif live is not None and tags:
        yield UpdateMappingTags(uuid=live.uuid, changes=tags)
    if have.failure_queue_missing and (live is None or changes or "mapping.on_failure" in want.explicit):
        yield CreateQueue(name=want.failure_queue)
    if live is None:
        yield CreateMapping(
            function=want.function_name,
            filters=as_inserts(want.mapping.filters),
            starting_position=want.mapping.starting_position,
        )
    elif changes:
        yield UpdateMapping(uuid=live.uuid, changes=changes)


def _mapping_tags(live: MappingState | None, want: Trigger, have: World) -> Iterator[Change]:
    """Tag changes of a mapping whose function is not ours; with our function, they are compared together."""
    if live is not None and live.tags is not None and not is_ours_to_change(have):
        yield from tag_changes(want, live.tags)


def _rebinding(want: Trigger, have: World, steps: Sequence[Step], *, replaced: bool) -> Iterator[Step]:
    """Create our mapping again on the new stream, so that no later write is missed."""
    old = settings_source(have)
    if old is None or not old.is_ours or not (replaced or have.live_mapping is None):
        return
    role = have.role
    if role is not None and role.is_ours and have.function is not None and _runs_as(have.function, role.name):
        yield PutRolePolicy(role=role.name, grants=further_grants(role.policy))
    yield from stream_policy_steps(want, have, steps)
    yield CreateMapping(
        function=old.function_name,
        filters=as_inserts(want.mapping.filters),
        starting_position=StartingPosition.TRIM_HORIZON,
    )


def _runs_as(function: FunctionState, role: str) -> bool:
    return resource_name(function.role_arn) == role


def _left_mappings(want: Trigger, have: World, allowed: Allowed, *, makes_role: bool) -> Iterator[Step]:
    """Delete our mappings on replaced streams that are drained or are to be pruned; then remove their rights."""
    going = [
        mapping
        for mapping in have.stale_mappings
        if is_of_table(mapping.tags, want.table) and (allowed.prune or mapping.uuid in allowed.drained)
    ]
    for mapping in going:
        why = (
            "its stream was replaced, and everything on it is delivered"
            if mapping.uuid in allowed.drained
            else "it reads a stream that is no longer the table's live one"
        )
        yield DeleteMapping(uuid=mapping.uuid, why=why)
    has_role = have.role is not None and have.role.is_ours
    if going and want.function.role is None and is_ours_to_change(have) and (has_role or makes_role):
        yield NarrowRolePolicy(role=want.role_name)
