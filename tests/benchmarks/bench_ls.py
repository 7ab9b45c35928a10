"""`ls` of an account with 1,000 tables and 2,000 mappings whose every answer takes 20 ms, against the calls alone.

    python -m pytest -m benchmark -s tests/benchmarks/bench_ls.py

The calls alone are the same calls, 16 at a time, made with boto3 and nothing done with the answers. "Without any work" is
the time that the answers take if as many calls are always under way as `ls` had at most. BENCH_TABLES sets another number
of tables.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config

from tests.benchmarks.figures import figure

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLES = int(os.environ.get("BENCH_TABLES", "1000"))
DELAY = 0.020
#: Calls that the script has under way at a time.
AT_ONCE = 16
#: Megabytes.
MOST_MEMORY = 150


@pytest.fixture
def endpoint() -> Iterator[str]:
    command = [sys.executable, "-m", "tests.benchmarks.large_account"]
    with subprocess.Popen(
        [*command, str(TABLES), str(2 * TABLES), str(int(DELAY * 1000))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout is not None
        yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        assert server.stdin is not None
        server.stdin.close()


def calls(endpoint: str) -> tuple[int, int]:
    """The number of calls so far, and how many were under way at once since the last time this was asked."""
    with urllib.request.urlopen(f"{endpoint}/calls") as answer:  # noqa: S310 - loopback
        found = json.load(answer)
    return int(found["calls"]), int(found["at_once"])


def bare(endpoint: str) -> tuple[float, float]:
    """Seconds, and seconds of processor time, for the calls that `ls` makes here: lists page by page, tables at once."""
    session: Any = boto3.session.Session(
        aws_access_key_id="x", aws_secret_access_key="x", region_name="us-east-1"
    )
    config = Config(max_pool_connections=AT_ONCE)

    def client(service: str) -> Any:
        return session.client(service, endpoint_url=endpoint, config=config)

    dynamodb, functions = client("dynamodb"), client("lambda")
    started, processor = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        lists = [
            pool.submit(list, functions.get_paginator(name).paginate())
            for name in ("list_event_source_mappings", "list_functions")
        ]
        names = [
            name for page in dynamodb.get_paginator("list_tables").paginate() for name in page["TableNames"]
        ]
        list(pool.map(lambda name: dynamodb.describe_table(TableName=name), names))
        assert sum(len(one.result()) for one in lists)
    return time.perf_counter() - started, time.process_time() - processor


@pytest.mark.benchmark
def test_listing_a_large_account_takes_little_more_than_its_calls(endpoint: str) -> None:
    variables = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }
    alone, alone_processor = bare(endpoint)
    before, _ = calls(endpoint)
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "ddbinsert", "ls", "--output", "json"],
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - started
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    after, at_once = calls(endpoint)
    made = after - before
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    assert done.returncode == 0, done.stderr
    assert sum('"consumer"' in line for line in done.stdout.splitlines()) == 2 * TABLES
    processor = usage.ru_utime + usage.ru_stime
    ideal = made * DELAY / at_once
    print(
        f"\n  ls {seconds:.1f} s ({made:,} calls, at most {at_once} at once, {memory:.0f} MB), the calls alone {alone:.1f} s: "
        f"{seconds / alone:.2f}; processor time {processor:.2f} s and {alone_processor:.2f} s: "
        f"{processor / alone_processor:.2f}; without any work of either {ideal:.2f} s: {seconds / ideal:.2f}"
    )
    figure(
        f"`ls` of {TABLES:,} tables and {2 * TABLES:,} mappings, time that passes",
        against=f"its {made:,} calls without any work, 20 ms each",
        measured=f"{seconds:.2f} s and {ideal:.2f} s",
        ratio=seconds / ideal,
        most=1.5,
    )
    figure(
        f"`ls` of {TABLES:,} tables, processor time",
        against="the same calls with boto3",
        measured=f"{processor:.2f} s and {alone_processor:.2f} s",
        ratio=processor / alone_processor,
    )
    figure(
        f"memory of `ls` of {TABLES:,} tables",
        against=f"{MOST_MEMORY} MB",
        measured=f"{memory:.0f} MB",
        ratio=memory / MOST_MEMORY,
        most=1.0,
    )
