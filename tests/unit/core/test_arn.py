"""ARNs are taken apart in one place."""

from __future__ import annotations

import pytest

from ddbinsert.core.arn import arn_parts, log_group_arn, parse_arn, queue_arn, resource_name

TABLE = "arn:aws-cn:dynamodb:cn-north-1:123456789012:table/orders"


@pytest.mark.parametrize(
    ("arn", "name", "qualifier"),
    [
        (TABLE, "orders", ""),
        (f"{TABLE}/stream/2026-11-25T09:21:03.976", "orders", ""),
        ("arn:aws:lambda:eu-west-1:123456789012:function:audit", "audit", ""),
        ("arn:aws:lambda:eu-west-1:123456789012:function:audit:live", "audit", "live"),
        ("arn:aws:iam::123456789012:role/service/deep/audit-role", "audit-role", ""),
        ("arn:aws:sqs:eu-west-1:123456789012:audit-failures", "audit-failures", ""),
        ("arn:aws:s3:::bucket", "bucket", ""),
        ("arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/audit:*", "/aws/lambda/audit", ""),
        ("orders", "orders", ""),
    ],
)
def test_the_name_of_a_resource(arn: str, name: str, qualifier: str) -> None:
    assert resource_name(arn) == name
    assert arn_parts(arn).qualifier == qualifier


def test_the_parts_are_named_and_make_the_arn_again() -> None:
    parts = arn_parts(TABLE)
    assert (parts.partition, parts.service, parts.region, parts.account) == (
        "aws-cn",
        "dynamodb",
        "cn-north-1",
        "123456789012",
    )
    assert str(parts) == TABLE


@pytest.mark.parametrize("text", ["", "orders", "arn:aws:s3", "arn:aws:s3:::", "urn:a:b:c:d:e"])
def test_what_is_not_an_arn(text: str) -> None:
    assert parse_arn(text) is None


def test_a_log_group_lies_beside_its_table() -> None:
    assert log_group_arn(TABLE, "/g") == "arn:aws-cn:logs:cn-north-1:123456789012:log-group:/g"


@pytest.mark.parametrize(
    ("url", "arn"),
    [
        (
            "https://sqs.eu-west-1.amazonaws.com/123456789012/q.fifo",
            "arn:aws:sqs:eu-west-1:123456789012:q.fifo",
        ),
        (
            "https://sqs.cn-north-1.amazonaws.com.cn/123456789012/q",
            "arn:aws-cn:sqs:cn-north-1:123456789012:q",
        ),
        (
            "https://sqs.us-gov-west-1.amazonaws.com/123456789012/q",
            "arn:aws-us-gov:sqs:us-gov-west-1:123456789012:q",
        ),
        ("http://127.0.0.1:4566/000000000000/q", None),
        ("https://sqs.eu-west-1.amazonaws.com/q", None),
    ],
)
def test_a_queue_url_names_the_queue(url: str, arn: str | None) -> None:
    assert queue_arn(url) == arn
