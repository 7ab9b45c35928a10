"""Items inside documents that the AWS CLI prints or reads: read results, write requests, stream records."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from ddbinsert.core.items.convert import ItemError, is_typed_item

_READ: Final = frozenset(
    (
        "Count",
        "ItemCollectionMetrics",
        "ScannedCount",
        "LastEvaluatedKey",
        "ConsumedCapacity",
        "NextToken",
        "ResponseMetadata",
    )
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
#: The fields of a line of an incremental export.
_EXPORTED: Final = frozenset(("Metadata", "NewImage", "OldImage"))
_PARTIQL: Final = frozenset(
    ("Statement", "Parameters", "ConsistentRead", "Limit", "ReturnValuesOnConditionCheckFailure")
)
_AROUND: Final = _READ | _WRITE | frozenset(("ClientRequestToken", "NextShardIterator", "MillisBehindLatest"))
#: Requests for one key.
_ONE_KEY: Final = frozenset(
    (
        "AttributesToGet",
        "AttributeUpdates",
        "ConsistentRead",
        "Key",
        "ProjectionExpression",
        "UpdateExpression",
    )
)
_STATEMENT: Final = re.compile(r"\s*(?:INSERT|UPDATE|DELETE|SELECT|EXISTS)\b", re.IGNORECASE)
_NO_PUT: Final = {
    "DeleteRequest": "a delete",
    "Delete": "a delete",
    "Update": "an update",
    "ConditionCheck": "a condition check",
}


def enclosed(document: object) -> list[object]:
    """The items in a document, or the document itself if it is an item.

    Supported documents: output of ``scan``, ``query``, ``get-item``, ``batch-get-item``, ``transact-get-items``,
    ``put-item``, ``update-item`` and PartiQL, input of ``put-item``, ``batch-write-item`` and
    ``transact-write-items``, the lines of a table's full or incremental export, Lambda and EventBridge events, output
    of ``get-records``, models of NoSQL Workbench, and single requests and records of these.

    Raises:
        ItemError: It, or a part of it, is not an item to insert (a delete, a record without an image, a statement).
    """
    if not isinstance(document, Mapping):
        return [document]
    names = set(document)
    if other := _other_document(document):
        raise ItemError(f"this is {other}, not an item")
    for find in (_in_an_answer, _in_batches, _in_an_export, _in_records):
        found = find(document, names)
        if found is not None:
            return found
    if names and all(_is_request_list(value) for value in document.values()):  # the value of --request-items
        return _several(document)
    return _of_request(document) if _is_request(document) else [document]


def _in_an_answer(document: Mapping[Any, Any], names: set[Any]) -> list[object] | None:
    """The items of an answer or a request with the item under its own name; None for other documents."""
    if isinstance(document.get("Item"), Mapping) and names - {"Item"} <= _AROUND:
        return [document["Item"]]
    if is_typed_item(document.get("Attributes")) and names - {"Attributes"} <= _AROUND:
        return [document["Attributes"]]
    if _is_list(document.get("Items")) and names - {"Items"} <= _AROUND:
        return list(document["Items"])
    return None


def _in_batches(document: Mapping[Any, Any], names: set[Any]) -> list[object] | None:
    """The items of batches and transactions; results without an item are left out."""
    if not (names & _BATCH and names <= _BATCH | _AROUND):
        return None
    results = [item for item in _several(document.get("Responses")) if not _has_no_item(item)]
    requests = (document.get(name) for name in ("RequestItems", "TransactItems", "UnprocessedItems"))
    return [*(item for part in requests for item in _several(part)), *results]


def _in_an_export(document: Mapping[Any, Any], names: set[Any]) -> list[object] | None:
    """The items of a line of an incremental export, which has none for a deleted item, and of a model with data."""
    if isinstance(document.get("Keys"), Mapping) and names & _EXPORTED and names - {"Keys"} <= _EXPORTED:
        image = document.get("NewImage")
        return [image] if isinstance(image, Mapping) else []
    if _is_list(document.get("DataModel")) and "ModelName" in names:
        return [item for table in document["DataModel"] for item in table.get("TableData", ())]
    return None


def _in_records(document: Mapping[Any, Any], names: set[Any]) -> list[object] | None:
    """The items of stream records, in events of Lambda and EventBridge, and alone."""
    if isinstance(document.get("detail"), Mapping) and "detail-type" in names:
        return _of_record(document["detail"])
    if _is_list(document.get("Records")) and names - {"Records"} <= _AROUND:
        return [item for record in document["Records"] for item in _of_record(record)]
    if isinstance(document.get("dynamodb"), Mapping) and ("eventName" in names or "eventID" in names):
        return _of_record(document)
    return None


def _other_document(document: Mapping[Any, Any]) -> str | None:
    """What a document of DynamoDB is that is not an item, and has none; None for other documents."""
    names = set(document)
    if isinstance(document.get("Key"), Mapping) and "TableName" in names and names <= _ONE_KEY | _WRITE:
        return "a request for one key"
    if names <= _PARTIQL and _STATEMENT.match(str(document.get("Statement", ""))):
        return "a PartiQL statement"
    if {"itemCount", "dataFileS3Key"} <= names:
        return "the manifest of an export, which names the files with the items"
    if {"exportArn", "tableArn"} <= names:
        return "the summary of an export"
    if isinstance(document.get("DDBStreamBatchInfo"), Mapping):
        return "a message about discarded records, which has none of them"
    described = document.get("Table", document.get("TableDescription"))
    if len(names) == 1 and isinstance(described, Mapping) and "TableName" in described:
        return "the description of a table"
    return None


def _has_no_item(entry: object) -> bool:
    """Whether a result says that there is no item, or that a statement failed."""
    return isinstance(entry, Mapping) and set(entry) <= {"TableName", "Error"}


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
