"""The services that records are sent to, each with the limits that its API documents.

An entry is what a service's API calls one record, message, event or item, as its parameters.
"""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from ddbinsert_aws import ServiceError
from ddbinsert_delivery import PASSING, REJECTED, Failure, Limits, failure_of

if TYPE_CHECKING:
    from ddbinsert_aws import Call, Connect
    from ddbinsert_delivery import Sink
    from ddbinsert_settings import Arn

_KIB = 1024
_MIB = 1024 * 1024
# Where a service takes one call's worth of entries one by one.
_AT_ONCE = 8


def open_sink(target: Arn, connect: Connect) -> Sink:
    """The sink at this ARN; the SDK's client is made here."""
    kinds = {
        "dynamodb": Table,
        "s3": Bucket,
        "logs": LogGroup,
        "firehose": Firehose,
        "kinesis": KinesisStream,
        "events": EventBus,
        "sqs": Queue,
        "sns": Topic,
    }
    sink: Sink = kinds[target.service](target, connect(target.service, target.region or None))
    return sink


class _OneByOne:
    """A service whose API takes one entry a call; several calls run at once."""

    limits = Limits(count=100, call_bytes=8 * _MIB, entry_bytes=8 * _MIB)

    def __init__(self, target: Arn, call: Call) -> None:
        self.target = target
        self.call = call
        self._pool = ThreadPoolExecutor(_AT_ONCE)

    def size(self, entry: dict[str, Any]) -> int:
        return len(entry.get("Body", b""))

    def send(self, entries: list[dict[str, Any]]) -> list[Failure | None]:
        return list(self._pool.map(self._send_one, entries))

    def _send_one(self, entry: dict[str, Any]) -> Failure | None:
        try:
            self.put(entry)
        except ServiceError as error:
            return failure_of(error)
        return None

    def put(self, entry: dict[str, Any]) -> None:
        raise NotImplementedError


class Table(_OneByOne):
    """A DynamoDB table with the partition key ``eventID`` (S). Entries: the item. A retry changes nothing."""

    def put(self, entry: dict[str, Any]) -> None:
        try:
            self.call(
                "PutItem",
                TableName=self.target.text,
                Item=entry,
                ConditionExpression="attribute_not_exists(eventID)",
            )
        except ServiceError as error:
            if error.code != "ConditionalCheckFailedException":
                raise


class Bucket(_OneByOne):
    """An S3 bucket, or a prefix in one. Entries: ``Name`` and ``Body``. An object is written once."""

    def put(self, entry: dict[str, Any]) -> None:
        bucket, *prefix = self.target.resource.rstrip("/").split("/")
        try:
            self.call(
                "PutObject",
                Bucket=bucket,
                Key="/".join([*prefix, entry["Name"]]),
                Body=entry["Body"],
                ContentType="application/json",
                IfNoneMatch="*",
            )
        except ServiceError as error:
            if error.code != "PreconditionFailed":
                raise


class LogGroup:
    """A CloudWatch log group; a log stream an execution environment. Entries: timestamp, message."""

    limits = Limits(count=10_000, call_bytes=_MIB, entry_bytes=_MIB)

    def __init__(self, target: Arn, call: Call) -> None:
        self.target = target
        self.call = call
        own = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME") or "local"
        function = os.environ.get("AWS_LAMBDA_FUNCTION_NAME") or "function"
        self._stream = re.sub(r"[:*]", "-", f"{function}/{own}")[:512]

    def size(self, entry: dict[str, Any]) -> int:
        return len(entry["message"].encode()) + 26

    def send(self, entries: list[dict[str, Any]]) -> list[Failure | None]:
        order = sorted(range(len(entries)), key=lambda i: entries[i]["timestamp"])
        answer = self._put([entries[i] for i in order])
        told = answer.get("rejectedLogEventsInfo") or {}
        first = max(told.get("tooOldLogEventEndIndex", 0), told.get("expiredLogEventEndIndex", 0))
        last = told.get("tooNewLogEventStartIndex", len(entries))
        outcomes: list[Failure | None] = [None] * len(entries)
        for position, index in enumerate(order):
            if not first <= position < last:
                outcomes[index] = Failure(REJECTED, "its time is too far off for the log group")
        return outcomes

    def _put(self, events: list[dict[str, Any]]) -> dict[str, Any]:
        where = {"logGroupName": self.target.name, "logStreamName": self._stream}
        try:
            return self.call("PutLogEvents", **where, logEvents=events)
        except ServiceError as error:
            if error.code != "ResourceNotFoundException":
                raise
        try:
            self.call("CreateLogStream", **where)
        except ServiceError as error:
            if error.code != "ResourceAlreadyExistsException":
                raise
        return self.call("PutLogEvents", **where, logEvents=events)


class Firehose:
    """A Firehose stream. Entries: ``Data``."""

    limits = Limits(count=500, call_bytes=4 * _MIB, entry_bytes=1000 * _KIB)

    def __init__(self, target: Arn, call: Call) -> None:
        self.target = target
        self.call = call

    def size(self, entry: dict[str, Any]) -> int:
        return len(entry["Data"])

    def send(self, entries: list[dict[str, Any]]) -> list[Failure | None]:
        answer = self.call("PutRecordBatch", DeliveryStreamName=self.target.name, Records=entries)
        return _in_order(answer.get("RequestResponses"), len(entries))


class KinesisStream:
    """A Kinesis data stream. Entries: ``Data``, ``PartitionKey``."""

    limits = Limits(count=500, call_bytes=5 * _MIB, entry_bytes=10 * _MIB)

    def __init__(self, target: Arn, call: Call) -> None:
        self.target = target
        self.call = call

    def size(self, entry: dict[str, Any]) -> int:
        return len(entry["Data"]) + len(entry["PartitionKey"])

    def send(self, entries: list[dict[str, Any]]) -> list[Failure | None]:
        answer = self.call("PutRecords", StreamARN=self.target.text, Records=entries)
        return _in_order(answer.get("Records"), len(entries))


class EventBus:
    """An EventBridge bus. Entries: those of PutEvents, without the bus."""

    limits = Limits(count=10, call_bytes=256 * _KIB, entry_bytes=_MIB)
    _PASSING = ("InternalFailure", "InternalException", "ThrottlingException", "LimitExceededException")

    def __init__(self, target: Arn, call: Call) -> None:
        self.target = target
        self.call = call

    def size(self, entry: dict[str, Any]) -> int:
        texts = (entry["Source"], entry["DetailType"], entry["Detail"], *entry.get("Resources", ()))
        return sum(len(text.encode()) for text in texts) + (14 if "Time" in entry else 0)

    def send(self, entries: list[dict[str, Any]]) -> list[Failure | None]:
        answer = self.call("PutEvents", Entries=[{**e, "EventBusName": self.target.text} for e in entries])
        return _in_order(answer.get("Entries"), len(entries), self._PASSING)


class _Messages:
    """SQS and SNS: up to ten messages a call, each with an id of its own in it."""

    # Queues and topics set their own limit, 256 KiB or up to 1 MiB: a large message goes alone.
    limits = Limits(count=10, call_bytes=256 * _KIB, entry_bytes=_MIB)
    body = ""

    def __init__(self, target: Arn, call: Call) -> None:
        self.target = target
        self.call = call

    def size(self, entry: dict[str, Any]) -> int:
        attributes = entry.get("MessageAttributes", {}).items()
        return len(entry[self.body].encode()) + sum(
            len(name.encode()) + len(one["DataType"]) + len(one["StringValue"].encode())
            for name, one in attributes
        )

    def send(self, entries: list[dict[str, Any]]) -> list[Failure | None]:
        answer = self.put([{**entry, "Id": str(index)} for index, entry in enumerate(entries)])
        outcomes: list[Failure | None] = [None] * len(entries)
        for failed in answer.get("Failed") or ():
            kind = REJECTED if failed.get("SenderFault") else PASSING
            outcomes[int(failed["Id"])] = Failure(kind, f"{failed.get('Code')}: {failed.get('Message', '')}")
        return outcomes

    def put(self, entries: list[dict[str, Any]]) -> dict[str, Any]:
        raise NotImplementedError


class Queue(_Messages):
    """An SQS queue. Entries: those of SendMessageBatch, without the id."""

    body = "MessageBody"
    _url = ""

    def put(self, entries: list[dict[str, Any]]) -> dict[str, Any]:
        if not self._url:
            queue = {"QueueName": self.target.name, "QueueOwnerAWSAccountId": self.target.account}
            self._url = self.call("GetQueueUrl", **queue)["QueueUrl"]
        return self.call("SendMessageBatch", QueueUrl=self._url, Entries=entries)


class Topic(_Messages):
    """An SNS topic. Entries: those of PublishBatch, without the id."""

    body = "Message"

    def put(self, entries: list[dict[str, Any]]) -> dict[str, Any]:
        return self.call("PublishBatch", TopicArn=self.target.text, PublishBatchRequestEntries=entries)


def _in_order(
    answers: list[dict[str, Any]] | None, count: int, passing: tuple[str, ...] | None = None
) -> list[Failure | None]:
    """The outcomes in an answer that lists them in the entries' order."""
    outcomes: list[Failure | None] = [None] * count
    for index, one in enumerate((answers or [])[:count]):
        code = one.get("ErrorCode")
        if code:
            kind = PASSING if passing is None or code in passing else REJECTED
            outcomes[index] = Failure(kind, f"{code}: {one.get('ErrorMessage', '')}")
    return outcomes
