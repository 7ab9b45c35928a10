"""status, as a user and a script see it: one look, nothing changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from ddbinsert.environment import SystemClock
from tests.functional.command import Ran, ran
from tests.functional.helpers import INSERT_ONLY, Calls, Refusing, Terminal, check_envelope, fresh

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
    assert ", created by ddbinsert" in rows["function"]
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
    assert shown.code == 1
    assert "BROKEN mapping-on-stale-stream: " in shown.out
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
    assert "kept forever" in rows["logs"]
    assert "not created by ddbinsert" in rows["function"]


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


def test_a_mistyped_table_is_told_apart_by_the_nearest_name(cloud: Cloud, variables: dict[str, str]) -> None:
    table = cloud.table()
    for wrong in (table.upper(), f"{table}s"):
        for command in ("status", "send"):
            done = ran(command, wrong, "-o", "json", variables=variables)
            assert (done.code, done.error_code) == (5, "table-not-found")
            assert f"Did you mean {table}" in done.json["errors"][0]["hint"]
    far = ran("status", "entirely-different", variables=variables)
    assert "Did you mean" not in far.err


def test_a_mistyped_function_is_never_advised_to_be_created(cloud: Cloud, variables: dict[str, str]) -> None:
    table = cloud.table()
    assert ran("attach-trigger", table, "--yes", variables=variables).code == 0
    wrong = ("--function", f"{table}-insert", "-o", "json")
    verified = ran("verify", table, *wrong, variables=variables)
    assert (verified.code, verified.error_code) == (5, "function-not-found")
    assert f"Did you mean {table}-inserts" in verified.json["errors"][0]["hint"]
    advice = ran("status", table, *wrong, variables=variables).json["data"]["next"]
    assert advice["command"][1:5] == ["status", table, "--function", f"{table}-inserts"]


def test_a_table_may_be_named_by_its_arn(cloud: Cloud, variables: dict[str, str]) -> None:
    table = cloud.table()
    arn = f"arn:aws:dynamodb:us-east-1:000000000000:table/{table}"
    assert ran("status", arn, "-o", "json", variables=variables).code == 0
    elsewhere = ran("status", arn.replace("000000000000", "123456789012"), "-o", "json", variables=variables)
    # It is looked up by its ARN, not as a table of this account; AWS denies it whether it exists or not.
    assert elsewhere.error_code in ("table-not-found", "access-denied")
    assert (
        ran("status", arn.replace("us-east-1", "eu-west-1"), "-o", "json", variables=variables).error_code
        == "other-region"
    )
    bare = {name: value for name, value in variables.items() if not name.endswith("REGION")}
    assert ran("status", arn, variables=bare).code == 0
    for wrong in (
        "arn:aws:s3:::bucket",
        f"{arn}/index/x",
        "arn:aws:dynamodb",
        "arn:aws:dynamodb:us-east-1:1:table/",
    ):
        assert ran("status", wrong, variables=variables).code == 2


@pytest.mark.parametrize("operation", ["GetRole", "GetRolePolicy"])
def test_a_role_that_may_not_be_read_does_not_end_it(
    operation: str, cloud: Cloud, variables: dict[str, str]
) -> None:
    table = cloud.table()
    assert ran("attach-trigger", table, variables=variables).code == 0
    done = ran("status", table, "-o", "json", variables=variables, connect=Refusing(operation).connect)
    assert done.code == 0, done.err
    assert done.data["function"]
    assert done.data["role"] is None
    (warning,) = done.json["warnings"]
    assert f"role {table}-inserts-role: not readable" in warning
    assert "AccessDenied" in warning


@pytest.mark.parametrize("operation", ["DescribeTable", "GetFunction"])
def test_what_it_is_about_must_be_readable(operation: str, cloud: Cloud, variables: dict[str, str]) -> None:
    table = cloud.table()
    done = ran("status", table, "-o", "json", variables=variables, connect=Refusing(operation).connect)
    assert (done.code, done.error_code) == (4, "access-denied")


def test_role_template_sink_changes_and_metrics_are_shown(
    status: Callable[..., Ran], cloud: Cloud, variables: dict[str, str]
) -> None:
    table = cloud.table()
    audit = f"{table}-audit"
    assert ran("audit", "create-table", audit, "--no-protect", variables=variables).code == 0
    attached = ran("attach-trigger", table, "--template", "audit-log", "--sink", audit, variables=variables)
    assert attached.code == 0, attached.err
    # The emulator counts what Invoke calls, not what a mapping delivers.
    cloud.lambda_.invoke(FunctionName=f"{table}-inserts", Payload=b'{"Records":[]}')
    shown = status(table)
    assert shown.code == 0, shown.out
    rows = _rows(shown)
    assert rows["role"] == f"{table}-inserts-role (created by ddbinsert)"
    assert rows["template"] == "audit-log"
    assert rows["sink"].endswith(f"table/{audit}")
    assert rows["last changed"].startswith("function 20")
    assert ", mapping 20" in rows["last changed"]
    assert rows["Invocations"].endswith(" 1")
    assert "\u2588" in rows["Invocations"]  # the highest block
    data = status(table, "-o", "json").data
    assert data["metrics"]["totals"]["Invocations"] == 1
    assert data["metrics"]["not_read"] is None
    assert data["findings"] == []
    assert (data["template"], data["sink"]) == ("audit-log", rows["sink"])
    assert all(data["last_change"].values())


def test_what_is_broken_has_a_mark_and_gives_exit_code_1(
    status: Callable[..., Ran], cloud: Cloud, variables: dict[str, str]
) -> None:
    table = cloud.table()
    ran("attach-trigger", table, variables=variables)
    cloud.lambda_.update_event_source_mapping(UUID=cloud.mapping(f"{table}-inserts")["UUID"], Enabled=False)
    shown = status(table)
    assert shown.code == 1
    assert "BROKEN mapping-disabled: " in shown.out
    assert f"ddbinsert attach-trigger {table} --enabled --yes" in shown.out
    document = status(table, "-o", "json")
    check_envelope(document.json, command="status", code=1)
    assert [one["id"] for one in document.data["findings"]] == ["mapping-disabled"]


def test_metrics_that_may_not_be_read_are_said_so(cloud: Cloud, variables: dict[str, str]) -> None:
    table = cloud.table()
    ran("attach-trigger", table, variables=variables)
    shown = ran("status", table, variables=variables, connect=Refusing("GetMetricData").connect)
    assert shown.code == 0
    assert _rows(shown)["metrics"].startswith("not read: ")


class _Looks(SystemClock):
    """A clock that only notes how it was slept on, and on which something happens meanwhile."""

    def __init__(self, *meanwhile: Callable[[], None]) -> None:
        self._meanwhile = list(meanwhile)

    def sleep(self, seconds: float) -> None:
        assert 0 < seconds <= 5
        if not self._meanwhile:
            raise KeyboardInterrupt
        self._meanwhile.pop(0)()


@pytest.mark.parametrize("form", ["human", "json"])
def test_watching_looks_again_until_it_is_interrupted(
    form: str, cloud: Cloud, variables: dict[str, str]
) -> None:
    table = cloud.table()
    ran("create-function", table, variables=variables)

    def attach() -> None:
        ran("attach-trigger", table, variables=variables)

    shown = ran("status", table, "--watch", "-o", form, variables=variables, clock=_Looks(attach))
    assert shown.code == 130
    if form == "human":
        assert shown.out.count("none on the live stream") + shown.out.count("not enabled") >= 1
        assert shown.out.count("(insert-only)") == 1
    else:
        first, second, interrupted = map(json.loads, shown.out.splitlines())
        assert [one["exit_code"] for one in (first, second, interrupted)] == [1, 0, 130]


@pytest.mark.parametrize("since", ["1s", "30d", "yesterday"])
def test_a_time_that_makes_no_sense_is_a_usage_error(since: str, status: Callable[..., Ran]) -> None:
    assert status("orders", "--since", since).code == 2
