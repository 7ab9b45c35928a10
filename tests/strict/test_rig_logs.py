"""CloudWatch Logs through the rig: ids, ingestion lag, paging, and groups that aren't there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.strict.bench import ManualClock, fresh, until
from tests.strict.rig import Logs, Profile, Roles

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.strict.bench import Bench

AT_ONCE = Logs(lag=0.0, page=100, empty_page_every=0)


def profile(logs: Logs = AT_ONCE, **more: Any) -> Profile:
    return Profile(logs=logs, **more)


def group_with(bench: Bench, streams: dict[str, list[str]]) -> str:
    """A log group of one's own with these streams and messages, written past the rig."""
    group, logs = fresh("/own/group"), bench.upstream("logs")
    logs.create_log_group(logGroupName=group)
    for stream, messages in streams.items():
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
        now = int(bench.clock() * 1000)
        events = [{"timestamp": now, "message": message} for message in messages]
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)
    return group


def pages_of(bench: Bench, group: str, **query: Any) -> list[dict[str, Any]]:
    return list(bench.logs.get_paginator("filter_log_events").paginate(logGroupName=group, **query))


def test_every_event_bears_an_id_of_its_own_that_stays(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(profile())
    group = group_with(bench, {"a": ["same", "same", "other"], "b": ["same"]})
    first = bench.logs.filter_log_events(logGroupName=group)["events"]
    again = bench.logs.filter_log_events(logGroupName=group)["events"]
    assert len({event["eventId"] for event in first}) == 4
    assert first == again
    assert all(len(event["eventId"]) == 56 and event["eventId"].isdigit() for event in first)


def test_events_show_late_and_streams_interleave(bench_of: Callable[..., Bench]) -> None:
    clock = ManualClock()
    bench = bench_of(profile(Logs(lag=1000.0, page=100, empty_page_every=0)), clock=clock)
    group = group_with(bench, {f"stream-{n}": [f"line {n}"] for n in range(8)})
    assert bench.messages(group) == []
    clock.advance(320)
    partly = bench.messages(group)
    clock.advance(1000)
    whole = bench.messages(group)
    assert whole == [f"line {n}" for n in range(8)]
    assert partly == ["line 0", "line 2", "line 6"], "what shows first is not simply the oldest"


def test_pages_are_small_may_be_empty_and_lose_nothing(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(profile(Logs(lag=0.0, page=3, empty_page_every=2)))
    group = group_with(bench, {"a": [f"a{n}" for n in range(10)], "b": [f"b{n}" for n in range(7)]})
    pages = pages_of(bench, group)
    assert [event["message"] for page in pages for event in page["events"]] == [
        *(f"a{n}" for n in range(10)),
        *(f"b{n}" for n in range(7)),
    ]
    assert max(len(page["events"]) for page in pages) == 3
    assert [page for page in pages if not page["events"] and page.get("nextToken")]
    assert "nextToken" not in pages[-1]


def test_a_full_last_page_is_followed_by_an_empty_one(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(profile(Logs(lag=0.0, page=2, empty_page_every=0)))
    group = group_with(bench, {"a": ["1", "2"]})
    assert [len(page["events"]) for page in pages_of(bench, group)] == [2, 0]


def test_more_events_of_one_millisecond_than_the_emulator_gives_are_all_there(
    bench_of: Callable[..., Bench],
) -> None:
    bench = bench_of(profile(Logs(lag=0.0, page=10_000, empty_page_every=0)))
    group = fresh("/own/group")
    logs = bench.upstream("logs")
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    now = int(bench.clock() * 1000)
    for start in range(0, 12_000, 3_000):
        events = [{"timestamp": now, "message": str(start + n)} for n in range(3_000)]
        logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=events)
    assert bench.messages(group) == [str(n) for n in range(12_000)]


def test_a_late_event_of_an_earlier_time_gets_its_place_and_the_others_keep_their_ids(
    bench_of: Callable[..., Bench],
) -> None:
    bench = bench_of(profile())
    group = group_with(bench, {"a": ["late"]})
    before = bench.logs.filter_log_events(logGroupName=group)["events"]
    early = [{"timestamp": before[0]["timestamp"] - 5_000, "message": "early"}]
    bench.logs.put_log_events(logGroupName=group, logStreamName="a", logEvents=early)
    after = bench.logs.filter_log_events(logGroupName=group)["events"]
    assert [event["message"] for event in after] == ["early", "late"]
    assert after[1]["eventId"] == before[0]["eventId"]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("", ["ERROR one", "error two", "[3] ok", '{"kind":"x","n":4}']),
        ("ERROR", ["ERROR one"]),
        ('"[3]"', ["[3] ok"]),
        ("?one ?ok", ["ERROR one", "[3] ok"]),
        ("-ok -kind", ["ERROR one", "error two"]),
        ("%^[A-Z]+ %", ["ERROR one"]),
        ('{ $.kind = "x" }', ['{"kind":"x","n":4}']),
        ('{ $.kind = "x" && $.n = 5 }', []),
        ('{ $.kind = "y" || $.n = 4 }', ['{"kind":"x","n":4}']),
        ('{ $.kind != "y" }', ['{"kind":"x","n":4}']),
    ],
)
def test_filter_patterns_mean_what_they_mean_on_aws(
    bench_of: Callable[..., Bench], pattern: str, found: list[str]
) -> None:
    bench = bench_of(profile())
    group = group_with(bench, {"a": ["ERROR one", "error two", "[3] ok", '{"kind":"x","n":4}']})
    assert bench.messages(group, filterPattern=pattern) == found


@pytest.mark.parametrize("pattern", ["[3]", "a-b", "{ $.x > }"])
def test_a_pattern_that_aws_refuses_is_refused(bench_of: Callable[..., Bench], pattern: str) -> None:
    bench = bench_of(profile())
    group = group_with(bench, {"a": ["x"]})
    with pytest.raises(ClientError, match="InvalidParameterException"):
        bench.logs.filter_log_events(logGroupName=group, filterPattern=pattern)


def test_times_streams_and_prefixes_narrow_a_query(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(profile())
    group = group_with(bench, {"a/1": ["one"], "a/2": ["two"], "b/1": ["three"]})
    shown = bench.logs.filter_log_events(logGroupName=group)["events"]
    last = shown[-1]["timestamp"]
    assert bench.messages(group, logStreamNamePrefix="a/") == ["one", "two"]
    assert bench.messages(group, logStreamNames=["b/1", "a/1"]) == ["one", "three"]
    assert bench.messages(group, startTime=last + 1) == []
    assert bench.messages(group, endTime=shown[0]["timestamp"] - 1) == []
    assert bench.messages(group, startTime=last, endTime=last, logStreamNames=["b/1"]) == ["three"]


def test_a_token_of_another_query_is_refused(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(profile(Logs(lag=0.0, page=1, empty_page_every=0)))
    group = group_with(bench, {"a": ["1", "2"]})
    token = bench.logs.filter_log_events(logGroupName=group)["nextToken"]
    for query in ({"filterPattern": "x", "nextToken": token}, {"nextToken": "nonsense"}):
        with pytest.raises(ClientError, match="The specified nextToken is invalid"):
            bench.logs.filter_log_events(logGroupName=group, **query)


def test_get_log_events_pages_both_ways_and_repeats_its_last_token(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(profile())
    group = group_with(bench, {"a": [str(n) for n in range(5)]})
    where = {"logGroupName": group, "logStreamName": "a", "limit": 3}
    first = bench.logs.get_log_events(**where, startFromHead=True)
    second = bench.logs.get_log_events(**where, nextToken=first["nextForwardToken"])
    third = bench.logs.get_log_events(**where, nextToken=second["nextForwardToken"])
    assert [[event["message"] for event in page["events"]] for page in (first, second, third)] == [
        ["0", "1", "2"],
        ["3", "4"],
        [],
    ]
    assert third["nextForwardToken"] == second["nextForwardToken"]
    tail = bench.logs.get_log_events(**where)
    assert [event["message"] for event in tail["events"]] == ["2", "3", "4"]
    before = bench.logs.get_log_events(**where, nextToken=tail["nextBackwardToken"])
    assert [event["message"] for event in before["events"]] == ["0", "1"]


def test_a_group_is_missing_until_somebody_creates_it(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(profile())
    group = fresh("/own/group")
    with pytest.raises(bench.logs.exceptions.ResourceNotFoundException):
        bench.logs.filter_log_events(logGroupName=group)
    bench.logs.create_log_group(logGroupName=group)
    assert bench.logs.filter_log_events(logGroupName=group)["events"] == []
    with pytest.raises(bench.logs.exceptions.ResourceAlreadyExistsException):
        bench.logs.create_log_group(logGroupName=group)
    bench.logs.delete_log_group(logGroupName=group)
    with pytest.raises(bench.logs.exceptions.ResourceNotFoundException):
        bench.logs.filter_log_events(logGroupName=group)


def invoke(bench: Bench, function: str) -> None:
    event = {"Records": [{"eventName": "INSERT", "dynamodb": {"Keys": {"pk": {"S": "k"}}}}]}
    bench.lambda_.invoke(FunctionName=function, Payload=json.dumps(event))


def test_an_invocation_through_the_api_leaves_its_lines_and_a_report(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(profile())
    function = bench.function()
    invoke(bench, function)
    lines = until(lambda: bench.messages(f"/aws/lambda/{function}"))
    assert lines[0].startswith("START RequestId: ")
    assert lines[1] == "REC INSERT k"
    assert lines[2].startswith("END RequestId: ")
    assert lines[3].startswith("REPORT RequestId: ")


def log_rights(*actions: str) -> list[dict[str, Any]]:
    return [
        {"Effect": "Allow", "Action": list(actions), "Resource": "arn:aws:logs:*:*:log-group:/aws/lambda/*"}
    ]


def test_a_role_that_may_not_create_groups_leaves_no_logs_without_a_group(
    bench_of: Callable[..., Bench],
) -> None:
    bench = bench_of(profile(roles=Roles(propagation=0.0, policy_propagation=0.0)))
    role = bench.role(statements=log_rights("logs:CreateLogStream", "logs:PutLogEvents"))
    function = bench.function(role=role)
    group = f"/aws/lambda/{function}"
    invoke(bench, function)
    assert bench.messages(group) == []
    assert bench.logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"] == []
    bench.logs.create_log_group(logGroupName=group)
    invoke(bench, function)
    assert "REC INSERT k" in until(lambda: bench.messages(group))


def test_a_role_that_may_create_groups_gets_one_by_itself(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(profile(roles=Roles(propagation=0.0, policy_propagation=0.0)))
    rights = log_rights("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")
    function = bench.function(role=bench.role(statements=rights))
    invoke(bench, function)
    assert "REC INSERT k" in until(lambda: bench.messages(f"/aws/lambda/{function}"))


@pytest.mark.parametrize("lacking", ["logs:CreateLogStream", "logs:PutLogEvents"])
def test_a_role_that_may_not_write_logs_leaves_none(bench_of: Callable[..., Bench], lacking: str) -> None:
    bench = bench_of(profile(roles=Roles(propagation=0.0, policy_propagation=0.0)))
    rights = {"logs:CreateLogStream", "logs:PutLogEvents"} - {lacking}
    function = bench.function(role=bench.role(statements=log_rights(*rights)))
    group = f"/aws/lambda/{function}"
    bench.logs.create_log_group(logGroupName=group)
    invoke(bench, function)
    written = bench.upstream("logs").filter_log_events(logGroupName=group)["events"]
    assert written, "the emulator wrote them all the same"
    assert bench.messages(group) == []
    assert bench.logs.describe_log_streams(logGroupName=group)["logStreams"] == []
    with pytest.raises(bench.logs.exceptions.ResourceNotFoundException):
        bench.logs.get_log_events(logGroupName=group, logStreamName=written[0]["logStreamName"])
