"""ls: every stream and its consumers, judged; what may not be read, what differs, orphans."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.functional import foreign
from tests.functional.command import ran
from tests.functional.helpers import Calls, Cloud, Refusing, fresh

if TYPE_CHECKING:
    from pathlib import Path

    from tests.functional.command import Ran


class Account(NamedTuple):
    """Tables with consumers that others made."""

    table: str
    sound: str
    leaking: str
    never: str
    unfiltered: str
    stack: str
    stacked: str
    bare: str
    tables: tuple[str, ...]


@pytest.fixture(scope="module")
def account(cloud: Cloud) -> Account:
    table, other, bare = (cloud.table(view="NEW_IMAGE") for _ in range(3))
    role = foreign.role(cloud)
    stacked, unfiltered = fresh("stacked"), foreign.function(cloud, fresh("theirs"), role)
    foreign.mapped(cloud, other, unfiltered)
    return Account(
        table=table,
        sound=foreign.consumer(cloud, table, role, Terraform="yes"),
        leaking=foreign.consumer(cloud, table, role, foreign.EVERYTHING),
        never=foreign.consumer(
            cloud, other, role, '{"eventName":["INSERT"],"dynamodb":{"OldImage":{"a":{"S":["b"]}}}}'
        ),
        unfiltered=unfiltered,
        stack=foreign.stack(cloud, other, role, stacked),
        stacked=stacked,
        bare=bare,
        tables=(table, other, bare),
    )


def entries(done: Ran) -> dict[str, dict[str, Any]]:
    """Consumers by name; streams without one by their table."""
    lines = [json.loads(line) for line in done.out.splitlines()]
    return {one["consumer"] or one["table"]: one for one in lines if one["type"] == "consumer"}


def codes(entry: dict[str, Any]) -> set[str]:
    return {one["code"] for one in entry["findings"]}


def test_each_consumer_is_judged_and_nothing_is_changed(
    account: Account, cloud: Cloud, variables: dict[str, str]
) -> None:
    functions = (account.sound, account.leaking, account.never, account.unfiltered, account.stacked)
    before = foreign.snapshot(cloud, *functions)
    calls = Calls()
    done = ran("ls", "-o", "json", variables=variables, connect=calls.connect)
    assert done.code == 0, done.err
    found = entries(done)
    judged = {name: found[name]["insert_only"] for name in functions}
    assert judged == {
        account.sound: "yes",
        account.leaking: "no",
        account.never: "yes",
        account.unfiltered: "no",
        account.stacked: "yes",
    }
    assert found[account.leaking]["example"]["eventName"] in ("MODIFY", "REMOVE")
    assert "not-insert-only" in codes(found[account.leaking])
    assert "filter-never-matches" in codes(found[account.never])
    assert found[account.unfiltered]["filter"] == "every change"
    assert found[account.sound]["filter"] == "INSERT records pass"
    assert found[account.sound]["view"] == "NEW_IMAGE"
    assert found[account.sound]["state"] == "Enabled"
    assert codes(found[account.bare]) == {"stream-unattached"}
    assert {"third-reader"} <= codes(found[account.stacked])
    assert found[account.sound]["owner"] == "terraform"
    assert not calls.writes
    assert foreign.snapshot(cloud, *functions) == before


def test_orphans_are_found(cloud: Cloud, variables: dict[str, str]) -> None:
    role = foreign.role(cloud)
    replaced, dropped, disabled = (cloud.table(view="KEYS_ONLY") for _ in range(3))
    stale, gone, off = (foreign.consumer(cloud, one, role) for one in (replaced, dropped, disabled))
    nowhere = foreign.consumer(cloud, replaced, role)
    tap = foreign.function(cloud, fresh("ddbinsert-tap"), role)
    foreign.mapped(cloud, disabled, tap)
    lone = foreign.function(cloud, fresh("ddbinsert-tap"), role)
    cloud.set_stream(replaced, None)
    cloud.set_stream(replaced, "KEYS_ONLY")
    cloud.dynamodb.delete_table(TableName=dropped)
    cloud.set_stream(disabled, None)
    cloud.lambda_.delete_function(FunctionName=nowhere)
    found = entries(ran("ls", "-o", "json", "--fail-on", "error", variables=variables))
    assert "stream-replaced" in codes(found[stale])
    assert "table-deleted" in codes(found[gone])
    assert "stream-disabled" in codes(found[off])
    assert "tap-left" in codes(found[tap])
    assert codes(found[lone]) == {"tap-left"}
    assert f"us-east-1 (no table) → {lone} (unattached)" in ran("ls", variables=variables).out
    for left in (tap, lone):  # other tests of this emulator look for taps that are left
        cloud.lambda_.delete_function(FunctionName=left)
    if nowhere in found:  # an emulator may delete the mappings of a function with it
        assert "function-deleted" in codes(found[nowhere])


def test_fail_on_decides_the_exit_code(account: Account, variables: dict[str, str]) -> None:
    assert ran("ls", "-q", "--fail-on", "error", variables=variables).code == 1  # never
    assert ran("ls", "-q", variables=variables).code == 0


@pytest.mark.parametrize("operation", ["ListFunctions", "GetResources", "ListPipes"])
def test_what_may_not_be_read_is_told_and_the_rest_goes_on(
    account: Account, variables: dict[str, str], operation: str
) -> None:
    refusing = Refusing(operation)
    done = ran("ls", "-o", "json", variables=variables, connect=refusing.connect)
    lines = [json.loads(line) for line in done.out.splitlines()]
    (unread,) = (one for one in lines if one["type"] == "unread")
    assert unread["what"] in ("functions", "tags", "pipes")
    assert account.leaking in entries(done)
    assert done.code == 0
    if operation == "GetResources":
        assert entries(done)[account.sound]["owner"] == "unknown"
    judged = ran(
        "ls", "--region", "us-east-1", "--fail-on", "error", variables=variables, connect=refusing.connect
    )
    assert judged.code in (1, 6)
    assert "not read:" in judged.err


def test_tables_that_may_not_be_described_are_not_taken_for_deleted(
    account: Account, variables: dict[str, str]
) -> None:
    for operation in ("DescribeTable", "ListTables"):
        refusing = Refusing(operation)
        done = ran("ls", "-o", "json", variables=variables, connect=refusing.connect)
        found = entries(done)
        assert "table-deleted" not in codes(found[account.leaking]), operation
        assert found[account.leaking]["insert_only"] == "no"
        assert '"unread"' in done.out


def test_a_later_look_shows_what_differs(
    account: Account, cloud: Cloud, variables: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "last.json").write_text(ran("ls", "-o", "json", variables=variables).out)
    same = ran("ls", "--diff", "last.json", variables=variables, cwd=tmp_path)
    assert (same.out, "no differences" in same.err) == ("", True)
    refusing = Refusing("DescribeTable")
    less = ran("ls", "--diff", "last.json", variables=variables, cwd=tmp_path, connect=refusing.connect)
    assert less.out == ""  # the view types that are not known now are no change
    table = cloud.table(view="NEW_IMAGE")
    new = foreign.consumer(cloud, table, foreign.role(cloud), foreign.EVERYTHING)
    uuid = cloud.mapping(account.sound)["UUID"]
    cloud.lambda_.update_event_source_mapping(
        UUID=uuid, FilterCriteria={"Filters": [{"Pattern": foreign.EVERYTHING}]}
    )
    try:
        words = ("ls", "--diff", "last.json")
        told = ran(*words, variables=variables, cwd=tmp_path).out
        listed = ran(*words, "-o", "json", variables=variables, cwd=tmp_path).out
        elsewhere = ran(*words, "--region", "eu-west-1", variables=variables, cwd=tmp_path)
    finally:
        cloud.lambda_.update_event_source_mapping(
            UUID=uuid, FilterCriteria={"Filters": [{"Pattern": '{"eventName":["INSERT"]}'}]}
        )
    assert f"+ us-east-1 {table} → {new}" in told
    assert f"~ us-east-1 {account.table} → {account.sound}" in told
    assert 'insert_only: "yes" → "no"' in told
    assert account.leaking not in told
    assert elsewhere.out == ""
    assert "not compared, because it was not read now: " in elsewhere.err
    changes = {(one["change"], one["entry"]["consumer"]) for one in map(json.loads, listed.splitlines())}
    assert {("new", new), ("changed", account.sound)} <= changes
    (tmp_path / "other.json").write_text('{"type": 5, "a": []}\n[1]')
    wrong = ran("ls", "--diff", "other.json", "-o", "json", variables=variables, cwd=tmp_path)
    assert (wrong.code, wrong.error_code) == (2, "diff-file")


def test_csv_and_html_hold_the_same_entries(
    account: Account, variables: dict[str, str], tmp_path: Path
) -> None:
    done = ran("ls", "--csv", "--report", "ls.html", variables=variables, cwd=tmp_path)
    rows = {row["consumer"]: row for row in csv.DictReader(io.StringIO(done.out))}
    assert rows[account.leaking]["insert_only"] == "no"
    assert rows[account.leaking]["severity"] == "warning"
    page = (tmp_path / "ls.html").read_text()
    assert all(name in page for name in (account.leaking, account.sound, "Content-Security-Policy"))
    assert "<script" not in page


def test_regions_are_read_side_by_side(account: Account, variables: dict[str, str]) -> None:
    done = ran("ls", "--region", "us-east-1", "--region", "eu-west-1", "-o", "json", variables=variables)
    assert done.code == 0, done.err
    assert entries(done)[account.sound]["region"] == "us-east-1"
    both = ran("ls", "--region", "us-east-1", "--all-regions", variables=variables)
    assert both.code == 2


def test_tables_without_a_stream_are_described_only_if_a_consumer_names_them(
    variables: dict[str, str],
) -> None:
    """In a region of its own: one Kinesis stream makes `ls` ask every table of the region for its destinations."""
    here = {**variables, "AWS_REGION": "eu-north-1", "AWS_DEFAULT_REGION": "eu-north-1"}
    there = Cloud(here, emulator=variables["AWS_ENDPOINT_URL"])
    role = foreign.role(there)
    streaming, off, *plain = (there.table(view=view) for view in ("KEYS_ONLY", "KEYS_ONLY", None, None, None))
    reader, stale = (foreign.consumer(there, one, role) for one in (streaming, off))
    there.set_stream(off, None)
    calls = Calls()
    found = entries(ran("ls", "-o", "json", variables=here, connect=calls.connect))
    assert {streaming, off}.isdisjoint(found)  # they are the tables of their consumers
    assert "stream-disabled" in codes(found[stale])
    assert codes(found[reader]).isdisjoint({"stream-disabled", "table-deleted"})
    assert calls.made["DescribeTable"] == 2
    there.kinesis.create_stream(StreamName="everything", ShardCount=1)
    arn = "arn:aws:kinesis:eu-north-1:000000000000:stream/everything"
    there.dynamodb.enable_kinesis_streaming_destination(TableName=plain[0], StreamArn=arn)
    calls = Calls()
    whole = ran("ls", "-o", "json", variables=here, connect=calls.connect)
    assert calls.made["DescribeTable"] == 2
    assert entries(whole)["everything"]["table"] == plain[0]
    assert codes(entries(whole)["everything"]) == {"kinesis-unfiltered"}
    denied = ran("ls", "-o", "json", variables=here, connect=Refusing("ListStreams").connect)
    assert sorted(denied.out.splitlines()) == sorted(whole.out.splitlines())


def test_an_identity_that_may_not_list_its_regions_hides_no_other(
    variables: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = "\n".join(
        f"aws_{name} = {variables[f'AWS_{name.upper()}']}" for name in ("access_key_id", "secret_access_key")
    )
    (tmp_path / "config").write_text(
        "".join(f"[profile {name}]\nregion = us-east-1\n{keys}\n" for name in ("one", "two"))
    )
    own = {
        name: value
        for name, value in variables.items()
        if name not in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    }
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))  # botocore reads it from the process
    connect = Refusing("ListRegions").connect
    both = ran(
        *("ls", "--all-regions", "--profile", "one", "--profile", "two", "-o", "json"),
        variables=own,
        connect=connect,
    )
    found = [json.loads(line) for line in both.out.splitlines()]
    assert [(one["type"], one["profile"], one["what"]) for one in found] == [
        ("unread", "one", "the list of regions"),
        ("unread", "two", "the list of regions"),
    ]
    assert both.code == 4
    single = ran("ls", "--all-regions", "--profile", "one", "-o", "json", variables=own, connect=connect)
    assert (single.code, single.error_code) == (4, "access-denied")
    assert "Or name the regions: --region" in single.out
