"""tail: the function's log as a user and a script see it."""

from __future__ import annotations

import json
import signal
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from ddbinsert.environment import SystemClock
from tests.functional.command import Ran, begun, ended, ran, until
from tests.functional.helpers import Calls, check_envelope, fresh

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.functional.helpers import Cloud


class Meanwhile(SystemClock):
    """A stopwatch that only sleeping moves, at once; something happens during each sleep, in this order."""

    def __init__(self, *events: Callable[[], object]) -> None:
        self._events = list(events)
        self._slept = 0.0

    def monotonic(self) -> float:
        return self._slept

    def sleep(self, seconds: float) -> None:
        self._slept += seconds
        if self._events:
            self._events.pop(0)()


def nothing() -> None:
    """What happens during most sleeps."""


@pytest.fixture
def tail(variables: dict[str, str]) -> Callable[..., Ran]:
    return lambda *arguments, **outside: ran("tail", *arguments, variables=variables, **outside)


class Group:
    """A log group that a test writes into."""

    def __init__(self, cloud: Cloud, name: str, *, exists: bool = True) -> None:
        self.name = name
        self._cloud = cloud
        self._logs = cloud.logs
        if exists:
            self.create()

    def create(self) -> None:
        self._logs.create_log_group(logGroupName=self.name)

    def write(self, *messages: str, stream: str = "a", ago: float = 0.0) -> None:
        """Write lines, and wait until they show: on AWS they are late."""
        before = len(self._cloud.messages(self.name))
        streams = self._logs.describe_log_streams(logGroupName=self.name)["logStreams"]
        if stream not in [known["logStreamName"] for known in streams]:
            self._logs.create_log_stream(logGroupName=self.name, logStreamName=stream)
        at = int((time.time() - ago) * 1000)
        events = [{"timestamp": at, "message": message} for message in messages]
        self._logs.put_log_events(logGroupName=self.name, logStreamName=stream, logEvents=events)
        assert until(lambda: len(self._cloud.messages(self.name)) == before + len(messages))


@pytest.fixture
def group(cloud: Cloud) -> Group:
    return Group(cloud, f"/own/{fresh('group')}")


def texts(done: Ran) -> list[str]:
    """What was printed behind each line's time."""
    return [line[25:] for line in done.out.splitlines()]


def documents(done: Ran) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.out.splitlines()]


@pytest.fixture
def attached(cloud: Cloud, variables: dict[str, str]) -> str:
    """A table with a trigger that has heard of two inserts."""
    table = cloud.table("pk:S,n:N")
    function = f"{table}-inserts"
    assert ran("attach-trigger", table, variables=variables).code == 0
    for number in (1, 2):
        cloud.dynamodb.put_item(TableName=table, Item={"pk": {"S": "a"}, "n": {"N": str(number)}})
        assert cloud.logged(function, f'"n":{{"N":"{number}"}}')
    assert until(lambda: sum("REPORT" in line for line in cloud.lines(function)) >= 2)
    return table


def test_receipts_are_told_in_words_and_lambdas_own_lines_in_short(
    tail: Callable[..., Ran], cloud: Cloud, attached: str
) -> None:
    done = tail(attached)
    assert done.code == 0
    lines = texts(done)
    assert len(lines) == len(cloud.lines(f"{attached}-inserts"))
    (first, second) = [line for line in lines if line.startswith("processed INSERT ")]
    assert first.startswith('processed INSERT {"n":1,"pk":"a"} seq 0')
    assert second.startswith('processed INSERT {"n":2,"pk":"a"} seq 0')
    assert [line.split()[0] for line in lines[:4]] == ["START", "processed", "END", "REPORT"]
    assert f"log group /aws/lambda/{attached}-inserts" in done.err


def test_every_line_shows_its_local_time_with_milliseconds(variables: dict[str, str], group: Group) -> None:
    group.write("x")
    before = datetime.now(UTC)
    for zone, hours in (("UTC", 0.0), ("Asia/Kolkata", 5.5)):
        process = begun("tail", "--log-group", group.name, variables={**variables, "TZ": zone})
        shown = datetime.strptime(ended(process).out[:23], "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=UTC)
        assert abs(shown - timedelta(hours=hours) - before) < timedelta(seconds=60)


def test_with_json_each_line_is_a_document_with_all_that_is_known(
    tail: Callable[..., Ran], attached: str
) -> None:
    done = tail(attached, "--output", "json")
    assert done.code == 0
    lines = documents(done)
    receipts = [line["receipt"] for line in lines if line["receipt"]]
    assert [receipt["keys"]["n"]["N"] for receipt in receipts] == ["1", "2"]
    for line in lines:
        assert list(line) == ["timestamp", "time", "stream", "message", "event_id", "ingested", "receipt"]
        assert datetime.fromisoformat(line["time"]).timestamp() == pytest.approx(line["timestamp"] / 1000)


def test_an_empty_group_is_nothing_to_show(tail: Callable[..., Ran], group: Group) -> None:
    done = tail("--log-group", group.name)
    assert (done.code, done.out) == (0, "")


def test_equal_lines_are_shown_as_often_as_they_were_written(tail: Callable[..., Ran], group: Group) -> None:
    group.write("same", "same", "other", "same")
    group.write("same", stream="b")
    assert sorted(texts(tail("--log-group", group.name))) == ["other", *["same"] * 4]


def test_only_lines_with_the_text_are_shown(tail: Callable[..., Ran], group: Group) -> None:
    group.write("order 7 paid", "order 8 paid", 'say "order 7 lost"', "ORDER 7 paid")
    assert texts(tail("--log-group", group.name, "--filter", "order 7")) == [
        "order 7 paid",
        'say "order 7 lost"',
    ]


@pytest.mark.parametrize(
    ("since", "shown"),
    [("60s", ["now"]), ("5m", ["minutes", "now"]), ("2h30m", ["hours", "minutes", "now"]), ("0", [])],
)
def test_since_takes_a_time_ago(tail: Callable[..., Ran], group: Group, since: str, shown: list[str]) -> None:
    group.write("hours", ago=7_200, stream="c")
    group.write("minutes", ago=120, stream="b")
    group.write("now", ago=2)
    assert texts(tail("--log-group", group.name, "--since", since)) == shown


def test_since_takes_a_moment_with_and_without_a_zone(tail: Callable[..., Ran], group: Group) -> None:
    group.write("early", ago=3_600)
    group.write("late", ago=60)
    half_an_hour_ago = datetime.now(UTC) - timedelta(minutes=30)
    for moment in (
        half_an_hour_ago.strftime("%Y-%m-%dT%H:%M:%SZ"),
        half_an_hour_ago.isoformat(),
        half_an_hour_ago.astimezone().strftime("%Y-%m-%d %H:%M:%S"),
    ):
        assert texts(tail("--log-group", group.name, "--since", moment)) == ["late"], moment


@pytest.mark.parametrize("since", ["yesterday", "5 minutes", "2999-01-01", "2026-13-45", "10000000000s", ""])
def test_a_beginning_that_is_no_time_is_refused(tail: Callable[..., Ran], since: str) -> None:
    assert tail("--log-group", "x", "--since", since).code == 2


def test_following_shows_lines_as_they_come_and_ends_at_the_count(
    tail: Callable[..., Ran], group: Group
) -> None:
    group.write("there")
    clock = Meanwhile(
        lambda: group.write("second"),
        nothing,
        lambda: group.write("third", "fourth", "fifth", stream="b"),
    )
    done = tail("--log-group", group.name, "--follow", "--until-count", "4", clock=clock)
    assert done.code == 0
    assert texts(done) == ["there", "second", "third", "fourth"]


def test_a_missing_group_is_waited_for_by_name(tail: Callable[..., Ran], cloud: Cloud) -> None:
    group = Group(cloud, f"/own/{fresh('later')}", exists=False)
    clock = Meanwhile(*[nothing] * 10, group.create, nothing, lambda: group.write("at last"))
    done = tail("--log-group", group.name, "-f", "--until-count", "1", clock=clock)
    assert (done.code, texts(done)) == (0, ["at last"])
    assert f"waiting for the first log line (log group {group.name} does not exist yet)" in done.err
    assert done.err.count("waiting") < 5


def test_too_few_lines_in_time_are_inconclusive_and_told_as_one_line_of_json(
    tail: Callable[..., Ran], group: Group
) -> None:
    group.write("one")
    done = tail(
        "--log-group", group.name, "--until-count", "2", "--timeout", "9s", "-o", "json", clock=Meanwhile()
    )
    assert done.code == 6
    line, failure = documents(done)
    assert line["message"] == "one"
    check_envelope(failure, command="tail", code=6)
    assert failure["errors"][0]["code"] == "timeout"
    assert "1 of 2 lines" in done.err


def test_following_for_a_given_time_ends_well(tail: Callable[..., Ran], group: Group) -> None:
    group.write("one")
    done = tail("--log-group", group.name, "-f", "--timeout", "9s", clock=Meanwhile())
    assert (done.code, texts(done)) == (0, ["one"])


def test_nothing_to_look_at_is_a_prerequisite(tail: Callable[..., Ran]) -> None:
    by_group = tail("--log-group", "/none/such", "-o", "json")
    by_table = tail("nowhere", "-o", "json")
    assert (by_group.code, by_group.error_code) == (5, "log-group-not-found")
    assert (by_table.code, by_table.error_code) == (5, "log-group-not-found")
    assert by_table.out.count("\n") == 1
    assert "nor does its function" in by_table.err


def test_a_function_that_has_logged_nothing_yet_is_no_failure(
    tail: Callable[..., Ran], cloud: Cloud, attached: str
) -> None:
    cloud.logs.delete_log_group(logGroupName=f"/aws/lambda/{attached}-inserts")
    done = tail(attached)
    assert (done.code, done.out) == (0, "")
    assert "has logged nothing" in done.err


def test_the_group_is_the_one_that_the_deployed_function_writes_to(
    tail: Callable[..., Ran], cloud: Cloud, variables: dict[str, str]
) -> None:
    table, elsewhere = cloud.table(), f"/own/{fresh('logs')}"
    assert ran("attach-trigger", table, "--log-group", elsewhere, variables=variables).code == 0
    cloud.put(table, "a")
    by_table = tail(table, "--until-count", "4", "--timeout", "20s")
    by_function = tail("--function", f"{table}-inserts")
    assert by_table.code == by_function.code == 0
    assert by_table.out == by_function.out
    assert 'processed INSERT {"pk":"a"}' in by_table.out
    assert f"log group {elsewhere}" in by_function.err


def test_a_named_group_needs_neither_table_nor_function(tail: Callable[..., Ran], group: Group) -> None:
    group.write("x")
    calls = Calls()
    assert texts(tail("--log-group", group.name, connect=calls.connect)) == ["x"]
    assert set(calls.made) == {"FilterLogEvents"}


def test_no_table_at_all_is_a_usage_error(tail: Callable[..., Ran]) -> None:
    done = tail("-o", "json")
    assert (done.code, done.error_code) == (2, "no-table")


def test_what_a_function_prints_can_neither_act_on_the_terminal_nor_pass_for_other_lines(
    tail: Callable[..., Ran], group: Group
) -> None:
    group.write(
        "\x1b[2J\x1b]0;title\x07gone\r\u202eevil",
        "first\n2026-01-01 00:00:00.000  processed INSERT {}",
        'DDBINSERT {"v":1,"decision":"processed\\n\\u001b[31m","eventName":null,"keys":{"a\\n":{"S":"\\u001b"}}}',
    )
    done = tail("--log-group", group.name)
    assert done.code == 0
    assert not {"\x1b", "\x07", "\r", "\u202e"} & set(done.out)
    shown = done.out.splitlines()
    assert len(shown) == 4
    assert sum(not line.startswith(" ") for line in shown) == 3
    as_json = tail("--log-group", group.name, "-o", "json")
    assert as_json.out.isascii()
    assert len(documents(as_json)) == 3


@pytest.mark.parametrize("form", ["human", "json"])
def test_a_closed_pipe_ends_it_quietly_even_while_nothing_comes(
    variables: dict[str, str], group: Group, form: str
) -> None:
    group.write("x")
    process = begun("tail", "--log-group", group.name, "-f", "-o", form, "-q", variables=variables)
    assert process.stdout is not None
    assert process.stdout.readline()
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait(timeout=60) == 0


@pytest.mark.parametrize("form", ["human", "json"])
def test_ctrl_c_ends_it_quietly(variables: dict[str, str], group: Group, form: str) -> None:
    group.write("x")
    process = begun("tail", "--log-group", group.name, "-f", "-o", form, "-q", variables=variables)
    assert process.stdout is not None
    first = process.stdout.readline()
    process.send_signal(signal.SIGINT)
    done = ended(process)
    assert (done.code, done.out, done.err) == (130, "", "")
    assert "x" in first


def test_colours_tell_receipts_apart_where_there_is_a_terminal(
    tail: Callable[..., Ran], variables: dict[str, str], attached: str
) -> None:
    plain = {name: value for name, value in variables.items() if name != "NO_COLOR"}
    done = ran("tail", attached, variables={**plain, "FORCE_COLOR": "1"})
    styled = [line for line in done.out.splitlines() if "processed INSERT" in line]
    assert [line[:5] for line in styled] == ["\x1b[32m"] * 2
    assert next(line for line in done.out.splitlines() if "REPORT" in line).startswith("\x1b[2m")


def test_the_last_lines_are_shown_alone_and_before_new_ones(tail: Callable[..., Ran], group: Group) -> None:
    group.write("1", "2", ago=9)
    group.write("3", stream="b", ago=6)
    group.write("4", ago=3)
    assert texts(tail("--log-group", group.name, "--last", "2")) == ["3", "4"]
    assert texts(tail("--log-group", group.name, "--last", "9")) == ["1", "2", "3", "4"]
    clock = Meanwhile(lambda: group.write("5", "6"))
    done = tail("--log-group", group.name, "--last", "1", "--follow", "--until-count", "3", clock=clock)
    assert texts(done) == ["4", "5", "6"]
    for number in ("0", "-1"):
        assert tail("--log-group", group.name, "--last", number).code == 2


def test_only_errors_are_shown_where_only_they_are_asked_for(tail: Callable[..., Ran], group: Group) -> None:
    request = "0b1d5a5e-0000-4000-8000-000000000000"
    group.write(
        "START RequestId: 1 Version: $LATEST",
        "all is well, no ERROR here",
        "[ERROR] ValueError: boom\nTraceback (most recent call last):",
        f"2026-11-27T10:00:00.000Z {request} Task timed out after 3.00 seconds",
        '{"timestamp":"t","level":"ERROR","message":"bad","requestId":"r"}',
        '{"timestamp":"t","level":"INFO","message":"good","requestId":"r"}',
        '{"time":"t","type":"platform.report","record":{"requestId":"r","status":"timeout","metrics":{}}}',
        '{"time":"t","type":"platform.report","record":{"requestId":"r","status":"success","metrics":{}}}',
    )
    shown = texts(tail("--log-group", group.name, "--errors"))
    assert [line.split("\n")[0] for line in shown if line] == [
        "[ERROR] ValueError: boom",
        "Traceback (most recent call last):",
        f"2026-11-27T10:00:00.000Z {request} Task timed out after 3.00 seconds",
        "ERROR bad",
        "REPORT r: Status: timeout",
    ]


def test_a_log_group_may_be_named_by_its_arn(tail: Callable[..., Ran], group: Group) -> None:
    group.write("x")
    for arn in (
        "arn:aws:logs:us-east-1:000000000000:log-group:",
        "arn:aws-cn:logs:cn-north-1:000000000000:log-group:",
    ):
        for end in ("", ":*"):
            assert texts(tail("--log-group", f"{arn}{group.name}{end}")) == ["x"]
    refused = tail("--log-group", "arn:aws:lambda:us-east-1:000000000000:function:f")
    assert refused.code == 2
    assert "is not the ARN of a log group" in refused.err
