"""Whether DynamoDB can produce a record: the check that every example record must pass.

It checks a finished record and does not depend on how the record was assembled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ddbinsert.core.arn import parse_arn
from ddbinsert.core.filters.record.kinds import (
    ATTRIBUTE_KINDS,
    KEY_KINDS,
    RECORD_KINDS,
    SETS,
    has_image,
)
from ddbinsert.core.model.record import EventName, StreamView

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddbinsert.core.model.record import KeySchema

#: Maximum sizes in bytes of an item, a partition key's value and a sort key's value (DynamoDB's quotas).
LARGEST_ITEM: Final = 400 * 1024
_LARGEST_KEYS: Final = (1024, 2048)

_TOP: Final = {
    *("eventID", "eventName", "eventVersion", "eventSource", "awsRegion", "eventSourceARN", "dynamodb"),
}
_TTL: Final = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
_SCALARS: Final = ("ApproximateCreationDateTime", "SequenceNumber", "SizeBytes", "StreamViewType")


def is_genuine(record: Mapping[str, Any], key: KeySchema | None = None) -> bool:
    """Whether DynamoDB can have written this record to a stream of a table with this key."""
    fields = {name: value for name, value in record.items() if name not in ("dynamodb", "userIdentity")}
    change = record.get("dynamodb")
    if not isinstance(change, dict) or set(record) - {"userIdentity"} != _TOP:
        return False
    fields |= {f"dynamodb.{name}": change.get(name) for name in _SCALARS}
    if not all(RECORD_KINDS[path].allows(value) for path, value in fields.items()):
        return False
    event, view = EventName(record["eventName"]), StreamView(change["StreamViewType"])
    if "userIdentity" in record and (event is not EventName.REMOVE or record["userIdentity"] != _TTL):
        return False
    return _is_stream_arn(record) and _is_change(change, event, view, key)


def _is_stream_arn(record: Mapping[str, Any]) -> bool:
    arn = parse_arn(record["eventSourceARN"])
    return arn is not None and arn.service == "dynamodb" and arn.region == record["awsRegion"]


def _is_change(change: Mapping[str, Any], event: EventName, view: StreamView, key: KeySchema | None) -> bool:
    images = {name: change[name] for name in ("Keys", "NewImage", "OldImage") if name in change}
    expected = {name for name in ("Keys", "NewImage", "OldImage") if has_image(name, event, view)}
    if set(images) != expected or set(change) != {*expected, *_SCALARS}:
        return False
    keys = images["Keys"]
    if not all(map(_is_item, images.values())) or not _is_key(keys, key):
        return False
    if any(image.get(name) != value for image in images.values() for name, value in keys.items()):
        return False
    if len(images) == 3 and images["NewImage"] == images["OldImage"]:
        return False  # a write without a change creates no record
    return bool(change["SizeBytes"] == sum(map(item_size, images.values())))


def _is_key(keys: Mapping[str, Any], key: KeySchema | None) -> bool:
    types = {name: next(iter(value), "") for name, value in keys.items()}
    if not 1 <= len(keys) <= 2 or (key is not None and types != key.types):
        return False
    if not all(
        letter in KEY_KINDS and KEY_KINDS[letter].allows(keys[name][letter]) for name, letter in types.items()
    ):
        return False
    sizes = sorted(_value_size(value) for value in keys.values())
    return all(size <= most for size, most in zip(reversed(sizes), reversed(_LARGEST_KEYS), strict=False))


def _is_item(item: object) -> bool:
    if not isinstance(item, dict):
        return False
    return all(map(bool, item)) and all(map(_is_value, item.values())) and item_size(item) <= LARGEST_ITEM


def _is_value(value: object) -> bool:
    """Whether this is an AttributeValue, with one type key at every level."""
    if not isinstance(value, dict) or len(value) != 1:
        return False
    ((type_key, content),) = value.items()
    if type_key == "M":
        return isinstance(content, dict) and all(map(bool, content)) and all(map(_is_value, content.values()))
    if type_key == "L":
        return isinstance(content, list) and all(map(_is_value, content))
    kind = ATTRIBUTE_KINDS.get(type_key)
    if kind is None:
        return False
    if type_key in SETS:
        return isinstance(content, list) and bool(content) and all(map(kind.allows, content))
    return kind.allows(content)


def item_size(item: Mapping[str, Any]) -> int:
    """Bytes of an item as DynamoDB counts them: names and values in UTF-8."""
    return sum(
        len(name.encode("utf-8", "surrogatepass")) + _value_size(value) for name, value in item.items()
    )


def _value_size(value: Mapping[str, Any]) -> int:
    ((type_key, content),) = value.items()
    match type_key:
        case "M":
            return 3 + len(content) + item_size(content)
        case "L":
            return 3 + len(content) + sum(map(_value_size, content))
        case "SS" | "NS" | "BS":
            return sum(_leaf_size(type_key[0], one) for one in content)
        case _:
            return _leaf_size(type_key, content)


def _leaf_size(type_key: str, content: object) -> int:
    match type_key:
        case "N":
            digits = len(str(content).replace("-", "").replace(".", "").strip("0"))
            return (digits + 1) // 2 + 1 + str(content).startswith("-")
        case "B":
            text = str(content)
            return len(text) // 4 * 3 - text.count("=")
        case "S":
            return len(str(content).encode("utf-8", "surrogatepass"))
        case _:
            return 1
