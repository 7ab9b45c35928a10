"""Steps of a plan as text: what will be done, and what was done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_never

from ddbinsert.core.model.key_text import describe_key
from ddbinsert.core.model.package import READING
from ddbinsert.core.model.wanted import StartingPosition
from ddbinsert.core.trigger import steps as s
from ddbinsert.core.trigger.stream_policy import NEW_STREAM, statement
from ddbinsert.core.words import plural

if TYPE_CHECKING:
    from ddbinsert.core.model.seen import World
    from ddbinsert.core.trigger.steps import Change, Step


def future(step: Step) -> str:
    """``create log group /aws/lambda/orders-inserts, kept 14 days``."""
    verb, rest = _verb_and_object(step)
    return f"{verb} {rest}"


def past(step: Step) -> str:
    """``created log group /aws/lambda/orders-inserts, kept 14 days``."""
    verb, rest = _verb_and_object(step)
    if isinstance(step, s.DeleteQueue):
        rest = f"queue {step.name}"  # it was empty
    return f"{_PAST[verb]} {rest}"


def data(step: Step, world: World) -> dict[str, Any]:
    """A step for the envelope; that of a stream's policy with the statement, and with the owner's command."""
    found: dict[str, Any] = {"step": type(step).__name__, "text": future(step)}
    if isinstance(step, s.PutStreamPolicy):
        stream = step.stream_arn or (world.table.stream_arn if world.table else None)
        stream = stream or f"{world.table.arn if world.table else ''}/stream/{NEW_STREAM}"
        found["statement"] = statement(stream, step.role_arn, step.sid)
    return found


def resource_of(step: Step) -> str:
    """The resource of a step, without the action: ``log group /aws/lambda/orders-inserts``."""
    _, rest = _verb_and_object(step)
    return rest.split(", ")[0].split(": ")[0]


def symbol(step: Step) -> str:
    """The mark of a step in a plan: + created, ~ changed, - removed, ± replaced."""
    verb, _ = _verb_and_object(step)
    return {
        "create": "+",
        "enable": "+",
        "delete": "-",
        "disable": "-",
        "replace": "±",
        "take over": "±",
    }.get(verb, "~")


_PAST = {
    "create": "created",
    "enable": "enabled",
    "disable": "disabled",
    "delete": "deleted",
    "replace": "replaced",
    "update": "updated",
    "write": "wrote",
    "take over": "took over",
    "publish": "published",
    "check": "checked",
}


def _verb_and_object(step: Step) -> tuple[str, str]:  # noqa: C901, PLR0912 - one case per step
    match step:
        case s.CreateTable():
            return "create", f"table {step.table} ({describe_key(step.key)}), on demand"
        case s.EnableStream():
            return "enable", f"stream of table {step.table} ({step.view.value})"
        case s.ReplaceStream():
            change = f"{step.have.value} by {step.view.value}, with a new ARN"
            return "replace", f"stream of table {step.table}: {change}"
        case s.DisableStream():
            return "disable", f"stream of table {step.table}"
        case s.PutStreamPolicy() | s.DeleteStreamPolicy():
            return _stream_policy(step)
        case s.CreateLogGroup():
            return "create", f"log group {step.name}, {_retention_text(step)}"
        case s.SetRetention():
            return "update", f"log group {step.name}: kept {_days(step.have)} → {_days(step.retention_days)}"
        case s.KeepLogGroup():
            return "update", f"log group {step.name}: kept by `down`, because it contains an audit log"
        case s.CreateQueue():
            return "create", f"queue {step.name}, for discarded records, kept 14 days"
        case s.CreateRole():
            boundary = "" if step.boundary is None else f", permissions boundary {step.boundary}"
            return "create", f"role {step.path.removeprefix('/')}{step.name}{boundary}"
        case s.UpdateRole():
            return "update", f"role {step.name}: {_changes(step.changes)}"
        case s.PutRolePolicy():
            return (
                "write",
                f"policy of role {step.role}: {'; '.join(('this stream', 'this log group', *step.grants))}, nothing else",
            )
        case s.NarrowRolePolicy():
            return "write", f"policy of role {step.role}: without {step.rights}"
        case s.CreateFunction():
            return "create", f"function {step.name} ({step.runtime}, {step.source})"
        case s.UpdateFunctionCode():
            return "update", f"code of function {step.name}: {step.have} → {step.want}"
        case s.UpdateFunctionSettings():
            return "update", f"function {step.name}: {_changes(step.changes)}"
        case s.AdoptFunction():
            return "take over", f"function {step.name}, which ddbinsert did not create"
        case s.AdoptMapping():
            return "take over", f"event source mapping {step.uuid}, which ddbinsert did not create"
        case s.UpdateTags():
            parts = f"function {step.function}, its role, log group and mapping"
            return "update", f"tags of {parts}: {_changes(step.changes)}"
        case s.UpdateMappingTags():
            return "update", f"tags of event source mapping {step.uuid}: {_changes(step.changes)}"
        case s.CreateMapping():
            filters = " or ".join(step.filters)
            return (
                "create",
                f"event source mapping to {step.function}, from {_position(step)}, filter {filters}",
            )
        case s.PublishVersion():
            return "publish", _published(step)
        case s.UpdateMapping():
            return "update", f"event source mapping {step.uuid}: {_changes(step.changes)}"
        case _:
            return "delete", _deleted(step)


def _stream_policy(step: s.PutStreamPolicy | s.DeleteStreamPolicy) -> tuple[str, str]:
    if isinstance(step, s.DeleteStreamPolicy):
        return "delete", f"statement {step.sid} of the policy of stream {step.stream_arn}"
    stream = f"stream {step.stream_arn}" if step.stream_arn else f"the stream of table {step.table}"
    may = f"{step.role_arn} may {', '.join(READING)}"
    if step.is_by_owner:
        return "check", f"policy of {stream}, which the table's owner writes: {may}"
    return "write", f"statement {step.sid} of the policy of {stream}: {may}; statements of others are kept"


def _published(step: s.PublishVersion) -> str:
    moved = f"moved from version {step.have}" if step.have else "created"
    return f"a version of function {step.function}; alias {step.alias}: {moved}"


def _position(step: s.CreateMapping) -> str:
    is_open = step.starting_position is StartingPosition.AUTO
    return "a position that is not chosen yet" if is_open else step.starting_position.value


def _deleted(
    step: s.DeleteMapping
    | s.DeleteFunction
    | s.DeleteRole
    | s.DeleteQueue
    | s.DeleteLogGroup
    | s.DeleteTable,
) -> str:
    match step:
        case s.DeleteMapping():
            return f"event source mapping {step.uuid}: {step.why}"
        case s.DeleteFunction():
            return f"function {step.name}"
        case s.DeleteRole():
            return f"role {step.name}"
        case s.DeleteQueue():
            return f"queue {step.name}, if it is empty"
        case s.DeleteLogGroup():
            return f"log group {step.name}"
        case s.DeleteTable():
            return f"table {step.table}"
        case _:
            assert_never(step)


def _retention_text(step: s.CreateLogGroup) -> str:
    if step.log_class == "DELIVERY":
        return "class DELIVERY"
    kind = "" if step.log_class == "STANDARD" else f"class {step.log_class}, "
    return f"{kind}kept {_days(step.retention_days)}"


def _days(days: int | None) -> str:
    if days is None:
        return "for ever"
    return plural(days, "day")


def _changes(changes: tuple[Change, ...]) -> str:
    return ", ".join(f"{change.field} {change.have} → {change.want}" for change in changes)
