"""Log lines, as text and as JSON lines."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TextIO

from ddbinsert.core import receipt as receipts
from ddbinsert.core.logs.line import LineKind, read
from ddbinsert.render.keys import key_words
from ddbinsert.render.machine import dumps

if TYPE_CHECKING:
    from ddbinsert.core.logs.event import LogEvent
    from ddbinsert.render.terminal.screen import Screen

_DECISION_STYLES = {receipts.PROCESSED: "green", receipts.GUARDED: "yellow", receipts.FAILED: "bold red"}
_LEVEL_STYLES = {"ERROR": "red", "WARNING": "yellow", "DEBUG": "dim", "TRACE": "dim"}
#: The width of a time and the space after it.
_INDENT = " " * 25


def human(screen: Screen, event: LogEvent) -> None:
    """``2026-11-25 09:17:20.123  processed INSERT {"id":"a"} seq 4200…``."""
    line = read(event.message)
    text = line.text
    match line.kind:
        case LineKind.RECEIPT:
            text, style = _receipt(line.receipt or {})
        case LineKind.PLATFORM:
            style = "dim"
        case LineKind.TEXT:
            style = _LEVEL_STYLES.get(line.level, "")
            if line.level and not text.startswith("{"):
                text = f"{line.level} {text}"
    # A multi-line message must not look like several log lines.
    screen.line(f"{_local(event.timestamp)}  " + text.replace("\n", f"\n{_INDENT}"), style)


def json_line(out: TextIO, event: LogEvent) -> None:
    """One JSON object per line, with the key ``receipt`` if the line is a receipt."""
    document: dict[str, Any] = {
        "timestamp": event.timestamp,
        "time": _utc(event.timestamp),
        "stream": event.stream,
        "message": event.message,
        "event_id": event.event_id,
        "ingested": event.ingested,
        "receipt": receipts.parse(event.message),
    }
    out.write(dumps(document, indent=None) + "\n")


def _receipt(receipt: dict[str, Any]) -> tuple[str, str]:
    decision = str(receipt.get("decision"))
    keys = receipt.get("keys")
    again = " (again)" if receipt.get("again") else ""
    text = (
        f"{decision} {receipt.get('eventName')} {key_words(keys if isinstance(keys, dict) else None)} "
        f"seq {receipt.get('seq')}{again}"
    )
    return text.replace("\n", " "), _DECISION_STYLES.get(decision, "")


def _local(timestamp: int) -> str:
    try:
        second = _local_second(timestamp // 1000)
    except (OverflowError, ValueError, OSError):
        return f"{timestamp} ms".ljust(23)
    return f"{second}.{timestamp % 1000:03d}"


@lru_cache(maxsize=16)
def _local_second(second: int) -> str:
    """Many lines are of one second."""
    at = datetime.fromtimestamp(second)  # noqa: DTZ006 - local time, even if TZ is a day or more away
    return at.strftime("%Y-%m-%d %H:%M:%S")


def _utc(timestamp: int) -> str | None:
    try:
        return f"{_utc_second(timestamp // 1000)}.{timestamp % 1000:03d}+00:00"
    except (OverflowError, ValueError, OSError):
        return None


@lru_cache(maxsize=16)
def _utc_second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).replace(tzinfo=None).isoformat()
