"""Items: from DynamoDB JSON to plain JSON, by path, with parts redacted.

{"N": "1.10"}            1.10     the digits as DynamoDB has them: JSON's numbers know no precision
{"B": "AQI="}            "AQI="   base64
{"SS": …} {"NS": …}      [ … ]
{"NULL": true}           null
{"M": …} {"L": …}        their content, names sorted
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from datetime import datetime, timezone
from typing import Any

REDACTED = {"S": "***"}

# JSON's grammar for a number; a text that JSON could not carry as a number stays text.
_NUMERAL = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?\Z")
# Delete, JavaScript's line ends, what XML (so SQS and SNS) knows no character for, halves of a pair.
_ESCAPED = re.compile("[\x7f\u2028\u2029\ufffe\uffff\ud800-\udfff]")
_LONGEST_INTEGER = 2**63


class Numeral(str):
    """A number by its digits; written into JSON as it stands."""

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
    """JSON, without blanks, in UTF-8 where that is safe to send anywhere.

    Args:
        long_integers: False writes integers beyond 64 bits as text (EventBridge refuses them as numbers).
    """
    if isinstance(value, Numeral):
        is_long = re.fullmatch(r"-?\d+", value) and not -_LONGEST_INTEGER <= int(value) < _LONGEST_INTEGER
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
    """The attribute as the SDK takes it: binary values as bytes instead of base64."""
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
        elif "L" in found and part.isdecimal() and int(part) < len(found["L"]):
            found = found["L"][int(part)]
        else:
            return None
        if not isinstance(found, dict):
            return None
    return found


def redact(attributes: dict[str, Any] | None, paths: list[tuple[str, ...]]) -> dict[str, Any] | None:
    """A copy with what the paths name replaced by ``***``; ``*`` stands for every name or element."""
    if attributes is None or not paths:
        return attributes
    redacted: dict[str, Any] = {"M": attributes}
    for path in paths:
        redacted = _without(redacted, path)
    image: dict[str, Any] = redacted["M"]
    return image


def text_of(attribute: dict[str, Any] | None) -> str:
    """An attribute's value in running text: strings and numbers as they are, anything else as JSON."""
    if attribute is None:
        return ""
    value = plain(attribute)
    return str(value) if isinstance(value, str) else dumps(value)


def time_of(record: dict[str, Any]) -> str | None:
    """When the change was made: ``2024-11-01T12:00:00.000Z``."""
    milliseconds = milliseconds_of(record)
    if milliseconds is None:
        return None
    moment = datetime.fromtimestamp(milliseconds // 1000, timezone.utc)  # noqa: UP017 -- Python 3.10 lacks datetime.UTC
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03d}Z"


def milliseconds_of(record: dict[str, Any]) -> int | None:
    at = (record.get("dynamodb") or {}).get("ApproximateCreationDateTime")
    return int(at * 1000 + 0.5) if isinstance(at, (int, float)) and 0 < at < 2**33 else None


def table_of(record: dict[str, Any]) -> str:
    """The table's name, from the stream's ARN."""
    found = re.search(r":table/([^/]+)", str(record.get("eventSourceARN")))
    return found[1] if found else ""


def digest_of(record: dict[str, Any]) -> str:
    """64 hexadecimal digits that stand for the item: equal for the same key, of any type and length."""
    keys = plain_map((record.get("dynamodb") or {}).get("Keys"))
    return hashlib.sha256((table_of(record) + dumps(keys)).encode()).hexdigest()


def _number(text: str) -> str:
    return Numeral(text) if _NUMERAL.match(text) else text


def _quoted(text: str) -> str:
    written = json.dumps(str(text), ensure_ascii=False)
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", written)


def _without(attribute: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    if not path:
        return REDACTED
    part, rest = path[0], path[1:]
    if "M" in attribute:
        members = attribute["M"].items()
        return {"M": {name: _without(one, rest) if part in (name, "*") else one for name, one in members}}
    if "L" in attribute:
        elements = enumerate(attribute["L"])
        return {"L": [_without(one, rest) if part in (str(i), "*") else one for i, one in elements]}
    return attribute
