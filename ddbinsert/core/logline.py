"""What a line of a function's log is: a receipt of ours, Lambda's own account of an invocation, or anything else.

Lambda writes its own lines as text (``REPORT RequestId: …``) or, with the JSON log format, as objects
({time, type: "platform.report", record}); an application's lines are then wrapped ({timestamp, level, message,
requestId}).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ddbinsert.core import receipt as receipts

_PLATFORM = re.compile(
    r"(?:(START) RequestId: ([0-9A-Za-z-]+) Version: \S+|(END) RequestId: ([0-9A-Za-z-]+))\s*"
    r"|(REPORT) RequestId: ([0-9A-Za-z-]+)\t(Duration: [^\n]*)\s*(?:XRAY TraceId: [^\n]*)?"
)
_REPORTED = re.compile(r"(?:^|\t)\s*([A-Z][A-Za-z ]*): ([^\t\n]*)")
_LEVELS = {"WARN": "WARNING", "FATAL": "ERROR", "CRITICAL": "ERROR"}
#: Characters; a CloudWatch event holds 256 KB (1 MB lately), and a longer line is shown as it is.
_LONGEST_DOCUMENT = 1_048_576


class Kind(StrEnum):
    RECEIPT = "receipt"
    PLATFORM = "platform"
    TEXT = "text"


@dataclass(frozen=True, kw_only=True)
class LogLine:
    """A line, understood.

    Attributes:
        text: For reading: Lambda's own lines shortened, wrapped ones unwrapped. Untrusted, may hold line breaks.
        level: ERROR, WARNING, INFO, …; empty where the line tells none.
        receipt: A handler's receipt for one stream record.
    """

    kind: Kind
    text: str
    level: str = ""
    receipt: dict[str, Any] | None = None


def read(message: str) -> LogLine:
    """The line that ``message`` is."""
    receipt = receipts.parse(message)
    if receipt is not None:
        return LogLine(kind=Kind.RECEIPT, text=message, receipt=receipt)
    if platform := _PLATFORM.fullmatch(message):
        what, request, *report = (part for part in platform.groups() if part is not None)
        text = _shortened(request, report[0]) if report else f"{what} {request}"
        return LogLine(kind=Kind.PLATFORM, text=text)
    if message.startswith("INIT_START "):
        return LogLine(kind=Kind.PLATFORM, text=message)
    document = _object(message)
    if document is None:
        return LogLine(kind=Kind.TEXT, text=message)
    return _of_document(document, message)


def _object(message: str) -> dict[str, Any] | None:
    if not message.startswith("{") or len(message) > _LONGEST_DOCUMENT:
        return None
    try:
        document = json.loads(message)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _of_document(document: dict[str, Any], message: str) -> LogLine:
    event, record = document.get("type"), document.get("record")
    if isinstance(event, str) and event.startswith("platform.") and isinstance(record, dict):
        return LogLine(kind=Kind.PLATFORM, text=_platform(event, record))
    level = document.get("level")
    if not isinstance(level, str):
        return LogLine(kind=Kind.TEXT, text=message)
    level = _LEVELS.get(level.upper(), level.upper())
    said = document.get("message")
    # Lambda's wrapper has just these; a line that an application made itself is shown whole.
    wrapped = "timestamp" in document and document.keys() <= {
        "timestamp",
        "level",
        "message",
        "requestId",
        "AWSRequestId",
        "logger",
    }
    if wrapped and said is not None:
        return LogLine(kind=Kind.TEXT, text=said if isinstance(said, str) else json.dumps(said), level=level)
    return LogLine(kind=Kind.TEXT, text=message, level=level)


def _shortened(request: str, rest: str) -> str:
    told = dict(_REPORTED.findall(rest))
    return _report(
        request,
        duration=told.pop("Duration", ""),
        init=told.pop("Init Duration", ""),
        used=told.pop("Max Memory Used", "").removesuffix(" MB"),
        size=told.pop("Memory Size", ""),
        problems=[f"{name}: {told[name]}" for name in ("Status", "Error Type") if told.get(name)],
    )


def _report(request: str, *, duration: str, init: str, used: str, size: str, problems: list[str]) -> str:
    """``REPORT 0b1d…: 1.85 ms, init 110 ms, 38 of 128 MB``."""
    parts = [
        duration,
        f"init {init}" if init else "",
        f"{used} of {size}" if used and size else "",
        *problems,
    ]
    return f"REPORT {request}: " + ", ".join(part for part in parts if part)


def _platform(event: str, record: dict[str, Any]) -> str:
    """A platform line of the JSON format, in the words of the text format."""
    what = event.removeprefix("platform.")
    request = str(record.get("requestId") or "")
    if what == "start":
        return f"START {request}"
    if what != "report":
        return f"{what} {request}".rstrip()
    metrics = record.get("metrics")
    told = metrics if isinstance(metrics, dict) else {}
    status = record.get("status")
    return _report(
        request,
        duration=f"{told['durationMs']} ms" if "durationMs" in told else "",
        init=f"{told['initDurationMs']} ms" if "initDurationMs" in told else "",
        used=str(told.get("maxMemoryUsedMB", "")),
        size=f"{told['memorySizeMB']} MB" if "memorySizeMB" in told else "",
        problems=[f"Status: {status}"] if status not in (None, "success") else [],
    )
