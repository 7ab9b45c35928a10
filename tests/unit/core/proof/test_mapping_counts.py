"""What CloudWatch counted, in words: what was seen, of whom, and what was not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbinsert.core.proof.mapping_counts import (
    OF_FUNCTION,
    OF_MAPPING,
    MetricCounts,
    are_published,
    filtered_everything,
    metrics_text,
)
from tests.unit import worlds
from tests.unit.runs import mapping

if TYPE_CHECKING:
    from ddbinsert.core.model.seen import MappingState

COUNTING = mapping(metrics=True)
SILENT = mapping(uuid=worlds.UUID.format(2), metrics=False)
UNKNOWN = mapping(uuid=worlds.UUID.format(3), metrics=None)
SCOPE = "(whole minutes, records of all writers)"


@pytest.mark.parametrize(
    ("counts", "mappings", "text"),
    [
        ({}, (COUNTING,), "no CloudWatch datapoints yet"),
        ({}, (SILENT,), "the mapping publishes no EventCount metrics"),
        ({}, (UNKNOWN,), "the mapping publishes no EventCount metrics"),
        (
            {"Invocations": 6.0, "Errors": 0.0},
            (COUNTING,),
            "Errors 0, Invocations 6; no EventCount datapoints of the mapping yet",
        ),
        (
            {"Invocations": 6.0, "InvokedEventCount": 8.0, "PolledEventCount": 1234567.0},
            (COUNTING,),
            f"Invocations 6; of the mapping PolledEventCount 1,234,567, InvokedEventCount 8 {SCOPE}",
        ),
        (
            {"PolledEventCount": 0.0},
            (COUNTING, SILENT),
            f"of the mappings PolledEventCount 0; 1 of 2 mappings publish none {SCOPE}",
        ),
    ],
)
def test_the_text_tells_what_was_seen_and_what_was_not(
    counts: dict[str, float], mappings: tuple[MappingState, ...], text: str
) -> None:
    assert metrics_text(MetricCounts(counts=counts), mappings) == text


def test_why_nothing_was_read_stands_in_the_counts_place() -> None:
    assert metrics_text(MetricCounts(why="not allowed"), (COUNTING,)) == "not allowed"


@given(st.dictionaries(st.sampled_from([*OF_FUNCTION, *OF_MAPPING]), st.integers(0, 10**9)))
def test_every_count_is_told(counts: dict[str, int]) -> None:
    text = metrics_text(MetricCounts(counts=counts), (COUNTING,))
    assert all(f"{name} {value:,}" in text for name, value in counts.items())
    unseen = "no EventCount datapoints of the mapping yet" if counts else "no CloudWatch datapoints yet"
    assert text.endswith(unseen) == (not set(counts) & set(OF_MAPPING))


def test_mappings_tell_the_whole_only_where_all_of_them_publish() -> None:
    assert are_published((COUNTING,))
    assert not are_published(())
    assert not are_published((COUNTING, UNKNOWN))


@given(st.integers(0, 100), st.integers(0, 100), st.integers(0, 100))
def test_what_was_read_and_let_through_is_never_called_filtered_out(
    polled: int, filtered_out: int, records: int
) -> None:
    counts = {"PolledEventCount": polled, "FilteredOutEventCount": filtered_out}
    if filtered_everything(counts, records=records):
        assert polled > 0
        assert filtered_out >= polled >= records
        assert not filtered_everything({**counts, "InvokedEventCount": 1}, records=records)
    else:
        assert filtered_out < polled or polled < records or polled == 0
