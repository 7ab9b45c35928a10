"""The difference between what is wanted and what is there, as data.

Pure: the same wanted trigger and the same world give the same steps, and a world that is as wanted gives none.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from ddbinsert.core.differences import code_differs, function_changes, mapping_changes, tag_changes
from ddbinsert.core.insert_filter import insert_patterns
from ddbinsert.core.keys import describe_key
from ddbinsert.core.model import OWNER_TAG, MappingSpec, StartingPosition
from ddbinsert.core.policy import role_policy
from ddbinsert.core.steps import (
    CreateFunction,
    CreateLogGroup,
    CreateMapping,
    CreateQueue,
    CreateRole,
    CreateTable,
    DeleteFunction,
    DeleteLogGroup,
    DeleteMapping,
    DeleteQueue,
    DeleteRole,
    DeleteTable,
    DisableStream,
    EnableStream,
    PutRolePolicy,
    RebindRolePolicy,
    ReplaceStream,
    SetRetention,
    Step,
    UpdateFunctionCode,
    UpdateFunctionSettings,
    UpdateMapping,
    UpdateTags,
)
from ddbinsert.errors import PrerequisiteError, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ddbinsert.core.model import FunctionState, KeySchema, MappingState, Trigger, World
    from ddbinsert.core.package import Package


class Scope(StrEnum):
    """How much of the trigger a converge brings about."""

    STREAM = "stream"
    FUNCTION = "function"
    TRIGGER = "trigger"


def plan(
    want: Trigger,
    have: World,
    scope: Scope,
    package: Package | None = None,
    *,
    create_table: KeySchema | None = None,
    replace: bool = False,
    prune: bool = False,
) -> tuple[Step, ...]:
    """The steps from ``have`` to ``want``.

    Args:
        package: The function's code; needed for the scopes that hold the function.
        create_table: Create a missing table with this key.
        replace: Let a live stream of another view type be replaced, and finish a replacement that was
            interrupted: our mapping that stayed behind on a dead stream comes over to the live one.
        prune: Delete our mappings that were left on dead streams.

    Raises:
        PrerequisiteError: The table doesn't exist, and ``create_table`` isn't given.
        Refused: The stream is live with another view type, or a name is taken by something that isn't ours.
    """
    steps: list[Step] = list(_table(want, have, create_table))
    if scope in (Scope.STREAM, Scope.TRIGGER):
        steps += _stream(want, have, replace=replace)
    replaced = any(isinstance(step, ReplaceStream) for step in steps)
    if scope in (Scope.FUNCTION, Scope.TRIGGER):
        if package is None:
            raise ValueError("the function's scope needs its package")
        steps += _function(want, have, package, stream_stays=not steps)
        steps += _tags(want, have)
    if scope is Scope.STREAM and replace:
        steps += _rebinding(have, replaced=replaced)
    if scope is Scope.TRIGGER:
        steps += _mapping(want, have, replaced=replaced, prune=prune or replace)
    return tuple(steps)


def is_ours_to_change(have: World) -> bool:
    """Whether function, role and log group are ddbinsert's: one that somebody else made is only attached."""
    return have.function is None or have.function.is_ours


def _table(want: Trigger, have: World, key: KeySchema | None) -> Iterator[Step]:
    if have.table is not None:
        if have.table.status == "DELETING":
            raise PrerequisiteError(
                f"Table {want.table} is being deleted.",
                hint="Wait until it is gone, then make it again; or take another table.",
                code="table-deleting",
            )
        if key is not None and key != have.table.key:
            raise Refused(
                f"Table {want.table} exists with another key: {describe_key(have.table.key)}.",
                hint="A key can't be changed. Leave --create-table out, or take another name.",
                code="table-key-differs",
            )
        return
    if key is None:
        raise PrerequisiteError(
            f"Table {want.table} does not exist{f' in {have.region}' if have.region else ''}.",
            hint="Check the name, --region and --profile; or let `ddbinsert enable-stream "
            f"{want.table} --create-table pk:S` make it.",
            code="table-not-found",
        )
    yield CreateTable(table=want.table, key=key)


def _stream(want: Trigger, have: World, *, replace: bool) -> Iterator[Step]:
    table = have.table
    if table is None or table.view is None:
        yield EnableStream(table=want.table, view=want.view)
        return
    if table.view is want.view:
        return
    if not replace:
        left = [
            mapping.uuid
            for mapping in (*have.mappings, *have.other_mappings)
            if mapping.stream_arn == table.stream_arn
        ]
        behind = (
            f"its event source mappings stay behind on the old stream ({', '.join(left)})"
            if left
            else "whatever reads the old stream stays behind on it"
        )
        raise Refused(
            f"Table {want.table} has a live stream with view type {table.view.value}, not {want.view.value}. "
            f"A view type can't be changed in place: the stream must be disabled and enabled again. The new "
            f"stream has a new ARN, {behind}, and no write is recorded while the stream is off.",
            hint=f"Keep {table.view.value}, or accept the cost: `ddbinsert enable-stream {want.table} "
            f"--view-type {want.view.value} --replace`.",
            code="view-type-differs",
        )
    yield ReplaceStream(table=want.table, have=table.view, view=want.view)


def _function(want: Trigger, have: World, package: Package, *, stream_stays: bool) -> Iterator[Step]:
    if not is_ours_to_change(have):
        return
    if have.function is not None:
        _refuse_another_tables(f"Function {have.function.name}", have.function.tags, want.table)
        _refuse_another_kind(have.function, package)
    yield from _log_group(want, have)
    if want.function.role is None:
        yield from _role(want, have, package, stream_stays=stream_stays)
    if have.function is None:
        source = want.function.code or f"template {want.function.template.value}"
        yield CreateFunction(name=want.function_name, runtime=want.function.runtime, source=source)
        return
    if code_differs(want, have.function, package):
        yield UpdateFunctionCode(name=want.function_name)
    changes = tuple(function_changes(want, have.function, package))
    if changes:
        yield UpdateFunctionSettings(name=want.function_name, changes=changes)


def _tags(want: Trigger, have: World) -> Iterator[Step]:
    """Tags of what is there already; what is made now gets them at once."""
    if not is_ours_to_change(have):
        return
    role = have.role if want.function.role is None else None
    seen = [made.tags for made in (have.function, role) if made is not None]
    changes = tuple(tag_changes(want, *seen))
    if changes:
        yield UpdateTags(function=want.function_name, changes=changes)


def _log_group(want: Trigger, have: World) -> Iterator[Step]:
    days = want.function.log_retention_days
    if have.log_group is None:
        yield CreateLogGroup(name=want.log_group, retention_days=days)
    elif have.log_group.retention_days != days:
        yield SetRetention(name=want.log_group, have=have.log_group.retention_days, retention_days=days)


def _role(want: Trigger, have: World, package: Package, *, stream_stays: bool) -> Iterator[Step]:
    role, table = have.role, have.table
    if role is None:
        yield CreateRole(name=want.role_name)
    elif not role.is_ours:
        raise Refused(
            f"Role {want.role_name} exists, and ddbinsert did not make it.",
            hint=f"Use it as it is (function.role: {role.arn}), or give the function another name.",
            code="role-not-ours",
        )
    else:
        _refuse_another_tables(f"Role {role.name}", role.tags, want.table)
        # Where the stream stays as it is, the wanted policy is known by now and can be compared.
        if (
            stream_stays
            and table is not None
            and role.policy == role_policy(want, table, table.stream_arn, package.rights)
        ):
            return
    yield PutRolePolicy(role=want.role_name)


def _refuse_another_kind(function: FunctionState, package: Package) -> None:
    """Lambda can't turn an archive into an image, or the other way round.

    Raises:
        Refused: The function is of the other kind.
    """
    wanted = "Zip" if package.image is None else "Image"
    if function.package_type != wanted:
        raise Refused(
            f"Function {function.name} runs {_KINDS[function.package_type]}, not {_KINDS[wanted]}; Lambda can't "
            "change that.",
            hint="Take the trigger down first (`ddbinsert down`), or give the function another name.",
            code="package-type-differs",
        )


_KINDS = {"Zip": "an archive", "Image": "a container image"}


def _refuse_another_tables(what: str, tags: Mapping[str, str], table: str) -> None:
    """One function serves one table: its role may read no other stream, and taking one down takes both.

    Raises:
        Refused: It was made for another table.
    """
    owner = tags.get(OWNER_TAG, table)
    if owner != table:
        raise Refused(
            f"{what} was made by ddbinsert for table {owner}; changing it for {table} would break that trigger.",
            hint="Give this trigger a function name of its own (function.name).",
            code="made-for-another-table",
        )


def _mapping(want: Trigger, have: World, *, replaced: bool, prune: bool) -> Iterator[Step]:
    if have.failure_queue_missing:
        yield CreateQueue(name=want.failure_queue)
    live = None if replaced else have.live_mapping
    if live is None:
        yield CreateMapping(
            function=want.function_name,
            filters=insert_patterns(want.mapping.filters),
            starting_position=want.mapping.starting_position,
        )
    else:
        changes = tuple(mapping_changes(want, live))
        if changes:
            yield UpdateMapping(uuid=live.uuid, changes=changes)
    left = have.mappings if replaced else have.stale_mappings if prune else ()
    for mapping in left:
        yield DeleteMapping(uuid=mapping.uuid, why="it reads a stream that is no longer the table's live one")


def _rebinding(have: World, *, replaced: bool) -> Iterator[Step]:
    """Bring our own mapping over to the new stream: nothing that is written from now on may be missed."""
    old = left_behind(have)
    if old is not None and (replaced or have.live_mapping is None):
        policy = have.role.policy if have.role is not None and have.role.is_ours else None
        if have.role is not None and policy is not None and old.stream_arn in policy:
            yield RebindRolePolicy(role=have.role.name, old_stream_arn=old.stream_arn)
        yield CreateMapping(
            function=old.function_name,
            filters=insert_patterns(old.filters),
            starting_position=StartingPosition.TRIM_HORIZON,
        )
    for mapping in have.mappings if replaced else have.stale_mappings:
        yield DeleteMapping(uuid=mapping.uuid, why="it reads a stream that was replaced")


def left_behind(have: World) -> MappingState | None:
    """The mapping that a replaced stream leaves behind, or left behind when a replacement was interrupted."""
    # A stream's ARN ends in the time at which it was enabled.
    newest = max(have.stale_mappings, key=lambda mapping: mapping.stream_arn, default=None)
    return have.live_mapping or newest


def spec_of(mapping: MappingState) -> MappingSpec:
    """The wanted side of a mapping as it stands, for making it again elsewhere; INSERT-only in any case."""
    return MappingSpec(
        batch_size=mapping.batch_size,
        batching_window=mapping.batching_window,
        starting_position=StartingPosition.TRIM_HORIZON,
        parallelization=mapping.parallelization,
        retries=mapping.retries,
        record_age=mapping.record_age,
        bisect=mapping.bisect,
        report_batch_item_failures=mapping.report_batch_item_failures,
        on_failure=mapping.on_failure,
        filters=mapping.filters,
        metrics=bool(mapping.metrics),
        enabled=mapping.is_enabled,
    )


def teardown(have: World, *, stream: bool = False, table: bool = False) -> tuple[Step, ...]:
    """The steps that take a trigger away again: only what is ours, mappings first.

    A log group doesn't tell here whose it is: its step looks, and leaves one that bears no tag of ours.

    Args:
        stream: Disable the stream, too. table: Delete the table, too.
    """
    steps: list[Step] = [
        DeleteMapping(uuid=mapping.uuid, why="the trigger is taken down") for mapping in have.mappings
    ]
    if have.function is not None and _is_of_this_table(have.function.tags, have):
        steps.append(DeleteFunction(name=have.function.name))
    if have.role is not None and _is_of_this_table(have.role.tags, have):
        steps.append(DeleteRole(name=have.role.name))
    if have.log_group is not None and (have.function is None or _is_of_this_table(have.function.tags, have)):
        steps.append(DeleteLogGroup(name=have.log_group.name))
    steps += [DeleteQueue(name=name) for name in dict.fromkeys(filter(None, map(_own_queue, have.mappings)))]
    if have.table is not None and table:
        steps.append(DeleteTable(table=have.table.name))
    elif have.table is not None and stream and have.table.stream_enabled:
        steps.append(DisableStream(table=have.table.name))
    return tuple(steps)


def _own_queue(mapping: MappingState) -> str | None:
    """The queue that ``mapping.on_failure: create`` made, by its name; its step looks at its tags."""
    arn = mapping.on_failure or ""
    name = arn.rpartition(":")[2]
    return name if arn.split(":")[2:3] == ["sqs"] and name.endswith("-failures") else None


def _is_of_this_table(tags: Mapping[str, str], have: World) -> bool:
    owner = tags.get(OWNER_TAG)
    return owner is not None and (have.table is None or owner == have.table.name)
