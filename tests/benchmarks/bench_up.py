"""`up` of ten triggers in one file, against `attach-trigger` ten times, and a boto3 script that makes the same.

    python -m pytest -m benchmark -s tests/benchmarks/bench_up.py

All as processes of their own, in turn, each on ten tables of its own, against one emulator with 50 ms added to each
answer. What is compared is the median of the time that passes. The script is that of bench_main_job.py without its test
items, for one table after another in one process; it polls every 50 ms.
"""

from __future__ import annotations

import itertools
import os
import sys
import time
from statistics import median
from typing import TYPE_CHECKING

import boto3
import pytest

from tests.benchmarks.bench_main_job import BOTO3
from tests.benchmarks.figures import figure
from tests.benchmarks.processes import PROGRAM, emulator, run
from tests.strict.rig import Profile, StrictRig

if TYPE_CHECKING:
    from pathlib import Path

TRIGGERS = int(os.environ.get("BENCH_TRIGGERS", "10"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
LATENCY = 0.05
_NUMBERS = itertools.count(1)


def _script() -> str:
    """The steps of the main job's script, before its test items, for each table that is given."""
    steps = BOTO3[: BOTO3.index("run = uuid.uuid4()")]
    head, _, body = steps.partition("table = sys.argv[1]\n")
    loop = "".join(f"    {line}\n" for line in body.splitlines())
    return f"{head}for table in sys.argv[4:]:\n{loop}"


def _tables(variables: dict[str, str]) -> list[str]:
    number = next(_NUMBERS)
    names = [f"up-{number}-{place}" for place in range(TRIGGERS)]
    client = boto3.client(
        "dynamodb",
        endpoint_url=variables["AWS_ENDPOINT_URL"],
        region_name=variables["AWS_REGION"],
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
    )
    for name in names:
        client.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
    return names


def _commands(way: str, tables: list[str], folder: Path) -> list[list[str]]:
    match way:
        case "up":
            file = folder / f"{tables[0]}.yaml"
            triggers = "".join(f"  {name}: {{table: {name}}}\n" for name in tables)
            file.write_text(f"triggers:\n{triggers}")
            return [[*PROGRAM, "up", "--config", str(file), "-y", "-q"]]
        case "attach-trigger":
            return [[*PROGRAM, "attach-trigger", name, "-y", "-q"] for name in tables]
        case _:
            return [[sys.executable, "-c", _script(), "", "4", "0.05", *tables]]


@pytest.mark.benchmark
def test_up_makes_ten_triggers_side_by_side(tmp_path: Path) -> None:
    taken: dict[str, list[float]] = {"up": [], "attach-trigger": [], "boto3": []}
    calls = dict.fromkeys(taken, 0)
    with (
        emulator(tmp_path / "state") as direct,
        StrictRig(direct["AWS_ENDPOINT_URL"], profile=Profile.plain(latency=LATENCY)) as rig,
    ):
        variables = {**direct, "AWS_ENDPOINT_URL": rig.endpoint}
        for _ in range(ROUNDS):
            for way, times in taken.items():
                commands = _commands(way, _tables(direct), tmp_path)
                before = len(rig.calls)
                started = time.perf_counter()
                for command in commands:
                    run(command, variables)
                times.append(time.perf_counter() - started)
                calls[way] = len(rig.calls) - before
    for other, name in (
        ("attach-trigger", f"`attach-trigger` {TRIGGERS} times"),
        ("boto3", "a boto3 script, one trigger after another"),
    ):
        figure(
            f"`up` of {TRIGGERS} triggers, 50 ms for each answer",
            against=name,
            measured=f"{median(taken['up']):.1f} s ({calls['up']} calls) and {median(taken[other]):.1f} s ({calls[other]} calls)",
            ratio=median(a / b for a, b in zip(taken["up"], taken[other], strict=True)),
            most=0.5,
        )
