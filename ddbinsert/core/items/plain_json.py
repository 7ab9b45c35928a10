"""Converts DynamoDB JSON to plain JSON text, without losing a digit of a number."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")


def plain_item(item: Mapping[str, Any]) -> str:
    """Attributes in DynamoDB JSON as one plain JSON object; binary values are base64, sets are arrays."""
    return "{" + ", ".join(f"{json.dumps(name)}: {plain_value(value)}" for name, value in item.items()) + "}"


def plain_value(value: Mapping[str, Any]) -> str:
    """One attribute value as plain JSON text."""
    ((letter, content),) = value.items()
    match letter:
        case "N":
            return _number(content)
        case "NULL":
            return "null"
        case "M":
            return plain_item(content)
        case "L":
            return "[" + ", ".join(plain_value(one) for one in content) + "]"
        case "NS":
            return "[" + ", ".join(_number(one) for one in content) + "]"
        case "BOOL":
            return json.dumps(bool(content))
        case _:
            return json.dumps(content)


def _number(text: object) -> str:
    """The number as DynamoDB wrote it; a string if JSON has no such number."""
    numeral = str(text)
    return numeral if _NUMBER.fullmatch(numeral) else json.dumps(numeral)
