"""Items inside documents that the AWS CLI prints or reads: read results, write requests, stream records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ddbinsert.core.items.convert import ItemError

_READ: Final = frozenset(
    ("Count", "ScannedCount", "LastEvaluatedKey", "ConsumedCapacity", "NextToken", "ResponseMetadata")
)
_WRITE: Final = frozenset(
    (
        "TableName",
        "ConditionExpression",
        "ConditionalOperator",
        "Expected",
        "ExpressionAttributeNames",
        "ExpressionAttributeValues",
        "ReturnConsumedCapacity",
        "ReturnItemCollectionMetrics",
        "ReturnValues",
        "ReturnValuesOnConditionCheckFailure",
    )
)
_BATCH: Final = frozenset(
    ("RequestItems", "Responses", "UnprocessedKeys", "UnprocessedItems", "TransactItems")
)
_AROUND: Final = _READ | _WRITE | frozenset(("ClientRequestToken", "NextShardIterator", "MillisBehindLatest"))
_NO_PUT: Final = {
    "DeleteRequest": "a delete",
    "Delete": "a delete",
    "Update": "an update",
    "ConditionCheck": "a condition check",
}


def enclosed(document: object) -> list[object]:
    """The items in a document, or the document itself if it is an item.

    Supported documents: output of ``scan``, ``query``, ``get-item``, ``batch-get-item`` and
    ``transact-get-items``, input of ``put-item``, ``batch-write-item`` and ``transact-write-items``, the
    ``Item`` of a table's export, Lambda events, output of ``get-records``, and single requests and records of
    these.

    Raises:
        ItemError: A part of it is not an item to insert (a delete, a record without an image).
    """
    if not isinstance(document, Mapping):
        return [document]
    names = set(document)
    if isinstance(document.get("Item"), Mapping) and names - {"Item"} <= _AROUND:
        return [document["Item"]]
    if _is_list(document.get("Items")) and names - {"Items"} <= _AROUND:
        return list(document["Items"])
    if names & _BATCH and names <= _BATCH | _AROUND:
        return [
            item
            for name in ("RequestItems", "TransactItems", "Responses")
            for item in _several(document.get(name))
        ]
    if _is_list(document.get("Records")) and names - {"Records"} <= _AROUND:
        return [item for record in document["Records"] for item in _of_record(record)]
    if isinstance(document.get("dynamodb"), Mapping) and ("eventName" in names or "eventID" in names):
        return _of_record(document)
    if names and all(_is_request_list(value) for value in document.values()):  # the value of --request-items
        return _several(document)
    return _of_request(document) if _is_request(document) else [document]


def _several(part: Any) -> list[object]:
    """The items in requests or results, given by table or as a list."""
    if part is None:
        return []
    if isinstance(part, Mapping):
        return [item for entries in part.values() for item in _several(entries)]
    if not isinstance(part, list):
        raise ItemError("requests are a list, or a list for each table")
    return [item for entry in part for item in _of_request(entry)]


def _is_request_list(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(_is_request(entry) for entry in value)


def _is_request(entry: object) -> bool:
    if not isinstance(entry, Mapping) or len(entry) != 1:
        return False
    ((name, content),) = entry.items()
    if name in ("PutRequest", "Put"):
        return isinstance(content, Mapping) and isinstance(content.get("Item"), Mapping)
    return name in _NO_PUT and isinstance(content, Mapping) and bool(content.keys() & {"Key", "TableName"})


def _of_request(entry: object) -> list[object]:
    if not _is_request(entry):
        return enclosed(entry) if isinstance(entry, Mapping) else [entry]
    assert isinstance(entry, Mapping)  # noqa: S101 - for the type checker
    ((name, content),) = entry.items()
    if name in _NO_PUT:
        raise ItemError(f"{name} is {_NO_PUT[name]}, not an item to insert")
    return [content["Item"]]


def _of_record(record: object) -> list[object]:
    change = record.get("dynamodb") if isinstance(record, Mapping) else None
    if not isinstance(record, Mapping) or not isinstance(change, Mapping):
        raise ItemError("a record has eventName and dynamodb")
    if record.get("eventName") == "REMOVE":
        return []
    image = change.get("NewImage")
    if not isinstance(image, Mapping):
        raise ItemError("the record has no NewImage (the stream's view type does not include it)")
    return [image]


def _is_list(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(entry, Mapping) for entry in value)
