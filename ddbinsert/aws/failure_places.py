"""Failure documents at the destination to which Lambda wrote them: a queue (possibly behind a topic) or a bucket."""

from __future__ import annotations

import contextlib
import json
from dataclasses import field
from typing import TYPE_CHECKING, Any, Protocol

from ddbinsert.aws.errors import code_of, translated
from ddbinsert.aws.queue_address import queue_url
from ddbinsert.core.arn import arn_parts
from ddbinsert.core.failed_records import Failure, parse_failure
from ddbinsert.dataclass import dataclass
from ddbinsert.errors import PrerequisiteError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ddbinsert.aws.session.session import Aws

#: Seconds for which messages are hidden from other readers while they are read, and while they are replayed.
LOOK = 30
HOLD = 900
#: Number of consecutive empty answers that mean an empty queue: each call queries only some of SQS's servers.
_EMPTY_IN_A_ROW = 3
_MOST = 1000
#: The prefix of Lambda's objects (its developer guide).
_PREFIX = "aws/lambda/"
_LARGEST_OBJECT = 64 * 1024 * 1024


@dataclass(kw_only=True)
class StoredFailure:
    """A document at the destination.

    Attributes:
        failure: The parsed document; None if Lambda did not write it.
        text: The document as it is stored.
        name: Its name at the destination: a message's ID, or an object's key.
        handles: Handles to delete it; several if the same failure is stored more than once.
    """

    failure: Failure | None
    text: str
    name: str = ""
    handles: list[str] = field(default_factory=list)


class Destination(Protocol):
    """A destination that can be read back."""

    arn: str

    def read(self, seconds: int) -> list[StoredFailure]:
        """Every document, up to 1000; they are hidden from other readers for ``seconds``, or until ``unhide``."""

    def keep_hidden(self, stored: StoredFailure) -> None:
        """Keep a document hidden from other readers while it is processed."""

    def replace(self, stored: StoredFailure, documents: Sequence[dict[str, Any]]) -> None:
        """Replace a document by these, or delete it if there are none. Writes before it deletes, so none is lost."""

    def unhide(self) -> None:
        """Make the remaining documents visible to other readers again."""


def open_destination(aws: Aws, arn: str, *, mapping: str | None = None) -> Destination:
    """The destination at this ARN.

    Args:
        mapping: Read only this event source mapping's objects from a bucket; None reads all of Lambda's objects.

    Raises:
        UsageError: It is a topic, which does not store messages, or not a destination.
    """
    match arn_parts(arn).service:
        case "sqs":
            return Queue(aws, arn)
        case "s3":
            return Bucket(aws, arn, mapping)
        case "sns":
            return Queue(aws, _queue_of(aws, arn))
        case _:
            raise UsageError(
                f"{arn} is neither an SQS queue nor an S3 bucket.", code="destination-not-readable"
            )


def held(aws: Aws, arn: str, *, mapping: str) -> int | None:
    """The number of documents at a destination, without reading them; None if it cannot be determined.

    SQS's number is approximate. In a bucket, at most 1000 objects of the mapping are counted.
    """
    match arn_parts(arn).service:
        case "sqs":
            return Queue(aws, arn).count()
        case "s3":
            return Bucket(aws, arn, mapping).count()
        case _:
            return None


_NUMBERS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


def _queue_of(aws: Aws, topic: str) -> str:
    """The only queue that is subscribed to a topic; a topic itself does not store messages.

    Raises:
        UsageError: No queue is subscribed, or more than one.
        PrerequisiteError: The topic does not exist.
        AwsError: The subscriptions may not be listed.
    """
    queues: list[str] = []
    request: dict[str, Any] = {"TopicArn": topic}
    with translated(f"list the subscriptions of topic {topic}"):
        while True:
            try:
                answer = aws.client("sns").list_subscriptions_by_topic(**request)
            except Exception as error:
                if not code_of(error).startswith("NotFound"):
                    raise
                raise PrerequisiteError(
                    f"The topic {topic} does not exist.", code="destination-not-found"
                ) from error
            found = answer.get("Subscriptions") or ()
            queues += [str(one["Endpoint"]) for one in found if one.get("Protocol") == "sqs"]
            if not answer.get("NextToken"):
                break
            request["NextToken"] = answer["NextToken"]
    if len(queues) == 1:
        return queues[0]
    if not queues:
        raise UsageError(
            f"{topic} is a topic, which does not store messages, and no queue is subscribed to it.",
            hint="Subscribe a queue to it; records that are discarded afterwards can be read there.",
            code="destination-not-readable",
        )
    raise UsageError(
        f"{topic} is a topic to which {len(queues)} queues are subscribed, each with its own copy: "
        f"{', '.join(queues)}.",
        hint="Specify the one to read: --from QUEUE_ARN.",
        code="destination-not-readable",
    )


class Queue:
    """An SQS queue. Messages that were read become visible again, with a receive count that is one higher."""

    def __init__(self, aws: Aws, arn: str) -> None:
        self.arn = arn
        self._aws = aws
        self._found: dict[str, StoredFailure] = {}
        self._address = ""

    def read(self, seconds: int) -> list[StoredFailure]:
        client = self._aws.client("sqs")
        url = self.url
        empty = count = 0
        while empty < _EMPTY_IN_A_ROW and count < _MOST:
            with translated(f"read queue {self.arn}"):
                answer = client.receive_message(
                    QueueUrl=url,
                    MaxNumberOfMessages=10,
                    VisibilityTimeout=seconds,
                    WaitTimeSeconds=1 if self._aws.is_aws else 0,
                )
            messages = answer.get("Messages") or []
            empty = 0 if messages else empty + 1
            count += len(messages)
            for message in messages:
                self._add_message(message)
        return list(self._found.values())

    def count(self) -> int:
        """The approximate number of messages in it."""
        url = self.url
        with translated(f"read queue {self.arn}"):
            answer = self._aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=[*_NUMBERS])
        return sum(int(answer.get("Attributes", {}).get(name) or 0) for name in _NUMBERS)

    def _add_message(self, message: dict[str, Any]) -> None:
        failure = parse_failure(message["Body"])
        identity = failure.id if failure else message["MessageId"]
        known = self._found.setdefault(
            identity, StoredFailure(failure=failure, text=message["Body"], name=message["MessageId"])
        )
        known.handles.append(message["ReceiptHandle"])

    @property
    def url(self) -> str:
        if self._address:
            return self._address
        with translated(f"find queue {self.arn}"):
            url = queue_url(self._aws, arn_parts(self.arn).resource, account=arn_parts(self.arn).account)
        if url is None:
            raise PrerequisiteError(f"The queue {self.arn} does not exist.", code="destination-not-found")
        self._address = url
        return self._address

    def keep_hidden(self, stored: StoredFailure) -> None:
        for handle in stored.handles:
            self._visible(handle, HOLD)

    def replace(self, stored: StoredFailure, documents: Sequence[dict[str, Any]]) -> None:
        client = self._aws.client("sqs")
        with translated(f"write to queue {self.arn}"):
            for document in documents:
                client.send_message(QueueUrl=self.url, MessageBody=json.dumps(document))
            for handle in stored.handles:
                client.delete_message(QueueUrl=self.url, ReceiptHandle=handle)
        stored.handles = []

    def unhide(self) -> None:
        for stored in self._found.values():
            for handle in stored.handles:
                with contextlib.suppress(Exception):  # it becomes visible after its visibility timeout
                    self._visible(handle, 0)

    def _visible(self, handle: str, seconds: int) -> None:
        with translated(f"extend the visibility timeout of a message in queue {self.arn}"):
            self._aws.client("sqs").change_message_visibility(
                QueueUrl=self.url, ReceiptHandle=handle, VisibilityTimeout=seconds
            )


def has_redrive_policy(aws: Aws, arn: str) -> bool:
    """Whether repeated reads move the queue's messages to a dead-letter queue of its own."""
    place = Queue(aws, arn)
    with translated(f"read queue {arn}"):
        answer = aws.client("sqs").get_queue_attributes(QueueUrl=place.url, AttributeNames=["RedrivePolicy"])
    return bool((answer.get("Attributes") or {}).get("RedrivePolicy"))


class Bucket:
    """An S3 bucket with Lambda's objects. Their handles are keys."""

    def __init__(self, aws: Aws, arn: str, mapping: str | None) -> None:
        self.arn = arn
        self._aws = aws
        self._name = arn_parts(arn).resource
        self._prefix = f"{_PREFIX}{mapping}/" if mapping else _PREFIX

    def read(self, seconds: int) -> list[StoredFailure]:  # noqa: ARG002 - objects are never hidden
        found: dict[str, StoredFailure] = {}
        for key, is_readable in self._keys():
            text = self._text(key) if is_readable else ""
            failure = parse_failure(text)
            identity = failure.id if failure else key
            known = found.setdefault(identity, StoredFailure(failure=failure, text=text, name=key))
            known.handles.append(key)
        return list(found.values())

    def count(self) -> int:
        """The number of objects in it, at most 1000."""
        return sum(1 for _ in self._keys())

    def _keys(self) -> Iterator[tuple[str, bool]]:
        """The keys of the objects, and whether each is small enough to be read."""
        pages = self._aws.client("s3").get_paginator("list_objects_v2")
        with translated(f"list bucket {self._name}"):
            try:
                count = 0
                for page in pages.paginate(Bucket=self._name, Prefix=self._prefix):
                    for one in page.get("Contents") or ():
                        yield one["Key"], one["Size"] <= _LARGEST_OBJECT
                        count += 1
                        if count >= _MOST:
                            return
            except Exception as error:
                if code_of(error) != "NoSuchBucket":
                    raise
                raise PrerequisiteError(
                    f"The bucket {self._name} does not exist.", code="destination-not-found"
                ) from error

    def _text(self, key: str) -> str:
        with translated(f"read s3://{self._name}/{key}"):
            body: bytes = self._aws.client("s3").get_object(Bucket=self._name, Key=key)["Body"].read()
        return body.decode("utf-8", "replace")

    def keep_hidden(self, stored: StoredFailure) -> None:
        """Does nothing: objects are never hidden."""

    def replace(self, stored: StoredFailure, documents: Sequence[dict[str, Any]]) -> None:
        client = self._aws.client("s3")
        with translated(f"write to bucket {self._name}"):
            for number, document in enumerate(documents):
                key = f"{stored.handles[0]}-{number}"
                client.put_object(Bucket=self._name, Key=key, Body=json.dumps(document).encode())
            for key in stored.handles:
                client.delete_object(Bucket=self._name, Key=key)
        stored.handles = []

    def unhide(self) -> None:
        """Does nothing: objects are never hidden."""
