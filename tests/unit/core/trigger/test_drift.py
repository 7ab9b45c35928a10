"""Drift: what differs is named, part by part, and nothing else; since when, and by whom."""

from __future__ import annotations

import json
from dataclasses import replace
from operator import attrgetter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbinsert.core.model.record import StreamView
from ddbinsert.core.model.seen import World
from ddbinsert.core.model.wanted import Trigger
from ddbinsert.core.trigger.drift import (
    Drifted,
    LastChange,
    Recorded,
    TriggerPart,
    drift_of,
    last_change,
    undoing,
)
from ddbinsert.core.trigger.effective_settings import effective
from ddbinsert.core.trigger.function_settings import FUNCTION_SETTINGS, FunctionSetting, with_values
from ddbinsert.core.trigger.plan import plan
from ddbinsert.core.trigger.scope import Scope
from ddbinsert.core.trigger.settings import MAPPING_SETTINGS, MappingSetting
from tests.examples import examples
from tests.unit.worlds import DEAD, PACKAGE, after, strict, table, triggers

WANT = strict(Trigger(table="orders", tags={"team": "a"}))


def settled(want: Trigger = WANT) -> World:
    """The world that a trigger makes of a bare table."""
    world = World(table=table(view=want.view))
    return after(plan(want, world, Scope.TRIGGER, PACKAGE), world, want, PACKAGE)


def drift(world: World, want: Trigger = WANT) -> list[tuple[str, str]]:
    wanted = effective(want, world)
    found = drift_of(wanted, world, PACKAGE, undoing(wanted, world, PACKAGE))
    return [(one.part.value, one.field) for one in found]


def of(world: World, part: str, **more: Any) -> World:
    return replace(world, **{part: replace(getattr(world, part), **more)})


def of_mapping(world: World, **more: Any) -> World:
    (mapping,) = world.mappings
    return replace(world, mappings=(replace(mapping, **more),))


@given(triggers())
@examples(50)
def test_what_was_just_made_has_not_drifted(want: Trigger) -> None:
    world = settled(want)
    assert drift(world, want) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda w: of(w, "function", memory=1024), [("function", "function.memory")]),
        (lambda w: of(w, "function", timeout=7), [("function", "function.timeout")]),
        (lambda w: of(w, "function", environment={"A": "b"}), []),
        (lambda w: of(w, "function", code_sha256="x"), [("function", "function.code")]),
        (lambda w: of(w, "function", layers=("arn:aws:lambda:eu-west-1:123456789012:layer:x:1",)), [("function", "function.layers")]),
        (lambda w: of(w, "function", role_arn="arn:aws:iam::123456789012:role/other"), [("function", "function.role")]),
        (lambda w: of(w, "function", tags={**w.function.tags, "team": "b"}), [("function", "tags.team")]),
        (lambda w: of(w, "role", tags={**w.role.tags, "team": "b"}), [("role", "tags.team")]),
        (lambda w: of(w, "role", trusts_lambda=False), [("role", "role.trust")]),
        (lambda w: of(w, "role", boundary="arn:aws:iam::aws:policy/x"), [("role", "role.boundary")]),
        (lambda w: of(w, "log_group", retention_days=99), [("log group", "function.log_retention_days")]),
        (lambda w: of(w, "log_group", tags={**WANT.all_tags, "team": "b"}), [("log group", "tags.team")]),
        (lambda w: of_mapping(w, batch_size=9), [("event source mapping", "mapping.batch_size")]),
        (lambda w: of_mapping(w, state="Disabled"), [("event source mapping", "mapping.enabled")]),
        (lambda w: of_mapping(w, filters=()), [("event source mapping", "mapping.filters")]),
        (lambda w: of_mapping(w, tumbling_window=9), [("event source mapping", "mapping.tumbling_window")]),
        (lambda w: of_mapping(w, tags={**w.mappings[0].tags, "team": "b"}), [("event source mapping", "tags.team")]),
        (lambda w: of_mapping(w, tags={**w.mappings[0].tags, "cost": "b"}), []),
        (lambda w: replace(w, mappings=()), [("event source mapping", "event source mapping")]),
        (lambda w: replace(w, log_group=None), [("log group", "log group")]),
        (lambda w: of(w, "table", view=StreamView.KEYS_ONLY), [("stream", "view_type")]),
    ],
)  # fmt: skip
def test_each_thing_that_others_changed_is_named_and_no_other(
    change: Any, expected: list[tuple[str, str]]
) -> None:
    assert drift(change(settled())) == expected


@given(triggers(), triggers(), st.sampled_from(MAPPING_SETTINGS))
@examples(100)
def test_each_setting_of_a_mapping_that_differs_is_named_and_no_other(
    want: Trigger, other: Trigger, row: MappingSetting
) -> None:
    world = settled(strict(want))
    (mine,), (theirs,) = world.mappings, settled(strict(other)).mappings
    name = "state" if row.name == "enabled" else row.name
    changed = replace(mine, **{name: getattr(theirs, name)})
    expected = [] if row.present(changed) == row.present(mine) else [("event source mapping", row.key)]
    assert drift(world.with_mapping(changed), strict(want)) == expected


@given(triggers(), triggers(), st.sampled_from(FUNCTION_SETTINGS))
@examples(100)
def test_each_setting_of_a_function_that_differs_is_named_and_no_other(
    want: Trigger, other: Trigger, row: FunctionSetting
) -> None:
    want = replace(strict(want), function=replace(want.function, alias=None))
    world = settled(want)
    mine, theirs = world.function, settled(strict(other)).function
    assert mine is not None
    assert theirs is not None
    changed = with_values(mine, {row.path: attrgetter(row.path)(theirs)})
    expected = [] if row.present(changed) == row.present(mine) else [("function", row.key)]
    assert drift(replace(world, function=changed), want) == expected


def test_a_mapping_that_a_replaced_stream_left_behind_is_named_with_the_stream_that_its_role_may_not_read() -> (
    None
):
    left = drift(of_mapping(settled(), stream_arn=DEAD))
    assert left[-1] == ("event source mapping", "event source mapping")
    assert set(left[:-1]) == {("role", "role.policy")}


def test_a_policy_is_compared_right_by_right_and_what_others_added_with_a_name_stays() -> None:
    world = settled()
    assert world.role is not None
    policy = json.loads(str(world.role.policy))
    logs = next(one for one in policy["Statement"] if one["Sid"] == "WriteLogs")
    logs["Action"] = ["logs:PutLogEvents", "s3:*"]
    policy["Statement"].append({"Sid": "Theirs", "Effect": "Allow", "Action": "sqs:*", "Resource": "*"})
    changed = of(world, "role", policy=json.dumps(policy))
    wanted = effective(WANT, changed)
    found = drift_of(wanted, changed, PACKAGE, undoing(wanted, changed, PACKAGE))
    assert [one.field for one in found] == ["role.policy", "role.policy"]
    assert found[0].have.startswith("without logs:CreateLogStream on ")
    assert found[1].have.startswith("s3:* on ")


def test_what_is_not_given_cannot_drift_and_neither_can_another_ones_tags() -> None:
    want = replace(WANT, explicit=frozenset(), tags={})
    world = of_mapping(of(settled(), "function", memory=1024), batch_size=9, retries=1)
    assert drift(world, want) == []


def test_what_somebody_else_made_is_compared_as_well() -> None:
    theirs = of(of_mapping(settled(), tags={}, batch_size=9), "function", tags={}, memory=512)
    assert drift(theirs) == [("function", "function.memory"), ("event source mapping", "mapping.batch_size")]


def test_everything_that_is_gone_is_missing() -> None:
    world = World(table=table(view=None, stream_arn=None))
    assert [field for _, field in drift(world)] == [
        "stream",
        "log group",
        "role",
        "function",
        "event source mapping",
    ]


MEMORY = Drifted(part=TriggerPart.FUNCTION, name="f", field="function.memory", have="1", want="2")
TAG = Drifted(part=TriggerPart.FUNCTION, name="f", field="tags.team", have="1", want="2")
BY_ANN = Recorded(100.0, "ann", "UpdateFunctionConfiguration20150331v2")
BY_BOB = Recorded(900.0, "bob", "TagResource20170331v2")


@pytest.mark.parametrize(
    ("found", "modified", "recorded", "expected"),
    [
        ((MEMORY,), 101.0, (BY_ANN, BY_BOB), LastChange(101.0, "ann", BY_ANN.what)),
        ((MEMORY,), 500.0, (BY_ANN, BY_BOB), LastChange(500.0)),
        ((MEMORY,), 101.0, (), LastChange(101.0)),
        ((MEMORY,), None, (BY_ANN,), LastChange(100.0, "ann", BY_ANN.what)),
        ((MEMORY,), None, (), LastChange(None)),
        ((TAG,), 101.0, (BY_ANN, BY_BOB), LastChange(900.0, "bob", BY_BOB.what)),
        ((TAG,), 101.0, (BY_ANN,), LastChange(None)),
        ((MEMORY, TAG), 101.0, (BY_ANN, BY_BOB), LastChange(101.0, "ann", BY_ANN.what)),
    ],
)
def test_who_changed_it_is_told_where_the_record_is_of_that_change(
    found: tuple[Drifted, ...], modified: float | None, recorded: tuple[Recorded, ...], expected: LastChange
) -> None:
    assert last_change(found, modified, recorded) == expected


def test_no_step_of_a_plan_is_left_out_of_drift() -> None:
    """Every step that a plan may have where nothing is adopted or drained is told as something that differs."""
    world = World(table=table())
    steps = undoing(effective(WANT, world), world, PACKAGE)
    assert len(drift(world)) == len([step for step in steps if type(step).__name__ != "PutRolePolicy"])
