"""The permissions that the identity of this run lacks, according to IAM's simulator."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from ddbinsert.aws.errors import translated
from ddbinsert.aws.read.simulation import simulated
from ddbinsert.core.arn import parse_arn
from ddbinsert.errors import AwsError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.trigger.rights import Right


def identity(aws: Aws) -> str:
    """The ARN of the caller.

    Raises:
        AwsError: STS does not return it.
    """
    with translated("get the caller identity"):
        return str(aws.client("sts").get_caller_identity()["Arn"])


def denied(aws: Aws, rights: Sequence[Right], asked: Future[str] | None = None) -> tuple[Right, ...]:
    """The rights that the identity certainly lacks.

    Empty if IAM cannot be asked, if the identity has no policies of its own (root), and if the answer depends on
    context that only a real call has: a permitted call is never reported as denied.

    Args:
        asked: A running call for the identity's ARN, if there is one.
    """
    with contextlib.suppress(AwsError):
        principal = _principal(aws, aws.result(asked) if asked is not None else identity(aws))
        if principal is None:
            return ()
        resources = tuple(dict.fromkeys(right.resource for right in rights))
        answers = aws.side_by_side(
            *(
                lambda resource=resource: _denied_on(
                    aws, principal, resource, [right for right in rights if right.resource == resource]
                )
                for resource in resources
            )
        )
        return tuple(right for answer in answers for right in answer)
    return ()


def _principal(aws: Aws, arn: str) -> str | None:
    """The ARN whose policies are simulated: the user's, or that of the role that was assumed."""
    parts = parse_arn(arn)
    if parts is None:
        return None
    kind, _, name = parts.resource.partition("/")
    if kind == "user":
        return arn
    if kind != "assumed-role":
        return None
    with translated("read the role of this identity"):  # its ARN has a path, which the identity's ARN omits
        return str(aws.client("iam").get_role(RoleName=name.split("/", maxsplit=1)[0])["Role"]["Arn"])


def _denied_on(aws: Aws, principal: str, resource: str, rights: Sequence[Right]) -> list[Right]:
    # Policies name a log group with and without ":*".
    resources = [resource, f"{resource}:*"] if ":log-group:" in resource else [resource]
    results = simulated(aws, principal, [right.action for right in rights], resources, who="this identity")
    asked = {result["EvalActionName"] for result in results}
    possible = {
        result["EvalActionName"]
        for result in results
        if result["EvalDecision"] == "allowed"
        or result.get("MissingContextValues")
        # The simulator does not evaluate conditions in an organization's policies.
        or not (result.get("OrganizationsDecisionDetail") or {}).get("AllowedByOrganizations", True)
    }
    return [right for right in rights if right.action in asked - possible]
