"""The second read of a trigger, at the end of a run: a PASS requires that the configuration did not change."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from ddbinsert.aws.read.resources import read_function, read_mappings, read_role, read_table
from ddbinsert.aws.read.stream_policies import readable_stream_policy
from ddbinsert.core.model.seen import RoleState
from ddbinsert.core.proof import changes
from ddbinsert.errors import AwsError

if TYPE_CHECKING:
    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.model.seen import MappingState, World
    from ddbinsert.core.proof.target import Target
    from ddbinsert.operations.verify.subject import Subject


class SecondLook(NamedTuple):
    """The trigger at the end of a run.

    Attributes:
        targets: The current state of the aliases and versions of the first read.
    """

    world: World
    targets: tuple[Target, ...]


def second_look(aws: Aws, subject: Subject) -> SecondLook:
    """Read again everything that was read at the start.

    Raises:
        AwsError: A read other than that of the role was refused.
    """
    return SecondLook(
        *aws.side_by_side(lambda: read_world_again(aws, subject), lambda: targets_again(aws, subject))
    )


def read_world_again(aws: Aws, subject: Subject) -> World:
    """The current table, function, role and mappings, read in parallel in one round trip.

    Raises:
        AwsError: A read other than that of the role was refused.
    """
    function, stream = subject.function.name, subject.table.stream_arn or ""

    table, deployed, on_stream, its_role, policy = aws.side_by_side(
        lambda: read_table(aws, subject.table.name),
        lambda: read_function(aws, function),
        lambda: read_mappings(aws, stream_arn=stream),
        lambda: role_of(aws, subject),
        lambda: readable_stream_policy(aws, stream) if subject.table.is_of_other_account else None,
    )
    # One list has all mappings on the live stream; the function's other mappings are on replaced streams.
    ours = [one for one in on_stream if one.function_name == function]
    ours += [one for one in subject.world.mappings if one.stream_arn != stream]
    if table is None or table.stream_arn != stream:
        known = {one.uuid for one in ours}
        of_function = read_mappings(aws, function_name=function)
        ours += [
            one for one in of_function if one.uuid not in known and _is_stream_of(one, subject.table.arn)
        ]
    return replace(
        subject.world,
        table=table,
        function=deployed,
        role=its_role,
        stream_policy=policy,
        mappings=revealed(aws, tuple(ours)),
        other_mappings=tuple(one for one in on_stream if one.function_name != function),
    )


def _is_stream_of(mapping: MappingState, table_arn: str) -> bool:
    return mapping.stream_arn.startswith(f"{table_arn}/stream/")


def role_of(aws: Aws, subject: Subject) -> RoleState | None:
    """The function's role; None if it does not exist; a role without a name if it was not read."""
    if subject.knows_role:
        with contextlib.suppress(AwsError):
            return read_role(aws, subject.trigger.role_name)
    return RoleState(name="", arn="")


def revealed(aws: Aws, mappings: tuple[MappingState, ...]) -> tuple[MappingState, ...]:
    """The mappings, those with encrypted filters read one by one: GetEventSourceMapping decrypts for callers who may."""
    from ddbinsert.aws.read.resources import read_mapping

    def read(mapping: MappingState) -> MappingState:
        if not mapping.filters_hidden:
            return mapping
        with contextlib.suppress(AwsError):
            return read_mapping(aws, mapping.uuid) or mapping
        return mapping

    if not any(mapping.filters_hidden for mapping in mappings):
        return mappings
    return tuple(aws.side_by_side(*(lambda one=one: read(one) for one in mappings)))


def targets_again(aws: Aws, subject: Subject) -> tuple[Target, ...]:
    """The current state of the aliases and versions of the first read."""
    from ddbinsert.operations.verify.targets import read_targets

    return read_targets(aws, subject.mappings)


def changed_since(subject: Subject, world: World, targets: tuple[Target, ...]) -> tuple[str, ...]:
    """What differs from the first read, one line each."""
    live = subject.table.stream_arn
    now = tuple(
        mapping
        for mapping in (*world.mappings, *world.other_mappings)
        if mapping.stream_arn == live
        and mapping.function_name == subject.function.name
        and not mapping.is_leaving
    )
    return (
        *changes.of_table(subject.table, world.table),
        *changes.of_function(subject.function, world.function),
        *changes.of_targets(subject.targets, targets),
        *changes.of_mappings(subject.mappings, now),
    )
