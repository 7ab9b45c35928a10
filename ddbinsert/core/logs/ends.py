"""Reads the ends of invocations from a function's log: REPORT lines, platform.report, and the runtime's error lines.

An execution environment writes one log stream and handles one invocation at a time, so a runtime's error line
belongs to the next REPORT line of its stream. Retries of a batch reuse the request id, so an end is identified by
its stream and time, not by the request alone.
"""

from __future__ import annotations

import json
import re
from typing import Any

from ddbinsert.core.receipt import MARK
from ddbinsert.dataclass import dataclass

#: Texts: every line that ``EndReader`` needs contains one of them.
NEEDLES = (
    "REPORT RequestId:",
    "platform.report",
    "Task timed out after",
    "[ERROR] ",
    "Invoke Error",
    "Uncaught Exception",
    "Unhandled Promise Rejection",
    "Runtime exited",
    "errorType",
    "Traceback (most recent call last):",
)
#: In addition on the embedded emulator: the frame of its worker, in the traceback of an uncaught exception.
EMULATOR_NEEDLE = '_worker.py", line '

#: How a receipt begins: most lines of a run do, and no line of a runtime.
_RECEIPT = f"{MARK}{{"
_TRACEBACK = "Traceback (most recent call last):"
_REPORT = re.compile(r"REPORT RequestId: (\S+)\s+Duration: ([\d.]+) ms")
_STATUS = re.compile(r"\tStatus: (\w+)")
_ERROR_TYPE = re.compile(r"\tError Type: ([^\t\n]+)")
_TIMED_OUT = re.compile(r"(?:\S+Z \S+ )?Task timed out after [\d.]+ seconds\s*")
_PYTHON_CRASH = re.compile(r"\[ERROR\] ([A-Za-z_][\w.]*)(?::|\s*[\r\n])")
_NODE_CRASH = re.compile(
    r"\S+Z\t\S+\tERROR\t(?:Invoke Error|Uncaught Exception|Unhandled Promise Rejection)\s"
)
_EXITED = re.compile(r"RequestId: \S+ Error: ")
_EXCEPTION = re.compile(r"[A-Za-z_][\w.]*(?:: |$)")
_WORKER_FRAME = re.compile(r'\s+File "[^"]*_worker\.py", line \d+, in run')
_FAILED_STATUS = frozenset({"error", "failure", "timeout"})
_LONGEST_ERROR = 300


@dataclass(frozen=True, kw_only=True, slots=True)
class InvocationEnd:
    """The end of one attempt at an invocation.

    Attributes:
        request: The request id; empty if the line has none. Retries of a batch reuse it.
        stream: The log stream's name.
        at: Epoch seconds of the line.
        ok: The function returned without an error and in time. Its response is not in the log.
        timed_out: The invocation exceeded the function's timeout.
        error: The last line of the error; empty without an error.
        seconds: Duration in seconds; None if the log does not contain it.
    """

    request: str
    stream: str
    at: float
    ok: bool
    timed_out: bool = False
    error: str = ""
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class LineMeaning:
    """The meaning of one line.

    Attributes:
        end: The end of an invocation, if the line reports one.
        by_runtime: Lambda or its runtime wrote the line, not the handler, so it is no evidence of processing.
    """

    end: InvocationEnd | None = None
    by_runtime: bool = False


_NOTHING, _RUNTIME = LineMeaning(), LineMeaning(by_runtime=True)


@dataclass(slots=True)
class _Open:
    """The state of a log stream since its last REPORT line."""

    error: str = ""
    failed: bool = False
    timed_out: bool = False
    in_traceback: bool = False


class EndReader:
    """Reads the lines of a log group in order, with a separate state for each log stream."""

    def __init__(self) -> None:
        self._open: dict[str, _Open] = {}

    def feed(self, stream: str, at: float, message: str) -> LineMeaning:
        """The meaning of a line with regard to the end of an invocation.

        Args:
            at: Epoch seconds.
        """
        if message.startswith("{"):
            return self._document(stream, at, message)
        if message.startswith(_RECEIPT):
            self._close_traceback(stream)
            return _NOTHING
        if report := _REPORT.match(message):
            return self._report(stream, at, message, report)
        known = self._open.get(stream)
        if known is not None and known.in_traceback:
            heard = self._in_traceback(known, message)
            if heard is not None:
                return heard
        if _TIMED_OUT.fullmatch(message):
            self._fail(stream, message, timed_out=True)
            return _RUNTIME
        if _is_crash(message):
            self._fail(stream, last_line(message))
            return _RUNTIME
        if message.startswith(_TRACEBACK):
            self._opened(stream).in_traceback = True
            return _RUNTIME
        return _NOTHING

    def _close_traceback(self, stream: str) -> None:
        if stream in self._open:
            self._open[stream].in_traceback = False

    def _opened(self, stream: str) -> _Open:
        return self._open.setdefault(stream, _Open())

    def _fail(self, stream: str, error: str, *, timed_out: bool = False) -> None:
        known = self._opened(stream)
        known.failed, known.timed_out, known.in_traceback = True, timed_out, False
        known.error = " ".join(error.split())[:_LONGEST_ERROR]

    def _in_traceback(self, known: _Open, message: str) -> LineMeaning | None:
        """A later line of a traceback that was printed line by line; None if the traceback has ended."""
        if _WORKER_FRAME.match(message):
            known.failed = True  # only uncaught errors pass through the emulator's worker
            return _RUNTIME
        if message.startswith(" "):
            return _RUNTIME
        known.in_traceback = False
        if not _EXCEPTION.match(message):
            return None
        if known.failed:
            known.error = " ".join(message.split())[:_LONGEST_ERROR]
        return _RUNTIME

    def _report(self, stream: str, at: float, message: str, report: re.Match[str]) -> LineMeaning:
        status, kind = _STATUS.search(message), _ERROR_TYPE.search(message)
        return self._ended(
            stream,
            at,
            request=report[1],
            status=status[1] if status else "",
            kind=kind[1] if kind else "",
            seconds=float(report[2]) / 1000,
        )

    def _ended(
        self, stream: str, at: float, *, request: str, status: str, kind: str, seconds: float | None
    ) -> LineMeaning:
        known = self._open.pop(stream, None) or _Open()
        # Lambda's status decides; without a status, the runtime's preceding error line does.
        failed = status in _FAILED_STATUS if status else known.failed
        end = InvocationEnd(
            request=request,
            stream=stream,
            at=at,
            ok=not failed,
            timed_out=failed and (known.timed_out or status == "timeout"),
            error=(known.error or kind or status) if failed else "",
            seconds=seconds,
        )
        return LineMeaning(end=end, by_runtime=True)

    def _document(self, stream: str, at: float, message: str) -> LineMeaning:
        if not ("platform." in message or "errorType" in message):
            return _NOTHING
        try:
            document: Any = json.loads(message)
        except (ValueError, RecursionError):
            return _NOTHING
        if not isinstance(document, dict):
            return _NOTHING
        record = document.get("record")
        if str(document.get("type", "")).startswith("platform.") and isinstance(record, dict):
            return self._platform(stream, at, document["type"], record)
        if _is_error_document(document):
            self._fail(stream, f"{document['errorType']}: {document.get('errorMessage', '')}")
            return _RUNTIME
        return _NOTHING

    def _platform(self, stream: str, at: float, kind: str, record: dict[str, Any]) -> LineMeaning:
        if kind != "platform.report":
            return _RUNTIME
        metrics = record.get("metrics")
        duration = metrics.get("durationMs") if isinstance(metrics, dict) else None
        return self._ended(
            stream,
            at,
            request=str(record.get("requestId") or ""),
            status=str(record.get("status") or ""),
            kind=str(record.get("errorType") or ""),
            seconds=duration / 1000 if isinstance(duration, (int, float)) else None,
        )


def _is_crash(message: str) -> bool:
    """Whether a runtime wrote this line about an uncaught error."""
    if python := _PYTHON_CRASH.match(message):
        return python[1].startswith("Runtime.") or _TRACEBACK in message
    return bool(_NODE_CRASH.match(message) or _EXITED.match(message))


def _is_error_document(document: dict[str, Any]) -> bool:
    """Whether the Python runtime wrote it in the JSON log format; a logger's line also has a message."""
    return (
        isinstance(document.get("errorType"), str) and "stackTrace" in document and "message" not in document
    )


def last_line(message: str) -> str:
    """The line of an error message with the error itself: ``ValueError: no such column``."""
    lines = [line.strip() for line in re.split(r"[\r\n]+", message) if line.strip()]
    if not lines:
        return ""
    first = lines[0].removeprefix("[ERROR] ")
    if _TRACEBACK in message and not lines[0].startswith(_TRACEBACK):
        return first
    return lines[-1] if lines[0].startswith(_TRACEBACK) else first
