"""Items in DynamoDB JSON: the same content spelled the same way."""

from __future__ import annotations

import base64
import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

#: An item or a key in DynamoDB JSON as boto3 takes it: B as bytes, sets as lists.
Item = dict[str, dict[str, Any]]


def canonical(item: Mapping[str, Any]) -> str:
    """A text that is equal for items that DynamoDB holds to be equal: 1.0 is 1, and sets have no order."""
    return json.dumps({name: _canonical(value) for name, value in item.items()}, sort_keys=True)


def _canonical(value: Mapping[str, Any]) -> Any:
    ((letter, content),) = value.items()
    match letter:
        case "N":
            return [letter, _numeral(content)]
        case "B":
            return [letter, _base64(content)]
        case "NS":
            return [letter, sorted(_numeral(member) for member in content)]
        case "BS":
            return [letter, sorted(_base64(member) for member in content)]
        case "SS":
            return [letter, sorted(content)]
        case "L":
            return [letter, [_canonical(member) for member in content]]
        case "M":
            return [letter, {name: _canonical(member) for name, member in content.items()}]
        case _:
            return [letter, content]


def _numeral(text: str) -> str:
    number = Decimal(text)
    return format(number.normalize(), "f") if number else "0"


def _base64(content: Any) -> str:
    return base64.b64encode(bytes(content)).decode("ascii")
