"""What a function's log says of its invocations: every failure once, and a caught error is no crash."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbinsert.aws.invocations import summarized
from ddbinsert.aws.logs import is_of_another

ID = "8f507cfc-xmpl-4697-b07a-ac58fc914c95"
START = f"START RequestId: {ID} Version: $LATEST"
END = f"END RequestId: {ID}"
REPORT = f"REPORT RequestId: {ID}\tDuration: 15.74 ms\tBilled Duration: 16 ms\tMemory Size: 128 MB\tMax Memory Used: 56 MB"
COLD = f"{REPORT}\tInit Duration: 130.49 ms"
FAILED = f"{REPORT}\tStatus: error\tError Type: Runtime.ExitError"
TIMED_OUT = f"{REPORT}\tStatus: timeout"


def platform(status: str, milliseconds: float = 15.74) -> str:
    record = {"requestId": ID, "status": status, "metrics": {"durationMs": milliseconds}}
    return json.dumps({"time": "2026-01-01T00:00:00Z", "type": "platform.report", "record": record})


def application(level: str, **more: Any) -> str:
    return json.dumps({"timestamp": "2026-01-01T00:00:00Z", "level": level, "message": "x", **more})


PYTHON = "[ERROR] ValueError: no such column\nTraceback (most recent call last):\n  File ..."
NODE = f'2026-01-01T00:00:00.000Z\t{ID}\tERROR\tInvoke Error \t{{"errorType":"Error"}}'.replace(
    "Error \t{", "Error\t{"
)
LOGGED = f"[ERROR]\t2026-01-01T00:00:00.000Z\t{ID}\tpayment refused, tried again"


@pytest.mark.parametrize(
    ("lines", "reports", "timeouts", "crashes", "errors"),
    [
        ([], 0, 0, 0, 0),
        ([START, "hello", END, REPORT], 1, 0, 0, 0),
        ([START, PYTHON, END, REPORT], 1, 0, 1, 1),
        ([START, NODE, END, REPORT], 1, 0, 1, 1),
        ([START, LOGGED, END, REPORT], 1, 0, 0, 1),
        ([START, "Traceback (most recent call last):", END, REPORT], 1, 0, 0, 1),
        ([START, f"RequestId: {ID} Error: Runtime exited", END, FAILED], 1, 0, 1, 0),
        ([START, "[ERROR] Runtime.ExitError", END, FAILED], 1, 0, 1, 1),
        ([f"2026-01-01T00:00:00.000Z {ID} Task timed out after 3.00 seconds", END, REPORT], 1, 1, 0, 0),
        ([f"2026-01-01T00:00:00.000Z {ID} Task timed out after 3.00 seconds", END, TIMED_OUT], 1, 1, 0, 0),
        ([TIMED_OUT], 1, 1, 0, 0),
        ([platform("success")], 1, 0, 0, 0),
        ([application("ERROR", errorType="ValueError"), platform("error")], 1, 0, 1, 1),
        ([application("ERROR"), platform("success")], 1, 0, 0, 1),
        ([platform("timeout")], 1, 1, 0, 0),
        ([application("INFO"), platform("failure"), platform("success")], 2, 0, 1, 0),
    ],
)
def test_each_failure_is_counted_once(
    lines: list[str], reports: int, timeouts: int, crashes: int, errors: int
) -> None:
    found = summarized(lines)
    assert (found.reports, found.timeouts, found.crashes, found.error_count) == (
        reports,
        timeouts,
        crashes,
        errors,
    )


def test_durations_are_seconds_and_cold_starts_are_counted() -> None:
    found = summarized([REPORT, COLD, platform("success", 1500)])
    assert (found.longest, found.cold_starts) == (1.5, 1)
    assert summarized([]).longest is None


def test_the_newest_errors_are_kept_and_cut() -> None:
    found = summarized([f"[ERROR] Number{number}: {'x' * 900}\n y" for number in range(30)])
    assert found.error_count == 30
    assert len(found.errors) == 10
    assert found.errors[-1].startswith("[ERROR] Number29")
    assert all(len(line) <= 400 and "\n" not in line for line in found.errors)


@given(st.lists(st.text()))
def test_no_line_is_too_strange(lines: list[str]) -> None:
    found = summarized(lines)
    assert found.crashes <= len(lines)


@pytest.mark.parametrize(
    ("stream", "other"),
    [
        ("2026/01/01/[$LATEST]0123", False),
        ("2026/01/01/mine[$LATEST]0123", False),
        ("2026/01/01/mine[7]0123", False),
        ("2026/01/01/theirs[$LATEST]0123", True),
        ("2026/01/01/mine-too[1]0123", True),
        ("theirs[$LATEST]", True),
        ("of their own making", False),
        ("", False),
    ],
)
def test_another_functions_stream_is_told_by_its_name(stream: str, other: bool) -> None:
    assert is_of_another(stream, "mine") is other
