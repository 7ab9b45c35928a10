"""LogReader against CloudWatch's habits: every line once, whatever the paging, the lag and the throttling."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from ddbinsert.aws.read.logs import LogReader
from ddbinsert.errors import AwsError
from tests.strict.bench import fresh
from tests.strict.one_attempt import connected
from tests.strict.rig import Fault, FaultKind, Logs, Profile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ddbinsert import local
    from ddbinsert.aws.session.session import Aws
    from tests.strict.bench import Bench

AT_ONCE = Logs(lag=0.0, page=100, empty_page_every=0)


@pytest.fixture
def aws_of(emulator: local.Emulator) -> Iterator[Callable[[str], Aws]]:
    opened: list[Aws] = []

    def connect(endpoint: str) -> Aws:
        aws = connected(emulator, endpoint)
        opened.append(aws)
        return aws

    yield connect
    for aws in opened:
        aws.close()


class Ahead:
    """The real time, as log events bear that, and whatever a test has it go on by."""

    def __init__(self) -> None:
        self._by = 0.0

    def __call__(self) -> float:
        return time.time() + self._by

    def advance(self, seconds: float) -> None:
        self._by += seconds


class Group:
    """A log group that a test writes into, past the rig."""

    def __init__(self, logs: Any, now: Callable[[], float]) -> None:
        self.name = fresh("/own/group")
        self._logs = logs
        self._now = now
        self._streams: set[str] = set()
        logs.create_log_group(logGroupName=self.name)

    def write(self, stream: str, *messages: str, ago: float = 0.0) -> None:
        if stream not in self._streams:
            self._streams.add(stream)
            self._logs.create_log_stream(logGroupName=self.name, logStreamName=stream)
        at = int((self._now() - ago) * 1000)
        for start in range(0, len(messages), 5_000):
            events = [{"timestamp": at, "message": message} for message in messages[start : start + 5_000]]
            self._logs.put_log_events(logGroupName=self.name, logStreamName=stream, logEvents=events)


def rigged(
    bench_of: Callable[..., Bench], logs: Logs = AT_ONCE, *faults: Fault
) -> tuple[Bench, Group, Ahead]:
    clock = Ahead()
    bench = bench_of(Profile(logs=logs), clock=clock, faults=list(faults))
    return bench, Group(bench.upstream("logs"), clock), clock


def messages(events: Iterator[Any]) -> list[str]:
    return [event.message for event in events]


def test_every_poll_gives_what_is_new_and_nothing_twice(
    bench_of: Callable[..., Bench], aws_of: Callable[[str], Aws]
) -> None:
    bench, group, clock = rigged(bench_of)
    reader = LogReader(aws_of(bench.rig.endpoint), group.name, since=clock() - 60)
    group.write("a", "1", "2")
    assert messages(reader.poll()) == ["1", "2"]
    assert messages(reader.poll()) == []
    group.write("b", "3")
    group.write("a", "4")
    assert sorted(messages(reader.poll())) == ["3", "4"]
    assert reader.complete


def test_pages_that_are_small_or_empty_lose_and_double_nothing(
    bench_of: Callable[..., Bench], aws_of: Callable[[str], Aws]
) -> None:
    bench, group, clock = rigged(bench_of, Logs(lag=0.0, page=3, empty_page_every=2))
    for n in range(12):
        group.write(f"stream-{n % 4}", f"line {n}", ago=12 - n)
    reader = LogReader(aws_of(bench.rig.endpoint), group.name, since=clock() - 60)
    assert messages(reader.poll()) == [f"line {n}" for n in range(12)]
    assert messages(reader.poll()) == []


def test_equal_lines_are_as_many_as_were_written(
    bench_of: Callable[..., Bench], aws_of: Callable[[str], Aws], emulator: local.Emulator
) -> None:
    for through_rig in (True, False):
        bench, group, clock = rigged(bench_of)
        group.write("a", *["same"] * 5, "other")
        group.write("b", *["same"] * 2)
        endpoint = bench.rig.endpoint if through_rig else emulator.endpoint
        reader = LogReader(aws_of(endpoint), group.name, since=clock() - 60)
        assert sorted(messages(reader.poll())) == ["other", *["same"] * 7], endpoint
        group.write("a", "same")
        assert messages(reader.poll()) == ["same"], endpoint


def test_lines_that_show_late_are_given_once_they_show(
    bench_of: Callable[..., Bench], aws_of: Callable[[str], Aws]
) -> None:
    bench, group, clock = rigged(bench_of, Logs(lag=10.0, page=100, empty_page_every=0))
    for n in range(8):
        group.write(f"stream-{n}", f"line {n}")
    reader = LogReader(aws_of(bench.rig.endpoint), group.name, since=clock() - 60)
    given = []
    for _ in range(6):
        given.append(messages(reader.poll()))
        clock.advance(2.5)
    assert [len(part) for part in given].count(0) < 5, "they do not all show at once"
    assert sorted(itertools.chain(*given)) == [f"line {n}" for n in range(8)]


def test_a_line_that_is_later_than_the_overlap_is_found_by_sweeping_alone(
    bench_of: Callable[..., Bench], aws_of: Callable[[str], Aws]
) -> None:
    bench, group, clock = rigged(bench_of)
    group.write("a", "in time")
    reader = LogReader(aws_of(bench.rig.endpoint), group.name, since=clock() - 3600, overlap=5.0)
    assert messages(reader.poll()) == ["in time"]
    group.write("b", "an hour late", ago=1800)
    assert messages(reader.poll()) == []
    assert messages(reader.sweep()) == ["an hour late"]


def test_nothing_from_before_the_beginning_is_given(
    bench_of: Callable[..., Bench], aws_of: Callable[[str], Aws]
) -> None:
    bench, group, clock = rigged(bench_of)
    group.write("a", "before", ago=20)
    group.write("a", "after")
    reader = LogReader(aws_of(bench.rig.endpoint), group.name, since=clock() - 10)
    assert messages(reader.poll()) == ["after"]
    assert messages(reader.sweep()) == []


def test_an_event_that_claims_a_time_to_come_hides_none_of_the_present(
    bench_of: Callable[..., Bench], aws_of: Callable[[str], Aws]
) -> None:
    bench, group, clock = rigged(bench_of)
    group.write("a", "from the future", ago=-3600)
    reader = LogReader(aws_of(bench.rig.endpoint), group.name, since=clock() - 60)
    assert messages(reader.poll()) == ["from the future"]
    group.write("a", "now")
    assert messages(reader.poll()) == ["now"]


def test_throttling_in_the_middle_loses_and_doubles_nothing(
    bench_of: Callable[..., Bench], aws_of: Callable[[str], Aws]
) -> None:
    throttle = Fault(operation="FilterLogEvents", kind=FaultKind.THROTTLE, times=4, every=2, after=1)
    bench, group, clock = rigged(bench_of, Logs(lag=0.0, page=2, empty_page_every=0), throttle)
    group.write("a", *[f"line {n:02}" for n in range(20)])
    reader = LogReader(aws_of(bench.rig.endpoint), group.name, since=clock() - 60)
    given: list[str] = []
    looks = 0
    while not reader.complete:
        given += messages(reader.poll())
        looks += 1
    assert given == [f"line {n:02}" for n in range(20)]
    assert reader.throttled == looks - 1 == 4
    assert messages(reader.poll()) == []


def test_a_poll_that_is_left_in_the_middle_is_gone_on_with(
    bench_of: Callable[..., Bench], aws_of: Callable[[str], Aws], emulator: local.Emulator
) -> None:
    bench, group, clock = rigged(bench_of, Logs(lag=0.0, page=4, empty_page_every=0))
    group.write("a", *[f"line {n % 3}" for n in range(10)])
    for endpoint in (bench.rig.endpoint, emulator.endpoint):
        reader = LogReader(aws_of(endpoint), group.name, since=clock() - 60)
        first = messages(itertools.islice(reader.poll(), 6))
        assert not reader.complete
        assert first + messages(reader.poll()) == [f"line {n % 3}" for n in range(10)], endpoint
        assert messages(reader.poll()) == []


PRINTING = """
def handler(event, context):
    for word in ("same", "same", "other", "same", "last"):
        print(word)
"""


def test_lines_of_a_function_that_bear_no_ids_are_told_apart(
    bench_of: Callable[..., Bench], aws_of: Callable[[str], Aws], emulator: local.Emulator
) -> None:
    bench, _, clock = rigged(bench_of)
    function = bench.function(PRINTING)
    for _ in range(2):
        bench.upstream("lambda").invoke(FunctionName=function, Payload="{}")
    reader = LogReader(aws_of(emulator.endpoint), f"/aws/lambda/{function}", since=clock() - 60)
    parts = [messages(itertools.islice(reader.poll(), 4)) for _ in range(5)]
    assert [len(part) for part in parts] == [4, 4, 4, 4, 0]
    given = Counter(message for part in parts for message in part)
    assert (given["same"], given["other"], given["last"]) == (6, 2, 2)
    assert given.total() == 16


def test_a_token_that_is_refused_costs_no_line(
    bench_of: Callable[..., Bench], aws_of: Callable[[str], Aws]
) -> None:
    bench, group, clock = rigged(bench_of, Logs(lag=0.0, page=3, empty_page_every=0))
    group.write("a", *[str(n) for n in range(9)])
    reader = LogReader(aws_of(bench.rig.endpoint), group.name, since=clock() - 60)
    given = messages(itertools.islice(reader.poll(), 4))
    look = reader._pending
    assert look is not None
    look.token = "expired"
    while not reader.complete:
        given += messages(reader.poll())
    assert given == [str(n) for n in range(9)]


def test_a_missing_group_is_waited_for(bench_of: Callable[..., Bench], aws_of: Callable[[str], Aws]) -> None:
    bench, _, clock = rigged(bench_of)
    name = fresh("/own/later")
    reader = LogReader(aws_of(bench.rig.endpoint), name, since=clock() - 60)
    assert messages(reader.poll()) == []
    assert (reader.group_missing, reader.complete) == (True, True)
    bench.logs.create_log_group(logGroupName=name)
    assert messages(reader.poll()) == []
    assert not reader.group_missing
    bench.logs.delete_log_group(logGroupName=name)
    assert messages(reader.poll()) == []
    assert reader.group_missing


@pytest.mark.parametrize("kind", [FaultKind.SERVER_ERROR, FaultKind.RESET, FaultKind.UNAVAILABLE])
def test_a_failure_that_passes_is_got_over_and_one_that_stays_is_told(
    bench_of: Callable[..., Bench], aws_of: Callable[[str], Aws], kind: FaultKind
) -> None:
    bench, group, clock = rigged(bench_of, AT_ONCE, Fault(operation="FilterLogEvents", kind=kind, times=2))
    group.write("a", "x")
    reader = LogReader(aws_of(bench.rig.endpoint), group.name, since=clock() - 60)
    assert [(messages(reader.poll()), reader.complete) for _ in range(2)] == [([], False)] * 2
    assert messages(reader.poll()) == ["x"]
    bench.rig.inject(Fault(operation="FilterLogEvents", kind=kind))
    with pytest.raises(AwsError, match=group.name):
        messages(itertools.chain(*(reader.poll() for _ in range(3))))


def test_not_being_allowed_is_told_at_once(
    bench_of: Callable[..., Bench], aws_of: Callable[[str], Aws]
) -> None:
    denied = Fault(operation="FilterLogEvents", kind=FaultKind.ACCESS_DENIED)
    bench, group, clock = rigged(bench_of, AT_ONCE, denied)
    reader = LogReader(aws_of(bench.rig.endpoint), group.name, since=clock() - 60)
    with pytest.raises(AwsError, match="logs:FilterLogEvents"):
        list(reader.poll())


@pytest.mark.parametrize(
    "needle",
    [
        "plain",
        "two words",
        'a "quoted" -word',
        "back\\slash",
        "[x] *?",
        "Umläut Σ",
        " padded ",
        "tab\there",
        "x" * 2000,
    ],
)
def test_a_needle_finds_what_holds_it_and_nothing_else(
    bench_of: Callable[..., Bench], aws_of: Callable[[str], Aws], emulator: local.Emulator, needle: str
) -> None:
    bench, group, clock = rigged(bench_of)
    group.write("a", f"before {needle} after", needle.swapcase(), "something else", needle)
    for endpoint in (bench.rig.endpoint, emulator.endpoint):
        reader = LogReader(aws_of(endpoint), group.name, since=clock() - 60, needle=needle)
        assert messages(reader.poll()) == [f"before {needle} after", needle], endpoint


def test_one_of_several_needles_is_enough(
    bench_of: Callable[..., Bench], aws_of: Callable[[str], Aws]
) -> None:
    bench, group, clock = rigged(bench_of)
    group.write("a", "one", "two", "three")
    reader = LogReader(aws_of(bench.rig.endpoint), group.name, since=clock() - 60, needle=("one", "three"))
    assert messages(reader.poll()) == ["one", "three"]


@pytest.mark.nightly
def test_more_lines_than_an_answer_holds_are_all_there_where_answers_are_cut_silently(
    bench_of: Callable[..., Bench], aws_of: Callable[[str], Aws], emulator: local.Emulator
) -> None:
    _, group, clock = rigged(bench_of)
    group.write("a", *[str(n) for n in range(3_000)], ago=2)
    group.write("b", *[str(n) for n in range(3_000, 14_000)], ago=1)  # more than 10,000 in one millisecond
    group.write("c", *[str(n) for n in range(14_000, 15_000)])
    reader = LogReader(aws_of(emulator.endpoint), group.name, since=clock() - 60)
    assert sorted(messages(reader.poll()), key=int) == [str(n) for n in range(15_000)]
    assert [messages(reader.poll()) for _ in range(4)] == [[], [], [], []]


def test_a_long_overlap_is_not_read_whole_every_time_and_yet_late_lines_are_found(
    bench_of: Callable[..., Bench], aws_of: Callable[[str], Aws]
) -> None:
    bench, group, clock = rigged(bench_of, Logs(lag=0.0, page=500, empty_page_every=0))
    for ago in range(16, 0, -2):
        group.write("a", *[f"{ago}: {n}" for n in range(500)], ago=ago)
    reader = LogReader(aws_of(bench.rig.endpoint), group.name, since=clock() - 60)
    assert len(messages(reader.poll())) == 4_000
    group.write("late", "late", ago=15)
    calls: list[int] = []
    looks: list[list[str]] = []
    while "late" not in itertools.chain(*looks):
        before = bench.rig.counts()["FilterLogEvents"]
        looks.append(messages(reader.poll()))
        calls.append(bench.rig.counts()["FilterLogEvents"] - before)
    assert len(looks) <= 4
    assert min(calls) < max(calls)
