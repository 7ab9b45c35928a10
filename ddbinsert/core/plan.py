"""The difference between what is wanted and what is there, as data.

Pure: the same wanted trigger and the same world give the same steps, and a world that is as wanted gives none.
"""

from __future__ import annotations

import json
from enum import StrEnum
from typing import TYPE_CHECKING

from ddbinsert.core.insert_filter import insert_patterns
from ddbinsert.core.keys import describe_key
from ddbinsert.core.model import MappingSpec, StartingPosition
from ddbinsert.core.policy import role_policy
from ddbinsert.core.steps import (
    Change,
    CreateFunction,
    CreateLogGroup,
    CreateMapping,
    CreateRole,
    CreateTable,
    DeleteFunction,
    DeleteLogGroup,
    DeleteMapping,
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
)
from ddbinsert.errors import PrerequisiteError, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

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
        replace: Let a live stream of another view type be replaced.
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
        steps += _function(want, have, package)
    if scope is Scope.STREAM and replaced:
        steps += _rebinding(have)
    if scope is Scope.TRIGGER:
        steps += _mapping(want, have, replaced=replaced, prune=prune)
    return tuple(steps)


def is_ours_to_change(have: World) -> bool:
    """Whether function, role and log group are ddbinsert's: one that somebody else made is only attached."""
    return have.function is None or have.function.is_ours


def _table(want: Trigger, have: World, key: KeySchema | None) -> Iterator[Step]:
    if have.table is not None:
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


def _function(want: Trigger, have: World, package: Package) -> Iterator[Step]:
    if not is_ours_to_change(have):
        return
    yield from _log_group(want, have)
    if want.function.role is None:
        yield from _role(want, have, package)
    if have.function is None:
        source = want.function.code or f"template {want.function.template.value}"
        yield CreateFunction(name=want.function_name, runtime=want.function.runtime, source=source)
        return
    if have.function.code_sha256 != package.sha256:
        yield UpdateFunctionCode(name=want.function_name)
    changes = tuple(_function_changes(want, have.function, package))
    if changes:
        yield UpdateFunctionSettings(name=want.function_name, changes=changes)


def _log_group(want: Trigger, have: World) -> Iterator[Step]:
    days = want.function.log_retention_days
    if have.log_group is None:
        yield CreateLogGroup(name=want.log_group, retention_days=days)
    elif have.log_group.retention_days != days:
        yield SetRetention(name=want.log_group, have=have.log_group.retention_days, retention_days=days)


def _role(want: Trigger, have: World, package: Package) -> Iterator[Step]:
    if have.role is None:
        yield CreateRole(name=want.role_name)
    elif not have.role.is_ours:
        raise Refused(
            f"Role {want.role_name} exists, and ddbinsert did not make it.",
            hint=f"Use it as it is (function.role: {have.role.arn}), or give the function another name.",
            code="role-not-ours",
        )
    if have.role and have.table and have.table.stream_arn and have.table.view is want.view:
        wanted = role_policy(want, have.table, have.table.stream_arn, package.rights)
        if have.role.policy == wanted:
            return
    yield PutRolePolicy(role=want.role_name)


def _function_changes(want: Trigger, have: FunctionState, package: Package) -> Iterator[Change]:
    wanted = want.function
    yield from _differences(
        ("function.runtime", have.runtime, wanted.runtime),
        ("function.handler", have.handler, wanted.handler or package.handler),
        ("function.memory", have.memory, wanted.memory),
        ("function.timeout", have.timeout, wanted.timeout),
        ("function.log_group", have.log_group, want.log_group),
        *([("function.role", have.role_arn, wanted.role)] if wanted.role else []),
    )
    if dict(have.environment) != dict(wanted.environment):
        # Values may be secrets: names only.
        have_names, want_names = (
            ", ".join(sorted(e)) or "none" for e in (have.environment, wanted.environment)
        )
        yield Change(field="function.environment", have=have_names, want=want_names)


def _mapping(want: Trigger, have: World, *, replaced: bool, prune: bool) -> Iterator[Step]:
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
    if replaced or prune:
        for mapping in have.mappings if replaced else have.stale_mappings:
            yield DeleteMapping(
                uuid=mapping.uuid, why="it reads a stream that is no longer the table's live one"
            )


def _rebinding(have: World) -> Iterator[Step]:
    """Bring our own mapping over to the new stream: nothing that is written from now on may be missed."""
    live = have.live_mapping
    if live is None:
        return
    if have.role is not None and have.role.is_ours and have.role.policy is not None:
        yield RebindRolePolicy(role=have.role.name, old_stream_arn=live.stream_arn)
    yield CreateMapping(
        function=live.function_name,
        filters=insert_patterns(live.filters),
        starting_position=StartingPosition.TRIM_HORIZON,
    )
    yield DeleteMapping(uuid=live.uuid, why="it reads the stream that was replaced")


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


def mapping_changes(want: Trigger, have: MappingState) -> Iterator[Change]:
    """What differs between a mapping and the wanted one; the read-back compares with it, too."""
    wanted = want.mapping
    yield from _differences(
        ("mapping.enabled", have.is_enabled, wanted.enabled),
        ("mapping.batch_size", have.batch_size, wanted.batch_size),
        ("mapping.batching_window", have.batching_window, wanted.batching_window),
        ("mapping.parallelization", have.parallelization, wanted.parallelization),
        ("mapping.retries", have.retries, wanted.retries),
        ("mapping.record_age", have.record_age, wanted.record_age),
        ("mapping.bisect", have.bisect, wanted.bisect),
        (
            "mapping.report_batch_item_failures",
            have.report_batch_item_failures,
            wanted.report_batch_item_failures,
        ),
        ("mapping.on_failure", have.on_failure, wanted.on_failure),
    )
    if have.metrics is not None:
        yield from _differences(("mapping.metrics", have.metrics, wanted.metrics))
    filters = insert_patterns(wanted.filters)
    if not have.filters_hidden and sorted(map(_canonical, have.filters)) != sorted(map(_canonical, filters)):
        yield Change(
            field="mapping.filters", have=" or ".join(have.filters) or "none", want=" or ".join(filters)
        )


def _canonical(pattern: str) -> str:
    try:
        return json.dumps(json.loads(pattern), sort_keys=True)
    except ValueError:
        return pattern


def _differences(*settings: tuple[str, object, object]) -> Iterator[Change]:
    for field, have, want in settings:
        if have != want:
            yield Change(field=field, have=_word(have), want=_word(want))


def _word(value: object) -> str:
    match value:
        case None:
            return "none"
        case True:
            return "yes"
        case False:
            return "no"
        case _:
            return str(value)


def teardown(have: World, *, stream: bool = False, table: bool = False) -> tuple[Step, ...]:
    """The steps that take a trigger away again: only what is ours, mappings first.

    Args:
        stream: Disable the stream, too. table: Delete the table, too.
    """
    steps: list[Step] = [
        DeleteMapping(uuid=mapping.uuid, why="the trigger is taken down") for mapping in have.mappings
    ]
    if have.function is not None and have.function.is_ours:
        steps.append(DeleteFunction(name=have.function.name))
    if have.role is not None and have.role.is_ours:
        steps.append(DeleteRole(name=have.role.name))
    if have.log_group is not None and (have.function is None or have.function.is_ours):
        steps.append(DeleteLogGroup(name=have.log_group.name))
    if have.table is not None and table:
        steps.append(DeleteTable(table=have.table.name))
    elif have.table is not None and stream and have.table.stream_enabled:
        steps.append(DisableStream(table=have.table.name))
    return tuple(steps)
