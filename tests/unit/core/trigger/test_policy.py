"""Least privilege, statement by statement: what the role may do, and nothing beside it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given

from ddbinsert.core.model.wanted import FunctionSpec, MappingSpec, Trigger
from ddbinsert.core.trigger.policy import role_policy
from ddbinsert.core.trigger.shapes import canonical
from ddbinsert.errors import UsageError
from tests.examples import examples
from tests.unit.worlds import LIVE, PACKAGE, table, triggers

if TYPE_CHECKING:
    from ddbinsert.core.model.package import Statement

WANT = Trigger(table="orders")
#: Recorded from real AWS as enough for a function that reads one stream and logs to a group that is there.
ENOUGH = [
    {
        "Sid": "ReadStream",
        "Effect": "Allow",
        "Action": ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"],
        "Resource": LIVE,
    },
    {"Sid": "ListStreams", "Effect": "Allow", "Action": "dynamodb:ListStreams", "Resource": "*"},
    {
        "Sid": "WriteLogs",
        "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/orders-inserts:*",
    },
]


def statements(
    want: Trigger = WANT, stream: str | None = LIVE, rights: tuple[Statement, ...] = (), **of_table: Any
) -> list[dict[str, Any]]:
    document = json.loads(role_policy(want, table(**of_table), stream, rights))
    assert document.keys() == {"Version", "Statement"}
    assert document["Version"] == "2012-10-17"
    found: list[dict[str, Any]] = document["Statement"]
    return found


def test_a_plain_trigger_gets_exactly_what_was_recorded_as_enough() -> None:
    assert statements() == ENOUGH


def test_without_a_stream_the_function_may_log_and_nothing_else() -> None:
    assert statements(stream=None) == ENOUGH[2:]


def test_the_log_group_is_the_one_that_is_configured() -> None:
    want = replace(WANT, function=FunctionSpec(log_group="/team/orders"))
    assert statements(want)[2]["Resource"] == "arn:aws:logs:eu-west-1:123456789012:log-group:/team/orders:*"


def test_an_encrypted_table_adds_decryption_with_its_key_alone() -> None:
    key = "arn:aws:kms:eu-west-1:123456789012:key/k"
    assert statements(kms_key_arn=key) == [
        *ENOUGH,
        {"Sid": "DecryptTable", "Effect": "Allow", "Action": "kms:Decrypt", "Resource": key},
    ]


@pytest.mark.parametrize(
    ("destination", "action", "resource"),
    [
        ("arn:aws:sqs:eu-west-1:1:q", "sqs:SendMessage", "arn:aws:sqs:eu-west-1:1:q"),
        ("arn:aws-cn:sns:cn-north-1:1:t", "sns:Publish", "arn:aws-cn:sns:cn-north-1:1:t"),
        ("arn:aws:s3:::b", ["s3:PutObject", "s3:ListBucket"], ["arn:aws:s3:::b", "arn:aws:s3:::b/*"]),
    ],
)
def test_a_destination_of_what_failed_adds_the_right_to_send_there(
    destination: str, action: object, resource: object
) -> None:
    want = replace(WANT, mapping=MappingSpec(on_failure=destination))
    assert statements(want) == [
        *ENOUGH,
        {"Sid": "OnFailure", "Effect": "Allow", "Action": action, "Resource": resource},
    ]


def test_what_the_handler_needs_is_added_in_this_account_and_region() -> None:
    assert statements(rights=PACKAGE.rights) == [
        *ENOUGH,
        {
            "Effect": "Allow",
            "Action": ["dynamodb:PutItem"],
            "Resource": ["arn:aws:dynamodb:eu-west-1:123456789012:table/audit"],
        },
    ]


def test_in_another_partition_everything_stays_in_it() -> None:
    arn = "arn:aws-us-gov:dynamodb:us-gov-west-1:123456789012:table/orders"
    text = role_policy(WANT, table(arn=arn), f"{arn}/stream/1", PACKAGE.rights)
    assert "arn:aws:" not in text
    assert "arn:aws-us-gov:logs:us-gov-west-1:123456789012:log-group:" in text


#: AWS takes no resource for these: network interfaces that do not exist yet, and traces.
ANYWHERE = ("Network", "Trace")


@examples(100)
@given(triggers())
def test_nothing_is_ever_allowed_on_everything_but_listing_streams(want: Trigger) -> None:
    for statement in statements(want, rights=PACKAGE.rights):
        assert statement["Effect"] == "Allow"
        actions, resources = (
            value if isinstance(value, list) else [value]
            for value in (statement["Action"], statement["Resource"])
        )
        assert not [action for action in actions if "*" in action]
        assert "*" not in resources or actions == ["dynamodb:ListStreams"] or statement["Sid"] in ANYWHERE
        assert "logs:CreateLogGroup" not in actions


def test_the_document_is_canonical_so_that_it_can_be_compared() -> None:
    text = role_policy(WANT, table(), LIVE, ())
    assert text == canonical(json.loads(text))


def test_a_destination_of_an_unknown_service_gets_no_rights() -> None:
    wanted = replace(
        WANT, mapping=replace(WANT.mapping, on_failure="arn:aws:kinesis:eu-west-1:123456789012:stream/x")
    )
    with pytest.raises(UsageError, match="not a valid on-failure destination"):
        role_policy(wanted, table(), LIVE, ())
