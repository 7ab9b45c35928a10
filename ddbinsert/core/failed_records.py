"""The documents that Lambda writes to the on-failure destination when it discards records.

Source: the Lambda developer guide, "Retaining discarded records" of DynamoDB event source mappings. The document
names a shard and a range of sequence numbers; only in S3 does it hold the records themselves (``payload``). A
queue that is subscribed to a topic holds the document in SNS's envelope. The range holds records, too, that the
mapping's filter had excluded; ``batchSize`` counts those that it had not.

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
    """Records that Lambda discarded: one document.

    Attributes:
        condition: RetryAttemptsExhausted, RecordAgeExceeded, …
        function_arn: With version or alias, as Lambda writes it.
        first, last: The range of sequence numbers in the shard, both included.
        count: Number of records in the batch, as Lambda counted them; 0 if the document does not say.
        error: The function's last error: Unhandled, or empty.
        attempts: Approximate number of invocations.
        at: When it was discarded, ISO 8601. arrived: When its first record was written.
        records: The records themselves, where the document holds them.
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
        """12 hexadecimal digits: the same for the same range, however often it was discarded."""
        what = f"{self.function_name}\n{self.stream_arn}\n{self.shard}\n{self.first}\n{self.last}"
        return hashlib.sha256(what.encode()).hexdigest()[:12]

    @property
    def function_name(self) -> str:
        return resource_name(self.function_arn)

    @property
    def table(self) -> str:
        return resource_name(self.stream_arn)

    def holds(self, record: Record) -> bool:
        """Whether a record of this shard lies in the range."""
        return int(self.first) <= sequence_of(record) <= int(self.last)


@dataclass(frozen=True, kw_only=True)
class OddDocument:
    """A document at the destination that is not one of Lambda's; ``name``: a message's ID, or an object's key."""

    name: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Listing:
    """The content of the destination.

    Attributes:
        odd: Documents that are not Lambda's, or are damaged: they are skipped.
    """

    destination: str
    failures: tuple[Failure, ...]
    odd: tuple[OddDocument, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A failure with its records; ``problem`` says why there are none, or not all."""

    failure: Failure
    records: tuple[Record, ...] = ()
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """What could be read of a failure's range.

    Attributes:
        records: In the order of the shard, first to last.
        trimmed: The first records are no longer in the stream, which keeps them for 24 hours.
    """

    records: tuple[Record, ...]
    trimmed: bool = False


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which records of a failure are given to the function, and which are not.

    Attributes:
        given: Those to give, in order.
        left_out: Sequence number to the reason, for records of the failure that are not given. They stay at the
            destination.
        records: Both together, in order.
        trimmed: The first records of the range are gone.
        problem: Why nothing is given at all.
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
        already: Number of records that receipts show as processed before; they were not given again.
        left: Sequence numbers of the records that failed again, or were not tried.
        left_out: Sequence number to the reason, for records that were not given.
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
        """Whether nothing of the failure is left."""
        return not (self.left or self.left_out or self.trimmed or self.problem)


def parse_failure(text: str) -> Failure | None:
    """The failure in a document (or in SNS's envelope around one); None if it is not a document of Lambda's."""
    try:
        document = json.loads(text)
        if isinstance(document, dict) and document.get("Type") == "Notification":
            document = json.loads(document["Message"])
        return _failure(document)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
        return None


def why_odd(text: str) -> str:
    """Why a document is not one of Lambda's."""
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
    """The records of the whole event, which is an object or a text; None if there is none.

    Raises:
        ValueError, KeyError, TypeError: One of them is not a stream record.
    """
    if isinstance(payload, str):
        payload = json.loads(payload)
    records = payload.get("Records") if isinstance(payload, dict) else None
    if not isinstance(records, list):
        return None
    return tuple(sorted(records, key=sequence_of))


def sequence_of(record: Record) -> int:
    """The record's place in its shard."""
    return int(record["dynamodb"]["SequenceNumber"])


def select(
    failure: Failure, fetched: Fetched, passes: Callable[[Record], bool], *, everything: bool = False
) -> Selection:
    """Which records to give to the function. Nothing of the failure is dropped: what is not given is left out.

    Where the document holds the records themselves, they are the failure. Of a range, only ``count`` says how many
    records the batch had: fewer than today's filter lets through means that the filter was narrower then, so nothing
    is given; more means that it was wider, or that records are gone, so the excluded records of the range may be
    of the failure and are left out, not dropped.

    Args:
        passes: Whether today's filter of the mapping lets a record through.
        everything: Give every record of the range.
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
                f"today's filter lets {len(given)} records of the range through, and the batch had {failure.count}: "
                "the filter was narrower then"
            )
            return Selection(problem=problem)
        if not rest or not failure.count or failure.count == len(given):
            rest = {}
    of_failure = {sequence_of(one) for one in given} | set(rest)
    records = tuple(one for one in fetched.records if sequence_of(one) in of_failure)
    return Selection(given=given, left_out=rest, records=records, trimmed=fetched.trimmed)


def _reason(record: Record, passes: Callable[[Record], bool]) -> str | None:
    """Why a record is not given; None if it is."""
    if record.get("eventName") != "INSERT":
        return f"is a {record.get('eventName')}, not an INSERT"
    return None if passes(record) else "the mapping's filter excludes it today"


def left_out_words(reasons: Iterable[str], trimmed: bool) -> list[str]:
    """What a replay leaves out, in words: ``2 records: is a MODIFY, not an INSERT``."""
    words = [f"{plural(count, 'record')}: {text}" for text, count in Counter(reasons).items()]
    return [*words, *(["the first records are no longer in the stream"] if trimmed else [])]


def remainder(failure: Failure, selection: Selection, remaining: Collection[int]) -> list[dict[str, Any]]:
    """The documents that stand for what is left of a failure, so that nothing that is done is in them.

    Args:
        remaining: Sequence numbers of the given records that are not done.
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
    """The documents for the records that remain: one for each run of neighbours, so that nothing done is in them.

    Args:
        records: All of the failure's, in order.
        remaining: Sequence numbers of those that are not done.
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
