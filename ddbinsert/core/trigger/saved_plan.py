"""Saved plans: whether a saved plan is still the current one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ddbinsert.core.model.package import Package
    from ddbinsert.core.model.seen import World
    from ddbinsert.core.model.wanted import Trigger
    from ddbinsert.core.trigger.steps import Step

#: Rounds of PBKDF2: they make each guess at a variable's value in a plan file expensive.
_ROUNDS: Final = 100_000
_VARIABLES: Final = "function.environment"
_NONE: Final = "none"
_STEPS: Final = "steps"


def facts(trigger: Trigger, world: World, steps: Sequence[Step], code: Package | None) -> dict[str, str]:
    """The assumptions and the steps of a plan, by name: two plans with the same facts are the same plan.

    Values of environment variables are included as one derived key and cannot be recovered from it.

    Args:
        trigger: The trigger as it will be (`core.trigger.effective_settings`).
    """
    table, function, mapping = world.table, world.function, world.live_mapping
    found = {
        "account": world.account or _NONE,
        "region": world.region or _NONE,
        "table": table.arn if table else trigger.table,
        "stream": (table.stream_arn if table else None) or _NONE,
        "function": function.arn if function else _NONE,
        "event source mapping": mapping.uuid if mapping else _NONE,
        "code": code.sha256 if code else _NONE,
    }
    place = "\0".join((found["account"], found["region"], trigger.table, trigger.function_name))
    for key, value in _settings(trigger):
        found[key] = _derived(value, place) if key == _VARIABLES else _word(value)
    for key in sorted(trigger.explicit):
        found[f"{key} is given"] = "yes"
    for key in sorted(trigger.cleared):
        found[f"{key} is cleared"] = "yes"
    found[_STEPS] = hashlib.sha256("\0".join(map(repr, steps)).encode()).hexdigest()
    return found


def digest(found: Mapping[str, str]) -> str:
    """The digest that identifies a plan, in hexadecimal."""
    return hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()


def differences(then: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, ...]:
    """The differences from the saved plan, in words, without the steps, which follow from the others."""
    names = [key for key in dict.fromkeys((*then, *now)) if key != _STEPS and then.get(key) != now.get(key)]
    return tuple(_difference(key, then.get(key), now.get(key)) for key in names)


def _difference(key: str, then: str | None, now: str | None) -> str:
    if key.endswith((" is given", " is cleared")):
        return f"{key}, and was not" if now else f"{key.replace(' is ', ' was ')}, and is not"
    if key in (_VARIABLES, "code"):
        return f"{key} (another content)"
    return f"{key}: {then or _NONE} → {now or _NONE}"


def _settings(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    for field in fields(value):
        if not field.metadata.get("is_key", True):
            continue
        name = f"{path}{'view_type' if field.name == 'view' else field.name}"
        inner = getattr(value, field.name)
        if is_dataclass(inner):
            yield from _settings(inner, f"{name}.")
        elif name != "table":
            yield name, inner


def _word(value: object) -> str:
    match value:
        case None:
            return _NONE
        case Enum():
            return str(value.value)
        case str():
            return value
        case Mapping():
            return json.dumps(dict(value), sort_keys=True)
        case _:
            return json.dumps(value, default=str)


def _derived(variables: Mapping[str, str], place: str) -> str:
    """A key derived from the variables; ``place`` is the salt, so that the same plan has the same key."""
    if not variables:
        return _NONE
    text = json.dumps(dict(variables), sort_keys=True).encode()
    return hashlib.pbkdf2_hmac("sha256", text, place.encode(), _ROUNDS).hex()
