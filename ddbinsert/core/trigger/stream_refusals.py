"""Errors about the policy of a stream in another account: each names the missing action and the owner's command."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from ddbinsert.errors import AwsError

if TYPE_CHECKING:
    from collections.abc import Sequence


def put_command(stream_arn: str, policy: str) -> str:
    """The AWS CLI command with which the table's owner writes the policy of a stream."""
    return f"aws dynamodb put-resource-policy --resource-arn {stream_arn} --policy {shlex.quote(policy)}"


def stream_denied(stream_arn: str, role_arn: str, actions: Sequence[str]) -> AwsError:
    """The error for a policy with a statement that denies the role, which no other statement can outweigh."""
    return AwsError(
        f"The policy of stream {stream_arn} denies {', '.join(actions)} to role {role_arn}.",
        hint="Ask the table's owner to remove that statement: ddbinsert changes only its own.",
        code="stream-policy-denies",
    )


def stream_not_permitted(
    stream_arn: str, role_arn: str, actions: Sequence[str], policy: str, *, is_known: bool = True
) -> AwsError:
    """The error for a policy that lacks rights, which only the table's owner can add.

    Args:
        policy: The whole policy with which the role can read the stream.
        is_known: The policy was read; otherwise it may have statements that the command would remove.
    """
    first = "" if is_known else "It may not be read here: add the statement to one that exists. "
    return AwsError(
        f"The policy of stream {stream_arn} does not allow role {role_arn}: {', '.join(actions)}."
        if is_known
        else f"Role {role_arn} cannot read stream {stream_arn}, whose policy must allow it: {', '.join(actions)}.",
        hint=f"{first}Give credentials for the table's account with --table-profile, or run this command again after the "
        f"table's owner has run `{put_command(stream_arn, policy)}`",
        code="stream-policy-lacks",
    )
