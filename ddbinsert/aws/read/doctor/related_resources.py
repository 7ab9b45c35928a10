"""Resources that a trigger depends on: permissions, destination, sink, key and account."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ddbinsert.aws.errors import is_not_found, translated
from ddbinsert.aws.queue_address import is_missing_queue, queue_url
from ddbinsert.aws.read.simulation import simulated
from ddbinsert.aws.sink_places import look_at
from ddbinsert.core.arn import arn_parts, parse_arn, resource_name
from ddbinsert.core.doctor.facts import AccountSeen, DestinationSeen, Rights, RoleRight, SinkSeen
from ddbinsert.core.model.package import READING
from ddbinsert.core.trigger.policy import on_failure_right
from ddbinsert.errors import AwsError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.doctor.facts import ReceiptSeen
    from ddbinsert.core.model.seen import FunctionState, MappingState, TableState

#: The actions with which a sink of each service is written.
_WRITES: Final = {
    "dynamodb": "dynamodb:PutItem",
    "events": "events:PutEvents",
    "firehose": "firehose:PutRecordBatch",
    "kinesis": "kinesis:PutRecords",
    "logs": "logs:PutLogEvents",
    "s3": "s3:PutObject",
    "sns": "sns:Publish",
    "sqs": "sqs:SendMessage",
}
#: Services whose resources have their own policies, which a simulation of the role does not include.
_OWN_POLICIES: Final = frozenset({"events", "kinesis", "kms", "s3", "sns", "sqs"})
#: Number of entries to look up in the sink.
_ENTRIES: Final = 25


class PermissionQuery(NamedTuple):
    """A right of the role to be simulated by IAM."""

    right: RoleRight
    actions: tuple[str, ...]
    resource: str


def rights_to_ask(
    table: TableState, function: FunctionState, mappings: Sequence[MappingState], sink: str
) -> tuple[PermissionQuery, ...]:
    """The rights that the function's role needs for this trigger, and one that it should not have."""
    here = arn_parts(table.function_place)
    group = str(here._replace(service="logs", resource=f"log-group:{function.log_group}:log-stream:x"))
    asked = [
        PermissionQuery(RoleRight.WRITE_LOGS, ("logs:CreateLogStream", "logs:PutLogEvents"), group),
        PermissionQuery(RoleRight.DELETE_TABLE, ("dynamodb:DeleteTable",), table.arn),
    ]
    if table.stream_arn:
        asked.append(PermissionQuery(RoleRight.READ_STREAM, READING, table.stream_arn))
    if table.kms_key_arn:
        asked.append(PermissionQuery(RoleRight.DECRYPT, ("kms:Decrypt",), table.kms_key_arn))
    for destination in dict.fromkeys(m.on_failure for m in mappings if m.on_failure):
        with contextlib.suppress(UsageError):
            actions = on_failure_right(destination)["Action"]
            first = actions if isinstance(actions, str) else actions[0]
            is_bucket = arn_parts(destination).service == "s3"
            asked.append(
                PermissionQuery(
                    RoleRight.SEND_FAILED, (first,), f"{destination}/x" if is_bucket else destination
                )
            )
            break
    place = parse_arn(sink)
    if place is not None and place.service in _WRITES and place.account in ("", here.account):
        resource = (
            f"{sink}/x"
            if place.service == "s3"
            else f"{sink}:log-stream:x"
            if place.service == "logs"
            else sink
        )
        asked.append(PermissionQuery(RoleRight.WRITE_SINK, (_WRITES[place.service],), resource))
    return tuple(asked)


def read_right(aws: Aws, role_arn: str, one: PermissionQuery, *, is_ours: bool) -> Rights:
    """IAM's answer about one right of a role.

    If a resource has its own policy, and ddbinsert did not create the role, only an explicit denial is certain.

    Raises:
        AwsError: Not permitted to simulate.
    """
    results = simulated(aws, role_arn, one.actions, [one.resource], who=f"role {resource_name(role_arn)}")
    certain = [result for result in results if not result.get("MissingContextValues")]
    denied = [result for result in certain if result["EvalDecision"] != "allowed"]
    if not is_ours and one.actions[0].partition(":")[0] in _OWN_POLICIES:
        denied = [result for result in denied if result["EvalDecision"] == "explicitDeny"]
    names = {one.right: ", ".join(result["EvalActionName"] for result in denied or results)}
    right = frozenset({one.right})
    if denied:
        bound = all(
            (result.get("PermissionsBoundaryDecisionDetail") or {}).get("AllowedByPermissionsBoundary")
            is False
            for result in denied
        )
        explicit = any(result["EvalDecision"] == "explicitDeny" for result in denied)
        return Rights(
            denied=right,
            by_boundary=right if bound else frozenset(),
            by_statement=right if explicit else frozenset(),
            actions=names,
        )
    if len(certain) == len(results) and all(result["EvalDecision"] == "allowed" for result in results):
        return Rights(allowed=right, actions=names)
    return Rights(actions=names)


def together(answers: Iterable[Rights]) -> Rights:
    """Several answers combined into one."""
    whole = Rights()
    for one in answers:
        whole = replace(
            whole,
            allowed=whole.allowed | one.allowed,
            denied=whole.denied | one.denied,
            by_boundary=whole.by_boundary | one.by_boundary,
            by_statement=whole.by_statement | one.by_statement,
            actions={**whole.actions, **one.actions},
        )
    return whole


def read_destination(aws: Aws, arn: str) -> DestinationSeen:
    """A mapping's on-failure destination.

    Raises:
        AwsError: It may not be read.
    """
    target = arn_parts(arn)
    if target.service == "sqs":
        with translated(f"read queue {target.resource}"):
            try:
                client: Any = aws.client("sqs")
                url = queue_url(aws, target.resource)
                if url is None:
                    return DestinationSeen(arn=arn, problem="it does not exist", missing=True)
                answer = client.get_queue_attributes(
                    QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"]
                )
            except Exception as error:
                if is_missing_queue(error):
                    return DestinationSeen(arn=arn, problem="it does not exist", missing=True)
                raise
        return DestinationSeen(arn=arn, messages=int(answer["Attributes"]["ApproximateNumberOfMessages"]))
    problem = look_at(aws, target, is_deduplication=False)
    if problem is not None and not problem.is_missing:
        raise AwsError(problem.text)
    return DestinationSeen(arn=arn, problem=problem.text if problem else "", missing=problem is not None)


def read_sink(aws: Aws, arn: str) -> SinkSeen:
    """The sink that ``SINK_ARN`` names.

    Raises:
        AwsError: It may not be read.
    """
    target = parse_arn(arn)
    if target is None:
        return SinkSeen(arn=arn, problem="SINK_ARN is not an ARN", is_wrong=True)
    problem = look_at(aws, target, is_deduplication=False)
    if problem is None:
        return SinkSeen(arn=arn)
    if not (problem.is_missing or problem.is_wrong):
        raise AwsError(problem.text)
    return SinkSeen(arn=arn, problem=problem.text, missing=problem.is_missing, is_wrong=problem.is_wrong)


def last_entry(aws: Aws, sink: str, receipts: Sequence[ReceiptSeen]) -> float | None:
    """The time of the newest receipt whose record has an entry in the sink, a table with eventID as its key."""
    target = parse_arn(sink)
    newest = {one.event_id: one.at for one in receipts if one.event_id and one.decision == "processed"}
    ids = sorted(newest, key=lambda name: newest[name])[-_ENTRIES:]
    if target is None or target.service != "dynamodb" or not ids:
        return None
    table = resource_name(sink)
    request: Any = {
        table: {"Keys": [{"eventID": {"S": one}} for one in ids], "ProjectionExpression": "eventID"}
    }
    with translated(f"read table {table}"):
        answer = aws.client("dynamodb").batch_get_item(RequestItems=request)
    found = [item["eventID"]["S"] for item in answer.get("Responses", {}).get(table, ())]
    return max((newest[name] for name in found if name in newest), default=None)


def read_time_to_live(aws: Aws, table: str) -> str:
    """The attribute by which a table's items expire; empty if they do not expire."""
    with translated(f"read the time to live of table {table}"):
        answer = aws.of_table.client("dynamodb").describe_time_to_live(TableName=table)
    described = answer.get("TimeToLiveDescription") or {}
    return (
        described.get("AttributeName", "")
        if described.get("TimeToLiveStatus") in ("ENABLED", "ENABLING")
        else ""
    )


def read_key_state(aws: Aws, arn: str) -> str:
    """The state of a KMS key, such as Enabled, Disabled, PendingDeletion; ``missing`` if it does not exist."""
    with translated(f"read key {arn}"):
        client: Any = aws.client("kms")
        try:
            return str(client.describe_key(KeyId=arn)["KeyMetadata"].get("KeyState") or "Enabled")
        except Exception as error:
            if is_not_found(error) or "NotFoundException" in type(error).__name__:
                return "missing"
            raise


def read_account(aws: Aws) -> AccountSeen:
    """The account's limits in Lambda."""
    with translated("read Lambda's account settings"):
        answer = aws.client("lambda").get_account_settings()
        limit, usage = answer["AccountLimit"], answer.get("AccountUsage") or {}
        return AccountSeen(
            concurrency=int(limit["ConcurrentExecutions"]),
            unreserved=int(limit["UnreservedConcurrentExecutions"]),
            code_used=int(usage.get("TotalCodeSize") or 0),
            code_limit=int(limit.get("TotalCodeSize") or 0),
        )
