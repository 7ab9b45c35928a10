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
import subprocess
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

import pytest

from ddbinsert import local
from ddbinsert.environment import SystemClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ITEMS = int(os.environ.get("BENCH_ITEMS", "100000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
#: As the console script begins.
PROGRAM = ("-c", "from ddbinsert.__main__ import run; run()")

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
    bare = {**os.environ, "DDBINSERT_STATE_DIR": str(tmp_path_factory.mktemp("state")), "NO_COLOR": "1"}
    place = local.state_directory(bare)
    emulator = local.start(place, environ=bare, clock=SystemClock())
    yield {**bare, **emulator.variables()}
    local.stop(place, clock=SystemClock())


class Taken(NamedTuple):
    """What a process took: seconds, seconds of processor time, and KiB of memory at its peak."""

    wall: float
    processor: float
    memory: int


def run(command: list[str], variables: dict[str, str]) -> Taken:
    """What a process takes that must succeed."""
    before = time.monotonic()
    with subprocess.Popen(
        command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdout is not None
        output = process.stdout.read().decode()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, output
    return Taken(time.monotonic() - before, usage.ru_utime + usage.ru_stime, int(usage.ru_maxrss))


def attach(table: str, variables: dict[str, str]) -> None:
    for words in (["enable-stream", table, "--create-table", "pk:S"], ["attach-trigger", table]):
        run([sys.executable, *PROGRAM, *words, "--local", "-q"], variables)


def verify(table: str, count: int, variables: dict[str, str]) -> Taken:
    return run(
        [sys.executable, *PROGRAM, "verify", table, "--local", "--count", str(count), "--keep", "-q"],
        variables,
    )


@pytest.mark.benchmark
def test_time_against_a_bare_loop(variables: dict[str, str], tmp_path: Path) -> None:
    bare = tmp_path / "bare.py"
    bare.write_text(BARE)
    ratios = []
    for number in range(ROUNDS):
        # A table each, so that neither reads the other's log.
        ours, theirs = f"ours-{number}", f"bare-{number}"
        attach(ours, variables)
        attach(theirs, variables)
        slow = verify(ours, ITEMS, variables)
        fast = run([sys.executable, str(bare), theirs, str(ITEMS)], variables)
        wall, processor = slow.wall / fast.wall, slow.processor / fast.processor
        ratios.append((wall, processor))
        print(
            f"{ITEMS:,} items: verify {slow.wall:.1f} s ({slow.processor:.1f} s of processor time), "
            f"bare loop {fast.wall:.1f} s ({fast.processor:.1f} s), ratio {wall:.2f} ({processor:.2f})"
        )
    walls, processors = (statistics.median(values) for values in zip(*ratios, strict=True))
    print(f"median ratio {walls:.2f}, of processor time {processors:.2f} (aim: at most 1.25)")


@pytest.mark.benchmark
def test_peak_memory_against_a_small_run(variables: dict[str, str]) -> None:
    attach("memory", variables)
    small = verify("memory", 1_000, variables).memory
    large = verify("memory", ITEMS, variables).memory
    ratio = large / small
    print(
        f"peak memory: {small / 1024:.0f} MiB at 1,000 items, {large / 1024:.0f} MiB at {ITEMS:,}: {ratio:.2f}"
    )
    print("(aim: at most 1.3)")
