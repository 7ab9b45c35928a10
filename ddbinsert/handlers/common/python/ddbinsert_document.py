"""The content that is sent about a new item, in the form of each kind of sink."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from ddbinsert_item import dumps, milliseconds_of, plain_map, table_arn_of, table_of, time_of
from ddbinsert_settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddbinsert_privacy import Privacy
    from ddbinsert_settings import Arn
    from ddbinsert_tally import Record

_LONGEST_NAME = 128


def change_of(record: Record) -> dict[str, Any]:
    """The record's ``dynamodb`` part.

    Raises:
        ValueError: It has no such part, or no keys: it is not a stream record.
    """
    change = record.get("dynamodb")
    if not isinstance(change, dict) or not isinstance(change.get("Keys"), dict):
        raise ValueError("not a DynamoDB stream record: it has no dynamodb.Keys")  # noqa: TRY004 -- an error of the data
    return change


def envelope(record: Record, privacy: Privacy) -> dict[str, Any]:
    """The new item in plain values: eventID, time, table, keys, item (null if the view type has none)."""
    change = change_of(record)
    return {
        "eventID": record.get("eventID"),
        "time": time_of(record),
        "table": table_of(record),
        "keys": plain_map(privacy.redact(change["Keys"])),
        "item": plain_map(privacy.redact(change.get("NewImage"))),
    }


def fifo_ids(record: Record, privacy: Privacy) -> dict[str, str]:
    """FIFO ids: order per item, and no duplicates within the five minutes that a FIFO queue or topic remembers."""
    ids = {"MessageGroupId": privacy.item_digest(record)}
    event_id = record.get("eventID")
    return {**ids, "MessageDeduplicationId": event_id} if event_id else ids


def event_naming(environ: Mapping[str, str]) -> tuple[str, str]:
    """The source and the detail type of events, by which EventBridge's rules select them.

    Raises:
        SettingsError: The source is reserved for AWS, or a text is too long.
    """
    source = environ.get("EVENT_SOURCE", "").strip() or "ddbinsert"
    kind = environ.get("EVENT_TYPE", "").strip() or "DynamoDB Item Inserted"
    if source.startswith("aws.") or len(source) > _LONGEST_NAME:
        raise SettingsError("EVENT_SOURCE", f"{source!r} begins with aws. or is too long")
    if len(kind) > _LONGEST_NAME:
        raise SettingsError("EVENT_TYPE", f"more than {_LONGEST_NAME} characters")
    return source, kind


def event_of(record: Record, detail: dict[str, Any], naming: tuple[str, str]) -> dict[str, Any]:
    """An entry of EventBridge's PutEvents."""
    entry: dict[str, Any] = {
        "Source": naming[0],
        "DetailType": naming[1],
        "Detail": dumps(detail, long_integers=False),
        "Resources": [table_arn_of(record)],
    }
    moment = milliseconds_of(record)
    return entry if moment is None else {**entry, "Time": moment / 1000}


def log_event_of(record: Record, message: str) -> dict[str, Any]:
    """An entry of CloudWatch's PutLogEvents."""
    moment = milliseconds_of(record)
    return {"timestamp": int(time.time() * 1000) if moment is None else moment, "message": message}


def object_of(record: Record, body: str) -> dict[str, Any]:
    """An object in S3, named so that the same event always has the same name: orders/2024/11/01/ID.json."""
    if not record.get("eventID"):
        raise ValueError("the record has no eventID, which names the object")
    day = (time_of(record) or "undated")[:10].replace("-", "/")
    return {"Name": f"{table_of(record)}/{day}/{record['eventID']}.json", "Body": body.encode()}


def message_of(
    record: Record, body: str, target: Arn, privacy: Privacy, attributes: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """A message for SQS or SNS, with FIFO ids if the target is FIFO."""
    entry: dict[str, Any] = {"MessageBody" if target.service == "sqs" else "Message": body}
    if attributes:
        entry["MessageAttributes"] = attributes
    return {**entry, **fifo_ids(record, privacy)} if target.is_fifo else entry
