"""send through the rig: throttles, batches handed back, and refusals in the middle."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import pytest

from ddbinsert.environment import SystemClock
from tests.functional.command import Ran, ran
from tests.strict.one_attempt import OneAttempt
from tests.strict.rig import Fault, FaultKind, Profile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ddbinsert import local
    from tests.strict.bench import Bench


class Timer(SystemClock):
    """Sleeping passes no time but its own; at the n-th sleep comes Ctrl-C."""

    def __init__(self, interrupt: int | None = None) -> None:
        self._slept = 0.0
        self._left = interrupt

    def monotonic(self) -> float:
        return self._slept

    def sleep(self, seconds: float) -> None:
        self._slept += seconds
        if self._left is not None:
            self._left -= 1
            if self._left == 0:
                raise KeyboardInterrupt


class Place:
    """A table behind a rig, and `send` on it."""

    def __init__(self, bench: Bench, emulator: local.Emulator, folder: Path) -> None:
        self.bench = bench
        self.table = bench.table()
        self.variables = {
            **emulator.variables(region="eu-west-1"),
            "AWS_ENDPOINT_URL": bench.rig.endpoint,
            "HOME": str(folder),
            "NO_COLOR": "1",
        }

    def send(self, *arguments: str, clock: Timer | None = None) -> Ran:
        """Without botocore's own retries, which sleep on a clock of their own."""
        words = ("send", self.table, "-o", "json", *arguments)
        return ran(*words, variables=self.variables, connect=OneAttempt, clock=clock or Timer())

    def items(self) -> list[dict[str, Any]]:
        pages = self.bench.upstream("dynamodb").get_paginator("scan").paginate(TableName=self.table)
        return [item for page in pages for item in page["Items"]]


@pytest.fixture
def place_of(
    bench_of: Callable[..., Bench], emulator: local.Emulator, tmp_path: Path
) -> Callable[..., Place]:
    return lambda *faults: Place(bench_of(Profile(), faults=list(faults)), emulator, tmp_path)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(operation="BatchWriteItem", kind=FaultKind.UNPROCESSED, every=2),
        Fault(operation="dynamodb:*Item", kind=FaultKind.THROTTLE, every=5),
        Fault(operation="dynamodb:*Item", kind=FaultKind.LOST_ANSWER, every=7),
    ],
    ids=lambda fault: str(fault.kind),
)
def test_all_are_written_changed_and_removed_whatever_is_in_the_way(
    place_of: Callable[..., Place], fault: Fault
) -> None:
    place = place_of(fault)
    done = place.send("-n", "120", "--modify", "--remove")
    assert done.code == 0, done.err
    assert (done.data["inserted"], done.data["modified"], done.data["removed"]) == (120, 120, 120)
    assert place.items() == []
    assert place.bench.rig.faults_struck() > 2


def test_a_refusal_in_the_middle_leaves_a_clean_table_and_is_told(place_of: Callable[..., Place]) -> None:
    place = place_of(Fault(operation="BatchWriteItem", kind=FaultKind.ACCESS_DENIED, after=3, times=1))
    done = place.send("-n", "2000")
    assert (done.code, done.error_code) == (4, "access-denied")
    assert done.data["inserted"] > 0
    assert done.data["left"] == 0
    assert "all of them were removed" in done.err
    assert place.items() == []


def test_who_may_write_but_not_modify_is_told_and_the_items_are_removed(
    place_of: Callable[..., Place],
) -> None:
    place = place_of(Fault(operation="UpdateItem", kind=FaultKind.ACCESS_DENIED))
    done = place.send("--modify")
    assert (done.code, done.error_code) == (4, "access-denied")
    assert "dynamodb:UpdateItem" in done.err
    assert place.items() == []


def test_items_that_can_not_be_removed_are_counted_and_the_way_to_remove_them_is_named(
    place_of: Callable[..., Place],
) -> None:
    place = place_of(Fault(operation="BatchWriteItem", kind=FaultKind.ACCESS_DENIED, after=4))
    done = place.send("-n", "100")
    assert (done.code, done.error_code) == (4, "access-denied")
    assert done.data["left"] == len(place.items()) == 100
    place.bench.rig.heal()
    command = done.json["errors"][0]["hint"].split("`")[1]
    again = ran(*shlex.split(command)[1:], variables=place.variables)
    assert again.code == 0, again.err
    assert place.items() == []


def test_ctrl_c_while_cleaning_up_says_what_is_left(place_of: Callable[..., Place]) -> None:
    place = place_of(Fault(operation="BatchWriteItem", kind=FaultKind.THROTTLE, after=4))
    done = place.send("-n", "100", "--hold", "0s", clock=Timer(interrupt=3))
    assert (done.code, done.error_code) == (130, "interrupted")
    assert done.data["left"] == len(place.items()) == 100
    assert "--clean" in done.json["errors"][0]["hint"]


def test_an_item_of_ones_own_with_a_lost_answer_is_removed_again(
    place_of: Callable[..., Place], tmp_path: Path
) -> None:
    place = place_of(Fault(operation="PutItem", kind=FaultKind.LOST_ANSWER, every=2))
    (tmp_path / "a.jsonl").write_text("\n".join(f'{{"pk":"{n}","n":{n}.50}}' for n in range(9)))
    done = place.send("--item", str(tmp_path / "a.jsonl"))
    assert done.code == 0, done.err
    assert (done.data["inserted"], done.data["existing"], done.data["cleaned"]) == (9, [], 9)
    assert place.items() == []


def test_a_key_of_the_users_without_an_answer_is_told_and_not_removed(
    place_of: Callable[..., Place], tmp_path: Path
) -> None:
    place = place_of(
        Fault(operation="PutItem", kind=FaultKind.LOST_ANSWER, times=1),
        Fault(operation="PutItem", kind=FaultKind.ACCESS_DENIED),
    )
    (tmp_path / "a.jsonl").write_text('{"pk":"maybe mine"}')
    done = place.send("--item", str(tmp_path / "a.jsonl"))
    assert done.code == 4
    assert done.data["uncertain"] == [{"pk": {"S": "maybe mine"}}]
    assert len(place.items()) == 1


def test_a_timeout_bounds_how_long_throttling_is_borne(place_of: Callable[..., Place]) -> None:
    place = place_of(Fault(operation="BatchWriteItem", kind=FaultKind.THROTTLE))
    clock = Timer()
    done = place.send("--timeout", "20s", clock=clock)
    assert (done.code, done.error_code) == (4, "throttled")
    assert "throttled without any progress for 20 s" in done.err
    assert done.data["inserted"] == 0
    assert clock.monotonic() < 60


@pytest.mark.parametrize("kind", [FaultKind.THROTTLE, FaultKind.SERVER_ERROR])
def test_an_equal_item_that_was_there_before_is_never_removed(
    kind: FaultKind, place_of: Callable[..., Place], tmp_path: Path
) -> None:
    """The first try fails without an effect, and the next one finds an equal item: it is not this run's."""
    place = place_of(Fault(operation="PutItem", kind=kind, times=1))
    there = {"pk": {"S": "mine"}, "n": {"N": "1"}}
    place.bench.upstream("dynamodb").put_item(TableName=place.table, Item=there)
    (tmp_path / "a.jsonl").write_text('{"pk":"mine","n":1.0}\n{"pk":"new"}')
    done = place.send("--item", str(tmp_path / "a.jsonl"))
    assert (done.code, done.error_code) == (1, "item-exists")
    assert done.data["existing"] == [{"pk": {"S": "mine"}}]
    assert place.items() == [there]


def test_where_items_may_not_be_read_an_equal_item_is_reported_and_left(
    place_of: Callable[..., Place], tmp_path: Path
) -> None:
    place = place_of(
        Fault(operation="GetItem", kind=FaultKind.ACCESS_DENIED),
        Fault(operation="PutItem", kind=FaultKind.LOST_ANSWER, times=1),
    )
    (tmp_path / "a.jsonl").write_text('{"pk":"maybe mine"}')
    done = place.send("--item", str(tmp_path / "a.jsonl"))
    assert (done.code, done.error_code) == (6, "item-uncertain")
    assert done.data["uncertain"] == [{"pk": {"S": "maybe mine"}}]
    assert len(place.items()) == 1
