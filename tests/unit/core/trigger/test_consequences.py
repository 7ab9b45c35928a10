"""What a plan says of its steps beyond them, and of what it leaves to others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ddbinsert.core.model.record import StreamView
from ddbinsert.core.model.seen import FunctionState, LogGroupState, MappingState, World
from ddbinsert.core.model.wanted import FunctionSpec, MappingSpec, StartingPosition, Trigger
from ddbinsert.core.trigger import steps as s
from ddbinsert.core.trigger.consequences import consequences, of_others
from tests.unit.worlds import FUNCTION_ARN, GIVEN_ROLE, LIVE, OURS, ROLE_ARN, table

WANT = Trigger(table="orders", mapping=MappingSpec(metrics=False))
ENABLE = s.EnableStream(table="orders", view=StreamView.NEW_IMAGE)


def function(tags: dict[str, str]) -> FunctionState:
    return FunctionState(
        name="orders-inserts",
        arn=FUNCTION_ARN,
        runtime="python3.13",
        handler="h.h",
        role_arn=ROLE_ARN,
        tags=tags,
    )


def mapping(tags: dict[str, str]) -> MappingState:
    return MappingState(uuid="u", stream_arn=LIVE, function_arn=FUNCTION_ARN, state="Enabled", tags=tags)


def making(position: StartingPosition) -> s.CreateMapping:
    return s.CreateMapping(function="orders-inserts", filters=(), starting_position=position)


def updating(field: str, want: str, have: str = "x") -> s.UpdateMapping:
    return s.UpdateMapping(uuid="u", changes=(s.Change(field=field, have=have, want=want),))


def said(*steps: s.Step, held: int | None = None, want: Trigger = WANT) -> list[str]:
    return list(consequences(want, steps, held=held, at_least=False))


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ((ENABLE,), "new ARN"),
        ((s.ReplaceStream(table="orders", have=StreamView.KEYS_ONLY, view=StreamView.NEW_IMAGE),), "writes during that time are not recorded"),
        ((making(StartingPosition.TRIM_HORIZON),), "receives again every insert"),
        ((making(StartingPosition.LATEST),), "may be missed"),
        ((making(StartingPosition.AUTO),), "choose mapping.starting_position"),
        ((s.UpdateFunctionCode(name="f", have="a", want="b"),), "Lambda keeps no copy"),
        ((updating("mapping.metrics", "yes"),), "charged"),
        ((updating("mapping.enabled", "yes"),), "inserts of up to 24 hours are delivered"),
        ((updating("mapping.enabled", "no"),), "are then lost"),
        ((updating("mapping.filters", "y"),), "no longer delivered"),
        ((updating("mapping.on_failure", "none"),), "no longer kept"),
        ((updating("mapping.report_batch_item_failures", "yes"),), "count as processed"),
        ((s.SetRetention(name="/g", have=None, retention_days=1),), "older than 1 day are deleted"),
        ((s.SetRetention(name="/g", have=3, retention_days=2),), "older than 2 days are deleted"),
        ((s.DeleteMapping(uuid="u", why="x"),), "has not delivered yet is lost"),
    ],
)  # fmt: skip
def test_a_step_says_what_it_brings_with_it(steps: tuple[s.Step, ...], expected: str) -> None:
    (sentence,) = said(*steps)
    assert expected in sentence


@pytest.mark.parametrize(
    "steps",
    [
        (s.CreateRole(name="r"),),
        (updating("mapping.batch_size", "9"),),
        (s.SetRetention(name="/g", have=3, retention_days=7),),
        (s.SetRetention(name="/g", have=3, retention_days=None),),
        (updating("mapping.on_failure", "arn:aws:sqs:eu-west-1:123456789012:q"),),
    ],
)
def test_what_brings_nothing_with_it_says_nothing(steps: tuple[s.Step, ...]) -> None:
    assert said(*steps) == []


def test_nothing_is_replayed_from_a_stream_that_is_new_or_empty() -> None:
    assert len(said(ENABLE, making(StartingPosition.TRIM_HORIZON))) == 1
    assert said(making(StartingPosition.TRIM_HORIZON), held=0) == []
    assert "(now 3)" in said(making(StartingPosition.TRIM_HORIZON), held=3)[0]
    assert "charged" in said(making(StartingPosition.TRIM_HORIZON), held=0, want=Trigger(table="orders"))[0]


@pytest.mark.parametrize(
    ("world", "expected"),
    [
        ({"function": function(tags={})}, "function orders-inserts: its code"),
        ({"mappings": (mapping(tags={}),)}, "until it is adopted"),
        ({"log_group": LogGroupState(name="/g", arn="", tags={})}, "log group /g: its retention"),
        ({"other_mappings": (replace(mapping(tags={}), function_arn="arn:aws:lambda:eu-west-1:1:function:b", uuid="o"),)}, "mapping o of function b"),
    ],
)  # fmt: skip
def test_what_belongs_to_others_is_listed(world: dict[str, Any], expected: str) -> None:
    ours: dict[str, Any] = {
        "table": table(),
        "function": function(tags=OURS),
        "mappings": (mapping(tags=OURS),),
    }
    (sentence,) = of_others(WANT, World(**{**ours, **world}))
    assert expected in sentence
    assert list(of_others(WANT, World(**ours))) == []


def test_a_given_role_is_its_owners() -> None:
    want = replace(WANT, function=FunctionSpec(role=GIVEN_ROLE))
    assert list(of_others(want, World(table=table(), function=function(tags=OURS)))) == [
        "role theirs: its policies"
    ]
