"""Two accounts: what a resource's own policy lets another account's principals do with tables and streams.

Both sides must allow it: the principal's policies and the resource's.
"""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from .arns import role_name, table_name
from .policies import effects_on
from .wire import Access, Answer, Call, Forward, Handler, Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .context import Context
    from .roles import RoleBook

#: What Lambda does with a stream, which both the role and the policy of another account's stream must allow.
READING = ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator")


def account_of(arn: str) -> str:
    return arn.split(":")[4] if arn.startswith("arn:") else ""


def owner(access: Access, arn: str) -> Access:
    """Who calls in the name of a resource's account: the emulator keeps the accounts apart."""
    if account_of(arn) in ("", access.account):
        return access
    return replace(access, key_id=account_of(arn), token=access.token or access.key_id)


def policy_on(context: Context, access: Access, arn: str) -> Any:
    """The resource's own policy; None without one."""
    try:
        answer = context.upstream.json(
            "dynamodb", "GetResourcePolicy", {"ResourceArn": arn}, owner(access, arn)
        )
    except Refusal:
        return None
    return json.loads(answer["Policy"])


def admits(context: Context, access: Access, principal: str, action: str, arn: str) -> bool:
    """Whether a resource lets a principal do something: one of its own account, or one that its policy names."""
    if account_of(arn) == account_of(principal):
        return True
    return effects_on(policy_on(context, access, arn), principal, action, arn) == {"Allow"}


def may_read(context: Context, roles: RoleBook, access: Access, role: str, stream: str) -> bool:
    """Whether Lambda can read a stream with a role."""
    asked = READING if account_of(stream) != access.account else ("dynamodb:GetRecords",)
    return all(
        roles.permits(access, role, action, stream) and admits(context, access, role, action, stream)
        for action in asked
    )


def as_owner(context: Context, call: Call, principal: str) -> Call:
    """A call about another account's table or stream, as that account's, if the resource's policy allows it.

    Raises:
        Refusal: It does not.
    """
    arn = _resource(call)
    if call.service not in ("dynamodb", "dynamodbstreams") or account_of(arn) in ("", call.access.account):
        return call
    action = f"dynamodb:{call.operation}"
    if not admits(context, call.access, principal, action, arn):
        raise Refusal(
            "AccessDeniedException",
            f"User: {principal} is not authorized to perform: {action} on resource: {arn} because no "
            f"resource-based policy allows the {action} action",
        )
    own = owner(call.access, arn)
    signed = call.headers["authorization"].replace(call.access.key_id, own.key_id)
    headers = {**call.headers, "authorization": signed, "x-amz-security-token": own.token}
    named = {"TableName": table_name(arn)} if call.payload.get("TableName") else {}
    return replace(call, access=own, headers=headers).with_payload({**call.payload, **named})


def _resource(call: Call) -> str:
    payload = call.payload
    if payload.get("ShardIterator"):
        try:
            return str(json.loads(base64.urlsafe_b64decode(payload["ShardIterator"])).get("arn", ""))
        except ValueError:
            return ""
    return str(payload.get("StreamArn") or payload.get("ResourceArn") or payload.get("TableName") or "")


class PoliciesBehaviour:
    """Policies of tables and streams: principals must exist, and one change keeps the next waiting.

    Args:
        pause: Seconds of the rig's clock in which no other change is accepted (AWS: 15).
    """

    def __init__(self, context: Context, *, pause: float = 0.0) -> None:
        self._context = context
        self._pause = pause
        self._blocked: dict[str, float] = {}

    @property
    def handlers(self) -> Mapping[str, Handler]:
        return {"dynamodb:PutResourcePolicy": self._put}

    def close(self) -> None:
        """Nothing to end."""

    def _put(self, call: Call, forward: Forward) -> Answer:
        arn = str(call.payload["ResourceArn"])
        if self._context.clock() < self._blocked.get(arn, 0.0):
            raise Refusal("ResourceInUseException", "The policy of this resource was changed a moment ago.")
        for statement in json.loads(call.payload["Policy"])["Statement"]:
            self._check_principals(call.access, statement.get("Principal"))
        answer = forward(call)
        if answer.ok:
            self._blocked[arn] = self._context.clock() + self._pause
        return answer

    def _check_principals(self, access: Access, principal: Any) -> None:
        named = principal.get("AWS") if isinstance(principal, dict) else principal
        for one in [named] if isinstance(named, str) else named or ():
            if ":role/" not in one or self._is_there(access, one):
                continue
            raise Refusal("ValidationException", f"Invalid principal in policy: {one}")

    def _is_there(self, access: Access, role: str) -> bool:
        iam = self._context.upstream.client("iam", owner(access, role))
        try:
            return bool(iam.get_role(RoleName=role_name(role)))
        except iam.exceptions.NoSuchEntityException:
            return False


class BoundaryRequired:
    """No role is created without this permissions boundary, as an organization's policy may demand."""

    def __init__(self, boundary: str) -> None:
        self._boundary = boundary

    @property
    def handlers(self) -> Mapping[str, Handler]:
        return {"iam:CreateRole": self._create}

    def close(self) -> None:
        """Nothing to end."""

    def _create(self, call: Call, forward: Forward) -> Answer:
        form = dict(parse_qsl(call.body.decode("utf-8", "replace")))
        if form.get("PermissionsBoundary") != self._boundary:
            raise Refusal(
                "AccessDenied",
                f"User: arn:aws:iam::{call.access.account}:user/limited is not authorized to perform: iam:CreateRole on "
                f"resource: arn:aws:iam::{call.access.account}:role/{form.get('RoleName')} with an explicit deny in a "
                "service control policy",
            )
        return forward(call)
