"""The JSON Schema (2020-12) of ddbinsert.yaml, for editors and other tools."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

from ddbinsert.config import keys
from ddbinsert.config.keys import Key, Section
from ddbinsert.config.layers import EXTENSION
from ddbinsert.config.names import DEFAULTS, TRIGGERS
from ddbinsert.config.triggers import NAME
from ddbinsert.config.value_types import Boolean, Choice, Kind, ListOf, MapOf, Nothing, OneOf, Text, Whole

#: The key that the command line may give instead.
_TABLE: Final = "table"
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """The JSON Schema of the whole file; rules that involve several keys are checked only by `load`."""
    root = _section(keys.document())
    return {
        "$schema": DIALECT,
        "title": "ddbinsert.yaml",
        **root,
        "properties": {**root["properties"], **_several()},
        "patternProperties": {f"^{EXTENSION}": {"description": "Holds anchors for the rest of the file."}},
        "dependentSchemas": {
            TRIGGERS: {"properties": dict.fromkeys(keys.trigger().members, False), "anyOf": _with_tables()},
            DEFAULTS: {"required": [TRIGGERS]},
        },
        "$defs": {"trigger": _section(keys.trigger())},
    }


def _with_tables() -> list[dict[str, Any]]:
    """The rule that every trigger has a table: its own, or that of the defaults."""
    own = {"type": "object", "required": ["table"]}
    return [
        {"properties": {TRIGGERS: {"additionalProperties": own}}},
        {"properties": {DEFAULTS: own}, "required": [DEFAULTS]},
    ]


def _several() -> dict[str, Any]:
    """The keys of a file with several triggers."""
    settings = {"$ref": "#/$defs/trigger"}
    return {
        DEFAULTS: {"description": "Settings that all triggers share.", **settings},
        TRIGGERS: {
            "description": "Settings of several triggers, by name. They override the defaults.",
            "type": "object",
            "minProperties": 1,
            "propertyNames": {"pattern": f"^(?:{NAME})$"},
            "additionalProperties": settings,
        },
    }


def _section(section: Section) -> dict[str, Any]:
    properties = {}
    for name, member in section.members.items():
        properties[name] = _key(member) if isinstance(member, Key) else _section(member)
    return {
        "description": section.description,
        "type": ["object", "null"],
        "properties": properties,
        "additionalProperties": False,
    }


def _key(key: Key) -> dict[str, Any]:
    described = {"description": key.description, **_clearable(key)}
    default = default_as_written(key)
    return described if default is None and not takes_null(key.kind) else {**described, "default": default}


def _clearable(key: Key) -> dict[str, Any]:
    """The schema of a key; it also allows null if that clears the setting, or leaves the table to the command line."""
    from ddbinsert.config.clearing import CLEARABLE

    kind = _kind(key.kind)
    if (
        (key.path not in CLEARABLE and key.path != _TABLE)
        or takes_null(key.kind)
        or isinstance(key.kind, ListOf | MapOf)
    ):
        return kind
    return {"anyOf": [kind, {"type": "null"}]}


def default_as_written(key: Key) -> object:
    """A key's default, as it is written in the file."""
    return as_written(key.default, key.kind)


def as_written(value: object, kind: Kind) -> object:
    """A value of this kind, as it is written in the file."""
    match value:
        case None:
            return _word_for_null(kind)
        case Enum():
            return value.value
        case tuple():
            return list(value)
        case Mapping():
            return dict(value)
        case _:
            return value


def _word_for_null(kind: Kind) -> str | None:
    kinds = kind.kinds if isinstance(kind, OneOf) else (kind,)
    return next((inner.word for inner in kinds if isinstance(inner, Nothing)), None)


def takes_null(kind: Kind) -> bool:
    """Whether null is a valid value of the kind."""
    return isinstance(kind, OneOf) and any(isinstance(inner, Nothing) for inner in kind.kinds)


def _kind(kind: Kind) -> dict[str, Any]:
    match kind:
        case Text(is_json=True):
            return {"anyOf": [{"type": "string", **_lengths(kind)}, {"type": "object"}]}
        case Text():
            return {"type": "string", **_lengths(kind), **_pattern(kind)}
        case Whole():
            limits = {"minimum": kind.lowest, "maximum": kind.highest}
            return {"type": "integer", **{name: value for name, value in limits.items() if value is not None}}
        case Boolean():
            return {"type": "boolean"}
        case Choice():
            return {"enum": list(kind.options)}
        case Nothing():
            return {"enum": [None, kind.word]} if kind.word else {"type": "null"}
        case OneOf():
            return {"anyOf": [_kind(inner) for inner in kind.kinds]}
        case ListOf():
            limit = {} if kind.longest is None else {"maxItems": kind.longest}
            return {"type": ["array", "null"], "items": _kind(kind.item), **limit}
        case MapOf():
            limit = {} if kind.longest is None else {"maxProperties": kind.longest}
            names, values = _kind(kind.key), _kind(kind.value)
            return {
                "type": ["object", "null"],
                "propertyNames": names,
                "additionalProperties": {"anyOf": [values, {"type": "null"}]},
                **limit,
            }


def _lengths(kind: Text) -> dict[str, Any]:
    shortest = {"minLength": kind.shortest} if kind.shortest else {}
    return shortest if kind.longest is None else {**shortest, "maxLength": kind.longest}


def _pattern(kind: Text) -> dict[str, Any]:
    """The first pattern; no key has two."""
    return {"pattern": f"^(?:{kind.matches[0].pattern})$"} if kind.matches else {}
