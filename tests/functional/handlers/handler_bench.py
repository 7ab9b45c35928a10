"""What the tests of handlers share: sinks, records, and what a handler made of them."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from ddbinsert.core import receipt
from ddbinsert.core.model.wanted import Template
from ddbinsert.handlers.worker import Worker

if TYPE_CHECKING:
    from ddbinsert.core.logs.invocation import Invocation
    from tests.functional.handlers.fake_aws import FakeAws

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
#: As many of them as it takes to have every sink, each with one template.
EACH_SINK_ONCE = [(template, sink) for sink, template in {sink: template for template, sink in SINKS}.items()]

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


def agreeable(_service: str, operation: str, _parameters: dict[str, Any]) -> dict[str, Any]:
    return {"QueueUrl": "https://queue.example/news"} if operation == "GetQueueUrl" else {}


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
