"""The part of a plan for the function, its role, its log group and their tags."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.core.model.wanted import CODE_TAG, LOG_TAG, OWN_CODE, OWNER_TAG, logs_audit_entries
from ddbinsert.core.trigger.differences import (
    code_differs,
    function_changes,
    role_changes,
    shared_role_tags,
    tag_changes,
)
from ddbinsert.core.trigger.effective_settings import changes_code, knows_code
from ddbinsert.core.trigger.policy import further_grants, role_policy, statements_of
from ddbinsert.core.trigger.refusals import (
    not_ours,
    refuse_another_class,
    refuse_another_kind,
    refuse_another_path,
    refuse_another_tables,
    refuse_foreign_log_group,
    refuse_retention,
)
from ddbinsert.core.trigger.scope import Scope
from ddbinsert.core.trigger.setting_rights import SETTING_KEYS, loses_rights, needs_rights, setting_grants
from ddbinsert.core.trigger.steps import (
    AdoptFunction,
    Change,
    CreateFunction,
    CreateLogGroup,
    CreateRole,
    KeepLogGroup,
    NarrowRolePolicy,
    PutRolePolicy,
    SetRetention,
    Step,
    UpdateFunctionCode,
    UpdateFunctionSettings,
    UpdateRole,
    UpdateTags,
)
from ddbinsert.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddbinsert.core.model.package import Package
    from ddbinsert.core.model.seen import FunctionState, World
    from ddbinsert.core.model.wanted import Trigger
    from ddbinsert.core.trigger.scope import Allowed


def needs_package(want: Trigger, have: World, scope: Scope) -> bool:
    """Whether the plan depends on the function's code: to upload it, or to know the rights that it needs."""
    if scope is Scope.STREAM:
        return False
    if have.function is None:
        return True
    if changes_code(want, have.function):
        return True
    if not is_ours_to_change(have) or not knows_code(want, have.function):
        return False
    variables = ("function.environment", "function.environment.")
    return (
        have.role is None
        or not statements_of(have.role.policy)
        or any(key.startswith(variables) for key in (*want.explicit, *want.cleared))
    )


def is_ours_to_change(have: World) -> bool:
    """Whether ddbinsert created the function, or will."""
    return have.function is None or have.function.is_ours


def function_steps(
    want: Trigger, have: World, package: Package | None, allowed: Allowed, *, stream_stays: bool
) -> Iterator[Step]:
    function = have.function
    if function is None:
        if package is None:
            raise ValueError("a function that is to be created needs its package")
        yield from _log_group(want, have)
        yield from _kept_log(want, have)
        yield from _role(want, have, package, stream_stays=stream_stays)
        source = want.function.code or f"template {want.function.template.value}"
        yield CreateFunction(
            name=want.function_name,
            runtime=want.function.runtime,
            source=source,
            needs_rights=needs_rights(want, SETTING_KEYS),
            in_vpc=bool(want.function.vpc.subnets),
        )
        return
    if package is not None and changes_code(want, function):
        refuse_another_kind(function, package)
    changes = tuple(_function_changes(want, function, package))
    if function.is_ours:
        refuse_another_tables(f"Function {function.name}", function.tags, want.table)
        yield from _log_group(want, have)
        if changes:
            yield from _kept_log(want, have)
        of_role = tuple(_role(want, have, package, stream_stays=stream_stays))
        # What settings needed before is taken from the role once they are changed.
        narrowed = tuple(step for step in of_role if isinstance(step, NarrowRolePolicy))
        yield from (step for step in of_role if step not in narrowed)
        yield from _function_updates(want, function, changes)
        yield from narrowed
        return
    if changes and not allowed.adopt:
        raise not_ours(f"Function {function.name}", changes, want)
    refuse_retention(want, function, have.log_group)
    if changes or "function" in allowed.take_over:
        yield AdoptFunction(name=function.name)
        if have.log_group is None:  # otherwise a later run would create it
            yield from _log_group(want, have)
    yield from _function_updates(want, function, changes)


def _function_updates(want: Trigger, have: FunctionState, changes: tuple[Change, ...]) -> Iterator[Step]:
    if any(change.field == _CODE for change in changes):
        yield UpdateFunctionCode(name=have.name, have=_code_now(have), want=_code_then(want))
    settings = tuple(change for change in changes if change.field != _CODE)
    if settings:
        keys = frozenset(change.field for change in settings)
        yield UpdateFunctionSettings(name=have.name, changes=settings, needs_rights=needs_rights(want, keys))


_CODE = "function.code"


def _function_changes(want: Trigger, have: FunctionState, package: Package | None) -> Iterator[Change]:
    if code_differs(want, have, package):
        yield Change(field=_CODE, have=_code_now(have), want=_code_then(want), replaces=True)
    yield from function_changes(want, have, package)


def _code_now(have: FunctionState) -> str:
    match have.tags.get(CODE_TAG):
        case None:
            return "unknown code"
        case label if label == OWN_CODE:
            return "own code"
        case label:
            return f"template {label}"


def _code_then(want: Trigger) -> str:
    runtime = want.function.runtime
    if want.function.code is not None:
        return f"{want.function.code} ({runtime})"
    return f"template {want.function.template.value} ({runtime})"


def tag_steps(want: Trigger, have: World) -> Iterator[Step]:
    """Steps for the tags of existing resources; new ones are created with their tags."""
    if not is_ours_to_change(have):
        return
    role = have.role if have.role is not None and have.role.is_ours else None
    seen = [have.function.tags] if have.function is not None else []
    if role is not None:
        seen.append(shared_role_tags(want, role.tags))
    further = [part.tags or {} for part in (have.live_mapping, have.log_group) if part is not None]
    seen += [tags for tags in further if tags.get(OWNER_TAG) == want.table]
    changes = tuple(tag_changes(want, *seen))
    if changes:
        yield UpdateTags(function=want.function_name, changes=changes)


def changes_retention(want: Trigger, have: World) -> bool:
    """Whether the retention of an existing log group is to be changed."""
    group = have.log_group
    return (
        group is not None
        and group.name == want.log_group
        and not group.keeps_retention
        and group.retention_days != want.function.log_retention_days
        and "function.log_retention_days" in want.explicit
    )


def _log_group(want: Trigger, have: World) -> Iterator[Step]:
    days, log_class = want.function.log_retention_days, want.function.log_class
    group = have.log_group if have.log_group is not None and have.log_group.name == want.log_group else None
    if group is None:
        own = None if log_class == "DELIVERY" else days  # DELIVERY: one day, not configurable
        yield CreateLogGroup(name=want.log_group, retention_days=own, log_class=log_class)
        return
    refuse_another_class(want, group)
    if changes_retention(want, have):
        refuse_foreign_log_group(want, group)
        removes = "function.log_retention_days" in want.cleared
        yield SetRetention(
            name=want.log_group, have=group.retention_days, retention_days=days, removes=removes
        )


def _kept_log(want: Trigger, have: World) -> Iterator[Step]:
    """Tag a log group that contains an audit log, or will; a new group is created with the tag."""
    function, group = have.function, have.log_group
    if group is None or LOG_TAG in (group.tags or {}):
        return
    did = function is not None and logs_audit_entries(function.tags.get(CODE_TAG), function.environment)
    if did != want.logs_audit_entries:
        yield KeepLogGroup(name=group.name)


def _role(want: Trigger, have: World, package: Package | None, *, stream_stays: bool) -> Iterator[Step]:
    if want.function.role is not None:
        return
    role, table, loses = have.role, have.table, False
    if role is None:
        yield CreateRole(name=want.role_name, path=want.role.path, boundary=want.role.boundary)
    elif not role.is_ours:
        raise Refused(
            f"Role {want.role_name} exists, and ddbinsert did not create it.",
            hint=f"Use it (--role {role.arn}), or give the function another name.",
            code="role-not-ours",
        )
    else:
        refuse_another_tables(f"Role {role.name}", role.tags, want.table)
        refuse_another_path(want, role)
        changes = tuple(role_changes(want, role))
        if changes:
            yield UpdateRole(name=role.name, changes=changes)
        wanted = wanted_policy(want, have, package)
        # If the stream is not changed, the wanted policy is already known and can be compared.
        if stream_stays and table is not None and role.policy == wanted:
            return
        loses = loses_rights(statements_of(role.policy), statements_of(wanted))
    of_code = tuple(one.words for one in package.rights) if package else ()
    further = of_code if table is None else further_grants(wanted_policy(want, have, package))
    yield PutRolePolicy(role=want.role_name, grants=(*further, *setting_grants(want)), keeps=loses)
    if loses:
        yield NarrowRolePolicy(role=want.role_name, rights="what its settings needed before")


def wanted_policy(want: Trigger, have: World, package: Package | None, *, keeps: bool = False) -> str | None:
    """The policy that our role should have in this world: for the live stream and for those that are being drained.

    Args:
        keeps: Include the rights of settings that are still to be changed.
    """
    if have.table is None:
        return None
    return role_policy(
        want,
        have.table,
        have.table.stream_arn,
        None if package is None else package.rights,
        have=have.role.policy if have.role is not None else None,
        draining=tuple(sorted({mapping.stream_arn for mapping in have.draining_mappings})),
        keeps=keeps,
    )
