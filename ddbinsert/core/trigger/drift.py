"""The differences between the given settings and the present state, by part.

A plan lists changes; this lists what differs from the given settings. Both use the same comparison, so there is
drift exactly if `up` has something to change.
"""

from __future__ import annotations

import json
from dataclasses import field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from ddbinsert.core.model.package import READING
from ddbinsert.core.model.wanted import OWNER_TAG
from ddbinsert.core.trigger.alias import ALIAS
from ddbinsert.core.trigger.differences import alias_serves, shared_role_tags, tag_changes
from ddbinsert.core.trigger.plan import plan
from ddbinsert.core.trigger.plan_function import wanted_policy
from ddbinsert.core.trigger.policy import statements_of
from ddbinsert.core.trigger.scope import Allowed, Scope
from ddbinsert.core.trigger.steps import (
    CreateFunction,
    CreateLogGroup,
    CreateMapping,
    CreateQueue,
    CreateRole,
    EnableStream,
    PublishVersion,
    PutRolePolicy,
    PutStreamPolicy,
    SetRetention,
    UpdateFunctionCode,
    UpdateFunctionSettings,
    UpdateMapping,
    UpdateRole,
)
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ddbinsert.core.model.package import Package
    from ddbinsert.core.model.seen import FunctionState, World
    from ddbinsert.core.model.wanted import Trigger
    from ddbinsert.core.trigger.steps import Change, Step


class TriggerPart(StrEnum):
    """The parts of a trigger that can drift."""

    STREAM = "stream"
    FUNCTION = "function"
    ROLE = "role"
    LOG_GROUP = "log group"
    QUEUE = "queue"
    MAPPING = "event source mapping"


@dataclass(frozen=True, kw_only=True)
class Drifted:
    """One difference from the given settings.

    Attributes:
        name: The resource's name: the function's name, the mapping's UUID, …
        field: The configuration key (``mapping.batch_size``), or what is missing.
        have: The present value.
        want: The given value. Values of environment variables are in neither.
    """

    part: TriggerPart
    name: str
    field: str
    have: str
    want: str


def undoing(want: Trigger, have: World, package: Package | None) -> tuple[Step, ...]:
    """The steps that would remove the drift; resources that ddbinsert did not create are compared, too.

    A change of the view type is not among them: it would replace the stream and everything on it.
    """
    view = have.table.view if have.table is not None else None
    asked = want if view is None else replace(want, view=view)
    return plan(asked, have, Scope.TRIGGER, package, Allowed(adopt=True))


def drift_of(
    want: Trigger, have: World, package: Package | None, steps: tuple[Step, ...]
) -> tuple[Drifted, ...]:
    """All differences.

    Args:
        want: The effective trigger.
        package: The function's code; needed if `plan_function.needs_package` says so.
        steps: The steps that remove the drift (`undoing`).
    """
    is_served = alias_serves(want, have, package)
    compared = [step for step in steps if not (is_served and isinstance(step, PublishVersion))]
    found = [one for step in compared for one in _of_step(step, want, have, package)]
    return (*_of_view(want, have), *found, *_of_tags(want, have))


def _of_view(want: Trigger, have: World) -> Iterator[Drifted]:
    table = have.table
    if table is not None and table.view is not None and table.view is not want.view:
        yield Drifted(
            part=TriggerPart.STREAM,
            name=table.name,
            field="view_type",
            have=table.view.value,
            want=want.view.value,
        )


def _of_step(step: Step, want: Trigger, have: World, package: Package | None) -> Iterator[Drifted]:
    match step:
        case CreateFunction() | CreateRole() | CreateLogGroup() | CreateQueue():
            part = _MADE[type(step)]
            yield Drifted(part=part, name=step.name, field=part.value, have="missing", want="there")
        case UpdateFunctionSettings(name=name) | UpdateRole(name=name) | UpdateMapping(uuid=name):
            yield from _changed(_CHANGED[type(step)], name, step.changes)
        case PutRolePolicy() if have.role is not None:
            yield from _policy(step.role, have, want, package)
        case _:
            yield from _of_other_step(step, want, have, package)


#: By step of a plan: what is missing, for steps that create, and what differs, for steps that update.
_MADE: Mapping[type, TriggerPart] = {
    CreateFunction: TriggerPart.FUNCTION,
    CreateRole: TriggerPart.ROLE,
    CreateLogGroup: TriggerPart.LOG_GROUP,
    CreateQueue: TriggerPart.QUEUE,
}
_CHANGED: Mapping[type, TriggerPart] = {
    UpdateFunctionSettings: TriggerPart.FUNCTION,
    UpdateRole: TriggerPart.ROLE,
    UpdateMapping: TriggerPart.MAPPING,
}


def _of_other_step(step: Step, want: Trigger, have: World, package: Package | None) -> Iterator[Drifted]:
    match step:
        case EnableStream():
            yield Drifted(
                part=TriggerPart.STREAM, name=step.table, field="stream", have="off", want=step.view.value
            )
        case CreateMapping():
            left = [mapping.uuid for mapping in have.stale_mappings]
            there = f"{', '.join(left)} reads a replaced stream" if left else "missing"
            yield Drifted(
                part=TriggerPart.MAPPING,
                name=step.function,
                field=TriggerPart.MAPPING.value,
                have=there,
                want="on the live stream",
            )
        case PutStreamPolicy():
            lacks = f"without {', '.join(step.lacking)}" if step.lacking else "another statement"
            yield Drifted(
                part=TriggerPart.STREAM,
                name=step.table,
                field="stream policy",
                have=f"{lacks} for {step.role_arn}",
                want=", ".join(READING),
            )
        case UpdateFunctionCode() if have.function is not None:
            yield from _code(step, have.function, want, package)
        case PublishVersion():
            there = f"version {step.have}, which is not the function as it is" if step.have else "missing"
            yield Drifted(
                part=TriggerPart.FUNCTION, name=step.function, field=ALIAS, have=there, want=step.alias
            )
        case SetRetention():
            yield Drifted(
                part=TriggerPart.LOG_GROUP,
                name=step.name,
                field="function.log_retention_days",
                have=str(step.have or "none"),
                want=str(step.retention_days or "none"),
            )
        case _:
            pass


def _code(
    step: UpdateFunctionCode, have: FunctionState, want: Trigger, package: Package | None
) -> Iterator[Drifted]:
    """The code and the architecture, which one step sets together."""
    if package is None or have.code_sha256 != package.sha256 or have.has_failed:
        yield Drifted(
            part=TriggerPart.FUNCTION,
            name=step.name,
            field="function.code",
            have=f"different code (according to its tag: {step.have})",
            want=step.want,
        )
    if have.architecture != want.function.architecture:
        yield Drifted(
            part=TriggerPart.FUNCTION,
            name=step.name,
            field="function.architecture",
            have=have.architecture,
            want=want.function.architecture,
        )


def _changed(part: TriggerPart, name: str, changes: tuple[Change, ...]) -> Iterator[Drifted]:
    for change in changes:
        yield Drifted(part=part, name=name, field=change.field, have=change.have, want=change.want)


def _policy(role: str, have: World, want: Trigger, package: Package | None) -> Iterator[Drifted]:
    """The rights that are missing in our policy, and the additional ones that it grants, one by one."""
    present = have.role.policy if have.role is not None else None
    there, asked = _rights(present), _rights(wanted_policy(want, have, package))
    for right in asked:
        if right not in there:
            yield Drifted(
                part=TriggerPart.ROLE, name=role, field="role.policy", have=f"without {right}", want=right
            )
    for right in there:
        if right not in asked:
            yield Drifted(
                part=TriggerPart.ROLE, name=role, field="role.policy", have=right, want=f"without {right}"
            )


def _rights(policy: str | None) -> list[str]:
    """Each right of a policy as ``ACTION on RESOURCE``; any other statement as its JSON."""
    found: dict[str, None] = {}
    for statement in statements_of(policy):
        plain = statement.get("Effect") == "Allow" and statement.keys() <= {
            "Sid",
            "Effect",
            "Action",
            "Resource",
        }
        if not plain:
            found[json.dumps(statement, sort_keys=True)] = None
            continue
        actions, resources = _listed(statement.get("Action")), _listed(statement.get("Resource"))
        found |= {f"{action} on {resource}": None for action in actions for resource in resources}
    return list(found)


def _listed(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def _of_tags(want: Trigger, have: World) -> Iterator[Drifted]:
    """Differences of the given tags, on each part that ddbinsert created and whose tags are known."""
    parts: list[tuple[TriggerPart, str, Mapping[str, str] | None]] = []
    if have.function is not None:
        parts.append((TriggerPart.FUNCTION, have.function.name, have.function.tags))
    if have.role is not None and want.function.role is None:
        parts.append((TriggerPart.ROLE, have.role.name, shared_role_tags(want, have.role.tags)))
    if have.log_group is not None:
        parts.append((TriggerPart.LOG_GROUP, have.log_group.name, have.log_group.tags))
    if have.live_mapping is not None:
        parts.append((TriggerPart.MAPPING, have.live_mapping.uuid, have.live_mapping.tags))
    for part, name, tags in parts:
        if tags is not None and tags.get(OWNER_TAG) == want.table:
            yield from _changed(part, name, tuple(tag_changes(want, tags)))


# --- the last change ------------------------------------------------------------------------------------


class Recorded(NamedTuple):
    """A change that CloudTrail recorded.

    Attributes:
        at: Epoch seconds.
        who: The user's name.
        what: The name of the API call.
    """

    at: float
    who: str
    what: str


class LastChange(NamedTuple):
    """When a part was last changed, and by whom.

    Attributes:
        at: Epoch seconds; None if unknown.
        who: None if CloudTrail was not asked, or has not recorded the change.
        what: The name of the API call; set together with ``who``.
    """

    at: float | None
    who: str | None = None
    what: str | None = None


#: Maximum difference in seconds between a service's and CloudTrail's time of the same call.
_SAME_CALL = 60.0
_TAGGING = ("TagResource", "UntagResource", "TagRole", "UntagRole", "TagLogGroup", "UntagLogGroup")


def last_change(found: Sequence[Drifted], modified: float | None, recorded: Sequence[Recorded]) -> LastChange:
    """The last change of a part that can have caused its drift.

    Args:
        found: The differences of this part.
        modified: Epoch seconds of the last change according to the service; it does not include tags.
        recorded: CloudTrail's records of it, in any order; CloudTrail is up to 15 minutes behind.
    """
    is_tagged = bool(found) and all(".tags." in f".{one.field}" for one in found)
    events = [one for one in recorded if one.what.startswith(_TAGGING) == is_tagged]
    latest = max(events, key=lambda one: one.at, default=None)
    if is_tagged or modified is None:
        return LastChange(None) if latest is None else LastChange(latest.at, latest.who, latest.what)
    if latest is None or latest.at < modified - _SAME_CALL:
        return LastChange(modified)
    return LastChange(modified, latest.who, latest.what)


@dataclass(frozen=True, kw_only=True)
class DriftSeen:
    """The result of a comparison.

    Attributes:
        steps: The steps that remove the drift.
        kept: Settings that differ from their defaults and are not given, so that they cannot drift.
        changes: The last change of each part that drifted.
        unasked: Why CloudTrail could not be read for the last changes; empty if it was.
    """

    trigger: Trigger
    world: World
    found: tuple[Drifted, ...]
    steps: tuple[Step, ...] = ()
    kept: tuple[Change, ...] = ()
    changes: Mapping[TriggerPart, LastChange] = field(default_factory=dict)
    unasked: str = ""
