"""Least privilege: what the function's role may do, and nothing beside it.

Source of the set: recorded from real AWS. ListStreams takes no resource; the rest is bound to the exact
stream and the exact log group, which exists before the function does, so CreateLogGroup is not granted.
"""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from ddbinsert.core.shapes import canonical

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddbinsert.core.model import TableState, Trigger
    from ddbinsert.core.package import Statement

#: The name of the inline policy that ddbinsert writes on a role of its own.
POLICY_NAME = "ddbinsert"
#: What Lambda does with a stream, in a function's role.
READING = ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator")


def partition_of(arn: str) -> str:
    return arn.split(":")[1]


def account_of(arn: str) -> str:
    return arn.split(":")[4]


def region_of(arn: str) -> str:
    return arn.split(":")[3]


def log_group_arn(table_arn: str, name: str) -> str:
    """The group's ARN beside the table: same partition, region and account; no request needed."""
    return (
        f"arn:{partition_of(table_arn)}:logs:{region_of(table_arn)}:{account_of(table_arn)}:log-group:{name}"
    )


def role_policy(
    trigger: Trigger, table: TableState, stream_arn: str | None, rights: Sequence[Statement]
) -> str:
    """The role's inline policy as canonical JSON.

    Args:
        stream_arn: The live stream; None where there is none yet: the function can only log, then.
        rights: What the handler itself needs (its sinks).
    """
    statements: list[dict[str, Any]] = _reading(stream_arn) if stream_arn is not None else []
    statements.append(
        {
            "Sid": "WriteLogs",
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": f"{log_group_arn(table.arn, trigger.log_group)}:*",
        }
    )
    if table.kms_key_arn is not None:
        statements.append(
            {"Sid": "DecryptTable", "Effect": "Allow", "Action": "kms:Decrypt", "Resource": table.kms_key_arn}
        )
    destination = failure_destination(trigger, table.arn)
    if destination is not None:
        statements.append(_on_failure(destination))
    statements.extend(
        {"Effect": "Allow", "Action": list(right.actions), "Resource": list(right.resources)}
        for right in (statement.resolved(**_whereabouts(table.arn)) for statement in rights)
    )
    return canonical({"Version": "2012-10-17", "Statement": statements})


def _reading(stream_arn: str) -> list[dict[str, Any]]:
    return [
        {
            "Sid": "ReadStream",
            "Effect": "Allow",
            "Action": list(READING),
            "Resource": stream_arn,
        },
        {"Sid": "ListStreams", "Effect": "Allow", "Action": "dynamodb:ListStreams", "Resource": "*"},
    ]


def failure_destination(trigger: Trigger, table_arn: str) -> str | None:
    """The on-failure destination's ARN; for ``create``, that of the trigger's own queue beside the table."""
    wanted = trigger.mapping.on_failure
    if wanted != "create":
        return wanted
    partition, region, account = partition_of(table_arn), region_of(table_arn), account_of(table_arn)
    return f"arn:{partition}:sqs:{region}:{account}:{trigger.failure_queue}"


def _whereabouts(arn: str) -> dict[str, str]:
    return {"region": region_of(arn), "account": account_of(arn), "partition": partition_of(arn)}


def _on_failure(arn: str) -> dict[str, Any]:
    match arn.split(":")[2]:
        case "sqs":
            return {"Sid": "OnFailure", "Effect": "Allow", "Action": "sqs:SendMessage", "Resource": arn}
        case "sns":
            return {"Sid": "OnFailure", "Effect": "Allow", "Action": "sns:Publish", "Resource": arn}
        case _:
            return {
                "Sid": "OnFailure",
                "Effect": "Allow",
                "Action": ["s3:PutObject", "s3:ListBucket"],
                "Resource": [arn, f"{arn}/*"],
            }


def lacking(policy: str | None, *, stream_arn: str, log_group_arn: str) -> tuple[str, ...]:
    """Which of the rights that a trigger can't do without a role's inline policy doesn't grant.

    Returns:
        ``stream`` and ``logs``, or fewer.
    """
    try:
        statements = json.loads(policy)["Statement"] if policy else []
    except (ValueError, KeyError, TypeError):
        statements = []
    needed = {
        "stream": ("dynamodb:GetRecords", stream_arn),
        "logs": ("logs:PutLogEvents", f"{log_group_arn}:*"),
    }
    return tuple(
        name
        for name, (action, resource) in needed.items()
        if not any(_grants(statement, action, resource) for statement in statements)
    )


def _grants(statement: Any, action: str, resource: str) -> bool:
    def listed(key: str) -> list[str]:
        value = statement.get(key) or []
        return [value] if isinstance(value, str) else list(value)

    if not isinstance(statement, dict) or statement.get("Effect") != "Allow":
        return False
    return any(fnmatchcase(action, a) for a in listed("Action")) and any(
        fnmatchcase(resource, r) for r in listed("Resource")
    )
