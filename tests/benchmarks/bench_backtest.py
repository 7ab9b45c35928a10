"""`filter backtest` on a stream of 100,000 records, against bare GetRecords calls in the same run.

    python -m pytest -m benchmark -s tests/benchmarks/bench_backtest.py

Both in this process, in turn, on one embedded emulator; BENCH_RECORDS sets another number.
"""

from __future__ import annotations

import io
import json
import os
import time
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from ddbinsert.cli import main
from ddbinsert.environment import Environment
from tests.benchmarks.figures import figure
from tests.benchmarks.processes import emulator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RECORDS = int(os.environ.get("BENCH_RECORDS", "100000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
#: At least so much of the bare rate.
LEAST = 0.8


@pytest.fixture
def variables(tmp_path: Path) -> Iterator[dict[str, str]]:
    with emulator(tmp_path / "state") as variables:
        yield variables


def command(*arguments: str, variables: dict[str, str]) -> Any:
    out = io.StringIO()
    environment = Environment(out=out, err=io.StringIO(), stdin=io.StringIO(), variables=variables)
    assert main([*arguments, "--output", "json"], environment) == 0, out.getvalue()
    return json.loads(out.getvalue())["data"]


def bare(streams: Any, stream_arn: str) -> int:
    """Read all shards with nothing but the calls that it takes."""
    count = 0
    for shard in streams.describe_stream(StreamArn=stream_arn)["StreamDescription"]["Shards"]:
        iterator = streams.get_shard_iterator(
            StreamArn=stream_arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        while iterator:
            page = streams.get_records(ShardIterator=iterator, Limit=1000)
            count += len(page["Records"])
            iterator = page.get("NextShardIterator") if page["Records"] else None
    return count


@pytest.mark.benchmark
def test_a_backtest_reads_at_nearly_the_bare_rate(variables: dict[str, str]) -> None:
    command("enable-stream", "big", "--create-table", "pk:S", variables=variables)
    command("send", "big", "--count", str(RECORDS // 2), "--modify", "--keep", variables=variables)
    streams = boto3.client(
        "dynamodbstreams",
        endpoint_url=variables["AWS_ENDPOINT_URL"],
        region_name=variables["AWS_REGION"],
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
    )
    (stream,) = streams.list_streams(TableName="big")["Streams"]
    arn = stream["StreamArn"]
    best = {"bare": 0.0, "backtest": 0.0}
    for _ in range(ROUNDS):
        started = time.process_time()
        assert bare(streams, arn) == RECORDS
        best["bare"] = max(best["bare"], RECORDS / (time.process_time() - started))
        started = time.process_time()
        found = command("filter", "backtest", "--table", "big", variables=variables)
        best["backtest"] = max(best["backtest"], RECORDS / (time.process_time() - started))
        assert (found["records"], found["delivered"]["INSERT"]) == (RECORDS, RECORDS // 2)
    figure(
        f"`filter backtest` of {RECORDS:,} records",
        against="bare GetRecords calls with boto3",
        measured=f"{best['backtest']:,.0f} and {best['bare']:,.0f} records per second of processor time",
        ratio=best["backtest"] / best["bare"],
        least=LEAST,
    )
