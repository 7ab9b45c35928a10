"""The templates against scripted services: every test runs the real files, in Python and in Node.js."""

from __future__ import annotations

import base64
import itertools
import json
import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from ddbinsert.core import receipt
from ddbinsert.core.model import Template
from ddbinsert.handlers import bundle, package_code
from ddbinsert.handlers.bundle import language_of, template_files
from ddbinsert.handlers.worker import Worker
from tests.unit.fake_aws import FakeAws, Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ddbinsert.core.invocation import Invocation

    Start = Callable[..., Worker]

STREAM = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/2026-01-01T00:00:00.000"
NODE = pytest.param(
    "nodejs22.x", marks=pytest.mark.skipif(not shutil.which("node"), reason="node is not here")
)
PREFIX = "arn:aws"
ARNS = {
    "table": f"{PREFIX}:dynamodb:eu-west-1:123456789012:table/audit",
    "logs": f"{PREFIX}:logs:eu-west-1:123456789012:log-group:/audit/orders:*",
    "bucket": f"{PREFIX}:s3:::audit.example/deep/er/",
    "firehose": f"{PREFIX}:firehose:eu-west-1:123456789012:deliverystream/feed",
    "kinesis": f"{PREFIX}:kinesis:eu-west-1:123456789012:stream/feed",
    "bus": f"{PREFIX}:events:eu-west-1:123456789012:event-bus/shop",
    "queue": f"{PREFIX}:sqs:eu-west-1:123456789012:news",
    "fifo": f"{PREFIX}:sqs:eu-west-1:123456789012:news.fifo",
    "topic": f"{PREFIX}:sns:eu-west-1:123456789012:news",
}
SINKS = [
    *((Template.AUDIT_LOG, sink) for sink in ("table", "logs", "bucket", "firehose", "queue", "fifo")),
    *((Template.ANALYTICS, sink) for sink in ("firehose", "kinesis", "bus")),
    *((Template.NOTIFY, sink) for sink in ("topic", "queue", "fifo", "bus")),
]


@pytest.fixture
def aws() -> Iterator[FakeAws]:
    with FakeAws(answer=_agreeable) as fake:
        yield fake


def _agreeable(_service: str, operation: str, _parameters: dict[str, Any]) -> dict[str, Any]:
    return {"QueueUrl": "https://queue.example/news"} if operation == "GetQueueUrl" else {}


@pytest.fixture(params=["python3.13", NODE])
def start(request: pytest.FixtureRequest, aws: FakeAws) -> Iterator[Start]:
    """Starts a worker with a template, a sink and settings; ended with the test."""
    running: list[Worker] = []

    def begin(template: Template, sink: str | None = None, **settings: str) -> Worker:
        if sink is not None:
            settings["SINK_ARN"] = ARNS[sink]
        running.append(
            Worker(
                bundle(template, request.param, settings),
                runtime=request.param,
                name="orders-inserts",
                environment=settings,
                surroundings={"PATH": os.environ["PATH"], **aws.variables()},
            )
        )
        return running[-1]

    yield begin
    for worker in running:
        worker.end()


def invoke(worker: Worker, *records: Any) -> Invocation:
    return worker.invoke({"Records": list(records)}, request_id="11-22", seconds=60)


def failing(invocation: Invocation) -> list[str]:
    assert invocation.error is None, invocation
    return [failure["itemIdentifier"] for failure in invocation.answer["batchItemFailures"]]


def decisions(invocation: Invocation) -> list[tuple[str, str]]:
    receipts = [receipt.parse(line) for line in invocation.log.splitlines()]
    return [(one["eventID"], one["decision"]) for one in receipts if one]


def record(
    number: int, name: str = "INSERT", *, item: str | None = None, **attributes: Any
) -> dict[str, Any]:
    key = {"pk": {"S": item or f"item-{number}"}}
    change = {
        "ApproximateCreationDateTime": 1_700_000_000 + number,
        "Keys": key,
        "SequenceNumber": f"4{number:025d}",
        "SizeBytes": 26,
        "StreamViewType": "NEW_IMAGE",
    }
    if name != "REMOVE":
        change["NewImage"] = {**key, "n": {"N": str(number)}, **attributes}
    return {
        "eventID": f"{number:032x}",
        "eventName": name,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "eu-west-1",
        "dynamodb": change,
        "eventSourceARN": STREAM,
    }


def sent(aws: FakeAws, sink: str) -> list[Any]:
    """What the sink was given, an entry a record: items, JSON documents, messages."""
    match sink:
        case "table":
            return [call["Item"] for call in aws.named("PutItem")]
        case "logs":
            return [json.loads(e["message"]) for call in aws.named("PutLogEvents") for e in call["logEvents"]]
        case "bucket":
            return [json.loads(call["body"]) for call in aws.named("PutObject")]
        case "firehose":
            batches = [call["Records"] for call in aws.named("PutRecordBatch")]
            return [json.loads(base64.b64decode(r["Data"])) for batch in batches for r in batch]
        case "kinesis":
            batches = [call["Records"] for call in aws.named("PutRecords")]
            return [json.loads(base64.b64decode(r["Data"])) for batch in batches for r in batch]
        case "bus":
            return [json.loads(e["Detail"]) for call in aws.named("PutEvents") for e in call["Entries"]]
        case "topic":
            fields = [field for call in aws.named("PublishBatch") for field in call.items()]
            return [json.loads(text) for name, text in fields if name.endswith(".Message")]
        case _:
            batches = [call["Entries"] for call in aws.named("SendMessageBatch")]
            return [json.loads(entry["MessageBody"]) for batch in batches for entry in batch]


def ids(entries: list[Any]) -> list[str]:
    """The event ids, in order of sending; a table's are in DynamoDB JSON."""
    found = [entry["eventID"] for entry in entries]
    return [one["S"] if isinstance(one, dict) else one for one in found]


# --- exactly the inserts, once each ---------------------------------------------------------------------


@pytest.mark.parametrize(("template", "sink"), SINKS)
def test_exactly_the_inserts_arrive_once_each(
    start: Start, aws: FakeAws, template: Template, sink: str
) -> None:
    worker = start(template, sink)
    batch = [
        record(1),
        record(2, "MODIFY"),
        record(3, "REMOVE"),
        record(4, item="item-1"),
        {**record(5, "REMOVE"), "userIdentity": {"type": "Service", "principalId": "dynamodb.amazonaws.com"}},
        {"Sns": "no stream record"},
        record(6),
    ]
    first, again = invoke(worker, *batch), invoke(worker, *batch)
    assert failing(first) == failing(again) == []
    wanted = [record(n)["eventID"] for n in (1, 4, 6)]
    assert sorted(ids(sent(aws, sink))) == wanted
    processed = [event for event, decision in decisions(first) if decision == "processed"]
    assert sorted(processed) == wanted
    assert decisions(first).count((record(2)["eventID"], "guarded")) == 1
    assert again.log.count('"again":true') == 3


@pytest.mark.parametrize(("template", "sink"), SINKS)
def test_a_poison_record_fails_alone(start: Start, aws: FakeAws, template: Template, sink: str) -> None:
    poison = record(2)
    poison["dynamodb"]["NewImage"]["n"] = {"X": "no type of DynamoDB's"}
    poison["dynamodb"]["Keys"] = {"pk": {"Q": "nor this"}}
    huge = record(3)
    del huge["dynamodb"]["Keys"]
    worker = start(template, sink)
    outcome = invoke(worker, record(1), poison, huge, record(4))
    assert failing(outcome) == [poison["dynamodb"]["SequenceNumber"]]
    assert sorted(ids(sent(aws, sink))) == [record(1)["eventID"], record(4)["eventID"]]
    assert sorted(decisions(outcome)) == [
        (record(1)["eventID"], "processed"),
        (record(2)["eventID"], "failed"),
        (record(3)["eventID"], "failed"),
        (record(4)["eventID"], "processed"),
    ]


@pytest.mark.parametrize(("template", "sink"), [(t, s) for t, s in SINKS if s not in ("table", "bucket")])
def test_a_batch_that_is_refused_for_one_record_is_cut_down_to_it(
    start: Start, aws: FakeAws, template: Template, sink: str
) -> None:
    def picky(service: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        if "poison" in json.dumps(parameters):
            raise Fault("InvalidParameterValue")
        if any("poison" in base64.b64decode(r["Data"]).decode() for r in _data(parameters)):
            raise Fault("InvalidArgumentException")
        return _agreeable(service, operation, parameters)

    aws.answer = picky
    worker = start(template, sink)
    outcome = invoke(worker, *(record(n, v={"S": "poison" if n == 6 else "fine"}) for n in range(1, 10)))
    assert failing(outcome) == [record(6)["dynamodb"]["SequenceNumber"]]
    assert [event for event, decision in decisions(outcome) if decision == "failed"] == [record(6)["eventID"]]


def _data(parameters: dict[str, Any]) -> list[dict[str, Any]]:
    return [r for r in parameters.get("Records", ()) if "Data" in r]


@pytest.mark.parametrize(("sink", "operation"), [("firehose", "PutRecordBatch"), ("kinesis", "PutRecords")])
def test_what_is_throttled_is_sent_again_and_nothing_else(
    start: Start, aws: FakeAws, sink: str, operation: str
) -> None:
    answers = "RequestResponses" if sink == "firehose" else "Records"
    throttled = iter([{1, 3}, {1}, set()])

    def busy(_service: str, _operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        now = next(throttled)
        told = [
            {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "later"}
            if int(json.loads(base64.b64decode(one["Data"]))["eventID"], 16) in now
            else {"RecordId": "r", "SequenceNumber": "1", "ShardId": "s"}
            for one in parameters["Records"]
        ]
        return {answers: told, "FailedPutCount": len(now), "FailedRecordCount": len(now)}

    aws.answer = busy
    outcome = invoke(start(Template.ANALYTICS, sink), *(record(n) for n in range(1, 5)))
    assert failing(outcome) == []
    assert [len(call["Records"]) for call in aws.named(operation)] == [4, 2, 1]


def test_messages_that_are_refused_for_good_fail_and_the_others_go_again(start: Start, aws: FakeAws) -> None:
    def picky(_service: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        if operation == "GetQueueUrl":
            return {"QueueUrl": "https://queue.example/news"}
        failed = []
        for entry in parameters["Entries"]:
            number = int(json.loads(entry["MessageBody"])["eventID"], 16)
            if number == 2:
                failed.append({"Id": entry["Id"], "SenderFault": True, "Code": "InvalidMessageContents"})
            if number == 3 and len(aws.named("SendMessageBatch")) == 1:
                failed.append({"Id": entry["Id"], "SenderFault": False, "Code": "InternalError"})
        return {"Successful": [], "Failed": failed}

    aws.answer = picky
    outcome = invoke(start(Template.NOTIFY, "queue"), *(record(n) for n in range(1, 5)))
    assert failing(outcome) == [record(2)["dynamodb"]["SequenceNumber"]]
    assert [len(call["Entries"]) for call in aws.named("SendMessageBatch")] == [4, 1]


def test_a_topics_refusals_are_read_from_its_xml(start: Start, aws: FakeAws) -> None:
    aws.answer = lambda *_: {
        "Failed": [{"Code": "InvalidParameter", "Message": "a < b & c", "Id": "1", "SenderFault": "true"}]
    }
    outcome = invoke(start(Template.NOTIFY, "topic"), record(1), record(2))
    assert failing(outcome) == [record(2)["dynamodb"]["SequenceNumber"]]
    assert "InvalidParameter" in outcome.log


@pytest.mark.parametrize(("template", "sink"), [(Template.AUDIT_LOG, "table"), (Template.NOTIFY, "bus")])
def test_an_outage_fails_everything_and_does_not_try_it_all(
    start: Start, aws: FakeAws, template: Template, sink: str
) -> None:
    def down(*_: object) -> dict[str, Any]:
        raise Fault("AccessDeniedException", "no rights")

    aws.answer = down
    outcome = invoke(start(template, sink), *(record(n) for n in range(1, 251)))
    assert failing(outcome) == [record(1)["dynamodb"]["SequenceNumber"]]
    assert len(decisions(outcome)) == 250
    assert len(aws.calls) <= 100
    aws.answer = _agreeable


def test_work_goes_on_where_it_stopped_when_the_service_is_back(start: Start, aws: FakeAws) -> None:
    worker = start(Template.AUDIT_LOG, "table")
    refused = {"S": record(2)["eventID"]}

    def half(service: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        if parameters["Item"]["eventID"] == refused:
            raise Fault("AccessDeniedException")
        return _agreeable(service, operation, parameters)

    aws.answer = half
    batch = [record(n) for n in range(1, 5)]
    assert failing(invoke(worker, *batch)) == [record(2)["dynamodb"]["SequenceNumber"]]
    aws.calls.clear()
    aws.answer = _agreeable
    assert failing(invoke(worker, *batch[1:])) == []
    assert ids(sent(aws, "table")) == [record(2)["eventID"]]


def test_a_later_record_of_a_failed_item_waits(start: Start, aws: FakeAws) -> None:
    bad = record(1, item="same", v={"X": "?"})
    outcome = invoke(start(Template.ANALYTICS, "kinesis"), bad, record(2, item="same"), record(3))
    assert failing(outcome) == [bad["dynamodb"]["SequenceNumber"]]
    assert ids(sent(aws, "kinesis")) == [record(3)["eventID"]]


# --- redelivered to an environment that knows nothing ---------------------------------------------------


@pytest.mark.parametrize(
    ("sink", "fault"),
    [
        ("table", Fault("ConditionalCheckFailedException")),
        ("bucket", Fault("PreconditionFailed", status=412)),
    ],
)
def test_what_is_there_already_counts_as_done(start: Start, aws: FakeAws, sink: str, fault: Fault) -> None:
    def there(*_: object) -> dict[str, Any]:
        raise fault

    aws.answer = there
    assert failing(invoke(start(Template.AUDIT_LOG, sink), record(1), record(2))) == []


def test_a_table_and_a_bucket_are_asked_to_keep_an_event_once(start: Start, aws: FakeAws) -> None:
    invoke(start(Template.AUDIT_LOG, "table"), record(1))
    assert aws.named("PutItem")[0]["ConditionExpression"] == "attribute_not_exists(eventID)"
    invoke(start(Template.AUDIT_LOG, "bucket"), record(1))
    stored = aws.named("PutObject")[0]
    assert stored["if-none-match"] == "*"
    assert stored["path"] == f"/audit.example/deep/er/orders/2023/11/14/{record(1)['eventID']}.json"


def test_a_deduplication_table_speaks_for_other_environments(start: Start, aws: FakeAws) -> None:
    written: set[str] = set()
    busy = itertools.count()

    def remembering(service: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        if service != "dynamodb":
            return _agreeable(service, operation, parameters)
        ((table, request),) = parameters["RequestItems"].items()
        if operation == "BatchWriteItem":
            if next(busy) == 0:
                return {"UnprocessedItems": parameters["RequestItems"]}
            written.update(put["PutRequest"]["Item"]["eventID"]["S"] for put in request)
            return {}
        asked = [key["eventID"]["S"] for key in request["Keys"]]
        return {"Responses": {table: [{"eventID": {"S": one}} for one in asked if one in written]}}

    aws.answer = remembering
    ledger = {"DEDUPLICATION_TABLE_ARN": ARNS["table"]}
    first, second = (start(Template.NOTIFY, "queue", **ledger) for _ in range(2))
    batch = [record(n) for n in range(1, 151)]
    assert failing(invoke(first, *batch)) == []
    assert failing(invoke(second, *batch, record(151))) == []
    assert sorted(ids(sent(aws, "queue"))) == [record(n)["eventID"] for n in range(1, 152)]


def test_a_deduplication_table_that_cannot_be_read_fails_the_batch_and_sends_nothing(
    start: Start, aws: FakeAws
) -> None:
    def unreadable(service: str, *_: object) -> dict[str, Any]:
        if service == "dynamodb":
            raise Fault("AccessDeniedException")
        return {}

    aws.answer = unreadable
    outcome = invoke(start(Template.NOTIFY, "bus", DEDUPLICATION_TABLE_ARN=ARNS["table"]), record(1))
    assert failing(outcome) == [record(1)["dynamodb"]["SequenceNumber"]]
    assert sent(aws, "bus") == []


@pytest.mark.parametrize("runtime", ["python3.13", NODE])
def test_a_batch_is_broken_off_before_the_functions_time_is_over(tmp_path: Path, runtime: str) -> None:
    language = language_of(runtime)
    for name, content in template_files(Template.PRINT, language).items():
        (tmp_path / name).write_bytes(content)
    entry = tmp_path / language.entry
    slow = {
        "python": "\nimport time\ndef on_insert(record):\n    time.sleep(0.4)\n",
        "node": "{ await new Promise((done) => setTimeout(done, 400)); }",
    }[language.folder]
    text = entry.read_text()
    entry.write_text(
        text + slow
        if language.folder == "python"
        else text.replace("onInsert(record) {}", f"onInsert(record) {slow}")
    )
    package = package_code(tmp_path, runtime=runtime, handler=None, architecture="x86_64")
    batch = [record(n) for n in range(1, 21)]
    with Worker(
        package, runtime=runtime, name="f", environment={}, surroundings={"PATH": os.environ["PATH"]}
    ) as worker:
        outcome = worker.invoke({"Records": batch}, request_id="r", seconds=2)
        done = [event for event, decision in decisions(outcome) if decision == "processed"]
        assert 0 < len(done) < 20
        assert failing(outcome) == [record(len(done) + 1)["dynamodb"]["SequenceNumber"]]
        assert len(decisions(outcome)) == 20
        again = worker.invoke({"Records": batch}, request_id="r", seconds=2)
        assert again.log.count('"again":true') == len(done)


def test_what_was_sent_is_noted_while_the_batch_goes_on(start: Start, aws: FakeAws) -> None:
    order: list[str] = []

    def noting(service: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        order.append(operation)
        return _agreeable(service, operation, parameters)

    aws.answer = noting
    invoke(
        start(Template.NOTIFY, "bus", DEDUPLICATION_TABLE_ARN=ARNS["table"]),
        *(record(n) for n in range(1, 61)),
    )
    assert order.count("BatchWriteItem") == 3
    assert order.index("BatchWriteItem") < len(order) - 1 - order[::-1].index("PutEvents")


# --- what is sent ---------------------------------------------------------------------------------------

RICH: dict[str, Any] = {
    "total": {"N": "12345678901234567890.10"},
    "big": {"N": "99999999999999999999"},
    "created_by": {"S": "ann\u2028"},
    "card": {"M": {"number": {"S": "4111"}, "holder": {"S": "Ann"}}},
    "lines": {"L": [{"M": {"sku": {"S": "ä"}, "secret": {"S": "x"}}}, {"NULL": True}]},
    "tags": {"SS": ["b", "a"]},
    "blob": {"B": "AQI="},
    "10": {"BOOL": False},
}


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


@pytest.mark.parametrize(("template", "sink"), SINKS)
def test_test_items_are_spared_when_asked_for(
    start: Start, aws: FakeAws, template: Template, sink: str
) -> None:
    batch = [record(1, ddbinsert_probe={"N": "1"}), record(2)]
    outcome = invoke(start(template, sink, TEST_ITEMS="skip"), *batch)
    assert sorted(decisions(outcome)) == [(one["eventID"], "processed") for one in batch]
    assert ids(sent(aws, sink)) == [record(2)["eventID"]]
    aws.calls.clear()
    invoke(start(template, sink), *batch)
    assert len(sent(aws, sink)) == 2


def test_the_attribute_of_test_items_is_verifys(start: Start, aws: FakeAws) -> None:
    from ddbinsert.core.probe_item import VERSION

    attributes: dict[str, Any] = {VERSION: {"N": "1"}}
    invoke(start(Template.ANALYTICS, "kinesis", TEST_ITEMS="skip"), record(1, **attributes))
    assert sent(aws, "kinesis") == []


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


# --- both languages alike, and a network that isn't ------------------------------------------------------


@pytest.mark.skipif(not shutil.which("node"), reason="node is not here")
@pytest.mark.parametrize(("template", "sink"), SINKS)
def test_both_languages_send_the_same(aws: FakeAws, template: Template, sink: str) -> None:
    settings = {
        "SINK_ARN": ARNS[sink],
        "USER_ATTRIBUTE": "card.holder",
        "REDACT": "card.number,lines.*.secret,tags",
        "MESSAGE_TEMPLATE": "" if sink == "fifo" else "{pk} \u2028 {total} {lines} {blob} {10}",
        "SUBJECT_TEMPLATE": "New: {created_by} {card}",
        "MESSAGE_ATTRIBUTES": "who=created_by,sum=total,all=lines",
    }
    deep: dict[str, Any] = {
        **RICH,
        "__proto__": {"M": {"constructor": {"NS": ["1.0", "2"]}}},
        "odd": {"S": 'a\u0000b\ufffe"\\\n\U0001f600'},
    }
    batch = [record(1, **deep), record(2, pké={"N": "1E+30"}), record(3, item="\U0001f600\u00ff")]
    sent_by: list[list[Any]] = []
    for runtime in ("python3.13", "nodejs22.x"):
        aws.calls.clear()
        surroundings = {"PATH": os.environ["PATH"], **aws.variables()}
        package = bundle(template, runtime, settings)
        with Worker(
            package, runtime=runtime, name="f", environment=settings, surroundings=surroundings
        ) as worker:
            assert failing(invoke(worker, *batch)) == []
        # Tables and buckets take one entry a call, several at once.
        sent_by.append(sorted(((call.operation, call.parameters) for call in aws.calls), key=str))
    assert sent_by[0] == sent_by[1]


@pytest.mark.skipif(not shutil.which("node"), reason="node is not here")
def test_node_follows_a_bucket_into_its_region(aws: FakeAws) -> None:
    def elsewhere(*_: object) -> dict[str, Any]:
        if len(aws.calls) == 1:
            raise Fault("PermanentRedirect", status=301, x_amz_bucket_region="us-west-2")
        return {}

    aws.answer = elsewhere
    settings = {"SINK_ARN": ARNS["bucket"]}
    package = bundle(Template.AUDIT_LOG, "nodejs22.x", settings)
    surroundings = {"PATH": os.environ["PATH"], **aws.variables()}
    with Worker(
        package, runtime="nodejs22.x", name="f", environment=settings, surroundings=surroundings
    ) as worker:
        assert failing(invoke(worker, record(1))) == []
    assert len(aws.calls) == 2


def test_a_fault_of_the_service_is_tried_again_at_once(start: Start, aws: FakeAws) -> None:
    def shaky(service: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        if len(aws.calls) == 1:
            raise Fault("InternalFailure", status=500)
        return _agreeable(service, operation, parameters)

    aws.answer = shaky
    assert failing(invoke(start(Template.ANALYTICS, "bus"), record(1))) == []
    assert len(aws.calls) == 2


def test_a_service_that_cannot_be_reached_fails_the_records_not_the_function(start: Start) -> None:
    nowhere = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    outcome = invoke(start(Template.ANALYTICS, "bus", **nowhere), record(1), record(2))
    assert failing(outcome) == [record(1)["dynamodb"]["SequenceNumber"]]
    assert len(decisions(outcome)) == 2


# --- settings -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "settings", "named"),
    [
        (Template.NOTIFY, {"MESSAGE_TEMPLATE": "{a"}, "MESSAGE_TEMPLATE"),
        (Template.NOTIFY, {"MESSAGE_TEMPLATE": "{a..b}"}, "MESSAGE_TEMPLATE"),
        (Template.NOTIFY, {"MESSAGE_ATTRIBUTES": "novalue"}, "MESSAGE_ATTRIBUTES"),
        (Template.NOTIFY, {"MESSAGE_ATTRIBUTES": "AWS.x=y"}, "MESSAGE_ATTRIBUTES"),
        (
            Template.NOTIFY,
            {"MESSAGE_ATTRIBUTES": ",".join(f"n{i}=a" for i in range(11))},
            "MESSAGE_ATTRIBUTES",
        ),
        (Template.NOTIFY, {"EVENT_SOURCE": "aws.shop"}, "EVENT_SOURCE"),
        (Template.AUDIT_LOG, {"REDACT": "a..b"}, "REDACT"),
        (Template.AUDIT_LOG, {"TEST_ITEMS": "no"}, "TEST_ITEMS"),
    ],
)
def test_a_wrong_setting_stops_the_function_and_is_named(
    start: Start, template: Template, settings: dict[str, str], named: str
) -> None:
    outcome = invoke(start(template, "queue", **settings), record(1))
    assert outcome.error is not None
    assert outcome.error["errorType"] == "SettingsError"
    assert named in outcome.error["errorMessage"]


def test_without_partial_batch_response_a_failure_is_raised(start: Start) -> None:
    outcome = invoke(start(Template.PRINT, PARTIAL_BATCH_RESPONSE="false"), record(1))
    assert failing(outcome) == []
    broken = {**record(2), "dynamodb": None}
    raised = invoke(start(Template.ANALYTICS, "bus", PARTIAL_BATCH_RESPONSE="false"), broken)
    assert raised.error is not None
    assert "records failed: 1" in raised.error["errorMessage"]


@pytest.mark.parametrize(
    "event", [None, 7, [], {}, {"Records": None}, {"Records": "x"}, {"Records": [None, 1, "s"]}]
)
def test_an_event_that_is_no_stream_event_is_answered(start: Start, event: Any) -> None:
    worker = start(Template.PRINT)
    assert failing(worker.invoke(event, request_id="r", seconds=60)) == []
