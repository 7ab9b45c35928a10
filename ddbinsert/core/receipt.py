"""The log line that a handler writes for every record that it receives.

Writer and reader share this file: it is packed into the Python handlers' zip unchanged, so it imports only the
standard library and runs on every Python version that Lambda offers. The Node.js handlers have the same writer
(``handlers/common/node/ddbinsert_receipt.mjs``); a test compares the bytes that both write.

A receipt is one line of ASCII, ``DDBINSERT `` and a compact JSON object:

    v          1
    decision   processed | guarded | failed
    eventID    the stream record's id, as delivered
    eventName  INSERT | MODIFY | REMOVE
    seq        the stream record's SequenceNumber
    keys       the item's key, in DynamoDB JSON (binary values base64), attribute names sorted. A handler may write
               {"digest": HEX} in place of a value, or null for the whole key (RECEIPT_KEYS, REDACT)
    at         ApproximateCreationDateTime, epoch seconds
    request    the invocation's request id (reused when Lambda retries a batch)
    function   the ARN by which the function was invoked, with its alias or version; absent in older receipts
    again      true if the record had been processed before (as this execution environment, or the
               deduplication table, remembers) and was skipped this time; absent otherwise

A field that is missing in the record, or has a form that a stream record never has, is null.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MARK = "DDBINSERT "
PROCESSED = "processed"
GUARDED = "guarded"
FAILED = "failed"
_TEXTS = ("eventID", "eventName", "seq", "request", "function")
_DECODER = json.JSONDecoder()
#: Number of marks that are tried in one line.
_TRIES = 8

# Below it, Python and JavaScript write every number alike; every time in seconds is below it.
_SAFE_NUMBER = 2**53


def line(
    record: Mapping[str, Any],
    decision: str,
    request_id: str = "",
    *,
    again: bool = False,
    function: str = "",
    keys: Callable[[dict[str, Any]], dict[str, Any] | None] | None = None,
) -> str:
    """The receipt for one stream record as Lambda passes it (or boto3's GetRecords).

    Args:
        function: The ARN by which the function was invoked; left out if it is empty.
        keys: Returns the key as the receipt shows it, given the record's key; the key itself if this is None.
    """
    change = record.get("dynamodb")
    if not isinstance(change, dict):
        change = {}
    shown = keys_of(change.get("Keys"))
    if shown is not None and keys is not None:
        shown = keys(shown)
    receipt = {
        "v": 1,
        "decision": decision,
        "eventID": _text(record.get("eventID")),
        "eventName": _text(record.get("eventName")),
        "seq": _text(change.get("SequenceNumber")),
        "keys": shown,
        "at": _moment(change.get("ApproximateCreationDateTime")),
        "request": request_id,
    }
    if function:
        receipt["function"] = function
    if again:
        receipt["again"] = True
    return MARK + json.dumps(receipt, separators=(",", ":"))


def parse(message: str) -> dict[str, Any] | None:
    """The receipt in a log message (text or JSON log format), or None if there is none.

    Anyone can write to a log: a line is a receipt only if every field has its type.
    """
    if MARK in message and message.lstrip().startswith("{"):
        message = _unwrapped(message)
    start = -1
    for _ in range(_TRIES):
        start = message.find(MARK, start + 1)
        if start < 0:
            return None
        receipt: dict[str, Any] = _decoded(message, start + len(MARK))
        if _is_receipt(receipt):
            return receipt
    return None


def _decoded(text: str, start: int) -> Any:
    """The JSON object that begins at ``start``; None if none does."""
    if not text.startswith("{", start):
        return None
    try:
        return _DECODER.raw_decode(text, start)[0]
    except (ValueError, RecursionError):
        return None


def _is_receipt(value: object) -> bool:
    return (
        isinstance(value, dict)
        and value.get("v") is not True
        and value.get("v") == 1
        and value.get("decision") in (PROCESSED, GUARDED, FAILED)
        and all(isinstance(value.get(field), (str, type(None))) for field in _TEXTS)
        and _are_keys(value.get("keys"))
        and not isinstance(value.get("at"), (str, bool, list, dict))
    )


def _are_keys(value: object) -> bool:
    return value is None or (
        isinstance(value, dict) and all(isinstance(key, (dict, type(None))) for key in value.values())
    )


def _unwrapped(message: str) -> str:
    """The application's own text in a line of Lambda's JSON log format, or of a JSON logger."""
    try:
        wrapped = json.loads(message)
    except (ValueError, RecursionError):
        return message
    if isinstance(wrapped, dict):
        for name in ("message", "msg", "log", "text"):
            inner = wrapped.get(name)
            if isinstance(inner, str) and MARK in inner:
                return inner
    return message


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def keys_of(keys: object) -> dict[str, Any] | None:
    """A key as receipts show it: names sorted, binary values in base64; None if it is not a key."""
    if not isinstance(keys, dict):
        return None
    return {name: _key(keys[name]) for name in sorted(keys)}


def _key(value: object) -> dict[str, str] | None:
    """One key attribute, ``{type letter: text}``."""
    if not isinstance(value, dict) or len(value) != 1:
        return None
    ((letter, content),) = value.items()
    if isinstance(content, (bytes, bytearray)):
        content = base64.b64encode(content).decode()
    return {letter: content} if isinstance(content, str) else None


def _moment(at: object) -> float | int | None:
    """Epoch seconds, whole ones without a fraction (as JavaScript writes them)."""
    timestamp = getattr(at, "timestamp", None)
    if callable(timestamp):
        at = timestamp()
    if isinstance(at, bool) or not isinstance(at, (int, float)) or not 1 <= at < _SAFE_NUMBER:
        return None
    return int(at) if at == int(at) else at
