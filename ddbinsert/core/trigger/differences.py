"""The differences between an existing function or mapping and the trigger as it will be, by setting."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from ddbinsert.core.arn import resource_name
from ddbinsert.core.trigger.alias import UNPUBLISHED, target_changes
from ddbinsert.core.trigger.effective_settings import changes_code
from ddbinsert.core.trigger.function_settings import FUNCTION_SETTINGS
from ddbinsert.core.trigger.settings import MAPPING_SETTINGS, as_inserts
from ddbinsert.core.trigger.steps import Change

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ddbinsert.core.model.package import Package
    from ddbinsert.core.model.seen import FunctionState, MappingState, RoleState, World
    from ddbinsert.core.model.wanted import Trigger
    from ddbinsert.core.trigger.function_settings import FunctionSetting
    from ddbinsert.core.trigger.settings import MappingSetting


#: The label of a change of a role's trust policy; it is not a configuration key.
TRUST = "role.trust"


def code_differs(want: Trigger, have: FunctionState, package: Package | None) -> bool:
    """Whether an upload is needed; the architecture is set with the code (UpdateFunctionCode).

    A function that failed is tried again by an upload of the same code.
    """
    if package is None or not changes_code(want, have):
        return False
    return (
        have.has_failed
        or have.code_sha256 != package.sha256
        or have.architecture != want.function.architecture
    )


def function_changes(want: Trigger, have: FunctionState, package: Package | None) -> Iterator[Change]:
    """The settings that UpdateFunctionConfiguration has to change.

    Args:
        want: The effective trigger.
        package: The given code; None if none is given.
    """
    for setting in FUNCTION_SETTINGS:
        if setting.of_archives and have.package_type == "Image":
            continue
        if setting.key == "function.handler" and not want.gives_code:
            continue
        wanted, present = setting.wanted(want, package), setting.present(have)
        is_known = wanted is not None or setting.read is not None
        if is_known and wanted != present:
            change = _function_change(setting, present, wanted)
            yield replace(change, replaces=change.replaces or setting.key in want.cleared)
    yield from _role(want, have)


def alias_serves(want: Trigger, have: World, package: Package | None) -> bool:
    """Whether the alias points to a published version that is as wanted, whatever was done to the function since."""
    alias, function = have.alias, have.function
    version = alias.function if alias is not None else None
    if alias is None or alias.version == UNPUBLISHED or version is None or function is None:
        return False
    is_given = package is not None and changes_code(want, function)
    code = package.sha256 if package is not None and is_given else function.code_sha256
    architecture = want.function.architecture if is_given else function.architecture
    if (version.code_sha256, version.architecture) != (code, architecture):
        return False
    return not any(function_changes(want, version, package))


def _function_change(setting: FunctionSetting, present: object, wanted: object) -> Change:
    if isinstance(present, dict) and isinstance(wanted, dict):
        return _environment(present, wanted)
    replaces = setting.replaces
    if isinstance(present, tuple) and isinstance(wanted, tuple):
        replaces = not set(present) <= set(wanted)
    return Change(field=setting.key, have=format_value(present), want=format_value(wanted), replaces=replaces)


def _role(want: Trigger, have: FunctionState) -> Iterator[Change]:
    """Compare a given role by its ARN, and our own by its name, as its ARN may not be known yet."""
    given = want.function.role
    if given is not None and have.role_arn != given:
        yield Change(field="function.role", have=have.role_arn, want=given, replaces=True)
    elif given is None and resource_name(have.role_arn) != want.role_name:
        yield Change(field="function.role", have=have.role_arn, want=want.role_name, replaces=True)


def _environment(have: Mapping[str, str], want: Mapping[str, str]) -> Change:
    """The names of variables without their values, which may be secrets; a name whose value differs is marked."""
    kept = have.keys() & want.keys()
    changed = {name for name in kept if have[name] != want[name]}
    return Change(
        field="function.environment",
        have=", ".join(sorted(have)) or "none",
        want=", ".join(f"{name} (another value)" if name in changed else name for name in sorted(want))
        or "none",
        replaces=bool(changed or have.keys() - want.keys()),
    )


def tag_changes(want: Trigger, *seen: Mapping[str, str]) -> Iterator[Change]:
    """The wanted tags that one of ``seen`` lacks or has with another value, and the cleared ones that it has.

    Other tags are not a difference: they may be added by others, such as a tool for cost allocation.
    """
    for name, value in want.tags.items():
        if all(tags.get(name) == value for tags in seen):
            continue
        have = next((tags[name] for tags in seen if tags.get(name, value) != value), None)
        yield Change(field=f"tags.{name}", have=format_value(have), want=value, replaces=have is not None)
    for name in cleared_tags(want):
        have = next((tags[name] for tags in seen if name in tags), None)
        if have is not None:
            yield Change(field=f"tags.{name}", have=have, want="none", replaces=True)


def cleared_tags(want: Trigger, section: str = "tags") -> tuple[str, ...]:
    """The names of the tags to remove: of every resource, or (``role.tags``) of the role only."""
    prefix = f"{section}."
    return tuple(sorted(key.removeprefix(prefix) for key in want.cleared if key.startswith(prefix)))


def shared_role_tags(want: Trigger, tags: Mapping[str, str]) -> dict[str, str]:
    """The role's tags as compared with those of every resource: ``role.tags`` takes precedence over them on the role."""
    own = want.role.tags
    kept = {name: text for name, text in tags.items() if name not in own or name in want.tags}
    return {**kept, **{name: want.tags[name] for name in own if name in want.tags}}


def role_changes(want: Trigger, have: RoleState) -> Iterator[Change]:
    """The differences between our role and the effective trigger, except its policy and path."""
    if not have.trusts_lambda:
        yield Change(field=TRUST, have="without Lambda", want="Lambda")
    boundary = want.role.boundary
    if have.boundary != boundary:
        replaces = have.boundary is not None
        yield Change(
            field="role.boundary",
            have=format_value(have.boundary),
            want=format_value(boundary),
            replaces=replaces,
        )
    for name, value in want.role.tags.items():
        there = have.tags.get(name)
        if there != value:
            yield Change(
                field=f"role.tags.{name}", have=format_value(there), want=value, replaces=there is not None
            )
    for name in cleared_tags(want, "role.tags"):
        if name in have.tags:
            yield Change(field=f"role.tags.{name}", have=have.tags[name], want="none", replaces=True)


def mapping_changes(want: Trigger, have: MappingState) -> Iterator[Change]:
    """The differences between a mapping and the effective trigger; also used to check the result of a change."""
    for setting in MAPPING_SETTINGS:
        present, wanted = setting.present(have), getattr(want.mapping, setting.name)
        if setting.name == "filters":
            yield from _filters(have, as_inserts(wanted), is_explicit=setting.key in want.explicit)
        elif setting.name == "on_failure":
            yield from _difference(setting, present, _destination(want, have), want)
        elif present is not None or setting.name != "metrics":
            yield from _difference(setting, present, wanted, want)
    yield from target_changes(want, have)
    # A tumbling window and a filter exclude each other.
    if have.tumbling_window:
        yield Change(field="mapping.tumbling_window", have=str(have.tumbling_window), want="0", replaces=True)


def _difference(setting: MappingSetting, have: object, wanted: object, want: Trigger) -> Iterator[Change]:
    if have != wanted:
        # Adding a destination, or disabling, removes nothing.
        replaces = (setting.replaces and have not in (None, True)) or setting.key in want.cleared
        yield Change(field=setting.key, have=format_value(have), want=format_value(wanted), replaces=replaces)


def _filters(have: MappingState, want: tuple[str, ...], *, is_explicit: bool) -> Iterator[Change]:
    """A change of the patterns; if none are given, INSERT is added to the present ones."""
    if have.filters_hidden or sorted(map(_canonical, have.filters)) == sorted(map(_canonical, want)):
        return
    yield Change(
        field="mapping.filters",
        have=" or ".join(have.filters) or "none",
        want=" or ".join(want),
        replaces=is_explicit and bool(have.filters),
    )


def _destination(want: Trigger, have: MappingState) -> str | None:
    """The wanted destination; ``create`` is equal to the present one if that is the queue of this name."""
    wanted = want.mapping.on_failure
    is_own = (have.on_failure or "").endswith(f":{want.failure_queue}")
    return have.on_failure if wanted == "create" and is_own else wanted


def _canonical(pattern: str) -> str:
    try:
        return json.dumps(json.loads(pattern), sort_keys=True)
    except ValueError:
        return pattern


def format_value(value: object) -> str:
    """A setting's value as plans show it."""
    match value:
        case None | ():
            return "none"
        case True:
            return "yes"
        case False:
            return "no"
        case tuple():
            return ", ".join(map(str, value))
        case _:
            return str(value)
