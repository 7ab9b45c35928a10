"""Checks of the sink: whether the resource to which records are sent exists and can be used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ddbinsert.aws.errors import PermissionDenied, code_of, is_not_found, translated
from ddbinsert.aws.queue_address import is_missing_queue
from ddbinsert.core.arn import resource_name
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.arn import Arn

_KEY = [{"AttributeName": "eventID", "KeyType": "HASH"}]


@dataclass(frozen=True, kw_only=True)
class SinkProblem:
    """A problem with a sink.

    Attributes:
        text: The problem in words, as part of a sentence.
        is_missing: The sink does not exist.
        is_wrong: The sink exists, but cannot be used.
    """

    text: str
    is_missing: bool = False
    is_wrong: bool = False


def look_at(aws: Aws, target: Arn, *, is_deduplication: bool) -> SinkProblem | None:
    """The problem with a sink, or None. A sink that may not be read is reported as not checked."""
    try:
        return _find_problem(aws, target, is_deduplication=is_deduplication)
    except Exception as error:  # noqa: BLE001 - a failed check of a foreign resource must not end the run
        code = code_of(error)
        if is_not_found(error) or is_missing_queue(error) or code in _MISSING:
            return SinkProblem(text="it does not exist", is_missing=True)
        return SinkProblem(text=f"whether it exists could not be checked ({code or type(error).__name__})")


_MISSING = ("404", "NoSuchBucket", "NotFound", "NotFoundException")


def _find_problem(aws: Aws, target: Arn, *, is_deduplication: bool) -> SinkProblem | None:
    client: Any = aws.client(target.service)
    name = target.resource.partition("/")[2]
    match target.service:
        case "dynamodb":
            return _table(client, str(target), is_deduplication=is_deduplication)
        case "logs":
            group = target.resource.removeprefix("log-group:")
            groups = client.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
            if group not in [one["logGroupName"] for one in groups]:
                return SinkProblem(text="it does not exist", is_missing=True)
        case "s3":
            client.head_bucket(Bucket=target.resource.partition("/")[0])
        case "firehose":
            client.describe_delivery_stream(DeliveryStreamName=name)
        case "kinesis":
            client.describe_stream_summary(StreamARN=str(target))
        case "events":
            client.describe_event_bus(Name=name)
        case "sqs":
            client.get_queue_url(QueueName=target.resource, QueueOwnerAWSAccountId=target.account)
        case "sns":
            client.get_topic_attributes(TopicArn=str(target))
        case _:
            pass
    return None


def _table(client: Any, arn: str, *, is_deduplication: bool) -> SinkProblem | None:
    table = client.describe_table(TableName=arn)["Table"]
    if table["KeySchema"] != _KEY:
        return SinkProblem(text="the table's key is not eventID alone", is_wrong=True)
    if not is_deduplication:
        return None
    if any(one["IndexName"] in ("by-item", "by-user") for one in table.get("GlobalSecondaryIndexes") or ()):
        return SinkProblem(text="the table is an audit log", is_wrong=True)
    lives = client.describe_time_to_live(TableName=table["TableName"]).get("TimeToLiveDescription") or {}
    if lives.get("AttributeName") != "expires":
        return SinkProblem(
            text="the table has no time to live on `expires`, so its entries are never deleted"
        )
    return None


def find_by_name(aws: Aws, name: str, services: Sequence[str]) -> list[str]:
    """The ARNs of the resources with this name, in the order of the services.

    Raises:
        PermissionDenied: None was found, and a service may not be asked.
    """
    found = []
    denied: PermissionDenied | None = None
    for service in services:
        try:
            with translated(f"look for {name} in {service}"):
                arn = _arn_of(aws.client(service), service, name)
        except PermissionDenied as error:
            # S3 says no more than "403" of a bucket of others.
            denied = denied or (None if service == "s3" else error)
            continue
        except Exception:  # noqa: BLE001, S112 - it does not exist in this service
            continue
        if arn:
            found.append(arn.removesuffix(":*"))
    if denied is not None and not found:
        raise denied
    return found


def _arn_of(client: Any, service: str, name: str) -> str | None:
    match service:
        case "dynamodb":
            return str(client.describe_table(TableName=name)["Table"]["TableArn"])
        case "logs":
            groups = client.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
            return next((str(one["arn"]) for one in groups if one["logGroupName"] == name), None)
        case "s3":
            client.head_bucket(Bucket=name)
            return f"arn:{client.meta.partition}:s3:::{name}"
        case "firehose":
            described = client.describe_delivery_stream(DeliveryStreamName=name)
            return str(described["DeliveryStreamDescription"]["DeliveryStreamARN"])
        case "kinesis":
            return str(
                client.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]
            )
        case "events":
            return str(client.describe_event_bus(Name=name)["Arn"])
        case "sqs":
            url = client.get_queue_url(QueueName=name)["QueueUrl"]
            attributes = client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
            return str(attributes["Attributes"]["QueueArn"])
        case "sns":
            topics = (
                one["TopicArn"]
                for page in client.get_paginator("list_topics").paginate()
                for one in page["Topics"]
            )
            return next((str(arn) for arn in topics if resource_name(arn) == name), None)
        case _:
            return None
