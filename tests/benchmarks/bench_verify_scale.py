"""verify at scale against the least that can be done: write all items, then read the log once.

    python -m pytest -m benchmark -s tests/benchmarks/bench_verify_scale.py
    BENCH_ITEMS=20000 …    for a shorter run

Both run as processes of their own, in turn, against one embedded emulator (verify --local); ratios are of the whole processes'
wall time, and of their processor time, which means something on a busy machine, too. Neither cleans up (verify --keep), as the
bare loop doesn't either. Memory is the peak resident size of the process.
"""

from __future__ import annotations

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

ITEMS = int(os.environ.get("BENCH_ITEMS", "100000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
MOST, MOST_MEMORY = 1.25, 1.3

#: What verify is held against: no key schema, no ledger, no verdict, nothing observed.
BARE = """
import sys, uuid
from concurrent.futures import ThreadPoolExecutor
import boto3
table, count = sys.argv[1], int(sys.argv[2])
dynamodb, logs = boto3.client("dynamodb"), boto3.client("logs")
run = uuid.uuid4().hex[:12]

def write(start):
    requests = [
        {"PutRequest": {"Item": {"pk": {"S": f"bare:{run}:{number:09d}"}, "ddbinsert_probe": {"N": "1"}}}}
        for number in range(start, min(start + 25, count))
    ]
    while requests:
        answer = dynamodb.batch_write_item(RequestItems={table: requests})
        requests = answer["UnprocessedItems"].get(table)

with ThreadPoolExecutor(8) as pool:
    list(pool.map(write, range(0, count, 25)))

# Once, as far as one reading goes: the emulator cuts at 10,000 events, so from the last timestamp on.
seen, start = set(), 0
while len(seen) < count:
    events = logs.filter_log_events(
        logGroupName=f"/aws/lambda/{table}-inserts", filterPattern=f'"bare:{run}:"', startTime=start
    )["events"]
    for event in events:
        place = event["message"].find(run)
        if place >= 0:
            seen.add(event["message"][place + 13 : place + 22])
    if events:
        start = events[-1]["timestamp"]
"""


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with emulator(tmp_path_factory.mktemp("state")) as variables:
        yield variables


def attach(table: str, variables: dict[str, str]) -> None:
    for words in (["enable-stream", table, "--create-table", "pk:S"], ["attach-trigger", table]):
        run([*PROGRAM, *words, "--local", "-q"], variables)


def verify(table: str, count: int, variables: dict[str, str]) -> Taken:
    return run(
        [*PROGRAM, "verify", table, "--local", "--count", str(count), "--keep", "-q"],
        variables,
    )


@pytest.mark.benchmark
def test_time_against_a_bare_loop(variables: dict[str, str], tmp_path: Path) -> None:
    bare = tmp_path / "bare.py"
    bare.write_text(BARE)
    ours, theirs = [], []
    for number in range(ROUNDS):
        # A table each, so that neither reads the other's log.
        attach(f"ours-{number}", variables)
        attach(f"bare-{number}", variables)
        ours.append(verify(f"ours-{number}", ITEMS, variables))
        theirs.append(run([sys.executable, str(bare), f"bare-{number}", str(ITEMS)], variables))
    for what in ("wall", "processor"):
        mine, bares = ([getattr(one, what) for one in taken] for taken in (ours, theirs))
        figure(
            f"`verify --count {ITEMS}`, {'time' if what == 'wall' else 'processor time'}",
            against="writing as many items and reading the log once with boto3",
            measured=f"{statistics.median(mine):.1f} s and {statistics.median(bares):.1f} s",
            ratio=statistics.median(one / other for one, other in zip(mine, bares, strict=True)),
            most=MOST if what == "wall" else None,
        )


@pytest.mark.benchmark
def test_peak_memory_against_a_small_run(variables: dict[str, str]) -> None:
    attach("memory", variables)
    small = verify("memory", 1_000, variables).memory
    large = verify("memory", ITEMS, variables).memory
    figure(
        f"memory of `verify --count {ITEMS}`",
        against="`verify --count 1000`",
        measured=f"{large / 1024:.0f} MiB and {small / 1024:.0f} MiB",
        ratio=large / small,
        most=MOST_MEMORY,
    )
