"""A stream that is replaced while records are undelivered: nothing that it recorded is lost, and nothing else passes."""

from __future__ import annotations

import itertools
import signal
import threading
from typing import TYPE_CHECKING, Any, Self

import pytest

from ddbinsert.core.receipt import parse
from tests.examples import some
from tests.functional.command import begun
from tests.strict.answering import runner, variables_of
from tests.strict.bench import until
from tests.strict.rig import Mappings, Profile

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from ddbinsert import local
    from tests.strict.bench import Bench


def recorded(bench: Bench, stream_arn: str) -> set[str]:
    """The keys of the inserts that a stream holds."""
    found: set[str] = set()
    shards = bench.streams.describe_stream(StreamArn=stream_arn)["StreamDescription"]["Shards"]
    for shard in shards:
        iterator = bench.streams.get_shard_iterator(
            StreamArn=stream_arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        while iterator:
            page = bench.streams.get_records(ShardIterator=iterator)
            found |= {
                record["dynamodb"]["Keys"]["pk"]["S"]
                for record in page["Records"]
                if record["eventName"] == "INSERT"
            }
            iterator = page.get("NextShardIterator") if page["Records"] else None
    return found


class Load:
    """A trigger whose function is behind, and a writer that goes on."""

    def __init__(self, bench: Bench, run: Callable[..., tuple[int, dict[str, Any]]]) -> None:
        self.bench, self.run = bench, run
        self.table = bench.table(view=None)
        code, answer = run("attach-trigger", self.table, "--batch-size", "1")
        assert code == 0, answer
        self.first = bench.stream_arn(self.table)
        self._stop = threading.Event()
        self._writer = threading.Thread(target=self._write)

    def _write(self) -> None:
        number = 0
        while not self._stop.wait(0.1):
            self.bench.put(self.table, f"k{number}")
            self.bench.put(self.table, f"k{number}", changed="yes")
            number += 1

    def __enter__(self) -> Self:
        self._writer.start()
        assert until(lambda: len(recorded(self.bench, self.first)) > 15, seconds=60)
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        self._writer.join()

    def check(self) -> None:
        """Every recorded insert is processed, and nothing else; one mapping is left, with the settings that were given."""
        live = self.bench.stream_arn(self.table)
        written = recorded(self.bench, self.first) | recorded(self.bench, live)
        assert until(lambda: self._processed() >= written, seconds=120), written - self._processed()
        assert {receipt["eventName"] for receipt in self._receipts()} == {"INSERT"}
        left = self.bench.lambda_.list_event_source_mappings(FunctionName=f"{self.table}-inserts")
        assert [(each["BatchSize"], each["EventSourceArn"]) for each in left["EventSourceMappings"]] == [
            (1, live)
        ]

    def _receipts(self) -> list[dict[str, Any]]:
        parsed = [parse(line) for line in self.bench.messages(f"/aws/lambda/{self.table}-inserts")]
        return [receipt for receipt in parsed if receipt is not None]

    def _processed(self) -> set[str]:
        return {receipt["keys"]["pk"]["S"] for receipt in self._receipts()}


def late(bench_of: Callable[..., Bench]) -> Bench:
    """Each batch of one comes up to two seconds late: the function falls ever further behind."""
    return bench_of(Profile(mappings=Mappings(jitter=2.0)))


@pytest.mark.nightly
def test_every_recorded_insert_is_processed_though_the_function_is_behind(
    bench_of: Callable[..., Bench], emulator: local.Emulator, tmp_path: Path
) -> None:
    bench = late(bench_of)
    run = runner(bench, emulator, tmp_path)
    with Load(bench, run) as load:
        code, answer = run("attach-trigger", load.table, "--view-type", "KEYS_ONLY", "--replace", "--yes")
        assert code == 0, answer
    (draining,) = answer["data"]["draining"]
    assert draining["records_left"] > 0, "the function was not behind"
    assert answer["data"]["stream_off"]["from"] < answer["data"]["stream_off"]["until"]
    code, shown = run("status", load.table)
    assert code == 0, shown
    assert shown["data"]["draining"][0]["mapping_uuid"] == draining["mapping_uuid"]

    code, answer = run("attach-trigger", load.table, "--wait-drained")
    assert code == 0, answer
    assert answer["data"]["draining"] == []
    load.check()


#: The calls of a replacement that change something, and how many of the kind come before.
CHANGES = (
    ("dynamodb:UpdateTable", 0),
    ("lambda:CreateEventSourceMapping", 0),
    ("dynamodb:UpdateTable", 1),
    ("dynamodb:TagResource", 0),
    ("iam:PutRolePolicy", 0),
)


@pytest.mark.nightly
@pytest.mark.parametrize(("operation", "before"), some(CHANGES, one_in=5))
def test_a_replacement_that_is_killed_after_any_call_is_finished_by_the_next(
    bench_of: Callable[..., Bench], emulator: local.Emulator, tmp_path: Path, operation: str, before: int
) -> None:
    bench = late(bench_of)
    run = runner(bench, emulator, tmp_path)
    replacing = ("attach-trigger", "--view-type", "KEYS_ONLY", "--replace", "--yes")
    process: list[subprocess.Popen[str]] = []
    met = itertools.count()

    def kill(_call: object) -> None:
        if process and next(met) == before:
            process[0].kill()
            process[0].wait()

    with Load(bench, run) as load:
        bench.rig.follow(operation, kill)
        process.append(begun(*replacing, load.table, variables=variables_of(bench, emulator, tmp_path)))
        process[0].communicate(timeout=120)
        assert process[0].returncode == -signal.SIGKILL
        code, answer = run(*replacing, load.table)
        assert code == 0, answer
    code, answer = run("attach-trigger", load.table, "--wait-drained")
    assert code == 0, answer
    assert answer["data"]["stream_view_type"] == "KEYS_ONLY"
    load.check()
