"""Tags of what a trigger consists of, changed where it stands already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.aws.errors import translated
from ddbinsert.core.model import OWNER_TAG
from ddbinsert.core.policy import account_of, log_group_arn, partition_of, region_of

if TYPE_CHECKING:
    from ddbinsert.aws.hands import Hands
    from ddbinsert.core.model import World


def update_tags(hands: Hands, world: World) -> None:
    """Set the user's tags on everything that was made before; what this run makes has them from the start.

    ddbinsert's own tag is not among them: what doesn't bear it isn't ddbinsert's.
    """
    tags = dict(hands.trigger.tags)
    # A plan goes by the tags of function and role: they come last, so that a run cut short is gone on with.
    hands.aws.side_by_side(
        lambda: _mapping(hands, world, tags),
        lambda: _log_group(hands, world, tags),
    )
    hands.aws.side_by_side(
        lambda: _function(hands, world, tags),
        lambda: _role(hands, world, tags),
    )


def _mapping(hands: Hands, world: World, tags: dict[str, str]) -> None:
    mapping = world.live_mapping
    if mapping is None:
        return
    arn = mapping.function_arn
    place = f"arn:{partition_of(arn)}:lambda:{region_of(arn)}:{account_of(arn)}"
    with translated(f"tag event source mapping {mapping.uuid}"):
        hands.aws.client("lambda").tag_resource(
            Resource=f"{place}:event-source-mapping:{mapping.uuid}", Tags=tags
        )


def _function(hands: Hands, world: World, tags: dict[str, str]) -> None:
    if world.function is None:
        return
    with translated(f"tag function {world.function.name}"):
        hands.aws.client("lambda").tag_resource(Resource=world.function.arn, Tags=tags)


def _role(hands: Hands, world: World, tags: dict[str, str]) -> None:
    role = world.role
    if role is None or not role.is_ours or hands.trigger.function.role is not None:
        return
    with translated(f"tag role {role.name}"):
        hands.aws.client("iam").tag_role(
            RoleName=role.name, Tags=[{"Key": key, "Value": value} for key, value in tags.items()]
        )


def _log_group(hands: Hands, world: World, tags: dict[str, str]) -> None:
    """A group that somebody else made stays as it is."""
    group = world.log_group
    if group is None or world.table is None:
        return
    arn, client = log_group_arn(world.table.arn, group.name), hands.aws.client("logs")
    with translated(f"tag log group {group.name}"):
        if OWNER_TAG in client.list_tags_for_resource(resourceArn=arn).get("tags", {}):
            client.tag_resource(resourceArn=arn, tags=tags)
