"""What Lambda leaves at the on-failure destination when it discards a batch: a queue, a topic or a bucket.

A bucket is given the whole invocation record, the records included, under the key that Lambda's developer guide
describes; a queue and a topic are given where in the stream the records are.
"""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from .destinations import may_send
from .wire import Refusal

if TYPE_CHECKING:
    from .context import Context
    from .mappings import PlayedMapping
    from .roles import RoleBook
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
    roles: RoleBook,
) -> bool:
    """Send the document about these records of a shard, if the mapping has a place that takes it; whether it has."""
    destination = ((settings.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination", "")
    if not destination or not may_send(mapping, destination, context, roles):
        return False  # Lambda drops the records
    document = _document(mapping, records, shard, attempts=attempts, aged=aged, now=context.clock())
    name = destination.rpartition(":")[2]
    try:
        match destination.split(":")[2:3]:
            case ["sqs"]:
                _to_queue(name, document, mapping, context)
            case ["sns"]:
                topic = context.upstream.client("sns", mapping.access)
                topic.publish(TopicArn=destination, Message=json.dumps(document))
            case ["s3"]:
                bucket = context.upstream.client("s3", mapping.access)
                payload = {**document, "payload": json.dumps({"Records": records})}
                key = f"aws/lambda/{mapping.uuid}/{shard}/{_iso(context.clock())}-{uuid.uuid4()}"
                bucket.put_object(Bucket=name, Key=key, Body=json.dumps(payload).encode())
            case _:
                return False
    except (Refusal, ClientError):
        return False  # the place is gone: Lambda drops the records
    return True


def _to_queue(name: str, document: JsonObject, mapping: PlayedMapping, context: Context) -> None:
    upstream, access = context.upstream, mapping.access
    url = upstream.json("sqs", "GetQueueUrl", {"QueueName": name}, access)["QueueUrl"]
    upstream.json("sqs", "SendMessage", {"QueueUrl": url, "MessageBody": json.dumps(document)}, access)


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
