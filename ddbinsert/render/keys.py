"""An item's key in readable form: ``{"id":"a","n":5}``."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def key_words(keys: Mapping[str, Any] | None) -> str:
    """A key in DynamoDB JSON as plain JSON on one line; binary values as ``b64:…``."""
    if not keys:
        return "{}"
    parts = [f"{json.dumps(name, ensure_ascii=False)}:{_value(value)}" for name, value in keys.items()]
    return "{" + ",".join(parts) + "}"


def _value(value: object) -> str:
    if not isinstance(value, dict) or len(value) != 1:
        return "?"
    ((letter, content),) = value.items()
    if isinstance(content, (bytes, bytearray)):
        content = base64.b64encode(content).decode("ascii")
    if letter == "N":
        return str(content)
    return json.dumps(f"b64:{content}" if letter == "B" else str(content), ensure_ascii=False)
