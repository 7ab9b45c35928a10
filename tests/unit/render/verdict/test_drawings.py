"""The drawings of a report: where things lie, and that nothing is left out or drawn twice."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbinsert.core import receipt
from ddbinsert.core.logs.ends import InvocationEnd
from ddbinsert.core.model.record import EventName
from ddbinsert.core.proof.histogram import Histogram
from ddbinsert.render.verdict.axis import LogAxis, TimeAxis, count_ticks, side_by_side, tick_words
from ddbinsert.render.verdict.histogram import histogram
from ddbinsert.render.verdict.history import history_of
from ddbinsert.render.verdict.html import page
from ddbinsert.render.verdict.timeline import timeline
from ddbinsert.render.verdict.view import every_write
from tests.unit import proofs

if TYPE_CHECKING:
    from ddbinsert.core.proof.proof import Proof
    from ddbinsert.core.proof.tally import LaneTally

INSERT, MODIFY, REMOVE = EventName


@given(st.lists(st.floats(0, 700), max_size=25))
def test_marks_keep_their_order_and_distance_and_move_to_the_right_only(places: list[float]) -> None:
    moved = side_by_side(sorted(places), 21)
    assert len(moved) == len(places)
    assert all(after - before >= 20.99 for before, after in itertools.pairwise(moved))
    assert all(after >= before for before, after in zip(sorted(places), moved, strict=True))


def test_a_mark_that_is_alone_stays_where_it_belongs() -> None:
    assert side_by_side([100, 130.5, 600], 21) == [100, 130.5, 600]


@given(st.floats(0.006, 90_000))
def test_an_axis_of_time_has_some_round_ticks_and_not_too_many(span: float) -> None:
    ticks = TimeAxis(start=0, span=span, left=0, width=700).ticks()
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


@given(st.lists(st.floats(0, 10_000), min_size=1, max_size=300))
def test_every_duration_is_in_one_column_of_the_histogram(durations: list[float]) -> None:
    taken = Histogram()
    for duration in durations:
        taken.add(duration)
    drawing = histogram(taken)
    assert drawing is not None
    counts = [int(column.about.partition(" ")[0].replace(",", "")) for column in drawing.columns]
    assert sum(counts) == len(durations)
    assert len(counts) <= 34
    for column in drawing.columns:
        assert drawing.left <= column.x <= column.x + column.width <= drawing.right + 1
        assert drawing.top - 0.01 <= column.y < drawing.base


def test_without_a_duration_there_is_no_histogram() -> None:
    assert histogram(Histogram()) is None


# --- the timeline -----------------------------------------------------------------------------------------


def lane_of(proof: Proof, number: int = 0) -> LaneTally:
    assert proof.tally is not None
    return proof.tally.lanes[number]


#: The lane whose every write leaves a record.
TRANSACTION = 2


def test_each_write_record_and_receipt_is_a_mark() -> None:
    tracks = history_of(lane_of(proofs.proof_of(), TRANSACTION), proofs.START, proofs.START + 1)
    assert [mark.letter for mark in tracks.writes] == ["I", "M", "R", "I"]
    assert [mark.letter for mark in tracks.stream] == ["I", "M", "R", "I"]
    assert [(mark.letter, mark.state, mark.source) for mark in tracks.log] == [("I", "", 0), ("I", "", 3)]
    assert tracks.stopped == {1, 2}


def test_a_write_that_leaves_no_record_is_drawn_without_one() -> None:
    tracks = history_of(lane_of(proofs.proof_of(), 1), proofs.START, proofs.START + 1)
    assert "".join(mark.kind[0] for mark in tracks.writes) == "IMnRI"
    assert len(tracks.stream) == 4


def test_a_record_lies_at_its_write_as_the_stream_tells_whole_seconds() -> None:
    lane = lane_of(proofs.proof_of(), TRANSACTION)
    tracks = history_of(lane, proofs.START, proofs.START + 1)
    assert [mark.at for mark in tracks.stream] == [mark.at for mark in tracks.writes]


@pytest.mark.parametrize(
    ("decision", "state"),
    [(receipt.PROCESSED, "intruder"), (receipt.GUARDED, "guarded"), (receipt.FAILED, "failed")],
)
def test_what_should_not_have_been_delivered_is_marked_as_such(decision: str, state: str) -> None:
    proof = proofs.proof_of(delivered=(INSERT, MODIFY), decision=decision)
    tracks = history_of(lane_of(proof), proofs.START, proofs.START + 1)
    assert [mark.state for mark in tracks.log] == ["", state, ""]
    assert tracks.stopped == {2}


def test_a_receipt_of_an_invocation_that_failed_is_shown_as_failed() -> None:
    proof = proofs.proof_of()
    assert proof.tally is not None
    proof.tally.add_end(InvocationEnd(request="request-1", stream="", at=proofs.START + 1, ok=False))
    history = history_of(lane_of(proof), proofs.START, proofs.START + 2)
    assert [mark.state for mark in history.log] == ["failed", "failed", "missing", "missing"]
    (item, *_) = every_write(proof)
    told = "INSERT processed (not counted: the function failed on this record)"
    assert [text for row in item.rows for text, _ in row.log] == [told, told]


def test_a_missing_insert_is_drawn_at_the_end_and_bound_to_its_record() -> None:
    tracks = history_of(lane_of(proofs.proof_of(lost=frozenset({0}))), proofs.START, proofs.START + 9)
    assert [(mark.state, mark.source, mark.at) for mark in tracks.log] == [
        ("missing", 0, proofs.START + 9),
        ("missing", 3, proofs.START + 9),
    ]


def test_a_missing_insert_is_drawn_where_the_stream_was_not_read_either() -> None:
    proof = proofs.proof_of(lost=frozenset({0}), stream_read=False)
    tracks = history_of(lane_of(proof), proofs.START, proofs.START + 9)
    assert [mark.state for mark in tracks.log] == ["missing", "missing"]


def test_log_lines_without_receipts_are_drawn_as_lines() -> None:
    tracks = history_of(lane_of(proofs.proof_of(by_lines=True, gauged=True)), proofs.START, proofs.START + 9)
    assert [mark.letter for mark in tracks.log] == ["L", "L"]
    assert tracks.stopped == frozenset()


def test_a_storm_of_deliveries_is_drawn_in_part_and_counted_whole() -> None:
    proof = proofs.proof_of()
    lane = lane_of(proof)
    lane.receipts += [replace(lane.receipts[0], request=str(n)) for n in range(5000)]
    shown = page(proof)
    assert "and 4,978 more log lines" in shown
    assert len(shown) < 200_000


def test_a_storm_of_changes_by_others_is_drawn_in_part_and_counted_whole() -> None:
    proof = proofs.proof_of(lost=frozenset({0}))
    lane = lane_of(proof)
    last = lane.recorded[-1]
    for number in range(1, 5001):
        event_id = f"other-{number}"
        lane.records[event_id] = replace(last, event_id=event_id, sequence=last.sequence + number)
    shown = page(proof)
    assert "and 4,974 more stream records" in shown
    assert "4,960 more stream records are not listed" in shown
    assert len(shown) < 200_000


def test_a_log_event_dated_absurdly_does_not_squeeze_the_rest() -> None:
    proof = proofs.proof_of()
    lane = lane_of(proof)
    for at in (0.0, 4e9):
        lane.receipts.append(replace(lane.receipts[0], logged=at))
    tracks = history_of(lane, proofs.START, proof.finished)
    assert max(mark.at for mark in tracks.log) <= proof.finished + 60
    assert min(mark.at for mark in tracks.log) >= proofs.START - 60


def test_nothing_is_called_undelivered_while_it_may_be_on_its_way() -> None:
    tracks = history_of(lane_of(proofs.proof_of(lost=frozenset({0}))), proofs.START, proofs.START + 9)
    assert tracks.stopped == frozenset()


def test_a_log_line_that_is_dated_before_the_answer_to_its_write_is_drawn_at_its_write() -> None:
    proof = proofs.proof_of()
    lane = lane_of(proof)
    lane.receipts[0] = replace(lane.receipts[0], logged=proofs.START - 0.1)
    history = history_of(lane, proofs.START, proof.finished)
    assert history.log[0].at == history.writes[0].at
    assert "logged at -100 ms, before the answer to its write arrived" in history.log[0].about


@st.composite
def odd_runs(draw: st.DrawFn) -> Proof:
    """A run whose log is dated by a clock of its own, with the stream read or not."""
    shape: dict[str, Any] = draw(
        st.sampled_from(
            [
                {},
                {"delivered": tuple(EventName)},
                {"stream_read": False},
                {"lost": frozenset({0, 2})},
                {"by_lines": True, "gauged": True},
            ]
        )
    )
    proof = proofs.proof_of(**shape, delay=draw(st.floats(-100, 100) | st.floats(-0.05, 0.2)))
    assert proof.tally is not None
    moments = st.floats(-100, 100) | st.floats(-0.05, 0.2)
    for lane in proof.tally.lanes:
        lane.receipts = [replace(one, logged=proofs.START + draw(moments)) for one in lane.receipts]
        lane.receipts *= draw(st.integers(1, 9))
        lane.mentioned = [replace(one, logged=proofs.START + draw(moments)) for one in lane.mentioned]
    return proof


@given(odd_runs())
def test_no_mark_is_drawn_left_of_the_write_that_it_follows_from(proof: Proof) -> None:
    drawing = timeline(proof)
    assert drawing is not None
    assert proof.tally is not None
    start = min(at for lane in proof.tally.lanes for _, at in lane.written)
    for row, lane in zip(drawing.rows, proof.tally.lanes, strict=True):
        history = history_of(lane, start, proof.finished)
        heights = [y for y, _ in row.tracks]
        writes, stream, log = ([box.x for box in row.boxes if box.y == y] for y in heights)
        assert (len(writes), len(stream), len(log)) == tuple(
            len(track) for track in (history.writes, history.stream, history.log)
        )
        for mark, x in zip(history.stream, stream, strict=True):
            assert x >= writes[mark.write]
        for mark, x in zip(history.log, log, strict=True):
            assert x >= writes[mark.write]
            assert mark.source is None or x >= stream[mark.source]
        for places in (writes, stream, log):
            assert all(after - before >= 20.99 for before, after in itertools.pairwise(places))
            assert all(drawing.left <= x <= drawing.width for x in places)


def test_where_nothing_was_written_there_is_no_timeline() -> None:
    assert timeline(proofs.refused()) is None
    assert timeline(proofs.watched()) is None
