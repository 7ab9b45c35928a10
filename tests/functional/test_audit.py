"""audit create-table and audit query, on what the audit-log template wrote."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.functional.command import Ran, ran, until
from tests.functional.helpers import check_envelope, fresh

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.functional.helpers import Cloud

RUNTIMES = [
    "python3.13",
    pytest.param("nodejs22.x", marks=pytest.mark.skipif(not shutil.which("node"), reason="node is not here")),
]


@pytest.fixture
def run(variables: dict[str, str], tmp_path: Path) -> Callable[..., Ran]:
    return lambda *arguments, **outside: ran(*arguments, variables=variables, cwd=tmp_path, **outside)


class Log:
    """An audit table, and entries written to it by the template's own code."""

    def __init__(self, run: Callable[..., Ran], cloud: Cloud, folder: Path) -> None:
        self.run = run
        self.table = cloud.table("id:S,n:N", view="NEW_IMAGE")
        self.folder = folder
        made = run("audit", "create-table", fresh("audit"), "-o", "json")
        check_envelope(made.json, command="audit create-table", code=0)
        self.name, self.arn = made.data["table"], made.data["arn"]

    def insert(self, *items: dict[str, Any], runtime: str = "python3.13", sink: str | None = None) -> None:
        (self.folder / "items.json").write_text("\n".join(json.dumps(item) for item in items))
        settings = ("--env", f"SINK_ARN={sink or self.arn}", "--env", "USER_ATTRIBUTE=by")
        done = self.run(
            *("invoke", self.table, "--template", "audit-log", "--runtime", runtime, "--item", "items.json"),
            *settings,
        )
        assert done.code == 0, done

    def query(self, *arguments: str) -> Any:
        asked = self.run("audit", "query", self.table, "--audit", self.name, *arguments, "-o", "json")
        check_envelope(asked.json, command="audit query", code=0)
        return asked.data


@pytest.fixture
def log(run: Callable[..., Ran], cloud: Cloud, tmp_path: Path) -> Log:
    return Log(run, cloud, tmp_path)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_entries_are_found_by_item_by_user_and_by_time(log: Log, runtime: str) -> None:
    log.insert(
        {"id": "a", "n": 1, "by": "ann"},
        {"id": "a", "n": 2.5, "by": "bob"},
        {"id": "é\u2028", "n": 3, "by": "ann"},
        runtime=runtime,
    )
    by_item = log.query("--key", '{"n": 2.5, "id": "a"}')
    assert by_item["index"] == "by-item"
    assert [one["user"] for one in by_item["entries"]] == ["bob"]
    assert by_item["entries"][0]["image"]["n"] == {"N": "2.5"}
    by_user = log.query("--user", "ann")
    assert by_user["index"] == "by-user"
    assert [one["keys"]["n"]["N"] for one in by_user["entries"]] == ["3", "1"]
    assert [one["item"] for one in log.query("--key", '{"id": "é\u2028", "n": 3}')["entries"]]
    assert len(log.query()["entries"]) == 3
    assert len(log.query("--since", "1h")["entries"]) == 3
    assert log.query("--until", "2020-01-01T00:00Z")["entries"] == []


def test_the_newest_are_given_and_older_ones_are_said_to_be_there(log: Log) -> None:
    log.insert(*({"id": "x", "n": n, "by": "ann"} for n in range(12)))
    for arguments in (("--user", "ann"), ()):
        said = log.query(*arguments, "--limit", "5")
        assert [one["keys"]["n"]["N"] for one in said["entries"]] == ["11", "10", "9", "8", "7"]
        assert said["more"] is True
    assert log.query("--limit", "12")["more"] is False


def test_entries_of_other_tables_are_left_out(log: Log, cloud: Cloud) -> None:
    log.insert({"id": "a", "n": 1, "by": "ann"})
    log.table = cloud.table("id:S,n:N", view="NEW_IMAGE")
    assert log.query("--user", "ann")["entries"] == []


def test_a_table_without_indexes_is_read_whole(log: Log, cloud: Cloud) -> None:
    log.name = cloud.table("eventID:S")
    log.insert({"id": "a", "n": 1, "by": "ann"}, sink=cloud.described(log.name)["TableArn"])
    said = log.query("--user", "ann")
    assert said["index"] is None
    assert len(said["entries"]) == 1


def test_the_deployed_functions_sink_is_the_table_that_is_asked(log: Log, run: Callable[..., Ran]) -> None:
    assert (
        run("create-function", log.table, "--template", "audit-log", "--env", f"SINK_ARN={log.arn}").code == 0
    )
    log.insert({"id": "a", "n": 1, "by": "\x1b[31mred"})
    shown = run("audit", "query", log.table)
    assert shown.code == 0
    assert '{"id":"a","n":1}' in shown.out
    assert "\x1b" not in shown.out
    assert '"by"' in run("audit", "query", log.table, "--images").out


def test_nothing_found_is_said_to_be_so(log: Log, run: Callable[..., Ran]) -> None:
    assert "No matching entries" in run("audit", "query", log.table, "--audit", log.name).out


def test_the_first_query_reads_an_index_and_not_the_whole_table(
    log: Log, run: Callable[..., Ran], cloud: Cloud
) -> None:
    log.insert(*({"id": "x", "n": n, "by": "ann"} for n in range(40)))
    said = log.query("--since", "1h", "--limit", "7")
    assert said["index"] == "by-table"
    assert [one["keys"]["n"]["N"] for one in said["entries"]] == [str(n) for n in range(39, 32, -1)]
    assert said["more"] is True
    assert log.query("--until", "2020-01-01T00:00Z")["entries"] == []
    name = fresh("audit")
    assert run("audit", "create-table", name, "--no-by-table").code == 0
    assert {one["IndexName"] for one in cloud.described(name)["GlobalSecondaryIndexes"]} == {
        "by-item",
        "by-user",
    }


def test_making_the_table_again_changes_nothing_and_another_table_is_refused(
    log: Log, run: Callable[..., Ran], cloud: Cloud
) -> None:
    again = run("audit", "create-table", log.name, "-o", "json")
    assert (again.code, again.data["arn"], again.data["created"]) == (0, log.arn, False)
    theirs = cloud.table("eventID:S")
    for command in ("audit", "dedup"):
        refused = run(command, "create-table", theirs, "-o", "json")
        assert (refused.code, refused.error_code) == (1, "table-exists")
    assert run("dedup", "create-table", log.name, "-o", "json").error_code == "table-exists"


def test_a_deduplication_table_expires_its_entries(run: Callable[..., Ran], cloud: Cloud) -> None:
    name = fresh("seen")
    made = run("dedup", "create-table", name, "-o", "json")
    check_envelope(made.json, command="dedup create-table", code=0)
    assert cloud.described(name)["KeySchema"] == [{"AttributeName": "eventID", "KeyType": "HASH"}]
    lives = cloud.dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    assert lives["AttributeName"] == "expires"


def test_entries_of_test_items_are_left_out_and_counted(log: Log) -> None:
    log.insert({"id": "ddbinsert:r0123456789ab:000000001", "n": 1, "by": "x"}, {"id": "a", "n": 1, "by": "x"})
    said = log.query()
    assert [one["keys"]["id"]["S"] for one in said["entries"]] == ["a"]
    assert said["test_items"] == 1
    assert len(log.query("--test-items")["entries"]) == 2


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_every_item_has_an_entry_however_large_or_deep_it_is(log: Log, runtime: str) -> None:
    deep: Any = "end"
    for _ in range(31):
        deep = [deep]
    log.insert(
        {"id": "who", "n": 1, "by": "u" * 3000},
        {"id": "k" * 2000, "n": 2, "by": "ann"},
        {"id": "large", "n": 3, "by": "ann", "text": "x" * 390_000},
        {"id": "deep", "n": 4, "by": "ann", "in": deep},
        runtime=runtime,
    )
    entries = {one["keys"]["n"]["N"]: one for one in log.query()["entries"]}
    assert sorted(entries) == ["1", "2", "3", "4"]
    assert "#sha256:" in entries["1"]["user"]
    assert entries["3"]["image"] is None or "text" in entries["3"]["image"]
    assert len(log.query("--user", "u" * 3000)["entries"]) == 1
    assert len(log.query("--key", json.dumps({"id": "k" * 2000, "n": 2}))["entries"]) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (("--audit", "no-such-table"), 5, "table-not-found"),
        (("--audit", "arn:aws:logs:us-east-1:000000000000:log-group:x"), 2, "audit-not-a-table"),
        (("--audit", "arn:aws:dynamodb:eu-west-9:000000000000:table/audit"), 2, "audit-elsewhere"),
        ((), 5, "no-audit-table"),
        (("--audit", "x", "--key", "a"), 2, "bad-key"),
        (("--limit", "0"), 2, "usage"),
        (("--since", "soon"), 2, "usage"),
        (("--since", "1h", "--until", "2h"), 2, "usage"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    run: Callable[..., Ran], arguments: tuple[str, ...], code: int, error: str
) -> None:
    refused = run("audit", "query", "orders-without-function", *arguments, "-o", "json")
    assert (refused.code, refused.error_code) == (code, error)


def test_a_table_that_is_no_audit_table_is_refused(run: Callable[..., Ran], cloud: Cloud) -> None:
    table = cloud.table()
    assert run("audit", "query", table, "--audit", table, "-o", "json").error_code == "no-audit-table"


# --- comparing --------------------------------------------------------------------------------------------


@pytest.fixture
def attached(log: Log, run: Callable[..., Ran]) -> Log:
    """An audit log whose trigger is there."""
    assert run("attach-trigger", log.table, "--template", "audit-log", "--sink", log.arn).code == 0
    return log


def compared(log: Log, *arguments: str, code: int) -> Any:
    asked = log.run(
        *("audit", "verify", log.table, "--audit", log.name, "--settle", "0s", *arguments, "-o", "json")
    )
    check_envelope(asked.json, command="audit verify", code=code)
    return asked.data


def test_an_insert_whose_entry_is_gone_is_found_with_the_stream_and_with_the_items(
    attached: Log, cloud: Cloud
) -> None:
    for n in range(3):
        cloud.dynamodb.put_item(TableName=attached.table, Item={"id": {"S": "a\u2028é"}, "n": {"N": str(n)}})
    cloud.dynamodb.delete_item(TableName=attached.table, Key={"id": {"S": "a\u2028é"}, "n": {"N": "2"}})
    assert until(lambda: len(attached.query()["entries"]) == 3)
    same = compared(attached, code=0)
    assert (same["compared"], same["stored"], same["missing"]) == (3, 3, 0)
    assert compared(attached, "--from-table", code=0)["compared"] == 2
    lost = next(one for one in attached.query()["entries"] if one["keys"]["n"]["N"] == "1")
    cloud.dynamodb.delete_item(TableName=attached.name, Key={"eventID": {"S": lost["event_id"]}})
    by_stream = compared(attached, code=1)
    assert [one["eventID"] for one in by_stream["absent"]] == [lost["event_id"]]
    by_items = compared(attached, "--from-table", code=1)
    assert [one["key"]["n"] for one in by_items["absent"]] == [{"N": "1"}]
    shown = attached.run("audit", "verify", attached.table, "--settle", "0s")
    assert shown.code == 1
    assert lost["event_id"] in shown.out
    assert f"gaps {attached.table} --compare-sink" in shown.out


def test_an_entry_that_may_still_come_is_not_called_missing(log: Log, cloud: Cloud) -> None:
    cloud.dynamodb.put_item(TableName=log.table, Item={"id": {"S": "a"}, "n": {"N": "1"}})
    young = log.run("audit", "verify", log.table, "--audit", log.name, "--settle", "1h", "-o", "json")
    assert (young.code, young.data["waiting"], young.data["missing"]) == (0, 1, 0)
    assert compared(log, code=1)["missing"] == 1


def test_a_time_of_which_the_stream_holds_nothing_is_inconclusive(attached: Log) -> None:
    assert compared(attached, "--since", "3d", code=6)["inconclusive"]


def test_items_whose_entries_may_rightly_be_missing_are_inconclusive(
    log: Log, run: Callable[..., Ran], cloud: Cloud
) -> None:
    cloud.dynamodb.put_item(TableName=log.table, Item={"id": {"S": "a"}, "n": {"N": "1"}})
    flags = ("--template", "audit-log", "--sink", log.arn, "--starting-position", "LATEST")
    assert run("attach-trigger", log.table, *flags, "--env", "RETENTION_DAYS=7").code == 0
    found = compared(log, "--from-table", code=6)
    assert "expire after 7 days" in found["inconclusive"][0]["why"]
    assert run("attach-trigger", log.table, "--env", "REDACT=id.x", "--yes").code == 0
    refused = run("audit", "verify", log.table, "--from-table", "-o", "json")
    assert refused.error_code == "keys-redacted"


def test_a_table_of_another_account_is_not_taken_for_ones_own(log: Log, run: Callable[..., Ran]) -> None:
    other = log.arn.replace(":000000000000:", ":111111111111:")
    refused = run("audit", "verify", log.table, "--audit", other, "-o", "json")
    assert refused.code in (4, 5)
    assert not refused.data
