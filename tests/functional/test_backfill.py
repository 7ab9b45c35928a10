"""backfill: existing items are given to the function once, marked, and only those that the trigger is for."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from ddbinsert.environment import SystemClock
from tests.functional.command import Ran, ran, until
from tests.functional.helpers import check_envelope

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.functional.helpers import Cloud


class Hurried(SystemClock):
    """A clock on which nobody waits long: the emulator needs no time to settle."""

    def sleep(self, seconds: float) -> None:
        super().sleep(min(seconds, 0.05))


@pytest.fixture
def run(variables: dict[str, str]) -> Callable[..., Ran]:
    return lambda *words: ran(*words, "-o", "json", variables=variables, clock=Hurried())


@pytest.fixture
def table(cloud: Cloud, run: Callable[..., Ran]) -> str:
    """Three items that were there before the trigger with its audit log was."""
    name = cloud.table()
    audit = f"{name}-audit"
    for key, kind in (("a", "order"), ("b", "order"), ("c", "other")):
        cloud.put(name, key, kind=kind, at="2026-05-01T12:00:00Z")
    made = run("audit", "create-table", audit, "--no-protect")
    assert made.code == 0, made
    attached = run("attach-trigger", name, "--template", "audit-log", "--env", f"SINK_ARN={made.data['arn']}")
    assert attached.code == 0, attached
    assert until(lambda: cloud.configuration(f"{name}-inserts").get("State", "Active") == "Active")
    return name


def entries(cloud: Cloud, table: str) -> dict[str, dict[str, str]]:
    """The audit entries by their item's key."""
    return {
        one["keys"]["M"]["pk"]["S"]: {name: value["S"] for name, value in one.items() if "S" in value}
        for one in cloud.items(f"{table}-audit")
    }


def test_each_item_is_given_once_and_its_entry_says_that_it_is_a_backfill(
    cloud: Cloud, run: Callable[..., Ran], table: str
) -> None:
    asked = run("backfill", table)
    assert (asked.code, asked.error_code) == (2, "confirmation-needed")
    tried = run("backfill", table, "--dry-run", "--where", 'NewImage.kind = "order"')
    assert (tried.code, tried.data["given"], tried.data["excluded"]) == (0, 2, 1)
    assert not entries(cloud, table)

    done = run("backfill", table, "--yes", "--where", 'NewImage.kind = "order"', "--time-attribute", "at")
    check_envelope(done.json, command="backfill", code=0)
    assert (done.data["read"], done.data["given"], done.data["complete"]) == (3, 2, True)
    found = entries(cloud, table)
    assert set(found) == {"a", "b"}
    assert {one["backfill"] for one in found.values()} == {done.data["run_id"]}
    assert {one["time"] for one in found.values()} == {"2026-05-01T12:00:00.000Z"}

    rest = run("backfill", table, "--yes")
    assert (rest.data["given"], rest.data["given_before"]) == (1, 2)
    assert set(entries(cloud, table)) == {"a", "b", "c"}
    again = run("backfill", table, "--yes", "--again", "--limit", "2", "--batch-size", "1")
    assert (again.code, again.data["given"]) == (0, 2)
    assert len(entries(cloud, table)) == 3


def test_what_the_function_fails_on_is_told_and_given_again(
    cloud: Cloud, run: Callable[..., Ran], attached: Callable[..., str]
) -> None:
    table = attached(
        source="def handler(event, context):\n"
        "    for record in event['Records']:\n"
        "        if record['dynamodb']['Keys']['pk']['S'] == 'bad':\n"
        "            raise ValueError('cannot take it')\n"
    )
    for key in ("a", "bad", "b"):
        cloud.put(table, key)
    for given, before in ((2, 0), (0, 2)):
        done = run("backfill", table, "--yes", "--attempts", "1", "--batch-size", "1")
        assert (done.code, done.data["given"], len(done.data["failed"])) == (1, given, 1), done
        assert done.data["given_before"] == before
        assert "cannot take it" in done.data["problem"]


def test_a_condition_that_is_not_valid_is_a_usage_error(run: Callable[..., Ran], table: str) -> None:
    done = run("backfill", table, "--yes", "--where", "NewImage.kind ==")
    assert (done.code, done.error_code) == (2, "invalid-condition")


def test_items_without_an_entry_are_listed_and_only_they_are_filled_in(
    cloud: Cloud, run: Callable[..., Ran], table: str, tmp_path: Path
) -> None:
    quick = ("gaps", table, "--from-table", "--settle", "0s")
    assert run("backfill", table, "--yes", "--limit", "1").data["given"] == 1
    (known,) = entries(cloud, table)
    found = run(*quick, "--save", str(tmp_path / "missing.jsonl"))
    check_envelope(found.json, command="gaps", code=1)
    assert (found.data["items"], found.data["with_entry"], found.data["without_entry"]) == (3, 1, 2)
    missing = {one["pk"]["S"] for one in found.data["keys"]}
    assert missing == {"a", "b", "c"} - {known}
    assert len((tmp_path / "missing.jsonl").read_text().splitlines()) == 2
    filled = run("backfill", table, "--yes", "--missing", "--again")
    assert [filled.data[name] for name in ("given", "with_entry", "given_before")] == [2, 1, 0]
    assert run(*quick).code == 0
    entry = cloud.items(f"{table}-audit")[0]
    schema = cloud.described(f"{table}-audit")["KeySchema"]
    lost = {one["AttributeName"]: entry[one["AttributeName"]] for one in schema}
    cloud.dynamodb.delete_item(TableName=f"{table}-audit", Key=lost)
    before = run("backfill", table, "--yes", "--missing", "--dry-run")
    assert [before.data[name] for name in ("given", "with_entry", "given_before")] == [0, 2, 1]


def test_an_export_is_compared_and_a_damaged_one_is_refused(
    cloud: Cloud, run: Callable[..., Ran], table: str, tmp_path: Path
) -> None:
    assert run("backfill", table, "--yes").data["given"] == 3
    folder = exported(tmp_path / "export", [{"pk": {"S": key}} for key in ("a", "b", "gone")])
    found = run("gaps", table, "--from-export", str(folder))
    assert (found.code, [one["pk"]["S"] for one in found.data["keys"]]) == (1, ["gone"])
    (data,) = (folder / "data").iterdir()
    data.write_bytes(data.read_bytes()[:-9])
    refused = run("gaps", table, "--from-export", str(folder))
    assert (refused.code, refused.error_code) == (5, "bad-export")
    assert run("gaps", table, "--from-export", str(tmp_path)).error_code == "bad-export"
    assert run("gaps", table, "--from-export", "s3://bucket").code == 2


def test_an_export_is_read_from_its_bucket(
    cloud: Cloud, run: Callable[..., Ran], table: str, tmp_path: Path
) -> None:
    assert run("backfill", table, "--yes").data["given"] == 3
    place, s3 = "some/AWSDynamoDB/01693685827463-2d8752fd", cloud.s3
    s3.create_bucket(Bucket=table)
    folder = exported(tmp_path / "export", [{"pk": {"S": key}} for key in ("a", "b", "gone")], prefix="some/")
    for path in (path for path in folder.rglob("*") if path.is_file()):
        s3.put_object(Bucket=table, Key=f"{place}/{path.relative_to(folder)}", Body=path.read_bytes())
    found = run("gaps", table, "--from-export", f"s3://{table}/{place}/")
    assert (found.code, [one["pk"]["S"] for one in found.data["keys"]]) == (1, ["gone"]), found.err
    summary = {"tableArn": f"{cloud.described(table)['TableArn']}2", "outputFormat": "DYNAMODB_JSON"}
    for changed in (summary, {**summary, "tableArn": "", "outputFormat": "ION"}):
        s3.put_object(Bucket=table, Key=f"{place}/manifest-summary.json", Body=json.dumps(changed).encode())
        refused = run("gaps", table, "--from-export", f"s3://{table}/{place}")
        assert (refused.code, refused.error_code) == (5, "bad-export"), refused.out
    s3.delete_object(Bucket=table, Key=f"{place}/manifest-summary.json")
    s3.delete_object(Bucket=table, Key=f"{place}/data/one.json.gz")
    for words in (f"s3://{table}/{place}", f"s3://{table}/elsewhere", f"s3://{table}-gone/{place}"):
        refused = run("gaps", table, "--from-export", words)
        assert (refused.code, refused.error_code) == (5, "bad-export"), refused.out


def test_the_comparison_is_printed_as_sql(run: Callable[..., Ran], table: str) -> None:
    done = run("gaps", table, "--print-sql", "athena", "--from-export", "s3://b/AWSDynamoDB/1")
    assert done.code == 0, done.err
    assert "s3://b/AWSDynamoDB/1/data/" in done.data["tables"][0]
    assert "json_extract_scalar" in done.data["query"]
    for words in (
        ("--print-sql", "athena", "--from-export", "folder"),
        ("--print-sql", "athena", "--from-table"),
        ("--sink-export", "s3://b/AWSDynamoDB/2"),
    ):
        assert run("gaps", table, *words).code == 2


def exported(folder: Path, items: list[dict[str, Any]], *, prefix: str = "") -> Path:
    """A full export as DynamoDB writes it."""
    (folder / "data").mkdir(parents=True)
    content = gzip.compress("".join(json.dumps({"Item": item}) + "\n" for item in items).encode())
    (folder / "data" / "one.json.gz").write_bytes(content)
    manifest = {
        "itemCount": len(items),
        "md5Checksum": base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode(),
        "dataFileS3Key": f"{prefix}AWSDynamoDB/01693685827463-2d8752fd/data/one.json.gz",
    }
    (folder / "manifest-files.json").write_text(json.dumps(manifest) + "\n")
    return folder


def test_a_sink_that_cannot_be_compared_is_told(
    run: Callable[..., Ran], attached: Callable[..., str]
) -> None:
    done = run("gaps", attached(), "--from-table")
    assert (done.code, done.error_code) == (5, "sink-not-readable")
