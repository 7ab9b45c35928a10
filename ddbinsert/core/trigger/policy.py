"""Least privilege: the exact rights of the function's role.

Source of the list: recorded from real AWS. ListStreams accepts no resource; all other actions are limited to
the exact stream and log group. The group is created before the function, so CreateLogGroup is not granted.
"""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from ddbinsert.core.arn import arn_parts, log_group_arn
from ddbinsert.core.model.package import READING
from ddbinsert.core.trigger.setting_rights import SETTING_RIGHTS, setting_statements
from ddbinsert.core.trigger.shapes import canonical
from ddbinsert.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddbinsert.core.model.package import Statement
    from ddbinsert.core.model.seen import TableState
    from ddbinsert.core.model.wanted import Trigger

#: The name of the inline policy that ddbinsert writes to its own roles.
POLICY_NAME = "ddbinsert"


def role_policy(
    trigger: Trigger,
    table: TableState,
    stream_arn: str | None,
    rights: Sequence[Statement] | None,
    *,
    have: str | None = None,
    draining: Sequence[str] = (),
    keeps: bool = False,
) -> str:
    """The role's inline policy as canonical JSON.

    Args:
        stream_arn: The live stream; None if there is none yet: then the function can only log.
        rights: The rights that the handler needs (its sinks); None keeps those in ``have``.
        have: The present policy. Statements that ddbinsert did not add are kept.
        draining: Replaced streams that a mapping still reads.
        keeps: Include the rights of settings that are changed afterwards.
    """
    there = statements_of(have)
    own = [
        *_reading([arn for arn in (stream_arn, *draining) if arn]),
        *_writing(trigger, table),
        *setting_statements(trigger, there, keeps=keeps),
    ]
    others = [statement for statement in there if statement.get("Sid") not in _SIDS]
    if rights is not None:
        where = _placement(table.function_place)
        needed = [
            {"Effect": "Allow", "Action": list(right.actions), "Resource": list(right.resources)}
            for right in (statement.resolved(**where) for statement in rights)
        ]
        others = [*needed, *(statement for statement in others if statement.get("Sid"))]
    return canonical({"Version": "2012-10-17", "Statement": [*own, *others]})


#: The Sids of the statements that `role_policy` writes; those of a handler have no Sid.
_SIDS = frozenset(
    (
        *("ReadStream", "ListStreams", "WriteLogs", "DecryptTable", "OnFailure"),
        *(right.sid for right in SETTING_RIGHTS),
    )
)


def statements_of(policy: str | None) -> list[dict[str, Any]]:
    """The statements of a policy document; none if it cannot be read."""
    try:
        statements = json.loads(policy)["Statement"] if policy else []
    except (ValueError, KeyError, TypeError):
        return []
    listed = statements if isinstance(statements, list) else [statements]
    return [statement for statement in listed if isinstance(statement, dict)]


def further_grants(policy: str | None) -> tuple[str, ...]:
    """What a policy grants besides the stream, the log and the settings: ``sqs:SendMessage on arn:aws:sqs:…``."""
    told = {"ReadStream", "ListStreams", "WriteLogs", *(right.sid for right in SETTING_RIGHTS)}
    return tuple(
        f"{_listed(statement.get('Action'))} on {_listed(statement.get('Resource'))}"
        for statement in statements_of(policy)
        if statement.get("Sid") not in told
    )


def _listed(words: object) -> str:
    return ", ".join(map(str, words)) if isinstance(words, list) else str(words)


def of_handler(policy: str | None) -> tuple[str, ...]:
    """The resources that a role's policy grants to the handler: its sinks and their requirements."""
    found: dict[str, None] = {}
    for statement in statements_of(policy):
        if not statement.get("Sid"):
            resources = statement.get("Resource") or ()
            found |= dict.fromkeys([resources] if isinstance(resources, str) else resources)
    return tuple(found)


def _writing(trigger: Trigger, table: TableState) -> list[dict[str, Any]]:
    statements: list[dict[str, Any]] = [
        {
            "Sid": "WriteLogs",
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": f"{log_group_arn(table.function_place, trigger.log_group)}:*",
        }
    ]
    if table.kms_key_arn is not None:
        statements.append(
            {"Sid": "DecryptTable", "Effect": "Allow", "Action": "kms:Decrypt", "Resource": table.kms_key_arn}
        )
    destination = failure_destination(trigger, table.function_place)
    return statements if destination is None else [*statements, on_failure_right(destination)]


def _reading(streams: list[str]) -> list[dict[str, Any]]:
    if not streams:
        return []
    return [
        {
            "Sid": "ReadStream",
            "Effect": "Allow",
            "Action": list(READING),
            "Resource": streams[0] if len(streams) == 1 else streams,
        },
        {"Sid": "ListStreams", "Effect": "Allow", "Action": "dynamodb:ListStreams", "Resource": "*"},
    ]


def failure_destination(trigger: Trigger, table_arn: str) -> str | None:
    """The on-failure destination's ARN; for ``create``, that of the trigger's own queue."""
    wanted = trigger.mapping.on_failure
    if wanted != "create":
        return wanted
    return str(arn_parts(table_arn)._replace(service="sqs", resource=trigger.failure_queue))


def _placement(arn: str) -> dict[str, str]:
    parts = arn_parts(arn)
    return {"region": parts.region, "account": parts.account, "partition": parts.partition}


def on_failure_right(arn: str) -> dict[str, Any]:
    """The right to send to an on-failure destination.

    Raises:
        UsageError: Lambda does not support this service as a destination.
    """
    match arn_parts(arn).service:
        case "sqs":
            return {"Sid": "OnFailure", "Effect": "Allow", "Action": "sqs:SendMessage", "Resource": arn}
        case "sns":
            return {"Sid": "OnFailure", "Effect": "Allow", "Action": "sns:Publish", "Resource": arn}
        case "s3":
            return {
                "Sid": "OnFailure",
                "Effect": "Allow",
                "Action": ["s3:PutObject", "s3:ListBucket"],
                "Resource": [arn, f"{arn}/*"],
            }
        case _:
            raise UsageError(
                f"{arn} is not a valid on-failure destination.",
                hint="Use the ARN of an SQS queue, an SNS topic or an S3 bucket, or `create`.",
                code="bad-destination",
            )


def lacking(policy: str | None, *, stream_arn: str, log_group_arn: str) -> tuple[str, ...]:
    """The necessary rights that a role's inline policy does not grant.

    Returns:
        Any of ``stream`` and ``logs``.
    """
    statements = statements_of(policy)
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
