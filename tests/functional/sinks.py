"""The sinks of the handlers in the embedded emulator: each made, and read back as entries."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from tests.functional.helpers import fresh

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Bench:
    """Clients of what the commands speak to, one a service.

    Args:
        connection: The variables by which an AWS SDK comes there.
    """

    def __init__(self, connection: Mapping[str, str]) -> None:
        self._session: Any = boto3.session.Session(
            aws_access_key_id=connection["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=connection["AWS_SECRET_ACCESS_KEY"],
            region_name=connection["AWS_REGION"],
        )
        self._endpoint = connection["AWS_ENDPOINT_URL"]
        self._clients: dict[str, Any] = {}

    def __call__(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = self._session.client(
                service, endpoint_url=self._endpoint, config=Config(retries={"total_max_attempts": 2})
            )
        return self._clients[service]

    def close(self) -> None:
        for client in self._clients.values():
            client.close()


class Sink:
    """A sink: its ARN, and what it has been given so far."""

    def __init__(self, arn: str, read: Callable[[], list[dict[str, Any]]]) -> None:
        self.arn = arn
        self._read = read

    def entries(self) -> list[dict[str, Any]]:
        return self._read()


def table(aws: Bench) -> Sink:
    name = fresh("audit")
    made = aws("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "eventID", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "eventID", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    aws("dynamodb").get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 0.1})

    def read() -> list[dict[str, Any]]:
        items = aws("dynamodb").scan(TableName=name, ConsistentRead=True)["Items"]
        return [
            {"eventID": item["eventID"]["S"], "keys": {"pk": item["keys"]["M"]["pk"]["S"]}} for item in items
        ]

    return Sink(made["TableDescription"]["TableArn"], read)


def logs(aws: Bench) -> Sink:
    name = f"/audit/{fresh('log')}"
    aws("logs").create_log_group(logGroupName=name)
    (group,) = aws("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]

    def read() -> list[dict[str, Any]]:
        pages = aws("logs").get_paginator("filter_log_events").paginate(logGroupName=name)
        return [json.loads(event["message"]) for page in pages for event in page["events"]]

    return Sink(group["arn"], read)


def bucket(aws: Bench) -> Sink:
    name = fresh("audit")
    aws("s3").create_bucket(Bucket=name)
    return Sink(f"arn:aws:s3:::{name}/kept", lambda: _objects(aws, name))


def _objects(aws: Bench, name: str) -> list[dict[str, Any]]:
    keys = [one["Key"] for one in aws("s3").list_objects_v2(Bucket=name).get("Contents", ())]
    bodies = [aws("s3").get_object(Bucket=name, Key=key)["Body"].read().decode() for key in keys]
    return [json.loads(line) for body in bodies for line in body.splitlines()]


def firehose(aws: Bench) -> Sink:
    name = fresh("feed")
    aws("s3").create_bucket(Bucket=name)
    destination = {"RoleARN": "arn:aws:iam::000000000000:role/feed", "BucketARN": f"arn:aws:s3:::{name}"}
    made = aws("firehose").create_delivery_stream(
        DeliveryStreamName=name, ExtendedS3DestinationConfiguration=destination
    )
    return Sink(made["DeliveryStreamARN"], lambda: _objects(aws, name))


def kinesis(aws: Bench) -> Sink:
    name = fresh("feed")
    aws("kinesis").create_stream(StreamName=name, ShardCount=1)
    described = aws("kinesis").describe_stream(StreamName=name)["StreamDescription"]

    def read() -> list[dict[str, Any]]:
        shard = described["Shards"][0]["ShardId"]
        at = aws("kinesis").get_shard_iterator(
            StreamName=name, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
        )
        records = aws("kinesis").get_records(ShardIterator=at["ShardIterator"])["Records"]
        return [json.loads(record["Data"]) for record in records]

    return Sink(described["StreamARN"], read)


def queue(aws: Bench, *, fifo: bool = False) -> Sink:
    name = fresh("news") + (".fifo" if fifo else "")
    attributes = {"FifoQueue": "true"} if fifo else {}
    url = aws("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    arn = aws("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    received: list[dict[str, Any]] = []

    def read() -> list[dict[str, Any]]:
        while True:
            messages = aws("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
            for message in messages:
                aws("sqs").delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                received.append(json.loads(message["Body"]))
            if not messages:
                return list(received)

    return Sink(arn, read)


def topic(aws: Bench) -> Sink:
    arn = aws("sns").create_topic(Name=fresh("news"))["TopicArn"]
    inbox = queue(aws)
    aws("sns").subscribe(
        TopicArn=arn, Protocol="sqs", Endpoint=inbox.arn, Attributes={"RawMessageDelivery": "true"}
    )
    return Sink(arn, inbox.entries)


def bus(aws: Bench) -> Sink:
    name = fresh("bus")
    arn = aws("events").create_event_bus(Name=name)["EventBusArn"]
    inbox = queue(aws)
    aws("events").put_rule(Name=name, EventBusName=name, EventPattern=json.dumps({"source": ["ddbinsert"]}))
    aws("events").put_targets(Rule=name, EventBusName=name, Targets=[{"Id": "1", "Arn": inbox.arn}])
    return Sink(arn, lambda: [event["detail"] for event in inbox.entries()])


SINKS: dict[str, Callable[[Bench], Sink]] = {
    "table": table,
    "logs": logs,
    "bucket": bucket,
    "firehose": firehose,
    "kinesis": kinesis,
    "queue": queue,
    "fifo": lambda aws: queue(aws, fifo=True),
    "topic": topic,
    "bus": bus,
}
