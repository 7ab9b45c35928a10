"""Just enough of IAM's policy language to tell whether a role may do something."""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


def allows(documents: Iterable[Any], action: str, resource: str) -> bool:
    """Whether these policies together allow ``action`` on ``resource``; conditions count as met."""
    effects = [
        str(statement.get("Effect", "Deny"))
        for document in documents
        for statement in _listed(document.get("Statement", []))
        if _covers(statement, action, resource)
    ]
    return "Allow" in effects and "Deny" not in effects


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
