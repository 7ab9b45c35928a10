"""Evidence bundles as verify writes them, and `evidence check` on them."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from ddbinsert.environment import SystemClock
from tests.functional.command import Ran, ran
from tests.functional.helpers import Calls

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.functional.helpers import Cloud

SECRET = "nobody-may-read-this-here"
PERSON = "jane.doe@example.com"


class Meanwhile(SystemClock):
    """A clock on which something is done once, as soon as a run has written its first item."""

    def __init__(self, calls: Calls, act: Callable[[], object]) -> None:
        self._calls = calls
        self._act = [act]

    def monotonic(self) -> float:
        if self._act and self._calls.writes:
            for act in (self._act.pop() for _ in self._act[:]):
                act()
        return super().monotonic()


class Writing(SystemClock):
    """A clock on which something is written once, in the first sleep of a run."""

    def __init__(self, write: Callable[[], None]) -> None:
        self._write = [write]

    def sleep(self, seconds: float) -> None:
        for write in (self._write.pop() for _ in self._write[:]):
            write()
        super().sleep(seconds)


def contents(path: Path) -> dict[str, Any]:
    """Every document of a bundle; of .jsonl files the list of their lines."""
    with zipfile.ZipFile(path) as archive:
        texts = {name: archive.read(name).decode() for name in archive.namelist()}
    return {
        name: [json.loads(line) for line in text.splitlines()]
        if name.endswith(".jsonl")
        else json.loads(text)
        for name, text in texts.items()
    }


def checked(path: Path) -> Ran:
    return ran("evidence", "check", str(path), "-o", "json", variables={})


def test_a_bundle_holds_what_the_verdict_rests_on_and_nothing_of_others(
    prove: Callable[..., Ran], attached: Callable[..., str], cloud: Cloud, tmp_path: Path
) -> None:
    table = attached("pk:S", "--env", f"API_TOKEN={SECRET}", "--view-type", "NEW_AND_OLD_IMAGES")
    cloud.put(table, PERSON, note=SECRET)
    done = prove(table, "--bundle", "out/b.zip", "-o", "json", cwd=tmp_path)
    assert done.code == 0, done.err
    path = tmp_path / "out" / "b.zip"
    assert checked(path).code == 0
    found = contents(path)
    assert found["verdict.json"]["data"] == done.data
    assert found["statement.json"]["predicate"]["result"] == "PASSED"
    read = {one["eventID"] for one in found["observed/records.jsonl"]}
    assert {one["event_id"] for item in done.data["items"] for one in item["stream"]} <= read
    lines = [one["message"] for one in found["observed/lines.jsonl"] if "message" in one]
    for item in done.data["items"]:
        assert all(any(one["event_id"] in line for line in lines) for one in item["receipts"])
    operations = {one["operation"] for one in found["observed/calls.jsonl"]}
    assert {
        "DescribeTable",
        "GetFunction",
        "ListEventSourceMappings",
        "GetRolePolicy",
        "PutItem",
    } <= operations
    world = found["observed/first-look.json"]["consumers"][0]["world"]
    assert world["function"]["environment"] == {"API_TOKEN": "(left out)"}
    everything = path.read_bytes()
    assert SECRET.encode() not in everything
    assert PERSON.encode() not in everything


def test_one_changed_byte_is_named_with_exit_code_1(
    prove: Callable[..., Ran], attached: Callable[..., str], tmp_path: Path
) -> None:
    assert prove(attached(), "--bundle", "b.zip", cwd=tmp_path).code == 0
    path = tmp_path / "b.zip"
    good = path.read_bytes()
    path.write_bytes(good.replace(b'"INSERT"', b'"MODIFY"', 1))
    done = checked(path)
    assert done.code == 1
    assert not done.json["ok"]
    assert "observed/" in done.data["problems"][0]
    shown = ran("evidence", "check", "b.zip", variables={}, cwd=tmp_path)
    assert shown.code == 1
    assert shown.out.startswith("CHANGED: b.zip")
    path.write_bytes(good)
    shown = ran("evidence", "check", "b.zip", variables={}, cwd=tmp_path)
    assert shown.code == 0
    assert "not signed" in shown.out


def test_runs_without_a_verdict_with_a_fail_and_of_several_consumers_leave_bundles(
    prove: Callable[..., Ran], attached: Callable[..., str], cloud: Cloud, tmp_path: Path
) -> None:
    path = tmp_path / "b.zip"
    assert prove("no-such-table", "--bundle", "b.zip", cwd=tmp_path).code == 5
    assert checked(path).code == 0
    assert contents(path)["verdict.json"]["errors"][0]["code"] == "table-not-found"
    table = attached()
    cloud.widen(table)
    assert prove(table, "--bundle", "b.zip", "--repeat", "2", "--every", "1s", cwd=tmp_path).code == 1
    found = contents(path)
    assert found["statement.json"]["predicate"]["result"] == "FAILED"
    runs = {
        key["S"].split(":")[1]
        for one in found["observed/records.jsonl"]
        for key in one["dynamodb"].get("Keys", {}).values()
    }
    assert f"r{found['verdict.json']['data']['run_id']}" in runs
    done = prove(table, "--all", "--bundle", "b.zip", "-o", "json", cwd=tmp_path)
    assert done.code == 1
    assert checked(path).data["run"]["consumers"] == [
        {
            "table": table,
            "function": f"{table}-inserts",
            "run_id": done.data["verdicts"][0]["verdict"]["run_id"],
            "verdict": "FAIL",
        }
    ]


def test_watched_traffic_is_kept_without_its_keys(
    prove: Callable[..., Ran], attached: Callable[..., str], cloud: Cloud, tmp_path: Path
) -> None:
    table = attached()
    clock = Writing(lambda: cloud.put(table, PERSON, note=SECRET))
    done = prove(
        table, "--observe", "--for", "3s", "--bundle", "b.zip", "-o", "json", cwd=tmp_path, clock=clock
    )
    assert done.data["counts"]["stream_records"] == 1, done.out
    found = contents(tmp_path / "b.zip")
    assert len(found["observed/records.jsonl"]) == 1
    assert [one["receipt"]["decision"] for one in found["observed/lines.jsonl"] if "receipt" in one] == [
        "processed"
    ]
    everything = (tmp_path / "b.zip").read_bytes()
    assert SECRET.encode() not in everything
    assert PERSON.encode() not in everything


@pytest.mark.parametrize("options", [("--bundle", "x/."), ("--bundle", "r.html", "--report", "r.html")])
def test_a_bundle_that_can_not_be_written_is_refused_before_the_run(
    options: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "x").mkdir()
    done = ran("verify", "orders", *options, variables={"AWS_REGION": "us-east-1"}, cwd=tmp_path)
    assert done.code == 2
    assert "--bundle" in done.err


def test_files_that_are_no_bundles(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello, this is not a zip file at all\n")
    assert ran("evidence", "check", "text", variables={}, cwd=tmp_path).code == 1
    for name in ("missing.zip", ".", "nul\0byte"):
        done = ran("evidence", "check", name, variables={}, cwd=tmp_path)
        assert done.code == 2, done.err
        assert "Traceback" not in done.err


def test_an_inconclusive_run_is_tried_again_and_stays_in_the_bundle(
    prove: Callable[..., Ran], attached: Callable[..., str], cloud: Cloud, tmp_path: Path
) -> None:
    table = attached()
    function = f"{table}-inserts"
    uuid = cloud.mapping(function)["UUID"]
    cloud.put(table, "before")
    calls = Calls()
    clock = Meanwhile(calls, lambda: cloud.lambda_.update_event_source_mapping(UUID=uuid, BatchSize=7))
    done = prove(
        *(table, "--retry-inconclusive", "2", "--annotations", "--bundle", "b.zip", "-o", "json"),
        cwd=tmp_path,
        clock=clock,
        connect=calls.connect,
    )
    assert done.code == 0, done.out
    (note,) = [one for one in done.data["findings"] if one["code"] == "earlier-inconclusive"]
    assert "changed-meanwhile" in note["evidence"][0]
    assert contents(tmp_path / "b.zip")["attempts/0001.json"]["verdict"] == "INCONCLUSIVE"
    assert "attempt 1 of 3 was inconclusive (changed-meanwhile)" in done.err
    assert "\n::notice title=earlier-inconclusive%3A" in done.err
