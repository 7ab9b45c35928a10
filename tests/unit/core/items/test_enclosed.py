"""What the AWS CLI prints and takes holds items; they are taken, not the envelope."""

from __future__ import annotations

import pytest

from ddbinsert.core.items.convert import ItemError
from ddbinsert.core.items.enclosed import enclosed

A, B = {"pk": {"S": "a"}}, {"pk": {"S": "b"}}
PUT_A, PUT_B = {"PutRequest": {"Item": A}}, {"PutRequest": {"Item": B}}


def _record(name: str, image: object = A) -> dict[str, object]:
    return {"eventID": "1", "eventName": name, "dynamodb": {"Keys": A, "NewImage": image}}


@pytest.mark.parametrize(
    ("document", "items"),
    [
        ({"Items": [A, B], "Count": 2, "ScannedCount": 2, "ConsumedCapacity": None}, [A, B]),
        ({"Items": [], "Count": 0, "ScannedCount": 0}, []),
        ({"Items": [{"pk": "a"}], "Count": 1}, [{"pk": "a"}]),
        ({"Item": A}, [A]),
        ({"Item": A, "ConsumedCapacity": {"TableName": "t"}}, [A]),
        ({"TableName": "t", "Item": A, "ConditionExpression": "x"}, [A]),
        ({"RequestItems": {"t": [PUT_A, PUT_B]}}, [A, B]),
        ({"t": [PUT_A, PUT_B], "u": [PUT_A]}, [A, B, A]),
        ({"Responses": {"t": [A, B]}, "UnprocessedKeys": {}}, [A, B]),
        ({"Responses": [{"Item": A}, {"Item": B}]}, [A, B]),
        ({"TransactItems": [{"Put": {"TableName": "t", "Item": A}}]}, [A]),
        ({"Put": {"TableName": "t", "Item": A}}, [A]),
        (PUT_A, [A]),
        ({"Records": [_record("INSERT"), _record("MODIFY", B), _record("REMOVE")]}, [A, B]),
        ({"Records": [], "NextShardIterator": "x"}, []),
        (_record("INSERT"), [A]),
        ({"Attributes": A, "ConsumedCapacity": {"TableName": "t"}}, [A]),
        ({"UnprocessedItems": {"t": [PUT_A]}}, [A]),
        ({"Responses": [{"TableName": "t", "Item": A}, {"TableName": "t", "Error": {"Code": "x"}}, {}]}, [A]),
        ({"Metadata": {"WriteTimestampMicros": {"N": "1"}}, "Keys": A, "OldImage": B, "NewImage": A}, [A]),
        ({"Metadata": {"WriteTimestampMicros": {"N": "1"}}, "Keys": A, "OldImage": A}, []),
        ({"version": "0", "detail-type": "x", "detail": _record("INSERT")}, [A]),
        (
            {"ModelName": "m", "DataModel": [{"TableName": "t", "TableData": [A, B]}, {"TableName": "u"}]},
            [A, B],
        ),
        # Items that merely have such a name.
        ({"pk": "a", "Items": [1, 2]}, None),
        ({"pk": "a", "Item": {"x": 1}}, None),
        ({"pk": "a", "Records": [{"x": 1}]}, None),
        ({"Items": "text"}, None),
        ({"Attributes": {"colour": "red"}}, None),
        ({"Keys": {"front": 1}}, None),
        ({"Key": "A", "TableName": "t", "id": 1}, None),
        ({"Statement": "of June"}, None),
        ({"Table": {"seats": 4}}, None),
        ({"detail": {"a": 1}}, None),
        ({"Put": 1}, None),
        ({"Put": {"Item": 1}}, None),
        ({"Delete": "x"}, None),
        ({"pk": [1], "list": []}, None),
        ({}, None),
        (7, None),
        (A, None),
    ],
)
def test_the_items_are_taken_and_an_item_stays_one(document: object, items: list[object] | None) -> None:
    assert enclosed(document) == ([document] if items is None else items)


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({"RequestItems": {"t": [{"DeleteRequest": {"Key": A}}]}}, "DeleteRequest is a delete"),
        ({"TransactItems": [{"Update": {"TableName": "t", "Key": A}}]}, "Update is an update"),
        ({"TransactItems": [{"ConditionCheck": {"TableName": "t", "Key": A}}]}, "a condition check"),
        ({"Delete": {"TableName": "t", "Key": A}}, "Delete is a delete"),
        ({"Records": [{"eventName": "INSERT", "dynamodb": {"Keys": A}}]}, "no NewImage"),
        ({"Records": [{"eventName": "INSERT"}]}, "eventName and dynamodb"),
        ({"RequestItems": {"t": 5}}, "a list"),
        ({"UnprocessedItems": {"t": [{"DeleteRequest": {"Key": A}}]}}, "DeleteRequest is a delete"),
        ({"TableName": "t", "Key": A, "UpdateExpression": "SET a = :a"}, "a request for one key"),
        ({"TableName": "t", "Key": A}, "a request for one key"),
        ({"Statement": "INSERT INTO t VALUE {'pk': ?}", "Parameters": [{"S": "a"}]}, "a PartiQL statement"),
        ({"itemCount": 2, "md5Checksum": "x", "dataFileS3Key": "k"}, "the manifest of an export"),
        ({"exportArn": "x", "tableArn": "y"}, "the summary of an export"),
        ({"requestContext": {}, "DDBStreamBatchInfo": {"shardId": "s"}}, "discarded records"),
        ({"Table": {"TableName": "t"}}, "the description of a table"),
    ],
)
def test_what_is_not_an_item_to_insert_is_refused(document: object, says: str) -> None:
    with pytest.raises(ItemError, match=says):
        enclosed(document)
