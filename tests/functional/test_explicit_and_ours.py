"""Only what is given is changed, and only what carries our tag."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

import pytest

from tests.functional.command import Ran, ran, until
from tests.functional.helpers import Calls, Refusing, fresh

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.functional.helpers import Cloud

WRITES = ("Create", "Update", "Put", "Delete", "Tag", "Untag")
QUEUE = "arn:aws:sqs:us-east-1:000000000000:elsewhere"


@pytest.fixture
def run(variables: dict[str, str]) -> Callable[..., Ran]:
    return lambda *words, **outside: ran(*words, variables=variables, **outside)


def writes(calls: Calls) -> list[str]:
    return sorted(name for name in calls.made if name.startswith(WRITES))


def mapping_of(cloud: Cloud, table: str) -> dict[str, Any]:
    return dict(cloud.mapping(f"{table}-inserts"))


def as_is(cloud: Cloud, function: str) -> str:
    """Everything that AWS answers about a function and its mappings."""
    answer = cloud.function(function) or {}
    answer = {name: value for name, value in answer.items() if name != "ResponseMetadata"}
    answer.get("Code", {}).pop("Location", None)
    states = ("State", "LastUpdateStatus")
    for passing in (*states, *(f"{state}{more}" for state in states for more in ("Reason", "ReasonCode"))):
        answer.get("Configuration", {}).pop(passing, None)
    mappings = [
        {name: value for name, value in each.items() if name not in ("LastProcessingResult", "LastModified")}
        for each in cloud.mappings(function)
    ]
    return json.dumps([answer, mappings], sort_keys=True, default=str)


FLAGS = (
    *("--batch-size", "7", "--batching-window", "3", "--parallelization", "2", "--retries", "9"),
    *("--record-age", "600", "--no-bisect", "--no-report-failures", "--on-failure", QUEUE),
    *("--filter", '{"dynamodb":{"Keys":{"pk":{"S":["a"]}}}}', "--memory", "256", "--function-timeout", "9"),
    *("--env", "OWN=1", "--log-retention", "30", "--tag", "team=blue", "--disabled"),
)


@pytest.mark.parametrize("command", ["attach-trigger", "create-function", "enable-stream"])
def test_a_run_without_the_earlier_flags_changes_nothing(
    run: Callable[..., Ran], cloud: Cloud, command: str
) -> None:
    table = cloud.table()
    assert run("attach-trigger", table, *FLAGS).code == 0
    before = as_is(cloud, f"{table}-inserts")
    calls = Calls()
    again = run(command, table, connect=calls.connect)
    assert again.code == 0, again.err
    assert writes(calls) == []
    assert as_is(cloud, f"{table}-inserts") == before
    if command == "attach-trigger":
        assert "left as is: " in again.out
        assert f"mapping.on_failure {QUEUE}" in again.out


def test_a_run_with_another_flag_changes_that_setting_alone(run: Callable[..., Ran], cloud: Cloud) -> None:
    table = cloud.table()
    assert run("attach-trigger", table, *FLAGS, "--enabled").code == 0
    before, variables = mapping_of(cloud, table), cloud.configuration(f"{table}-inserts")["Environment"]
    assert run("attach-trigger", table, "--batch-size", "50").code == 0
    after = mapping_of(cloud, table)
    assert after["BatchSize"] == 50
    differing = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    assert differing <= {"BatchSize", "LastModified", "LastProcessingResult"}
    assert cloud.configuration(f"{table}-inserts")["Environment"] == variables


SINGLE = {
    ("--batch-size", "11"): "BatchSize",
    ("--batching-window", "4"): "MaximumBatchingWindowInSeconds",
    ("--parallelization", "3"): "ParallelizationFactor",
    ("--retries", "8"): "MaximumRetryAttempts",
    ("--record-age", "700"): "MaximumRecordAgeInSeconds",
    ("--bisect",): "BisectBatchOnFunctionError",
    # The template's variable follows the setting: a response that Lambda does not read would lose records.
    ("--report-failures",): "FunctionResponseTypes Environment",
    ("--on-failure", f"{QUEUE}-2"): "DestinationConfig",
    ("--filter", '{"dynamodb":{"Keys":{"pk":{"S":["b"]}}}}'): "FilterCriteria",
    ("--enabled",): "State",
    ("--memory", "512"): "MemorySize",
    ("--function-timeout", "10"): "Timeout",
    ("--env", "OTHER=2"): "Environment",
}


def test_each_flag_changes_its_own_setting_alone(run: Callable[..., Ran], cloud: Cloud) -> None:
    def seen() -> dict[str, Any]:
        passing = ("LastModified", "LastProcessingResult", "RevisionId", "State", "StateReason")
        function = {
            name: value
            for name, value in cloud.configuration(f"{table}-inserts").items()
            if name not in passing and not name.startswith(("LastUpdate", "StateReason"))
        }
        mapping = mapping_of(cloud, table)
        return {**function, **{name: mapping[name] for name in mapping if name not in passing[:2]}}

    table = cloud.table()
    # With the destination's right granted from the start, as the policy is no setting of its own.
    assert run("attach-trigger", table, *FLAGS).code == 0
    before = seen()
    for flags, fields in SINGLE.items():
        done = run("attach-trigger", table, *flags, "--yes")
        assert done.code == 0, done.err
        after = seen()
        differing = {name for name in {*before, *after} if before.get(name) != after.get(name)}
        assert differing == set(fields.split()), flags
        before = after


def test_code_stays_unless_a_template_or_code_is_given(run: Callable[..., Ran], cloud: Cloud) -> None:
    table, sink = cloud.table(), cloud.table("eventID:S")
    audit = ("--template", "audit-log", "--env", f"SINK_ARN={cloud.described(sink)['TableArn']}")
    assert run("attach-trigger", table, *audit).code == 0
    code = cloud.configuration(f"{table}-inserts")["CodeSha256"]
    assert run("attach-trigger", table, "--batch-size", "50").code == 0
    assert run("create-function", table).code == 0
    assert cloud.configuration(f"{table}-inserts")["CodeSha256"] == code
    asked = run("create-function", table, "--template", "print")
    assert asked.code == 2
    assert "template audit-log → template print" in asked.err
    assert cloud.configuration(f"{table}-inserts")["CodeSha256"] == code
    assert run("create-function", table, "--template", "print", "--yes").code == 0
    assert cloud.configuration(f"{table}-inserts")["CodeSha256"] != code


@pytest.mark.parametrize(
    ("setting", "field"),
    [("mapping.on_failure", "DestinationConfig"), ("mapping.batch_size", "BatchSize")],
)
def test_unset_and_null_in_the_file_clear_one_setting(
    run: Callable[..., Ran], cloud: Cloud, tmp_path: Any, setting: str, field: str
) -> None:
    table = cloud.table()
    assert run("attach-trigger", table, *FLAGS, "--enabled").code == 0
    before = mapping_of(cloud, table)
    assert run("attach-trigger", table, "--unset", setting, "--yes").code == 0
    after = mapping_of(cloud, table)
    assert before[field] != after.get(field)
    assert run("attach-trigger", table, *FLAGS, "--enabled", "--yes").code == 0
    section, name = setting.split(".")
    (tmp_path / "ddbinsert.yaml").write_text(f"{section}: {{{name}: null}}")
    assert run("attach-trigger", table, "--yes", cwd=tmp_path).code == 0
    assert mapping_of(cloud, table).get(field) == after.get(field)


def test_one_variable_is_cleared_and_the_others_stay(run: Callable[..., Ran], cloud: Cloud) -> None:
    table = cloud.table()
    assert run("attach-trigger", table, "--env", "OWN=1").code == 0
    name = f"{table}-inserts"
    variables = {"OWN": "1", "VENDOR": "x"}
    cloud.lambda_.update_function_configuration(FunctionName=name, Environment={"Variables": variables})
    assert until(lambda: cloud.configuration(name)["Environment"]["Variables"] == variables)
    assert run("attach-trigger", table, "--env", "NEW=2").code == 0
    assert cloud.configuration(name)["Environment"]["Variables"] == {**variables, "NEW": "2"}
    assert run("attach-trigger", table, "--unset", "function.environment.OWN").code == 2
    assert run("attach-trigger", table, "--unset", "function.environment.OWN", "--yes").code == 0
    assert cloud.configuration(name)["Environment"]["Variables"] == {"VENDOR": "x", "NEW": "2"}


@pytest.mark.parametrize("key", ["mapping.batch", "table", "function.code", "nonsense"])
def test_what_cannot_be_cleared_is_refused_with_what_can(
    run: Callable[..., Ran], cloud: Cloud, key: str
) -> None:
    done = run("attach-trigger", cloud.table(), "--unset", key, "--output", "json")
    assert done.code == 2
    assert done.error_code == "not-clearable"


def test_a_mapping_that_was_disabled_on_purpose_is_enabled_only_with_a_yes(
    run: Callable[..., Ran], cloud: Cloud
) -> None:
    table = cloud.table()
    assert run("attach-trigger", table, "--disabled").code == 0
    assert run("attach-trigger", table).code == 0
    assert mapping_of(cloud, table)["State"] == "Disabled"
    assert run("attach-trigger", table, "--enabled").code == 2
    assert run("attach-trigger", table, "--enabled", "--yes").code == 0
    assert mapping_of(cloud, table)["State"] == "Enabled"


def test_a_dry_run_says_what_is_left_and_ends_with_1_where_there_are_changes(
    run: Callable[..., Ran], cloud: Cloud
) -> None:
    table = cloud.table()
    assert run("attach-trigger", table, "--dry-run", "--exit-code").code == 1
    assert run("attach-trigger", table, "--batch-size", "7").code == 0
    shown = run("attach-trigger", table, "--dry-run", "--exit-code", "--output", "json")
    assert shown.code == 0
    assert shown.data["left_as_is"] == [{"setting": "mapping.batch_size", "value": "7", "default": "100"}]
    assert run("attach-trigger", table, "--memory", "256", "--dry-run", "--exit-code").code == 1


# --- ours or theirs -------------------------------------------------------------------------------------


@pytest.fixture
def theirs(cloud: Cloud) -> tuple[str, str]:
    """A table, and somebody else's function with a mapping of its own on it."""
    table, function = cloud.table(view="NEW_IMAGE"), fresh("ledger")
    made = ran_past(cloud, function)
    assert made
    uuid = cloud.map(function, table)
    cloud.lambda_.update_event_source_mapping(
        UUID=uuid,
        BatchSize=3,
        MaximumRetryAttempts=7,
        DestinationConfig={"OnFailure": {"Destination": QUEUE}},
    )
    return table, function


def role_past(cloud: Cloud, name: str) -> str:
    """Makes a role as somebody else would, which may read streams; its ARN."""
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    reads = {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}
    role = cloud.iam.create_role(
        RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )["Role"]["Arn"]
    policy = json.dumps({"Version": "2012-10-17", "Statement": [reads]})
    cloud.iam.put_role_policy(RoleName=name, PolicyName="reads", PolicyDocument=policy)
    return str(role)


def ran_past(cloud: Cloud, function: str) -> bool:
    """Makes a function as somebody else would."""
    import io
    import zipfile

    from tests.functional.helpers import RECORDING

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("main.py", RECORDING)
    role = role_past(cloud, f"{function}-role")

    def made() -> bool:
        try:
            cloud.lambda_.create_function(
                FunctionName=function,
                Runtime="python3.13",
                Role=role,
                Handler="main.handler",
                Code={"ZipFile": buffer.getvalue()},
                Environment={"Variables": {"THEIRS": "1"}},
                TracingConfig={"Mode": "Active"},
                Tags={"managed-by": "terraform"},
            )
        except cloud.lambda_.exceptions.InvalidParameterValueException:
            return False
        return True

    return until(made)


def command_lines(table: str, function: str) -> Iterable[tuple[str, ...]]:
    yield "attach-trigger", table, "--function", function
    yield "attach-trigger", table, "--function", function, "--batch-size", "9", "--yes"
    yield "attach-trigger", table, "--function", function, "--prune", "--yes", "--tag", "team=blue"
    yield "create-function", table, "--function", function, "--memory", "512", "--yes"
    yield "create-function", table, "--function", function, "--template", "print", "--yes"
    yield "down", table, "--function", function, "--yes"
    yield "down", table, "--stream", "--yes"
    yield "status", table, "--function", function


def test_nothing_that_lacks_our_tag_is_changed_by_any_command(
    run: Callable[..., Ran], cloud: Cloud, theirs: tuple[str, str]
) -> None:
    table, function = theirs
    before, stream = as_is(cloud, function), cloud.stream(table)
    for words in command_lines(table, function):
        calls = Calls()
        run(*words, connect=calls.connect)
        assert writes(calls) == [], words
    assert as_is(cloud, function) == before
    assert cloud.stream(table) == stream


def test_a_difference_on_something_not_ours_is_shown_field_by_field(
    run: Callable[..., Ran], theirs: tuple[str, str]
) -> None:
    table, function = theirs
    done = run("attach-trigger", table, "--function", function, "--batch-size", "9", "--output", "json")
    assert done.code == 1
    assert done.error_code == "not-ours"
    (error,) = done.json["errors"]
    assert "mapping.batch_size: 3 → 9" in error["message"]
    assert "mapping.filters: none → " in error["message"]
    assert "--adopt" in error["hint"]


def test_adopting_changes_the_filter_and_what_is_given_and_nothing_else(
    run: Callable[..., Ran], cloud: Cloud, theirs: tuple[str, str]
) -> None:
    table, function = theirs
    before = cloud.mapping(function)
    asked = run("adopt", table, "--function", function, "--batch-size", "9")
    assert asked.code == 2
    assert "mapping.batch_size 3 → 9" in asked.err
    assert 'mapping.filters none → {"eventName":["INSERT"]}' in asked.err
    shown = run("adopt", table, "--function", function, "--batch-size", "9", "--dry-run")
    assert "mapping.batch_size 3 → 9" in shown.out
    assert "left as is: mapping.filters" not in shown.out
    done = run("adopt", table, "--function", function, "--batch-size", "9", "--yes")
    assert done.code == 0, done.err
    after = cloud.mapping(function)
    assert cloud.filters(function) == [{"eventName": ["INSERT"]}]
    differing = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    assert differing <= {"BatchSize", "FilterCriteria", "LastModified", "LastProcessingResult"}
    arn = after["EventSourceMappingArn"]
    assert cloud.lambda_.list_tags(Resource=arn)["Tags"]["ddbinsert:table"] == table
    assert "managed-by" in (cloud.function(function) or {})["Tags"]
    assert run("down", table, "--function", function, "--yes").code == 0
    assert cloud.mappings(function) == []
    assert cloud.function(function) is not None


def test_what_is_given_for_something_not_ours_is_changed_on_ours_or_refused(
    run: Callable[..., Ran], cloud: Cloud, theirs: tuple[str, str]
) -> None:
    table, function = theirs
    attach = ("attach-trigger", table, "--function", function)
    assert run("adopt", table, "--function", function, "--yes").code == 0
    before = as_is(cloud, function)
    done = run(*attach, "--log-retention", "5", "--adopt", "--yes", "--output", "json")
    assert (done.code, done.error_code) == (1, "not-ours")
    assert "function.log_retention_days: none → 5" in done.json["errors"][0]["message"]
    assert as_is(cloud, function) == before
    assert run(*attach, "--tag", "team=blue").code == 0
    arn = cloud.mapping(function)["EventSourceMappingArn"]
    assert cloud.lambda_.list_tags(Resource=arn)["Tags"] == {"ddbinsert:table": table, "team": "blue"}
    assert (cloud.function(function) or {})["Tags"] == {"managed-by": "terraform"}
    calls = Calls()
    assert run(*attach, "--tag", "team=blue", connect=calls.connect).code == 0
    assert writes(calls) == []
    asked = run(*attach, "--tag", "team=red")
    assert asked.code == 2
    assert "tags.team blue → red" in asked.err


def test_a_stream_with_another_reader_stays(
    run: Callable[..., Ran], cloud: Cloud, theirs: tuple[str, str]
) -> None:
    table, function = theirs
    assert run("attach-trigger", table, "--starting-position", "LATEST").code == 0
    done = run("down", table, "--stream", "--yes", "--output", "json")
    assert done.code == 1
    assert done.error_code == "stream-in-use"
    assert function in done.json["errors"][0]["message"]
    assert cloud.stream(table)
    assert run("down", table, "--yes").code == 0


def test_somebody_elses_role_that_was_given_once_stays_though_it_has_the_usual_name(
    run: Callable[..., Ran], cloud: Cloud
) -> None:
    table = cloud.table()
    role = role_past(cloud, f"{table}-inserts-role")
    assert run("attach-trigger", table, "--role", role).code == 0
    before = as_is(cloud, f"{table}-inserts")
    again = run("attach-trigger", table)
    assert again.code == 0, again.err
    assert as_is(cloud, f"{table}-inserts") == before
    assert run("attach-trigger", table, "--batch-size", "7").code == 0
    refused = run("attach-trigger", table, "--unset", "function.role", "--output", "json")
    assert refused.error_code == "role-not-ours"


def test_a_function_that_somebody_elses_mapping_uses_is_not_taken_down(
    run: Callable[..., Ran], cloud: Cloud
) -> None:
    table, other = cloud.table(), cloud.table(view="NEW_IMAGE")
    assert run("attach-trigger", table).code == 0
    function = f"{table}-inserts"
    foreign = cloud.lambda_.create_event_source_mapping(
        EventSourceArn=cloud.stream(other), FunctionName=function, StartingPosition="TRIM_HORIZON"
    )["UUID"]
    done = run("down", table, "--yes", "--output", "json")
    assert done.code == 0, done.err
    assert cloud.function(function) is not None
    assert cloud.has_role(f"{function}-role")
    assert cloud.log_group(f"/aws/lambda/{function}") is not None
    assert [each["UUID"] for each in cloud.mappings(function)] == [foreign]
    assert any(foreign in text for text in done.data["stays"])
    cloud.lambda_.delete_event_source_mapping(UUID=foreign)
    assert until(lambda: cloud.mappings(function) == [])
    assert run("down", table, "--yes").code == 0
    assert cloud.function(function) is None


def test_a_second_mapping_of_the_function_through_an_alias_is_noticed(
    run: Callable[..., Ran], cloud: Cloud
) -> None:
    table = cloud.table()
    assert run("attach-trigger", table).code == 0
    function = f"{table}-inserts"
    version = cloud.lambda_.publish_version(FunctionName=function)["Version"]
    cloud.lambda_.create_alias(FunctionName=function, Name="live", FunctionVersion=version)
    alias = f"{cloud.configuration(function)['FunctionArn'].removesuffix(':$LATEST')}:live"
    cloud.lambda_.create_event_source_mapping(
        EventSourceArn=cloud.stream(table), FunctionName=alias, StartingPosition="LATEST"
    )
    again = run("attach-trigger", table)
    assert "without a filter" in again.err
    assert "twice" in run("status", table).out


def test_where_tags_may_not_be_read_status_shows_what_it_can_and_nothing_is_changed(
    run: Callable[..., Ran], cloud: Cloud
) -> None:
    table = cloud.table()
    assert run("attach-trigger", table).code == 0
    before = as_is(cloud, f"{table}-inserts")
    blind = Refusing("ListTags")
    shown = run("status", table, "--output", "json", connect=blind.connect)
    assert shown.code == 0
    assert shown.data["mapping"]["made_by_ddbinsert"] is None
    assert run("attach-trigger", table, connect=blind.connect).code == 0
    for words in (("attach-trigger", table, "--batch-size", "7"), ("down", table, "--yes")):
        refused = run(*words, "--output", "json", connect=blind.connect)
        assert refused.code == 4
        assert refused.error_code == "access-denied"
    assert as_is(cloud, f"{table}-inserts") == before


def test_taking_down_a_mistyped_table_names_the_nearest(run: Callable[..., Ran], cloud: Cloud) -> None:
    table = cloud.table()
    done = run("down", f"{table}x", "--yes", "--output", "json")
    assert done.code == 5
    assert done.error_code == "table-not-found"
    assert done.json["errors"][0]["command"] == ["ddbinsert", "down", table]


def test_a_log_group_of_ones_own_is_shown_and_taken_down(run: Callable[..., Ran], cloud: Cloud) -> None:
    table = cloud.table()
    group = f"/own/{table}"
    assert run("attach-trigger", table, "--log-group", group).code == 0
    assert group in run("status", table).out
    assert run("down", table, "--yes").code == 0
    assert cloud.log_group(group) is None


def test_a_filter_that_no_insert_can_pass_is_refused(
    run: Callable[..., Ran], cloud: Cloud, tmp_path: Any
) -> None:
    table = cloud.table()
    never = '{"dynamodb":{"NewImage":{"n":{"N":[{"numeric":[">",5]}]}}}}'
    done = run("attach-trigger", table, "--filter", never, "--output", "json")
    assert done.code == 1
    assert done.error_code == "filter-never-passes"
    assert cloud.function(f"{table}-inserts") is None
    (tmp_path / "ddbinsert.yaml").write_text(f"table: {table}\nmapping: {{filters: ['{never}']}}")
    assert run("config", "check", cwd=tmp_path).code == 3
    assert run("attach-trigger", table, "--filter", never, "--force").code == 0
    assert "insert-only)" not in run("status", table).out


def test_a_kept_filter_that_no_insert_can_pass_under_the_new_view_type_is_refused(
    run: Callable[..., Ran], cloud: Cloud
) -> None:
    table = cloud.table()
    assert run("attach-trigger", table, "--where", 'NewImage.status = "NEW"').code == 0
    replace = ("--view-type", "KEYS_ONLY", "--replace", "--yes")
    stream = cloud.stream(table)
    refused = run("attach-trigger", table, *replace, "--output", "json")
    assert (refused.code, refused.error_code) == (1, "filter-never-passes")
    assert cloud.stream(table) == stream
    warned = run("enable-stream", table, *replace, "--dry-run")
    assert warned.code == 0
    assert "[view-type]" in warned.err
    assert run("attach-trigger", table, *replace, "--force").code == 0


def test_a_disabled_mapping_is_to_be_enabled_before_it_is_proven(
    run: Callable[..., Ran], cloud: Cloud, tmp_path: Any
) -> None:
    table = cloud.table()
    done = run("attach-trigger", table, "--disabled")
    assert done.code == 0
    (tmp_path / "ddbinsert.yaml").write_text(f"table: {table}\n")
    again = run("up", cwd=tmp_path)
    assert again.code == 0
    for shown in (done.out, again.out):
        assert "Prove it" not in shown
        assert f"ddbinsert attach-trigger {table} --enabled --yes" in shown
    gone = run("down", table, "--yes")
    assert f"resources of {table}'s trigger" in gone.out
    assert "Nothing to remove." in run("down", table, "--dry-run").out


# --- advice ---------------------------------------------------------------------------------------------


def test_advice_names_the_function_of_the_run_and_works_as_printed(
    run: Callable[..., Ran], cloud: Cloud, variables: dict[str, str]
) -> None:
    table, function = cloud.table(), fresh("own")
    done = run("attach-trigger", table, "--function", function, "--output", "json")
    advised = done.data["next"]["command"]
    assert advised == ["ddbinsert", "verify", table, "--function", function]
    assert run(*advised[1:]).code == 0
    assert shlex.join(advised) in run("attach-trigger", table, "--function", function).out


def test_advice_names_a_function_that_a_variable_names_and_not_one_from_the_file(
    cloud: Cloud, variables: dict[str, str], tmp_path: Any
) -> None:
    table, function = cloud.table(), fresh("own")
    named = {**variables, "DDBINSERT_FUNCTION_NAME": function}
    done = ran("attach-trigger", table, "--output", "json", variables=named)
    assert done.data["next"]["command"] == ["ddbinsert", "verify", table, "--function", function]
    (tmp_path / "ddbinsert.yaml").write_text(f"table: {table}\nfunction: {{name: {function}}}")
    again = ran("attach-trigger", "--output", "json", variables=variables, cwd=tmp_path)
    assert again.data["next"]["command"] == ["ddbinsert", "verify", table]


# --- replacing ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["enable-stream", "attach-trigger"])
def test_a_replacement_keeps_the_settings_and_loses_no_insert(
    run: Callable[..., Ran], cloud: Cloud, command: str
) -> None:
    table = cloud.table()
    assert run("attach-trigger", table, "--batch-size", "7", "--on-failure", QUEUE).code == 0
    name = f"{table}-inserts"

    def are_logged(keys: set[str]) -> bool:
        return all(any(f'"{key}"' in line for line in cloud.lines(name)) for key in keys)

    before = {f"before-{number}" for number in range(20)}
    for key in sorted(before):
        cloud.put(table, key)
    # The emulator reads a replaced stream no further; what AWS does with one, tests/strict/test_replace_under_load.py tries.
    assert until(lambda: are_logged(before))
    done = run(command, table, "--view-type", "KEYS_ONLY", "--replace", "--wait-drained", "--yes")
    assert done.code == 0, done.err
    assert "was disabled from" in done.err
    cloud.put(table, "after")
    assert until(lambda: are_logged(before | {"after"}))
    mapping = cloud.mapping(name)
    assert (mapping["BatchSize"], mapping["EventSourceArn"]) == (7, cloud.stream(table))
    assert mapping["DestinationConfig"]["OnFailure"]["Destination"] == QUEUE
