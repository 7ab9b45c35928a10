"""The templates where Lambda retries, splits, repeats and gives up: what can't be sent blocks nothing and is not lost."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.functional.command import Ran, ran
from tests.strict.bench import fresh, until
from tests.strict.rig import Mappings, Profile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ddbinsert import local
    from tests.strict.bench import Bench

RUNTIMES = [
    "python3.13",
    pytest.param("nodejs22.x", marks=pytest.mark.skipif(not shutil.which("node"), reason="node is not here")),
]
#: Every second batch comes twice, every third is throttled at first.
FAULTY = Profile(mappings=Mappings(creating=0.05, polling_delay=0.05, duplicate_every=2, throttle_every=3))


class Stage:
    """A table behind a rig, its trigger, and a queue that takes no message of more than 1 KiB."""

    def __init__(self, bench: Bench, emulator: local.Emulator, folder: Path) -> None:
        self.bench = bench
        self.table = bench.table(view="NEW_IMAGE")
        self.queue = bench.upstream("sqs").create_queue(
            QueueName=fresh("small"), Attributes={"MaximumMessageSize": "1024"}
        )["QueueUrl"]
        found = bench.upstream("sqs").get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])
        self.arn = found["Attributes"]["QueueArn"]
        self.folder = folder
        self.variables = {
            **emulator.variables(region="eu-west-1"),
            "AWS_ENDPOINT_URL": bench.rig.endpoint,
            "HOME": str(folder),
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "NO_COLOR": "1",
        }

    def run(self, *arguments: str) -> Ran:
        return ran(*arguments, variables=self.variables, cwd=self.folder)

    def attach(self, template: str, runtime: str) -> None:
        attached = self.run(
            *("attach-trigger", self.table, "--template", template, "--runtime", runtime),
            *("--env", f"SINK_ARN={self.arn}", "--retries", "1", "--on-failure", "create"),
        )
        assert attached.code == 0, attached

    def received(self) -> list[str]:
        """The keys of everything that the queue holds, taken out of it."""
        keys: list[str] = []
        while True:
            answer = self.bench.upstream("sqs").receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10)
            for message in answer.get("Messages", ()):
                self.bench.upstream("sqs").delete_message(
                    QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"]
                )
                keys.append(json.loads(message["Body"])["keys"]["pk"])
            if not answer.get("Messages"):
                return keys

    def failures(self) -> list[dict[str, Any]]:
        listed = self.run("failures", "list", self.table, "-o", "json")
        assert listed.code == 0, listed
        return list(listed.data["failures"])


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_an_audit_log_has_an_entry_also_of_an_item_that_the_sink_does_not_take_whole(
    bench_of: Callable[..., Bench], emulator: local.Emulator, tmp_path: Path, runtime: str
) -> None:
    stage = Stage(bench_of(FAULTY), emulator, tmp_path)
    stage.attach("audit-log", runtime)
    wanted = [f"k{n}" for n in range(8)]
    for key in wanted:
        stage.bench.put(stage.table, key, text="x" * (2000 if key == "k3" else 10))
    received: list[str] = []

    def all_there() -> bool:
        received.extend(stage.received())
        return len(received) >= len(wanted)

    assert until(all_there, seconds=60), (received, stage.failures())
    assert sorted(received) == wanted
    assert stage.failures() == []


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("template", ["notify"])
def test_a_poison_record_goes_to_the_destination_and_blocks_nothing(
    bench_of: Callable[..., Bench],
    emulator: local.Emulator,
    tmp_path: Path,
    template: str,
    runtime: str,
) -> None:
    stage = Stage(bench_of(FAULTY), emulator, tmp_path)
    stage.attach(template, runtime)
    poison = {"k3", "k11"}
    wanted = [f"k{n}" for n in range(15)]
    for key in wanted:
        stage.bench.put(stage.table, key, text="x" * (2000 if key in poison else 10))
        stage.bench.put(stage.table, key, text="changed")

    received: list[str] = []

    def all_there() -> bool:
        received.extend(stage.received())
        return len(received) >= len(wanted) - len(poison) and len(stage.failures()) >= len(poison)

    assert until(all_there, seconds=60), (received, stage.failures())
    assert sorted(received) == sorted(set(wanted) - poison)
    given_up = stage.failures()
    assert [one["records"] for one in given_up] == [1, 1]
    assert {one["condition"] for one in given_up} == {"RetryAttemptsExhausted"}

    # The cause is mended; what was given up is replayed, once each, and nothing else is sent again.
    stage.bench.upstream("sqs").set_queue_attributes(
        QueueUrl=stage.queue, Attributes={"MaximumMessageSize": "262144"}
    )
    assert stage.run("failures", "replay", stage.table).code == 0
    assert sorted(stage.received()) == sorted(poison)
    assert stage.failures() == []
