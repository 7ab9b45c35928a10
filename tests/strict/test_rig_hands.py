"""What a test may do to the rig while a client is at work, and what it may have the rig show."""

from __future__ import annotations

import json
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from tests.strict.bench import fresh, until
from tests.strict.rig import Mappings, Profile, Streams
from tests.strict.test_rig_mappings import AT_ONCE, INSERTS, QUICK, attached

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.strict.bench import Bench, ManualClock

KEY = "arn:aws:kms:eu-west-1:000000000000:key/1"


def test_something_happens_once_before_the_call_that_is_due(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(Profile())
    table = bench.table()
    bench.rig.interrupt("dynamodb:Get*", lambda: bench.put(table, "meanwhile"), after=1)
    find = {"TableName": table, "Key": {"pk": {"S": "meanwhile"}}}
    assert "Item" not in bench.dynamodb.get_item(**find)
    before = bench.rig.all_interrupted
    assert "Item" in bench.dynamodb.get_item(**find)
    assert (before, bench.rig.all_interrupted) == (False, True)
    bench.dynamodb.delete_item(**find)
    assert "Item" not in bench.dynamodb.get_item(**find)


def test_calls_are_counted_since_the_last_call_of_another_kind(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(Profile())
    table = bench.table()
    happened: list[str] = []
    bench.rig.interrupt("dynamodb:GetItem", lambda: happened.append("now"), after=1, since="dynamodb:Put*")
    find = {"TableName": table, "Key": {"pk": {"S": "one"}}}
    bench.dynamodb.get_item(**find)
    bench.put(table, "one")
    bench.dynamodb.get_item(**find)
    assert happened == []
    bench.dynamodb.get_item(**find)
    assert happened == ["now"]


def test_answers_can_be_amended_but_refusals_cannot(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(Profile())
    table = bench.table()
    bench.rig.amend("dynamodb:DescribeTable", lambda shown: {"Table": {**shown["Table"], "ItemCount": 7}})
    assert bench.dynamodb.describe_table(TableName=table)["Table"]["ItemCount"] == 7
    with pytest.raises(ClientError, match="not found"):
        bench.dynamodb.describe_table(TableName="nobody-made-this")


def test_a_mapping_of_some_age_shows_when_it_was_changed_last(
    bench_of: Callable[..., Bench], clock: ManualClock
) -> None:
    bench = bench_of(
        Profile(mappings=Mappings(creating=0.0, polling_delay=0.0, updating=0.0, age=3600.0)), clock=clock
    )
    uuid = attached(bench, bench.table(), bench.function(), FilterCriteria=INSERTS)
    look = bench.lambda_.get_event_source_mapping
    assert look(UUID=uuid)["LastModified"].timestamp() == pytest.approx(clock() - 3600, abs=2)
    bench.lambda_.update_event_source_mapping(UUID=uuid, BatchSize=5)
    assert look(UUID=uuid)["LastModified"].timestamp() == pytest.approx(clock(), abs=2)


def test_it_is_known_whether_a_mapping_goes_by_its_last_settings(
    bench_of: Callable[..., Bench], clock: ManualClock
) -> None:
    bench = bench_of(
        Profile(mappings=Mappings(creating=0.0, polling_delay=0.0, updating=0.0, update_lag=5.0)), clock=clock
    )
    uuid = attached(bench, bench.table(), bench.function())
    assert bench.rig.is_in_force(uuid)
    bench.lambda_.update_event_source_mapping(UUID=uuid, FilterCriteria=INSERTS)
    assert not bench.rig.is_in_force(uuid)
    clock.advance(6)
    assert bench.rig.is_in_force(uuid)
    assert not bench.rig.is_in_force("nobody-made-this")


def test_settings_can_be_put_in_force_at_once(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(
        Profile(mappings=Mappings(creating=0.0, polling_delay=0.0, updating=0.0, update_lag=600.0))
    )
    uuid = attached(bench, bench.table(), bench.function())
    bench.lambda_.update_event_source_mapping(UUID=uuid, FilterCriteria=INSERTS)
    before = bench.rig.is_in_force(uuid)
    bench.rig.settle(uuid)
    bench.rig.settle("nobody-made-this")
    assert (before, bench.rig.is_in_force(uuid)) == (False, True)


def test_only_the_one_mapping_shows_its_encrypted_filter_and_only_to_who_may_decrypt(
    bench_of: Callable[..., Bench],
) -> None:
    """[D] ListEventSourceMappings hides encrypted criteria from everybody."""
    for decrypts in (True, False):
        bench = bench_of(Profile(mappings=Mappings(creating=0.0, decrypts=decrypts)))
        uuid = attached(bench, bench.table(), bench.function(), FilterCriteria=INSERTS, KMSKeyArn=KEY)
        shown = bench.lambda_.get_event_source_mapping(UUID=uuid)
        assert (shown.get("FilterCriteria") == INSERTS) is decrypts
        (listed,) = bench.lambda_.list_event_source_mappings()["EventSourceMappings"]
        assert listed.get("FilterCriteria") is None


def test_chosen_items_have_a_shard_for_themselves(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(Profile(mappings=QUICK, roles=AT_ONCE.roles, streams=Streams(shards=3, apart="theirs-")))
    table = bench.table()
    for key in ("theirs-1", "theirs-2", *(f"own-{number}" for number in range(8))):
        bench.put(table, key)
    arn = bench.stream_arn(table)
    shards = bench.streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    read = []
    for shard in shards:
        place = bench.streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )
        records = bench.streams.get_records(ShardIterator=place["ShardIterator"])["Records"]
        read.append({record["dynamodb"]["Keys"]["pk"]["S"] for record in records})
    assert read[0] == {"theirs-1", "theirs-2"}
    assert len(read[1] | read[2]) == 8


def test_discarded_records_are_told_to_a_topic_and_laid_into_a_bucket(bench_of: Callable[..., Bench]) -> None:
    """[A] S3, SQS and SNS take them; a bucket is given the records themselves, too."""
    bench = bench_of(AT_ONCE)
    sns, sqs, s3 = bench.upstream("sns"), bench.upstream("sqs"), bench.upstream("s3")
    topic, name = sns.create_topic(Name=fresh("topic"))["TopicArn"], fresh("queue")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:eu-west-1:000000000000:{name}")
    bucket = fresh("bucket")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    table, function = (
        bench.table(),
        bench.function("def handler(event, context):\n    raise ValueError('no')\n"),
    )
    for place in (topic, f"arn:aws:s3:::{bucket}"):
        settings = {"OnFailure": {"Destination": place}}
        uuid = attached(bench, table, function, MaximumRetryAttempts=0, DestinationConfig=settings)
        bench.put(table, "poison")
        if place == topic:
            told = until(lambda: sqs.receive_message(QueueUrl=url).get("Messages"))
            document = json.loads(json.loads(told[0]["Body"])["Message"])
        else:
            (laid,) = until(lambda: s3.list_objects_v2(Bucket=bucket).get("Contents"))
            document = json.loads(s3.get_object(Bucket=bucket, Key=laid["Key"])["Body"].read())
            records = json.loads(document["payload"])["Records"]
            assert records[0]["dynamodb"]["Keys"] == {"pk": {"S": "poison"}}
            assert laid["Key"].startswith(f"aws/lambda/{uuid}/{document['DDBStreamBatchInfo']['shardId']}/")
        assert document["requestContext"]["condition"] == "RetryAttemptsExhausted"
        bench.lambda_.delete_event_source_mapping(UUID=uuid)


def test_something_follows_each_call_that_succeeded(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(Profile())
    table = bench.table()
    seen: list[str] = []
    bench.rig.follow("dynamodb:PutItem", lambda call: seen.append(call.payload["Item"]["pk"]["S"]))
    bench.put(table, "one")
    with pytest.raises(ClientError):
        bench.put("nobody-made-this", "two")
    assert seen == ["one"]


def test_answers_bear_the_time_as_on_aws(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(Profile())
    headers = bench.dynamodb.list_tables()["ResponseMetadata"]["HTTPHeaders"]
    assert abs(parsedate_to_datetime(headers["date"]).timestamp() - time.time()) < 5
