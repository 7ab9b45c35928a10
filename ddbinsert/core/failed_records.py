"""The documents that Lambda writes to the on-failure destination when it discards records.

Source: the Lambda developer guide, "Retaining discarded records" of DynamoDB event source mappings. The document
names a shard and a range of sequence numbers; it contains the records themselves (``payload``) only in S3. A queue
that is subscribed to a topic contains the document in SNS's envelope. The range also contains records that the
mapping's filter excluded; ``batchSize`` counts only those that passed.

    {"requestContext": {"requestId", "functionArn", "condition": "RetryAttemptsExhausted", "approximateInvokeCount"},
     "responseContext": {"statusCode", "executedVersion", "functionError"}, "version": "1.0", "timestamp",
     "DDBStreamBatchInfo": {"shardId", "startSequenceNumber", "endSequenceNumber",
     "approximateArrivalOfFirstRecord", "approximateArrivalOfLastRecord", "batchSize", "streamArn"}}
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import field
from typing import TYPE_CHECKING, Any

from ddbinsert.core.arn import resource_name
from ddbinsert.core.words import plural
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

Record = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Failure:
    """One document about records that Lambda discarded.

    Attributes:
        condition: RetryAttemptsExhausted, RecordAgeExceeded, …
        function_arn: The function's ARN with version or alias, in Lambda's form.
        first, last: The range of sequence numbers in the shard, both inclusive.
        count: Number of records in the batch, as counted by Lambda; 0 if the document does not contain it.
        error: The function's last error: Unhandled, or empty.
        attempts: Approximate number of invocations.
        at: Time of the discard, ISO 8601.
        arrived: Time of its first record's write.
        records: The records themselves, if the document contains them.
        document: The document as it was read.
    """

    condition: str
    function_arn: str
    stream_arn: str
    shard: str
    first: str
    last: str
    count: int = 0
    error: str = ""
    attempts: int = 0
    at: str = ""
    arrived: str = ""
    records: tuple[Record, ...] | None = None
    document: dict[str, Any]

    @property
    def id(self) -> str:
        """12 hexadecimal digits, the same for the same range even if it was discarded several times."""
        what = f"{self.function_name}\n{self.stream_arn}\n{self.shard}\n{self.first}\n{self.last}"
        return hashlib.sha256(what.encode()).hexdigest()[:12]

    @property
    def function_name(self) -> str:
        return resource_name(self.function_arn)

    @property
    def table(self) -> str:
        return resource_name(self.stream_arn)

    def contains(self, record: Record) -> bool:
        """Whether a record of this shard is in the range."""
        return int(self.first) <= sequence_of(record) <= int(self.last)


@dataclass(frozen=True, kw_only=True)
class OddDocument:
    """A document at the destination that Lambda did not write.

    Attributes:
        name: The message's ID, or the object's key.
        why: Why it was not recognized.
    """

    name: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Listing:
    """The content of the destination.

    Attributes:
        odd: Documents that Lambda did not write, or that are damaged; they are skipped.
    """

    destination: str
    failures: tuple[Failure, ...]
    odd: tuple[OddDocument, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A failure with its records.

    Attributes:
        problem: Why there are no records, or not all.
    """

    failure: Failure
    records: tuple[Record, ...] = ()
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """The records of a failure's range, as far as they could be read.

    Attributes:
        records: The records in the order of the shard.
        trimmed: The first records are no longer in the stream, which keeps them for 24 hours.
    """

    records: tuple[Record, ...]
    trimmed: bool = False


@dataclass(frozen=True, kw_only=True)
class Selection:
    """The selection of a failure's records that are sent to the function again.

    Attributes:
        given: The records to send, in order.
        left_out: The reason by sequence number, for records that are not sent. They stay at the destination.
        records: All records of the range, in order.
        trimmed: The first records of the range are no longer in the stream.
        problem: Why nothing is sent.
    """

    given: tuple[Record, ...] = ()
    left_out: dict[int, str] = field(default_factory=dict)
    records: tuple[Record, ...] = ()
    trimmed: bool = False
    problem: str = ""


@dataclass(kw_only=True)
class Replay:
    """The result of replaying one failure.

    Attributes:
        done: Number of records that the function processed.
        already: Number of records that receipts show as processed before; they were not sent again.
        left: Sequence numbers of the records that failed again, or were not tried.
        left_out: The reason by sequence number, for records that were not sent.
        trimmed: The first records of the range are no longer in the stream.
        problem: The last error, or why the records could not be read.
    """

    failure: Failure
    done: int = 0
    already: int = 0
    left: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    trimmed: bool = False
    problem: str = ""

    @property
    def ok(self) -> bool:
        """Whether no record of the failure is left."""
        return not (self.left or self.left_out or self.trimmed or self.problem)


def parse_failure(text: str) -> Failure | None:
    """The failure in a document (or in SNS's envelope around one); None for any other document."""
    try:
        document = json.loads(text)
        if isinstance(document, dict) and document.get("Type") == "Notification":
            document = json.loads(document["Message"])
        return _failure(document)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
        return None


def why_odd(text: str) -> str:
    """Why a document is not recognized as one from Lambda."""
    if not text:
        return "it is empty, or too large to be read"
    try:
        document = json.loads(text)
        if isinstance(document, dict) and document.get("Type") == "Notification":
            document = json.loads(document["Message"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return "it is not valid JSON"
    if not isinstance(document, dict):
        return "it is not a JSON object"
    missing = [name for name in ("requestContext", "DDBStreamBatchInfo") if name not in document]
    if missing:
        return f"it has no {' and no '.join(missing)}"
    return "its fields are not those of a failure of a DynamoDB stream"


def _failure(document: dict[str, Any]) -> Failure:
    batch, request = document["DDBStreamBatchInfo"], document["requestContext"]
    response = document.get("responseContext") or {}
    first, last = str(batch["startSequenceNumber"]), str(batch["endSequenceNumber"])
    if int(first) > int(last):
        raise ValueError("an empty range")
    return Failure(
        condition=str(request.get("condition") or ""),
        function_arn=str(request["functionArn"]),
        stream_arn=str(batch["streamArn"]),
        shard=str(batch["shardId"]),
        first=first,
        last=last,
        count=int(batch.get("batchSize") or 0),
        error=str(response.get("functionError") or ""),
        attempts=int(request.get("approximateInvokeCount") or 0),
        at=str(document.get("timestamp") or ""),
        arrived=str(batch.get("approximateArrivalOfFirstRecord") or ""),
        records=_payload(document.get("payload")),
        document=document,
    )


def _payload(payload: Any) -> tuple[Record, ...] | None:
    """The records of the complete event, which is an object or a text; None without an event.

    Raises:
        ValueError, KeyError, TypeError: An entry is not a stream record.
    """
    if isinstance(payload, str):
        payload = json.loads(payload)
    records = payload.get("Records") if isinstance(payload, dict) else None
    if not isinstance(records, list):
        return None
    return tuple(sorted(records, key=sequence_of))


def sequence_of(record: Record) -> int:
    """The record's sequence number, which orders the records of a shard."""
    return int(record["dynamodb"]["SequenceNumber"])


def select(
    failure: Failure, fetched: Fetched, passes: Callable[[Record], bool], *, everything: bool = False
) -> Selection:
    """Select the records to send to the function. No record is dropped: all others are listed in ``left_out``.

    If the document contains the records themselves, they are the failure. For a range, only ``count`` is
    known, the number of records in the batch. If it is smaller than the number of records that pass today's
    filter, the filter was narrower then, and nothing is sent. If it is larger, the filter was wider or
    records have expired: the excluded records of the range may belong to the failure and are left out.

    Args:
        passes: Returns whether a record passes the mapping's present filter.
        everything: Send every record of the range.
    """
    given = tuple(one for one in fetched.records if everything or _reason(one, passes) is None)
    rest = (
        {}
        if everything
        else {sequence_of(one): text for one in fetched.records if (text := _reason(one, passes))}
    )
    if failure.records is None and not everything:
        if 0 < failure.count < len(given):
            problem = (
                f"{len(given)} records of the range pass today's filter, and the batch had {failure.count}: "
                "the filter was narrower then"
            )
            return Selection(problem=problem)
        if not rest or not failure.count or failure.count == len(given):
            rest = {}
    of_failure = {sequence_of(one) for one in given} | set(rest)
    records = tuple(one for one in fetched.records if sequence_of(one) in of_failure)
    return Selection(given=given, left_out=rest, records=records, trimmed=fetched.trimmed)


def _reason(record: Record, passes: Callable[[Record], bool]) -> str | None:
    """Why a record is not sent; None if it is."""
    if record.get("eventName") != "INSERT":
        return f"is a {record.get('eventName')}, not an INSERT"
    return None if passes(record) else "the mapping's filter excludes it today"


def left_out_words(reasons: Iterable[str], trimmed: bool) -> list[str]:
    """The records that a replay leaves out, in words: ``2 records: is a MODIFY, not an INSERT``."""
    words = [f"{plural(count, 'record')}: {text}" for text, count in Counter(reasons).items()]
    return [*words, *(["the first records are no longer in the stream"] if trimmed else [])]


def remainder(failure: Failure, selection: Selection, remaining: Collection[int]) -> list[dict[str, Any]]:
    """The documents for the remaining records of a failure, without the records that are done.

    Args:
        remaining: Sequence numbers of the sent records that are not done.
    """
    left = {*remaining, *selection.left_out}
    documents = narrowed(failure, selection.records, left)
    if selection.trimmed and selection.records:
        before = sequence_of(selection.records[0]) - 1
        gone = max(1, failure.count - len(selection.records))
        documents.insert(
            0, _range_document(failure, failure.first, str(max(before, int(failure.first))), gone)
        )
    return documents


def narrowed(failure: Failure, records: Sequence[Record], remaining: Collection[int]) -> list[dict[str, Any]]:
    """The documents for the remaining records: one for each contiguous range, without the records that are done.

    Args:
        records: All records of the failure, in order.
        remaining: Sequence numbers of the records that are not done.
    """
    runs: list[list[Record]] = []
    is_new = True
    for record in records:
        if sequence_of(record) not in remaining:
            is_new = True
            continue
        if is_new:
            runs.append([])
        is_new = False
        runs[-1].append(record)
    return [_document(failure, run) for run in runs]


def _document(failure: Failure, run: Sequence[Record]) -> dict[str, Any]:
    first, last = (str(one["dynamodb"]["SequenceNumber"]) for one in (run[0], run[-1]))
    document = _range_document(failure, first, last, len(run))
    payload = {} if failure.records is None else {"payload": json.dumps({"Records": list(run)})}
    return {**document, **payload}


def _range_document(failure: Failure, first: str, last: str, count: int) -> dict[str, Any]:
    batch = {
        **failure.document["DDBStreamBatchInfo"],
        "startSequenceNumber": first,
        "endSequenceNumber": last,
        "batchSize": count,
    }
    return {**failure.document, "DDBStreamBatchInfo": batch}
