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
from contextlib import contextmanager
from statistics import median
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

RECORDS = int(os.environ.get("BENCH_RECORDS", "100000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))

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


@contextmanager
def _endpoint(records: int) -> Iterator[dict[str, str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.long_stream", str(records)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout is not None
        url = f"http://127.0.0.1:{int(server.stdout.readline())}"
        yield {
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            "AWS_ACCESS_KEY_ID": "x",
            "AWS_SECRET_ACCESS_KEY": "x",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": url,
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        }
        assert server.stdin is not None
        server.stdin.close()


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
    with _endpoint(1000) as one_page, _endpoint(RECORDS) as many:
        found: dict[str, list[float]] = {way: [] for way in _WAYS}
        for _ in range(ROUNDS):
            for way, seconds in found.items():
                start = _seconds(way, one_page, lines=1000)
                seconds.append(_seconds(way, many, lines=RECORDS) - start)
    for way, seconds in found.items():
        rates = [bare / own for bare, own in zip(found["bare"], seconds, strict=True)]
        print(
            f"\n  {way}: {median(seconds):.2f} s, {RECORDS / median(seconds):,.0f} records/s; "
            f"of the bare rate {median(rates):.2f} ({min(rates):.2f} to {max(rates):.2f})",
            end="",
        )
