"""What a resource's own policy says of a role, in three values: it allows, it denies, or it cannot be told from here.

IAM's simulator answers for the policies of a role, and not for those of a queue, a topic, a bucket or a key when a role
is asked about. These are read here: the element rules of the IAM reference (Effect, Principal, Action, Resource and their
negations, Condition). A condition on what only a real call carries is neither met nor unmet.
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


class Sure(StrEnum):
    """Whether something holds."""

    YES = "yes"
    NO = "no"
    PERHAPS = "perhaps"


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Lambda in a function's role, as it calls a destination.

    Attributes:
        role_arn: The role's ARN.
        known: What is known about each such call, by condition key in lower case.
    """

    role_arn: str
    known: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def account(self) -> str:
        """The role's account."""
        return arn_parts(self.role_arn).account


def caller_of(role_arn: str, *, via: str = "") -> Caller:
    """Lambda's calls in a role; they are encrypted on their way.

    Args:
        via: The service that uses a key for it, such as ``sqs.eu-west-1.amazonaws.com``.
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
class Said:
    """What one policy says of one action.

    Attributes:
        denies: An explicit denial.
        allows: A permission that names the role, or everybody.
        leaves_to_iam: A permission of the role's whole account, which then decides by the role's policies.
        by: The statements that deny, or perhaps do, in short.
    """

    denies: Sure = Sure.NO
    allows: Sure = Sure.NO
    leaves_to_iam: Sure = Sure.NO
    by: tuple[str, ...] = ()


#: What a policy says that is not there.
SILENT: Final = Said()
_UNREADABLE: Final = Said(denies=Sure.PERHAPS, allows=Sure.PERHAPS, leaves_to_iam=Sure.PERHAPS)


def said_by(policy: str | None, caller: Caller, action: str, resource: str) -> Said:
    """What a resource's policy says of an action of a caller on the resource.

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
            said = _with(said, statement, caller, name)
    return said


def _with(said: Said, statement: Mapping[str, Any], caller: Caller, name: str) -> Said:
    about, whole = _about(statement, caller)
    met = _met(statement.get("Condition") or {}, caller)
    if statement.get("Effect") == "Deny":
        # A denial of the account is one of all its roles.
        denies = both(either(about, whole), met)
        by = said.by if denies is Sure.NO else (*said.by, name)
        return Said(
            denies=either(said.denies, denies), allows=said.allows, leaves_to_iam=said.leaves_to_iam, by=by
        )
    return Said(
        denies=said.denies,
        allows=either(said.allows, both(about, met)),
        leaves_to_iam=either(said.leaves_to_iam, both(whole, met)),
        by=said.by,
    )


def _about(statement: Mapping[str, Any], caller: Caller) -> tuple[Sure, Sure]:
    """Whether a statement names the caller; whether it names the caller's whole account."""
    if "NotPrincipal" in statement:
        named, whole = _named(statement["NotPrincipal"], caller)
        # Who is left out must be named as role and as session; whether the session is, cannot be told.
        left_out = either(named, whole)
        return (Sure.YES if left_out is Sure.NO else Sure.PERHAPS), Sure.NO
    return _named(statement.get("Principal"), caller)


def _named(principal: Any, caller: Caller) -> tuple[Sure, Sure]:
    names = _list(principal.get("AWS")) if isinstance(principal, dict) else _list(principal)
    role = arn_parts(caller.role_arn)
    session = f":assumed-role/{role.name}/"
    named, whole = Sure.NO, Sure.NO
    for name in map(str, names):
        if name in ("*", caller.role_arn):
            named = Sure.YES
        elif name in (caller.account, f"arn:{role.partition}:iam::{caller.account}:root"):
            whole = Sure.YES
        elif session in name and f"::{caller.account}:" in name:
            named = either(named, Sure.PERHAPS)
    return named, whole


def _covers(statement: Mapping[str, Any], action: str, resource: str) -> bool:
    acts = (
        not _any_like(statement["NotAction"], action, fold=True)
        if "NotAction" in statement
        else _any_like(statement.get("Action"), action, fold=True)
    )
    if "NotResource" in statement:
        return acts and not _any_like(statement["NotResource"], resource)
    # A key's policy may leave its resource out.
    return acts and ("Resource" not in statement or _any_like(statement["Resource"], resource))


def _any_like(patterns: Any, text: str, *, fold: bool = False) -> bool:
    return any(is_like(text, str(pattern), fold=fold) for pattern in _list(patterns))


def is_like(text: str, pattern: str, *, fold: bool = False) -> bool:
    """IAM's wildcards: ``*`` and ``?`` alone; ``fold`` compares without regard to case."""
    if fold:
        text, pattern = text.lower(), pattern.lower()
    return fnmatchcase(text, pattern.replace("[", "[[]"))


# --- conditions -------------------------------------------------------------------------------------------

#: Operator to (how a value is compared, whether the operator negates).
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


def _met(condition: Any, caller: Caller) -> Sure:
    """Whether the conditions of a statement are met: all of them have to be."""
    if not isinstance(condition, dict):
        return Sure.PERHAPS
    met = Sure.YES
    for operator, asked in condition.items():
        for key, values in asked.items() if isinstance(asked, dict) else ():
            met = both(met, _one_met(str(operator).lower(), str(key).lower(), _list(values), caller))
    return met


def _one_met(operator: str, key: str, values: list[Any], caller: Caller) -> Sure:
    given = caller.known.get(key)
    known = _OPERATORS.get(operator.removesuffix("ifexists"))
    if given is None or known is None:
        return Sure.PERHAPS
    kind, negated = known
    texts = [str(value).lower() if isinstance(value, bool) else str(value) for value in values]
    matches = any(_compared(kind, given, text) for text in texts)
    return Sure.YES if matches is not negated else Sure.NO


def _compared(kind: str, given: str, text: str) -> bool:
    match kind:
        case "like":
            return is_like(given, text)
        case "fold":
            return given.lower() == text.lower()
        case _:
            return given == text


def either(left: Sure, right: Sure) -> Sure:
    """Whether one of two things holds."""
    if Sure.YES in (left, right):
        return Sure.YES
    return Sure.PERHAPS if Sure.PERHAPS in (left, right) else Sure.NO


def both(left: Sure, right: Sure) -> Sure:
    """Whether both of two things hold."""
    if Sure.NO in (left, right):
        return Sure.NO
    return Sure.PERHAPS if Sure.PERHAPS in (left, right) else Sure.YES


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]
