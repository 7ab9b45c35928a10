"""The steps' order: every kind is known, nothing waits for itself, nothing is forgotten where it may be missing."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbinsert.core.model.record import StreamView
from ddbinsert.core.model.wanted import StartingPosition, Trigger
from ddbinsert.core.trigger import steps as s
from ddbinsert.core.trigger.plan import plan
from ddbinsert.core.trigger.removal import removal
from ddbinsert.core.trigger.scope import Allowed, Scope
from ddbinsert.core.trigger.step_order import AFTER, precedes
from ddbinsert.core.trigger.steps import Step
from ddbinsert.errors import Refused, UsageError
from ddbinsert.render.steps import future, past, symbol
from tests.examples import examples
from tests.unit.worlds import KEY, PACKAGE, situations

if TYPE_CHECKING:
    from collections.abc import Collection

    from ddbinsert.core.model.seen import World

KINDS = frozenset(get_args(Step))
REMOVALS: frozenset[type] = frozenset(
    {
        s.DeleteMapping,
        s.DeleteFunction,
        s.DeleteRole,
        s.DeleteLogGroup,
        s.DeleteQueue,
        s.DeleteTable,
        s.DeleteStreamPolicy,
        s.DeleteStreamPolicy,
        s.DisableStream,
    }
)
CHANGE = s.Change(field="function.memory", have="128", want="256")
ONE_OF_EACH: tuple[Step, ...] = (
    s.CreateTable(table="t", key=KEY),
    s.EnableStream(table="t", view=StreamView.NEW_IMAGE),
    s.ReplaceStream(table="t", have=StreamView.KEYS_ONLY, view=StreamView.NEW_IMAGE),
    s.PutStreamPolicy(table="t", role_arn="r", sid="s"),
    s.DeleteStreamPolicy(stream_arn="t/stream/s", sid="s"),
    s.CreateLogGroup(name="g", retention_days=14),
    s.SetRetention(name="g", have=None, retention_days=1),
    s.KeepLogGroup(name="g"),
    s.CreateQueue(name="q"),
    s.CreateRole(name="r"),
    s.UpdateRole(name="r", changes=(CHANGE,)),
    s.PutRolePolicy(role="r"),
    s.NarrowRolePolicy(role="r"),
    s.CreateFunction(name="f", runtime="python3.13", source="template print"),
    s.UpdateFunctionCode(name="f", have="own code", want="template print"),
    s.PublishVersion(function="f", alias="live", have="3"),
    s.UpdateFunctionSettings(name="f", changes=(CHANGE,)),
    s.AdoptFunction(name="f"),
    s.AdoptMapping(uuid="u"),
    s.UpdateTags(function="f", changes=(CHANGE,)),
    s.UpdateMappingTags(uuid="u", changes=(CHANGE,)),
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
    for kind in KINDS:
        with pytest.raises(dataclasses.FrozenInstanceError):
            object.__new__(kind).another = 1


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


def test_a_log_group_that_only_the_function_names_goes_before_it_and_every_other_after_it() -> None:
    function = s.DeleteFunction(name="f")
    for group in (
        s.DeleteLogGroup(name="/own", before_function=True),
        s.DeleteLogGroup(name="/aws/lambda/f"),
    ):
        assert precedes(group, function) is group.before_function
        assert precedes(function, group) is not group.before_function


@examples(60)
@given(situations(), st.sampled_from(Scope), st.booleans())
def test_no_order_is_lost_where_the_step_in_between_is_missing(
    case: tuple[Trigger, World], scope: Scope, prune: bool
) -> None:
    want, world = case
    try:
        allowed = Allowed(create_table=KEY, adopt=True, replace=True, prune=prune)
        plans = [plan(want, world, scope, PACKAGE, allowed)]
    except (Refused, UsageError):
        plans = []
    ours = replace(world, mappings=tuple(each for each in world.mappings if each.is_ours))
    removals = [
        removal(ours, "orders", delete_table=True),
        removal(ours, "orders", stream=True, stream_is_ours=True),
    ]
    for steps in (*plans, *(each.steps for each in removals)):
        kinds = {type(step) for step in steps}
        # A mapping on a dead stream may go at any time, unless a new one takes its place.
        free = {s.DeleteMapping} if s.CreateMapping not in kinds else set()
        wanted = {(a, b) for a, b in closure(KINDS) if a in kinds - free and b in kinds}
        assert closure(kinds) == wanted


@pytest.mark.parametrize("kind", sorted(REMOVALS - {s.DeleteMapping}, key=str))
def test_mappings_go_first_because_they_outlive_what_they_call_and_read(kind: type) -> None:
    assert s.DeleteMapping in AFTER[kind]


def test_an_old_mapping_goes_only_when_the_new_one_stands() -> None:
    assert s.CreateMapping in AFTER[s.DeleteMapping]


def test_making_never_waits_for_removing_or_a_replacement_would_lose_records() -> None:
    assert not [
        (made, gone)
        for made, gone in product(KINDS - REMOVALS - {s.NarrowRolePolicy}, REMOVALS)
        if gone in AFTER.get(made, ())
    ]


def test_every_step_has_its_words_before_and_after() -> None:
    assert {type(step) for step in ONE_OF_EACH} == KINDS
    for step in ONE_OF_EACH:
        assert future(step) != past(step)
        assert symbol(step) in ("+", "~", "-", "±")
        names = [value for value in dataclasses.astuple(step)[:1] if isinstance(value, str)]
        assert all(name in future(step) for name in names), step
    assert {symbol(step) for step in ONE_OF_EACH if type(step) in REMOVALS} == {"-"}
