"""A call of IAM's policy simulator; its callers decide how certain an answer must be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ddbinsert.aws.errors import translated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddbinsert.aws.session.session import Aws


def simulated(
    aws: Aws, principal: str, actions: Sequence[str], resources: Sequence[str], *, who: str
) -> list[dict[str, Any]]:
    """IAM's results, one for each action and resource.

    Args:
        principal: ARN of a user or a role.
        who: The principal in words, for errors.

    Raises:
        AwsError: Not permitted to simulate.
    """
    with translated(f"simulate the permissions of {who}"):
        client: Any = aws.client("iam")
        answer = client.simulate_principal_policy(
            PolicySourceArn=principal, ActionNames=list(actions), ResourceArns=list(resources)
        )
        return list(answer["EvaluationResults"])
