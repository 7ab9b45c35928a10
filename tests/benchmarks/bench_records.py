"""`records --output json` of a stream of 100,000 records, against bare GetRecords calls, by processor time.

    python -m pytest -m benchmark -s tests/benchmarks/bench_records.py

Both read the same endpoint in turn, in processes of their own; the bare one does nothing with the records. The start of
the processes is not counted: each also runs once on a stream of a single page. BENCH_RECORDS sets another number.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from statistics import median

import pytest

from tests.benchmarks.figures import figure
from tests.benchmarks.processes import endpoint

RECORDS = int(os.environ.get("BENCH_RECORDS", "100000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
#: At least so much of the bare rate.
LEAST = 0.8

_BARE = """
import boto3
client = boto3.client("dynamodbstreams")
(shard,) = client.describe_stream(StreamArn="arn:aws:dynamodb:us-east-1:0:table/big/stream/x")["StreamDescription"]["Shards"]
iterator = client.get_shard_iterator(
    StreamArn="arn:aws:dynamodb:us-east-1:0:table/big/stream/x", ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
)["ShardIterator"]
while (page := client.get_records(ShardIterator=iterator, Limit=1000))["Records"]:
    iterator = page["NextShardIterator"]
"""
_WAYS = {
    "bare": ["-c", _BARE],
    "records": ["-m", "ddbinsert", "records", "big", "--output", "json"],
    "plain": ["-m", "ddbinsert", "records", "big", "--plain"],
    "human": ["-m", "ddbinsert", "records", "big"],
}


def _seconds(way: str, variables: dict[str, str], *, lines: int) -> float:
    """Processor seconds of one run."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, *_WAYS[way]], env=variables, capture_output=True, text=True, check=False
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stderr
    assert way not in ("records", "plain") or done.stdout.count("\n") == lines
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.mark.benchmark
def test_records_takes_little_more_than_its_calls() -> None:
    with endpoint("long_stream", 1000) as one_page, endpoint("long_stream", RECORDS) as many:
        found: dict[str, list[float]] = {way: [] for way in _WAYS}
        for _ in range(ROUNDS):
            for way, seconds in found.items():
                start = _seconds(way, one_page, lines=1000)
                seconds.append(_seconds(way, many, lines=RECORDS) - start)
    bare = found.pop("bare")
    for way, seconds in found.items():
        command = " ".join(_WAYS[way][2:])
        figure(
            f"`{command}` of {RECORDS:,} records, rate by processor time without the start",
            against="bare GetRecords calls with boto3",
            measured=f"{RECORDS / median(seconds):,.0f} and {RECORDS / median(bare):,.0f} records/s",
            ratio=median(one / own for one, own in zip(bare, seconds, strict=True)),
            least=LEAST,
        )
