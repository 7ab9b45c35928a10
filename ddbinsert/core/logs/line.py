"""Parses a line of a function's log: a receipt of ddbinsert, Lambda's report of an invocation, or other text.

Lambda writes its own lines as text (``REPORT RequestId: …``) or, with the JSON log format, as objects
({time, type: "platform.report", record}); it then wraps the lines of the application ({timestamp, level, message,
requestId}).
"""

from __future__ import annotations

import json
import re
from enum import StrEnum
from typing import Any

from ddbinsert.core import receipt as receipts
from ddbinsert.dataclass import dataclass

_PLATFORM = re.compile(
    r"(?:(START) RequestId: ([0-9A-Za-z-]+) Version: \S+|(END) RequestId: ([0-9A-Za-z-]+))\s*"
    r"|(REPORT) RequestId: ([0-9A-Za-z-]+)\t(Duration: [^\n]*)\s*(?:XRAY TraceId: [^\n]*)?"
)
_REPORTED = re.compile(r"(?:^|\t)\s*([A-Z][A-Za-z ]*): ([^\t\n]*)")
#: Beginnings of plain lines that report an error: Lambda's own, Python's and Node's.
_ERROR_TEXT = re.compile(
    r"\[(?:ERROR|CRITICAL|FATAL)\]|(?:ERROR|CRITICAL|FATAL)\b|Traceback \(most recent call last\)"
    r"|\S+\t[0-9A-Za-z-]+\t(?:ERROR|FATAL)\t|RequestId: [0-9A-Za-z-]+ Error:|Unhandled (?:Exception|Promise)"
)
#: The same after what loggers write before the level: times, numbers, names in brackets or followed by a separator.
_OTHER_LEVEL = r"(?!(?:\[[^\[\]]*?|[(<|]?\s*)\b(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING)\b)"
_HEADER = rf"(?:{_OTHER_LEVEL}(?:[^\s|]*\d[^\s|]*\s+|\[[^\[\]]*\]\s*|[-|]\s*|[A-Za-z_][\w.$:-]{{0,60}}\s+[-|]\s*)){{0,8}}"
_ERROR_BEHIND = re.compile(
    rf"{_HEADER}(?:[\[(<|]\s*)?(?:ERROR|ERR|CRITICAL|FATAL|SEVERE|PANIC)\b"
    rf"|{_HEADER}\[(?:error|critical|fatal)\]|(?:error|fatal|critical|fail|crit|panic): "
    rf"|{_HEADER}\w+\.(?:ERROR|CRITICAL|ALERT|EMERGENCY):"
    r"|\[[\d:. ]+ (?:ERR|FTL)\]|\[\S*\d\S* (?:ERROR|FATAL)\b|[EF]\d{4} \d\d:\d\d:|[EF], \["
)
_ERROR_PAIR = re.compile(
    r"(?<!\S)(?:level|lvl|severity)=\"?(?:error|err|eror|fatal|critical|crit|panic)\b", re.IGNORECASE
)
_TIMED_OUT = re.compile(r"Task timed out after [0-9.]+ seconds")
_LEVELS = {
    "WARN": "WARNING",
    **dict.fromkeys(
        ("ERR", "FATAL", "CRITICAL", "CRIT", "SEVERE", "PANIC", "DPANIC", "ALERT", "EMERGENCY", "EMERG"),
        "ERROR",
    ),
}
#: Where JSON loggers put the level; pino and bunyan write it as a number.
_LEVEL_FIELDS = (
    *("level", "log_level", "log.level", "severity", "levelname", "level_name", "loglevel", "lvl", "@l"),
    *("severity_text", "severityText", "SeverityText", "Level"),
)
_HIGHEST_LEVEL = 60
_NUMERIC_LEVELS = ((50, "ERROR"), (40, "WARNING"), (30, "INFO"), (20, "DEBUG"), (10, "TRACE"))
_WRAPPER = frozenset(("timestamp", "level", "message", "requestId", "AWSRequestId", "logger"))
#: Texts in the report of an invocation that failed.
_PROBLEM = "Status: "
#: Maximum number of characters that are parsed; a longer line is shown unchanged (a CloudWatch event has up to 1 MB).
_LONGEST_DOCUMENT = 1_048_576


class LineKind(StrEnum):
    RECEIPT = "receipt"
    PLATFORM = "platform"
    TEXT = "text"


@dataclass(frozen=True, kw_only=True)
class LogLine:
    """A log line and its meaning.

    Attributes:
        text: The readable text: Lambda's own lines shortened, wrapped ones unwrapped. Untrusted, may contain
            line breaks.
        level: ERROR, WARNING, INFO, …; empty if the line has none.
        receipt: A handler's receipt for one stream record.
        failed: The line reports an error: by its level, by Lambda's status of the invocation, or by its receipt.
    """

    kind: LineKind
    text: str
    level: str = ""
    receipt: dict[str, Any] | None = None
    failed: bool = False


def read(message: str) -> LogLine:
    """Parse ``message``."""
    receipt = receipts.parse(message)
    if receipt is not None:
        failed = receipt.get("decision") == receipts.FAILED
        return LogLine(kind=LineKind.RECEIPT, text=message, receipt=receipt, failed=failed)
    if platform := _PLATFORM.fullmatch(message):
        what, request, *report = (part for part in platform.groups() if part is not None)
        text = _shortened(request, report[0]) if report else f"{what} {request}"
        return LogLine(kind=LineKind.PLATFORM, text=text, failed=_PROBLEM in text)
    if message.startswith("INIT_START "):
        return LogLine(kind=LineKind.PLATFORM, text=message)
    document = _object(message)
    if document is None:
        failed = any(one.match(message) for one in (_ERROR_TEXT, _ERROR_BEHIND)) or any(
            one.search(message) for one in (_ERROR_PAIR, _TIMED_OUT)
        )
        return LogLine(kind=LineKind.TEXT, text=message, failed=failed)
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
        text = _platform(event, record)
        return LogLine(kind=LineKind.PLATFORM, text=text, failed=_PROBLEM in text or "Error Type: " in text)
    level = _level(document)
    failed = level == "ERROR"
    if (error := _error(document)) is not None:
        return LogLine(kind=LineKind.TEXT, text=error, level=level or "ERROR", failed=failed or not level)
    said = document.get("message")
    # Lambda's wrapper has only these fields; any other JSON line of an application is shown unchanged.
    if level and said is not None and "timestamp" in document and document.keys() <= _WRAPPER:
        text = said if isinstance(said, str) else json.dumps(said)
        return LogLine(kind=LineKind.TEXT, text=text, level=level, failed=failed)
    return LogLine(kind=LineKind.TEXT, text=message, level=level, failed=failed)


def _level(document: dict[str, Any]) -> str:
    """The level of a JSON logger's line, in Python's words; empty if it has none."""
    found = [document[name] for name in _LEVEL_FIELDS if name in document]
    if isinstance(nested := document.get("log"), dict):
        found.append(nested.get("level"))
    named = next((one.upper() for one in found if isinstance(one, str)), "")
    if named or not found:
        return _LEVELS.get(named, named)
    number = found[0]  # without a name, which says more where there are both
    if isinstance(number, bool) or not isinstance(number, (int, float)) or number > _HIGHEST_LEVEL:
        return ""
    return next((name for least, name in _NUMERIC_LEVELS if number >= least), "")


def _error(document: dict[str, Any]) -> str | None:
    """An error with its stack trace, line by line; None if the document is not one.

    Lambda's JSON log format has the error's fields in addition to the message (Python) or instead of it (Node.js).
    """
    said = document.get("message")
    facts = said if isinstance(said, dict) else document
    trace = facts.get("stackTrace")
    if not isinstance(trace, list) or not all(isinstance(line, str) for line in trace):
        return None
    name, reason = facts.get("errorType"), facts.get("errorMessage")
    head = ": ".join(part for part in (name, reason) if isinstance(part, str) and part)
    lines = [said] if isinstance(said, str) and said.strip() not in ("", reason, head) else []
    lines += [head] if head else []
    lines += [part for line in trace for part in line.rstrip("\n").split("\n") if part != head]
    return "\n".join(lines) or None


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
    status, error = record.get("status"), record.get("errorType")
    problems = [f"{_PROBLEM}{status}"] if status not in (None, "success") else []
    problems += [f"Error Type: {error}"] if error else []
    if what == "start":
        return f"START {request}"
    if what != "report":
        return f"{what} {request}".rstrip() + (f": {', '.join(problems)}" if problems else "")
    metrics = record.get("metrics")
    told = metrics if isinstance(metrics, dict) else {}
    return _report(
        request,
        duration=f"{told['durationMs']} ms" if "durationMs" in told else "",
        init=f"{told['initDurationMs']} ms" if "initDurationMs" in told else "",
        used=str(told.get("maxMemoryUsedMB", "")),
        size=f"{told['memorySizeMB']} MB" if "memorySizeMB" in told else "",
        problems=problems,
    )
