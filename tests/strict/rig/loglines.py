"""Lambda's own lines as AWS writes them, in text or JSON; the emulator knows no JSON and words failures otherwise.

Sources: the function's LoggingConfig and the levels of system events (Lambda's developer guide, "Configuring JSON and
plain text log formats" and "Log-level filtering"); what a Python runtime prints about an error (awslambdaric). What a
Python handler prints goes through as it is, in either format.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_START = re.compile(r"START RequestId: (\S+) Version: (\S+)")
_DURATION = re.compile(r"Duration: ([\d.]+) ms")
_TIMED_OUT = re.compile(r"Task timed out after ([\d.]+) seconds")
_TRACEBACK = "Traceback (most recent call last):"
_EXITED = "Worker process died"
_NODE_FRAME = "    at "
_WRAPPING = 3  # START; END, REPORT


@dataclass(frozen=True, kw_only=True)
class Style:
    """How a function logs: its LoggingConfig."""

    is_json: bool = False
    system_level: str = "INFO"

    @property
    def shows_successes(self) -> bool:
        """START and REPORT of invocations that end well are INFO."""
        return not self.is_json or self.system_level in ("INFO", "DEBUG")


@dataclass(frozen=True, kw_only=True)
class _Invocation:
    """What an invocation left.

    Attributes:
        at: When, in ISO 8601.
        printed: The handler's own lines.
        error: What the runtime printed about the error that ended it, with its traceback; empty where none did.
        status: success, error, failure (the process ended) or timeout.
    """

    at: str
    request: str
    version: str
    report: str
    printed: list[str]
    error: list[str]
    status: str


def as_on_aws(messages: list[str], style: Style, *, at: int) -> list[str]:
    """The messages of one invocation's log stream, logged at a time (epoch ms); unchanged where they are none's."""
    found = _START.match(messages[0]) if len(messages) >= _WRAPPING else None
    if found is None or not messages[-1].startswith("REPORT RequestId: "):
        return messages
    printed, error, status = _taken_apart(messages[1:-2])
    invocation = _Invocation(
        at=datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        request=found[1],
        version=found[2],
        report=messages[-1],
        printed=printed,
        error=error,
        status=status,
    )
    return _in_json(invocation, style) if style.is_json else _in_text(invocation)


def _taken_apart(lines: list[str]) -> tuple[list[str], list[str], str]:
    """(the handler's lines, the runtime's about an error, status)."""
    if lines and _TIMED_OUT.fullmatch(lines[-1]):
        return lines[:-1], lines[-1:], "timeout"
    if lines and lines[-1] == _EXITED:
        return lines[:-1], lines[-1:], "failure"
    if _TRACEBACK in lines:
        begin = len(lines) - 1 - lines[::-1].index(_TRACEBACK)
        return lines[:begin], lines[begin:], "error"
    if lines and lines[-1].startswith(_NODE_FRAME):
        begin = len(lines) - 1
        while begin and lines[begin].startswith(_NODE_FRAME):
            begin -= 1
        return lines[:begin], lines[begin:], "error"
    return lines, [], "success"


def _in_text(one: _Invocation) -> list[str]:
    start = f"START RequestId: {one.request} Version: {one.version}"
    end = f"END RequestId: {one.request}"
    match one.status:
        case "timeout":
            problem = [f"{one.at} {one.request} {one.error[0]}\n"]
            return [start, *one.printed, *problem, end, f"{one.report}\tStatus: timeout"]
        case "failure":
            problem = [
                f"RequestId: {one.request} Error: Runtime exited with error: exit status 1\nRuntime.ExitError"
            ]
            report = f"{one.report}\tStatus: error\tError Type: Runtime.ExitError"
            return [start, *one.printed, *problem, end, report]
        case "error":
            return [start, *one.printed, _error_in_text(one), end, one.report]
        case _:
            return [start, *one.printed, end, one.report]


def _error_in_text(one: _Invocation) -> str:
    """One event, however many lines."""
    if one.error[0] == _TRACEBACK:
        return "[ERROR] " + "\n".join([one.error[-1], *one.error[:-1]])
    return f"{one.at}\t{one.request}\tERROR\tInvoke Error \t{json.dumps(_error_document(one))}"


def _error_document(one: _Invocation) -> dict[str, object]:
    is_python = one.error[0] == _TRACEBACK
    kind, _, message = one.error[-1 if is_python else 0].partition(": ")
    stack = one.error[1:-1] if is_python else one.error
    return {"errorMessage": message, "errorType": kind, "requestId": one.request, "stackTrace": stack}


def _in_json(one: _Invocation, style: Style) -> list[str]:
    start = _event(one.at, "platform.start", {"requestId": one.request, "version": one.version})
    duration = _DURATION.search(one.report)
    metrics = {"durationMs": float(duration[1]) if duration else 0.0, "memorySizeMB": 128}
    outcome: dict[str, object] = {"requestId": one.request, "metrics": metrics, "status": one.status}
    if one.status == "failure":
        outcome["errorType"] = "Runtime.ExitError"
    report = _event(one.at, "platform.report", outcome)
    problem = (
        [json.dumps({"timestamp": one.at, "log_level": "ERROR", **_error_document(one)})]
        if one.status == "error"
        else []
    )
    begin = [start] if style.shows_successes else []
    end = [report] if style.shows_successes or one.status != "success" else []
    return [*begin, *one.printed, *problem, *end]


def _event(at: str, kind: str, record: Mapping[str, object]) -> str:
    return json.dumps({"time": at, "type": kind, "record": record})
