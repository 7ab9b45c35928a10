"""The published JSON Schema of `verify --output json`, derived from the types in `document`.

Objects allow additional keys: later versions may add some, so a reader must accept unknown keys.
"""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import (
    Annotated,
    Any,
    Final,
    NotRequired,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from annotated_types import DocInfo, Ge

from ddbinsert.core.proof.verdict import Result
from ddbinsert.errors import ExitCode
from ddbinsert.render.machine import SCHEMA
from ddbinsert.render.verdict import document

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_CODES: Final = {
    Result.PASS: ExitCode.OK,
    Result.FAIL: ExitCode.NO,
    Result.INCONCLUSIVE: ExitCode.INCONCLUSIVE,
}
#: The exit code of a bug in ddbinsert.
_BUG: Final = 70
#: Types that other types refer to by name.
_NAMED: Final[Mapping[type, str]] = {
    document.Verdict: "verdict",
    document.Finding: "finding",
    document.Evidence: "evidence",
    document.Item: "item",
    document.Every: "every",
    document.Judged: "judged",
    document.Cleaned: "cleaned",
    document.Problems: "problems",
    document.Failure: "failure",
}
_SIMPLE: Final[Mapping[object, str]] = {str: "string", bool: "boolean", int: "integer", float: "number"}

_Schema = dict[str, Any]


def schema() -> _Schema:
    """JSON Schema (2020-12) of the envelope, with verify's ``data`` as ``#/$defs/verdict``."""
    return {
        "$schema": DIALECT,
        "$id": "urn:ddbinsert:schema:1:verify",
        "title": "The result of `ddbinsert verify --output json`",
        **_envelope(),
        "$defs": {
            **{name: _object(shape) for shape, name in _NAMED.items()},
            "schema": {
                "type": "object",
                "description": "The data of `verify --schema`: this document.",
                "required": ["$schema"],
                "properties": {"$schema": {"const": DIALECT}},
            },
        },
    }


def _envelope() -> _Schema:
    answers = [{"$ref": f"#/$defs/{name}"} for name in ("verdict", "every", "cleaned", "problems", "schema")]
    properties = {
        "schema": {"const": SCHEMA},
        "command": {"type": "string"},
        "ok": {"type": "boolean", "description": "True for exit code 0 only."},
        "exit_code": {"enum": [*map(int, ExitCode), _BUG], "description": f"{_BUG} is a bug in ddbinsert."},
        "data": {
            "description": "The result; null if there is none.",
            "anyOf": [*answers, {"type": "null"}],
        },
        "errors": of(Sequence[document.Failure]),
        "warnings": of(Sequence[str]),
    }
    advice = {**of(Sequence[document.Advised]), "description": "What to do about the warnings."}
    return {
        "type": "object",
        "description": "The envelope of every command's result.",
        "required": list(properties),
        "properties": {**properties, "advice": advice},
        "allOf": [
            {
                "if": {"properties": {"exit_code": {"const": 0}}},
                "then": {"properties": {"ok": {"const": True}}},
                "else": {"properties": {"ok": {"const": False}}},
            },
            *(_exits(result, code) for result, code in _CODES.items()),
        ],
    }


def _exits(result: Result, code: ExitCode) -> _Schema:
    """Each verdict has one exit code."""
    has = {"type": "object", "required": ["verdict"], "properties": {"verdict": {"const": result.value}}}
    return {
        "if": {"properties": {"data": has}},
        "then": {"properties": {"exit_code": {"const": int(code)}}},
    }


# --- from types to schemas --------------------------------------------------------------------------------


def of(annotation: Any) -> _Schema:
    """The JSON Schema of an annotated type.

    Raises:
        TypeError: No rule covers the type.
    """
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _annotated(arguments[0], arguments[1:])
    if origin is NotRequired:
        return of(arguments[0])
    if origin in (Union, types.UnionType):
        return _union(arguments)
    if origin is Sequence:
        return {"type": "array", "items": of(arguments[0])}
    if origin is Mapping:
        return {"type": "object"}
    return _plain(annotation)


def _plain(annotation: Any) -> _Schema:
    if annotation is type(None):
        return {"type": "null"}
    if annotation in _SIMPLE:
        return {"type": _SIMPLE[annotation]}
    if annotation in _NAMED:
        return {"$ref": f"#/$defs/{_NAMED[annotation]}"}
    if is_typeddict(annotation):
        return _object(annotation)
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return {"enum": [member.value for member in annotation]}
    raise TypeError(f"No JSON Schema for {annotation!r}.")


def _union(members: Sequence[Any]) -> _Schema:
    """Alternatives; an enumeration with null stays one enumeration."""
    found = [of(member) for member in members]
    if len(found) == 2 and "enum" in found[0] and found[1] == {"type": "null"}:
        return {"enum": [*found[0]["enum"], None]}
    return {"anyOf": found}


def _annotated(inner: Any, facts: Sequence[object]) -> _Schema:
    shape = next((fact for fact in facts if is_typeddict(fact)), None)
    found = of(inner) if shape is None else _narrowed(inner, shape)
    texts = []
    for fact in facts:
        match fact:
            case Ge(ge=lowest):
                found["minimum"] = lowest
            case document.TextPattern(pattern=pattern):
                found["pattern"] = pattern
            case document.OneOfTexts(options=options):
                found = {"enum": list(options)}
            case DocInfo(documentation=text):
                texts.append(text)
            case _:
                pass
    # The type's own description (its unit) comes last.
    texts.reverse()
    return {**found, "description": " ".join(texts)} if texts else found


def _narrowed(inner: Any, shape: Any) -> _Schema:
    """A mapping whose keys a typed dictionary describes, or null if that is possible."""
    return {"anyOf": [_object(shape), {"type": "null"}]} if type(None) in get_args(inner) else _object(shape)


def _object(shape: Any) -> _Schema:
    hints = get_type_hints(shape, include_extras=True)
    return {
        "type": "object",
        "description": str(shape.__doc__),
        "required": [name for name, hint in hints.items() if get_origin(hint) is not NotRequired],
        "properties": {name: of(hint) for name, hint in hints.items()},
    }
