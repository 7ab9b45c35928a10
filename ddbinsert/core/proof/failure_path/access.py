"""Evaluates a resource's own policy for a role, with three results: it allows, it denies, or it cannot be determined.

For a role, IAM's simulator evaluates only the role's policies, not those of a queue, topic, bucket or key. These are
evaluated here by the element rules of the IAM reference (Effect, Principal, Action, Resource and their negations,
Condition). A condition on a key that only a real call has is neither met nor unmet.
"""

from __future__ import annotations

import json
from dataclasses import field
from enum import StrEnum
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from ddbinsert.core.arn import arn_parts
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping


class TriState(StrEnum):
    """A truth value with a third state, unknown."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Lambda in a function's role, calling a destination.

    Attributes:
        role_arn: The role's ARN.
        known: The known values of each such call, by condition key in lower case.
    """

    role_arn: str
    known: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def account(self) -> str:
        """The role's account."""
        return arn_parts(self.role_arn).account


def caller_of(role_arn: str, *, via: str = "") -> Caller:
    """Lambda's calls in a role, which use TLS.

    Args:
        via: The service that uses a key on its behalf, such as ``sqs.eu-west-1.amazonaws.com``.
    """
    account = arn_parts(role_arn).account
    known = {
        "aws:securetransport": "true",
        "aws:principalarn": role_arn,
        "aws:principalaccount": account,
        "aws:principaltype": "AssumedRole",
        "aws:principalisawsservice": "false",
        **({"kms:viaservice": via, "kms:calleraccount": account} if via else {}),
    }
    return Caller(role_arn=role_arn, known=known)


@dataclass(frozen=True, kw_only=True)
class PolicyDecision:
    """The result of one policy for one action.

    Attributes:
        denies: It denies the action explicitly.
        allows: It allows the action to the role or to everyone.
        leaves_to_iam: It allows the action to the role's account, so the role's policies decide.
        by: Short names of the statements that deny, or may deny.
    """

    denies: TriState = TriState.NO
    allows: TriState = TriState.NO
    leaves_to_iam: TriState = TriState.NO
    by: tuple[str, ...] = ()


#: The result of a policy that does not exist.
SILENT: Final = PolicyDecision()
_UNREADABLE: Final = PolicyDecision(
    denies=TriState.UNKNOWN, allows=TriState.UNKNOWN, leaves_to_iam=TriState.UNKNOWN
)


def evaluate_policy(policy: str | None, caller: Caller, action: str, resource: str) -> PolicyDecision:
    """The result of a resource's policy for a caller's action on the resource.

    Args:
        policy: The document as JSON; None or empty for none.
    """
    if not policy:
        return SILENT
    try:
        listed = _list(json.loads(policy)["Statement"])
    except (ValueError, KeyError, TypeError):
        return _UNREADABLE
    said = SILENT
    for place, statement in enumerate(listed):
        if isinstance(statement, dict) and _covers(statement, action, resource):
            name = str(statement.get("Sid") or f"statement {place + 1}")
            said = _add_statement(said, statement, caller, name)
    return said


def _add_statement(
    said: PolicyDecision, statement: Mapping[str, Any], caller: Caller, name: str
) -> PolicyDecision:
    about, whole = _match_principal(statement, caller)
    met = _evaluate_conditions(statement.get("Condition") or {}, caller)
    if statement.get("Effect") == "Deny":
        # A denial of the account denies all its roles.
        denies = both(either(about, whole), met)
        by = said.by if denies is TriState.NO else (*said.by, name)
        return PolicyDecision(
            denies=either(said.denies, denies), allows=said.allows, leaves_to_iam=said.leaves_to_iam, by=by
        )
    return PolicyDecision(
        denies=said.denies,
        allows=either(said.allows, both(about, met)),
        leaves_to_iam=either(said.leaves_to_iam, both(whole, met)),
        by=said.by,
    )


def _match_principal(statement: Mapping[str, Any], caller: Caller) -> tuple[TriState, TriState]:
    """Whether a statement names the caller, and whether it names the caller's account."""
    if "NotPrincipal" in statement:
        named, whole = _match_names(statement["NotPrincipal"], caller)
        # NotPrincipal must name both the role and its session; whether it names the session is unknown.
        left_out = either(named, whole)
        return (TriState.YES if left_out is TriState.NO else TriState.UNKNOWN), TriState.NO
    return _match_names(statement.get("Principal"), caller)


def _match_names(principal: Any, caller: Caller) -> tuple[TriState, TriState]:
    names = _list(principal.get("AWS")) if isinstance(principal, dict) else _list(principal)
    role = arn_parts(caller.role_arn)
    session = f":assumed-role/{role.name}/"
    named, whole = TriState.NO, TriState.NO
    for name in map(str, names):
        if name in ("*", caller.role_arn):
            named = TriState.YES
        elif name in (caller.account, f"arn:{role.partition}:iam::{caller.account}:root"):
            whole = TriState.YES
        elif session in name and f"::{caller.account}:" in name:
            named = either(named, TriState.UNKNOWN)
    return named, whole


def _covers(statement: Mapping[str, Any], action: str, resource: str) -> bool:
    acts = (
        not _any_like(statement["NotAction"], action, fold=True)
        if "NotAction" in statement
        else _any_like(statement.get("Action"), action, fold=True)
    )
    if "NotResource" in statement:
        return acts and not _any_like(statement["NotResource"], resource)
    # A key's policy may omit the resource.
    return acts and ("Resource" not in statement or _any_like(statement["Resource"], resource))


def _any_like(patterns: Any, text: str, *, fold: bool = False) -> bool:
    return any(is_like(text, str(pattern), fold=fold) for pattern in _list(patterns))


def is_like(text: str, pattern: str, *, fold: bool = False) -> bool:
    """Match with IAM's wildcards ``*`` and ``?``; ``fold`` ignores case."""
    if fold:
        text, pattern = text.lower(), pattern.lower()
    return fnmatchcase(text, pattern.replace("[", "[[]"))


# --- conditions -------------------------------------------------------------------------------------------

#: By operator: the comparison, and whether the operator negates it.
_OPERATORS: Final = {
    "stringequals": ("exact", False),
    "stringnotequals": ("exact", True),
    "stringequalsignorecase": ("fold", False),
    "stringnotequalsignorecase": ("fold", True),
    "stringlike": ("like", False),
    "stringnotlike": ("like", True),
    "arnequals": ("like", False),
    "arnlike": ("like", False),
    "arnnotequals": ("like", True),
    "arnnotlike": ("like", True),
    "bool": ("fold", False),
}


def _evaluate_conditions(condition: Any, caller: Caller) -> TriState:
    """Whether all conditions of a statement are met."""
    if not isinstance(condition, dict):
        return TriState.UNKNOWN
    met = TriState.YES
    for operator, asked in condition.items():
        for key, values in asked.items() if isinstance(asked, dict) else ():
            met = both(
                met, _evaluate_condition(str(operator).lower(), str(key).lower(), _list(values), caller)
            )
    return met


def _evaluate_condition(operator: str, key: str, values: list[Any], caller: Caller) -> TriState:
    given = caller.known.get(key)
    known = _OPERATORS.get(operator.removesuffix("ifexists"))
    if given is None or known is None:
        return TriState.UNKNOWN
    kind, negated = known
    texts = [str(value).lower() if isinstance(value, bool) else str(value) for value in values]
    matches = any(_compared(kind, given, text) for text in texts)
    return TriState.YES if matches is not negated else TriState.NO


def _compared(kind: str, given: str, text: str) -> bool:
    match kind:
        case "like":
            return is_like(given, text)
        case "fold":
            return given.lower() == text.lower()
        case _:
            return given == text


def either(left: TriState, right: TriState) -> TriState:
    """The logical OR of two values."""
    if TriState.YES in (left, right):
        return TriState.YES
    return TriState.UNKNOWN if TriState.UNKNOWN in (left, right) else TriState.NO


def both(left: TriState, right: TriState) -> TriState:
    """The logical AND of two values."""
    if TriState.NO in (left, right):
        return TriState.NO
    return TriState.UNKNOWN if TriState.UNKNOWN in (left, right) else TriState.YES


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]
