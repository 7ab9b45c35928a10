"""What an export does not contain, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ddbinsert.core.arn import arn_parts
from ddbinsert.core.model.wanted import OWNER_TAG, StartingPosition
from ddbinsert.core.trigger.alias import alias_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ddbinsert.core.model.seen import FunctionState, MappingState, TableState, World
    from ddbinsert.core.model.wanted import Trigger


def live_notes(
    table: TableState,
    function: FunctionState,
    mapping: MappingState,
    world: World,
    unexported: Sequence[str],
    *,
    has_code: bool,
) -> Iterator[str]:
    yield from _table_notes(table)
    if function.environment:
        names = ", ".join(sorted(function.environment))
        yield f"The code contains the values of the function's environment variables: {names}."
    if unexported:
        yield (
            f"Not exported of {function.name}: {', '.join(unexported)}. Add this by hand before the first apply, "
            "which would reset it."
        )
    if world.role is not None and world.role.is_ours and world.role.other_policies:
        policies = ", ".join(world.role.other_policies)
        yield f"Policies of role {world.role.name} that ddbinsert did not create are not exported: {policies}."
    if world.role is None or not world.role.is_ours:
        yield f"The role {function.role_arn} was not created by ddbinsert: it is referred to, not exported."
    if not has_code:
        yield (
            f"The code of {function.name} is not part of the export: put its archive in function.zip "
            f"(`aws lambda get-function --function-name {function.name}` shows where it can be downloaded)."
        )
    if world.log_group is not None and world.log_group.retention_policy:
        yield (
            f"The retention of {world.log_group.name} is set by the account's policy "
            f"{world.log_group.retention_policy}; "
            "the group's own is not known and not exported."
        )
    yield from _mapping_notes(function, mapping, world)
    yield from _owner_note(function.tags)


def _mapping_notes(function: FunctionState, mapping: MappingState, world: World) -> Iterator[str]:
    alias = alias_of(mapping)
    if alias is not None and world.alias is not None and world.alias.name == alias:
        yield (
            f"The alias {alias} is exported with version {world.alias.version}, to which it points now. The export publishes no "
            "version: after a change of the function, publish one and change the alias."
        )
    elif alias is not None:
        yield _alias_note(function.name, alias)
    if function.reserved_concurrency is not None:
        yield f"The reserved concurrency ({function.reserved_concurrency}) of {function.name} is not exported."
    if mapping.filters_hidden:
        yield f"The filter of {mapping.uuid} is encrypted with a customer key and could not be read: add it by hand."
    if world.second_mappings:
        more = ", ".join(one.uuid for one in world.second_mappings)
        yield f"Further mappings deliver the stream to the same function and are not exported: {more}."


def wanted_notes(table: TableState, trigger: Trigger) -> Iterator[str]:
    yield from _table_notes(table)
    if table.stream_arn is None:
        yield (
            f"The stream of {table.name} is not enabled: enable it with {trigger.view.value} and put its ARN in place "
            "of the one that ends in LABEL, here and in the role's policy."
        )
    if trigger.function.alias is not None:
        yield (
            f"Versions for the alias {trigger.function.alias} are published by Terraform, Pulumi and SAM after each change of "
            "the function; CloudFormation and CDK publish one only where the resource Version is given a new name."
        )
    if trigger.mapping.starting_position is StartingPosition.AUTO:
        yield "The mapping starts at TRIM_HORIZON: it replays the records that the stream holds (24 hours)."
    yield from _owner_note(trigger.all_tags)


def _table_notes(table: TableState) -> Iterator[str]:
    view = table.view.value if table.view else "no stream"
    if table.is_of_other_account:
        yield (
            f"The stream is in account {arn_parts(table.arn).account}: its resource policy, which lets the function's role read "
            "it, is not part of the export (`permissions` with --table-account prints it)."
        )
    yield f"The table {table.name} and its stream ({view}) are not part of the export: they stay where they are declared."


def _owner_note(tags: Mapping[str, str]) -> Iterator[str]:
    if OWNER_TAG in tags:
        yield (
            f"The tag {OWNER_TAG} is kept, so that nothing changes at first. Remove it from all resources afterwards: "
            "`ddbinsert` changes and deletes only what carries it."
        )


def _alias_note(function: str, alias: str) -> str:
    return (
        f"The alias {alias} of {function} and its versions are not part of the export: the mapping refers to the alias by "
        "its ARN. Declare them as well, so that a change of the function reaches the alias."
    )


def unexported(configuration: Mapping[str, Any]) -> tuple[str, ...]:
    """The function's settings that an export does not contain, by AWS's names; without those with Lambda's defaults.

    Args:
        configuration: The response of GetFunctionConfiguration.
    """
    found = {
        "Ipv6AllowedForDualStack": (configuration.get("VpcConfig") or {}).get("Ipv6AllowedForDualStack"),
        "FileSystemConfigs": configuration.get("FileSystemConfigs"),
        "SnapStart": (configuration.get("SnapStart") or {}).get("ApplyOn", "None") != "None",
    }
    return tuple(name for name, differs in found.items() if differs)
