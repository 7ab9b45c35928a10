"""The services that records are sent to, each with the documented limits of its API.

An entry has the parameters of one record, message, event or item of the service's API. If a response contains other
entries but not this one, that does not count as success: the entry is sent again.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from ddbinsert_aws import ServiceError
from ddbinsert_deadline import side_by_side
from ddbinsert_delivery import PASSING, REJECTED, WRONG_TIME, Failure, Limits, entry_failure, failure_of
from ddbinsert_item import item_size, native

if TYPE_CHECKING:
    from ddbinsert_aws import Call, Connect
    from ddbinsert_deadline import Deadline
    from ddbinsert_delivery import Sink
    from ddbinsert_settings import Arn

_KIB = 1024
_MIB = 1024 * 1024


def open_sink(target: Arn, connect: Connect) -> Sink:
    """The sink with this ARN; creates the SDK's client."""
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
    """A service whose API accepts one entry per call; eight calls run in parallel, a few slices at a time."""

    limits = Limits(count=32, call_bytes=8 * _MIB, entry_bytes=8 * _MIB)

    def __init__(self, target: Arn, call: Call) -> None:
        self.target = target
        self.call = call

    def size(self, entry: dict[str, Any]) -> int:
        return len(entry["Body"])

    def send(self, entries: list[dict[str, Any]], deadline: Deadline) -> list[Failure | None]:
        errors = side_by_side(entries, lambda entry: self.put(entry, deadline), deadline)
        return [None if error is None else failure_of(error) for error in errors]

    def put(self, entry: dict[str, Any], deadline: Deadline) -> None:
        raise NotImplementedError


class Table(_OneByOne):
    """A DynamoDB table with the partition key ``eventID`` (S). Entries: the item, in DynamoDB JSON.

    An existing item is not replaced, so a repeated write changes nothing.
    """

    limits = Limits(count=32, call_bytes=8 * _MIB, entry_bytes=400 * _KIB)

    def size(self, entry: dict[str, Any]) -> int:
        return item_size(entry)

    def put(self, entry: dict[str, Any], deadline: Deadline) -> None:
        try:
            self.call(
                "PutItem",
                deadline,
                TableName=self.target.text,
                Item={name: native(value) for name, value in entry.items()},
                ConditionExpression="attribute_not_exists(eventID)",
            )
        except ServiceError as error:
            if error.code != "ConditionalCheckFailedException":
                raise


class Bucket(_OneByOne):
    """An S3 bucket, or a prefix in one. Entries: ``Name`` and ``Body``. An existing object is not replaced."""

    def put(self, entry: dict[str, Any], deadline: Deadline) -> None:
        bucket, *prefix = self.target.resource.rstrip("/").split("/")
        try:
            self.call(
                "PutObject",
                deadline,
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
    """A CloudWatch log group; one log stream for each execution environment. Entries: timestamp, message."""

    limits = Limits(count=10_000, call_bytes=_MIB, entry_bytes=_MIB)

    def __init__(self, target: Arn, call: Call) -> None:
        self.target = target
        self.call = call
        own = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME") or "local"
        function = os.environ.get("AWS_LAMBDA_FUNCTION_NAME") or "function"
        self._stream = re.sub(r"[:*]", "-", f"{function}/{own}")[:512]

    def size(self, entry: dict[str, Any]) -> int:
        return len(entry["message"].encode()) + 26

    def send(self, entries: list[dict[str, Any]], deadline: Deadline) -> list[Failure | None]:
        order = sorted(range(len(entries)), key=lambda i: entries[i]["timestamp"])
        answer = self._put([entries[i] for i in order], deadline)
        refused = answer.get("rejectedLogEventsInfo") or {}
        first = max(refused.get("tooOldLogEventEndIndex", 0), refused.get("expiredLogEventEndIndex", 0))
        last = refused.get("tooNewLogEventStartIndex", len(entries))
        outcomes: list[Failure | None] = [None] * len(entries)
        for position, index in enumerate(order):
            if not first <= position < last:
                outcomes[index] = Failure(
                    REJECTED, WRONG_TIME, "its time is too old or too new for the log group"
                )
        return outcomes

    def _put(self, events: list[dict[str, Any]], deadline: Deadline) -> dict[str, Any]:
        where = {"logGroupName": self.target.name, "logStreamName": self._stream}
        try:
            return self.call("PutLogEvents", deadline, **where, logEvents=events)
        except ServiceError as error:
            if error.code != "ResourceNotFoundException":
                raise
        try:
            self.call("CreateLogStream", deadline, **where)
        except ServiceError as error:
            if error.code != "ResourceAlreadyExistsException":
                raise
        return self.call("PutLogEvents", deadline, **where, logEvents=events)


class Firehose:
    """A Firehose stream. Entries: ``Data``."""

    limits = Limits(count=500, call_bytes=4 * _MIB, entry_bytes=1000 * _KIB)

    def __init__(self, target: Arn, call: Call) -> None:
        self.target = target
        self.call = call

    def size(self, entry: dict[str, Any]) -> int:
        return len(entry["Data"])

    def send(self, entries: list[dict[str, Any]], deadline: Deadline) -> list[Failure | None]:
        answer = self.call("PutRecordBatch", deadline, DeliveryStreamName=self.target.name, Records=entries)
        return _in_order(answer.get("RequestResponses"), len(entries), PASSING)


class KinesisStream:
    """A Kinesis data stream. Entries: ``Data``, ``PartitionKey``."""

    limits = Limits(count=500, call_bytes=5 * _MIB, entry_bytes=10 * _MIB)

    def __init__(self, target: Arn, call: Call) -> None:
        self.target = target
        self.call = call

    def size(self, entry: dict[str, Any]) -> int:
        return len(entry["Data"]) + len(entry["PartitionKey"])

    def send(self, entries: list[dict[str, Any]], deadline: Deadline) -> list[Failure | None]:
        answer = self.call("PutRecords", deadline, StreamARN=self.target.text, Records=entries)
        return _in_order(answer.get("Records"), len(entries), PASSING)


class EventBus:
    """An EventBridge bus. Entries: those of PutEvents, without the bus."""

    limits = Limits(count=10, call_bytes=256 * _KIB, entry_bytes=_MIB)

    def __init__(self, target: Arn, call: Call) -> None:
        self.target = target
        self.call = call

    def size(self, entry: dict[str, Any]) -> int:
        texts = (entry["Source"], entry["DetailType"], entry["Detail"], *entry.get("Resources", ()))
        return sum(len(text.encode()) for text in texts) + (14 if "Time" in entry else 0)

    def send(self, entries: list[dict[str, Any]], deadline: Deadline) -> list[Failure | None]:
        events = [{**entry, "EventBusName": self.target.text} for entry in entries]
        answer = self.call("PutEvents", deadline, Entries=events)
        return _in_order(answer.get("Entries"), len(entries), REJECTED)


class _Messages:
    """SQS and SNS: up to ten messages per call, each with its own id."""

    # The limit of a queue or topic is 256 KiB or up to 1 MiB, so a large message is sent alone.
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

    def send(self, entries: list[dict[str, Any]], deadline: Deadline) -> list[Failure | None]:
        answer = self.put([{**entry, "Id": str(index)} for index, entry in enumerate(entries)], deadline)
        outcomes: list[Failure | None] = [None] * len(entries)
        if answer.get("Successful"):
            outcomes = [_NO_OUTCOME] * len(entries)
        for sent in answer.get("Successful") or ():
            outcomes[int(sent["Id"])] = None
        for failed in answer.get("Failed") or ():
            otherwise = REJECTED if failed.get("SenderFault") else PASSING
            code, message = str(failed.get("Code", "")), str(failed.get("Message", ""))
            outcomes[int(failed["Id"])] = entry_failure(code, message, otherwise)
        return outcomes

    def put(self, entries: list[dict[str, Any]], deadline: Deadline) -> dict[str, Any]:
        raise NotImplementedError


class Queue(_Messages):
    """An SQS queue. Entries: those of SendMessageBatch, without the id."""

    body = "MessageBody"
    _url = ""

    def put(self, entries: list[dict[str, Any]], deadline: Deadline) -> dict[str, Any]:
        if not self._url:
            queue = {"QueueName": self.target.name, "QueueOwnerAWSAccountId": self.target.account}
            self._url = self.call("GetQueueUrl", deadline, **queue)["QueueUrl"]
        return self.call("SendMessageBatch", deadline, QueueUrl=self._url, Entries=entries)


class Topic(_Messages):
    """An SNS topic. Entries: those of PublishBatch, without the id."""

    body = "Message"

    def put(self, entries: list[dict[str, Any]], deadline: Deadline) -> dict[str, Any]:
        return self.call(
            "PublishBatch", deadline, TopicArn=self.target.text, PublishBatchRequestEntries=entries
        )


_NO_OUTCOME = Failure(PASSING, "NoOutcome", "the response does not contain this entry")


def _in_order(answers: list[dict[str, Any]] | None, count: int, otherwise: str) -> list[Failure | None]:
    """The outcomes in a response that lists them in the entries' order; ``otherwise`` for unknown codes."""
    if not answers:
        return [None] * count
    outcomes: list[Failure | None] = [_NO_OUTCOME] * count
    for index, one in enumerate(answers[:count]):
        code = one.get("ErrorCode")
        outcomes[index] = (
            entry_failure(str(code), str(one.get("ErrorMessage", "")), otherwise) if code else None
        )
    return outcomes
