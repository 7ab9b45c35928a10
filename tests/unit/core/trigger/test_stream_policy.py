"""The statement on another account's stream: the least rights for one role, and nobody else's statement is touched."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbinsert.core.model.package import READING
from ddbinsert.core.model.seen import World
from ddbinsert.core.model.stream_policy import StreamPolicy
from ddbinsert.core.model.wanted import FunctionSpec, Trigger
from ddbinsert.core.trigger.plan import plan
from ddbinsert.core.trigger.removal import removal
from ddbinsert.core.trigger.scope import Scope
from ddbinsert.core.trigger.steps import DeleteStreamPolicy, EnableStream, PutStreamPolicy
from ddbinsert.core.trigger.stream_policy import (
    denied_actions,
    differs,
    has_statement,
    is_readable,
    lacking_actions,
    lacks,
    policy_of,
    sid_of,
    statement,
    with_statement,
    without_statement,
)
from ddbinsert.errors import AwsError
from tests.unit.worlds import LIVE, PACKAGE, after, bare_table

OWN = "999988887777"
ROLE = f"arn:aws:iam::{OWN}:role/orders-inserts-role"
SID = sid_of("orders-inserts", OWN)
OURS = statement(LIVE, ROLE, SID)


def document(*statements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Id": "theirs", "Statement": list(statements)})


_WORDS = st.text("ab:*/", max_size=8)
_THEIRS = st.fixed_dictionaries(
    {
        "Effect": st.sampled_from(["Allow", "Deny"]),
        "Principal": st.one_of(st.just("*"), st.fixed_dictionaries({"AWS": st.lists(_WORDS, max_size=2)})),
        "Action": st.one_of(_WORDS, st.lists(_WORDS, max_size=3)),
        "Resource": _WORDS,
    },
    optional={
        "Sid": st.text("DdbinsertRead0123abc", max_size=20).filter(lambda sid: sid != SID),
        "Condition": st.just({"Bool": {}}),
    },
)


@given(st.lists(_THEIRS, max_size=4))
def test_statements_of_others_are_never_changed(theirs: list[Any]) -> None:
    there = document(*theirs)
    written = with_statement(there, OURS)
    assert json.loads(written) == {"Version": "2012-10-17", "Id": "theirs", "Statement": [*theirs, OURS]}
    assert with_statement(written, OURS) == written
    removed = without_statement(written, SID)
    assert removed is None if not theirs else json.loads(removed or "") == json.loads(there)


def test_the_written_statement_allows_what_lambda_needs_and_nothing_else() -> None:
    assert OURS["Action"] == list(READING)
    assert OURS["Principal"] == {"AWS": ROLE}
    assert OURS["Resource"] == LIVE
    assert lacking_actions(policy_of(OURS), ROLE, LIVE) == ()
    assert lacking_actions(policy_of(OURS), f"{ROLE}-other", LIVE) == READING
    assert lacking_actions(policy_of(OURS), ROLE, f"{LIVE}1") == READING


@pytest.mark.parametrize("action", READING)
def test_each_missing_action_is_named(action: str) -> None:
    narrow = {**OURS, "Action": [one for one in READING if one != action]}
    assert lacking_actions(document(narrow), ROLE, LIVE) == (action,)
    assert differs(document(narrow), OURS)


@pytest.mark.parametrize(
    ("theirs", "lacking"),
    [
        ({"Principal": "*"}, ()),
        ({"Principal": {"AWS": OWN}}, ()),
        ({"Principal": {"AWS": [f"arn:aws:iam::{OWN}:root"]}}, ()),
        ({"Action": "dynamodb:*", "Resource": "*"}, ()),
        ({"Action": ["dynamodb:get*"]}, ("dynamodb:DescribeStream",)),
        ({"Principal": {"AWS": "AROAEXAMPLE"}}, READING),
        ({"Principal": {"AWS": "arn:aws:iam::123456789012:root"}}, READING),
        ({"Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}}}, READING),
        ({"NotAction": "dynamodb:GetItem"}, READING),
    ],
)
def test_what_statements_of_others_allow(theirs: dict[str, Any], lacking: tuple[str, ...]) -> None:
    assert lacking_actions(document({**OURS, "Sid": "Theirs", **theirs}), ROLE, LIVE) == lacking


def test_a_denial_outweighs_every_other_statement() -> None:
    denial = {**OURS, "Sid": "Theirs", "Effect": "Deny", "Action": "dynamodb:GetRecords"}
    assert denied_actions(document(OURS, denial), ROLE, LIVE) == ("dynamodb:GetRecords",)
    assert lacking_actions(document(OURS, denial), ROLE, LIVE) == ("dynamodb:GetRecords",)


def test_lists_of_one_and_their_order_are_no_difference() -> None:
    stored = {**OURS, "Principal": {"AWS": [ROLE]}, "Action": [*READING][::-1], "Resource": [LIVE]}
    assert not differs(document(stored), OURS)


@pytest.mark.parametrize("there", [None, "", "no JSON", "[]", '{"Statement": {"Sid": "One"}}'])
def test_a_policy_in_an_unexpected_form_is_no_error(there: str | None) -> None:
    assert lacking_actions(there, ROLE, LIVE) == READING
    assert has_statement(with_statement(there, OURS), SID)


# --- the plan -------------------------------------------------------------------------------------------


def _world(policy: StreamPolicy | None = None) -> World:
    have = _settled()
    assert have.table is not None
    live = have.table.stream_arn or ""
    here = replace(have.table, function_account=OWN)
    none = StreamPolicy(stream_arn=live)
    return replace(have, account=OWN, table=here, stream_policy=none if policy is None else policy)


def _settled() -> World:
    """The world in which the trigger is in force, in one account."""
    world = World(table=replace(bare_table(), stream_arn=LIVE, latest_stream_arn=LIVE, view=WANT.view))
    return after(plan(WANT, world, Scope.TRIGGER, PACKAGE), world, WANT)


WANT = Trigger(table="orders")


def _role(have: World) -> str:
    assert have.function is not None
    return have.function.role_arn


def test_a_missing_statement_is_planned_and_nothing_more_after_it() -> None:
    have = _world()
    steps = plan(WANT, have, Scope.TRIGGER, PACKAGE)
    (put,) = [step for step in steps if isinstance(step, PutStreamPolicy)]
    assert (put.role_arn, put.stream_arn, put.lacking) == (_role(have), LIVE, READING)
    final = after(steps, have, WANT, PACKAGE)
    assert plan(WANT, final, Scope.TRIGGER, PACKAGE) == ()
    assert lacks(final) == ()


def test_a_new_stream_gets_the_statement_again() -> None:
    have = _world()
    assert have.table is not None
    off = replace(have, table=replace(have.table, view=None, stream_arn=None), mappings=())
    kinds = [type(step) for step in plan(WANT, off, Scope.TRIGGER, PACKAGE)]
    assert EnableStream in kinds
    assert PutStreamPolicy in kinds


def test_what_the_owner_allowed_in_own_words_is_left_alone() -> None:
    have = _world()
    theirs = {**statement(LIVE, _role(have), "Theirs"), "Action": "dynamodb:*"}
    steps = plan(
        WANT, _world(StreamPolicy(stream_arn=LIVE, document=document(theirs))), Scope.TRIGGER, PACKAGE
    )
    assert not any(isinstance(step, PutStreamPolicy) for step in steps)


def test_a_denial_by_the_owner_is_an_error_before_the_first_change() -> None:
    have = _world()
    denial = {**statement(LIVE, _role(have), "Theirs"), "Effect": "Deny"}
    with pytest.raises(AwsError, match="denies dynamodb:DescribeStream") as caught:
        plan(WANT, _world(StreamPolicy(stream_arn=LIVE, document=document(denial))), Scope.TRIGGER, PACKAGE)
    assert caught.value.code == "stream-policy-denies"


def test_an_unreadable_policy_is_an_error_only_with_credentials_for_the_table() -> None:
    unread = StreamPolicy(stream_arn=LIVE, unread="not authorized to perform: dynamodb:GetResourcePolicy")
    with pytest.raises(AwsError, match="GetResourcePolicy"):
        plan(WANT, _world(unread), Scope.TRIGGER, PACKAGE)
    steps = plan(WANT, _world(replace(unread, is_by_owner=True)), Scope.TRIGGER, PACKAGE)
    assert not any(isinstance(step, PutStreamPolicy) for step in steps)


def test_a_table_of_the_same_account_needs_no_policy() -> None:
    have = _settled()
    assert not any(isinstance(step, PutStreamPolicy) for step in plan(WANT, have, Scope.TRIGGER, PACKAGE))


def test_down_removes_the_statement_only_where_it_is() -> None:
    sid = sid_of("orders-inserts", OWN)
    own = StreamPolicy(stream_arn=LIVE, document=document({**OURS, "Sid": sid}))
    found = removal(_world(own), "orders", own_function="orders-inserts")
    assert DeleteStreamPolicy(stream_arn=LIVE, sid=sid) in found.steps
    bare = removal(_world(), "orders", own_function="orders-inserts")
    assert not any(isinstance(step, DeleteStreamPolicy) for step in bare.steps)


def test_without_credentials_for_the_table_down_names_the_owners_command() -> None:
    own = StreamPolicy(stream_arn=LIVE, document=policy_of(OURS), is_by_owner=True)
    found = removal(_world(own), "orders", own_function="orders-inserts")
    assert not any(isinstance(step, DeleteStreamPolicy) for step in found.steps)
    assert any(f"aws dynamodb delete-resource-policy --resource-arn {LIVE}" in text for text in found.stays)


def test_the_sid_tells_functions_and_accounts_apart() -> None:
    names = {sid_of(name, account) for name in ("a", "b") for account in (OWN, "1")}
    assert len(names) == 4
    assert all(name.isalnum() for name in names)
    assert Trigger(table="orders", function=FunctionSpec(name="f")).function_name == "f"


@pytest.mark.parametrize(
    "document", ["", "no JSON", "[]", "null", '{"Statement": "text"}', '{"Statement": ["text"]}']
)
def test_a_document_that_is_not_a_policy_is_not_readable(document: str) -> None:
    assert not is_readable(document)


@pytest.mark.parametrize(
    "document", ["{}", '{"Statement": []}', '{"Statement": {"Sid": "One"}}', policy_of(OURS)]
)
def test_a_policy_is_readable(document: str) -> None:
    assert is_readable(document)
