"""What a handler prints on the embedded emulator is in the log of the invocation that printed it, to the last line."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING

import pytest

from tests.functional.helpers import fresh

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.functional.helpers import Cloud

_MANY = 60_000
_RUNTIMES = ("python3.13", "nodejs22.x")

_PYTHON = """
import sys, time
print("loading")
def handler(event, context):
    print(event["say"])
    if event["say"] == "much":
        print("\\n".join(map(str, range(event["lines"]))))
    if event["say"] == "nothing more":
        sys.stderr.close()
    if event["say"] == "fail":
        print("failing")
        raise ValueError("as asked")
    if event["say"] == "too long":
        time.sleep(30)
    print("last", end="")
"""
_NODE = """
console.log("loading");
exports.handler = async (event) => {
  console.log(event.say);
  if (event.say === "much") for (let n = 0; n < event.lines; n += 1) console.log(n);
  if (event.say === "fail") { console.log("failing"); throw new Error("as asked"); }
  if (event.say === "too long") await new Promise((done) => setTimeout(done, 30000));
  console.log("last");
};
"""


@pytest.fixture
def cloud(emulated: Cloud) -> Cloud:
    """No strict rig in between, as the emulator's own workers are what is looked at."""
    return emulated


def _function(cloud: Cloud, runtime: str, *, timeout: int = 60) -> str:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(*(("main.py", _PYTHON) if runtime.startswith("python") else ("main.js", _NODE)))
    name = fresh("talking")
    cloud.lambda_.create_function(
        FunctionName=name,
        Runtime=runtime,
        Role="arn:aws:iam::000000000000:role/any",
        Handler="main.handler",
        Code={"ZipFile": buffer.getvalue()},
        Timeout=timeout,
    )
    cloud.lambda_.get_waiter("function_active_v2").wait(FunctionName=name)
    return name


@pytest.fixture(params=_RUNTIMES)
def function(cloud: Cloud, request: pytest.FixtureRequest) -> Iterator[str]:
    name = _function(cloud, str(request.param))
    yield name
    cloud.lambda_.delete_function(FunctionName=name)


def _invoke(cloud: Cloud, function: str, say: str, lines: int = 0) -> list[str]:
    """The first words of the last lines in this invocation's log stream: its own, as the emulator has it."""
    cloud.lambda_.invoke(FunctionName=function, Payload=json.dumps({"say": say, "lines": lines}).encode())
    group = f"/aws/lambda/{function}"
    for stream in cloud.logs.describe_log_streams(logGroupName=group)["logStreams"]:
        place = {"logGroupName": group, "logStreamName": stream["logStreamName"]}
        first = cloud.logs.get_log_events(**place, startFromHead=True, limit=3)["events"]
        if say in [event["message"] for event in first]:
            last = cloud.logs.get_log_events(**place, limit=20)["events"]
            return [event["message"].partition(" ")[0] for event in last]
    raise AssertionError(f"{say!r} is in no stream")


def test_a_handler_that_prints_much_is_heard_out(cloud: Cloud, function: str) -> None:
    assert _invoke(cloud, function, "much", _MANY)[-4:] == [str(_MANY - 1), "last", "END", "REPORT"]


def test_each_invocation_has_its_own_lines_and_the_first_those_of_loading(
    cloud: Cloud, function: str
) -> None:
    assert _invoke(cloud, function, "first") == ["START", "loading", "first", "last", "END", "REPORT"]
    assert _invoke(cloud, function, "second") == ["START", "second", "last", "END", "REPORT"]


def test_a_failing_handler_is_heard_out_and_the_next_worker_too(cloud: Cloud, function: str) -> None:
    assert _invoke(cloud, function, "fail")[:4] == ["START", "loading", "fail", "failing"]
    assert _invoke(cloud, function, "after") == ["START", "loading", "after", "last", "END", "REPORT"]


@pytest.mark.parametrize("runtime", _RUNTIMES)
def test_what_a_handler_said_before_its_time_was_up_is_kept(cloud: Cloud, runtime: str) -> None:
    function = _function(cloud, runtime, timeout=2)
    assert _invoke(cloud, function, "too long")[:3] == ["START", "loading", "too"]
    cloud.lambda_.delete_function(FunctionName=function)


def test_a_handler_that_closes_its_standard_error_still_answers(cloud: Cloud) -> None:
    function = _function(cloud, "python3.13")
    answer = cloud.lambda_.invoke(FunctionName=function, Payload=b'{"say": "nothing more"}')
    assert "FunctionError" in answer  # its last print
    assert _invoke(cloud, function, "next")[-3:] == ["last", "END", "REPORT"]
    cloud.lambda_.delete_function(FunctionName=function)
