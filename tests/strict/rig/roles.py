"""Execution roles as Lambda sees them: not at once, not without trust, not without the rights."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from .arns import role_name
from .policies import allows, trusts_lambda
from .wire import Access, Answer, Call, Forward, Handler, Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .context import Context
    from .profile import Roles

_FRESH_SECONDS = 10.0  # how long what a role may do is believed, as changes are seen passing
_POLICY_CHANGES = ("PutRolePolicy", "DeleteRolePolicy", "AttachRolePolicy", "DetachRolePolicy")


class RoleBook:
    """Watches IAM calls pass and answers what Lambda would ask; with no settings, everything is allowed."""

    def __init__(self, settings: Roles | None, context: Context) -> None:
        self._settings = settings
        self._context = context
        self._lock = threading.RLock()
        self._assumable_from: dict[tuple[str, str], float] = {}
        self._history: dict[tuple[str, str], list[tuple[float, list[Any]]]] = {}
        self._cache: dict[tuple[str, str], tuple[float, list[Any]]] = {}
        self._boundaries: dict[tuple[str, str], tuple[float, Any]] = {}
        self._trusting: dict[tuple[str, str], tuple[float, bool]] = {}

    @property
    def handlers(self) -> Mapping[str, Handler]:
        if self._settings is None:
            return {}
        trust = dict.fromkeys(("iam:CreateRole", "iam:UpdateAssumeRolePolicy"), self._trust_changes)
        policies = {f"iam:{operation}": self._policy_changes for operation in _POLICY_CHANGES}
        return trust | policies | {"iam:DeleteRole": self._deleted}

    def close(self) -> None:
        """Nothing to end."""

    def _trust_changes(self, call: Call, forward: Forward) -> Answer:
        answer = forward(call)
        if answer.ok and self._settings:
            with self._lock:
                self._trusting.pop(_key(call), None)
                self._assumable_from[_key(call)] = self._context.clock() + self._settings.propagation
        return answer

    def _deleted(self, call: Call, forward: Forward) -> Answer:
        answer = forward(call)
        with self._lock:
            self._trusting.pop(_key(call), None)
            self._cache.pop(_key(call), None)
            self._boundaries.pop(_key(call), None)
        return answer

    def _policy_changes(self, call: Call, forward: Forward) -> Answer:
        key = _key(call)
        with self._lock:
            before = self._documents(call.access, key)
            answer = forward(call)
            self._cache.pop(key, None)
            if answer.ok and self._settings:
                history = self._history.setdefault(key, [(0.0, before)])
                effective = self._context.clock() + self._settings.policy_propagation
                history.append((effective, self._documents(call.access, key)))
        return answer

    def assumable(self, access: Access, role_arn: str) -> bool:
        """Whether Lambda can assume the role by now."""
        if self._settings is None:
            return True
        name = role_name(role_arn)
        if name in self._settings.never_assumable:
            return False
        if self._context.clock() < self._assumable_from.get((access.account, name), 0.0):
            return False
        return self._is_trusting(access, name)

    def _is_trusting(self, access: Access, name: str) -> bool:
        """Whether the role is there and trusts Lambda: believed for a while, too."""
        now, key = self._context.clock(), (access.account, name)
        with self._lock:
            known = self._trusting.get(key)
        if known and now - known[0] < _FRESH_SECONDS:
            return known[1]
        role = self._get_role(access, name)
        trusting = role is not None and trusts_lambda(role.get("AssumeRolePolicyDocument"))
        with self._lock:
            self._trusting[key] = (now, trusting)
        return trusting

    def permits(self, access: Access, role_arn: str, action: str, resource: str) -> bool:
        """Whether the role's policies, as far as they have spread, allow this."""
        if self._settings is None:
            return True
        limits = self._boundary(access, role_name(role_arn))
        within = limits is None or allows([limits], action, resource)
        return within and allows(self.documents(access, role_arn), action, resource)

    def _boundary(self, access: Access, name: str) -> Any:
        """The document of a role's permissions boundary: believed for a while, too; None without one."""
        now, key = self._context.clock(), (access.account, name)
        with self._lock:
            known = self._boundaries.get(key)
        if known and now - known[0] < _FRESH_SECONDS:
            return known[1]
        role = self._get_role(access, name) or {}
        arn = (role.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn")
        iam = self._context.upstream.client("iam", access)
        try:
            document = None if arn is None else self._managed(iam, arn)
        except iam.exceptions.NoSuchEntityException:
            document = None
        with self._lock:
            self._boundaries[key] = (now, document)
        return document

    def documents(self, access: Access, role_arn: str) -> list[Any]:
        """The role's policies, as far as they have spread; one that allows everything where nothing is enforced."""
        if self._settings is None:
            return [{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}]
        return self._effective(access, (access.account, role_name(role_arn)))

    def _effective(self, access: Access, key: tuple[str, str]) -> list[Any]:
        now = self._context.clock()
        with self._lock:
            history = self._history.get(key, [])
            past = [documents for effective, documents in history if effective <= now]
            if past and len(past) < len(history):
                return past[-1]
            return self._documents(access, key)

    def _documents(self, access: Access, key: tuple[str, str]) -> list[Any]:
        now = self._context.clock()
        known = self._cache.get(key)
        if known and now - known[0] < _FRESH_SECONDS:
            return known[1]
        documents = self._read_documents(access, key[1])
        self._cache[key] = (now, documents)
        return documents

    def _read_documents(self, access: Access, name: str) -> list[Any]:
        iam = self._context.upstream.client("iam", access)
        try:
            inline = iam.list_role_policies(RoleName=name)["PolicyNames"]
            documents = [
                iam.get_role_policy(RoleName=name, PolicyName=each)["PolicyDocument"] for each in inline
            ]
            attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
            documents += [self._managed(iam, each["PolicyArn"]) for each in attached]
        except iam.exceptions.NoSuchEntityException:
            return []
        return documents

    @staticmethod
    def _managed(iam: Any, arn: str) -> Any:
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        return iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]

    def _get_role(self, access: Access, name: str) -> Any:
        iam = self._context.upstream.client("iam", access)
        try:
            return iam.get_role(RoleName=name)["Role"]
        except iam.exceptions.NoSuchEntityException:
            return None


def cannot_be_assumed() -> Refusal:
    return Refusal(
        "InvalidParameterValueException", "The role defined for the function cannot be assumed by Lambda."
    )


def _key(call: Call) -> tuple[str, str]:
    return call.access.account, str(call.payload.get("RoleName", ""))
