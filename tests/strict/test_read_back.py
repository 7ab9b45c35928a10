"""What is read back from a stream of several shards: the newest inserts, and the records of a failure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.strict.answering import runner
from tests.strict.bench import RECORDING, fresh, until
from tests.strict.rig import Mappings, Profile, Streams

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ddbinsert import local
    from tests.strict.bench import Bench


def keys_of(records: list[dict[str, Any]]) -> list[str]:
    return [record["dynamodb"]["Keys"]["pk"]["S"] for record in records]


def test_captured_records_are_the_newest_inserts_of_all_shards(
    bench_of: Callable[..., Bench], emulator: local.Emulator, tmp_path: Path
) -> None:
    bench = bench_of(Profile(streams=Streams(shards=4)))
    table = bench.table()
    for number in range(10):
        bench.put(table, f"k{number}")
        bench.put(table, f"k{number}", changed="yes")
    code, answer = runner(bench, emulator, tmp_path)("invoke", table, "--captured", "3")
    assert code == 0, answer
    log = answer["data"]["invocations"][0]["log"]
    receipts = [json.loads(line.removeprefix("DDBINSERT ")) for line in log]
    assert [receipt["keys"]["pk"]["S"] for receipt in receipts] == ["k7", "k8", "k9"]


class Failed:
    """A trigger whose mapping is off, with a queue in which the test itself leaves a failure."""

    def __init__(self, bench: Bench, run: Callable[..., tuple[int, dict[str, Any]]]) -> None:
        self.bench = bench
        self.run = run
        self.table = bench.table()
        self._url = bench.sqs.create_queue(QueueName=fresh("failures"))["QueueUrl"]
        names = ["QueueArn"]
        found = bench.sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=names)["Attributes"]
        code, answer = run("attach-trigger", self.table, "--disabled", "--on-failure", found["QueueArn"])
        assert code == 0, answer

    def give_up(self, first: str, last: str) -> None:
        function = f"arn:aws:lambda:eu-west-1:000000000000:function:{self.table}-inserts"
        arn = self.bench.stream_arn(self.table)
        shards = self.bench.streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
        document = {
            "requestContext": {"functionArn": function, "condition": "RetryAttemptsExhausted"},
            "DDBStreamBatchInfo": {
                "shardId": shards[0]["ShardId"],
                "startSequenceNumber": first,
                "endSequenceNumber": last,
                "streamArn": arn,
            },
        }
        self.bench.sqs.send_message(QueueUrl=self._url, MessageBody=json.dumps(document))

    def numbers(self) -> list[str]:
        arn = self.bench.stream_arn(self.table)
        streams = self.bench.upstream("dynamodbstreams")
        (shard,) = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
        at = streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )
        records = streams.get_records(ShardIterator=at["ShardIterator"])["Records"]
        return [record["dynamodb"]["SequenceNumber"] for record in records]


def test_a_failure_is_read_to_its_last_record_past_any_number_of_empty_answers(
    bench_of: Callable[..., Bench], emulator: local.Emulator, tmp_path: Path
) -> None:
    bench = bench_of(Profile(streams=Streams(shards=1, empty_answers=7)))
    failed = Failed(bench, runner(bench, emulator, tmp_path))
    for number in range(4):
        bench.put(failed.table, f"k{number}")
    numbers = failed.numbers()
    failed.give_up(numbers[0], numbers[2])
    _, answer = failed.run("failures", "show", failed.table)
    (shown,) = answer["data"]
    assert not shown["problem"]
    assert keys_of(shown["records"]) == ["k0", "k1", "k2"]


def test_what_lambda_gave_up_in_shards_that_split_is_replayed_whole(
    bench_of: Callable[..., Bench], emulator: local.Emulator, tmp_path: Path
) -> None:
    profile = Profile(
        streams=Streams(shards=2, split_every=7),
        mappings=Mappings(creating=0.01, updating=0.01, polling_delay=0.1, update_lag=0.0, retry_delay=0.01),
    )
    bench = bench_of(profile)
    run = runner(bench, emulator, tmp_path)
    table = bench.table()
    attach = ("attach-trigger", table, "--code", "app.py", "--on-failure", "create", "--retries", "0")
    (tmp_path / "app.py").write_text("def handler(event, context):\n    raise ValueError('not yet')\n")
    code, answer = run(*attach)
    assert code == 0, answer
    for number in range(10):
        bench.put(table, f"k{number}")
        bench.put(table, f"k{number}", changed="yes")

    def given_up() -> list[str]:
        _, shown = run("failures", "show", table)
        return sorted(key for failure in shown["data"] for key in keys_of(failure["records"]))

    keys = [f"k{number}" for number in range(10)]
    assert until(lambda: given_up() == keys, seconds=60), given_up()
    (tmp_path / "app.py").write_text(RECORDING)
    assert run(*attach, "--yes")[0] == 0
    code, answer = run("failures", "replay", table)
    assert code == 0, answer
    assert given_up() == []
    function = f"/aws/lambda/{table}-inserts"
    assert sorted(line.strip() for line in bench.messages(function) if line.startswith("REC")) == [
        f"REC INSERT {key}" for key in keys
    ]


def test_a_failure_of_which_not_all_can_be_read_is_not_replayed_in_part_and_stays(
    bench_of: Callable[..., Bench], emulator: local.Emulator, tmp_path: Path
) -> None:
    bench = bench_of(Profile(streams=Streams(shards=1, split_every=3)))
    failed = Failed(bench, runner(bench, emulator, tmp_path))
    for number in range(5):
        bench.put(failed.table, f"k{number}")
    numbers = failed.numbers()
    failed.give_up(numbers[0], numbers[4])  # the shard ends before that
    for _ in range(2):
        code, answer = failed.run("failures", "replay", failed.table)
        assert code == 1
        (outcome,) = answer["data"]["failures"]
        assert (outcome["done"], "only 3 records" in outcome["problem"]) == (0, True)
