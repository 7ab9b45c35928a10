"""What a log line is: receipts, Lambda's own lines in both formats, and whatever else a function prints."""

from __future__ import annotations

import json

import pytest

from ddbinsert.core import receipt
from ddbinsert.core.logs.line import LineKind, read

REQUEST = "8f507cfc-example-4697-b07a-ac58fc914c95"
REPORT = f"REPORT RequestId: {REQUEST}\t"
MEMORY = "Memory Size: 128 MB\tMax Memory Used: 38 MB"
RECORD = {
    "eventID": "e1",
    "eventName": "INSERT",
    "dynamodb": {"SequenceNumber": "123", "Keys": {"pk": {"S": "a"}}},
}


def test_a_receipt_is_known_in_both_log_formats() -> None:
    text = receipt.line(RECORD, receipt.PROCESSED, REQUEST)
    wrapped = json.dumps({"timestamp": "t", "level": "INFO", "message": text, "requestId": REQUEST})
    for message in (text, wrapped):
        line = read(message)
        assert line.kind is LineKind.RECEIPT
        assert line.receipt is not None
        assert line.receipt["keys"] == {"pk": {"S": "a"}}


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (f"START RequestId: {REQUEST} Version: $LATEST", f"START {REQUEST}"),
        (f"END RequestId: {REQUEST}", f"END {REQUEST}"),
        (
            f"{REPORT}Duration: 1.85 ms\tBilled Duration: 2 ms\t{MEMORY}\tInit Duration: 109.65 ms\t",
            f"REPORT {REQUEST}: 1.85 ms, init 109.65 ms, 38 of 128 MB",
        ),
        (
            f"{REPORT}Duration: 3000.00 ms\tBilled Duration: 3000 ms\t{MEMORY}\tStatus: timeout",
            f"REPORT {REQUEST}: 3000.00 ms, 38 of 128 MB, Status: timeout",
        ),
        (
            json.dumps(
                {
                    "time": "t",
                    "type": "platform.start",
                    "record": {"requestId": REQUEST, "version": "$LATEST"},
                }
            ),
            f"START {REQUEST}",
        ),
        (
            json.dumps(
                {
                    "time": "t",
                    "type": "platform.report",
                    "record": {
                        "requestId": REQUEST,
                        "metrics": {
                            "durationMs": 1.85,
                            "billedDurationMs": 2,
                            "memorySizeMB": 128,
                            "maxMemoryUsedMB": 38,
                            "initDurationMs": 109.6,
                        },
                        "status": "success",
                    },
                }
            ),
            f"REPORT {REQUEST}: 1.85 ms, init 109.6 ms, 38 of 128 MB",
        ),
        (
            json.dumps(
                {
                    "type": "platform.report",
                    "record": {"requestId": REQUEST, "metrics": {}, "status": "timeout"},
                }
            ),
            f"REPORT {REQUEST}: Status: timeout",
        ),
        (json.dumps({"type": "platform.initStart", "record": {"phase": "init"}}), "initStart"),
        ("INIT_START Runtime Version: python:3.13.v1", "INIT_START Runtime Version: python:3.13.v1"),
    ],
)
def test_lambdas_own_lines_are_shortened_in_both_formats(message: str, text: str) -> None:
    line = read(message)
    assert (line.kind, line.text) == (LineKind.PLATFORM, text)


@pytest.mark.parametrize(
    ("message", "level", "text"),
    [
        ("plain", "", "plain"),
        ("", "", ""),
        ('{"timestamp":"t","level":"ERROR","message":"boom","requestId":"r"}', "ERROR", "boom"),
        ('{"timestamp":"t","level":"warn","message":{"a":1},"requestId":"r"}', "WARNING", '{"a": 1}'),
        ('{"level":"ERROR","message":"record failed","eventID":"e"}', "ERROR", None),
        ('{"timestamp":"t","level":"INFO","message":"m","order":7}', "INFO", None),
        ('{"level":7}', "", None),
        ('{"type":"platform.report","record":"none"}', "", None),
        ('{"type":"platform.report","record":{"metrics":[]', "", None),
        ("[1]", "", None),
        ("{" * 5_000, "", None),
        ("[ERROR] START RequestId: x", "", None),
    ],
)
def test_other_lines_are_shown_as_they_are_but_for_lambdas_wrapping(
    message: str, level: str, text: str | None
) -> None:
    line = read(message)
    assert (line.kind, line.level) == (LineKind.TEXT, level)
    assert line.text == (message if text is None else text)


@pytest.mark.parametrize(
    "message",
    [
        "REPORT RequestId: x",
        "REPORT RequestId: x\tnothing hidden",
        f"START RequestId: {REQUEST} Version: $LATEST\nand what an application hides behind it",
        f"END RequestId: {REQUEST} and more",
        f"REPORT RequestId: {REQUEST}\tDuration: 1 ms\nand more",
    ],
)
def test_a_line_that_only_begins_like_lambdas_is_shown_whole(message: str) -> None:
    assert read(message).kind is LineKind.TEXT
    assert read(message).text == message


def test_a_traced_invocations_report_is_shortened_too() -> None:
    report = f"REPORT RequestId: {REQUEST}\tDuration: 1 ms\tMemory Size: 128 MB\tMax Memory Used: 38 MB\t\n"
    line = read(f"{report}XRAY TraceId: 1-2\tSegmentId: 3\tSampled: true")
    assert line.text.endswith(": 1 ms, 38 of 128 MB")


PYTHON_ERROR = {
    "timestamp": "2026-11-27T10:00:00Z",
    "level": "ERROR",
    "message": "boom",
    "logger": "root",
    "stackTrace": ['  File "/var/task/app.py", line 3, in handle\n    raise ValueError("boom")\n'],
    "errorType": "ValueError",
    "errorMessage": "boom",
    "requestId": "r",
    "location": "/var/task/app.py:handle:3",
}
NODE_ERROR = {
    "timestamp": "2026-11-27T10:00:00Z",
    "level": "ERROR",
    "requestId": "r",
    "message": {
        "errorType": "TypeError",
        "errorMessage": "x is undefined",
        "stackTrace": ["TypeError: x is undefined", "    at handler (/var/task/app.mjs:1:1)"],
    },
}


def test_a_stack_trace_in_json_is_shown_as_lines() -> None:
    line = read(json.dumps(PYTHON_ERROR))
    assert line.text.split("\n") == [
        "ValueError: boom",
        '  File "/var/task/app.py", line 3, in handle',
        '    raise ValueError("boom")',
    ]
    assert (line.level, line.failed) == ("ERROR", True)
    line = read(json.dumps(NODE_ERROR))
    assert line.text.split("\n") == ["TypeError: x is undefined", "    at handler (/var/task/app.mjs:1:1)"]
    own = read(json.dumps(PYTHON_ERROR | {"message": "could not store it"}))
    assert own.text.split("\n")[:2] == ["could not store it", "ValueError: boom"]


@pytest.mark.parametrize("status", ["error", "timeout", "failure"])
@pytest.mark.parametrize("what", ["report", "runtimeDone", "initReport", "restoreReport"])
def test_a_platform_line_shows_its_status_and_the_type_of_the_error(what: str, status: str) -> None:
    record = {"requestId": "r", "status": status, "errorType": "Runtime.ExitError"}
    line = read(json.dumps({"time": "t", "type": f"platform.{what}", "record": record}))
    assert f"Status: {status}, Error Type: Runtime.ExitError" in line.text
    assert line.failed


@pytest.mark.parametrize(
    "odd",
    [
        {"stackTrace": "text"},
        {"stackTrace": [1, 2]},
        {"stackTrace": []},
        {"errorType": {"a": 1}, "stackTrace": [None]},
        {"message": {"stackTrace": {}}},
        {"type": "platform.report", "record": {"status": ["error"]}},
        {"type": "platform.report", "record": None},
        {"level": None, "log_level": 7, "message": None},
    ],
)
def test_an_odd_document_is_shown_and_breaks_nothing(odd: dict[str, object]) -> None:
    for level in ({}, {"level": "ERROR"}):
        assert read(json.dumps(odd | level)).text


@pytest.mark.parametrize(
    "message",
    [
        "2026-01-01 00:00:00,123 ERROR app no such column",
        "2026-01-01 00:00:00,123 - app - ERROR - no such column",
        "12:00:00.123 [main] ERROR shop.Worker - no such column",
        "2026-01-01 00:00:00.123 | ERROR    | app:handler:7 - no such column",
        'time=2026-01-01T00:00:00Z level=error msg="no such column"',
        "2026-01-01T00:00:00.000Z [ERROR] no such column",
        "[12:00:00 ERR] no such column",
        "error: no such column",
        "fail: Shop.Worker[0] no such column",
        "E0101 12:00:00.000000       1 main.go:7] no such column",
        "[2026-01-01T00:00:00Z ERROR app] no such column",
        "E, [2026-01-01T00:00:00.000000 #7] ERROR -- : no such column",
        "[2026-01-01 00:00:00] local.ERROR: no such column",
        '{"message":"no such column","level":400,"level_name":"ERROR"}',
        '{"severity_text":"ERROR","body":"no such column"}',
        '{"level":50,"time":1,"msg":"no such column"}',
        '{"severity":"ERROR","message":"no such column"}',
        '{"levelname":"CRITICAL","message":"no such column"}',
        '{"log.level":"error","message":"no such column"}',
        '{"log":{"level":"error"},"message":"no such column"}',
        '{"@t":"2026-01-01T00:00:00Z","@l":"Error","@m":"no such column"}',
    ],
)
def test_a_line_of_any_logger_at_level_error_reports_an_error(message: str) -> None:
    assert read(message).failed


@pytest.mark.parametrize(
    "message",
    [
        "2026-01-01 00:00:00,123 - app - INFO - stored, ERROR count 0",
        "[INFO] ERROR handler installed",
        "2026-01-01 | DEBUG | app:x - ERROR",
        "INFO ERROR_QUEUE",
        "stored the order - ERROR table updated",
        "errors: 0",
        'level=info msg="error codes loaded"',
        '{"level":30,"msg":"error codes loaded"}',
        '{"level":true,"msg":"x"}',
        '{"level":200,"message":"x","level_name":"INFO"}',
        '{"level":200,"message":"x"}',
        "[2026-01-01T00:00:00Z INFO app] ERROR codes loaded",
        "Elements [1, 2] stored",
    ],
)
def test_a_line_that_speaks_of_errors_reports_none(message: str) -> None:
    assert not read(message).failed
