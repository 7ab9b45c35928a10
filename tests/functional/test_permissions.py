"""permissions: its options, its forms, and what it says of commands; tests/strict/test_permissions.py enforces the policies."""

from __future__ import annotations

import json

from tests.functional.command import ran


def test_the_policy_is_narrow_and_comes_in_three_forms() -> None:
    words = (
        "permissions",
        "verify",
        "--table",
        "orders",
        "--region",
        "eu-west-1",
        "--account",
        "123456789012",
    )
    policy = json.loads(ran(*words, variables={}).out)
    resources = {one["Sid"]: one["Resource"] for one in policy["Statement"]}
    assert resources["Table"] == "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"
    assert resources["Role"] == "arn:aws:iam::123456789012:role/orders-inserts-role"
    assert resources["LogGroup"][0].endswith(":log-group:/aws/lambda/orders-inserts")
    template = json.loads(ran(*words, "--format", "cloudformation", variables={}).out)
    (resource,) = template["Resources"].values()
    assert resource["Properties"]["PolicyDocument"] == policy
    assert len(resource["Properties"]["Description"]) < 1000
    terraform = ran(*words, "--format", "terraform", variables={}).out
    assert json.loads(terraform[terraform.index("jsonencode(") + 11 : terraform.rindex(")")]) == policy
    needed = json.loads(ran(*words, "--needed-only", variables={}).out)
    assert "cloudwatch:GetMetricData" not in json.dumps(needed)


def test_several_commands_make_one_policy_and_unknown_ones_are_refused() -> None:
    both = ran("permissions", "records", "send", "-o", "json", variables={}).data
    assert both["commands"] == ["records", "send"]
    after_dashes = ran("permissions", "-o", "json", "--", "verify", "--via", "insights", "tail", variables={})
    assert after_dashes.data["commands"] == ["verify --via insights", "tail"]
    assert "lambda:GetFunction" not in after_dashes.data["optional"]  # verify can't do without it
    for words in (("fly",), ("verify --nonsense",), ("verify", "--table", "a b"), ("tail", "--account", "1")):
        assert ran("permissions", *words, variables={}).code == 2


def test_sink_and_destination_are_granted_only_where_they_are_given() -> None:
    def resources(*words: str) -> dict[str, list[str]]:
        document = json.loads(ran("permissions", *words, "--table", "orders", variables={}).out)
        return {one["Sid"]: one["Action"] for one in document["Statement"]}

    assert not {"Sink", "OnFailureDestination"} & set(resources("verify"))
    audit = resources("verify", "--sink", "arn:aws:dynamodb:eu-west-1:123456789012:table/audit")
    assert audit["Sink"] == ["dynamodb:BatchGetItem", "dynamodb:BatchWriteItem", "dynamodb:DescribeTable"]
    assert resources("attach-trigger", "--sink", "arn:aws:sns:eu-west-1:123456789012:news")["Sink"] == [
        "sns:GetTopicAttributes"
    ]
    own = resources("attach-trigger --on-failure create")["OnFailureDestination"]
    assert own == ["sqs:CreateQueue", "sqs:GetQueueUrl", "sqs:TagQueue"]
    assert ran("permissions", "verify", "--sink", "audit", variables={}).code == 2


def test_a_role_of_another_name_is_granted_beside_the_one_that_ddbinsert_would_create() -> None:
    words = (
        "status",
        "--table",
        "orders",
        "--function",
        "audit",
        "--role",
        "theirs",
        "--role-path",
        "/team/",
    )
    document = json.loads(ran("permissions", *words, variables={}).out)
    (role,) = [one["Resource"] for one in document["Statement"] if one["Sid"] == "Role"]
    assert role == ["arn:aws:iam::*:role/team/theirs", "arn:aws:iam::*:role/team/audit-role"]


def test_a_command_without_calls_needs_no_policy() -> None:
    done = ran("permissions", "filter explain", "-o", "json", variables={})
    assert (done.code, done.data["policy"]) == (0, None)
    assert "makes no calls to AWS" in ran("permissions", "config check", variables={}).out
