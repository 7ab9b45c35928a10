"""What a run has seen: counted once, in bounded memory, from lines that anybody may have written."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbinsert.core import receipt
from ddbinsert.core.logs.ends import InvocationEnd
from ddbinsert.core.proof.tally import KEPT, Bits, Tally
from tests.unit.runs import (
    INSERT,
    MODIFY,
    START,
    of,
    said,
    script_of,
    stream_of,
    tally_of,
)

PLAN = script_of(12)


# --- bits -------------------------------------------------------------------------------------------------


@given(st.integers(0, 200), st.data())
def test_bits_are_a_set_of_numbers(bound: int, data: st.DataObject) -> None:
    bits, model = Bits(bound), set[int]()
    numbers = st.lists(st.integers(0, bound - 1)) if bound else st.just([])
    for number in data.draw(numbers):
        assert bits.add(number) == (number not in model)
        model.add(number)
    assert bits.count == len(model)
    assert [*bits.absent()] == sorted(set(range(bound)) - model)
    assert all((number in bits) == (number in model) for number in range(bound))


def test_bits_of_a_million_take_an_eighth_of_a_megabyte() -> None:
    assert sys.getsizeof(Bits(1_000_000)._bytes) < 130_000


# --- receipts ---------------------------------------------------------------------------------------------


@given(st.permutations(of(stream_of(PLAN), INSERT)))
def test_it_is_complete_with_the_last_receipt_and_not_before(records: list[Any]) -> None:
    tally = tally_of(PLAN, [], stream_of(PLAN))
    for place, record in enumerate(records):
        assert not tally.is_complete
        assert tally.processed_inserts == place
        assert tally.add_log_line(said(record), START)
    assert tally.is_complete
    assert tally.duplicates == 0


def test_a_fence_without_what_is_before_it_is_not_complete() -> None:
    plan = script_of(1)
    _, last = of(stream_of(plan), INSERT)
    tally = tally_of(plan, [said(last)], stream_of(plan))
    assert tally.lanes[0].is_fenced
    assert not tally.is_complete


def test_two_receipts_of_one_record_are_no_two_inserts() -> None:
    plan = script_of(1)
    first, _ = of(stream_of(plan), INSERT)
    tally = tally_of(plan, [said(first), said(first)])
    assert (tally.processed_inserts, tally.duplicates, tally.is_complete) == (1, 1, False)


def test_a_line_that_is_given_again_counts_once_a_second_delivery_twice() -> None:
    line = said(of(stream_of(PLAN), INSERT)[0])
    tally = tally_of(PLAN, [])
    tally.add_log_line(line, START)
    tally.add_log_line(line, START, swept=True)
    assert (tally.receipts.total(), tally.duplicates) == (1, 0)
    tally.add_log_line(line, START + 5, swept=True)
    assert (tally.receipts.total(), tally.duplicates) == (2, 1)


def test_bulk_receipts_that_are_given_again_count_once() -> None:
    line = said(stream_of(PLAN)[-1])
    tally = tally_of(PLAN, [line])
    tally.add_log_line(line, START, swept=True)
    assert (tally.bulk.processed.count, tally.duplicates) == (1, 0)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "DDBINSERT",
        "DDBINSERT {}",
        'DDBINSERT {"v":1,"decision":"processed","keys":{"pk":{"S":"ddbinsert:r0123456789ab:000000099"}}}',
        'DDBINSERT {"v":1,"decision":"processed","keys":{"pk":{"S":"ddbinsert:rffffffffffff:000000000"}}}',
        'DDBINSERT {"v":1,"decision":"processed","keys":null}',
        "ddbinsert:r0123456789ab:000000099",
        "\x00\u202e" * 1000,
    ],
)
def test_a_line_of_no_item_of_this_run_is_left_alone(line: str) -> None:
    tally = tally_of(PLAN, [])
    assert not tally.add_log_line(line, START)
    assert (tally.receipts.total(), tally.lines, tally.processed_inserts) == (0, 0, 0)


def test_a_receipt_with_a_wild_sequence_number_is_taken_without_one() -> None:
    record = of(stream_of(PLAN), INSERT)[0]
    change = {**record["dynamodb"], "SequenceNumber": "\u0663\u0664x"}
    tally = tally_of(PLAN, [said(record, dynamodb=change)])
    (one,) = tally.lanes[0].receipts
    assert one.sequence == -1


def test_of_many_bulk_intruders_all_are_counted_and_some_kept() -> None:
    plan = script_of(5)
    record = {**stream_of(plan)[-1], "eventName": "MODIFY"}
    lines = [said(record, eventID=f"{place:032x}") for place in range(KEPT + 50)]
    tally = tally_of(plan, lines)
    assert tally.bulk.intruder_count == KEPT + 50
    assert len(tally.bulk.intruders) == KEPT


def test_a_bulk_item_that_failed_is_remembered_as_such() -> None:
    tally = tally_of(PLAN, [said(stream_of(PLAN)[-1], receipt.FAILED)])
    assert (tally.bulk.processed.count, tally.bulk.failed.count) == (0, 1)


# --- counted elsewhere ------------------------------------------------------------------------------------


def test_a_count_made_elsewhere_replaces_the_one_before() -> None:
    tally = tally_of(PLAN, [])
    tally.set_counts(lines=9, items=8, strays={"guarded MODIFY": 2})
    tally.set_counts(lines=10, items=8, strays={"guarded MODIFY": 3, "failed INSERT": 1})
    assert tally.all_duplicates == 2
    assert tally.bulk.intruder_count == 3  # what failed is an insert all the same
    assert [(one.event_name, one.decision) for one in tally.bulk.intruders] == [("MODIFY", "guarded")]


# --- the stream -------------------------------------------------------------------------------------------


def test_the_stream_is_read_when_every_scripted_record_came() -> None:
    tally = tally_of(PLAN, [])
    records = stream_of(PLAN)
    scripted = sum(len(lane.expected) for lane in PLAN.lanes)
    for record in records[:scripted]:
        assert not tally.is_streamed
        assert tally.streamed(record)
    assert tally.is_streamed
    assert all(tally.streamed(record) for record in records[scripted:])
    assert tally.bulk.streamed == {"INSERT": 8}


@pytest.mark.parametrize("record", [{}, {"dynamodb": None}, {"dynamodb": {"Keys": {"pk": {"S": "theirs"}}}}])
def test_records_of_others_are_left_alone(record: dict[str, Any]) -> None:
    assert not tally_of(PLAN, []).streamed(record)


def test_a_lane_that_was_left_out_is_not_waited_for() -> None:
    plan = script_of(3)
    tally = tally_of(plan, [said(record) for record in of(stream_of(plan), INSERT)[:4]])
    before = tally.is_complete
    tally.leave_out(2)
    assert (before, tally.is_complete) == (False, True)
    assert tally.lanes[2].lane.expected == ()


# --- time -------------------------------------------------------------------------------------------------


def test_latency_runs_from_the_write_to_the_log_line_once_for_each_insert() -> None:
    plan = script_of(1)
    first, last = of(stream_of(plan), INSERT)
    tally = tally_of(plan, [])
    tally.add_log_line(said(first), START + 1, START + 3)
    tally.add_log_line(said(first), START + 9, START + 9.5)
    tally.add_log_line(said(last), START + 2, START + 2)
    assert tally.latency.count == 2
    assert (tally.latency.least, tally.latency.most) == (1.0, 2.0)
    assert tally.log_lag == 2.0


def test_a_clock_that_runs_behind_makes_no_negative_latency() -> None:
    plan = script_of(1)
    tally = tally_of(plan, [])
    tally.add_log_line(said(of(stream_of(plan), INSERT)[0]), START - 30)
    assert tally.latency.least == 0.0


# --- versions -----------------------------------------------------------------------------------------------


def ended(version: str, *, ok: bool) -> InvocationEnd:
    return InvocationEnd(request="request-1", stream=f"2026/11/27/[{version}]6f1d", at=START + 1, ok=ok)


@pytest.mark.parametrize("bulk", [False, True])
@pytest.mark.parametrize(
    ("decision", "ok", "at_work"),
    [(receipt.PROCESSED, True, True), (receipt.PROCESSED, False, False), (receipt.FAILED, True, False)],
)
def test_a_version_is_at_work_once_an_attempt_of_it_processed_an_insert_and_ended_well(
    bulk: bool, decision: str, ok: bool, at_work: bool
) -> None:
    tally = Tally(PLAN, awaits_ends=True)
    tally.add_end(ended("2", ok=True))
    insert = of(stream_of(PLAN), INSERT)[-1 if bulk else 0]
    tally.add_log_line(said(insert, decision), START, stream="2026/11/27/[3]6f1d")
    tally.add_end(ended("3", ok=ok))
    assert tally.attempts.versions == ({"2", "3"} if ok else {"2"})
    assert tally.versions_at_work == ({"3"} if at_work else set())


# --- lines ------------------------------------------------------------------------------------------------


def test_lines_are_told_when_each_insert_left_what_one_leaves() -> None:
    plan = script_of(1, gauged=True)
    tally = Tally(plan)
    keys = [record["dynamodb"]["Keys"]["pk"]["S"] for record in of(stream_of(plan), INSERT)]
    assert not tally.is_seen_in_lines
    for key in keys[:-1]:
        tally.add_log_line(f"{key} {key}", START)
        assert not tally.is_seen_in_lines, "a gauge has no line yet"
    tally.add_log_line(f"{keys[-1]} and {keys[-1]}", START)
    assert tally.mentions_of_one == 2
    assert tally.is_seen_in_lines


def test_a_modification_by_its_line_counts_as_a_mention() -> None:
    plan = script_of(1, gauged=True)
    key = of(stream_of(plan), MODIFY)[0]["dynamodb"]["Keys"]["pk"]["S"]
    tally = tally_of(plan, [f"changed {key}", f"changed {key}"])
    assert (tally.lanes[0].mentions, tally.lines) == (2, 2)
