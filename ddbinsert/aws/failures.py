"""Failure documents where Lambda left them, and the records that they name, read back from the stream."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from ddbinsert.aws.errors import code_of, is_not_found, translated
from ddbinsert.aws.streams import as_lambda_has_it
from ddbinsert.core.failures import Failure, Record, parse_failure, sequence_of
from ddbinsert.errors import PrerequisiteError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ddbinsert.aws.session import Aws
    from ddbinsert.core.clock import Clock

#: Seconds that messages are out of others' sight while they are looked at, and while they are replayed.
LOOK = 30
HOLD = 900
#: So many empty answers in a row mean an empty queue: an answer asks only some of SQS's servers.
_EMPTY_IN_A_ROW = 3
#: So many of them from a shard, where more records are known to be: then they aren't to be had.
_NOTHING_MORE = 40
#: Seconds between two reads of one shard, which answers five a second.
_POLITE = 0.25
_MOST = 1000
_PAGE = 1000
#: Where Lambda puts its objects (its developer guide).
_PREFIX = "aws/lambda/"
_LARGEST_OBJECT = 64 * 1024 * 1024


@dataclass(kw_only=True)
class Stored:
    """A document at the destination.

    Attributes:
        failure: None where the document is none of Lambda's.
        handles: What takes it away again; several where the same failure is there more than once.
    """

    failure: Failure | None
    text: str
    handles: list[str] = field(default_factory=list)


class Place(Protocol):
    """A destination that can be read back."""

    arn: str

    def read(self, seconds: int) -> list[Stored]:
        """Every document, up to 1000; nobody else sees them for so long, or until ``release``."""

    def hold(self, stored: Stored) -> None:
        """Keep a document from others while it is worked on."""

    def replace(self, stored: Stored, documents: Sequence[dict[str, Any]]) -> None:
        """Put these in its place (none: it is done). First put, then taken away: nothing is ever lost."""

    def release(self) -> None:
        """Let others see again what is still there."""


def open_place(aws: Aws, arn: str, *, mapping: str | None = None) -> Place:
    """The destination at this ARN.

    Args:
        mapping: The event source mapping whose objects are wanted, of a bucket; None takes all of Lambda's.

    Raises:
        UsageError: A topic, which keeps nothing, or no destination at all.
    """
    parts = arn.split(":", 5)
    match parts[2] if len(parts) == 6 else "":
        case "sqs":
            return Queue(aws, arn)
        case "s3":
            return Bucket(aws, arn, mapping)
        case "sns":
            raise UsageError(
                f"{arn} is a topic, which keeps nothing that could be read back.",
                hint="Subscribe a queue to it, and give that: --from QUEUE_ARN.",
                code="destination-not-readable",
            )
        case _:
            raise UsageError(f"{arn} is no SQS queue and no S3 bucket.", code="destination-not-readable")


class Queue:
    """An SQS queue. Messages that are looked at become visible again; their receive count has grown by one."""

    def __init__(self, aws: Aws, arn: str) -> None:
        self.arn = arn
        self._aws = aws
        self._found: dict[str, Stored] = {}
        self._address = ""

    def read(self, seconds: int) -> list[Stored]:
        client = self._aws.client("sqs")
        url = self._url()
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
                self._take(message)
        return list(self._found.values())

    def _take(self, message: dict[str, Any]) -> None:
        failure = parse_failure(message["Body"])
        identity = failure.id if failure else message["MessageId"]
        known = self._found.setdefault(identity, Stored(failure=failure, text=message["Body"]))
        known.handles.append(message["ReceiptHandle"])

    def _url(self) -> str:
        if self._address:
            return self._address
        with translated(f"find queue {self.arn}"):
            try:
                answer = self._aws.client("sqs").get_queue_url(
                    QueueName=self.arn.split(":")[5], QueueOwnerAWSAccountId=self.arn.split(":")[4]
                )
            except Exception as error:
                if "NonExistentQueue" not in code_of(error) and "DoesNotExist" not in code_of(error):
                    raise
                raise PrerequisiteError(
                    f"The queue {self.arn} does not exist (any more).", code="destination-not-found"
                ) from error
        self._address = str(answer["QueueUrl"])
        return self._address

    def hold(self, stored: Stored) -> None:
        for handle in stored.handles:
            self._visible(handle, HOLD)

    def replace(self, stored: Stored, documents: Sequence[dict[str, Any]]) -> None:
        client = self._aws.client("sqs")
        with translated(f"write to queue {self.arn}"):
            for document in documents:
                client.send_message(QueueUrl=self._url(), MessageBody=json.dumps(document))
            for handle in stored.handles:
                client.delete_message(QueueUrl=self._url(), ReceiptHandle=handle)
        stored.handles = []

    def release(self) -> None:
        for stored in self._found.values():
            for handle in stored.handles:
                with contextlib.suppress(Exception):  # it becomes visible by itself, only later
                    self._visible(handle, 0)

    def _visible(self, handle: str, seconds: int) -> None:
        with translated(f"hold a message of queue {self.arn}"):
            self._aws.client("sqs").change_message_visibility(
                QueueUrl=self._url(), ReceiptHandle=handle, VisibilityTimeout=seconds
            )


class Bucket:
    """An S3 bucket, with Lambda's objects in it. Their handles are keys."""

    def __init__(self, aws: Aws, arn: str, mapping: str | None) -> None:
        self.arn = arn
        self._aws = aws
        self._name = arn.rpartition(":::")[2]
        self._prefix = f"{_PREFIX}{mapping}/" if mapping else _PREFIX

    def read(self, seconds: int) -> list[Stored]:  # noqa: ARG002 - objects are never hidden
        found: dict[str, Stored] = {}
        for key in self._keys():
            text = self._text(key)
            failure = parse_failure(text)
            known = found.setdefault(failure.id if failure else key, Stored(failure=failure, text=text))
            known.handles.append(key)
        return list(found.values())

    def _keys(self) -> Iterator[str]:
        pages = self._aws.client("s3").get_paginator("list_objects_v2")
        with translated(f"list bucket {self._name}"):
            try:
                count = 0
                for page in pages.paginate(Bucket=self._name, Prefix=self._prefix):
                    for one in page.get("Contents") or ():
                        if one["Size"] <= _LARGEST_OBJECT:
                            yield one["Key"]
                            count += 1
                        if count >= _MOST:
                            return
            except Exception as error:
                if code_of(error) != "NoSuchBucket":
                    raise
                raise PrerequisiteError(
                    f"The bucket {self._name} does not exist (any more).", code="destination-not-found"
                ) from error

    def _text(self, key: str) -> str:
        with translated(f"read s3://{self._name}/{key}"):
            body: bytes = self._aws.client("s3").get_object(Bucket=self._name, Key=key)["Body"].read()
        return body.decode("utf-8", "replace")

    def hold(self, stored: Stored) -> None:
        """Nobody else takes objects away."""

    def replace(self, stored: Stored, documents: Sequence[dict[str, Any]]) -> None:
        client = self._aws.client("s3")
        with translated(f"write to bucket {self._name}"):
            for number, document in enumerate(documents):
                key = f"{stored.handles[0]}-{number}"
                client.put_object(Bucket=self._name, Key=key, Body=json.dumps(document).encode())
            for key in stored.handles:
                client.delete_object(Bucket=self._name, Key=key)
        stored.handles = []

    def release(self) -> None:
        """Objects are never hidden."""


def fetch(aws: Aws, failure: Failure, *, clock: Clock) -> list[Record]:
    """The records of a failure: out of the document, or back from the stream, where they live for 24 hours.

    Raises:
        PrerequisiteError: They (or some of them) are gone.
    """
    if failure.records is not None:
        return sorted(failure.records, key=sequence_of)
    with translated(f"read shard {failure.shard} of the stream"):
        try:
            return _whole(failure, list(_range(aws, failure, clock)))
        except Exception as error:
            if code_of(error) != "TrimmedDataAccessException" and not is_not_found(error):
                raise
            raise _gone(failure) from error


def _range(aws: Aws, failure: Failure, clock: Clock) -> Iterator[Record]:
    """The shard's records from the failure's first on, up to its last.

    An empty answer says nothing (API reference of GetRecords: it may take several calls to come to the part that
    holds records), while the range's end is known: only reaching it shows that nothing is missing.
    """
    client = aws.client("dynamodbstreams")
    iterator: str | None = client.get_shard_iterator(
        StreamArn=failure.stream_arn,
        ShardId=failure.shard,
        ShardIteratorType="AT_SEQUENCE_NUMBER",
        SequenceNumber=failure.first,
    )["ShardIterator"]
    empty = 0
    while iterator is not None and empty < _NOTHING_MORE:
        page: Any = client.get_records(ShardIterator=iterator, Limit=_PAGE)
        for record in page["Records"]:
            if sequence_of(record) <= int(failure.last):
                yield as_lambda_has_it(record, failure.stream_arn)
            if sequence_of(record) >= int(failure.last):
                return
        iterator = page.get("NextShardIterator")
        empty = 0 if page["Records"] else empty + 1
        clock.sleep(_POLITE)


def _whole(failure: Failure, records: list[Record]) -> list[Record]:
    """The records, if both ends of the range are among them: else some are gone (the oldest go first), or unread."""
    inside = [record for record in records if failure.holds(record)]
    if not inside or sequence_of(inside[0]) != int(failure.first):
        raise _gone(failure)
    if sequence_of(inside[-1]) != int(failure.last):
        raise PrerequisiteError(
            f"The stream gave only {len(inside)} records of failure {failure.id}, not all up to its last one.",
            hint="Try again: the failure stays where it is.",
            code="records-not-read",
        )
    return inside


def _gone(failure: Failure) -> PrerequisiteError:
    return PrerequisiteError(
        f"The records of failure {failure.id} are no longer in the stream, which keeps them for 24 hours.",
        hint="An S3 bucket as on-failure destination keeps the records themselves.",
        code="records-expired",
    )
