"""One look at everything around a trigger: independent reads side by side, in as few round trips as can be."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, TypeVar

from ddbinsert.aws.errors import code_of, is_not_found, translated
from ddbinsert.core import shapes
from ddbinsert.core.model import World
from ddbinsert.core.policy import POLICY_NAME, account_of, region_of
from ddbinsert.errors import AwsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ddbinsert.aws.session import Aws
    from ddbinsert.core.model import (
        FunctionState,
        LogGroupState,
        MappingState,
        RoleState,
        TableState,
        Trigger,
    )

T = TypeVar("T")


def observe(
    aws: Aws,
    trigger: Trigger,
    *,
    role: bool = True,
    function: bool = True,
    others: bool = False,
    meanwhile: Callable[[str], None] | None = None,
) -> World:
    """What is there now.

    Args:
        function: Look at the function, its log group and its mappings.
        role: Look at the role (with ``function`` only).
        others: Look for other functions' mappings on the live stream, too: one round trip more.
        meanwhile: Called beside that last look, with the live stream's ARN.

    Raises:
        AwsError: A read was refused. What doesn't exist is no error.
    """
    reads: list[Callable[[], Any]] = [
        lambda: read_table(aws, trigger.table),
        lambda: read_function(aws, trigger.function_name) if function else None,
        lambda: read_mappings(aws, function_name=trigger.function_name) if function else (),
        lambda: read_log_group(aws, trigger.log_group) if function else None,
        lambda: (
            read_role(aws, trigger.role_name) if function and role and not trigger.function.role else None
        ),
    ]
    if function and trigger.mapping.on_failure == "create":
        reads.append(lambda: not has_queue(aws, trigger.failure_queue))
    table: TableState | None
    table, deployed, mappings, group, its_role, *queue_missing = aws.side_by_side(*reads)
    ours = tuple(m for m in mappings if _is_stream_of(m, trigger.table))
    other: tuple[MappingState, ...] = ()
    if others and table is not None and table.stream_arn is not None:
        live = table.stream_arn
        on_stream, _ = aws.side_by_side(
            lambda: read_mappings(aws, stream_arn=live), lambda: meanwhile(live) if meanwhile else None
        )
        mine = {mapping.uuid for mapping in ours}
        other = tuple(mapping for mapping in on_stream if mapping.uuid not in mine)
    return World(
        account=account_of(table.arn) if table else caller_account(aws),
        region=region_of(table.arn) if table else aws.region,
        table=table,
        role=its_role,
        log_group=group,
        function=deployed,
        mappings=ours,
        other_mappings=other,
        failure_queue_missing=any(queue_missing),
    )


def has_queue(aws: Aws, name: str) -> bool:
    """Whether there is an SQS queue of this name."""
    with translated(f"look for queue {name}"):
        try:
            aws.client("sqs").get_queue_url(QueueName=name)
        except Exception as error:
            if "NonExistentQueue" not in code_of(error) and "DoesNotExist" not in code_of(error):
                raise
            return False
    return True


def caller_account(aws: Aws) -> str | None:
    """The account of whoever asks, for reading alone: None where STS doesn't tell.

    A table that is missing is often looked for in the wrong account.
    """
    with contextlib.suppress(AwsError), translated("ask for the account"):
        return aws.client("sts").get_caller_identity()["Account"]
    return None


def _is_stream_of(mapping: MappingState, table: str) -> bool:
    return f":table/{table}/stream/" in mapping.stream_arn


def read_table(aws: Aws, name: str) -> TableState | None:
    """The table; None where it doesn't exist."""
    return _found(
        lambda: shapes.table(aws.client("dynamodb").describe_table(TableName=name)), f"read table {name}"
    )


def read_table_tags(aws: Aws, arn: str) -> dict[str, str]:
    """A table's tags."""
    with translated(f"read the tags of {arn}"):
        pages = aws.client("dynamodb").get_paginator("list_tags_of_resource").paginate(ResourceArn=arn)
        return {tag["Key"]: tag["Value"] for page in pages for tag in page.get("Tags", ())}


def read_function(aws: Aws, name: str) -> FunctionState | None:
    """The function; None where it doesn't exist."""
    return _found(
        lambda: shapes.function(aws.client("lambda").get_function(FunctionName=name)), f"read function {name}"
    )


def read_mappings(
    aws: Aws, *, function_name: str | None = None, stream_arn: str | None = None
) -> tuple[MappingState, ...]:
    """Every mapping of a function, or on a stream."""
    request: dict[str, Any] = {}
    if function_name:
        request["FunctionName"] = function_name
    if stream_arn:
        request["EventSourceArn"] = stream_arn
    found = _found(lambda: _all_mappings(aws, request), "list event source mappings")
    return found or ()


def _all_mappings(aws: Aws, request: dict[str, Any]) -> tuple[MappingState, ...]:
    pages = _pages(aws.client("lambda").list_event_source_mappings, request, ("Marker", "NextMarker"))
    return tuple(shapes.mapping(entry) for page in pages for entry in page.get("EventSourceMappings", ()))


def read_mapping(aws: Aws, uuid: str) -> MappingState | None:
    """The mapping; None where it doesn't exist (any more)."""
    return _found(
        lambda: shapes.mapping(aws.client("lambda").get_event_source_mapping(UUID=uuid)),
        f"read event source mapping {uuid}",
    )


def read_log_group(aws: Aws, name: str) -> LogGroupState | None:
    """The log group of exactly this name."""
    client = aws.client("logs")
    with translated(f"read log group {name}"):
        request = {"logGroupNamePrefix": name}
        for page in _pages(client.describe_log_groups, request, ("nextToken", "nextToken")):
            group = shapes.log_group(page, name)
            if group is not None:
                return group
    return None


def read_role(aws: Aws, name: str) -> RoleState | None:
    """The role and the inline policy that ddbinsert writes on it, side by side."""
    client = aws.client("iam")
    doing = f"read role {name}"
    answer, policy = aws.side_by_side(
        lambda: _found(lambda: client.get_role(RoleName=name), doing),
        lambda: _found(
            lambda: shapes.policy_document(client.get_role_policy(RoleName=name, PolicyName=POLICY_NAME)),
            doing,
        ),
    )
    return shapes.role(answer, policy) if answer is not None else None


def _pages(
    call: Callable[..., Any], request: dict[str, Any], token: tuple[str, str]
) -> Iterator[dict[str, Any]]:
    """Page by page; botocore's own paginators take longer to set up than a page takes to come.

    Args:
        token: The token's name in a request, and in an answer.
    """
    asked, told = token
    while True:
        page = call(**request)
        yield page
        if not page.get(told):
            return
        request = {**request, asked: page[told]}


def _found(read: Callable[[], T], doing: str) -> T | None:
    """The answer, or None where AWS says that there is no such thing."""
    with translated(doing):
        try:
            return read()
        except Exception as error:
            if is_not_found(error):
                return None
            # An emulator's way to say that the function of a listing doesn't exist.
            if code_of(error) == "InvalidParameterValueException" and "does not exist" in str(error):
                return None
            raise
