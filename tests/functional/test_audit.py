"""audit create-table and audit query, on what the audit-log template wrote."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.functional.command import Ran, ran
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
    assert "No entry fits" in run("audit", "query", log.table, "--audit", log.name).out


def test_an_index_by_table_is_made_when_asked_for(run: Callable[..., Ran], cloud: Cloud) -> None:
    name = fresh("audit")
    assert run("audit", "create-table", name, "--by-table").code == 0
    indexes = cloud.described(name)["GlobalSecondaryIndexes"]
    assert {one["IndexName"] for one in indexes} == {"by-item", "by-user", "by-table"}
    said = run("audit", "query", "orders", "--audit", name, "-o", "json").data
    assert said["index"] == "by-table"


def test_a_name_that_is_taken_is_refused(log: Log, run: Callable[..., Ran]) -> None:
    refused = run("audit", "create-table", log.name, "-o", "json")
    assert (refused.code, refused.error_code) == (1, "table-exists")


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (("--audit", "no-such-table"), 5, "table-not-found"),
        (("--audit", "arn:aws:logs:us-east-1:000000000000:log-group:x"), 2, "audit-not-a-table"),
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
