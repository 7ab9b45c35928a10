"""What the templates deliver to scripted services: each insert once, whatever is refused, throttled or given twice."""

from __future__ import annotations

import base64
import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from ddbinsert.core.model.wanted import Template
from ddbinsert.handlers import package_code
from ddbinsert.handlers.bundle import language_of, template_files
from ddbinsert.handlers.worker import Worker
from tests.functional.handlers.fake_aws import FakeAws, Fault
from tests.functional.handlers.handler_bench import (
    EACH_SINK_ONCE,
    NODE,
    SINKS,
    Start,
    agreeable,
    decisions,
    failing,
    ids,
    invoke,
    record,
    sent,
)

if TYPE_CHECKING:
    from pathlib import Path


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


@pytest.mark.parametrize(("template", "sink"), EACH_SINK_ONCE)
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


@pytest.mark.parametrize(
    ("template", "sink"), [(t, s) for t, s in EACH_SINK_ONCE if s not in ("table", "bucket")]
)
def test_a_batch_that_is_refused_for_one_record_is_cut_down_to_it(
    start: Start, aws: FakeAws, template: Template, sink: str
) -> None:
    def picky(service: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        if "poison" in json.dumps(parameters):
            raise Fault("InvalidParameterValue")
        if any("poison" in base64.b64decode(r["Data"]).decode() for r in _data(parameters)):
            raise Fault("InvalidArgumentException")
        return agreeable(service, operation, parameters)

    aws.answer = picky
    worker = start(template, sink)
    outcome = invoke(worker, *(record(n, v={"S": "poison" if n == 6 else "fine"}) for n in range(1, 10)))
    refused = [event for event, decision in decisions(outcome) if decision == "failed"]
    if template is Template.AUDIT_LOG:  # which keeps an entry of everything, if need be without the image
        assert failing(outcome) == refused == []
        assert [one["eventID"] for one in sent(aws, sink) if "imageOmitted" in one] == [record(6)["eventID"]]
    else:
        assert failing(outcome) == [record(6)["dynamodb"]["SequenceNumber"]]
        assert refused == [record(6)["eventID"]]


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
    assert outcome.error is not None, "an alarm on the function's errors must see it"
    assert "AccessDeniedException" in outcome.error["errorMessage"]
    assert [decision for _, decision in decisions(outcome)] == ["failed"] * 250
    assert len(aws.calls) <= 100


def test_work_goes_on_where_it_stopped_when_the_service_is_back(start: Start, aws: FakeAws) -> None:
    worker = start(Template.AUDIT_LOG, "table")
    refused = {"S": record(2)["eventID"]}

    def half(service: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        if parameters["Item"]["eventID"] == refused:
            raise Fault("AccessDeniedException")
        return agreeable(service, operation, parameters)

    aws.answer = half
    batch = [record(n) for n in range(1, 5)]
    assert failing(invoke(worker, *batch)) == [record(2)["dynamodb"]["SequenceNumber"]]
    aws.calls.clear()
    aws.answer = agreeable
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


@pytest.mark.parametrize("runtime", ["python3.13", NODE])
def test_a_batch_is_broken_off_before_the_functions_time_is_over(tmp_path: Path, runtime: str) -> None:
    language = language_of(runtime)
    for name, content in template_files(Template.PRINT, language).items():
        (tmp_path / name).write_bytes(content)
    entry = tmp_path / language.entry
    slow = {
        "python": "\nimport time\ndef on_insert(new):\n    time.sleep(0.4)\n",
        "node": "{ await new Promise((done) => setTimeout(done, 400)); }",
    }[language.folder]
    text = entry.read_text()
    entry.write_text(
        text + slow
        if language.folder == "python"
        else text.replace("onInsert(item) {}", f"onInsert(item) {slow}")
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
