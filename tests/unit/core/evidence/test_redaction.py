"""What goes into a bundle of everybody else's data: nothing that says whose it is."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbinsert.core import receipt as receipts
from ddbinsert.core.evidence import redaction
from ddbinsert.core.items.run_key import key_of
from ddbinsert.core.model.record import KeyAttribute, KeySchema, KeyType
from tests.examples import examples

RUN = "0123456789ab"
SECRET = "kept-from-everybody"
KEY = KeySchema(partition=KeyAttribute(name="pk", type=KeyType.S))


def record_of(keys: dict[str, Any]) -> dict[str, Any]:
    return {
        "eventID": "e1",
        "eventName": "INSERT",
        "dynamodb": {
            "Keys": keys,
            "NewImage": {**keys, "note": {"S": SECRET}, "raw": {"B": b"\x00"}},
            "SequenceNumber": "100",
            "ApproximateCreationDateTime": 1.5,
        },
    }


def line_of(message: str) -> dict[str, Any]:
    return redaction.line(message, group="/g", stream="s", timestamp=1, ingested=None, event_id=None)


def test_a_test_items_record_is_kept_whole() -> None:
    found = redaction.record(record_of(key_of(KEY, RUN, 1)))
    assert found["dynamodb"]["NewImage"]["note"] == {"S": SECRET}
    assert found["dynamodb"]["NewImage"]["raw"] == {"B": "AA=="}
    assert "left_out" not in found


def test_of_another_record_only_what_identifies_it_is_kept() -> None:
    found = redaction.record(record_of({"pk": {"S": "jane@example.com"}}))
    assert found["eventID"] == "e1"
    assert found["dynamodb"] == {"SequenceNumber": "100", "ApproximateCreationDateTime": 1.5}
    assert found["left_out"] == ["Keys", "NewImage"]


@given(st.dictionaries(st.text(max_size=5), st.fixed_dictionaries({"S": st.text(min_size=8)}), max_size=3))
@examples(100)
def test_no_key_and_no_image_of_another_item_is_kept(keys: dict[str, Any]) -> None:
    given = record_of(keys)
    text = json.dumps(redaction.record(given))
    assert SECRET not in text
    assert "Keys" not in redaction.record(given)["dynamodb"]


def test_lines_that_show_a_test_item_and_those_of_lambda_are_kept_whole() -> None:
    for message in (
        f"saw ddbinsert:r{RUN}:000000001",
        "REPORT RequestId: 1\tDuration: 2 ms",
        "START RequestId: 1 Version: $LATEST",
        '{"type":"platform.report","record":{}}',
    ):
        assert line_of(message)["message"] == message


def test_a_receipt_of_another_item_is_kept_without_its_key() -> None:
    written = receipts.line(record_of({"pk": {"S": "jane@example.com"}}), receipts.PROCESSED, "r1")
    found = line_of(written)
    assert found["receipt"]["eventID"] == "e1"
    assert found["receipt"]["decision"] == "processed"
    assert "jane" not in json.dumps(found)


@pytest.mark.parametrize(
    "message",
    [
        f"[ERROR] KeyError: {SECRET}",
        f"Traceback (most recent call last): {SECRET}",
        '{"type":"platform.report and more ' + SECRET + '"',
        '{"type":"application","message":"' + SECRET + '"}',
        f"DDBINSERT {{}} {SECRET}",
    ],
)
def test_of_any_other_line_only_its_length_is_kept(message: str) -> None:
    found = line_of(message)
    assert found["characters"] == len(message)
    assert SECRET not in json.dumps(found)


def call(operation: str, request: dict[str, Any], answer: dict[str, Any] | None) -> dict[str, Any]:
    return redaction.call("lambda", operation, request, answer, at=1.0)


def test_values_of_variables_and_signed_addresses_are_left_out() -> None:
    answer = {
        "Configuration": {"Environment": {"Variables": {"TOKEN": SECRET, "SINK_ARN": "arn:aws:x"}}},
        "Code": {"Location": f"https://bucket.example/code.zip?X-Amz-Signature={SECRET}"},
        "ResponseMetadata": {"RequestId": "r-1", "HTTPHeaders": {"x": SECRET}},
    }
    found = call("GetFunction", {"FunctionName": "f"}, answer)
    assert SECRET not in json.dumps(found)
    assert found["request_id"] == "r-1"
    assert found["answer"]["Configuration"]["Environment"]["Variables"] == {
        "TOKEN": redaction.HIDDEN,
        "SINK_ARN": "arn:aws:x",
    }


def test_what_is_not_in_the_table_is_listed_without_its_content() -> None:
    found = call("PutItem", {"Item": {"pk": {"S": SECRET}}}, {"Attributes": {"a": {"S": SECRET}}})
    assert found["operation"] == "PutItem"
    assert SECRET not in json.dumps(found)


def test_pages_of_records_and_lines_are_counted() -> None:
    found = call("GetRecords", {"ShardIterator": SECRET}, {"Records": [{}, {}], "NextShardIterator": SECRET})
    assert found["count"] == 2
    assert SECRET not in json.dumps(found)
    assert "count" not in call("GetRecords", {}, None)


def test_every_kind_of_value_of_an_answer_becomes_json() -> None:
    values = [
        datetime(2026, 1, 1, tzinfo=UTC),
        Decimal("1.5"),
        b"a",
        {"NextToken": SECRET},
        (1, None),
        object(),
    ]
    found = redaction.plain(values)
    assert json.loads(json.dumps(found))[:3] == ["2026-01-01T00:00:00+00:00", "1.5", "YQ=="]
    assert SECRET not in json.dumps(found)


def test_addresses_lose_their_passwords() -> None:
    given = {
        "endpoint": f"http://me:{SECRET}@host:80/x",
        "list": [f"see https://u:{SECRET}@h, or http://h/a@b"],
    }
    found = redaction.without_passwords(given)
    assert found == {"endpoint": "http://host:80/x", "list": ["see https://h, or http://h/a@b"]}
