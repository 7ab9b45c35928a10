"""What a resource's policy says of a role: the element rules of IAM's language, in three values."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ddbinsert.core.proof.failure_path.access import SILENT, TriState, caller_of, evaluate_policy

ROLE = "arn:aws:iam::111122223333:role/deep/er/orders-role"
QUEUE = "arn:aws:sqs:eu-west-1:111122223333:failures"
SEND = "sqs:SendMessage"
YES, NO, UNKNOWN = TriState.YES, TriState.NO, TriState.UNKNOWN


def said(*statements: dict[str, Any], via: str = "") -> Any:
    whole = [
        {"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": "*", **one} for one in statements
    ]
    return evaluate_policy(json.dumps({"Statement": whole}), caller_of(ROLE, via=via), SEND, QUEUE)


@pytest.mark.parametrize(
    ("principal", "denied"),
    [
        ("*", YES),
        ({"AWS": "*"}, YES),
        ({"AWS": ROLE}, YES),
        ({"AWS": ["arn:aws:iam::999999999999:root", ROLE]}, YES),
        ({"AWS": "111122223333"}, YES),
        ({"AWS": "arn:aws:iam::111122223333:root"}, YES),
        ({"AWS": "arn:aws:sts::111122223333:assumed-role/orders-role/orders"}, UNKNOWN),
        ({"AWS": "arn:aws:sts::111122223333:assumed-role/other-role/orders"}, NO),
        ({"AWS": "arn:aws:iam::999999999999:root"}, NO),
        ({"AWS": "arn:aws:iam::111122223333:role/deep/er/orders-*"}, NO),
        ({"Service": "lambda.amazonaws.com"}, NO),
        (None, NO),
    ],
)
def test_whom_a_denial_is_about(principal: Any, denied: TriState) -> None:
    assert said({"Principal": principal}).denies is denied


@pytest.mark.parametrize(
    ("principal", "denied"),
    [
        ({"AWS": "arn:aws:iam::999999999999:root"}, YES),
        ({"AWS": ROLE}, UNKNOWN),
        ({"AWS": "111122223333"}, UNKNOWN),
    ],
)
def test_whom_a_denial_leaves_out(principal: Any, denied: TriState) -> None:
    """A session of the role has to be left out, too; whether it is, cannot be told."""
    assert said({"NotPrincipal": principal}).denies is denied


@pytest.mark.parametrize(
    ("statement", "denied"),
    [
        ({"Action": "SQS:sendmessage"}, YES),
        ({"Action": ["sqs:ReceiveMessage", "sqs:Send*"]}, YES),
        ({"Action": "sqs:SendMessag?"}, YES),
        ({"Action": "sqs:ReceiveMessage"}, NO),
        ({"NotAction": "sqs:ReceiveMessage"}, YES),
        ({"NotAction": "sqs:*"}, NO),
        ({"Resource": QUEUE}, YES),
        ({"Resource": "arn:aws:sqs:*:*:fail*"}, YES),
        ({"Resource": QUEUE.upper()}, NO),
        ({"NotResource": QUEUE}, NO),
        ({"NotResource": "arn:aws:sqs:*:*:[f]ailures"}, YES),
    ],
)
def test_what_a_denial_is_about(statement: dict[str, Any], denied: TriState) -> None:
    whole = {name: value for name, value in statement.items() if not name.startswith("Not")}
    left = {f"{name[3:]}" for name in statement if name.startswith("Not")}
    base = {"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": "*"}
    document = {name: value for name, value in base.items() if name not in left} | whole | statement
    answer = evaluate_policy(json.dumps({"Statement": document}), caller_of(ROLE), SEND, QUEUE)
    assert answer.denies is denied


@pytest.mark.parametrize(
    ("condition", "denied"),
    [
        ({"Bool": {"aws:SecureTransport": "false"}}, NO),
        ({"Bool": {"aws:SecureTransport": False}}, NO),
        ({"Bool": {"AWS:securetransport": "true"}}, YES),
        ({"StringEquals": {"aws:PrincipalArn": ROLE}}, YES),
        ({"StringNotEquals": {"aws:PrincipalArn": ROLE}}, NO),
        ({"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/deep/*"}}, NO),
        ({"ArnNotLike": {"aws:PrincipalArn": ["arn:aws:iam::*:role/a", "arn:aws:iam::*:role/b"]}}, YES),
        ({"StringNotEqualsIfExists": {"aws:PrincipalAccount": "111122223333"}}, NO),
        ({"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}, UNKNOWN),
        ({"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}, UNKNOWN),
        ({"ForAnyValue:StringEquals": {"aws:PrincipalArn": ROLE}}, UNKNOWN),
        ({"StringEquals": {"aws:PrincipalArn": "x", "aws:SourceVpce": "vpce-1"}}, NO),
        ({"StringEquals": {"aws:PrincipalArn": ROLE, "aws:SourceVpce": "vpce-1"}}, UNKNOWN),
        ("nonsense", UNKNOWN),
    ],
)
def test_conditions_are_met_not_met_or_not_to_be_told(condition: Any, denied: TriState) -> None:
    assert said({"Condition": condition}).denies is denied


def test_a_key_is_used_through_the_destinations_service() -> None:
    wanted = {"StringEquals": {"kms:ViaService": "sqs.eu-west-1.amazonaws.com"}}
    statement = {"Condition": wanted}
    assert said(statement, via="sqs.eu-west-1.amazonaws.com").denies is YES
    assert said(statement, via="sns.eu-west-1.amazonaws.com").denies is NO
    assert said(statement).denies is UNKNOWN


def test_an_allowance_of_the_account_leaves_it_to_iam_and_one_of_the_role_does_not() -> None:
    account = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}}
    assert (said(account).allows, said(account).leaves_to_iam) == (NO, YES)
    role = {"Effect": "Allow", "Principal": {"AWS": ROLE}}
    assert (said(role).allows, said(role).leaves_to_iam) == (YES, NO)
    assert said(role, {"Sid": "Never"}).by == ("Never",)


@pytest.mark.parametrize(
    ("policy", "silent"), [(None, True), ("", True), ("{", False), ("[]", False), ("{}", False)]
)
def test_a_policy_that_cannot_be_read_says_nothing_for_certain(policy: str | None, silent: bool) -> None:
    answer = evaluate_policy(policy, caller_of(ROLE), SEND, QUEUE)
    assert (answer == SILENT) is silent
    assert silent or {answer.denies, answer.allows} == {UNKNOWN}
