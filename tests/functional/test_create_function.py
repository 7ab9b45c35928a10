"""create-function, as a user and a script see it: the function with its role and its log group."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from ddbinsert.core.receipt import parse
from tests.functional.command import Ran, ran, until
from tests.functional.helpers import RECORDING, Calls, Refusing, check_envelope, fresh

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.functional.helpers import Cloud

REGION, ACCOUNT = "us-east-1", "000000000000"
NODE_RECORDING = """
exports.handle = async (event) => {
  for (const record of event.Records) console.log("NODE-REC", record.eventName, record.dynamodb.Keys.pk.S);
};
"""


@pytest.fixture
def create(variables: dict[str, str]) -> Callable[..., Ran]:
    return lambda *arguments, **outside: ran("create-function", *arguments, variables=variables, **outside)


def _event(event_name: str, key: str) -> dict[str, Any]:
    return {
        "eventID": f"{hash((event_name, key)) & 0xFFFFFFFF:032x}",
        "eventName": event_name,
        "eventSource": "aws:dynamodb",
        "awsRegion": REGION,
        "dynamodb": {"Keys": {"pk": {"S": key}}, "SequenceNumber": "100000000000000000001", "SizeBytes": 1},
    }


def _invoke(cloud: Cloud, function: str, *records: dict[str, Any]) -> Any:
    assert until(lambda: cloud.configuration(function).get("State", "Active") == "Active")
    answer = cloud.lambda_.invoke(FunctionName=function, Payload=json.dumps({"Records": list(records)}))
    said = answer["Payload"].read().decode()
    assert "FunctionError" not in answer, said
    return json.loads(said)


def test_everything_is_made_and_the_functions_arn_is_all_of_stdout(
    create: Callable[..., Ran], cloud: Cloud
) -> None:
    table = cloud.table(view="NEW_IMAGE")
    name = f"{table}-inserts"
    done = create(table)
    assert done.code == 0
    function = cloud.configuration(name)
    assert done.out == f"{function['FunctionArn']}\n"
    assert function["Role"].endswith(f":role/{name}-role")
    assert (function["MemorySize"], function["Timeout"], function["Runtime"]) == (128, 30, "python3.13")
    assert cloud.mappings(name) == []
    for made in ("role", "log group", "policy of role", "function"):
        assert any(made in line for line in done.err.splitlines())


def test_the_log_group_is_there_before_the_function_and_forgets_after_two_weeks(
    create: Callable[..., Ran], cloud: Cloud
) -> None:
    table = cloud.table()
    create(table)
    group = cloud.log_group(f"/aws/lambda/{table}-inserts")
    assert group is not None
    assert group["retentionInDays"] == 14
    tags = cloud.logs.list_tags_for_resource(resourceArn=group["arn"].removesuffix(":*"))["tags"]
    assert tags == {"ddbinsert:table": table}


def test_the_role_may_do_exactly_what_a_trigger_needs(create: Callable[..., Ran], cloud: Cloud) -> None:
    table = cloud.table(view="NEW_IMAGE")
    name = f"{table}-inserts"
    create(table)
    role = cloud.iam.get_role(RoleName=f"{name}-role")["Role"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust == {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    assert cloud.iam.list_attached_role_policies(RoleName=f"{name}-role")["AttachedPolicies"] == []
    (policy,) = cloud.policies(f"{name}-role").values()
    granted = {
        (action, resource)
        for statement in policy["Statement"]
        if statement["Effect"] == "Allow"
        for action in _listed(statement["Action"])
        for resource in _listed(statement["Resource"])
    }
    stream = cloud.stream(table)
    logs = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/{name}:*"
    assert granted == {
        ("dynamodb:DescribeStream", stream),
        ("dynamodb:GetRecords", stream),
        ("dynamodb:GetShardIterator", stream),
        ("dynamodb:ListStreams", "*"),
        ("logs:CreateLogStream", logs),
        ("logs:PutLogEvents", logs),
    }


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def test_where_there_is_no_stream_yet_the_role_may_only_log(create: Callable[..., Ran], cloud: Cloud) -> None:
    table = cloud.table()
    create(table)
    (policy,) = cloud.policies(f"{table}-inserts-role").values()
    actions = {action for statement in policy["Statement"] for action in _listed(statement["Action"])}
    assert actions == {"logs:CreateLogStream", "logs:PutLogEvents"}
    assert cloud.stream(table) is None


@pytest.mark.parametrize("runtime", ["python3.13", "nodejs22.x"])
def test_the_print_template_leaves_a_receipt_for_each_record_and_guards_inserts_in_code(
    create: Callable[..., Ran], cloud: Cloud, runtime: str
) -> None:
    table = cloud.table(view="NEW_IMAGE")
    name = f"{table}-inserts"
    assert create(table, "--runtime", runtime).code == 0
    answer = _invoke(cloud, name, _event("INSERT", "one"), _event("MODIFY", "two"), _event("REMOVE", "three"))
    assert answer == {"batchItemFailures": []}
    assert cloud.logged(name, "three")
    receipts = [receipt for entry in cloud.lines(name) if (receipt := parse(entry))]
    told = {(one["eventName"], one["decision"], one["keys"]["pk"]["S"]) for one in receipts}
    assert told == {
        ("INSERT", "processed", "one"),
        ("MODIFY", "guarded", "two"),
        ("REMOVE", "guarded", "three"),
    }


def test_own_code_in_python_is_found_and_run(
    create: Callable[..., Ran], cloud: Cloud, tmp_path: Path
) -> None:
    (tmp_path / "handler.py").write_text(RECORDING)
    table = cloud.table()
    assert create(table, "--code", "handler.py", cwd=tmp_path).code == 0
    _invoke(cloud, f"{table}-inserts", _event("MODIFY", "mine"))
    assert cloud.logged(f"{table}-inserts", "REC MODIFY mine")


def test_own_code_in_node_with_a_handler_of_its_own_is_run(
    create: Callable[..., Ran], cloud: Cloud, tmp_path: Path
) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "main.js").write_text(NODE_RECORDING)
    table = cloud.table()
    done = create(table, "--code", "app", "--handler", "main.handle", "--runtime", "nodejs20.x", cwd=tmp_path)
    assert done.code == 0
    _invoke(cloud, f"{table}-inserts", _event("INSERT", "mine"))
    assert cloud.logged(f"{table}-inserts", "NODE-REC INSERT mine")


def test_own_code_in_a_zip_is_taken_as_it_is(
    create: Callable[..., Ran], cloud: Cloud, tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "code.zip", "w") as archive:
        archive.writestr("app.py", RECORDING)
    table = cloud.table()
    assert create(table, "--code", "code.zip", "--handler", "app.handler", cwd=tmp_path).code == 0
    _invoke(cloud, f"{table}-inserts", _event("INSERT", "zipped"))
    assert cloud.logged(f"{table}-inserts", "REC INSERT zipped")


def test_own_code_named_in_a_file_lies_beside_that_file(
    create: Callable[..., Ran], cloud: Cloud, tmp_path: Path
) -> None:
    table = cloud.table()
    project, elsewhere = tmp_path / "project", tmp_path / "elsewhere"
    project.mkdir()
    elsewhere.mkdir()
    (project / "handler.py").write_text(RECORDING)
    (project / "trigger.yaml").write_text(f"table: {table}\nfunction: {{code: handler.py}}\n")
    done = create("--config", "../project/trigger.yaml", cwd=elsewhere)
    assert done.code == 0, done.err
    assert cloud.function(f"{table}-inserts")


def test_code_that_is_not_there_is_told_before_anything_is_made(
    create: Callable[..., Ran], cloud: Cloud, tmp_path: Path
) -> None:
    table = cloud.table()
    calls = Calls()
    done = create(table, "--code", "missing.py", "-o", "json", cwd=tmp_path, connect=calls.connect)
    assert done.code in (3, 5)
    assert "missing.py" in done.json["errors"][0]["message"] + str(done.data)
    assert not calls.writes
    assert cloud.log_group(f"/aws/lambda/{table}-inserts") is None


def test_a_runtime_that_no_template_is_written_for_is_told_before_anything_is_made(
    create: Callable[..., Ran], cloud: Cloud
) -> None:
    calls = Calls()
    done = create(cloud.table(), "--runtime", "ruby3.3", "-o", "json", connect=calls.connect)
    assert done.code == 3
    assert "function.code" in done.json["errors"][0]["message"]
    assert not calls.writes


def test_a_given_role_is_used_and_not_touched(create: Callable[..., Ran], cloud: Cloud) -> None:
    table = cloud.table(view="NEW_IMAGE")
    given = fresh("given")
    arn = cloud.iam.create_role(
        RoleName=given,
        AssumeRolePolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "lambda.amazonaws.com"},
                        "Action": "sts:AssumeRole",
                    }
                ],
            }
        ),
    )["Role"]["Arn"]
    assert create(table, "--role", arn).code == 0
    assert cloud.configuration(f"{table}-inserts")["Role"] == arn
    assert cloud.policies(given) == {}
    assert not cloud.has_role(f"{table}-inserts-role")


def test_a_second_run_writes_nothing_and_prints_the_same(create: Callable[..., Ran], cloud: Cloud) -> None:
    table = cloud.table(view="NEW_IMAGE")
    first = create(table, "--env", "A1=x", "--memory", "256", "--tag", "team=blue")
    before = cloud.all_about(table)
    calls = Calls()
    second = create(table, "--env", "A1=x", "--memory", "256", "--tag", "team=blue", connect=calls.connect)
    assert second.code == 0
    assert second.out == first.out
    assert not calls.writes
    assert "nothing to do" in second.err
    assert cloud.all_about(table) == before


def test_changed_settings_are_changed_in_place_and_the_code_is_not_uploaded_again(
    create: Callable[..., Ran], cloud: Cloud
) -> None:
    table = cloud.table(view="NEW_IMAGE")
    name = f"{table}-inserts"
    create(table, "--env", "OLD=1", "--env", "KEPT=1")
    before = cloud.configuration(name)
    calls = Calls()
    done = create(
        table,
        "--memory",
        "512",
        "--function-timeout",
        "7",
        "--env",
        "KEPT=2",
        "--log-retention",
        "30",
        "--yes",
        connect=calls.connect,
    )
    assert done.code == 0
    assert set(calls.writes) == {"UpdateFunctionConfiguration", "PutRetentionPolicy"}
    after = cloud.configuration(name)
    assert (after["MemorySize"], after["Timeout"]) == (512, 7)
    assert after["Environment"]["Variables"] == {"OLD": "1", "KEPT": "2"}
    assert after["CodeSha256"] == before["CodeSha256"]
    group = cloud.log_group(f"/aws/lambda/{name}")
    assert group is not None
    assert group["retentionInDays"] == 30
    assert "function.memory 128 → 512" in done.err
    assert "KEPT (another value)" in done.err


def test_settings_that_are_not_given_again_stay_until_they_are_cleared(
    create: Callable[..., Ran], cloud: Cloud
) -> None:
    table = cloud.table()
    create(table, "--env", "A1=x", "--memory", "512")
    assert create(table).code == 0
    assert cloud.configuration(f"{table}-inserts")["MemorySize"] == 512
    unset = ("--unset", "function.environment", "--unset", "function.memory")
    assert create(table, *unset, "--yes").code == 0
    function = cloud.configuration(f"{table}-inserts")
    assert (function.get("Environment") or {}).get("Variables", {}) == {}
    assert function["MemorySize"] == 128


def test_changed_code_is_uploaded_and_nothing_else_changed(
    create: Callable[..., Ran], cloud: Cloud, tmp_path: Path
) -> None:
    table = cloud.table()
    name = f"{table}-inserts"
    (tmp_path / "handler.py").write_text(RECORDING)
    create(table, "--code", "handler.py", cwd=tmp_path)
    (tmp_path / "handler.py").touch()
    same = Calls()
    create(table, "--code", "handler.py", cwd=tmp_path, connect=same.connect)
    assert not same.writes

    (tmp_path / "handler.py").write_text(RECORDING.replace("REC", "SECOND"))
    calls = Calls()
    assert create(table, "--code", "handler.py", "--yes", cwd=tmp_path, connect=calls.connect).code == 0
    assert set(calls.writes) == {"UpdateFunctionCode"}
    _invoke(cloud, name, _event("INSERT", "x"))
    assert cloud.logged(name, "SECOND INSERT x")


def test_another_language_changes_code_and_settings_of_the_same_function(
    create: Callable[..., Ran], cloud: Cloud
) -> None:
    table = cloud.table()
    name = f"{table}-inserts"
    first = create(table)
    second = create(table, "--runtime", "nodejs22.x", "--yes")
    assert second.code == 0
    assert second.out == first.out
    assert cloud.configuration(name)["Handler"] == "index.handler"
    assert _invoke(cloud, name, _event("INSERT", "x")) == {"batchItemFailures": []}


def test_values_of_the_environment_are_printed_nowhere(create: Callable[..., Ran], cloud: Cloud) -> None:
    table = cloud.table()
    for arguments in (
        ("--env", "TOKEN=hunter2", "--dry-run"),
        ("--env", "TOKEN=hunter2"),
        ("--env", "TOKEN=hunter3", "--yes"),
        ("--env", "TOKEN=hunter3", "-o", "json"),
    ):
        done = create(table, *arguments)
        assert done.code == 0
        assert "hunter" not in done.out + done.err


def test_a_function_that_somebody_else_made_stays_as_it_is(
    create: Callable[..., Ran], cloud: Cloud, tmp_path: Path
) -> None:
    table = cloud.table()
    theirs = fresh("theirs")
    (tmp_path / "handler.py").write_text(RECORDING)
    create(table, "--function", theirs, "--code", "handler.py", cwd=tmp_path)
    arn = cloud.configuration(theirs)["FunctionArn"]
    cloud.lambda_.untag_resource(Resource=arn, TagKeys=["ddbinsert:table"])
    before = cloud.configuration(theirs)
    calls = Calls()
    refused = create(table, "--function", theirs, "--memory", "512", connect=calls.connect)
    assert refused.code == 1
    assert "function.memory: 128 → 512" in refused.err
    done = create(table, "--function", theirs, connect=calls.connect)
    assert done.code == 0
    assert done.out == f"{arn}\n"
    assert "was not created by ddbinsert" in done.err
    assert not calls.writes
    assert cloud.configuration(theirs)["MemorySize"] == before["MemorySize"]


def test_a_function_made_for_another_table_is_not_taken_over(
    create: Callable[..., Ran], cloud: Cloud
) -> None:
    one, other, name = cloud.table(), cloud.table(), fresh("shared")
    create(one, "--function", name)
    calls = Calls()
    done = create(other, "--function", name, "-o", "json", connect=calls.connect)
    assert done.code == 1
    assert done.error_code == "made-for-another-table"
    assert one in done.json["errors"][0]["message"]
    assert not calls.writes


def test_a_role_of_that_name_that_is_not_ours_is_refused(create: Callable[..., Ran], cloud: Cloud) -> None:
    table = cloud.table()
    cloud.iam.create_role(RoleName=f"{table}-inserts-role", AssumeRolePolicyDocument="{}")
    calls = Calls()
    done = create(table, "-o", "json", connect=calls.connect)
    assert done.code == 1
    assert done.error_code == "role-not-ours"
    assert not calls.writes


def test_a_missing_table_is_a_missing_prerequisite(create: Callable[..., Ran], cloud: Cloud) -> None:
    table = fresh()
    calls = Calls()
    done = create(table, "-o", "json", connect=calls.connect)
    assert done.code == 5
    assert done.error_code == "table-not-found"
    assert not calls.writes


def test_a_table_with_the_longest_name_gets_names_that_fit(create: Callable[..., Ran], cloud: Cloud) -> None:
    table = f"{fresh()}.{'x' * 220}"
    cloud.dynamodb.create_table(
        TableName=table,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    done = create(table)
    assert done.code == 0
    name = done.out.strip().rsplit(":", 1)[-1]
    assert len(name) <= 64
    assert "." not in name
    assert cloud.function(name)


def test_a_dry_run_shows_the_steps_and_does_nothing(create: Callable[..., Ran], cloud: Cloud) -> None:
    table = cloud.table()
    calls = Calls()
    shown = create(table, "--dry-run", connect=calls.connect)
    assert shown.code == 0
    assert [line[0] for line in shown.out.splitlines()[:-1]] == ["+", "+", "~", "+"]
    assert shown.out.splitlines()[-1] == "4 steps; nothing was changed."
    assert not calls.writes


def test_a_script_gets_names_and_arns(create: Callable[..., Ran], cloud: Cloud) -> None:
    table = cloud.table()
    done = create(table, "-o", "json")
    check_envelope(done.json, command="create-function", code=0)
    function = cloud.configuration(f"{table}-inserts")
    assert done.data["function_arn"] == function["FunctionArn"]
    assert done.data["role_arn"] == function["Role"]
    assert done.data["log_group"] == f"/aws/lambda/{table}-inserts"
    assert done.data["mapping_uuid"] is None
    assert done.data["changed"] is True


def test_tags_that_are_wanted_later_reach_everything_and_others_stay(
    create: Callable[..., Ran], cloud: Cloud, variables: dict[str, str]
) -> None:
    table = cloud.table()
    name = f"{table}-inserts"
    ran("attach-trigger", table, "--tag", "team=blue", variables=variables)
    function, mapping = cloud.configuration(name)["FunctionArn"], cloud.mapping(name)["EventSourceMappingArn"]
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/{name}"
    cloud.lambda_.tag_resource(Resource=function, Tags={"cost": "4711"})

    calls = Calls()
    asked = create(table, "--tag", "team=größe 2")
    assert asked.code == 2
    assert "tags.team blue → größe 2" in asked.err
    done = create(table, "--tag", "team=größe 2", "--yes", connect=calls.connect)
    assert done.code == 0
    assert "tags.team blue → größe 2" in done.err
    assert calls.writes == {"TagResource": 3, "TagRole": 1}
    wanted = {"ddbinsert:table": table, "team": "größe 2"}
    own = {"cost": "4711", "ddbinsert:code": "print"}
    assert cloud.lambda_.list_tags(Resource=function)["Tags"] == {**wanted, **own}
    assert cloud.lambda_.list_tags(Resource=mapping)["Tags"] == wanted
    assert cloud.logs.list_tags_for_resource(resourceArn=group)["tags"] == wanted
    role = cloud.iam.get_role(RoleName=f"{name}-role")["Role"]
    assert {tag["Key"]: tag["Value"] for tag in role["Tags"]} == wanted

    again = Calls()
    create(table, "--tag", "team=größe 2", connect=again.connect)
    assert not again.writes


def test_a_log_group_that_somebody_else_made_gets_no_tags(create: Callable[..., Ran], cloud: Cloud) -> None:
    table = cloud.table()
    group = f"/theirs/{table}"
    cloud.logs.create_log_group(logGroupName=group)
    create(table, "--log-group", group)
    assert create(table, "--log-group", group, "--tag", "team=blue").code == 0
    arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}"
    assert not cloud.logs.list_tags_for_resource(resourceArn=arn).get("tags")


def test_tagging_that_was_cut_short_is_gone_on_with(
    create: Callable[..., Ran], cloud: Cloud, variables: dict[str, str]
) -> None:
    table = cloud.table()
    name = f"{table}-inserts"
    ran("attach-trigger", table, variables=variables)
    cut = create(table, "--tag", "team=blue", connect=Refusing("TagResource").connect)
    assert cut.code == 4
    assert create(table, "--tag", "team=blue").code == 0
    mapping = cloud.mapping(name)["EventSourceMappingArn"]
    assert cloud.lambda_.list_tags(Resource=mapping)["Tags"]["team"] == "blue"
