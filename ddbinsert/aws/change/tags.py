"""Tags of the existing parts of a trigger."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ddbinsert.aws.errors import translated
from ddbinsert.aws.read.ownership import with_log_group_tags
from ddbinsert.aws.read.resources import read_log_group
from ddbinsert.core.arn import log_group_arn
from ddbinsert.core.model.wanted import AUDIT_ENTRIES, LOG_TAG, OWNER_TAG
from ddbinsert.core.trigger.differences import cleared_tags

if TYPE_CHECKING:
    from ddbinsert.aws.change.context import Provisioning
    from ddbinsert.core.model.seen import LogGroupState, MappingState, World
    from ddbinsert.core.trigger.steps import AdoptMapping, KeepLogGroup, UpdateMappingTags


def update_tags(context: Provisioning, world: World) -> None:
    """Set the user's tags on every part that existed before this run; new parts are created with them.

    ddbinsert's own tag is not added, because a part without it was not created by ddbinsert.
    """
    # Function and role come last: if the tags of the others may not be read, a plan compares only theirs, so that an
    # interrupted run is continued.
    context.aws.side_by_side(lambda: _mapping(context, world), lambda: _log_group(context, world))
    context.aws.side_by_side(lambda: _function(context, world), lambda: _role(context, world))


def adopt_function(context: Provisioning, world: World) -> dict[str, str]:
    """Mark the function as ddbinsert's; return its new tags."""
    function = world.function
    if function is None:
        return {}
    own = {OWNER_TAG: context.trigger.table, **context.trigger.tags}
    with translated(f"tag function {function.name}"):
        context.aws.client("lambda").tag_resource(Resource=function.arn, Tags=own)
    return {**function.tags, **own}


def adopt_mapping(context: Provisioning, step: AdoptMapping, world: World) -> MappingState:
    """Mark the mapping as ddbinsert's; return the mapping with its new tags."""
    mapping = next(mapping for mapping in world.mappings if mapping.uuid == step.uuid)
    own = {OWNER_TAG: context.trigger.table, **context.trigger.tags}
    with translated(f"tag event source mapping {mapping.uuid}"):
        context.aws.client("lambda").tag_resource(Resource=mapping.arn, Tags=own)
    return replace(mapping, tags={**(mapping.tags or {}), **own})


def update_mapping_tags(context: Provisioning, step: UpdateMappingTags, world: World) -> MappingState:
    """Set the user's tags on our mapping; return the mapping with its new tags."""
    mapping = next(mapping for mapping in world.mappings if mapping.uuid == step.uuid)
    with translated(f"tag event source mapping {mapping.uuid}"):
        _retag(context, mapping.arn)
    kept = {**(mapping.tags or {}), **context.trigger.tags}
    gone = cleared_tags(context.trigger)
    return replace(mapping, tags={name: value for name, value in kept.items() if name not in gone})


def _mapping(context: Provisioning, world: World) -> None:
    mapping = world.live_mapping
    if mapping is not None and mapping.is_ours:
        with translated(f"tag event source mapping {mapping.uuid}"):
            _retag(context, mapping.arn)


def _function(context: Provisioning, world: World) -> None:
    if world.function is not None and world.function.is_ours:
        with translated(f"tag function {world.function.name}"):
            _retag(context, world.function.arn)


def _retag(context: Provisioning, arn: str) -> None:
    client, tags, gone = (
        context.aws.client("lambda"),
        dict(context.trigger.tags),
        cleared_tags(context.trigger),
    )
    if tags:
        client.tag_resource(Resource=arn, Tags=tags)
    if gone:
        client.untag_resource(Resource=arn, TagKeys=list(gone))


def _role(context: Provisioning, world: World) -> None:
    role = world.role
    if role is None or not role.is_ours or context.trigger.function.role is not None:
        return
    own = context.trigger.role.tags  # take precedence over the tags for all parts
    client = context.aws.client("iam")
    gone = [name for name in cleared_tags(context.trigger) if name not in own]
    tags = {name: value for name, value in context.trigger.tags.items() if name not in own}
    with translated(f"tag role {role.name}"):
        if tags:
            client.tag_role(RoleName=role.name, Tags=[{"Key": key, "Value": tags[key]} for key in tags])
        if gone:
            client.untag_role(RoleName=role.name, TagKeys=gone)


def keep_log_group(
    context: Provisioning, step: KeepLogGroup, world: World
) -> tuple[LogGroupState | None, str]:
    """Tag the log group as one that holds an audit log; why one that somebody else made stays as it is."""
    group = world.log_group
    if group is None or group.name != step.name or not group.arn:
        group = read_log_group(context.aws, step.name)
    tagged = None if group is None else with_log_group_tags(context.aws, group)
    if tagged is None or OWNER_TAG not in (tagged.tags or {}):
        return tagged, "as it is, because it was not created by ddbinsert"
    with translated(f"tag log group {step.name}"):
        context.aws.client("logs").tag_resource(
            resourceArn=tagged.arn.removesuffix(":*"), tags={LOG_TAG: AUDIT_ENTRIES}
        )
    return replace(tagged, tags={**(tagged.tags or {}), LOG_TAG: AUDIT_ENTRIES}), ""


def _log_group(context: Provisioning, world: World) -> None:
    """Tag the log group; a foreign one is left unchanged."""
    group = world.log_group
    if group is None or world.table is None:
        return
    arn, client = log_group_arn(world.table.function_place, group.name), context.aws.client("logs")
    tags, gone = dict(context.trigger.tags), cleared_tags(context.trigger)
    with translated(f"tag log group {group.name}"):
        if (
            client.list_tags_for_resource(resourceArn=arn).get("tags", {}).get(OWNER_TAG)
            == context.trigger.table
        ):
            if tags:
                client.tag_resource(resourceArn=arn, tags=tags)
            if gone:
                client.untag_resource(resourceArn=arn, tagKeys=list(gone))
