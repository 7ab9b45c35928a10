"""`gaps` over 100,000 stream records and their log lines, against reading both once with boto3.

    python -m pytest -m benchmark -s tests/benchmarks/bench_gaps.py
    BENCH_RECORDS=20000 …    for a shorter run

Both are processes of their own, in turn, on one embedded emulator. The ratio is that of their processor time, start
included, so that other work of the machine affects it little. Memory is the peak resident size of the process.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
from typing import TYPE_CHECKING

import pytest

from tests.benchmarks.figures import figure
from tests.benchmarks.processes import PROGRAM, Taken, emulator, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RECORDS = int(os.environ.get("BENCH_RECORDS", "100000"))
FEW = 1_000
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
MOST = 1.3

#: Every record and every line once; nothing is decoded further, kept or compared.
BARE = """
import sys
import boto3
table, count = sys.argv[1], int(sys.argv[2])
streams, logs = boto3.client("dynamodbstreams"), boto3.client("logs")
(stream,) = streams.list_streams(TableName=table)["Streams"]
arn = stream["StreamArn"]
records = 0
for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
    iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    while iterator:
        page = streams.get_records(ShardIterator=iterator, Limit=1000)
        records += len(page["Records"])
        iterator = page.get("NextShardIterator") if page["Records"] else None
assert records >= count, records

# The emulator cuts an answer at 10,000 events, so from the last timestamp on.
seen, start, size = set(), 0, -1
while size != len(seen):
    size = len(seen)
    events = logs.filter_log_events(logGroupName=f"/aws/lambda/{table}-inserts", startTime=start)["events"]
    for event in events:
        if "DDBINSERT " in event["message"]:
            seen.add(hash(event["message"]))
    start = events[-1]["timestamp"]
assert len(seen) >= count, len(seen)
"""


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with emulator(tmp_path_factory.mktemp("state")) as variables:
        for table, count in (("few", FEW), ("many", RECORDS)):
            run([*PROGRAM, "enable-stream", table, "--create-table", "pk:S", "--local"], variables)
            run([*PROGRAM, "attach-trigger", table, "--batch-size", "1000", "--local"], variables)
            run([*PROGRAM, "send", table, "--count", str(count), "--keep", "--local"], variables)
            run([*PROGRAM, "verify", table, "--local"], variables)  # all that was sent is processed by then
        yield variables


def gaps(table: str, variables: dict[str, str]) -> Taken:
    taken = run([*PROGRAM, "gaps", table, "--local", "-q", "--settle", "1s", "-o", "json"], variables)
    found = json.loads(taken.output)["data"]
    assert found["missed"] == 0
    assert found["processed"] >= (FEW if table == "few" else RECORDS)
    return taken


@pytest.mark.benchmark
def test_processor_time_against_reading_both_once(variables: dict[str, str], tmp_path: Path) -> None:
    bare = tmp_path / "bare.py"
    bare.write_text(BARE)
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(gaps("many", variables).processor)
        theirs.append(run([sys.executable, str(bare), "many", str(RECORDS)], variables).processor)
    figure(
        f"`gaps` of {RECORDS:,} inserts",
        against="reading their records and log lines once with boto3",
        measured=f"{statistics.median(ours):.1f} s and {statistics.median(theirs):.1f} s of processor time",
        ratio=statistics.median(one / other for one, other in zip(ours, theirs, strict=True)),
        most=MOST,
    )


@pytest.mark.benchmark
def test_memory_does_not_grow_with_the_stream(variables: dict[str, str]) -> None:
    few = statistics.median(gaps("few", variables).memory for _ in range(ROUNDS))
    many = statistics.median(gaps("many", variables).memory for _ in range(ROUNDS))
    figure(
        f"memory of `gaps` of {RECORDS:,} inserts",
        against=f"{FEW:,} inserts",
        measured=f"{many / 1024:.0f} MiB and {few / 1024:.0f} MiB",
        ratio=many / few,
        most=MOST,
    )
