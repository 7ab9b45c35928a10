"""The stream on the rig: several shards with a lineage, read limits, iterators that expire, and PartiQL recorded."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.strict.rig import Profile, Streams

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.strict.bench import Bench, ManualClock


def shards_of(bench: Bench, arn: str) -> list[dict[str, Any]]:
    return list(bench.streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"])


def iterator(bench: Bench, arn: str, shard: str, kind: str = "TRIM_HORIZON", **more: Any) -> str:
    answer = bench.streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType=kind, **more)
    return str(answer["ShardIterator"])


def records_of(bench: Bench, start: str) -> Iterator[dict[str, Any]]:
    """Everything from an iterator on until the shard ends, or holds no more."""
    following: str | None = start
    while following:
        page = bench.streams.get_records(ShardIterator=following)
        yield from page["Records"]
        following = page.get("NextShardIterator") if page["Records"] else None


def name_of(record: dict[str, Any]) -> str:
    return f"{record['eventName']} {record['dynamodb']['Keys']['pk']['S']}"


def test_the_shards_together_hold_every_record_once_and_an_item_keeps_its_shard(
    bench_of: Callable[..., Bench],
) -> None:
    bench = bench_of(Profile(streams=Streams(shards=3)))
    table = bench.table()
    for change in ("one", "two"):
        for number in range(12):
            bench.put(table, f"item-{number}", change=change)
    arn = bench.stream_arn(table)
    found = [
        [name_of(record) for record in records_of(bench, iterator(bench, arn, shard["ShardId"]))]
        for shard in shards_of(bench, arn)
    ]
    assert len(found) == 3
    assert sorted(itertools.chain.from_iterable(found)) == sorted(
        f"{event} item-{number}" for event in ("INSERT", "MODIFY") for number in range(12)
    )
    for held in found:
        keys = [name.split()[1] for name in held]
        assert all(keys.count(key) == 2 for key in keys)


def test_shards_close_and_their_children_go_on(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(Profile(streams=Streams(shards=1, split_every=4)))
    table = bench.table()
    for number in range(10):
        bench.put(table, f"item-{number}")
    arn = bench.stream_arn(table)
    first, second, third = shards_of(bench, arn)
    assert "ParentShardId" not in first
    assert (second["ParentShardId"], third["ParentShardId"]) == (first["ShardId"], second["ShardId"])
    ends = ["EndingSequenceNumber" in shard["SequenceNumberRange"] for shard in (first, second, third)]
    assert ends == [True, True, False]
    page = bench.streams.get_records(ShardIterator=iterator(bench, arn, first["ShardId"]))
    assert (len(page["Records"]), "NextShardIterator" in page) == (4, False)
    page = bench.streams.get_records(ShardIterator=iterator(bench, arn, third["ShardId"]))
    assert (len(page["Records"]), "NextShardIterator" in page) == (2, True)


def test_children_show_late(bench_of: Callable[..., Bench], clock: ManualClock) -> None:
    bench = bench_of(Profile(streams=Streams(shards=1, split_every=2, child_hidden=5.0)), clock=clock)
    table = bench.table()
    for number in range(3):
        bench.put(table, f"item-{number}")
    arn = bench.stream_arn(table)
    (only,) = shards_of(bench, arn)
    assert "EndingSequenceNumber" in only["SequenceNumberRange"]
    clock.advance(6)
    assert len(shards_of(bench, arn)) == 2


def test_children_that_came_at_the_same_time_show_at_the_same_time(
    bench_of: Callable[..., Bench], clock: ManualClock
) -> None:
    bench = bench_of(Profile(streams=Streams(shards=1, split_every=2, child_hidden=5.0)), clock=clock)
    table = bench.table()
    for number in range(7):
        bench.put(table, f"item-{number}")
    arn = bench.stream_arn(table)
    assert len(shards_of(bench, arn)) == 1
    clock.advance(6)
    assert len(shards_of(bench, arn)) == 4


def test_a_reader_may_begin_at_the_end_or_after_a_record(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(Profile(streams=Streams(shards=1)))
    table = bench.table()
    bench.put(table, "a")
    arn = bench.stream_arn(table)
    (shard,) = shards_of(bench, arn)
    latest = iterator(bench, arn, shard["ShardId"], "LATEST")
    (first,) = records_of(bench, iterator(bench, arn, shard["ShardId"]))
    bench.put(table, "b")
    assert [name_of(record) for record in records_of(bench, latest)] == ["INSERT b"]
    after = iterator(
        bench,
        arn,
        shard["ShardId"],
        "AFTER_SEQUENCE_NUMBER",
        SequenceNumber=first["dynamodb"]["SequenceNumber"],
    )
    assert [name_of(record) for record in records_of(bench, after)] == ["INSERT b"]


def test_a_shard_answers_so_many_reads_a_second_and_iterators_expire(
    bench_of: Callable[..., Bench], clock: ManualClock
) -> None:
    bench = bench_of(Profile(streams=Streams(shards=1, reads_per_second=2)), clock=clock)
    arn = bench.stream_arn(bench.table())
    (shard,) = shards_of(bench, arn)
    start = iterator(bench, arn, shard["ShardId"])
    for _ in range(2):
        bench.streams.get_records(ShardIterator=start)
    with pytest.raises(ClientError, match="ProvisionedThroughputExceeded"):
        bench.streams.get_records(ShardIterator=start)
    clock.advance(1.1)
    bench.streams.get_records(ShardIterator=start)
    clock.advance(901)
    with pytest.raises(bench.streams.exceptions.ExpiredIteratorException):
        bench.streams.get_records(ShardIterator=start)


def test_items_of_one_partition_key_share_a_shard(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(Profile(streams=Streams(shards=4)))
    table = bench.table(sort_key=True)
    for number in range(12):
        bench.put(table, "all-the-same", sk=f"{number}")
    arn = bench.stream_arn(table)
    held = [
        len([*records_of(bench, iterator(bench, arn, shard["ShardId"]))]) for shard in shards_of(bench, arn)
    ]
    assert sorted(held) == [0, 0, 0, 12]


@pytest.mark.parametrize("shard", ["", "shardId-nonsense", "shardId-1-zz"])
def test_a_shard_that_is_none_is_refused(bench_of: Callable[..., Bench], shard: str) -> None:
    bench = bench_of(Profile(streams=Streams(shards=1)))
    with pytest.raises(bench.streams.exceptions.ResourceNotFoundException):
        iterator(bench, bench.stream_arn(bench.table()), shard)


def test_partiqls_writes_are_recorded_like_any_other(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(Profile(streams=Streams(shards=1)))
    table = bench.table(sort_key=True)
    key = [{"S": "it's"}, {"S": "s"}]

    def execute(statement: str, *values: dict[str, Any]) -> None:
        bench.dynamodb.execute_statement(Statement=statement, Parameters=[*values])

    insert = f"INSERT INTO \"{table}\" VALUE {{'v': ?, 'pk': ?, 'sk': ?}}"
    execute(insert, {"N": "1"}, *key)
    with pytest.raises(bench.dynamodb.exceptions.DuplicateItemException):
        execute(insert, {"N": "1"}, *key)
    where = 'WHERE "pk" = ? AND "sk" = ?'
    update = f'UPDATE "{table}" SET "v" = ?, "w" = ? {where}'  # noqa: S608 - a name of our own
    execute(update, {"N": "2"}, {"S": "x"}, *key)
    execute(f'DELETE FROM "{table}" {where}', *key)  # noqa: S608 - likewise
    arn = bench.stream_arn(table)
    (shard,) = shards_of(bench, arn)
    found = [*records_of(bench, iterator(bench, arn, shard["ShardId"]))]
    assert [record["eventName"] for record in found] == ["INSERT", "MODIFY", "REMOVE"]
    assert found[1]["dynamodb"]["NewImage"]["w"] == {"S": "x"}
    with pytest.raises(bench.dynamodb.exceptions.ConditionalCheckFailedException):
        execute(update, {"N": "2"}, {"S": "x"}, *key)
