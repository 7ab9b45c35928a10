"""Refuses a plan that would stop half-way for lack of permissions, before its first change."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ddbinsert.aws.errors import PermissionDenied
from ddbinsert.core.arn import Arn, parse_arn

if TYPE_CHECKING:
    from concurrent.futures import Future

    from ddbinsert.aws.context import Context
    from ddbinsert.core.model.seen import World
    from ddbinsert.core.trigger.steps import Step


def ask_identity(context: Context, world: World) -> Future[str] | None:
    """Start to read the caller's identity, if a plan of several steps is certain to follow."""
    if world.function is not None or context.aws.connection.is_local:
        return None
    from ddbinsert.aws.read.own_rights import identity

    return cast("Future[str]", context.aws.start(lambda: identity(context.aws)))


def refuse_without_rights(
    context: Context, world: World, steps: tuple[Step, ...], asked: Future[str] | None = None
) -> None:
    """Check with IAM, if possible, whether this run has the permissions for its steps.

    A plan of one step cannot stop half-way, so it is not checked.

    Args:
        asked: The result of ``ask_identity``.

    Raises:
        PermissionDenied: A permission is certainly missing; nothing was changed.
    """
    beside = _beside(world)
    if len(steps) < 2 or beside is None or context.aws.connection.is_local:
        return
    from ddbinsert.aws.read.own_rights import denied
    from ddbinsert.core.trigger.rights import rights_of
    from ddbinsert.core.trigger.steps import EnableStream, ReplaceStream

    if world.table is not None and world.table.is_of_other_account:
        steps = tuple(step for step in steps if not isinstance(step, EnableStream | ReplaceStream))
    rights = rights_of(steps, beside, world.role.path if world.role else "/")
    lacking = denied(context.aws, rights, asked)
    if lacking:
        listed = "".join(f"\n  {right.action} on {right.resource}" for right in lacking)
        raise PermissionDenied(
            f"These credentials lack permissions that the command needs:{listed}\nNothing was changed.",
            hint="Use credentials that have them (--profile), or have them added.",
            code="access-denied",
        )


def _beside(world: World) -> Arn | None:
    if world.table is not None:
        return parse_arn(world.table.function_place)
    if world.account and world.region:
        return Arn("aws", "dynamodb", world.region, world.account, "table/-")
    return None
