"""Pages of records and lines are the same with and without botocore's parser; odd ones are left to it."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import botocore.session
import pytest
from botocore.awsrequest import AWSResponse
from hypothesis import given
from hypothesis import strategies as st

from ddbinsert.aws.read.stream_records import as_lambda_has_it
from ddbinsert.aws.session.session import Aws, Connection
from ddbinsert.errors import AwsError

if TYPE_CHECKING:
    from collections.abc import Mapping

WHERE: dict[str, Any] = {"region_name": "us-east-1", "endpoint_url": "http://127.0.0.1:1"}
KEYS: dict[str, Any] = {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": "example"}
CALLS: Mapping[str, tuple[str, str, dict[str, Any]]] = {
    "records": ("dynamodbstreams", "get_records", {"ShardIterator": "one"}),
    "lines": ("logs", "filter_log_events", {"logGroupName": "group"}),
    "rows": ("logs", "get_query_results", {"queryId": "one"}),
    "stream": ("logs", "get_log_events", {"logGroupName": "group", "logStreamName": "stream"}),
}
ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/t/stream/2026-01-01T00:00:00.000"


def answered(client: Any, body: bytes, call: str, status: int = 200) -> Any:
    """The client's answer to a response with this body, which nothing has sent."""

    def respond(request: Any, **_event: object) -> Any:
        headers: Any = {"Content-Type": "application/x-amz-json-1.0"}
        response: Any = AWSResponse(request.url, status, headers, None)
        response._content = body
        return response

    client.meta.events.register("before-send", respond, unique_id="stub")
    try:
        return getattr(client, CALLS[call][1])(**CALLS[call][2])
    finally:
        client.meta.events.unregister("before-send", unique_id="stub")


@pytest.fixture(scope="module")
def ours() -> Aws:
    return Aws(
        Connection(
            region="us-east-1",
            endpoint_url=WHERE["endpoint_url"],
            access_key_id="AKIAEXAMPLE",
            secret_access_key="example",
        )
    )


@pytest.fixture(scope="module")
def plain() -> dict[str, Any]:
    session = botocore.session.get_session()
    return {name: session.create_client(name, **WHERE, **KEYS) for name in ("dynamodbstreams", "logs")}


def both(ours: Aws, plain: Mapping[str, Any], document: object, call: str) -> tuple[Any, Any]:
    body, name = json.dumps(document).encode(), CALLS[call][0]
    return answered(ours.client(name), body, call), answered(plain[name], body, call)


_TEXT = st.text(max_size=5)
_BLOB = st.binary(max_size=5).map(lambda value: base64.b64encode(value).decode())
_VALUES = st.recursive(
    st.one_of(
        st.builds(lambda value: {"S": value}, _TEXT),
        st.builds(lambda value: {"N": str(value)}, st.integers()),
        st.builds(lambda value: {"B": value}, _BLOB),
        st.builds(lambda value: {"BS": value}, st.lists(_BLOB, min_size=1, max_size=2)),
        st.builds(lambda value: {"SS": value}, st.lists(_TEXT, min_size=1, max_size=2)),
        st.builds(lambda value: {"BOOL": value}, st.booleans()),
        st.just({"NULL": True}),
    ),
    lambda inner: st.one_of(
        st.builds(lambda value: {"L": value}, st.lists(inner, max_size=2)),
        st.builds(lambda value: {"M": value}, st.dictionaries(_TEXT, inner, max_size=2)),
    ),
    max_leaves=5,
)
_IMAGE = st.dictionaries(_TEXT, _VALUES, max_size=3)
_RECORDS = st.fixed_dictionaries(
    {
        "eventID": _TEXT,
        "eventName": st.sampled_from(["INSERT", "MODIFY", "REMOVE"]),
        "eventVersion": st.just("1.1"),
        "eventSource": st.just("aws:dynamodb"),
        "awsRegion": st.just("us-east-1"),
        "dynamodb": st.fixed_dictionaries(
            {
                "ApproximateCreationDateTime": st.one_of(
                    st.integers(1_600_000_000, 1_900_000_000),
                    st.integers(1_600_000_000, 1_900_000_000).map(float),
                ),
                "Keys": _IMAGE,
                "SequenceNumber": st.integers(1).map(str),
                "SizeBytes": st.integers(0, 1000),
                "StreamViewType": st.just("NEW_AND_OLD_IMAGES"),
            },
            optional={"NewImage": _IMAGE, "OldImage": _IMAGE},
        ),
    },
    optional={
        "userIdentity": st.just({"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}),
    },
)


@given(records=st.lists(_RECORDS, max_size=3), token=st.one_of(st.none(), _TEXT))
def test_records_are_as_botocore_reads_them(
    ours: Aws, plain: dict[str, Any], records: list[Any], token: str | None
) -> None:
    page = {"Records": records, **({} if token is None else {"NextShardIterator": token})}
    mine, theirs = both(ours, plain, page, "records")
    assert [as_lambda_has_it(one, ARN) for one in mine["Records"]] == [
        as_lambda_has_it(one, ARN) for one in theirs["Records"]
    ]
    assert mine.get("NextShardIterator") == theirs.get("NextShardIterator") == token
    assert mine["ResponseMetadata"]["HTTPStatusCode"] == 200


@pytest.mark.parametrize("call", ["lines", "stream"])
@given(messages=st.lists(_TEXT, max_size=3))
def test_lines_are_as_botocore_reads_them(
    ours: Aws, plain: dict[str, Any], call: str, messages: list[str]
) -> None:
    events = [
        {
            "logStreamName": "s",
            "timestamp": 1_700_000_000_000,
            "message": text,
            "ingestionTime": 1,
            "eventId": "1",
        }
        for text in messages
    ]
    mine, theirs = both(ours, plain, {"events": events, "nextForwardToken": "f"}, call)
    known = ("logStreamName", "timestamp", "message", "ingestionTime")
    assert [[one.get(name) for name in known[1:]] for one in mine["events"]] == [
        [one.get(name) for name in known[1:]] for one in theirs["events"]
    ]


@given(
    rows=st.lists(st.lists(st.fixed_dictionaries({"field": _TEXT, "value": _TEXT}), max_size=3), max_size=3)
)
def test_rows_are_as_botocore_reads_them(ours: Aws, plain: dict[str, Any], rows: list[Any]) -> None:
    mine, theirs = both(ours, plain, {"results": rows, "status": "Complete"}, "rows")
    assert (mine["results"], mine["status"]) == (theirs["results"], theirs["status"])


_RECORD: dict[str, Any] = {"eventID": "1", "eventName": "INSERT", "dynamodb": {"SequenceNumber": "1"}}
_EVENT: dict[str, Any] = {"logStreamName": "s", "timestamp": 1, "message": "x"}


@pytest.mark.parametrize(
    ("call", "page"),
    [
        ("records", {"Records": [{**_RECORD, "dynamodb": {"SequenceNumber": "1", "OldImage": None}}]}),
        (
            "records",
            {"Records": [{**_RECORD, "dynamodb": {"ApproximateCreationDateTime": "2026-01-01T00:00:00Z"}}]},
        ),
        ("records", {"Records": None}),
        ("lines", {"events": [{**_EVENT, "ingestionTime": None}], "nextToken": None}),
        ("lines", {"events": [{**_EVENT, "timestamp": 17.5}]}),
        ("lines", {}),
    ],
)
def test_a_page_of_an_odd_form_is_as_botocore_reads_it(
    ours: Aws, plain: dict[str, Any], call: str, page: dict[str, Any]
) -> None:
    mine, theirs = both(ours, plain, page, call)
    metadata = {"ResponseMetadata": None}
    assert {**mine, **metadata} == {**theirs, **metadata}


@pytest.mark.parametrize(
    ("body", "call"),
    [
        (b'{"Records": [{"dynamodb": 5}]}', "records"),
        (b'{"Records": [{"dynamodb": {"Keys": {"pk": 5}}}]}', "records"),
        (b'{"events": [5]}', "lines"),
        (b'{"events": [{"message": "x", "timestamp": "17"}]}', "lines"),
        (b"\xff", "records"),
    ],
)
def test_a_page_that_botocore_cannot_read_is_an_error(ours: Aws, body: bytes, call: str) -> None:
    with pytest.raises(AwsError):
        answered(ours.client(CALLS[call][0]), body, call)


def test_an_error_is_as_botocore_reads_it(ours: Aws) -> None:
    body = b'{"__type": "ExpiredIteratorException", "message": "too old"}'
    client = ours.client("dynamodbstreams")
    with pytest.raises(client.exceptions.ExpiredIteratorException, match="too old"):
        answered(client, body, "records", status=400)
