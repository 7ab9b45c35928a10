"""Watched traffic by lines: a line that shows a key counts for one insert of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from ddbinsert.core.proof.observed_lines import OngoingByLines

if TYPE_CHECKING:
    from tests.unit.runs import Record

KEY = "order-0001"


def insert(number: int, key: str = KEY, at: float = 100.0) -> Record:
    return {
        "eventID": f"{number:032x}",
        "eventName": "INSERT",
        "dynamodb": {"Keys": {"pk": {"S": key}}, "ApproximateCreationDateTime": at},
    }


@pytest.mark.parametrize("is_late", [False, True])
def test_one_line_counts_for_one_of_several_inserts_of_a_key(*, is_late: bool) -> None:
    watched = OngoingByLines(lambda _record: True)
    line = ("new order-0001", 100.5)
    if is_late:
        watched.add_log_line(*line)
    for number in (1, 2):
        watched.streamed(insert(number))
    if not is_late:
        watched.add_log_line(*line)
    assert (watched.matched, watched.waiting) == (1, 1)
    watched.add_log_line("new order-0001", 100.7)
    assert (watched.matched, watched.waiting) == (2, 0)


def test_the_line_of_a_later_insert_of_a_key_does_not_count_for_one_that_was_dropped() -> None:
    watched = OngoingByLines(lambda _record: True)
    watched.streamed(insert(1, at=100.0))
    watched.streamed(insert(2, at=110.0))
    watched.add_log_line("new order-0001", 110.5)
    assert [one.event_id for one in watched.symptoms().missing] == [f"{1:032x}"]
    watched.streamed_later(insert(3, at=120.0))
    watched.add_log_line("new order-0001", 120.5)
    assert [one.event_id for one in watched.symptoms().missing] == [f"{1:032x}"]


def test_a_line_counts_for_each_insert_whose_event_it_shows_and_for_each_other_key() -> None:
    watched = OngoingByLines(lambda _record: True)
    for number in (1, 2):
        watched.streamed(insert(number))
    watched.streamed(insert(3, "order-0003"))
    watched.add_log_line(f"{1:032x} {2:032x} order-0001 order-0003", 100.5)
    assert (watched.matched, watched.waiting) == (3, 0)


def test_an_error_after_a_good_line_is_about_the_same_insert() -> None:
    watched = OngoingByLines(lambda _record: True, awaits_ends=True)
    for number in (1, 2):
        watched.streamed(insert(number))
    watched.add_log_line("saving order-0001", 100.5, stream="a")
    watched.add_log_line("[ERROR] could not save order-0001", 100.6, stream="a")
    assert watched.complaints == ("[ERROR] could not save order-0001",)
    watched.add_log_line("saved order-0001", 100.7, stream="b")
    assert watched.complaints


def test_an_error_after_a_good_line_counts_also_where_the_record_is_read_last() -> None:
    watched = OngoingByLines(lambda _record: True)
    watched.add_log_line("saving order-0001", 100.5, stream="a")
    watched.add_log_line("[ERROR] could not save order-0001", 100.6, stream="a")
    watched.streamed(insert(1))
    assert (watched.matched, len(watched.complaints)) == (1, 1)


def test_an_insert_that_two_mappings_deliver_needs_two_attempts() -> None:
    watched = OngoingByLines(lambda _record: True, copies=lambda _record: 2)
    watched.streamed(insert(1))
    watched.add_log_line("new order-0001", 100.5, stream="a")
    watched.add_log_line("again order-0001", 100.6, stream="a")
    assert (watched.matched, watched.too_few) == (1, 1)
    watched.add_log_line("new order-0001", 100.7, stream="b")
    assert (watched.matched, watched.too_few) == (1, 0)


def test_a_key_that_json_escapes_is_found() -> None:
    watched = OngoingByLines(lambda _record: True)
    watched.streamed(insert(1, 'order-é-"0001"'))
    watched.add_log_line(json.dumps({"pk": 'order-é-"0001"'}), 100.5)
    assert watched.matched == 1
