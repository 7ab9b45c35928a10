"""What Lambda leaves at the on-failure destination when it gives records up, understood.

Source: the Lambda developer guide, "Retaining discarded records" of DynamoDB event source mappings. The document
names a shard and a range of sequence numbers; only at S3 does it hold the records themselves (``payload``). A
queue that is subscribed to a topic holds the document in SNS's envelope.

    {"requestContext": {"requestId", "functionArn", "condition": "RetryAttemptsExhausted", "approximateInvokeCount"},
     "responseContext": {"statusCode", "executedVersion", "functionError"}, "version": "1.0", "timestamp",
     "DDBStreamBatchInfo": {"shardId", "startSequenceNumber", "endSequenceNumber",
     "approximateArrivalOfFirstRecord", "approximateArrivalOfLastRecord", "batchSize", "streamArn"}}
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

Record = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Records that Lambda gave up: one document.

    Attributes:
        condition: RetryAttemptsExhausted, RecordAgeExceeded, …
        function_arn: With version or alias, as Lambda has it.
        first, last: The range of sequence numbers in the shard, both included.
        count: Records in the batch, as Lambda counted them.
        error: What the function answered last: Unhandled, or empty.
        attempts: Invocations, about.
        at: When it was given up, ISO 8601. arrived: When its first record was written.
        records: The records themselves, where the document holds them.
        document: The document as it came.
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
        """12 hexadecimal digits: the same for the same range, however often it was given up."""
        what = f"{self.function_name}\n{self.stream_arn}\n{self.shard}\n{self.first}\n{self.last}"
        return hashlib.sha256(what.encode()).hexdigest()[:12]

    @property
    def function_name(self) -> str:
        return self.function_arn.split(":function:")[-1].split(":")[0]

    @property
    def table(self) -> str:
        return self.stream_arn.split(":table/")[-1].split("/")[0]

    def holds(self, record: Record) -> bool:
        """Whether a record of this shard lies in the range."""
        return int(self.first) <= sequence_of(record) <= int(self.last)


@dataclass(frozen=True, kw_only=True)
class Listing:
    """What lies at the destination.

    Attributes:
        foreign: Documents that are none of Lambda's failures.
    """

    destination: str
    failures: tuple[Failure, ...]
    foreign: int = 0


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A failure with its records; ``problem`` says why there are none."""

    failure: Failure
    records: tuple[Record, ...] = ()
    problem: str = ""


@dataclass(kw_only=True)
class Replay:
    """What became of one failure.

    Attributes:
        done: Records that the function took. left: Sequence numbers of those that it didn't.
        problem: The last error, or why the records could not be had.
    """

    failure: Failure
    done: int = 0
    left: list[str] = field(default_factory=list)
    problem: str = ""

    @property
    def ok(self) -> bool:
        return not self.left and not self.problem


def parse_failure(text: str) -> Failure | None:
    """The failure in a document (or in SNS's envelope around one); None where there is none."""
    try:
        document = json.loads(text)
        if isinstance(document, dict) and document.get("Type") == "Notification":
            document = json.loads(document["Message"])
        return _failure(document)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


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
    """The whole event, as an object or as text."""
    if isinstance(payload, str):
        payload = json.loads(payload)
    records = payload.get("Records") if isinstance(payload, dict) else None
    return tuple(one for one in records if isinstance(one, dict)) if isinstance(records, list) else None


def sequence_of(record: Record) -> int:
    return int(record["dynamodb"]["SequenceNumber"])


def narrowed(failure: Failure, records: Sequence[Record], remaining: Collection[int]) -> list[dict[str, Any]]:
    """The documents that stand for what remains: one for each run of neighbours, so that nothing done is in them.

    Args:
        records: All of the failure's, in order.
        remaining: Sequence numbers of those that are not done.
    """
    runs: list[list[Record]] = []
    fresh = True
    for record in records:
        if sequence_of(record) not in remaining:
            fresh = True
            continue
        if fresh:
            runs.append([])
        fresh = False
        runs[-1].append(record)
    return [_document(failure, run) for run in runs]


def _document(failure: Failure, run: Sequence[Record]) -> dict[str, Any]:
    batch = {
        **failure.document["DDBStreamBatchInfo"],
        "startSequenceNumber": str(run[0]["dynamodb"]["SequenceNumber"]),
        "endSequenceNumber": str(run[-1]["dynamodb"]["SequenceNumber"]),
        "batchSize": len(run),
    }
    payload = {} if failure.records is None else {"payload": json.dumps({"Records": list(run)})}
    return {**failure.document, "DDBStreamBatchInfo": batch, **payload}
