"""verify, as a user and a script see it: its answers, its exit codes, and the table as it was before."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from tests.functional.command import Ran, begun, ended, ran, until
from tests.functional.helpers import (
    RECORDING,
    Calls,
    InterruptingClock,
    Refusing,
    check_envelope,
    fresh,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.functional.helpers import Cloud

SILENT = "def handler(event, context):\n    return None\n"


def _codes(proof: Ran) -> set[str]:
    return {finding["code"] for finding in proof.data["findings"]}


# --- PASS -------------------------------------------------------------------------------------------------


def test_a_healthy_trigger_passes_and_the_table_is_as_it_was(
    prove: Callable[..., Ran], attached: Callable[..., str], cloud: Cloud
) -> None:
    table = attached()
    cloud.put(table, "mine", v="1")
    before = cloud.items(table)
    done = prove(table)
    assert done.code == 0
    mapping = cloud.mapping(f"{table}-inserts")["UUID"]
    assert done.out.startswith(f"PASS: {table}-inserts by mapping {mapping}: all 8 inserts were processed")
    for side in ("writes", "stream", "log", "configuration", "latency", "run"):
        assert any(line.strip().startswith(side) for line in done.out.splitlines())
    assert cloud.items(table) == before


@pytest.mark.parametrize("key", ["id:N", "b:B", "pk:S,sk:S", "pk:N,sk:B", "pk:B,sk:N"])
def test_tables_with_any_key_are_proven_and_left_empty(
    prove: Callable[..., Ran], attached: Callable[..., str], cloud: Cloud, key: str
) -> None:
    table = attached(key)
    done = prove(table, "-o", "json")
    assert done.code == 0, done.out
    assert done.data["verdict"] == "PASS"
    assert cloud.items(table) == []


@pytest.mark.parametrize("view", ["KEYS_ONLY", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"])
def test_every_view_type_is_proven(
    prove: Callable[..., Ran], attached: Callable[..., str], view: str
) -> None:
    assert prove(attached(view=view)).code == 0


def test_a_node_function_is_proven(prove: Callable[..., Ran], attached: Callable[..., str]) -> None:
    assert prove(attached("pk:S", "--runtime", "nodejs22.x")).code == 0


def test_test_items_carry_what_the_users_own_filter_asks_for(
    prove: Callable[..., Ran], attached: Callable[..., str], cloud: Cloud
) -> None:
    wish = (
        '{"dynamodb":{"NewImage":{"status":{"S":["PAID"]},"kind":{"S":[{"prefix":"order"}]}},'
        '"Keys":{"pk":{"S":[{"prefix":"shop#"}]}}}}'
    )
    table = attached("pk:S", "--filter", wish)
    done = prove(table, "-o", "json")
    assert done.code == 0, done.out
    assert cloud.items(table) == []


def test_many_items_are_proven_and_every_one_removed(
    prove: Callable[..., Ran], attached: Callable[..., str], cloud: Cloud
) -> None:
    table = attached()
    done = prove(table, "--count", "120", "-o", "json")
    assert done.code == 0
    assert done.data["counts"]["items"] == 120
    assert done.data["counts"]["processed_inserts"] == done.data["counts"]["expected_inserts"] == 124
    assert cloud.items(table) == []


def test_a_script_gets_the_whole_evidence(prove: Callable[..., Ran], attached: Callable[..., str]) -> None:
    table = attached()
    done = prove(table, "-o", "json")
    check_envelope(done.json, command="verify", code=0)
    data = done.data
    assert data["table"] == table
    assert data["function"] == f"{table}-inserts"
    assert data["counts"]["missing"] == data["counts"]["intruders"] == data["counts"]["guarded"] == 0
    assert data["counts"]["receipts"] == 8
    assert 0 <= data["latency_seconds"]["p50"] <= data["latency_seconds"]["max"]
    assert data["started"] < data["finished"]
    seen = {evidence["side"] for evidence in data["evidence"] if evidence["seen"]}
    seen.discard("metrics")  # where the endpoint shows any by then
    assert seen == {"writes", "stream", "log", "invocations", "configuration"}
    for item in data["items"]:
        recorded = [record["event_name"] for record in item["stream"]]
        receipts = [receipt["event_name"] for receipt in item["receipts"]]
        assert recorded == [write["expects"] for write in item["writes"] if write["expects"]]
        assert receipts == [name for name in recorded if name == "INSERT"]


def test_a_quiet_pass_says_nothing_on_stderr(prove: Callable[..., Ran], attached: Callable[..., str]) -> None:
    done = prove(attached(), "--quiet")
    assert done.code == 0
    assert done.err == ""


def test_two_runs_on_one_table_do_not_disturb_each_other(
    attached: Callable[..., str], cloud: Cloud, variables: dict[str, str]
) -> None:
    table = attached()
    both = [begun("verify", table, "--count", "40", variables=variables) for _ in range(2)]
    first, second = [ended(process) for process in both]
    assert (first.code, second.code) == (0, 0), first.out + second.out
    assert cloud.items(table) == []


# --- FAIL -------------------------------------------------------------------------------------------------


def test_a_leaking_filter_fails_though_the_handlers_guard_caught_it(
    prove: Callable[..., Ran], attached: Callable[..., str], cloud: Cloud
) -> None:
    table = attached()
    cloud.widen(table)
    done = prove(table, "-o", "json")
    assert done.code == 1
    check_envelope(done.json, command="verify", code=1)
    assert done.data["verdict"] == "FAIL"
    (leak,) = [finding for finding in done.data["findings"] if finding["code"] == "filter-leaks"]
    assert "MODIFY" in leak["text"]
    assert "REMOVE" in leak["text"]
    recorded = {
        record["event_id"]
        for item in done.data["items"]
        for record in item["stream"]
        if record["event_name"] != "INSERT"
    }
    named = {line.rsplit(" ", 1)[-1] for line in leak["evidence"]}
    assert named
    assert named <= recorded  # a run that can no longer pass ends before the last ones come
    assert cloud.items(table) == []

    told = prove(table)
    assert told.code == 1
    assert told.out.startswith("FAIL: ")
    assert f"ddbinsert attach-trigger {table}" in told.out


def test_a_guarded_leak_is_only_a_warning_where_that_is_allowed(
    prove: Callable[..., Ran], attached: Callable[..., str], cloud: Cloud
) -> None:
    table = attached()
    cloud.widen(table)
    done = prove(table, "--allow-guarded", "-o", "json")
    assert done.code == 0
    assert "filter-leaks" in _codes(done)


def test_attaching_again_mends_what_was_found_out(
    prove: Callable[..., Ran], attached: Callable[..., str], cloud: Cloud, variables: dict[str, str]
) -> None:
    table = attached()
    cloud.widen(table)
    assert prove(table).code == 1
    assert ran("attach-trigger", table, variables=variables).code == 0
    assert prove(table).code == 0


def test_a_disabled_mapping_fails_at_once_and_nothing_is_written(
    prove: Callable[..., Ran], attached: Callable[..., str], cloud: Cloud
) -> None:
    table = attached("pk:S", "--disabled")
    calls = Calls()
    done = prove(table, "-o", "json", connect=calls.connect)
    assert done.code == 1
    assert "mapping-disabled" in _codes(done)
    assert not calls.writes
    assert cloud.items(table) == []


def test_a_function_that_no_mapping_feeds_fails_with_the_command_that_mends_it(
    prove: Callable[..., Ran], cloud: Cloud, variables: dict[str, str]
) -> None:
    table = cloud.table(view="NEW_IMAGE")
    ran("create-function", table, variables=variables)
    done = prove(table)
    assert done.code == 1
    assert "mapping-missing" in done.out
    assert f"ddbinsert attach-trigger {table}" in done.out


def test_own_code_without_a_guard_is_found_out_by_its_log_lines(
    prove: Callable[..., Ran], attached: Callable[..., str], cloud: Cloud
) -> None:
    table = attached(source=RECORDING)
    assert prove(table, "--match").code == 0
    cloud.widen(table)
    done = prove(table, "--match", "-o", "json")
    assert done.code == 1
    assert "intruders-processed" in _codes(done)
    assert cloud.items(table) == []


# --- INCONCLUSIVE -----------------------------------------------------------------------------------------


def test_a_function_that_leaves_no_trace_is_inconclusive_never_a_pass(
    prove: Callable[..., Ran], attached: Callable[..., str], cloud: Cloud
) -> None:
    table = attached(source=SILENT)
    cloud.put(table, "first")
    assert until(lambda: any("REPORT" in line for line in cloud.written(f"{table}-inserts")))
    cloud.remove(table, "first")
    done = prove(
        table, "-o", "json", timeout="6s"
    )  # the function is at work, so that each invocation shows by then
    assert done.code == 6
    check_envelope(done.json, command="verify", code=6)
    assert done.data["verdict"] == "INCONCLUSIVE"
    assert "function-leaves-no-receipt" in _codes(done)
    assert cloud.items(table) == []


# --- what must be there first -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("view", "code"), [(None, "no-stream"), ("NEW_IMAGE", "function-not-found")], ids=["stream", "function"]
)
def test_what_is_missing_is_named_with_the_command_that_makes_it(
    prove: Callable[..., Ran], cloud: Cloud, view: str | None, code: str
) -> None:
    table = cloud.table(view=view)
    done = prove(table, "-o", "json")
    assert done.code == 5
    assert done.error_code == code
    assert f"ddbinsert attach-trigger {table}" in done.json["errors"][0]["hint"]


def test_a_missing_table_is_a_missing_prerequisite(prove: Callable[..., Ran]) -> None:
    done = prove(fresh(), "-o", "json")
    assert done.code == 5
    assert done.error_code == "table-not-found"


# --- the table is cleaned up, always ----------------------------------------------------------------------


@pytest.mark.parametrize("sleep", [1, 2, 5])
def test_an_interrupt_cleans_up_and_ends_with_130(
    prove: Callable[..., Ran], attached: Callable[..., str], cloud: Cloud, sleep: int
) -> None:
    table = attached(source=SILENT)
    done = prove(table, "-o", "json", clock=InterruptingClock(sleep))
    assert done.code == 130
    check_envelope(done.json, command="verify", code=130)
    assert done.error_code == "interrupted"
    assert cloud.items(table) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_cleans_up_and_ends_with_130(
    attached: Callable[..., str], cloud: Cloud, variables: dict[str, str], number: signal.Signals
) -> None:
    table = attached(source=SILENT)
    process = begun("verify", table, "--count", "50", variables=variables)
    assert until(lambda: len(cloud.items(table)) >= 40)  # some are removed and put again
    process.send_signal(number)
    done = ended(process)
    assert done.code == 130
    assert "Traceback" not in done.err
    assert cloud.items(table) == []


def test_what_a_killed_run_left_is_found_and_removed_by_its_id(
    prove: Callable[..., Ran], attached: Callable[..., str], cloud: Cloud, variables: dict[str, str]
) -> None:
    table = attached(source=SILENT)
    process = begun("verify", table, "--count", "50", variables=variables)
    assert until(lambda: len(cloud.items(table)) >= 40)  # some are removed and put again
    process.kill()
    ended(process)
    assert cloud.items(table)
    unknown = prove(table, "--cleanup", "0" * 12, "-o", "json")
    (run_id,) = unknown.json["errors"][0]["hint"].removeprefix("Open runs: ").rstrip(".").split(", ")
    assert prove(table, "--cleanup", run_id).code == 0
    assert cloud.items(table) == []


def test_kept_items_stay_until_they_are_cleaned_up_by_the_runs_id(
    prove: Callable[..., Ran], attached: Callable[..., str], cloud: Cloud
) -> None:
    table = attached()
    cloud.put(table, "mine")
    done = prove(table, "--keep", "-o", "json")
    assert done.code == 0
    assert done.data["kept"] is True
    run_id = done.data["run_id"]
    assert f"ddbinsert verify {table} --cleanup {run_id}" in done.err
    assert len(cloud.items(table)) == 5

    cleaned = prove(table, "--cleanup", run_id, "-o", "json")
    assert cleaned.code == 0
    assert cleaned.data["run_id"] == run_id
    assert [item["pk"]["S"] for item in cloud.items(table)] == ["mine"]

    again = prove(table, "--cleanup", run_id, "-o", "json")
    assert again.code == 2
    assert again.error_code == "unknown-run"


@pytest.mark.parametrize("run_id", ["../../etc/passwd", "ABCDEF123456", "0123456789abcdef", "\x1b[31m"])
def test_what_is_no_run_id_is_a_usage_error(prove: Callable[..., Ran], cloud: Cloud, run_id: str) -> None:
    done = prove(cloud.table(), "--cleanup", run_id)
    assert done.code == 2
    assert "is not a valid run ID" in done.err
    assert "\x1b" not in done.err


def test_a_cleanup_that_is_refused_says_what_is_left_and_how_to_remove_it(
    prove: Callable[..., Ran], attached: Callable[..., str], cloud: Cloud
) -> None:
    table = attached()
    deletes = Refusing("BatchWriteItem", lambda body: "DeleteRequest" in body and "PutRequest" not in body)
    done = prove(table, "-o", "json", connect=deletes.connect)
    assert done.code == 4
    assert done.error_code == "access-denied"
    (warning,) = done.json["warnings"]
    assert "test items may be left" in warning
    assert cloud.items(table)
    run_id = warning.split("--cleanup ")[1].split("`")[0].split()[0]
    assert prove(table, "--cleanup", run_id).code == 0
    assert cloud.items(table) == []


def test_a_write_that_is_refused_ends_the_run_and_leaves_nothing(
    prove: Callable[..., Ran], attached: Callable[..., str], cloud: Cloud
) -> None:
    table = attached()
    done = prove(table, "-o", "json", connect=Refusing("PutItem").connect)
    assert done.code == 4
    assert done.error_code == "access-denied"
    assert cloud.items(table) == []


def test_a_method_that_one_may_not_use_is_left_out_and_named(
    prove: Callable[..., Ran], attached: Callable[..., str], cloud: Cloud
) -> None:
    table = attached()
    done = prove(table, "-o", "json", connect=Refusing("TransactWriteItems").connect)
    assert done.code == 0
    (writes,) = [evidence for evidence in done.data["evidence"] if evidence["side"] == "writes"]
    assert "transaction" in writes["text"]
    assert "not used" in writes["text"]
    assert cloud.items(table) == []


# --- usage ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ("--count", "0"),
        ("--count", "many"),
        ("--rate", "0"),
        ("--match", "--count", "5"),
        ("--observe", "--count", "5"),
        ("--for", "1m"),
        ("--item", "missing.json"),
    ],
)
def test_options_that_make_no_sense_are_told_before_anything_is_written(
    prove: Callable[..., Ran], attached: Callable[..., str], arguments: tuple[str, ...]
) -> None:
    calls = Calls()
    done = prove(fresh(), *arguments, connect=calls.connect)
    assert done.code in (2, 5)
    assert "error: " in done.err
    assert not calls.made


@pytest.mark.parametrize("timeout", ["", "soon", "-1s", "nan", "1e999"])
def test_a_timeout_that_is_no_duration_is_a_usage_error(prove: Callable[..., Ran], timeout: str) -> None:
    done = prove(fresh(), timeout=timeout)
    assert done.code == 2
    assert "--timeout" in done.err
