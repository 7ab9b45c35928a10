"""The drawings of a report: where things lie, and that nothing is left out or drawn twice."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbinsert.core import receipt
from ddbinsert.core.latency import Histogram
from ddbinsert.core.model import EventName
from ddbinsert.render.report_axis import LogAxis, TimeAxis, count_ticks, spread, tick_words
from ddbinsert.render.report_svg import histogram
from ddbinsert.render.report_timeline import timeline, tracks_of
from tests.unit import proofs

if TYPE_CHECKING:
    from ddbinsert.core.proof import Proof
    from ddbinsert.core.tally import LaneTally

INSERT, MODIFY, REMOVE = EventName


@given(st.lists(st.floats(0, 700), max_size=25))
def test_marks_keep_their_order_their_distance_and_the_paper(places: list[float]) -> None:
    moved = spread(sorted(places), 21, 0, 700)
    assert len(moved) == len(places)
    assert all(after - before >= 20.99 for before, after in itertools.pairwise(moved))
    assert all(-0.01 <= place <= 700.01 for place in moved)


@given(st.lists(st.floats(100, 600), min_size=1, max_size=1))
def test_a_mark_that_is_alone_stays_where_it_belongs(places: list[float]) -> None:
    assert spread(places, 21, 0, 700) == pytest.approx(places)


def test_marks_that_coincide_are_spread_around_their_place() -> None:
    assert spread([300, 300, 300], 20, 0, 700) == pytest.approx([280, 300, 320])


@given(st.floats(0.006, 90_000))
def test_an_axis_of_time_has_some_round_ticks_and_not_too_many(span: float) -> None:
    ticks = TimeAxis(start=0, zero=0, span=span, left=0, width=700).ticks()
    assert ticks[0] == 0
    assert 1 <= len(ticks) <= 9
    assert ticks[-1] <= span * 1.000001
    assert len({tick_words(tick) for tick in ticks}) == len(ticks)


@given(st.floats(0.0005, 1000), st.floats(5, 100_000))
def test_a_logarithmic_axis_of_any_width_has_ticks_in_order(low: float, factor: float) -> None:
    axis = LogAxis(low=low, high=low * factor, left=40, width=400)
    ticks = axis.ticks()
    assert 1 <= len(ticks) <= 12
    assert [axis.x(tick) for tick in ticks] == sorted(axis.x(tick) for tick in ticks)
    assert axis.x(low) == pytest.approx(40)
    assert axis.x(low * factor) == pytest.approx(440)


@given(st.integers(1, 10**12))
def test_counts_get_a_few_whole_ticks_that_reach_the_highest(most: int) -> None:
    ticks = count_ticks(most)
    assert ticks[0] == 0
    assert ticks[-1] >= most
    assert 2 <= len(ticks) <= 5


def drawn_counts(svg: str) -> list[int]:
    return [int(found.replace(",", "")) for found in re.findall(r"<title>([\d,]+) took ", svg)]


@given(st.lists(st.floats(0, 10_000), min_size=1, max_size=300))
def test_every_duration_is_in_one_column_of_the_histogram(durations: list[float]) -> None:
    taken = Histogram()
    for duration in durations:
        taken.add(duration)
    svg = histogram(taken)
    assert svg is not None
    assert sum(drawn_counts(svg)) == len(durations)
    assert len(drawn_counts(svg)) <= 34
    assert not re.search(r'"(?:-?nan|-?inf)"', svg)


def test_without_a_duration_there_is_no_histogram() -> None:
    assert histogram(Histogram()) is None


# --- the timeline -----------------------------------------------------------------------------------------


def lane_of(proof: Proof, number: int = 0) -> LaneTally:
    assert proof.tally is not None
    return proof.tally.lanes[number]


#: The lane whose every write leaves a record.
TRANSACTION = 2


def test_each_write_record_and_receipt_is_a_mark() -> None:
    tracks = tracks_of(lane_of(proofs.proof_of(), TRANSACTION), proofs.START, proofs.START + 1)
    assert [mark.letter for mark in tracks.writes] == ["I", "M", "R", "I"]
    assert [mark.letter for mark in tracks.stream] == ["I", "M", "R", "I"]
    assert [(mark.letter, mark.state, mark.source) for mark in tracks.log] == [("I", "", 0), ("I", "", 3)]
    assert tracks.stopped == {1, 2}


def test_a_write_that_leaves_no_record_is_drawn_without_one() -> None:
    tracks = tracks_of(lane_of(proofs.proof_of(), 1), proofs.START, proofs.START + 1)
    assert "".join(mark.kind[0] for mark in tracks.writes) == "IMnRnI"
    assert len(tracks.stream) == 4


def test_a_record_lies_at_its_write_as_the_stream_tells_whole_seconds() -> None:
    lane = lane_of(proofs.proof_of(), TRANSACTION)
    tracks = tracks_of(lane, proofs.START, proofs.START + 1)
    assert [mark.at for mark in tracks.stream] == [mark.at for mark in tracks.writes]


@pytest.mark.parametrize(
    ("decision", "state"),
    [(receipt.PROCESSED, "intruder"), (receipt.GUARDED, "guarded"), (receipt.FAILED, "failed")],
)
def test_what_should_not_have_been_delivered_is_marked_as_such(decision: str, state: str) -> None:
    proof = proofs.proof_of(delivered=(INSERT, MODIFY), decision=decision)
    tracks = tracks_of(lane_of(proof), proofs.START, proofs.START + 1)
    assert [mark.state for mark in tracks.log] == ["", state, ""]
    assert tracks.stopped == {2}


def test_a_missing_insert_is_drawn_at_the_end_and_bound_to_its_record() -> None:
    tracks = tracks_of(lane_of(proofs.proof_of(lost=frozenset({0}))), proofs.START, proofs.START + 9)
    assert [(mark.state, mark.source, mark.at) for mark in tracks.log] == [
        ("missing", 0, proofs.START + 9),
        ("missing", 3, proofs.START + 9),
    ]


def test_a_missing_insert_is_drawn_where_the_stream_was_not_read_either() -> None:
    proof = proofs.proof_of(lost=frozenset({0}), stream_read=False)
    tracks = tracks_of(lane_of(proof), proofs.START, proofs.START + 9)
    assert [mark.state for mark in tracks.log] == ["missing", "missing"]


def test_log_lines_without_receipts_are_drawn_as_lines() -> None:
    tracks = tracks_of(lane_of(proofs.proof_of(by_lines=True, gauged=True)), proofs.START, proofs.START + 9)
    assert [mark.letter for mark in tracks.log] == ["L", "L"]
    assert tracks.stopped == frozenset()


def test_a_storm_of_deliveries_is_drawn_in_part_and_counted_whole() -> None:
    proof = proofs.proof_of()
    lane = lane_of(proof)
    lane.receipts += [replace(lane.receipts[0], request=str(n)) for n in range(5000)]
    svg = timeline(proof)
    assert svg is not None
    assert "and 4,978 more log lines" in svg
    assert len(svg) < 200_000


def test_a_log_event_dated_absurdly_does_not_squeeze_the_rest() -> None:
    proof = proofs.proof_of()
    lane = lane_of(proof)
    for at in (0.0, 4e9):
        lane.receipts.append(replace(lane.receipts[0], logged=at))
    tracks = tracks_of(lane, proofs.START, proof.finished)
    assert max(mark.at for mark in tracks.log) <= proof.finished + 60
    assert min(mark.at for mark in tracks.log) >= proofs.START - 60


def test_nothing_is_called_undelivered_while_it_may_be_on_its_way() -> None:
    tracks = tracks_of(lane_of(proofs.proof_of(lost=frozenset({0}))), proofs.START, proofs.START + 9)
    assert tracks.stopped == frozenset()


def test_a_log_line_before_the_first_answer_lies_left_of_zero() -> None:
    proof = proofs.proof_of()
    lane = lane_of(proof)
    lane.receipts[0] = replace(lane.receipts[0], logged=proofs.START - 0.1)
    svg = timeline(proof)
    assert svg is not None
    assert ">-100 ms<" in svg
    assert ">0<" in svg


@given(st.floats(-60, 0), st.floats(0.006, 90_000))
def test_ticks_count_from_zero_wherever_the_axis_begins(start: float, span: float) -> None:
    axis = TimeAxis(start=start, zero=0, span=span, left=0, width=700)
    ticks = axis.ticks()
    assert len(ticks) <= 9
    assert all(start - 1e-4 <= tick <= start + span + 1e-4 for tick in ticks)
    assert (0 in ticks) is (start + span >= 0)


def test_where_nothing_was_written_there_is_no_timeline() -> None:
    assert timeline(proofs.refused()) is None
    assert timeline(proofs.watched()) is None
