"""The rig leaves a document only where AWS would: rights of the role, the place's own policy, its key."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tests.strict.bench import fresh, until
from tests.strict.rig import Functions, Mappings, Metrics, Profile, Roles

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.strict.bench import Bench

AT_ONCE = Profile(
    roles=Roles(propagation=0.0, policy_propagation=0.0),
    functions=Functions(pending=0.0, updating=0.0),
    mappings=Mappings(creating=0.0, updating=0.0, deleting=0.0, polling_delay=0.0, retry_delay=0.01),
    metrics=Metrics(lag=0.0),
)
_HERE = "eu-west-1:000000000000"
_ALL: dict[str, Any] = {"Effect": "Allow", "Action": "*", "Resource": "*"}
_READS = {"Effect": "Allow", "Action": ["dynamodb:*", "logs:*"], "Resource": "*"}
_DENIES = {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}
_PLAIN_HTTP = {**_DENIES, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
_OF_ACCOUNT = {
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::000000000000:root"},
    "Action": "kms:*",
    "Resource": "*",
}


def queue(bench: Bench, *, policy: Any = None, key: str = "", fifo: bool = False) -> str:
    name = fresh("queue") + (".fifo" if fifo else "")
    attributes = {
        **({"Policy": json.dumps({"Statement": [policy]})} if policy else {}),
        **({"KmsMasterKeyId": key} if key else {}),
        **({"FifoQueue": "true"} if fifo else {}),
    }
    bench.upstream("sqs").create_queue(QueueName=name, Attributes=attributes)
    return f"arn:aws:sqs:{_HERE}:{name}"


def bucket(bench: Bench, *, policy: Any = None) -> str:
    name = fresh("bucket")
    s3 = bench.upstream("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    if policy:
        s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Statement": [policy]}))
    return f"arn:aws:s3:::{name}"


def key(bench: Bench, *statements: Any) -> str:
    kms = bench.upstream("kms")
    made = str(kms.create_key()["KeyMetadata"]["Arn"])
    kms.put_key_policy(KeyId=made, PolicyName="default", Policy=json.dumps({"Statement": [*statements]}))
    return made


CASES: dict[str, tuple[Callable[[Bench], str], list[dict[str, Any]], bool]] = {
    "queue": (queue, [_ALL], True),
    "queue without the right": (queue, [_READS], False),
    "queue whose policy allows it": (lambda bench: queue(bench, policy={**_DENIES, "Effect": "Allow"}), [_READS], True),
    "queue whose policy denies": (lambda bench: queue(bench, policy=_DENIES), [_ALL], False),
    "queue that refuses plain http": (lambda bench: queue(bench, policy=_PLAIN_HTTP), [_ALL], True),
    "fifo queue": (lambda bench: queue(bench, fifo=True), [_ALL], False),
    "queue with a key": (lambda bench: queue(bench, key=key(bench, _OF_ACCOUNT)), [_ALL], True),
    "queue with a key without the right": (
        lambda bench: queue(bench, key=key(bench, _OF_ACCOUNT)),
        [_READS, {**_ALL, "Action": "sqs:*"}],
        False,
    ),
    "queue with a key that denies": (lambda bench: queue(bench, key=key(bench, _OF_ACCOUNT, _DENIES)), [_ALL], False),
    "queue with a key that says nothing": (lambda bench: queue(bench, key=key(bench)), [_ALL], False),
    "queue that is gone": (lambda _: f"arn:aws:sqs:{_HERE}:gone", [_ALL], False),
    "bucket": (bucket, [_ALL], True),
    "bucket without the right": (bucket, [_READS], False),
    "bucket whose policy denies": (lambda bench: bucket(bench, policy=_DENIES), [_ALL], False),
}  # fmt: skip


def test_a_document_arrives_where_every_policy_lets_it(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(AT_ONCE)
    table = bench.table()
    fails = "def handler(event, context):\n    raise ValueError('no')\n"
    mappings: dict[str, str] = {}
    for name, (place, statements, _) in CASES.items():
        made = bench.lambda_.create_event_source_mapping(
            EventSourceArn=bench.stream_arn(table),
            FunctionName=bench.function(fails, role=bench.role(statements=statements)),
            StartingPosition="TRIM_HORIZON",
            MaximumRetryAttempts=0,
            DestinationConfig={"OnFailure": {"Destination": place(bench)}},
            MetricsConfig={"Metrics": ["EventCount"]},
        )
        mappings[name] = made["UUID"]
    bench.put(table, "poison")
    found = {name: until(partial(fate, bench, uuid)) for name, uuid in mappings.items()}
    assert found == {
        name: "OnFailureDestinationDeliveredEventCount" if arrives else "DroppedEventCount"
        for name, (_, _, arrives) in CASES.items()
    }


def fate(bench: Bench, mapping: str) -> str:
    """Which of the two counts of discarded records is not 0; empty while none is."""
    now = bench.clock()
    for name in ("OnFailureDestinationDeliveredEventCount", "DroppedEventCount"):
        points = bench.cloudwatch.get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName=name,
            Dimensions=[{"Name": "EventSourceMappingUUID", "Value": mapping}],
            StartTime=now - 600,
            EndTime=now + 60,
            Period=60,
            Statistics=["Sum"],
        )["Datapoints"]
        if any(point["Sum"] for point in points):
            return name
    return ""


@pytest.mark.parametrize("service", ["sqs", "s3"])
def test_a_document_arrives_where_no_right_is_enforced(bench_of: Callable[..., Bench], service: str) -> None:
    """Without roles in its profile the rig asks nobody."""
    bench = bench_of(Profile(mappings=AT_ONCE.mappings, metrics=AT_ONCE.metrics))
    table = bench.table()
    made = bench.lambda_.create_event_source_mapping(
        EventSourceArn=bench.stream_arn(table),
        FunctionName=bench.function(
            "def handler(event, context):\n    raise ValueError('no')\n", role=bench.role(statements=[_READS])
        ),
        StartingPosition="TRIM_HORIZON",
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": queue(bench) if service == "sqs" else bucket(bench)}},
        MetricsConfig={"Metrics": ["EventCount"]},
    )
    bench.put(table, "poison")
    assert until(lambda: fate(bench, made["UUID"])) == "OnFailureDestinationDeliveredEventCount"
