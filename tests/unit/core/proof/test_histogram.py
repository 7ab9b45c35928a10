"""Percentiles in bounded memory, right to a twentieth."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbinsert.core.proof.histogram import Histogram

seconds = st.floats(0.0, 1e5)


def histogram(values: list[float]) -> Histogram:
    made = Histogram()
    for value in values:
        made.add(value)
    return made


@given(st.lists(seconds, min_size=1), st.floats(0.0, 1.0))
def test_a_percentile_is_right_to_a_twentieth(values: list[float], share: float) -> None:
    exact = sorted(values)[max(1, math.ceil(share * len(values))) - 1]
    found = histogram(values).percentile(share)
    assert found is not None
    assert exact <= found * 1.000001 or exact - found < 1e-9
    assert found <= max(exact * 1.05, 0.001) * 1.000001
    assert min(values) <= found <= max(values)


@given(st.lists(seconds, min_size=1))
def test_a_summary_rises_from_least_to_most(values: list[float]) -> None:
    summary = histogram(values).summary()
    assert summary is not None
    assert [*summary] == ["min", "p50", "p90", "p99", "max"]
    assert [*summary.values()] == sorted(summary.values())


@given(st.lists(seconds))
def test_the_bars_hold_everything_once_and_do_not_overlap(values: list[float]) -> None:
    bars = histogram(values).bars()
    assert sum(count for _, _, count in bars) == len(values)
    assert all(start < end and count for start, end, count in bars)
    assert all(one[1] <= other[0] * 1.000001 for one, other in itertools.pairwise(bars))
    for value in values:
        assert any(start <= value * 1.000001 and value <= end * 1.000001 for start, end, _ in bars)


def test_nothing_has_no_percentile_and_no_summary() -> None:
    empty = Histogram()
    assert (empty.percentile(0.5), empty.summary(), empty.bars()) == (None, None, ())


def test_many_at_once_weigh_as_many() -> None:
    made = Histogram()
    made.add(1.0, 99)
    made.add(100.0)
    assert made.count == 100
    assert made.percentile(0.99) == pytest.approx(1.0, rel=0.05)
    assert made.percentile(1.0) == 100.0


def test_a_million_values_take_some_hundred_buckets() -> None:
    made = Histogram()
    for value in range(1, 100_001):
        made.add(value / 1000)
    assert len(made.bars()) < 300
