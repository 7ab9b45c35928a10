"""Failure documents: read as Lambda writes them, narrowed to what is left, never to what is done."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbinsert.core.failed_records import Failure, narrowed, parse_failure, sequence_of

STREAM = "arn:aws:dynamodb:us-east-2:123456789012:table/mytable/stream/2019-11-14T00:04:06.388"
#: The Lambda developer guide's own example.
DOCUMENT: dict[str, Any] = {
    "requestContext": {
        "requestId": "316aa6d0-8154-xmpl-9af7-85d5f4a6bc81",
        "functionArn": "arn:aws:lambda:us-east-2:123456789012:function:myfunction:$LATEST",
        "condition": "RetryAttemptsExhausted",
        "approximateInvokeCount": 1,
    },
    "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
    "version": "1.0",
    "timestamp": "2019-11-14T00:13:49.717Z",
    "DDBStreamBatchInfo": {
        "shardId": "shardId-00000001573689847184-864758bb",
        "startSequenceNumber": "800000000003126276362",
        "endSequenceNumber": "800000000003126276399",
        "approximateArrivalOfFirstRecord": "2019-11-14T00:13:19Z",
        "approximateArrivalOfLastRecord": "2019-11-14T00:13:19Z",
        "batchSize": 1,
        "streamArn": STREAM,
    },
}


def failure(**more: Any) -> Failure:
    found = parse_failure(json.dumps({**DOCUMENT, **more}))
    assert found is not None
    return found


def record(number: int) -> dict[str, Any]:
    return {
        "eventName": "INSERT",
        "dynamodb": {"SequenceNumber": str(number), "Keys": {"pk": {"S": str(number)}}},
    }


def test_awss_example_is_understood() -> None:
    found = failure()
    assert found.condition == "RetryAttemptsExhausted"
    assert (found.function_name, found.table) == ("myfunction", "mytable")
    assert (found.first, found.last) == ("800000000003126276362", "800000000003126276399")
    assert (found.error, found.attempts, found.count) == ("Unhandled", 1, 1)
    assert found.records is None


def test_a_topics_envelope_is_opened() -> None:
    text = json.dumps({"Type": "Notification", "Message": json.dumps(DOCUMENT), "TopicArn": "x"})
    found = parse_failure(text)
    assert found is not None
    assert found.id == failure().id


@pytest.mark.parametrize("as_text", [False, True])
def test_a_buckets_object_holds_the_records(*, as_text: bool) -> None:
    payload: Any = {"Records": [record(1), record(2)]}
    found = failure(payload=json.dumps(payload) if as_text else payload)
    assert found.records == (record(1), record(2))


def test_a_document_without_a_response_is_understood() -> None:
    document = {
        **DOCUMENT,
        "requestContext": {**DOCUMENT["requestContext"], "condition": "RecordAgeExceeded"},
    }
    del document["responseContext"]
    found = parse_failure(json.dumps(document))
    assert found is not None
    assert (found.condition, found.error) == ("RecordAgeExceeded", "")


def _changed(**batch: Any) -> str:
    return json.dumps({**DOCUMENT, "DDBStreamBatchInfo": {**DOCUMENT["DDBStreamBatchInfo"], **batch}})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "7",
        "{}",
        "[" * 100_000,
        '{"Type": "Notification"}',
        '{"Type": "Notification", "Message": "hello"}',
        '{"KinesisBatchInfo": {}}',
        json.dumps({**DOCUMENT, "DDBStreamBatchInfo": None}),
        json.dumps({**DOCUMENT, "requestContext": "x"}),
        _changed(startSequenceNumber="abc"),
        _changed(startSequenceNumber="9", endSequenceNumber="8"),
        _changed(batchSize="many"),
    ],
)
def test_what_is_no_failure_is_none(text: str) -> None:
    assert parse_failure(text) is None


def test_the_same_range_has_the_same_id_however_often_it_was_given_up() -> None:
    later = failure(timestamp="2020-01-01T00:00:00Z")
    assert later.id == failure().id
    other = parse_failure(_changed(endSequenceNumber="800000000003126276400"))
    assert other is not None
    assert other.id != later.id


@given(
    numbers=st.sets(st.integers(1, 10**30), min_size=1, max_size=30),
    data=st.data(),
    with_records=st.booleans(),
)
def test_narrowed_documents_hold_exactly_what_is_left(
    numbers: set[int], data: st.DataObject, *, with_records: bool
) -> None:
    records = [record(number) for number in sorted(numbers)]
    remaining = data.draw(st.sets(st.sampled_from(sorted(numbers))))
    whole = failure(payload={"Records": records}) if with_records else failure()
    parts = [parse_failure(json.dumps(document)) for document in narrowed(whole, records, remaining)]
    held: list[int] = []
    for part in parts:
        assert part is not None
        inside = [sequence_of(one) for one in records if part.contains(one)]
        assert part.count == len(inside)
        assert part.condition == whole.condition
        if with_records:
            assert part.records is not None
            assert [sequence_of(one) for one in part.records] == inside
        held += inside
    assert sorted(held) == sorted(remaining)
    assert len(held) == len(set(held))


def test_a_range_is_compared_as_numbers() -> None:
    found = parse_failure(_changed(startSequenceNumber="9", endSequenceNumber="100"))
    assert found is not None
    assert found.contains(record(10))
    assert not found.contains(record(101))
