"""Owner and content of a trigger's parts, which are read before a part is changed or deleted."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ddbinsert.aws.errors import PermissionDenied, is_not_found, translated
from ddbinsert.aws.queue_address import is_missing_queue
from ddbinsert.aws.read.resources import read_log_group
from ddbinsert.core.model.seen import QueueState
from ddbinsert.core.trigger.policy import POLICY_NAME

if TYPE_CHECKING:
    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.model.seen import LogGroupState, RoleState, World

_COUNTS = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")


def with_belongings(aws: Aws, world: World, queue: str) -> World:
    """The world with the tags of its log groups, the role's other policies and the queue of this name.

    Raises:
        AwsError: The log group's tags cannot be read, so its owner is unknown.
    """
    group, former, role, found = aws.side_by_side(
        lambda: world.log_group and with_log_group_tags(aws, world.log_group),
        lambda: _former_log_group(aws, world),
        lambda: world.role and _with_other_policies(aws, world.role),
        lambda: _readable_queue(aws, queue),
    )
    return replace(world, log_group=group, former_log_group=former, role=role, queue=found)


def _former_log_group(aws: Aws, world: World) -> LogGroupState | None:
    """The log group of the function's own name, where the function writes to another one."""
    function = world.function
    own = f"/aws/lambda/{function.name}" if function is not None else ""
    if function is None or function.log_group == own:
        return None
    group = read_log_group(aws, own)
    return group and with_log_group_tags(aws, group)


def with_log_group_tags(aws: Aws, group: LogGroupState) -> LogGroupState | None:
    """The log group with its tags; None if it was deleted meanwhile."""
    with translated(f"read the tags of log group {group.name}"):
        try:
            answer = aws.client("logs").list_tags_for_resource(resourceArn=group.arn.removesuffix(":*"))
        except Exception as error:
            if is_not_found(error):
                return None
            raise
    return replace(group, tags=dict(answer.get("tags") or {}))


def _with_other_policies(aws: Aws, role: RoleState) -> RoleState:
    """The role with the policies that ddbinsert did not add; none if they may not be listed."""
    if not role.is_ours:
        return role
    client = aws.client("iam")
    names: list[str] = []
    with contextlib.suppress(PermissionDenied), translated(f"list the policies of role {role.name}"):
        try:
            inline, attached = aws.side_by_side(
                lambda: client.list_role_policies(RoleName=role.name)["PolicyNames"],
                lambda: client.list_attached_role_policies(RoleName=role.name)["AttachedPolicies"],
            )
        except Exception as error:
            if not is_not_found(error):
                raise
            return role
        names += [name for name in inline if name != POLICY_NAME]
        names += [policy["PolicyName"] for policy in attached]
    return replace(role, other_policies=tuple(sorted(names)))


def _readable_queue(aws: Aws, name: str) -> QueueState | None:
    with contextlib.suppress(PermissionDenied):
        return read_queue(aws, name)
    return None


def read_queue(aws: Aws, name: str) -> QueueState | None:
    """The queue; None if it does not exist."""
    client = aws.client("sqs")
    with translated(f"read queue {name}"):
        try:
            url = client.get_queue_url(QueueName=name)["QueueUrl"]
            tags, answer = aws.side_by_side(
                lambda: client.list_queue_tags(QueueUrl=url).get("Tags"),
                lambda: client.get_queue_attributes(QueueUrl=url, AttributeNames=list(_COUNTS)),
            )
        except Exception as error:
            if is_missing_queue(error):
                return None
            raise
    counts: dict[str, Any] = answer.get("Attributes") or {}
    return QueueState(
        name=name, messages=sum(int(counts.get(count, 0)) for count in _COUNTS), tags=dict(tags or {})
    )
