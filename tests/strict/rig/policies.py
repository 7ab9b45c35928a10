"""Just enough of IAM's policy language to tell whether a role may do something."""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


def allows(documents: Iterable[Any], action: str, resource: str) -> bool:
    """Whether these policies together allow ``action`` on ``resource``; conditions count as met."""
    return effects(documents, action, resource) == {"Allow"}


def effects(documents: Iterable[Any], action: str, resource: str) -> set[str]:
    """Allow and Deny, as far as these policies say so of ``action`` on ``resource``.

    Lambda's calls are encrypted on their way; any other condition counts as met.
    """
    return {
        str(statement.get("Effect", "Deny"))
        for document in documents
        for statement in _listed(document.get("Statement", []))
        if _covers(statement, action, resource) and not _is_about_plain_http(statement)
    }


def effects_on(
    policy: Any, principal: str, action: str, resource: str, *, whole_account: bool = True
) -> set[str]:
    """What a resource's own policy says of a principal, given by its ARN.

    Args:
        whole_account: A statement about the whole account is about the principal, too.
    """
    own = [
        statement
        for statement in _listed((policy or {}).get("Statement", []))
        if _is_about(statement, principal, whole_account=whole_account)
    ]
    return effects([{"Statement": own}], action, resource)


def _is_about(statement: dict[str, Any], principal: str, *, whole_account: bool) -> bool:
    if "NotPrincipal" in statement:
        return not _names(statement["NotPrincipal"], principal, whole_account=whole_account)
    return _names(statement.get("Principal"), principal, whole_account=whole_account)


def _names(listed: Any, principal: str, *, whole_account: bool) -> bool:
    account = principal.split(":")[4]
    known = {"*", principal, *((account, f"arn:aws:iam::{account}:root") if whole_account else ())}
    names = _listed(listed.get("AWS") if isinstance(listed, dict) else listed)
    return any(name in known for name in names)


def _is_about_plain_http(statement: dict[str, Any]) -> bool:
    asked = (statement.get("Condition") or {}).get("Bool") or {}
    return any(
        key.lower() == "aws:securetransport" and str(value).lower() == "false" for key, value in asked.items()
    )


def trusts_lambda(document: Any) -> bool:
    """Whether a trust policy lets Lambda assume the role."""
    for statement in _listed(document.get("Statement", []) if isinstance(document, dict) else []):
        principal = statement.get("Principal", {})
        services = _listed(principal.get("Service", [])) if isinstance(principal, dict) else [principal]
        named = any(service in {"lambda.amazonaws.com", "*"} for service in services)
        if (
            statement.get("Effect") == "Allow"
            and named
            and _any_match(statement.get("Action"), "sts:AssumeRole")
        ):
            return True
    return False


def _covers(statement: dict[str, Any], action: str, resource: str) -> bool:
    if "NotAction" in statement:
        acts = not _any_match(statement["NotAction"], action)
    else:
        acts = _any_match(statement.get("Action"), action)
    if "NotResource" in statement:
        return acts and not _any_match(statement["NotResource"], resource, fold=False)
    return acts and _any_match(statement.get("Resource"), resource, fold=False)


def _any_match(patterns: Any, text: str, *, fold: bool = True) -> bool:
    """Actions compare without case, resources with it; ``[`` is no wildcard of IAM's."""
    wanted = text.lower() if fold else text
    return any(
        fnmatch.fnmatchcase(wanted, (pattern.lower() if fold else pattern).replace("[", "[[]"))
        for pattern in map(str, _listed(patterns))
    )


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]
