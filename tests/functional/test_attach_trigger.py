"""attach-trigger, as a user and a script see it: from whatever is there to an insert-only trigger."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from ddbinsert.core.receipt import parse
from tests.functional.command import Ran, ran, until
from tests.functional.helpers import INSERT_ONLY, RECORDING, Calls, Refusing, Terminal, check_envelope, fresh

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.functional.helpers import Cloud

ACCOUNT, REGION = "000000000000", "us-east-1"
PAID = '{"dynamodb":{"NewImage":{"status":{"S":["PAID"]}}}}'
LARGE = '{"dynamodb":{"NewImage":{"size":{"S":["L"]}}}}'


@pytest.fixture
def attach(variables: dict[str, str]) -> Callable[..., Ran]:
    return lambda *arguments, **outside: ran("attach-trigger", *arguments, variables=variables, **outside)


Receipts = list[tuple[str, str, str]]


def _by_id(cloud: Cloud, function: str) -> dict[str, tuple[str, str, str]]:
    """Event id to (event name, decision, partition key): a record may be delivered twice."""
    found = [receipt for line in cloud.written(function) if (receipt := parse(line))]
    return {one["eventID"]: (one["eventName"], one["decision"], one["keys"]["pk"]["S"]) for one in found}


def _receipts(cloud: Cloud, function: str) -> Receipts:
    """One a record, whatever the order in which shards hand them over."""
    return sorted(_by_id(cloud, function).values())


def _received(cloud: Cloud, function: str, *wanted: tuple[str, str, str]) -> Receipts:
    """The receipts, once all these are among them.

    Records of one item keep their order: once its last has arrived, all before it have, or were filtered.
    """
    until(lambda: not Counter(wanted) - Counter(_receipts(cloud, function)))
    return _receipts(cloud, function)


# --- from nothing to a trigger ----------------------------------------------------------------------------


def test_from_a_bare_table_everything_is_made_and_only_inserts_arrive(
    attach: Callable[..., Ran], cloud: Cloud
) -> None:
    table = cloud.table()
    name = f"{table}-inserts"
    done = attach(table)
    assert done.code == 0
    mapping = cloud.mapping(name)
    assert mapping["EventSourceArn"] == cloud.stream(table)
    assert cloud.filters(name) == [{"eventName": ["INSERT"]}]
    for shown in (
        cloud.stream(table),
        "NEW_IMAGE",
        name,
        mapping["UUID"],
        INSERT_ONLY,
        f"/aws/lambda/{name}",
    ):
        assert str(shown) in done.out
    assert done.out.splitlines()[-1] == f"Prove it: ddbinsert verify {table}"

    cloud.put(table, "a", v="1")
    cloud.put(table, "a", v="2")
    cloud.remove(table, "a")
    cloud.put(table, "a", v="3")
    cloud.put(table, "b")
    wanted = [
        ("INSERT", "processed", "a"),
        ("INSERT", "processed", "a"),
        ("INSERT", "processed", "b"),
    ]
    assert _received(cloud, name, *wanted) == wanted


def test_the_table_can_be_made_in_the_same_go(attach: Callable[..., Ran], cloud: Cloud) -> None:
    table = fresh()
    assert attach(table, "--create-table", "pk:S,sk:N", "--view-type", "KEYS_ONLY").code == 0
    assert cloud.described(table)["StreamSpecification"]["StreamViewType"] == "KEYS_ONLY"
    assert cloud.mapping(f"{table}-inserts")["State"] == "Enabled"


def test_a_missing_table_is_a_missing_prerequisite(attach: Callable[..., Ran], cloud: Cloud) -> None:
    table = fresh()
    calls = Calls()
    done = attach(table, "-o", "json", connect=calls.connect)
    assert done.code == 5
    check_envelope(done.json, command="attach-trigger", code=5)
    assert done.error_code == "table-not-found"
    assert not calls.writes
    assert not cloud.exists(table)


def test_the_opinionated_settings_reach_the_mapping(attach: Callable[..., Ran], cloud: Cloud) -> None:
    table = cloud.table()
    attach(table)
    mapping = cloud.mapping(f"{table}-inserts")
    wanted = {
        "BatchSize": 100,
        "MaximumBatchingWindowInSeconds": 0,
        "StartingPosition": "TRIM_HORIZON",
        "MaximumRetryAttempts": 5,
        "MaximumRecordAgeInSeconds": 3600,
        "BisectBatchOnFunctionError": True,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
    }
    assert {name: mapping.get(name) for name in wanted} == wanted


def test_every_setting_of_the_mapping_can_be_given(attach: Callable[..., Ran], cloud: Cloud) -> None:
    table = cloud.table()
    queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:failures"
    done = attach(
        table,
        *("--batch-size", "7", "--batching-window", "3", "--parallelization", "2", "--retries", "9"),
        *("--record-age", "120", "--no-bisect", "--no-report-failures", "--on-failure", queue),
    )
    assert done.code == 0
    mapping = cloud.mapping(f"{table}-inserts")
    wanted = {
        "BatchSize": 7,
        "MaximumBatchingWindowInSeconds": 3,
        "ParallelizationFactor": 2,
        "MaximumRetryAttempts": 9,
        "MaximumRecordAgeInSeconds": 120,
        "BisectBatchOnFunctionError": False,
        "DestinationConfig": {"OnFailure": {"Destination": queue}},
    }
    assert {name: mapping.get(name) for name in wanted} == wanted
    assert not mapping.get("FunctionResponseTypes")
    (policy,) = cloud.policies(f"{table}-inserts-role").values()
    assert {"Sid": "OnFailure", "Effect": "Allow", "Action": "sqs:SendMessage", "Resource": queue} in policy[
        "Statement"
    ]


def test_the_configuration_file_alone_is_enough(
    attach: Callable[..., Ran], cloud: Cloud, tmp_path: Path
) -> None:
    table = cloud.table()
    (tmp_path / "ddbinsert.yaml").write_text(
        f"table: {table}\nview_type: KEYS_ONLY\nmapping: {{batch_size: 9}}\ntags: {{team: blue}}\n"
    )
    assert attach(cwd=tmp_path).code == 0
    assert cloud.mapping(f"{table}-inserts")["BatchSize"] == 9
    assert cloud.described(table)["StreamSpecification"]["StreamViewType"] == "KEYS_ONLY"
    function = cloud.function(f"{table}-inserts")
    assert function is not None
    assert function["Tags"] == {"team": "blue", "ddbinsert:table": table, "ddbinsert:code": "print"}


def test_a_live_streams_view_type_is_kept_unless_another_is_asked_for(
    attach: Callable[..., Ran], cloud: Cloud
) -> None:
    table = cloud.table(view="NEW_AND_OLD_IMAGES")
    before = cloud.stream(table)
    assert attach(table).code == 0
    assert cloud.stream(table) == before
    done = attach(table, "--view-type", "KEYS_ONLY", "-o", "json")
    assert done.code == 1
    assert done.error_code == "view-type-differs"
    # Here the mapping that would be left behind is known, and named.
    assert cloud.mapping(f"{table}-inserts")["UUID"] in done.json["errors"][0]["message"]
    assert cloud.stream(table) == before


def test_replacing_the_stream_brings_the_mapping_over_to_the_new_one(
    attach: Callable[..., Ran], cloud: Cloud
) -> None:
    table = cloud.table()
    name = f"{table}-inserts"
    attach(table)
    old = cloud.mapping(name)
    refused = attach(table, "--view-type", "KEYS_ONLY", "--replace")
    assert refused.code == 2
    assert "--yes" in refused.err
    assert attach(table, "--view-type", "KEYS_ONLY", "--replace", "--yes").code == 0
    new = cloud.mapping(name)
    assert new["EventSourceArn"] == cloud.stream(table) != old["EventSourceArn"]
    (policy,) = cloud.policies(f"{name}-role").values()
    assert new["EventSourceArn"] in str(policy)
    assert old["EventSourceArn"] not in str(policy)
    cloud.put(table, "after")
    wanted = ("INSERT", "processed", "after")
    assert wanted in _received(cloud, name, wanted)


# --- again, and changed -----------------------------------------------------------------------------------


def test_a_second_run_changes_nothing_and_makes_no_call_that_could(
    attach: Callable[..., Ran], cloud: Cloud
) -> None:
    table = cloud.table()
    arguments = (
        *(table, "--filter", PAID, "--batch-size", "7", "--env", "A1=x", "--memory", "256"),
        *(
            "--on-failure",
            f"arn:aws:sqs:{REGION}:{ACCOUNT}:failures",
            "--log-retention",
            "30",
            "--tag",
            "a=b",
        ),
    )
    first = attach(*arguments)
    before = cloud.all_about(table)
    calls = Calls()
    second = attach(*arguments, connect=calls.connect)
    assert second.code == 0
    assert second.out == first.out
    assert not calls.writes
    # Seven to see what is there, and two more: whose the mapping is, and the function's other mappings.
    assert sum(calls.made.values()) <= 9, calls.made
    assert "nothing to do" in second.err
    assert cloud.all_about(table) == before


def test_a_second_run_that_is_quiet_says_nothing_on_stderr(attach: Callable[..., Ran], cloud: Cloud) -> None:
    table = cloud.table()
    assert attach(table, "--quiet").err == ""
    assert attach(table, "-q").err == ""


def test_changed_settings_are_changed_in_place_under_the_same_uuid(
    attach: Callable[..., Ran], cloud: Cloud
) -> None:
    table = cloud.table()
    name = f"{table}-inserts"
    attach(table)
    before = cloud.mapping(name)
    calls = Calls()
    assert attach(table, "--batch-size", "9", "--filter", PAID).code == 2
    done = attach(table, "--batch-size", "9", "--filter", PAID, "--yes", connect=calls.connect)
    assert done.code == 0
    assert calls.writes == {"UpdateEventSourceMapping": 1}
    after = cloud.mapping(name)
    assert after["UUID"] == before["UUID"]
    assert after["BatchSize"] == 9
    assert "mapping.batch_size 100 → 9" in done.err


def test_settings_that_are_not_given_again_stay_until_they_are_cleared(
    attach: Callable[..., Ran], cloud: Cloud
) -> None:
    table = cloud.table()
    name = f"{table}-inserts"
    attach(
        table,
        *("--filter", PAID, "--on-failure", f"arn:aws:sqs:{REGION}:{ACCOUNT}:failures"),
        *("--batching-window", "5", "--parallelization", "3", "--record-age", "-1", "--retries", "-1"),
    )
    before = cloud.mapping(name)
    assert attach(table).code == 0
    assert cloud.mapping(name) == before
    settings = ("filters", "on_failure", "batching_window", "parallelization", "record_age", "retries")
    unset = [word for setting in settings for word in ("--unset", f"mapping.{setting}")]
    assert attach(table, *unset, "--yes").code == 0
    mapping = cloud.mapping(name)
    assert cloud.filters(name) == [{"eventName": ["INSERT"]}]
    assert not (mapping.get("DestinationConfig") or {}).get("OnFailure")
    assert mapping["MaximumBatchingWindowInSeconds"] == 0
    assert mapping["ParallelizationFactor"] == 1
    assert (mapping["MaximumRecordAgeInSeconds"], mapping["MaximumRetryAttempts"]) == (3600, 5)
    assert "OnFailure" not in str(cloud.policies(f"{name}-role"))
    calls = Calls()
    attach(table, connect=calls.connect)
    assert not calls.writes


def test_a_filter_that_somebody_took_away_is_put_back(attach: Callable[..., Ran], cloud: Cloud) -> None:
    table = cloud.table()
    name = f"{table}-inserts"
    attach(table)
    cloud.lambda_.update_event_source_mapping(UUID=cloud.mapping(name)["UUID"], FilterCriteria={})
    assert cloud.filters(name) == []
    done = attach(table)
    assert done.code == 0
    assert f"mapping.filters none → {INSERT_ONLY}" in done.err
    assert cloud.filters(name) == [{"eventName": ["INSERT"]}]


def test_a_mapping_can_be_disabled_and_enabled_again(attach: Callable[..., Ran], cloud: Cloud) -> None:
    table = cloud.table()
    name = f"{table}-inserts"
    assert attach(table, "--disabled").code == 0
    assert cloud.mapping(name)["State"] == "Disabled"
    assert attach(table, "--enabled", "--yes").code == 0
    assert cloud.mapping(name)["State"] == "Enabled"


# --- filters ----------------------------------------------------------------------------------------------


def test_filters_of_ones_own_are_anded_into_insert_only_and_ored_among_themselves(
    attach: Callable[..., Ran], cloud: Cloud
) -> None:
    table = cloud.table()
    name = f"{table}-inserts"
    assert attach(table, "--filter", PAID, "--filter", LARGE).code == 0
    assert cloud.filters(name) == [
        {"eventName": ["INSERT"], **json.loads(PAID)},
        {"eventName": ["INSERT"], **json.loads(LARGE)},
    ]
    cloud.put(table, "paid", status="PAID", size="S")
    cloud.put(table, "large", status="NEW", size="L")
    cloud.put(table, "large", status="PAID", size="L", changed="yes")
    cloud.put(table, "neither", status="NEW", size="S")
    for fenced in ("large", "neither"):
        cloud.remove(table, fenced)
        cloud.put(table, fenced, status="PAID", size="L")
    wanted = [
        ("INSERT", "processed", "large"),
        ("INSERT", "processed", "large"),
        ("INSERT", "processed", "neither"),
        ("INSERT", "processed", "paid"),
    ]
    assert _received(cloud, name, *wanted) == wanted


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ('{"eventName":["INSERT"]}', {"eventName": ["INSERT"]}),
        ('{"eventName":["INSERT","MODIFY"]}', {"eventName": ["INSERT"]}),
        ('{ "eventName" : [ { "anything-but" : "REMOVE" } ] }', {"eventName": ["INSERT"]}),
    ],
)
def test_whatever_a_filter_says_of_events_only_insert_is_kept(
    attach: Callable[..., Ran], cloud: Cloud, given: str, kept: dict[str, Any]
) -> None:
    table = cloud.table()
    assert attach(table, "--filter", given).code == 0
    assert cloud.filters(f"{table}-inserts") == [kept]
    calls = Calls()
    attach(table, "--filter", given, connect=calls.connect)
    assert not calls.writes


@pytest.mark.parametrize(
    "pattern",
    [
        '{"eventName":["MODIFY"]}',
        '{"eventName":["insert"]}',
        "not json",
        "[]",
        '{"dynamodb":{}}',
        '{"dynamodb":{"NewImage":{"a":{"N":[{"numeric":["=="]}]}}}}',
        '{"dynamodb":"x"}',
        '{"a":[]}',
        '{"a":["\x1b[31m"]',
    ],
)
def test_a_filter_that_could_never_pass_an_insert_or_that_aws_would_refuse_changes_nothing(
    attach: Callable[..., Ran], cloud: Cloud, pattern: str
) -> None:
    table = cloud.table()
    calls = Calls()
    done = attach(table, "--filter", pattern, connect=calls.connect)
    assert done.code in (2, 3)
    assert done.out == ""
    assert "\x1b" not in done.err
    assert not calls.writes
    assert cloud.stream(table) is None


# --- showing the plan -------------------------------------------------------------------------------------


def test_a_dry_run_shows_every_step_and_changes_nothing(attach: Callable[..., Ran], cloud: Cloud) -> None:
    table = cloud.table()
    before = cloud.all_about(table)
    calls = Calls()
    shown = attach(table, "--dry-run", "--filter", PAID, connect=calls.connect)
    assert shown.code == 0
    assert shown.out.splitlines() == [
        f"+ enable stream of table {table} (NEW_IMAGE)",
        f"+ create log group /aws/lambda/{table}-inserts, kept 14 days",
        f"+ create role {table}-inserts-role",
        f"~ write policy of role {table}-inserts-role: this stream; this log group, nothing else",
        f"+ create function {table}-inserts (python3.13, template print)",
        (
            f"+ create event source mapping to {table}-inserts, from TRIM_HORIZON, filter "
            '{"eventName":["INSERT"],"dynamodb":{"NewImage":{"status":{"S":["PAID"]}}}}'
        ),
        "! the stream gets a new ARN and contains only later writes: nothing is replayed",
        "! EventCount metrics of the mapping are charged as custom metrics (mapping.metrics)",
        "6 steps; nothing was changed.",
    ]
    assert not calls.writes
    assert cloud.all_about(table) == before


def test_a_script_gets_the_plan_as_data(attach: Callable[..., Ran], cloud: Cloud) -> None:
    table = cloud.table()
    shown = attach(table, "--dry-run", "-o", "json")
    check_envelope(shown.json, command="attach-trigger", code=0)
    assert shown.data["dry_run"] is True
    assert shown.data["changed"] is False
    assert [step["step"] for step in shown.data["steps"]] == [
        "EnableStream",
        "CreateLogGroup",
        "CreateRole",
        "PutRolePolicy",
        "CreateFunction",
        "CreateMapping",
    ]
    assert shown.data["mapping_uuid"] is None


def test_a_dry_run_of_an_update_shows_from_what_to_what(attach: Callable[..., Ran], cloud: Cloud) -> None:
    table = cloud.table()
    attach(table)
    shown = attach(table, "--dry-run", "--batch-size", "9")
    uuid = cloud.mapping(f"{table}-inserts")["UUID"]
    assert shown.out.splitlines()[0] == f"~ update event source mapping {uuid}: mapping.batch_size 100 → 9"
    assert cloud.mapping(f"{table}-inserts")["BatchSize"] == 100


def test_a_dry_run_asks_nothing_even_where_the_run_would(attach: Callable[..., Ran], cloud: Cloud) -> None:
    table = cloud.table(view="NEW_IMAGE")
    before = cloud.stream(table)
    shown = attach(table, "--dry-run", "--view-type", "KEYS_ONLY", "--replace")
    assert shown.code == 0
    assert shown.out.splitlines()[0].startswith("± replace stream of table")
    assert cloud.stream(table) == before


def test_a_dry_run_with_nothing_to_do_says_so(attach: Callable[..., Ran], cloud: Cloud) -> None:
    table = cloud.table()
    attach(table)
    assert attach(table, "--dry-run").out == "Nothing to do: everything is up to date.\n"


# --- where to start on a stream that holds history --------------------------------------------------------


@pytest.fixture
def storied(cloud: Cloud) -> str:
    """A table whose stream holds two inserts and a modification."""
    table = cloud.table(view="NEW_IMAGE")
    cloud.put(table, "old-1")
    cloud.put(table, "old-2")
    cloud.put(table, "old-2", v="2")
    return table


def test_a_stream_with_history_needs_a_choice_and_without_a_terminal_the_flag_is_named(
    attach: Callable[..., Ran], cloud: Cloud, storied: str
) -> None:
    calls = Calls()
    done = attach(storied, "-o", "json", connect=calls.connect)
    assert done.code == 2
    assert done.error_code == "starting-position-needed"
    (error,) = done.json["errors"]
    assert "2 inserts" in error["message"]
    for words in ("--starting-position", "TRIM_HORIZON", "LATEST"):
        assert words in error["hint"]
    assert not calls.writes
    assert cloud.mappings(f"{storied}-inserts") == []


def test_yes_to_everything_does_not_choose_to_send_a_days_notifications_again(
    attach: Callable[..., Ran], cloud: Cloud, storied: str
) -> None:
    assert attach(storied, "--yes").code == 2
    assert cloud.mappings(f"{storied}-inserts") == []


@pytest.mark.parametrize("position", ["TRIM_HORIZON", "LATEST"])
def test_a_given_starting_position_is_taken_without_a_question(
    attach: Callable[..., Ran], cloud: Cloud, storied: str, position: str
) -> None:
    assert attach(storied, "--starting-position", position).code == 0
    assert cloud.mapping(f"{storied}-inserts")["StartingPosition"] == position


@pytest.mark.parametrize(
    ("answer", "position"),
    [("r\n", "TRIM_HORIZON"), ("REPLAY\n", "TRIM_HORIZON"), ("s\n", "LATEST"), ("skip\n", "LATEST")],
)
def test_at_a_terminal_the_choice_is_asked_for(
    attach: Callable[..., Ran], cloud: Cloud, storied: str, answer: str, position: str
) -> None:
    done = attach(storied, stdin=Terminal(answer), err=Terminal())
    assert done.code == 0
    assert "2 inserts" in done.err
    assert cloud.mapping(f"{storied}-inserts")["StartingPosition"] == position


@pytest.mark.parametrize("answer", ["", "\n", "y\n", "no\n"])
def test_any_other_answer_stops_before_anything_is_made(
    attach: Callable[..., Ran], cloud: Cloud, storied: str, answer: str
) -> None:
    calls = Calls()
    done = attach(storied, stdin=Terminal(answer), err=Terminal(), connect=calls.connect)
    assert done.code == 2
    assert "nothing was changed" in done.err
    assert not calls.writes


def test_trim_horizon_replays_the_inserts_and_latest_skips_them(
    attach: Callable[..., Ran], cloud: Cloud, storied: str
) -> None:
    replaying = f"{storied}-inserts"
    attach(storied, "--starting-position", "TRIM_HORIZON")
    old = [("INSERT", "processed", "old-1"), ("INSERT", "processed", "old-2")]
    assert _received(cloud, replaying, *old) == old
    old_ids = set(_by_id(cloud, replaying))

    skipping = fresh("skipping")
    attach(storied, "--function", skipping, "--starting-position", "LATEST")
    for wanted in old:  # their records come in order: what is new of an item comes after what is old of it

        def comes(wanted: tuple[str, str, str] = wanted) -> bool:
            cloud.remove(storied, wanted[2])
            cloud.put(storied, wanted[2])  # the first ones may be missed: Enabled isn't polling
            return until(lambda: wanted in _receipts(cloud, skipping), seconds=0.2)

        assert until(comes)
    assert not old_ids & set(_by_id(cloud, skipping))


def test_an_attached_trigger_never_asks_again(attach: Callable[..., Ran], cloud: Cloud, storied: str) -> None:
    attach(storied, "--starting-position", "LATEST")
    done = attach(storied, "--batch-size", "5")
    assert done.code == 0
    assert cloud.mapping(f"{storied}-inserts")["BatchSize"] == 5
    assert cloud.mapping(f"{storied}-inserts")["StartingPosition"] == "LATEST"


def test_a_stream_that_only_saw_other_changes_holds_nothing_to_replay(
    attach: Callable[..., Ran], cloud: Cloud
) -> None:
    table = cloud.table()
    cloud.put(table, "a")
    cloud.set_stream(table, "NEW_IMAGE")
    cloud.put(table, "a", v="2")
    assert attach(table).code == 0
    assert cloud.mapping(f"{table}-inserts")["StartingPosition"] == "TRIM_HORIZON"


# --- half-done --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operation", "least"),
    [
        ("UpdateTable", 0),
        ("CreateLogGroup", 1),
        ("PutRolePolicy", 2),
        ("CreateFunction", 1),
        ("CreateEventSourceMapping", 5),
    ],
)
def test_a_run_that_breaks_in_the_middle_says_how_far_it_came_and_the_next_completes_it(
    attach: Callable[..., Ran], cloud: Cloud, operation: str, least: int
) -> None:
    table = cloud.table()
    broken = attach(table, "-o", "json", connect=Refusing(operation).connect)
    assert broken.code == 4
    (error,) = broken.json["errors"]
    assert error["code"] == "access-denied"
    assert operation in error["message"]
    done = broken.err.count("\ncreated") + broken.err.count("\nenabled") + broken.err.count("\nwrote")
    assert done >= least
    if done:
        assert f"{done} of 6 steps are done; run it again to continue." in error["message"]

    calls = Calls()
    finished = attach(table, connect=calls.connect)
    assert finished.code == 0
    assert operation in calls.writes
    assert cloud.filters(f"{table}-inserts") == [{"eventName": ["INSERT"]}]
    cloud.put(table, "proof")
    wanted = ("INSERT", "processed", "proof")
    assert _received(cloud, f"{table}-inserts", wanted) == [wanted]


# --- what others made -------------------------------------------------------------------------------------


@pytest.fixture
def theirs(cloud: Cloud, tmp_path: Path, variables: dict[str, str]) -> str:
    """A function that ddbinsert did not create."""
    name = fresh("theirs")
    (tmp_path / "handler.py").write_text(RECORDING)
    elsewhere = cloud.table()
    made = ran(
        "create-function",
        elsewhere,
        "--function",
        name,
        "--code",
        "handler.py",
        variables=variables,
        cwd=tmp_path,
    )
    assert made.code == 0
    cloud.lambda_.untag_resource(
        Resource=cloud.configuration(name)["FunctionArn"], TagKeys=["ddbinsert:table"]
    )
    cloud.let_read_streams(name)
    return name


def test_a_function_that_ddbinsert_did_not_make_is_attached_and_never_changed(
    attach: Callable[..., Ran], cloud: Cloud, theirs: str
) -> None:
    table = cloud.table()
    before = cloud.configuration(theirs)
    group = cloud.log_group(f"/aws/lambda/{theirs}")
    calls = Calls()
    refused = attach(table, "--function", theirs, "--memory", "512", "-o", "json")
    assert refused.code == 1
    assert refused.error_code == "not-ours"
    refused = attach(table, "--function", theirs, "--log-retention", "1", "-o", "json")
    assert refused.code == 1
    assert refused.error_code == "not-ours"
    done = attach(table, "--function", theirs, connect=calls.connect)
    assert done.code == 0
    assert "was not created by ddbinsert" in done.err
    # Where the role's rights are too new for Lambda, the mapping is asked for again.
    assert set(calls.writes) == {"UpdateTable", "TagResource", "CreateEventSourceMapping"}
    assert calls.writes["UpdateTable"] == len(cloud.mappings(theirs)) == 1
    after = cloud.configuration(theirs)
    for kept in ("MemorySize", "CodeSha256", "Role", "Timeout", "Handler"):
        assert after[kept] == before[kept]
    assert cloud.log_group(f"/aws/lambda/{theirs}") == group
    cloud.put(table, "x")
    cloud.put(table, "x", v="2")
    cloud.remove(table, "x")
    cloud.put(table, "x", v="3")

    def inserts() -> set[str]:
        return {line for line in cloud.written(theirs) if "REC INSERT x" in line}

    assert until(lambda: len(inserts()) == 2), "the second insert is a fence behind all that x saw"
    assert not any("MODIFY" in line or "REMOVE" in line for line in cloud.written(theirs))


def test_another_functions_mapping_on_the_same_stream_stays(
    attach: Callable[..., Ran], cloud: Cloud, theirs: str
) -> None:
    table = cloud.table(view="NEW_IMAGE")
    other = cloud.map(theirs, table)
    assert attach(table).code == 0
    (kept,) = cloud.mappings(theirs)
    assert kept["UUID"] == other
    assert not (kept.get("FilterCriteria") or {}).get("Filters")


def test_mappings_left_on_a_dead_stream_are_named_and_pruned_only_when_asked_for(
    attach: Callable[..., Ran], cloud: Cloud
) -> None:
    table = cloud.table()
    name = f"{table}-inserts"
    attach(table)
    stale = cloud.mapping(name)["UUID"]
    for view in (None, "NEW_IMAGE"):
        cloud.set_stream(table, view)

    done = attach(table, "-o", "json")
    assert done.code == 0
    (warning,) = done.json["warnings"]
    assert stale in warning
    assert "(drained); delete it: " in warning
    assert len(cloud.mappings(name)) == 2

    assert attach(table, "--prune").code == 2
    assert len(cloud.mappings(name)) == 2
    assert attach(table, "--prune", "--yes").code == 0
    assert cloud.mapping(name)["EventSourceArn"] == cloud.stream(table)


def test_a_script_gets_everything_that_it_may_go_on_with(attach: Callable[..., Ran], cloud: Cloud) -> None:
    table = cloud.table()
    done = attach(table, "-o", "json")
    check_envelope(done.json, command="attach-trigger", code=0)
    mapping = cloud.mapping(f"{table}-inserts")
    function = cloud.configuration(f"{table}-inserts")
    assert {key: done.data[key] for key in done.data if key not in ("steps", "mapping_state", "next")} == {
        "table": table,
        "account": ACCOUNT,
        "region": REGION,
        "stream_arn": cloud.stream(table),
        "stream_view_type": "NEW_IMAGE",
        "function_arn": function["FunctionArn"],
        "role_arn": function["Role"],
        "log_group": f"/aws/lambda/{table}-inserts",
        "mapping_uuid": mapping["UUID"],
        "filters": [INSERT_ONLY],
        "dry_run": False,
        "changed": True,
        "left_as_is": [],
        "stays": [],
        "draining": [],
        "stream_off": None,
        "consequences": [],
        "belongs_to_others": [],
        "other_triggers": [],
    }
