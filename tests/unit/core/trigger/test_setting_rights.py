"""The rights that settings need: written where a setting is given, before it is made; taken back after it is changed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from ddbinsert.core.model.seen import World
from ddbinsert.core.model.wanted import FunctionSpec, Trigger, VpcSpec
from ddbinsert.core.trigger.plan import plan
from ddbinsert.core.trigger.removal import removal
from ddbinsert.core.trigger.scope import Scope
from ddbinsert.core.trigger.settings import COMPARED
from ddbinsert.core.trigger.step_order import precedes
from ddbinsert.core.trigger.steps import (
    CreateFunction,
    DeleteRole,
    NarrowRolePolicy,
    PutRolePolicy,
    UpdateFunctionSettings,
)
from tests.unit.worlds import PACKAGE, after, strict, table

KEY = "arn:aws:kms:eu-west-1:123456789012:key/{}"
QUEUE = "arn:aws:sqs:eu-west-1:123456789012:dead"
VPC = VpcSpec(subnets=("subnet-b", "subnet-a"), security_groups=("sg-1",))
EMPTY = World(table=table())


def trigger(**function: Any) -> Trigger:
    return strict(Trigger(table="orders", function=FunctionSpec(**function)))


def made(want: Trigger) -> World:
    return after(plan(want, EMPTY, Scope.TRIGGER, PACKAGE), EMPTY, want)


def statements(world: World) -> dict[str, Any]:
    assert world.role
    found = json.loads(world.role.policy or "{}")["Statement"]
    return {one["Sid"]: one for one in found if "Sid" in one}


@pytest.mark.parametrize(
    ("function", "sid", "allowed"),
    [
        ({"vpc": VPC}, "Network", ("ec2:CreateNetworkInterface", "*")),
        ({"kms_key": KEY.format(1)}, "DecryptVariables", ("kms:Decrypt", KEY.format(1))),
        ({"tracing": "Active"}, "Trace", ("xray:PutTraceSegments", "*")),
        ({"dead_letter": QUEUE}, "DeadLetter", ("sqs:SendMessage", QUEUE)),
        (
            {"dead_letter": "arn:aws:sns:eu-west-1:123456789012:t"},
            "DeadLetter",
            ("sns:Publish", "arn:aws:sns:eu-west-1:123456789012:t"),
        ),
    ],
)
def test_a_setting_brings_its_right_and_the_function_waits_for_it(
    function: dict[str, Any], sid: str, allowed: tuple[str, str]
) -> None:
    want = trigger(**function)
    steps = plan(want, EMPTY, Scope.TRIGGER, PACKAGE)
    (writing,) = [step for step in steps if isinstance(step, PutRolePolicy)]
    (creating,) = [step for step in steps if isinstance(step, CreateFunction)]
    assert precedes(writing, creating)
    world = made(want)
    statement = statements(world)[sid]
    action, resource = allowed
    assert action in (statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]])
    assert statement["Resource"] == resource
    assert plan(want, world, Scope.TRIGGER, PACKAGE) == ()


def test_without_such_a_setting_the_function_waits_for_nothing_and_the_policy_has_no_more() -> None:
    steps = plan(trigger(), EMPTY, Scope.TRIGGER, PACKAGE)
    writing = next(step for step in steps if isinstance(step, PutRolePolicy))
    assert not [step for step in steps if isinstance(step, CreateFunction) and precedes(writing, step)]
    assert set(statements(made(trigger()))) == {"ReadStream", "ListStreams", "WriteLogs"}


def test_another_key_is_allowed_beside_the_old_one_until_the_function_has_changed() -> None:
    world = made(trigger(kms_key=KEY.format(1)))
    want = trigger(kms_key=KEY.format(2))
    steps = plan(want, world, Scope.TRIGGER, PACKAGE)
    writing, narrowing, changing = (
        next(step for step in steps if isinstance(step, kind))
        for kind in (PutRolePolicy, NarrowRolePolicy, UpdateFunctionSettings)
    )
    assert precedes(writing, changing)
    assert precedes(changing, narrowing)
    both = after((writing,), world, want)
    assert statements(both)["DecryptVariables"]["Resource"] == [KEY.format(1), KEY.format(2)]
    final = after(steps, world, want)
    assert statements(final)["DecryptVariables"]["Resource"] == KEY.format(2)
    assert plan(want, final, Scope.TRIGGER, PACKAGE) == ()


def test_a_setting_that_is_cleared_takes_its_right_along_but_interfaces_have_still_to_be_removed() -> None:
    world = made(trigger(dead_letter=QUEUE, vpc=VPC))
    cleared = trigger()
    final = after(plan(cleared, world, Scope.TRIGGER, PACKAGE), world, cleared)
    left = statements(final)
    assert "DeadLetter" not in left
    assert left["Network"]["Action"] == [
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:UnassignPrivateIpAddresses",
    ]
    assert plan(cleared, final, Scope.TRIGGER, PACKAGE) == ()


def test_what_somebody_else_set_gives_no_right_and_takes_none() -> None:
    world = made(trigger(tracing="Active"))
    assert world.function
    theirs = replace(world, function=replace(world.function, tracing="PassThrough", dead_letter=QUEUE))
    loose = replace(trigger(), explicit=COMPARED - {"function.tracing", "function.dead_letter"})
    assert plan(loose, theirs, Scope.TRIGGER, PACKAGE) == ()


def test_the_order_of_subnets_is_no_difference() -> None:
    world = made(trigger(vpc=VPC))
    turned = trigger(vpc=VpcSpec(subnets=VPC.subnets[::-1], security_groups=VPC.security_groups))
    assert plan(turned, world, Scope.TRIGGER, PACKAGE) == ()


def test_the_role_of_a_function_in_a_vpc_stays_until_the_function_is_gone() -> None:
    world = made(trigger(vpc=VPC))
    first = removal(world, "orders")
    assert not [step for step in first.steps if isinstance(step, DeleteRole)]
    assert [text for text in first.stays if "network interfaces" in text]
    later = removal(after(first.steps, world, trigger(vpc=VPC)), "orders")
    assert [type(step) for step in later.steps] == [DeleteRole]
