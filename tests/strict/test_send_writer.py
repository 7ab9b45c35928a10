"""ItemWriter against DynamoDB's faults: nothing lost, nothing overwritten, and a count that is true."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from ddbinsert.aws.errors import PermissionDenied, Throttled
from ddbinsert.aws.write.items import ItemWriter, Put
from ddbinsert.errors import AwsError
from tests.strict.one_attempt import connected
from tests.strict.rig import Fault, FaultKind, Profile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ddbinsert import local
    from tests.strict.bench import Bench

Item = dict[str, Any]


class Timer:
    """A clock that only sleeping moves; it keeps what was slept."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def now(self) -> float:
        return 1_700_000_000.0 + self.monotonic()

    def monotonic(self) -> float:
        return sum(self.slept)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


class Desk:
    """A table behind a rig, and a writer for it."""

    def __init__(self, bench: Bench, emulator: local.Emulator) -> None:
        self.bench = bench
        self.clock = Timer()
        self.aws = connected(emulator, bench.rig.endpoint)
        self.name = bench.table()

    def writer(self, **more: Any) -> ItemWriter:
        return ItemWriter(self.aws, self.name, self.clock, **more)

    def stored(self) -> dict[str, Item]:
        pages = self.bench.upstream("dynamodb").get_paginator("scan").paginate(TableName=self.name)
        return {item["pk"]["S"]: item for page in pages for item in page["Items"]}


@pytest.fixture
def desk_of(bench_of: Callable[..., Bench], emulator: local.Emulator) -> Iterator[Callable[..., Desk]]:
    desks: list[Desk] = []

    def make(*faults: Fault) -> Desk:
        desks.append(Desk(bench_of(Profile(), faults=list(faults)), emulator))
        return desks[-1]

    yield make
    for desk in desks:
        desk.aws.close()


def items(count: int, **more: Any) -> list[Item]:
    return [{"pk": {"S": f"{n:05}"}, "n": {"N": str(n)}, **more} for n in range(count)]


def keys(count: int) -> list[Item]:
    return [{"pk": {"S": f"{n:05}"}} for n in range(count)]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(operation="BatchWriteItem", kind=FaultKind.UNPROCESSED, every=2),
        Fault(operation="BatchWriteItem", kind=FaultKind.THROTTLE, every=3),
        Fault(operation="BatchWriteItem", kind=FaultKind.LOST_ANSWER, every=4),
        Fault(operation="BatchWriteItem", kind=FaultKind.SERVER_ERROR, every=4),
    ],
    ids=lambda fault: str(fault.kind),
)
def test_every_item_is_written_and_told_once_and_every_key_deleted(
    desk_of: Callable[..., Desk], fault: Fault
) -> None:
    desk = desk_of(fault)
    writer, told = desk.writer(), list[Item]()
    writer.on_written = told.extend
    counts = list(writer.put_all(items(260)))
    assert counts == sorted(counts)
    assert (counts[-1], writer.written, writer.attempted) == (260, 260, 260)
    assert (
        sorted(item["pk"]["S"] for item in told) == sorted(desk.stored()) == [f"{n:05}" for n in range(260)]
    )
    assert list(desk.writer().delete_all(keys(255)))[-1] == 255
    assert sorted(desk.stored()) == [f"{n:05}" for n in range(255, 260)]
    assert desk.bench.rig.faults_struck() > 2


def test_pauses_grow_while_throttling_lasts_and_are_spent_on_the_given_clock(
    desk_of: Callable[..., Desk],
) -> None:
    desk = desk_of(Fault(operation="BatchWriteItem", kind=FaultKind.THROTTLE, times=6))
    writer = desk.writer(threads=1)
    assert list(writer.put_all(items(25))) == [25]
    assert desk.clock.slept == pytest.approx([0.05, 0.1, 0.2, 0.4, 0.8, 1.6])


def test_throttling_without_end_is_given_up_with_a_true_count(desk_of: Callable[..., Desk]) -> None:
    desk = desk_of(Fault(operation="BatchWriteItem", kind=FaultKind.THROTTLE, after=2))
    writer = desk.writer(threads=1)
    with pytest.raises(Throttled, match=f"table {desk.name}"):
        list(writer.put_all(items(100)))
    assert writer.written == len(desk.stored()) == 50
    assert 120 < desk.clock.monotonic() < 140


def test_one_refusal_ends_it_and_what_was_under_way_is_counted(desk_of: Callable[..., Desk]) -> None:
    desk = desk_of(Fault(operation="BatchWriteItem", kind=FaultKind.ACCESS_DENIED, after=5, times=1))
    writer = desk.writer()
    with pytest.raises(PermissionDenied, match="dynamodb:BatchWriteItem"):
        list(writer.put_all(items(1_000)))
    assert writer.written == len(desk.stored())
    assert writer.written < writer.attempted < 1_000


@pytest.mark.parametrize("ending", [KeyboardInterrupt, GeneratorExit, ValueError])
def test_however_it_ends_the_count_is_what_is_in_the_table(
    desk_of: Callable[..., Desk], ending: type[BaseException]
) -> None:
    desk = desk_of(Fault(operation="BatchWriteItem", kind=FaultKind.SLOW, seconds=0.05, every=2))
    writer, told = desk.writer(threads=4), list[Item]()
    writer.on_written = told.extend
    writes = writer.put_all(items(1_000))
    next(writes)
    with pytest.raises(ending):
        writes.throw(ending())  # type: ignore[attr-defined]
    assert writer.written == len(told) == len(desk.stored())
    assert 25 <= writer.written <= writer.attempted < 1_000


def test_an_interrupt_while_items_are_made_loses_none_of_those_sent(desk_of: Callable[..., Desk]) -> None:
    desk = desk_of()

    def interrupted() -> Iterator[Item]:
        yield from items(60)
        raise KeyboardInterrupt

    writer = desk.writer()
    with pytest.raises(KeyboardInterrupt):
        list(writer.put_all(interrupted()))
    assert writer.written == writer.attempted == len(desk.stored()) == 50


def test_an_item_that_exists_is_left_as_it_is(desk_of: Callable[..., Desk]) -> None:
    desk = desk_of()
    desk.bench.put(desk.name, "00001", n="mine")
    desk.bench.upstream("dynamodb").put_item(TableName=desk.name, Item=items(3)[2])
    outcomes = {item["pk"]["S"]: put for item, put in desk.writer().put_new(items(4), "pk")}
    assert outcomes == {"00000": Put.WRITTEN, "00001": Put.EXISTS, "00002": Put.EXISTS, "00003": Put.WRITTEN}
    assert desk.stored()["00001"]["n"] == {"S": "mine"}


def test_an_item_whose_answer_was_lost_is_known_as_written(desk_of: Callable[..., Desk]) -> None:
    desk = desk_of(Fault(operation="PutItem", kind=FaultKind.LOST_ANSWER, every=3))
    writer = desk.writer()
    more = {"set": {"SS": ["b", "a"]}, "one": {"N": "1.00"}, "bin": {"B": b"\x00\xff"}}
    outcomes = Counter(put for _, put in writer.put_new(items(20, **more), "pk"))
    assert outcomes == {Put.WRITTEN: 20}
    assert writer.written == len(desk.stored()) == 20
    assert desk.bench.rig.faults_struck() > 2


def test_a_throttled_put_is_not_taken_for_written_where_another_had_the_same_item(
    desk_of: Callable[..., Desk],
) -> None:
    desk = desk_of(Fault(operation="PutItem", kind=FaultKind.THROTTLE, times=1))
    desk.bench.upstream("dynamodb").put_item(TableName=desk.name, Item=items(1)[0])
    assert [put for _, put in desk.writer().put_new(items(1), "pk")] == [Put.EXISTS]


def test_a_modification_makes_no_item_anew(desk_of: Callable[..., Desk]) -> None:
    desk = desk_of(Fault(operation="UpdateItem", kind=FaultKind.THROTTLE, every=3))
    list(desk.writer().put_all(items(5)))
    writer = desk.writer()
    outcomes = {
        key["pk"]["S"]: put for key, put in writer.modify_all(keys(7), {"pk"}, "seen", {"BOOL": True})
    }
    assert Counter(outcomes.values()) == {Put.WRITTEN: 5, Put.GONE: 2}
    assert writer.written == 5
    assert [item["seen"] for item in desk.stored().values()] == [{"BOOL": True}] * 5


@pytest.mark.parametrize("rate", [2.0, 10.0, 100.0])
def test_a_rate_is_kept(desk_of: Callable[..., Desk], rate: float) -> None:
    desk = desk_of()
    count = int(rate * 3)
    list(desk.writer(rate=rate).put_all(items(count)))
    assert desk.clock.monotonic() == pytest.approx(3, abs=0.6)
    assert len(desk.stored()) == count


def test_nothing_to_write_is_no_call(desk_of: Callable[..., Desk]) -> None:
    desk = desk_of()
    assert list(desk.writer().put_all([])) == []
    assert desk.bench.rig.counts()["BatchWriteItem"] == 0


def test_an_endpoint_that_goes_away_is_told_soon(desk_of: Callable[..., Desk]) -> None:
    desk = desk_of(Fault(operation="BatchWriteItem", kind=FaultKind.RESET))
    writer = desk.writer(threads=1)
    with pytest.raises(AwsError, match=f"table {desk.name}"):
        list(writer.put_all(items(25)))
    assert desk.bench.rig.counts()["BatchWriteItem"] == 5
    assert writer.written == 0
