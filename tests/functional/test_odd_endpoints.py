"""Whatever answers at the endpoint (or does not), a command ends in time, with a code of its own and no traceback."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.examples import some
from tests.functional.command import ran
from tests.functional.odd_endpoints import OddEndpoint, answer, closing, dripping, endless, silent

if TYPE_CHECKING:
    from pathlib import Path

COMMANDS = {
    "status": ("status", "orders"),
    "tail": ("tail", "orders"),
    "tail a group": ("tail", "--log-group", "g"),
    "send": ("send", "orders", "--count", "1"),
    "verify": ("verify", "orders"),
    "down": ("down", "orders", "--yes"),
    "attach-trigger": ("attach-trigger", "orders", "--yes"),
    "enable-stream": ("enable-stream", "orders"),
    "backtest": ("filter", "backtest", "--table", "orders"),
    "ls": ("ls",),
    "doctor": ("doctor", "orders"),
    "records": ("records", "orders"),
    "gaps": ("gaps", "orders"),
    "gaps of a table": ("gaps", "orders", "--from-table", "--yes"),
    "failures": ("failures", "list", "orders"),
    "failures of a queue": ("failures", "list", "orders", "--from", "arn:aws:sqs:eu-west-1:111122223333:q"),
    "backfill": ("backfill", "orders", "--yes"),
    "plan": ("plan", "orders"),
    "up": ("up", "orders", "--yes"),
    "drift": ("drift", "orders"),
    "adopt": ("adopt", "orders", "--yes"),
    "export": ("export", "terraform", "orders", "--from-live"),
    "verify all": ("verify", "orders", "--all"),
    "observe": ("verify", "orders", "--observe", "--for", "1s"),
    "failure path": ("verify", "orders", "--failure-path"),
    "audit": ("audit", "query", "orders", "--audit", "audit"),
    "create-function": ("create-function", "orders", "--yes"),
    "stack": ("verify", "orders", "--stack", "s"),
}
BODIES = {
    "an empty object": b"{}",
    "nothing": b"",
    "a list": b"[]",
    "a text": b'"hello"',
    "a number": b"7",
    "null": b"null",
    "half of an object": b'{"Table":',
    "invalid UTF-8": b'{"Table":"\xff\xfe"}',
    "a null table": b'{"Table":null}',
    "a table that is a text": b'{"Table":"orders"}',
    "a table that is a list": b'{"Table":[1]}',
    "an empty table": b'{"Table":{}}',
    "a table of odd fields": b'{"Table":{"TableName":7,"KeySchema":{"a":1},"TableStatus":[],"TableArn":null}}',
    "a table without a key": b'{"Table":{"TableName":"orders","TableStatus":"ACTIVE","TableArn":"x","KeySchema":[]}}',
    "plain text": b"Hello, world",
    "XML": b"<answer><a>1</a></answer>",
    "a web page": b"<!DOCTYPE html><html><body>log in</body></html>",
    "zeros": b"\0" * 64,
    "deep nesting": b"[" * 100_000,
}


@pytest.fixture
def somebody(tmp_path: Path) -> dict[str, str]:
    return {
        "HOME": str(tmp_path),
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "eu-west-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "DDBINSERT_CACHE_DIR": str(tmp_path / "models"),
        "DDBINSERT_STATE_DIR": str(tmp_path / "state"),
    }


ROUND = sorted(COMMANDS)


@pytest.mark.parametrize("status", ["200 OK", "404 Not Found"])
@pytest.mark.parametrize("body", BODIES)
def test_what_is_not_aws_is_reported_as_that(body: str, status: str, somebody: dict[str, str]) -> None:
    at = list(BODIES).index(body) * 3 + status.startswith("4")  # each command meets some bodies, nightly all
    with OddEndpoint(answer(BODIES[body], status=status)) as endpoint:
        for name in some(ROUND[at % len(ROUND) :] + ROUND[: at % len(ROUND)], one_in=11):
            done = ran(
                *COMMANDS[name],
                "--endpoint-url",
                endpoint.url,
                "-o",
                "json",
                "--timeout",
                "5s",
                variables=somebody,
            )
            assert done.code in (4, 5), (name, done.code, done.err)
            assert "Traceback" not in done.err, (name, done.err)
            assert '"ok": false' in done.out or '"type": "unread"' in done.out, name


def test_an_answer_that_can_not_be_read_is_named_with_operation_and_endpoint(
    somebody: dict[str, str],
) -> None:
    with OddEndpoint(answer(b"{}")) as endpoint:
        done = ran("status", "orders", "--endpoint-url", endpoint.url, "-o", "json", variables=somebody)
    assert (done.code, done.error_code) == (4, "not-aws")
    (error,) = done.json["errors"]
    assert "DescribeTable" in error["message"]
    assert endpoint.url in error["message"]
    assert "--endpoint-url" in error["hint"]


@pytest.mark.parametrize("speak", [silent, dripping, endless], ids=lambda speak: speak.__name__)
@pytest.mark.parametrize("name", some(COMMANDS, one_in=3))
def test_the_timeout_bounds_calls(name: str, speak: object, somebody: dict[str, str]) -> None:
    with OddEndpoint(speak) as endpoint:  # type: ignore[arg-type]
        started = time.monotonic()
        done = ran(
            *COMMANDS[name],
            "--endpoint-url",
            endpoint.url,
            "-o",
            "json",
            "--timeout",
            "1500ms",
            variables=somebody,
        )
        passed = time.monotonic() - started
    assert done.code in (4, 6), done.err
    assert "Traceback" not in done.err
    assert passed < 30  # the rest of the machine may be busy; without a bound it is minutes


def test_a_slow_call_is_named_while_it_is_waited_for(somebody: dict[str, str]) -> None:
    with OddEndpoint(silent) as endpoint:
        done = ran("status", "orders", "--endpoint-url", endpoint.url, "--timeout", "4s", variables=somebody)
    assert done.code == 6
    assert f"waiting for an answer to DescribeTable from {endpoint.url}" in done.err
    assert "Timed out after 4 s" in done.err
    assert "--timeout" in done.err


def test_a_connection_that_is_closed_without_an_answer_is_reported(somebody: dict[str, str]) -> None:
    with OddEndpoint(closing) as endpoint:
        done = ran(
            "status",
            "orders",
            "--endpoint-url",
            endpoint.url,
            "-o",
            "json",
            "--timeout",
            "5s",
            variables=somebody,
        )
    assert (done.code, done.error_code) in ((4, "endpoint-unreachable"), (6, "timeout"))
    assert "Traceback" not in done.err


def test_json_is_read_whatever_its_content_type_says(somebody: dict[str, str]) -> None:
    body = b'{"__type":"ResourceNotFoundException","message":"no such table"}'
    with OddEndpoint(
        answer(body, status="400 Bad Request", content_type="text/html; charset=utf-8")
    ) as endpoint:
        done = ran("send", "orders", "--endpoint-url", endpoint.url, "-o", "json", variables=somebody)
    assert (done.code, done.error_code) == (5, "table-not-found")


def test_an_inventory_does_not_go_on_asking_an_endpoint_that_closes_connections(
    somebody: dict[str, str],
) -> None:
    with OddEndpoint(closing) as endpoint:
        done = ran("ls", "--endpoint-url", endpoint.url, "--timeout", "2s", variables=somebody)
    assert done.code in (4, 6), done.err  # 6: the SDK's pauses between its attempts are random
    assert done.err.count("error:") == 1, done.err  # one error, not one for each list
    assert endpoint.requests < 40  # six lists, and the attempts of the SDK


def test_an_inventory_takes_no_empty_answer_for_an_empty_account(somebody: dict[str, str]) -> None:
    with OddEndpoint(answer(b"{}")) as endpoint:
        done = ran("ls", "--endpoint-url", endpoint.url, "-o", "json", variables=somebody)
    assert done.code == 4, done.out
    assert "TableNames is missing" in done.out
