"""Steps of a plan in words: what will be done, what was done."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from ddbinsert.core import steps as s
from ddbinsert.core.keys import describe_key

if TYPE_CHECKING:
    from ddbinsert.core.steps import Change, Step


def future(step: Step) -> str:
    """``create log group /aws/lambda/orders-inserts, kept 14 days``."""
    verb, rest = _words(step)
    return f"{verb} {rest}"


def past(step: Step) -> str:
    """``created log group /aws/lambda/orders-inserts, kept 14 days``."""
    verb, rest = _words(step)
    return f"{_PAST[verb]} {rest}"


def symbol(step: Step) -> str:
    """How a plan marks a step: + made, ~ changed, - taken away, ± replaced."""
    verb, _ = _words(step)
    return {"create": "+", "enable": "+", "delete": "-", "disable": "-", "replace": "±"}.get(verb, "~")


_PAST = {
    "create": "created",
    "enable": "enabled",
    "disable": "disabled",
    "delete": "deleted",
    "replace": "replaced",
    "update": "updated",
    "write": "wrote",
}


def _words(step: Step) -> tuple[str, str]:  # noqa: C901, PLR0912 - an arm a step
    match step:
        case s.CreateTable():
            return "create", f"table {step.table} ({describe_key(step.key)}), on demand"
        case s.EnableStream():
            return "enable", f"stream of table {step.table} ({step.view.value})"
        case s.ReplaceStream():
            return (
                "replace",
                f"stream of table {step.table}: {step.have.value} by {step.view.value}, with a new ARN",
            )
        case s.DisableStream():
            return "disable", f"stream of table {step.table}"
        case s.DeleteTable():
            return "delete", f"table {step.table}"
        case s.CreateLogGroup():
            return "create", f"log group {step.name}, kept {_days(step.retention_days)}"
        case s.SetRetention():
            return "update", f"log group {step.name}: kept {_days(step.have)} → {_days(step.retention_days)}"
        case s.DeleteLogGroup():
            return "delete", f"log group {step.name}"
        case s.CreateQueue():
            return "create", f"queue {step.name}, for what is given up, kept 14 days"
        case s.CreateRole():
            return "create", f"role {step.name}"
        case s.PutRolePolicy():
            return (
                "write",
                f"policy of role {step.role}: this stream, this log group, its sinks, nothing else",
            )
        case s.RebindRolePolicy():
            return "write", f"policy of role {step.role}: the new stream in the old one's place"
        case s.DeleteQueue():
            return "delete", f"queue {step.name}, if it is empty"
        case s.DeleteRole():
            return "delete", f"role {step.name}"
        case s.CreateFunction():
            return "create", f"function {step.name} ({step.runtime}, {step.source})"
        case s.UpdateFunctionCode():
            return "update", f"code of function {step.name}"
        case s.UpdateFunctionSettings():
            return "update", f"function {step.name}: {_changes(step.changes)}"
        case s.UpdateTags():
            return (
                "update",
                f"tags of function {step.function}, its role, log group and mapping: {_changes(step.changes)}",
            )
        case s.DeleteFunction():
            return "delete", f"function {step.name}"
        case s.CreateMapping():
            filters = " or ".join(step.filters)
            return (
                "create",
                f"event source mapping to {step.function}, from {step.starting_position.value}, filter {filters}",
            )
        case s.UpdateMapping():
            return "update", f"event source mapping {step.uuid}: {_changes(step.changes)}"
        case s.DeleteMapping():
            return "delete", f"event source mapping {step.uuid}: {step.why}"
        case _:
            assert_never(step)


def _days(days: int | None) -> str:
    if days is None:
        return "for ever"
    return f"{days} day{'s' if days != 1 else ''}"


def _changes(changes: tuple[Change, ...]) -> str:
    return ", ".join(f"{change.field} {change.have} → {change.want}" for change in changes)
