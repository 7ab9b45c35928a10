"""Ends of invocations, read out of what Lambda, its runtimes and everybody else write into a log."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbinsert.core.logs.ends import NEEDLES, EndReader, InvocationEnd, last_line

ID = "8f5b0d1c-1111-2222-3333-444455556666"
REPORT = f"REPORT RequestId: {ID}\tDuration: 1500.00 ms\tBilled Duration: 1500 ms\tMemory Size: 128 MB"
PYTHON = '[ERROR] ValueError: no such column\nTraceback (most recent call last):\n  File "app.py", line 3, in handler'
NODE = f'2026-01-01T00:00:00.000Z\t{ID}\tERROR\tInvoke Error \t{{"errorType":"Error","errorMessage":"x"}}'
TIMED_OUT = f"2026-01-01T00:00:00.000Z {ID} Task timed out after 3.00 seconds"
EXITED = f"RequestId: {ID} Error: Runtime exited with error: exit status 1"


def platform(status: str) -> str:
    record = {"requestId": ID, "status": status, "metrics": {"durationMs": 1500.0}}
    return json.dumps({"time": "2026-01-01T00:00:00.000Z", "type": "platform.report", "record": record})


def ends(*lines: str, stream: str = "s") -> list[InvocationEnd]:
    reader = EndReader()
    heard = [reader.feed(stream, 10.0 + place, line) for place, line in enumerate(lines)]
    return [one.end for one in heard if one.end is not None]


@pytest.mark.parametrize(
    "lines",
    [
        [REPORT],
        ["hello", REPORT],
        [platform("success")],
        ["[ERROR]\t2026-01-01T00:00:00.000Z\tid\tpayment refused, tried again", REPORT],
        ["[ERROR] payment refused", REPORT],
        [
            "Traceback (most recent call last):",
            '  File "app.py", line 3, in handler',
            "ValueError: x",
            REPORT,
        ],
        ["my job: Task timed out after 3 seconds, tried again", REPORT],
        [
            json.dumps({"level": "ERROR", "message": "x", "errorType": "E", "stackTrace": []}),
            platform("success"),
        ],
    ],
)
def test_what_a_handler_caught_is_no_failure(lines: list[str]) -> None:
    (end,) = ends(*lines)
    assert end.ok
    assert (end.request, end.seconds, end.error) == (ID, 1.5, "")


@pytest.mark.parametrize(
    ("lines", "timed_out", "error"),
    [
        ([PYTHON, REPORT], False, "ValueError: no such column"),
        ([NODE, REPORT], False, ""),
        ([EXITED, REPORT], False, ""),
        ([TIMED_OUT, REPORT], True, ""),
        (["Task timed out after 1.00 seconds", REPORT], True, ""),
        ([REPORT + "\tStatus: timeout"], True, "timeout"),
        ([REPORT + "\tStatus: error\tError Type: Runtime.ExitError"], False, "Runtime.ExitError"),
        ([platform("error")], False, "error"),
        ([platform("timeout")], True, "timeout"),
        (
            [
                "Traceback (most recent call last):",
                '  File "/tmp/x/_worker.py", line 144, in run',
                "ValueError: no such column",
                REPORT,
            ],
            False,
            "ValueError: no such column",
        ),
    ],
)
def test_what_nobody_caught_is_one(lines: list[str], timed_out: bool, error: str) -> None:
    (end,) = ends(*lines)
    assert not end.ok
    assert end.timed_out is timed_out
    assert error in end.error


def test_a_failure_belongs_to_the_next_report_of_its_own_stream_alone() -> None:
    reader = EndReader()
    reader.feed("one", 1.0, PYTHON)
    assert reader.feed("two", 2.0, REPORT).end == InvocationEnd(
        request=ID, stream="two", at=2.0, ok=True, seconds=1.5
    )
    first, second = (reader.feed("one", at, REPORT).end for at in (3.0, 4.0))
    assert first is not None
    assert second is not None
    assert (first.ok, second.ok) == (False, True)


@pytest.mark.parametrize("line", [PYTHON, NODE, EXITED, TIMED_OUT, REPORT, platform("error")])
def test_lines_of_the_runtime_are_no_work_of_the_handler_and_are_asked_for(line: str) -> None:
    assert EndReader().feed("s", 1.0, line).by_runtime
    assert any(needle in line for needle in NEEDLES)


def test_the_last_line_of_a_traceback_that_was_printed_line_by_line_is_the_runtimes_too() -> None:
    reader = EndReader()
    reader.feed("s", 1.0, "Traceback (most recent call last):")
    assert reader.feed("s", 1.0, "KeyError: 'ddbinsert:r0123456789ab:000000001'").by_runtime
    assert not reader.feed("s", 1.0, "order ddbinsert:r0123456789ab:000000001").by_runtime


@given(
    st.lists(st.text() | st.sampled_from(["{", '{"type":"platform.report","record":1}', "REPORT RequestId:"]))
)
def test_no_line_is_too_strange(lines: list[Any]) -> None:
    assert ends(*lines) == []


@pytest.mark.parametrize(
    ("message", "last"),
    [
        ("", ""),
        (PYTHON, "ValueError: no such column"),
        ("[ERROR] ValueError: x", "ValueError: x"),
        ("Traceback (most recent call last):\n  File\nKeyError: 'a'", "KeyError: 'a'"),
    ],
)
def test_the_line_that_says_what_went_wrong(message: str, last: str) -> None:
    assert last_line(message) == last
