"""Lambda's own lines on the rig: as AWS writes them, in text and in JSON."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.strict.bench import until
from tests.strict.rig import Logs, Profile
from tests.strict.rig.loglines import Style, as_on_aws

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.strict.bench import Bench

START, END = "START RequestId: r-1 Version: $LATEST", "END RequestId: r-1"
REPORT = "REPORT RequestId: r-1\tDuration: 12 ms\tBilled Duration: 12 ms\tMemory Size: 128 MB"
TRACEBACK = ["Traceback (most recent call last):", '  File "app.py", line 2, in handler', "ValueError: no"]
NODE = ["Error: no", "    at handler (app.mjs:1:1)", "    at run (worker.js:2:2)"]
AT = 1_795_813_706_000


def text(*printed: str) -> list[str]:
    return as_on_aws([START, *printed, END, REPORT], Style(), at=AT)


def in_json(*printed: str, level: str = "INFO") -> list[str]:
    return as_on_aws([START, *printed, END, REPORT], Style(is_json=True, system_level=level), at=AT)


def test_what_ends_well_reads_the_same_in_text() -> None:
    assert text("new order 1") == [START, "new order 1", END, REPORT]


def test_a_python_error_is_one_event_that_begins_with_the_error() -> None:
    _, printed, error, *_ = text("new order 1", *TRACEBACK)
    assert printed == "new order 1"
    assert error.splitlines() == ["[ERROR] ValueError: no", *TRACEBACK[:2]]


def test_a_node_error_is_one_event_with_the_request() -> None:
    _, error, end, _ = text(*NODE)
    assert error.startswith("2026-11-27T21:08:26.000Z\tr-1\tERROR\tInvoke Error \t{")
    assert '"errorMessage": "no"' in error
    assert end == END


def test_a_timeout_is_told_with_the_request_and_in_the_report() -> None:
    _, printed, problem, _, report = text("new order 1", "Task timed out after 3.00 seconds")
    assert (printed, problem) == (
        "new order 1",
        "2026-11-27T21:08:26.000Z r-1 Task timed out after 3.00 seconds\n",
    )
    assert report.endswith("\tStatus: timeout")


def test_an_ended_process_is_told_with_the_request_and_in_the_report() -> None:
    _, problem, _, report = text("Worker process died")
    assert problem.startswith("RequestId: r-1 Error: Runtime exited")
    assert report.endswith("Error Type: Runtime.ExitError")


def test_in_json_lambdas_own_lines_are_platform_events_and_what_is_printed_stays() -> None:
    start, printed, report = in_json("new order 1")
    assert json.loads(start)["type"] == "platform.start"
    assert printed == "new order 1"
    assert json.loads(report)["record"]["status"] == "success"
    assert json.loads(report)["record"]["requestId"] == "r-1"


def test_in_json_an_error_is_a_document_with_the_request() -> None:
    *_, error, report = in_json(*TRACEBACK)
    assert json.loads(error)["errorType"] == "ValueError"
    assert json.loads(error)["requestId"] == "r-1"
    assert json.loads(report)["record"]["status"] == "error"


@pytest.mark.parametrize(
    ("last", "status"), [("Task timed out after 3.00 seconds", "timeout"), ("Worker process died", "failure")]
)
def test_at_level_warn_only_failures_are_reported(last: str, status: str) -> None:
    assert in_json("new order 1", level="WARN") == ["new order 1"]
    printed, report = in_json("new order 1", last, level="WARN")
    assert printed == "new order 1"
    assert json.loads(report)["record"]["status"] == status


def test_other_streams_are_left_alone() -> None:
    assert as_on_aws(["anything"], Style(is_json=True), at=AT) == ["anything"]
    assert as_on_aws(["a", "b", "c"], Style(), at=AT) == ["a", "b", "c"]


def test_a_group_shows_lines_in_its_functions_format(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(Profile(logs=Logs(lag=0.0)))
    source = "def handler(event, context):\n    print('hello')\n    raise ValueError('no')\n"
    functions = [
        bench.function(source),
        bench.function(source, LoggingConfig={"LogFormat": "JSON", "SystemLogLevel": "WARN"}),
    ]
    for function in functions:
        until(partial(_invoked, bench, function))
    in_text, as_json = (bench.messages(f"/aws/lambda/{name}") for name in functions)
    assert [line.split(" ")[0] for line in in_text] == ["START", "hello", "[ERROR]", "END", "REPORT"]
    assert as_json[0] == "hello"
    assert [json.loads(line).get("type", "error") for line in as_json[1:]] == ["error", "platform.report"]


def _invoked(bench: Bench, function: str) -> bool:
    """Once the function is active, which takes the emulator a second."""
    client = bench.upstream("lambda")
    if client.get_function_configuration(FunctionName=function)["State"] != "Active":
        return False
    client.invoke(FunctionName=function, Payload=b"{}")
    return True
