"""The steps' order: every kind is known, nothing waits for itself, nothing is forgotten where it may be missing."""

from __future__ import annotations

import dataclasses
from itertools import product
from typing import TYPE_CHECKING, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddbinsert.core import steps as s
from ddbinsert.core.model import StartingPosition, StreamView, Trigger, World
from ddbinsert.core.plan import Scope, plan, teardown
from ddbinsert.core.steps import AFTER, Step
from ddbinsert.errors import Refused
from ddbinsert.render.steps import future, past, symbol
from tests.unit.worlds import KEY, PACKAGE, situations

if TYPE_CHECKING:
    from collections.abc import Collection

KINDS = frozenset(get_args(Step))
REMOVALS: frozenset[type] = frozenset(
    {
        s.DeleteMapping,
        s.DeleteFunction,
        s.DeleteRole,
        s.DeleteLogGroup,
        s.DeleteQueue,
        s.DeleteTable,
        s.DisableStream,
    }
)
CHANGE = s.Change(field="function.memory", have="128", want="256")
ONE_OF_EACH: tuple[Step, ...] = (
    s.CreateTable(table="t", key=KEY),
    s.EnableStream(table="t", view=StreamView.NEW_IMAGE),
    s.ReplaceStream(table="t", have=StreamView.KEYS_ONLY, view=StreamView.NEW_IMAGE),
    s.CreateLogGroup(name="g", retention_days=14),
    s.SetRetention(name="g", have=None, retention_days=1),
    s.CreateQueue(name="q"),
    s.CreateRole(name="r"),
    s.PutRolePolicy(role="r"),
    s.RebindRolePolicy(role="r", old_stream_arn="arn"),
    s.CreateFunction(name="f", runtime="python3.13", source="template print"),
    s.UpdateFunctionCode(name="f"),
    s.UpdateFunctionSettings(name="f", changes=(CHANGE,)),
    s.UpdateTags(function="f", changes=(CHANGE,)),
    s.CreateMapping(function="f", filters=("{}",), starting_position=StartingPosition.LATEST),
    s.UpdateMapping(uuid="u", changes=(CHANGE,)),
    s.DeleteMapping(uuid="u", why="so"),
    s.DeleteFunction(name="f"),
    s.DeleteRole(name="r"),
    s.DeleteLogGroup(name="g"),
    s.DeleteQueue(name="f-failures"),
    s.DisableStream(table="t"),
    s.DeleteTable(table="t"),
)


def test_every_step_is_a_frozen_value() -> None:
    declared = {
        kind
        for kind in vars(s).values()
        if isinstance(kind, type) and dataclasses.is_dataclass(kind) and kind is not s.Change
    }
    assert declared == KINDS
    assert all(kind.__dataclass_params__.frozen for kind in KINDS)


def test_the_order_speaks_of_steps_only() -> None:
    assert set(AFTER) <= KINDS
    assert {needed for needs in AFTER.values() for needed in needs} <= KINDS


def test_no_step_waits_for_itself_not_even_in_a_circle() -> None:
    order: list[type] = []
    left = set(KINDS)
    while left:
        free = {kind for kind in left if not set(AFTER.get(kind, ())) & left}
        assert free, f"a circle among {sorted(kind.__name__ for kind in left)}"
        order += free
        left -= free
    assert len(order) == len(KINDS)


def closure(kinds: Collection[type]) -> set[tuple[type, type]]:
    """Which of these kinds waits for which, directly or by way of others among them."""
    pairs = {(kind, needed) for kind in kinds for needed in AFTER.get(kind, ()) if needed in kinds}
    while more := {(a, d) for (a, b), (c, d) in product(pairs, pairs) if b is c} - pairs:
        pairs |= more
    return pairs


@settings(max_examples=200, deadline=None)
@given(situations(), st.sampled_from(Scope), st.booleans())
def test_no_order_is_lost_where_the_step_in_between_is_missing(
    case: tuple[Trigger, World], scope: Scope, prune: bool
) -> None:
    want, world = case
    try:
        plans = [plan(want, world, scope, PACKAGE, create_table=KEY, replace=True, prune=prune)]
    except Refused:
        plans = []
    for steps in (*plans, teardown(world, table=True), teardown(world, stream=True)):
        kinds = {type(step) for step in steps}
        # A mapping on a dead stream may go at any time, unless a new one takes its place.
        free = {s.DeleteMapping} if s.CreateMapping not in kinds else set()
        wanted = {(a, b) for a, b in closure(KINDS) if a in kinds - free and b in kinds}
        assert closure(kinds) == wanted


@pytest.mark.parametrize("removal", sorted(REMOVALS - {s.DeleteMapping}, key=str))
def test_mappings_go_first_because_they_outlive_what_they_call_and_read(removal: type) -> None:
    assert s.DeleteMapping in AFTER[removal]


def test_an_old_mapping_goes_only_when_the_new_one_stands() -> None:
    assert s.CreateMapping in AFTER[s.DeleteMapping]


def test_making_never_waits_for_removing_or_a_replacement_would_lose_records() -> None:
    assert not [
        (made, gone) for made, gone in product(KINDS - REMOVALS, REMOVALS) if gone in AFTER.get(made, ())
    ]


def test_every_step_has_its_words_before_and_after() -> None:
    assert {type(step) for step in ONE_OF_EACH} == KINDS
    for step in ONE_OF_EACH:
        assert future(step) != past(step)
        assert symbol(step) in ("+", "~", "-", "±")
        names = [value for value in dataclasses.astuple(step)[:1] if isinstance(value, str)]
        assert all(name in future(step) for name in names), step
    assert {symbol(step) for step in ONE_OF_EACH if type(step) in REMOVALS} == {"-"}
