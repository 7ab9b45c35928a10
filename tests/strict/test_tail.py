"""tail through the rig: late, interleaved and throttled logs; no line lost or doubled."""

from __future__ import annotations

import json
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from ddbinsert.environment import SystemClock
from tests.functional.command import Ran, ran
from tests.strict.bench import fresh
from tests.strict.one_attempt import OneAttempt
from tests.strict.rig import Fault, FaultKind, Logs, Profile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ddbinsert import local
    from tests.strict.bench import Bench

AT_ONCE = Logs(lag=0.0, page=100, empty_page_every=0)


class Writing(SystemClock):
    """Something is written during each of the first sleeps; the others only pass time, at a quick pace."""

    def __init__(self, *writes: Callable[[], object]) -> None:
        self._writes = list(writes)
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return sum(self.slept)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if self._writes:
            self._writes.pop(0)()
        super().sleep(min(seconds, 0.02))


class Place:
    """A log group behind a rig, and `tail` on it."""

    def __init__(self, bench: Bench, emulator: local.Emulator, folder: Path) -> None:
        self.bench = bench
        self.name = fresh("/own/group")
        self._variables = {
            **emulator.variables(region="eu-west-1"),
            "AWS_ENDPOINT_URL": bench.rig.endpoint,
            "HOME": str(folder),
            "NO_COLOR": "1",
        }
        self._logs = bench.upstream("logs")
        self._known: set[str] = set()

    def create(self) -> None:
        self._logs.create_log_group(logGroupName=self.name)

    def write(self, stream: str, *messages: str, ago: float = 0.0) -> None:
        if stream not in self._known:
            self._known.add(stream)
            self._logs.create_log_stream(logGroupName=self.name, logStreamName=stream)
        at = int((time.time() - ago) * 1000)
        events = [{"timestamp": at, "message": message} for message in messages]
        self._logs.put_log_events(logGroupName=self.name, logStreamName=stream, logEvents=events)

    def tail(self, *arguments: str, **outside: Any) -> Ran:
        """Without botocore's own retries, which sleep on a clock of their own."""
        return ran(
            "tail",
            *("--log-group", self.name, "-o", "json", *arguments),
            variables=self._variables,
            connect=OneAttempt,
            **outside,
        )


@pytest.fixture
def place_of(
    bench_of: Callable[..., Bench], emulator: local.Emulator, tmp_path: Path
) -> Callable[..., Place]:
    def make(logs: Logs, *faults: Fault) -> Place:
        return Place(bench_of(Profile(logs=logs), faults=list(faults)), emulator, tmp_path)

    return make


def messages(done: Ran) -> list[str]:
    return [json.loads(line)["message"] for line in done.out.splitlines()]


def test_following_gives_late_and_interleaved_lines_once_each(place_of: Callable[..., Place]) -> None:
    place = place_of(Logs(lag=0.6, page=5, empty_page_every=2))
    place.create()
    streams = [f"stream-{n}" for n in range(6)]

    def write(round_: int) -> None:
        for stream in streams:
            place.write(stream, f"{stream}: {round_}", "the same")

    clock = Writing(*[partial(write, round_) for round_ in range(5)])
    done = place.tail("--follow", "--until-count", "60", "--timeout", "5m", clock=clock)
    assert done.code == 0, done.err
    expected = [f"{stream}: {round_}" for stream in streams for round_ in range(5)] + ["the same"] * 30
    assert sorted(messages(done)) == sorted(expected)
    identities = {json.loads(line)["event_id"] for line in done.out.splitlines()}
    assert len(identities) == 60


def test_throttling_slows_it_down_and_costs_nothing(place_of: Callable[..., Place]) -> None:
    place = place_of(
        Logs(lag=0.0, page=4, empty_page_every=0),
        Fault(operation="FilterLogEvents", kind=FaultKind.THROTTLE, times=6, after=1),
    )
    place.create()
    place.write("a", *[f"{n:02}" for n in range(30)])
    clock = Writing()
    done = place.tail(clock=clock)
    assert done.code == 0
    assert messages(done) == [f"{n:02}" for n in range(30)]
    assert clock.slept == [1.0, 2.0, 4.0, 8.0, 15.0, 15.0]
    assert "throttling" in done.err


def test_throttling_without_end_is_inconclusive(place_of: Callable[..., Place]) -> None:
    place = place_of(AT_ONCE, Fault(operation="FilterLogEvents", kind=FaultKind.THROTTLE))
    place.create()
    done = place.tail("--timeout", "1m", clock=Writing())
    assert (done.code, done.error_code) == (6, "timeout")


def test_a_group_may_come_late_and_go_again(place_of: Callable[..., Place]) -> None:
    place = place_of(AT_ONCE)

    def recreate() -> None:
        place.bench.logs.delete_log_group(logGroupName=place.name)

    clock = Writing(
        lambda: None,
        lambda: place.bench.logs.create_log_group(logGroupName=place.name),
        lambda: place.write("a", "first"),
        recreate,
        lambda: place.bench.logs.create_log_group(logGroupName=place.name),
        lambda: place.write("b", "second"),
    )
    done = place.tail("-f", "--until-count", "2", "--timeout", "5m", clock=clock)
    assert done.code == 0, done.err
    assert messages(done) == ["first", "second"]


def test_missing_rights_end_it_with_the_action_by_name(place_of: Callable[..., Place]) -> None:
    place = place_of(AT_ONCE, Fault(operation="FilterLogEvents", kind=FaultKind.ACCESS_DENIED))
    place.create()
    done = place.tail("-f", clock=Writing())
    assert (done.code, done.error_code) == (4, "access-denied")
    assert "logs:FilterLogEvents" in done.err


def test_who_may_read_logs_but_no_functions_gets_the_default_group(
    place_of: Callable[..., Place], emulator: local.Emulator
) -> None:
    place = place_of(AT_ONCE, Fault(operation="GetFunction*", kind=FaultKind.ACCESS_DENIED))
    table = fresh("orders")
    place.name = f"/aws/lambda/{table}-inserts"
    place.create()
    place.write("a", "x")
    done = ran(
        *("tail", table, "-o", "json"), variables=place._variables, connect=OneAttempt, clock=Writing()
    )
    assert (done.code, messages(done)) == (0, ["x"])


def test_idle_following_asks_at_a_rate_that_an_account_can_bear(place_of: Callable[..., Place]) -> None:
    place = place_of(AT_ONCE)
    place.create()
    clock = Writing()
    done = place.tail("-f", "--timeout", "2m", clock=clock)
    assert done.code == 0
    assert place.bench.rig.counts()["FilterLogEvents"] < 80
