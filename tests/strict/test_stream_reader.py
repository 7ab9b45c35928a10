"""StreamReader against what streams do: shards that close and split, children that show late, limits on reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ddbinsert.aws.read.streams import StreamReader
from tests.strict.one_attempt import connected
from tests.strict.rig import Profile, Streams

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ddbinsert import local
    from ddbinsert.aws.session.session import Aws
    from tests.strict.bench import Bench, ManualClock


class PassingClock:
    """Time passes while somebody sleeps, and not otherwise."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock

    def now(self) -> float:
        return self._clock()

    def monotonic(self) -> float:
        return self._clock()

    def sleep(self, seconds: float) -> None:
        self._clock.advance(seconds)


@pytest.fixture
def aws_of(emulator: local.Emulator) -> Iterator[Callable[[Bench], Aws]]:
    opened: list[Aws] = []

    def connect(bench: Bench) -> Aws:
        opened.append(connected(emulator, bench.rig.endpoint))
        return opened[-1]

    yield connect
    for aws in opened:
        aws.close()


def keys(records: Iterable[dict[str, Any]]) -> list[str]:
    return [record["dynamodb"]["Keys"]["pk"]["S"] for record in records]


def put(bench: Bench, table: str, *numbers: int) -> list[str]:
    for number in numbers:
        bench.put(table, f"k{number:02}")
    return [f"k{number:02}" for number in numbers]


def test_a_stream_that_split_many_times_is_read_through_in_one_go(
    bench_of: Callable[..., Bench], aws_of: Callable[[Bench], Aws], clock: ManualClock
) -> None:
    bench = bench_of(Profile(streams=Streams(shards=1, split_every=3)), clock=clock)
    table = bench.table()
    written = put(bench, table, *range(20))
    reader = StreamReader(aws_of(bench), bench.stream_arn(table), clock=PassingClock(clock))
    reader.open()
    assert keys(reader.poll_through()) == written
    assert reader.shards == 7


def test_of_many_shards_every_record_comes_once_and_each_items_in_order(
    bench_of: Callable[..., Bench], aws_of: Callable[[Bench], Aws], clock: ManualClock
) -> None:
    streams = Streams(shards=3, split_every=5, child_hidden=2.0, reads_per_second=5)
    bench = bench_of(Profile(streams=streams), clock=clock)
    table = bench.table()
    for _ in range(4):
        put(bench, table, *range(6))
        for number in range(6):
            bench.dynamodb.delete_item(TableName=table, Key={"pk": {"S": f"k{number:02}"}})
    passing = PassingClock(clock)
    reader = StreamReader(aws_of(bench), bench.stream_arn(table), clock=passing)
    reader.open()
    found: list[dict[str, Any]] = []
    for _ in range(200):
        found += reader.poll_through()
        if len(found) == 48:
            break
        passing.sleep(0.1)
    assert len({record["eventID"] for record in found}) == len(found) == 48
    for number in range(6):
        mine = [record["eventName"] for record in found if keys([record]) == [f"k{number:02}"]]
        assert mine == ["INSERT", "REMOVE"] * 4


def test_who_begins_at_the_newest_record_asks_nothing_of_shards_that_are_closed(
    bench_of: Callable[..., Bench], aws_of: Callable[[Bench], Aws], clock: ManualClock
) -> None:
    bench = bench_of(Profile(streams=Streams(shards=2, split_every=3)), clock=clock)
    table = bench.table()
    put(bench, table, *range(20))
    reader = StreamReader(aws_of(bench), bench.stream_arn(table), clock=PassingClock(clock), latest=True)
    reader.open()
    assert bench.rig.counts()["GetShardIterator"] == 2
    new = put(bench, table, 20)
    seen: list[str] = []
    for _ in range(10):
        seen += keys(reader.poll_through())
        if seen:
            break
    assert seen == new


def test_what_is_written_while_no_child_of_a_closed_shard_shows_is_read_when_it_does(
    bench_of: Callable[..., Bench], aws_of: Callable[[Bench], Aws], clock: ManualClock
) -> None:
    bench = bench_of(Profile(streams=Streams(shards=1, split_every=4, child_hidden=5.0)), clock=clock)
    table = bench.table()
    put(bench, table, 0)
    passing = PassingClock(clock)
    reader = StreamReader(aws_of(bench), bench.stream_arn(table), clock=passing, latest=True)
    reader.open()
    new = put(bench, table, *range(1, 10))
    seen = keys(reader.poll_through())
    assert seen == new[:3]
    for _ in range(10):
        passing.sleep(1.0)
        seen += keys(reader.poll_through())
    assert seen == new
