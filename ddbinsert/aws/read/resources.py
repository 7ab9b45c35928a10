"""Single reads: one resource each, or None if it does not exist."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from ddbinsert.aws.errors import PermissionDenied, code_of, is_not_found, translated
from ddbinsert.aws.queue_address import queue_url
from ddbinsert.core.arn import arn_parts, resource_name
from ddbinsert.core.model.alias import AliasState
from ddbinsert.core.trigger import shapes
from ddbinsert.core.trigger.policy import POLICY_NAME
from ddbinsert.errors import AwsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.model.seen import FunctionState, LogGroupState, MappingState, RoleState, TableState

T = TypeVar("T")


def read_table(aws: Aws, name: str) -> TableState | None:
    """The table; None if it does not exist."""
    return _found(
        lambda: table_state(aws, aws.of_table.client("dynamodb").describe_table(TableName=name)),
        f"read table {name}",
    )


def table_state(aws: Aws, answer: Any) -> TableState:
    """The table in an answer of DynamoDB, with the account of its trigger's function."""
    table = shapes.table(answer)
    return replace(table, function_account=aws.function_account) if aws.function_account else table


def read_table_tags(aws: Aws, arn: str) -> dict[str, str]:
    """A table's tags."""
    with translated(f"read the tags of {arn}"):
        pages = (
            aws.of_table.client("dynamodb").get_paginator("list_tags_of_resource").paginate(ResourceArn=arn)
        )
        return {tag["Key"]: tag["Value"] for page in pages for tag in page.get("Tags", ())}


def read_function(aws: Aws, name: str) -> FunctionState | None:
    """The function; None if it does not exist."""
    return _found(
        lambda: shapes.function(aws.client("lambda").get_function(FunctionName=name)), f"read function {name}"
    )


def require_tags(function: FunctionState | None) -> None:
    """Check that the function's tags were read, without which its owner is unknown.

    Raises:
        PermissionDenied: Its tags could not be read.
    """
    if function is not None and function.tags_unread:
        raise PermissionDenied(
            f"Could not read the tags of function {function.name}, so it is unknown whether ddbinsert created it: "
            f"{function.tags_unread}",
            hint="Add lambda:ListTags on the function to the policy of your identity.",
        )


def read_configuration(aws: Aws, name: str) -> Mapping[str, Any]:
    """A function's whole configuration, as Lambda returns it; empty if the function does not exist."""
    found: Mapping[str, Any] | None = _found(
        lambda: aws.client("lambda").get_function(FunctionName=name)["Configuration"],
        f"read function {name}",
    )
    return found or {}


def read_alias_weights(aws: Aws, arn: str) -> tuple[tuple[str, float], ...]:
    """An alias's additional versions with their shares of invocations; empty if the qualifier is a version number."""
    qualifier = arn_parts(arn).qualifier
    if not qualifier or qualifier.isdecimal():
        return ()
    found: Mapping[str, Any] | None = _found(
        lambda: aws.client("lambda").get_alias(FunctionName=resource_name(arn), Name=qualifier),
        f"read alias {qualifier}",
    )
    weights = ((found or {}).get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    return tuple(sorted((str(version), float(share)) for version, share in weights.items()))


def read_alias(aws: Aws, function: FunctionState, name: str) -> AliasState | None:
    """An alias of a function, with the version that it points to; None if it does not exist."""
    found: Mapping[str, Any] | None
    found, version = aws.side_by_side(
        lambda: _found(
            lambda: aws.client("lambda").get_alias(FunctionName=function.name, Name=name),
            f"read alias {name}",
        ),
        lambda: read_function(aws, f"{function.arn}:{name}"),
    )
    if found is None:
        return None
    weights = (found.get("RoutingConfig") or {}).get("AdditionalVersionWeights")
    # Invocations that are divided among versions are not those of one version.
    return AliasState(name=name, version=str(found["FunctionVersion"]), function=None if weights else version)


def read_kinesis_destinations(aws: Aws, table: str) -> tuple[str, ...]:
    """The ARNs of the Kinesis data streams that receive every change of a table."""
    answer: Mapping[str, Any] | None = _found(
        lambda: aws.of_table.client("dynamodb").describe_kinesis_streaming_destination(TableName=table),
        f"read the Kinesis destinations of table {table}",
    )
    found = (answer or {}).get("KinesisDataStreamDestinations") or ()
    return tuple(
        one["StreamArn"]
        for one in found
        if one.get("DestinationStatus") in ("ACTIVE", "ENABLING", "UPDATING")
    )


def read_mappings(
    aws: Aws, *, function_name: str | None = None, stream_arn: str | None = None
) -> tuple[MappingState, ...]:
    """Every mapping of a function, or on a stream, or of the region.

    Asked for a function, ListEventSourceMappings leaves out its aliases' mappings (docs/aws-facts.md#esm-list-qualifiers).
    """
    request: dict[str, Any] = {}
    if function_name:
        request["FunctionName"] = function_name
    if stream_arn:
        request["EventSourceArn"] = stream_arn
    found = _found(lambda: _all_mappings(aws, request), "list event source mappings")
    return found or ()


def _all_mappings(aws: Aws, request: dict[str, Any]) -> tuple[MappingState, ...]:
    pages = _pages(aws.client("lambda").list_event_source_mappings, request, ("Marker", "NextMarker"))
    return tuple(shapes.mapping(entry) for page in pages for entry in page["EventSourceMappings"])


def read_functions(aws: Aws) -> tuple[FunctionState, ...]:
    """Every function of the region, without tags."""
    with translated("list functions"):
        pages = _pages(aws.client("lambda").list_functions, {}, ("Marker", "NextMarker"))
        return tuple(shapes.function(entry) for page in pages for entry in page["Functions"])


def read_mapping(aws: Aws, uuid: str) -> MappingState | None:
    """The mapping; None if it does not exist (any more)."""
    return _found(
        lambda: shapes.mapping(aws.client("lambda").get_event_source_mapping(UUID=uuid)),
        f"read event source mapping {uuid}",
    )


#: Error codes of endpoints that do not support tags of mappings.
_NO_SUCH_TAGS = frozenset(
    (
        "InternalFailure",
        "InvalidAction",
        "InvalidParameterValueException",
        "NotImplemented",
        "NotImplementedException",
        "UnknownOperationException",
        "ValidationException",
        "404",
        "405",
        "501",
    )
)


def read_mapping_tags(aws: Aws, mapping: MappingState) -> dict[str, str] | None:
    """A mapping's tags; None if the endpoint does not support tags of mappings.

    Raises:
        AwsError: Not permitted (lambda:ListTags), so the mapping's owner is unknown.
    """
    with translated(f"read the tags of event source mapping {mapping.uuid}"):
        try:
            answer = aws.client("lambda").list_tags(Resource=mapping.arn)
        except Exception as error:
            if is_not_found(error):
                return {}
            if code_of(error) in _NO_SUCH_TAGS:
                return None
            raise
    return dict(answer.get("Tags") or {})


def read_log_group(aws: Aws, name: str) -> LogGroupState | None:
    """The log group with exactly this name; None if it does not exist."""
    client = aws.client("logs")
    with translated(f"read log group {name}"):
        request = {"logGroupNamePrefix": name}
        for page in _pages(client.describe_log_groups, request, ("nextToken", "nextToken")):
            group = shapes.log_group(page, name)
            if group is not None:
                return group
    return None


def read_role(aws: Aws, name: str) -> RoleState | None:
    """The role, with the inline policy that ddbinsert writes; both are read concurrently."""
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


def has_queue(aws: Aws, name: str) -> bool:
    """Whether there is an SQS queue of this name."""
    with translated(f"find queue {name}"):
        return queue_url(aws, name) is not None


def caller_account(aws: Aws) -> str | None:
    """The caller's account, for messages only; None if STS does not return it.

    If a table is missing, the cause is often the wrong account.
    """
    with contextlib.suppress(AwsError), translated("get the account"):
        return aws.client("sts").get_caller_identity()["Account"]
    return None


def _pages(
    call: Callable[..., Any], request: dict[str, Any], token: tuple[str, str]
) -> Iterator[dict[str, Any]]:
    """The answers page by page; setting up botocore's paginators takes longer than reading a page.

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
    """The answer, or None if AWS reports that the resource does not exist."""
    with translated(doing):
        try:
            return read()
        except Exception as error:
            if is_not_found(error):
                return None
            # An emulator's error if the function of a listing does not exist.
            if code_of(error) == "InvalidParameterValueException" and "does not exist" in str(error):
                return None
            raise
