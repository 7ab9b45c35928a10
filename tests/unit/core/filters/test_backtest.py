"""Filters held against records: counts, periods, samples, what odd records do, and where the time is up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ddbinsert.core.filters.backtest import Assumed, backtest, compare, created, since
from ddbinsert.core.pattern.matcher import PatternError
from ddbinsert.operations.filters import Cut
from ddbinsert.render.filters.backtest import compared_data, data
from ddbinsert.render.machine import dumps

if TYPE_CHECKING:
    from collections.abc import Iterator

INSERTS = '{"eventName":["INSERT"]}'
MODIFIES = '{"eventName":["MODIFY"]}'


def record(event: Any, at: Any = 0) -> dict[str, Any]:
    return {"eventName": event, "dynamodb": {"ApproximateCreationDateTime": at}}


def test_each_filter_counts_what_it_matches_and_a_record_is_delivered_once() -> None:
    found = backtest([INSERTS, '{"eventName":[{"prefix":"I"}]}'], [record("INSERT")] * 3 + [record("REMOVE")])
    assert found.by_filter == (3, 3)
    assert (found.delivered.total, found.dropped.total, found.records) == (3, 1, 4)


def test_samples_are_kept_of_each_event_and_no_more_than_asked_for() -> None:
    many = [record("MODIFY", number) for number in range(1_000)] + [record("REMOVE")]
    found = backtest([INSERTS], many, samples=3)
    assert [
        (one["eventName"], one["dynamodb"]["ApproximateCreationDateTime"]) for one in found.dropped.records
    ] == [
        ("MODIFY", 0),
        ("MODIFY", 1),
        ("MODIFY", 2),
        ("REMOVE", 0),
    ]
    assert backtest([INSERTS], many, samples=0).dropped.records == []


def test_the_period_is_that_of_the_records_whatever_their_order() -> None:
    found = backtest([INSERTS], [record("INSERT", 5), record("INSERT", 1.5), record("INSERT", 3)])
    assert (found.first, found.last) == (1.5, 5)
    nothing = backtest([INSERTS], [])
    assert (nothing.first, nothing.last, nothing.records) == (None, None, 0)


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"eventName": None},
        {"eventName": ["INSERT"]},
        {"eventName": "INSERT", "dynamodb": []},
        {"eventName": "INSERT", "dynamodb": {"ApproximateCreationDateTime": "yesterday"}},
        {"eventName": "INSERT", "dynamodb": {"ApproximateCreationDateTime": True}},
        {"eventName": "INSERT", "dynamodb": {"ApproximateCreationDateTime": 1e300}},
        {"eventName": "RENAME"},
    ],
)
def test_an_odd_record_is_counted_and_ends_nothing(odd: dict[str, Any]) -> None:
    found = backtest([INSERTS], [odd])
    assert found.records == 1
    assert dumps(data("x", found, Assumed()))
    assert dumps(compared_data("x", compare([INSERTS], [MODIFIES], [odd])))


def test_invocations_are_rounded_up_and_cost_by_memory_and_time() -> None:
    found = backtest([INSERTS], [record("INSERT")] * 101 + [record("MODIFY")] * 100)
    best, worst = found.invocations(Assumed(batch_size=100, memory=1024, seconds=1.0))
    assert (best.without, best.delivered, best.saved) == (3, 2, 1)
    assert (worst.without, worst.delivered, worst.saved) == (201, 101, 100)
    assert best.usd_saved == pytest.approx(0.0000002 + 0.0000166667)


def test_a_comparison_puts_every_record_on_one_of_four_sides() -> None:
    events = ["INSERT"] * 4 + ["MODIFY"] * 3 + ["REMOVE"] * 2
    found = compare([INSERTS, '{"eventName":["REMOVE"]}'], [INSERTS, MODIFIES], map(record, events))
    assert (found.both, found.neither) == (4, 0)
    assert dict(found.gained.counts) == {"MODIFY": 3}
    assert dict(found.lost.counts) == {"REMOVE": 2}
    assert found.records == 9


def test_a_pattern_that_aws_refuses_is_refused_before_any_record_is_read() -> None:
    read = []

    def records() -> Iterator[dict[str, Any]]:
        read.append(True)
        yield record("INSERT")

    with pytest.raises(PatternError):
        backtest(["{"], records())
    with pytest.raises(PatternError):
        compare([INSERTS], ["{"], records())
    assert not read


def test_only_records_since_a_moment_are_taken_and_those_that_tell_none() -> None:
    found = list(since([record("A", 1), record("B", 2), record("C", None), {}], 2))
    assert [created(one) for one in found] == [2, None, None]


class _Clock:
    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


def test_records_are_cut_when_the_time_is_up_and_it_is_known() -> None:
    clock = _Clock()

    def slow() -> Iterator[dict[str, Any]]:
        for _ in range(1_000):
            clock.sleep(0.1)
            yield record("INSERT")

    cut = Cut(slow(), clock=clock, seconds=15)
    taken = len(list(cut))
    assert 100 <= taken < 1_000
    assert cut.hit
    whole = Cut(slow(), clock=clock, seconds=None)
    assert len(list(whole)) == 1_000
    assert not whole.hit
