"""What DynamoDB takes as an item: its size, its depth, and the sizes of its keys in the table and in each index.

Limits: docs/aws-facts.md#item-limits. UpdateItem is not checked: what it makes is known to the emulator alone.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

from .arns import table_name
from .wire import Answer, Call, Forward, Handler, JsonObject, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from .context import Context

#: docs/aws-facts.md#number-text
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
LARGEST = 400 * 1024
DEEPEST = 32
_LONGEST = {"HASH": 2048, "RANGE": 1024}
#: Attributes up to here fit every key.
_ALWAYS_FITS = min(_LONGEST.values())


def size_of(attribute: Mapping[str, Any]) -> int:
    """Bytes of a value, as DynamoDB counts them for an item's size."""
    ((kind, value),) = attribute.items()
    match kind:
        case "S":
            return len(value.encode())
        case "B":
            return len(base64.b64decode(value))
        case "N":
            return _digits(value)
        case "SS":
            return sum(len(one.encode()) for one in value)
        case "BS":
            return sum(len(base64.b64decode(one)) for one in value)
        case "NS":
            return sum(map(_digits, value))
        case "L":
            return 3 + sum(1 + size_of(one) for one in value)
        case "M":
            return 3 + sum(1 + len(name.encode()) + size_of(one) for name, one in value.items())
        case _:
            return 1


def item_size(item: Mapping[str, Any]) -> int:
    return sum(len(name.encode()) + size_of(one) for name, one in item.items())


def _numbers_in(attributes: Iterable[JsonObject]) -> Iterator[str]:
    """The texts of all numbers, those in sets, lists and maps included."""
    for attribute in attributes:
        ((kind, value),) = attribute.items()
        match kind:
            case "N":
                yield value
            case "NS":
                yield from value
            case "L":
                yield from _numbers_in(value)
            case "M":
                yield from _numbers_in(value.values())


def _digits(number: str) -> int:
    significant = number.lower().partition("e")[0].replace(".", "").lstrip("-+").strip("0")
    return 1 + (len(significant) + 1) // 2


def depth_of(attribute: Mapping[str, Any]) -> int:
    """How many lists and maps lie in one another."""
    ((kind, value),) = attribute.items()
    inner = value.values() if kind == "M" else value if kind == "L" else None
    return 0 if inner is None else 1 + max(map(depth_of, inner), default=0)


class ItemLimits:
    """Refuses what is too large, too deep, or has a key that is too long or empty."""

    def __init__(self, context: Context) -> None:
        self._context = context

    @property
    def handlers(self) -> Mapping[str, Handler]:
        return dict.fromkeys(
            ("dynamodb:PutItem", "dynamodb:BatchWriteItem", "dynamodb:TransactWriteItems"), self._write
        )

    def close(self) -> None:
        """Nothing to end."""

    def _write(self, call: Call, forward: Forward) -> Answer:
        for table, item in _items(call.payload):
            self._check(call, table, item)
        return forward(call)

    def _check(self, call: Call, table: str, item: JsonObject) -> None:
        if item_size(item) > LARGEST:
            raise _refused("Item size has exceeded the maximum allowed size")
        for number in _numbers_in(item.values()):
            if not _NUMBER.fullmatch(number):
                raise _refused(
                    f"The parameter cannot be converted to a numeric value: {number}"
                    if number
                    else "An AttributeValue may not contain an empty string. An empty numeric value is not supported"
                )
        if any(depth_of(one) > DEEPEST for one in item.values()):
            raise _refused("Nesting Levels have exceeded supported limits")
        sizes = {
            name: size_of(one) for name, one in item.items() if not one.keys().isdisjoint(("S", "B", "N"))
        }
        if all(0 < size <= _ALWAYS_FITS for size in sizes.values()):
            return  # every key fits: there is no need to ask which attributes are keys
        described = self._context.upstream.json(
            "dynamodb", "DescribeTable", {"TableName": table}, call.access
        )["Table"]
        for part in described["KeySchema"]:
            _check_key(part, sizes)
        for index in described.get("GlobalSecondaryIndexes") or ():
            for part in index["KeySchema"]:
                _check_index_key(part, sizes, index["IndexName"])


def _check_key(part: JsonObject, sizes: Mapping[str, int]) -> None:
    name, most = part["AttributeName"], _LONGEST[part["KeyType"]]
    size = sizes.get(name, 1)
    if not size:
        raise _refused(
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
            f"empty string value. Key: {name}"
        )
    if size > most:
        which = (
            f"Size of hashkey has exceeded the maximum size limit of{most} bytes"
            if part["KeyType"] == "HASH"
            else f"Aggregated size of all range keys has exceeded the size limit of {most} bytes"
        )
        raise _refused(f"One or more parameter values were invalid: {which}")


def _check_index_key(part: JsonObject, sizes: Mapping[str, int], index: str) -> None:
    name, most = part["AttributeName"], _LONGEST[part["KeyType"]]
    size = sizes.get(name, 1)
    if not size:
        raise _refused(
            "One or more parameter values are not valid. A value specified for a secondary index key is not supported. "
            f"IndexName: {index}, IndexKey: {name}"
        )
    if size > most:
        raise _refused(
            f"One or more parameter values were invalid: Size limit exceeded for Index Key {name} "
            f"Actual Size: {size} bytes Max Size: {most} bytes IndexName: {index}"
        )


def _items(request: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    if "Item" in request:
        yield table_name(str(request["TableName"])), request["Item"]
    for table, writes in (request.get("RequestItems") or {}).items():
        yield from ((table_name(table), one["PutRequest"]["Item"]) for one in writes if "PutRequest" in one)
    for part in request.get("TransactItems") or ():
        if "Put" in part:
            yield table_name(part["Put"]["TableName"]), part["Put"]["Item"]


def _refused(message: str) -> Refusal:
    return Refusal("ValidationException", message)
