"""The log line that a handler leaves for every record that it is given.

Writer and reader share this file: it is packed into the Python handlers' zip as it stands, so it imports
nothing but the standard library and runs on every Python that Lambda offers.

A receipt is one line, ``DDBINSERT `` and a compact JSON object:

    v          1
    decision   processed | guarded | failed
    eventID    the stream record's id, as delivered
    eventName  INSERT | MODIFY | REMOVE
    seq        the stream record's SequenceNumber
    keys       the item's key, in DynamoDB JSON (binary values base64)
    at         ApproximateCreationDateTime, epoch seconds
    request    the invocation's request id (reused when Lambda retries a batch)
"""

from __future__ import annotations

import json

MARK = "DDBINSERT "
PROCESSED = "processed"
GUARDED = "guarded"
FAILED = "failed"


def line(record: dict, decision: str, request_id: str = "") -> str:
    """The receipt for one stream record as Lambda hands it over."""
    change = record.get("dynamodb") or {}
    receipt = {
        "v": 1,
        "decision": decision,
        "eventID": record.get("eventID"),
        "eventName": record.get("eventName"),
        "seq": change.get("SequenceNumber"),
        "keys": change.get("Keys"),
        "at": change.get("ApproximateCreationDateTime"),
        "request": request_id,
    }
    return MARK + json.dumps(receipt, separators=(",", ":"), default=str)


def parse(message: str) -> dict | None:
    """The receipt in a log message (text or JSON log format), or None where there is none."""
    start = message.find(MARK)
    if start < 0:
        return None
    if message.lstrip().startswith("{"):
        message = _unwrapped(message)
        start = message.find(MARK)
        if start < 0:
            return None
    try:
        receipt, _ = json.JSONDecoder().raw_decode(message, start + len(MARK))
    except ValueError:
        return None
    return receipt if isinstance(receipt, dict) and receipt.get("v") == 1 else None


def _unwrapped(message: str) -> str:
    """The application's own text in a line of Lambda's JSON log format."""
    try:
        wrapped = json.loads(message)
    except ValueError:
        return message
    inner = wrapped.get("message") if isinstance(wrapped, dict) else None
    return inner if isinstance(inner, str) else message
