"""status, as a user and a script see it: one look, nothing changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.functional.command import Ran, ran
from tests.functional.helpers import INSERT_ONLY, Calls, Terminal, check_envelope, fresh

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.functional.helpers import Cloud


@pytest.fixture
def status(variables: dict[str, str]) -> Callable[..., Ran]:
    return lambda *arguments, **outside: ran("status", *arguments, variables=variables, **outside)


def _rows(shown: Ran) -> dict[str, str]:
    """First word(s) of each line to the rest, as they stand in two columns."""
    return {
        name.strip(): value.strip()
        for name, _, value in (line.partition("  ") for line in shown.out.splitlines())
        if value
    }


def test_a_bare_table_lacks_everything_and_the_next_command_is_named(
    status: Callable[..., Ran], cloud: Cloud
) -> None:
    table = cloud.table("pk:S,sk:N")
    shown = status(table)
    assert shown.code == 0
    rows = _rows(shown)
    assert "key pk:S,sk:N" in rows["table"]
    assert rows["stream"] == "not enabled"
    assert rows["function"] == f"{table}-inserts does not exist"
    assert rows["logs"] == "no log group yet"
    assert rows["mapping"] == "none on the live stream"
    assert shown.out.splitlines()[-1] == f"Attach it: ddbinsert attach-trigger {table}"


def test_an_attached_trigger_is_shown_at_a_glance_and_nothing_is_changed(
    status: Callable[..., Ran], cloud: Cloud, variables: dict[str, str]
) -> None:
    table = cloud.table()
    name = f"{table}-inserts"
    ran("attach-trigger", table, variables=variables)
    before = cloud.all_about(table)
    calls = Calls()
    shown = status(table, connect=calls.connect)
    assert shown.code == 0
    assert not calls.writes
    assert cloud.all_about(table) == before
    rows = _rows(shown)
    assert rows["stream"] == f"NEW_IMAGE, {cloud.stream(table)}"
    assert rows["function"].startswith(f"{name} (")
    assert "made by ddbinsert" in rows["function"]
    assert rows["logs"] == f"/aws/lambda/{name} (kept 14 days)"
    assert rows["mapping"] == f"{cloud.mapping(name)['UUID']} (Enabled, batches of 100)"
    assert rows["filter"] == f"{INSERT_ONLY} (insert-only)"
    assert "Attach it" not in shown.out


@pytest.mark.parametrize(
    ("patterns", "told"),
    [
        ((), "none: every change is delivered"),
        (('{"eventName":["INSERT","MODIFY"]}',), "(NOT insert-only)"),
        (('{"eventName":["INSERT"]}', '{"dynamodb":{"Keys":{"pk":{"S":["a"]}}}}'), "(NOT insert-only)"),
        (('{"eventName":[{"prefix":"INS"}]}',), "(insert-only)"),
    ],
)
def test_a_filter_is_judged_whoever_set_it(
    cloud: Cloud, variables: dict[str, str], patterns: tuple[str, ...], told: str
) -> None:
    table = cloud.table()
    name = f"{table}-inserts"
    ran("attach-trigger", table, variables=variables)
    criteria = {"Filters": [{"Pattern": pattern} for pattern in patterns]} if patterns else {}
    cloud.lambda_.update_event_source_mapping(UUID=cloud.mapping(name)["UUID"], FilterCriteria=criteria)
    assert told in _rows(ran("status", table, variables=variables))["filter"]
    data = ran("status", table, "-o", "json", variables=variables).data
    assert data["mapping"]["insert_only"] is (told == "(insert-only)")


def test_a_mapping_on_a_dead_stream_and_another_functions_are_told(
    status: Callable[..., Ran], cloud: Cloud, variables: dict[str, str]
) -> None:
    table = cloud.table()
    ran("attach-trigger", table, variables=variables)
    stale = cloud.mapping(f"{table}-inserts")
    for view in (None, "NEW_IMAGE"):
        cloud.set_stream(table, view)
    other = fresh("other")
    ran("create-function", table, "--function", other, variables=variables)
    theirs = cloud.map(other, table)
    shown = status(table)
    assert shown.code == 0
    rows = _rows(shown)
    assert rows["mapping"] == "none on the live stream"
    assert stale["UUID"] in rows["stale"]
    assert stale["EventSourceArn"] in rows["stale"]
    assert other in rows["also reads"]
    assert theirs in rows["also reads"]


def test_a_log_group_that_keeps_for_ever_and_a_function_that_is_not_ours_are_told(
    status: Callable[..., Ran], cloud: Cloud, variables: dict[str, str]
) -> None:
    table = cloud.table()
    name = f"{table}-inserts"
    ran("create-function", table, variables=variables)
    cloud.logs.delete_retention_policy(logGroupName=f"/aws/lambda/{name}")
    cloud.lambda_.untag_resource(
        Resource=cloud.configuration(name)["FunctionArn"], TagKeys=["ddbinsert:table"]
    )
    rows = _rows(status(table))
    assert "kept for ever" in rows["logs"]
    assert "not made by ddbinsert" in rows["function"]


def test_a_function_under_another_name_is_looked_at_when_named(
    status: Callable[..., Ran], cloud: Cloud, variables: dict[str, str]
) -> None:
    table, name = cloud.table(), fresh("named")
    ran("attach-trigger", table, "--function", name, variables=variables)
    shown = status(table, "--function", name, "-o", "json")
    assert shown.data["function"]["name"] == name
    assert shown.data["mapping"]["insert_only"] is True


def test_a_script_gets_all_of_it_but_no_value_of_the_functions_environment(
    status: Callable[..., Ran], cloud: Cloud, variables: dict[str, str]
) -> None:
    table = cloud.table()
    ran("attach-trigger", table, "--env", "TOKEN=hunter2", variables=variables)
    shown = status(table, "-o", "json")
    check_envelope(shown.json, command="status", code=0)
    data = shown.data
    assert data["table"]["stream_arn"] == cloud.stream(table)
    assert data["function"]["environment"] == ["TOKEN"]
    assert data["function"]["made_by_ddbinsert"] is True
    assert data["log_group"]["retention_days"] == 14
    assert data["mapping"]["uuid"] == cloud.mapping(f"{table}-inserts")["UUID"]
    assert data["stale_mappings"] == data["other_mappings"] == []
    assert "hunter2" not in shown.out + status(table).out


def test_a_missing_table_is_a_missing_prerequisite(status: Callable[..., Ran]) -> None:
    shown = status(fresh(), "-o", "json")
    assert shown.code == 5
    check_envelope(shown.json, command="status", code=5)
    assert shown.error_code == "table-not-found"


def test_looking_never_starts_an_emulator(local_variables: dict[str, str]) -> None:
    shown = ran("status", "orders", "--local", "-o", "json", variables=local_variables)
    assert shown.code == 5
    assert shown.error_code == "emulator-not-running"
    assert "ddbinsert local start" in shown.json["errors"][0]["hint"]


def test_a_terminal_gets_the_same_words(status: Callable[..., Ran], cloud: Cloud) -> None:
    table = cloud.table()
    assert status(table, out=Terminal(), err=Terminal()).out == status(table).out
