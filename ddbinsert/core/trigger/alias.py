"""The alias that a mapping invokes: when a version has to be published, and which function a mapping is to invoke."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ddbinsert.core.arn import arn_parts
from ddbinsert.core.model.wanted import ALIAS_TAG
from ddbinsert.core.trigger.function_settings import FUNCTION_SETTINGS
from ddbinsert.core.trigger.refusals import not_ours
from ddbinsert.core.trigger.steps import (
    AdoptFunction,
    Change,
    CreateFunction,
    PublishVersion,
    UpdateFunctionCode,
    UpdateFunctionSettings,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ddbinsert.core.model.alias import AliasState
    from ddbinsert.core.model.seen import FunctionState, MappingState, World
    from ddbinsert.core.model.wanted import Trigger
    from ddbinsert.core.trigger.steps import Step

#: The version of a function that every change reaches at once: what an alias should not point to.
UNPUBLISHED: Final = "$LATEST"
#: The configuration key; also the label in plans.
ALIAS: Final = "function.alias"


def alias_of(mapping: MappingState) -> str | None:
    """The alias that a mapping invokes; None if it invokes the function itself, or a version by its number."""
    qualifier = arn_parts(mapping.function_arn).qualifier
    return None if not qualifier or qualifier.isdecimal() else qualifier


def mapped_function(trigger: Trigger) -> str:
    """What the mapping invokes, as Lambda's requests name it: the function, or its alias."""
    alias = trigger.function.alias
    return trigger.function_name if alias is None else f"{trigger.function_name}:{alias}"


def with_alias(world: World, alias: AliasState) -> World:
    """The world with this alias, which the function's tag names."""
    function = world.function
    tagged = function and replace(function, tags={**function.tags, ALIAS_TAG: alias.name})
    return replace(world, alias=alias, function=tagged)


def is_current(have: World) -> bool:
    """Whether the alias points to a published version that is as the function is now."""
    alias, function = have.alias, have.function
    if alias is None or alias.version == UNPUBLISHED:
        return False
    version = alias.function
    return version is not None and function is not None and _image(version) == _image(function)


def _image(function: FunctionState) -> tuple[object, ...]:
    settings = tuple(each.present(function) for each in FUNCTION_SETTINGS)
    return (function.code_sha256, function.role_arn, function.architecture, *settings)


def alias_steps(want: Trigger, have: World, steps: Sequence[Step], *, adopt: bool) -> Iterator[Step]:
    """Publish a version and move the alias, if the function is changed or the alias is not as wanted.

    Args:
        want: The effective trigger.
        steps: The steps of the function before it.
        adopt: A function of others may be adopted.

    Raises:
        Refused: The function is not ddbinsert's, and is not adopted in this run.
    """
    name, function = want.function.alias, have.function
    if name is None:
        return
    changing = (CreateFunction, UpdateFunctionCode, UpdateFunctionSettings)
    changes = any(isinstance(step, changing) for step in steps)
    live = have.live_mapping
    is_left = function is None and live is not None and live.is_ours  # its function was deleted
    is_tagged = is_left or (function is not None and function.tags.get(ALIAS_TAG) == name)
    if function is not None and not changes and is_current(have) and (is_tagged or not function.is_ours):
        return
    if ALIAS not in want.explicit and not (changes and is_tagged):
        return  # the alias of others, or nothing that it could miss
    adopted = any(isinstance(step, AdoptFunction) for step in steps)
    now = "" if have.alias is None else have.alias.version
    if function is not None and not function.is_ours and not adopted and adopt:
        yield AdoptFunction(name=function.name)
    elif function is not None and not function.is_ours and not adopted:
        change = Change(field=ALIAS, have=f"version {now}" if now else "none", want=f"{name}, a new version")
        raise not_ours(f"Function {function.name}", (change,), want)
    yield PublishVersion(function=want.function_name, alias=name, have=now)


def target_changes(want: Trigger, have: MappingState) -> Iterator[Change]:
    """The change of what the mapping invokes, if an alias is given, or cleared."""
    if ALIAS not in want.explicit:
        return
    present = arn_parts(have.function_arn).qualifier
    wanted = want.function.alias or ""
    if present != wanted:
        yield Change(field=ALIAS, have=present or "none", want=wanted or "none", replaces=bool(present))
