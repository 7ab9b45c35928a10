"""What the templates send: the content of entries, events and messages; as many in a call as the service takes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ddbinsert.core.model.wanted import Template
from tests.functional.handlers.fake_aws import FakeAws, Fault
from tests.functional.handlers.handler_bench import (
    ARNS,
    RICH,
    STREAM,
    Start,
    decisions,
    failing,
    ids,
    invoke,
    record,
    sent,
)


def test_an_audit_entry_says_what_when_where_and_who(start: Start, aws: FakeAws) -> None:
    settings = {"USER_ATTRIBUTE": "created_by", "REDACT": "card.number, lines.*.secret"}
    invoke(start(Template.AUDIT_LOG, "queue", **settings), record(1, **RICH))
    (entry,) = [call["Entries"][0] for call in aws.named("SendMessageBatch")]
    assert '"total":12345678901234567890.10' in entry["MessageBody"]
    assert json.loads(entry["MessageBody"], parse_float=str) == {
        "eventID": record(1)["eventID"],
        "time": "2023-11-14T22:13:21.000Z",
        "table": "orders",
        "source": STREAM,
        "sequenceNumber": record(1)["dynamodb"]["SequenceNumber"],
        "item": '{"pk":"item-1"}',
        "user": "ann\u2028",
        "keys": {"pk": "item-1"},
        "image": {
            "10": False,
            "big": 99999999999999999999,
            "blob": "AQI=",
            "card": {"holder": "Ann", "number": "***"},
            "created_by": "ann\u2028",
            "lines": [{"secret": "***", "sku": "ä"}, None],
            "n": 1,
            "pk": "item-1",
            "tags": ["b", "a"],
            "total": "12345678901234567890.10",
        },
        "identity": None,
    }


def test_an_audit_entry_in_a_table_keeps_dynamodbs_types(start: Start, aws: FakeAws) -> None:
    invoke(start(Template.AUDIT_LOG, "table", REDACT="card"), record(1, **RICH))
    (item,) = sent(aws, "table")
    image = {"pk": {"S": "item-1"}, "n": {"N": "1"}, **RICH, "card": {"S": "***"}}
    assert item["image"] == {"M": image}
    assert item["keys"] == {"M": {"pk": {"S": "item-1"}}}
    assert item["item"] == {"S": '{"pk":"item-1"}'}
    assert "user" not in item


def test_without_a_sink_the_audit_log_is_the_functions_own(start: Start, aws: FakeAws) -> None:
    outcome = invoke(start(Template.AUDIT_LOG), record(1), record(2, "MODIFY"))
    entries = [json.loads(line) for line in outcome.log.splitlines() if line.startswith("{")]
    assert ids(entries) == [record(1)["eventID"]]
    assert aws.calls == []


def test_a_view_type_without_an_image_leaves_the_keys(start: Start, aws: FakeAws) -> None:
    bare = record(1)
    del bare["dynamodb"]["NewImage"]
    invoke(start(Template.ANALYTICS, "firehose"), bare)
    (entry,) = sent(aws, "firehose")
    assert (entry["keys"], entry["item"]) == ({"pk": "item-1"}, None)


def test_events_carry_integers_that_eventbridge_takes(start: Start, aws: FakeAws) -> None:
    settings = {"EVENT_SOURCE": "shop", "EVENT_TYPE": "New order"}
    invoke(start(Template.ANALYTICS, "bus", **settings), record(1, **RICH))
    ((entry,),) = [call["Entries"] for call in aws.named("PutEvents")]
    assert entry["Source"] == "shop"
    assert entry["DetailType"] == "New order"
    assert entry["Time"] == 1_700_000_001
    assert entry["EventBusName"] == ARNS["bus"]
    assert entry["Resources"] == [STREAM.partition("/stream/")[0]]
    assert '"big":"99999999999999999999"' in entry["Detail"]


def test_a_notification_is_written_from_its_template(start: Start, aws: FakeAws) -> None:
    settings = {
        "MESSAGE_TEMPLATE": "{{New}} order {pk} of {card.holder}: {total} ({lines.0.sku}) {missing}{table}",
        "SUBJECT_TEMPLATE": "Order {pk}\n\u00e9 " + "x" * 200,
        "MESSAGE_ATTRIBUTES": "kind=created_by, amount=total,none=missing",
        "REDACT": "created_by",
    }
    invoke(start(Template.NOTIFY, "topic", **settings), record(1, **RICH))
    (call,) = aws.named("PublishBatch")
    entry = "PublishBatchRequestEntries.member.1"
    assert call[f"{entry}.Message"] == "{New} order item-1 of Ann: 12345678901234567890.10 (ä) orders"
    assert call[f"{entry}.Subject"] == ("Order item-1 ? " + "x" * 200)[:99]
    attributes = {
        key.removeprefix(f"{entry}.MessageAttributes."): v for key, v in call.items() if ".MessageA" in key
    }
    assert attributes == {
        "entry.1.Name": "kind",
        "entry.1.Value.DataType": "String",
        "entry.1.Value.StringValue": "***",
        "entry.2.Name": "amount",
        "entry.2.Value.DataType": "Number",
        "entry.2.Value.StringValue": "12345678901234567890.10",
    }


def test_fifo_messages_are_grouped_by_item_and_deduplicated_by_event(start: Start, aws: FakeAws) -> None:
    batch = [record(1, item="a"), record(2, item="b"), record(3, item="a")]
    invoke(start(Template.NOTIFY, "fifo"), *batch)
    entries = [entry for call in aws.named("SendMessageBatch") for entry in call["Entries"]]
    assert [entry["MessageDeduplicationId"] for entry in entries] == [one["eventID"] for one in batch]
    groups = [entry["MessageGroupId"] for entry in entries]
    assert groups[0] == groups[2] != groups[1]
    assert [len(call["Entries"]) for call in aws.named("SendMessageBatch")] == [2, 1]


@pytest.mark.parametrize(
    ("template", "sink", "operation", "list_name", "sizes"),
    [
        (Template.ANALYTICS, "firehose", "PutRecordBatch", "Records", [500, 500, 201]),
        (Template.ANALYTICS, "kinesis", "PutRecords", "Records", [500, 500, 201]),
        (Template.AUDIT_LOG, "logs", "PutLogEvents", "logEvents", [1201]),
        (Template.NOTIFY, "queue", "SendMessageBatch", "Entries", [10] * 120 + [1]),
    ],
)
def test_calls_are_as_large_as_the_service_takes(  # noqa: PLR0917 - a table of cases
    start: Start,
    aws: FakeAws,
    template: Template,
    sink: str,
    operation: str,
    list_name: str,
    sizes: list[int],
) -> None:
    assert failing(invoke(start(template, sink), *(record(n) for n in range(1, 1202)))) == []
    assert [len(call[list_name]) for call in aws.named(operation)] == sizes


def test_large_records_share_a_call_only_as_far_as_its_bytes_reach(start: Start, aws: FakeAws) -> None:
    large = {"S": "x" * 300_000}
    assert (
        failing(invoke(start(Template.ANALYTICS, "firehose"), *(record(n, v=large) for n in range(1, 31))))
        == []
    )
    assert [len(call["Records"]) for call in aws.named("PutRecordBatch")] == [13, 13, 4]


# --- the log group --------------------------------------------------------------------------------------


def test_the_log_stream_is_made_at_its_first_use(start: Start, aws: FakeAws) -> None:
    made: list[str] = []

    def logs(_service: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        if operation == "CreateLogStream":
            made.append(parameters["logStreamName"])
        elif not made:
            raise Fault("ResourceNotFoundException")
        return {}

    aws.answer = logs
    worker = start(Template.AUDIT_LOG, "logs")
    assert failing(invoke(worker, record(1))) == failing(invoke(worker, record(2))) == []
    assert made == ["orders-inserts/local"]
    assert aws.named("PutLogEvents")[-1]["logGroupName"] == "/audit/orders"


def test_log_events_go_in_order_of_time_and_those_out_of_range_fail(start: Start, aws: FakeAws) -> None:
    aws.answer = lambda *_: {
        "rejectedLogEventsInfo": {"tooOldLogEventEndIndex": 1, "tooNewLogEventStartIndex": 2}
    }
    outcome = invoke(start(Template.AUDIT_LOG, "logs"), record(3), record(1), record(2))
    (call,) = aws.named("PutLogEvents")
    stamps = [event["timestamp"] for event in call["logEvents"]]
    assert stamps == sorted(stamps) == [1_700_000_000_000 + n * 1000 for n in (1, 2, 3)]
    assert failing(outcome) == [record(1)["dynamodb"]["SequenceNumber"]]
    assert [event for event, decision in decisions(outcome) if decision == "processed"] == [
        record(2)["eventID"]
    ]
