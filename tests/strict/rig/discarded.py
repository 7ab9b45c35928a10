"""What Lambda leaves at the on-failure destination when it gives a batch up (queues only)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .context import Context
    from .mappings import PlayedMapping
    from .wire import JsonObject


def discard(
    mapping: PlayedMapping,
    records: list[dict[str, Any]],
    *,
    shard: str,
    attempts: int,
    aged: bool,
    settings: JsonObject,
    context: Context,
) -> bool:
    """Send the document about these records of a shard, if the mapping has a queue for it; whether it has."""
    destination = ((settings.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination", "")
    if ":sqs:" not in destination:
        return False
    upstream, access = context.upstream, mapping.access
    url = upstream.json("sqs", "GetQueueUrl", {"QueueName": destination.rpartition(":")[2]}, access)[
        "QueueUrl"
    ]
    document = _document(mapping, records, shard, attempts=attempts, aged=aged, now=context.clock())
    upstream.json("sqs", "SendMessage", {"QueueUrl": url, "MessageBody": json.dumps(document)}, access)
    return True


def _document(
    mapping: PlayedMapping,
    records: list[dict[str, Any]],
    shard: str,
    *,
    attempts: int,
    aged: bool,
    now: float,
) -> JsonObject:
    changes = [record["dynamodb"] for record in records]
    return {
        "requestContext": {
            "requestId": mapping.uuid,
            "functionArn": f"{mapping.function_arn}:$LATEST",
            "condition": "RecordAgeExceeded" if aged else "RetryAttemptsExhausted",
            "approximateInvokeCount": attempts,
        },
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": None},
        "version": "1.0",
        "timestamp": _iso(now),
        "DDBStreamBatchInfo": {
            "shardId": shard,
            "startSequenceNumber": changes[0]["SequenceNumber"],
            "endSequenceNumber": changes[-1]["SequenceNumber"],
            "approximateArrivalOfFirstRecord": _iso(changes[0]["ApproximateCreationDateTime"]),
            "approximateArrivalOfLastRecord": _iso(changes[-1]["ApproximateCreationDateTime"]),
            "batchSize": len(records),
            "streamArn": mapping.stream_arn,
        },
    }


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
