"""Items: from DynamoDB JSON to plain JSON, by path, with parts masked.

{"N": "1.10"}            1.10     DynamoDB's digits, unchanged (JSON does not limit the precision)
{"B": "AQI="}            "AQI="   base64
{"SS": …} {"NS": …}      [ … ]
{"NULL": true}           null
{"M": …} {"L": …}        their content, names sorted
"""

from __future__ import annotations

import base64
import json
import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    Mask = Callable[[dict[str, Any]], dict[str, Any]]

# JSON's grammar for a number; a number that JSON cannot represent stays text.
_NUMERAL = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?\Z")
# Delete, JavaScript's line ends, characters that XML (and so SQS and SNS) does not allow, lone surrogates.
_ESCAPED = re.compile("[\x7f\u2028\u2029\ufffe\uffff\ud800-\udfff]")
_LONGEST_INTEGER = 2**63
_TYPES = frozenset(("S", "N", "B", "BOOL", "NULL", "M", "L", "SS", "NS", "BS"))
_DIGITS = re.compile(r"[0-9]{1,9}")
_INDEX = re.compile(r"0|[1-9][0-9]*")


class Numeral(str):
    """A number as its digits, which are written to JSON unchanged."""

    __slots__ = ()


def plain(attribute: dict[str, Any]) -> Any:
    """The plain value of one attribute in DynamoDB JSON.

    Raises:
        ValueError: It is not DynamoDB JSON.
    """
    if not isinstance(attribute, dict) or len(attribute) != 1:
        raise ValueError("not an attribute in DynamoDB JSON")
    ((kind, value),) = attribute.items()
    if kind in ("S", "B", "BOOL"):
        return value
    if kind == "N":
        return _number(value)
    if kind == "NULL":
        return None
    if kind == "M":
        return {name: plain(value[name]) for name in sorted(value)}
    if kind == "L":
        return [plain(element) for element in value]
    if kind in ("SS", "BS"):
        return list(value)
    if kind == "NS":
        return [_number(element) for element in value]
    raise ValueError(f"unknown attribute type {kind!r}")


def plain_map(attributes: dict[str, Any] | None) -> dict[str, Any] | None:
    """The plain value of an image or a key; None for none."""
    return None if attributes is None else {name: plain(attributes[name]) for name in sorted(attributes)}


def dumps(value: Any, *, long_integers: bool = True) -> str:
    """JSON without blanks; characters that not every service accepts are escaped.

    Args:
        long_integers: False writes integers beyond 64 bits as text (EventBridge rejects them as numbers).
    """
    if isinstance(value, Numeral):
        is_long = re.fullmatch(r"-?[0-9]+", value) and not -_LONGEST_INTEGER <= int(value) < _LONGEST_INTEGER
        return _quoted(value) if is_long and not long_integers else str(value)
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, dict):
        fields = (
            _quoted(name) + ":" + dumps(one, long_integers=long_integers) for name, one in value.items()
        )
        return "{" + ",".join(fields) + "}"
    if isinstance(value, list):
        return "[" + ",".join(dumps(one, long_integers=long_integers) for one in value) + "]"
    return json.dumps(value)


def native(attribute: dict[str, Any]) -> dict[str, Any]:
    """The attribute in the SDK's form: binary values as bytes instead of base64."""
    ((kind, value),) = attribute.items()
    if kind == "B":
        return {"B": base64.b64decode(value)}
    if kind == "BS":
        return {"BS": [base64.b64decode(element) for element in value]}
    if kind == "M":
        return {"M": {name: native(inner) for name, inner in value.items()}}
    if kind == "L":
        return {"L": [native(element) for element in value]}
    return attribute


def lookup(attributes: dict[str, Any] | None, path: tuple[str, ...]) -> dict[str, Any] | None:
    """The attribute at a path through maps and lists, or None."""
    found: Any = {"M": attributes or {}}
    for part in path:
        if "M" in found:
            found = found["M"].get(part)
        elif "L" in found and _DIGITS.fullmatch(part) and int(part) < len(found["L"]):
            found = found["L"][int(part)]
        else:
            return None
        if not isinstance(found, dict):
            return None
    return found


def masked(attributes: dict[str, Any], path: tuple[str, ...], mask: Mask) -> dict[str, Any]:
    """A copy in which ``mask`` replaces the values at the path; ``*`` matches every name or element.

    If the path leads into a value without such parts (a text, a set, a list by name), the whole value is masked.
    """
    return {
        name: _masked(one, path[1:], mask) if path[0] in (name, "*") else one
        for name, one in attributes.items()
    }


def item_size(attributes: dict[str, Any]) -> int:
    """An upper estimate of an item's size in DynamoDB: names, values, a few bytes for each part."""
    return sum(len(name.encode()) + _size(one) for name, one in attributes.items())


def depth_of(attribute: Any) -> int:
    """The nesting depth of maps and lists: 0 for a plain value."""
    ((kind, value),) = attribute.items()
    inner = value.values() if kind == "M" else value if kind == "L" else None
    return 0 if inner is None else 1 + max(map(depth_of, inner), default=0)


def text_of(attribute: dict[str, Any] | None) -> str:
    """An attribute's value for use in a text: strings and numbers unchanged, other types as JSON."""
    if attribute is None:
        return ""
    value = plain(attribute)
    return str(value) if isinstance(value, str) else dumps(value)


def time_of(record: dict[str, Any]) -> str | None:
    """The time of the change: ``2024-11-01T12:00:00.000Z``."""
    milliseconds = milliseconds_of(record)
    if milliseconds is None:
        return None
    moment = datetime.fromtimestamp(milliseconds // 1000, timezone.utc)  # noqa: UP017 -- Python 3.10 lacks datetime.UTC
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03d}Z"


def milliseconds_of(record: dict[str, Any]) -> int | None:
    """Epoch milliseconds of the change; None if the record does not say."""
    at = (record.get("dynamodb") or {}).get("ApproximateCreationDateTime")
    return int(at * 1000 + 0.5) if isinstance(at, (int, float)) and 0 < at < 2**33 else None


def table_of(record: dict[str, Any]) -> str:
    """The table's name, from the stream's ARN; empty if there is none."""
    found = re.search(r":table/([^/]+)", str(record.get("eventSourceARN")))
    return found[1] if found else ""


def table_arn_of(record: dict[str, Any]) -> str:
    """The table's ARN, from the stream's."""
    return str(record.get("eventSourceARN") or "").partition("/stream/")[0]


def _number(text: str) -> str:
    return Numeral(text) if _NUMERAL.match(text) else text


def _quoted(text: str) -> str:
    written = json.dumps(str(text), ensure_ascii=False)
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", written)


def _masked(attribute: Any, path: tuple[str, ...], mask: Mask) -> Any:
    if not path or not isinstance(attribute, dict) or len(attribute) != 1:
        return mask(attribute)
    part = path[0]
    ((kind, value),) = attribute.items()
    if kind == "NULL":
        return attribute  # it has no content
    if kind == "M" and isinstance(value, dict) and (part in value or part not in _TYPES):
        return {"M": masked(value, path, mask)}
    if kind == "L" and isinstance(value, list) and (part == "*" or _INDEX.fullmatch(part)):
        elements = enumerate(value)
        return {"L": [_masked(one, path[1:], mask) if part in (str(i), "*") else one for i, one in elements]}
    return mask(attribute)


def _size(attribute: dict[str, Any]) -> int:
    ((kind, value),) = attribute.items()
    if kind == "S":
        return len(value.encode())
    if kind == "B":
        return _binary_size(value)
    if kind == "N":
        return min(21, len(value) // 2 + 2)
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + _size(one) for name, one in value.items())
    if kind == "L":
        return 3 + sum(1 + _size(one) for one in value)
    if kind in ("SS", "NS", "BS"):
        return 3 + sum(1 + _size({kind[0]: one}) for one in value)
    return 1


def _binary_size(value: str | bytes) -> int:
    return len(value) if isinstance(value, bytes) else len(value.encode()) * 3 // 4
