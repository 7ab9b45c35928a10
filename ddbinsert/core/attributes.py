"""DynamoDB attribute values, ``{TYPE: CONTENT}``, in the forms of the SDK and of JSON."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def as_json(value: Mapping[str, Any]) -> dict[str, Any]:
    """An attribute in JSON's form, with bytes as base64; anything else is returned unchanged."""
    if len(value) != 1:
        return dict(value)
    ((letter, content),) = value.items()
    match letter:
        case "B":
            return {"B": _base64(content)}
        case "BS":
            return {"BS": [_base64(one) for one in content]}
        case "M":
            return {"M": {name: as_json(inner) for name, inner in content.items()}}
        case "L":
            return {"L": [as_json(inner) for inner in content]}
        case _:
            return value if isinstance(value, dict) else {letter: content}


def _base64(content: bytes | str) -> str:
    return content if isinstance(content, str) else base64.b64encode(content).decode("ascii")


def same_value(shown: object, wanted: Mapping[str, Any]) -> bool:
    """Whether a value in DynamoDB JSON (B as base64 or bytes) is the wanted one, or was left out."""
    if not isinstance(shown, dict):
        return True
    ((letter, content),) = wanted.items()
    given = shown.get(letter)
    if isinstance(content, bytes) and isinstance(given, str):
        return given in (base64.b64encode(content).decode(), content.decode("latin-1"))
    if letter == "N" and isinstance(given, str) and given != content:
        return given.isdecimal() and int(given) == int(content)
    return given is None or given == content
