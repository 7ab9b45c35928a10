"""Selects the parts of AWS's answers, stream records and log lines that go into an evidence bundle.

A bundle is given to others. So it contains the test items and the configuration, which the verdict is about. Of all
other data it contains only what identifies records: their ids, names, sequence numbers and times. Secrets are left
out. ``left_out`` names everything that is left out. An operation that is not in the table below is listed without
its content.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

from ddbinsert.core import receipt as receipts
from ddbinsert.core.items.run_key import is_test_key

HIDDEN: Final = "(left out)"


class KeptFields(NamedTuple):
    """The parts of an operation's calls that are kept.

    Attributes:
        request: Whether the parameters, without tokens, are kept.
        answer: Whether the answer is kept.
        counted: The list in the answer whose length is kept instead.
    """

    request: bool = True
    answer: bool = True
    counted: str = ""


_WHOLE: Final = KeptFields()
_ASKED: Final = KeptFields(answer=False)
_NAMED: Final = KeptFields(request=False, answer=False)

#: The parts that are kept, by operation; of any other operation only its name and time are kept.
OPERATIONS: Final[Mapping[str, KeptFields]] = {
    # The table, its stream, its tags.
    "DescribeTable": _WHOLE,
    "DescribeStream": _WHOLE,
    "ListTagsOfResource": _WHOLE,
    "DescribeTimeToLive": _WHOLE,
    "DescribeKinesisStreamingDestination": _WHOLE,
    # The function, its versions, its mappings.
    "GetFunction": _WHOLE,
    "GetAlias": _WHOLE,
    "ListEventSourceMappings": _WHOLE,
    "GetEventSourceMapping": _WHOLE,
    # Its role.
    "GetRole": _WHOLE,
    "GetRolePolicy": _WHOLE,
    "ListRolePolicies": _WHOLE,
    "ListAttachedRolePolicies": _WHOLE,
    # What was counted elsewhere.
    "DescribeLogGroups": _WHOLE,
    "GetMetricData": _WHOLE,
    "StartQuery": _WHOLE,
    "GetQueryResults": _WHOLE,
    "GetQueueAttributes": _WHOLE,
    "GetCallerIdentity": _WHOLE,
    # The contents of their answers are in the files of records and lines.
    "GetShardIterator": _ASKED,
    "GetRecords": KeptFields(request=False, answer=False, counted="Records"),
    "FilterLogEvents": KeptFields(answer=False, counted="events"),
    "GetLogEvents": KeptFields(answer=False, counted="events"),
    "BatchGetItem": _ASKED,
}

#: Fields that give temporary access to something, and fields that are useless without them.
_TOKENS: Final = frozenset(
    {
        "NextToken",
        "nextToken",
        "NextMarker",
        "Marker",
        "ShardIterator",
        "NextShardIterator",
        "ResponseMetadata",
    }
)
#: A function's variables that are settings of ddbinsert's templates and not secrets: they are kept.
SETTINGS: Final = frozenset(
    {
        *(
            "SINK_ARN",
            "SINK_KEY_ARN",
            "DEDUPLICATION_TABLE_ARN",
            "TEST_ITEMS",
            "METRICS",
            "REDACT",
            "REDACT_HASH",
        ),
        *(
            "RECEIPT_KEYS",
            "PARTIAL_BATCH_RESPONSE",
            "EVENT_SOURCE",
            "EVENT_TYPE",
            "RETENTION_DAYS",
            "USER_ATTRIBUTE",
        ),
    }
)
#: The parts of a record without data of an item: of records of other items, the rest is left out.
_OF_ANY_RECORD: Final = ("ApproximateCreationDateTime", "SequenceNumber", "SizeBytes", "StreamViewType")
_CREDENTIALS: Final = re.compile(r"(https?://)[^/?#\s]*@")
#: Lines that Lambda itself writes.
_PLATFORM: Final = re.compile(r"(?:START|END|REPORT|INIT_START|RESTORE_START) ")
_PLATFORM_TYPE: Final = re.compile(r"platform\.[A-Za-z]+")


def call(
    service: str, operation: str, request: Mapping[str, Any], answer: Mapping[str, Any] | None, *, at: float
) -> dict[str, Any]:
    """A call of AWS's API in the form of a bundle.

    Args:
        answer: None if AWS rejected the call.
        at: Epoch seconds.
    """
    kept = OPERATIONS.get(operation, _NAMED)
    found: dict[str, Any] = {"at": at, "service": service, "operation": operation}
    if kept.request:
        found["request"] = plain(request)
    if answer is None:
        return found
    metadata = answer.get("ResponseMetadata")
    if isinstance(metadata, Mapping) and metadata.get("RequestId"):
        found["request_id"] = str(metadata["RequestId"])
    if kept.counted:
        listed = answer.get(kept.counted)
        found["count"] = len(listed) if isinstance(listed, list) else 0
    if kept.answer:
        found["answer"] = plain(answer)
    return found


def plain(value: Any) -> Any:
    """AWS's values in JSON's types, without tokens, values of variables, and URLs that give access to code."""
    match value:
        case Mapping():
            return {
                str(name): _field(str(name), content)
                for name, content in value.items()
                if name not in _TOKENS
            }
        case list() | tuple() | set() | frozenset():
            return [plain(one) for one in value]
        case bytes() | bytearray():
            return base64.b64encode(bytes(value)).decode("ascii")
        case datetime():
            return value.isoformat()
        case Decimal():
            return str(value)
        case None | bool() | int() | float() | str():
            return value
        case _:
            return HIDDEN


def _field(name: str, content: Any) -> Any:
    if name == "Environment" and isinstance(content, Mapping):
        return {key: variables(one) if key == "Variables" else plain(one) for key, one in content.items()}
    if name == "Location" and isinstance(content, str) and "?" in content:
        return f"{content.partition('?')[0]}?{HIDDEN}"  # a signed URL of the code, valid for ten minutes
    return plain(content)


def variables(given: object) -> dict[str, str]:
    """Environment variables by name, with the values only of settings of ddbinsert's templates."""
    if not isinstance(given, Mapping):
        return {}
    return {str(name): str(value) if name in SETTINGS else HIDDEN for name, value in given.items()}


def without_passwords(value: Any) -> Any:
    """A document without the user names and passwords in URLs (of endpoints, in messages)."""
    match value:
        case str():
            return _CREDENTIALS.sub(r"\1", value)
        case Mapping():
            return {name: without_passwords(content) for name, content in value.items()}
        case list() | tuple():
            return [without_passwords(one) for one in value]
        case _:
            return value


def record(given: Mapping[str, Any]) -> dict[str, Any]:
    """A stream record in Lambda's form; of items other than test items without keys and images."""
    change = given.get("dynamodb") or {}
    if is_test_key(change.get("Keys") or {}):
        return dict(plain(given))
    shown = {name: change[name] for name in _OF_ANY_RECORD if name in change}
    left_out = sorted(name for name in change if name not in shown)
    return {**plain({**given, "dynamodb": shown}), "left_out": left_out}


def line(
    message: str, *, group: str, stream: str, timestamp: int, ingested: int | None, event_id: str | None
) -> dict[str, Any]:
    """A log line. It is complete if it shows a test item or Lambda wrote it; receipts of other items have no key.

    Args:
        timestamp: Epoch milliseconds.
        ingested: Epoch milliseconds of its arrival.
    """
    found: dict[str, Any] = {
        "group": group,
        "stream": stream,
        "timestamp": timestamp,
        "ingested": ingested,
        "event_id": event_id,
    }
    if is_test_key({"line": {"S": message}}) or _is_platform(message):
        return {**found, "message": message}
    receipt = receipts.parse(message)
    if receipt is not None:
        named = {name: value for name, value in receipt.items() if name in _RECEIPT}
        return {**found, "receipt": named, "left_out": ["keys"]}
    return {**found, "characters": len(message), "left_out": ["message"]}


_RECEIPT: Final = frozenset(
    {"v", "decision", "eventID", "eventName", "seq", "at", "request", "function", "again"}
)


def _is_platform(message: str) -> bool:
    if _PLATFORM.match(message):
        return True
    if not message.startswith("{"):
        return False
    try:
        document = json.loads(message)
    except (ValueError, RecursionError):
        return False
    kind = document.get("type") if isinstance(document, dict) else None
    return isinstance(kind, str) and _PLATFORM_TYPE.fullmatch(kind) is not None
