"""The script: which writes are made, and which records they must leave."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbinsert.core.model.record import EventName
from ddbinsert.core.proof.script import (
    PARTIQL_ROUND,
    ROUNDS,
    Action,
    Lane,
    Method,
    Script,
    after,
    canaries,
    effect,
    lane,
    script,
)

RUN_ID = "0123456789ab"
INSERT, MODIFY, REMOVE = EventName.INSERT, EventName.MODIFY, EventName.REMOVE
FENCED = (INSERT, MODIFY, REMOVE, INSERT)


@pytest.mark.parametrize(
    ("action", "before", "event"),
    [
        (Action.PUT, None, INSERT),
        (Action.PUT, 1, MODIFY),
        (Action.PUT_EXPIRED, None, INSERT),
        (Action.PUT_SAME, 3, None),
        (Action.UPDATE, None, INSERT),
        (Action.UPDATE, 1, MODIFY),
        (Action.UPDATE_SAME, 1, None),
        (Action.DELETE, 1, REMOVE),
        (Action.DELETE, None, None),
    ],
)
def test_each_write_leaves_the_record_that_dynamodb_makes_of_it(
    action: Action, before: int | None, event: EventName | None
) -> None:
    assert effect(before, after(action, before)) is event


@given(st.lists(st.sampled_from(Action), min_size=1), st.sampled_from(Method))
def test_a_lanes_records_follow_from_whether_the_item_is_there(actions: list[Action], method: Method) -> None:
    """Against a plain model: what is absent is inserted, what is there modified or removed."""
    made = lane(3, method, tuple(actions))
    there: object = None
    for step, (write, action) in enumerate(zip(made.writes, actions, strict=True)):
        assert (write.number, write.step, write.action, write.method) == (3, step, action, method)
        later: object = write.version
        expected = None
        if there is None and later is not None:
            expected = INSERT
        elif there is not None and later is None:
            expected = REMOVE
        elif there != later:
            expected = MODIFY
        assert write.expects is expected
        there = later
    assert made.expected == tuple(write.expects for write in made.writes if write.expects)
    assert made.inserts == made.expected.count(INSERT)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 1000])
def test_there_are_as_many_items_as_asked_for(count: int) -> None:
    plan = script(RUN_ID, count)
    assert plan.items == count
    assert len(plan.lanes) == min(count, len(ROUNDS))
    assert plan.bulk == max(0, count - len(ROUNDS))
    assert [one.number for one in plan.lanes] == [*range(len(plan.lanes))]
    assert [*plan.bulk_numbers] == [*range(len(plan.lanes), count)]
    assert plan.expected_inserts == 2 * len(plan.lanes) + plan.bulk


@pytest.mark.parametrize("count", [1, 2, 3, 4])
@pytest.mark.parametrize("method", [Method.SINGLE, Method.TRANSACTION, Method.BATCH])
def test_there_is_a_lane_of_the_only_method_that_is_used_whatever_the_count(
    count: int, method: Method
) -> None:
    plan = script(RUN_ID, count, methods=frozenset({method}))
    assert {one.method for one in plan.lanes} == {method}
    assert plan.expected_inserts > 0


def test_every_round_inserts_modifies_removes_and_ends_in_a_fence() -> None:
    plan = script(RUN_ID, 4, partiql=True)
    assert len(plan.lanes) == 5
    for one in plan.lanes:
        assert one.expected == FENCED
        assert one.writes[-1].expects is INSERT
        assert not one.is_gauge


def test_the_rounds_make_every_kind_of_write_by_every_method() -> None:
    plan = script(RUN_ID, 4, partiql=True, expired=True)
    made = {(write.method, write.action) for one in plan.lanes for write in one.writes}
    assert {method for method, _ in made} == set(Method)
    assert {action for _, action in made} == set(Action)
    single = {action for method, action in made if method is Method.SINGLE}
    assert single == set(Action)


def test_writes_that_change_nothing_stand_between_ones_that_do() -> None:
    single = script(RUN_ID, 2).lanes
    assert [[write.expects for write in one.writes].count(None) for one in single] == [1, 1]
    assert all(one.expected == FENCED for one in single)


def test_asked_for_lanes_come_after_the_others_and_before_the_bulk() -> None:
    plan = script(RUN_ID, 10, partiql=True, expired=True, gauged=True)
    assert [one.method for one in plan.lanes[4:]] == [Method.PARTIQL, *[Method.SINGLE] * 3]
    assert [one.is_gauge for one in plan.lanes] == [False] * 5 + [True] * 3
    assert plan.bulk_numbers == range(8, 14)
    assert plan.lanes[4].writes == lane(4, *PARTIQL_ROUND).writes


@given(st.integers(1, 50))
def test_canaries_are_inserted_and_left_alone(count: int) -> None:
    flock = canaries(RUN_ID, count)
    assert flock.run_id == RUN_ID
    assert flock.expected_inserts == flock.items == count
    assert all(one.is_gauge for one in flock.lanes)


def test_a_script_and_its_parts_are_values() -> None:
    assert script(RUN_ID, 4) == script(RUN_ID, 4)
    assert hash(script(RUN_ID, 4)) == hash(script(RUN_ID, 4))
    with pytest.raises(AttributeError):
        script(RUN_ID, 4).bulk = 3  # type: ignore[misc]
    assert Script(run_id=RUN_ID, lanes=(Lane(number=0, writes=()),)).expected_inserts == 0
