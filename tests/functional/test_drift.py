"""drift: each field that others changed is named, and only that; `up` undoes it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.examples import some
from tests.functional.command import Ran, ran
from tests.functional.helpers import Calls

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.functional.helpers import Cloud

FILE = """
table: {table}
view_type: NEW_IMAGE
tags: {{team: a}}
function:
  {{template: print, runtime: python3.12, memory: 256, timeout: 20, environment: {{MARK: blue}}, log_retention_days: 7,
   log_group: /given/{table}, layers: [], role: own}}
mapping:
  {{batch_size: 5, batching_window: 1, parallelization: 2, retries: 3, record_age: 600, bisect: true,
   report_batch_item_failures: true, on_failure: create, metrics: true, enabled: true, starting_position: TRIM_HORIZON,
   filters: [{{dynamodb: {{Keys: {{pk: {{S: [{{prefix: a}}]}}}}}}}}]}}
"""
#: What somebody does to the mapping, the function, the role or the log group, and the fields that drift must name.
CHANGES: tuple[tuple[str, dict[str, Any], set[str]], ...] = (
    ("mapping", {"BatchSize": 6}, {"mapping.batch_size"}),
    ("function", {"MemorySize": 512}, {"function.memory"}),
    ("policy", {}, {"role.policy"}),
    ("mapping", {"MaximumBatchingWindowInSeconds": 2}, {"mapping.batching_window"}),
    ("mapping", {"ParallelizationFactor": 3}, {"mapping.parallelization"}),
    ("function", {"Timeout": 21}, {"function.timeout"}),
    ("trust", {}, {"role.trust"}),
    ("mapping", {"MaximumRetryAttempts": 4}, {"mapping.retries"}),
    ("mapping", {"MaximumRecordAgeInSeconds": 700}, {"mapping.record_age"}),
    ("function", {"Environment": {"Variables": {"MARK": "green", "OTHER": "x"}}}, {"function.environment"}),
    ("role tags", {}, {"tags.team"}),
    ("mapping", {"BisectBatchOnFunctionError": False}, {"mapping.bisect"}),
    ("mapping", {"FunctionResponseTypes": []}, {"mapping.report_batch_item_failures"}),
    ("function", {"Runtime": "python3.13"}, {"function.runtime"}),
    ("function tags", {}, {"tags.team"}),
    ("mapping", {"DestinationConfig": {}}, {"mapping.on_failure"}),
    ("mapping", {"FilterCriteria": {}}, {"mapping.filters"}),
    ("function", {"Handler": "other.handler"}, {"function.handler"}),
    ("mapping tags", {}, {"tags.team"}),
    ("mapping", {"Enabled": False}, {"mapping.enabled"}),
    ("function", {"LoggingConfig": {"LogGroup": "/other"}}, {"function.log_group"}),
    ("retention", {}, {"function.log_retention_days"}),
    ("code", {}, {"function.code"}),
    ("log group tags", {}, {"tags.team"}),
)  # fmt: skip


@pytest.fixture
def run(variables: dict[str, str], tmp_path: Path) -> Callable[..., Ran]:
    return lambda *words, **more: ran(*words, variables=variables, cwd=tmp_path, **more)


def change(cloud: Cloud, table: str, what: str, parameters: dict[str, Any]) -> None:
    name = f"{table}-inserts"
    mapping = cloud.mapping(name)
    function = cloud.configuration(name)["FunctionArn"]
    match what:
        case "mapping":
            cloud.lambda_.update_event_source_mapping(UUID=mapping["UUID"], **parameters)
        case "function":
            cloud.lambda_.update_function_configuration(FunctionName=name, **parameters)
        case "code":
            from tests.strict.bench import package

            cloud.lambda_.update_function_code(FunctionName=name, ZipFile=package("handler = print"))
        case "policy":
            found = cloud.iam.get_role_policy(RoleName=f"{name}-role", PolicyName="ddbinsert")[
                "PolicyDocument"
            ]
            kept = [one for one in found["Statement"] if one.get("Sid") != "WriteLogs"]
            text = json.dumps({**found, "Statement": kept})
            cloud.iam.put_role_policy(RoleName=f"{name}-role", PolicyName="ddbinsert", PolicyDocument=text)
        case "trust":
            other = {
                "Effect": "Allow",
                "Principal": {"Service": "ec2.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
            text = json.dumps({"Version": "2012-10-17", "Statement": [other]})
            cloud.iam.update_assume_role_policy(RoleName=f"{name}-role", PolicyDocument=text)
        case "role tags":
            cloud.iam.tag_role(RoleName=f"{name}-role", Tags=[{"Key": "team", "Value": "b"}])
        case "function tags":
            cloud.lambda_.tag_resource(Resource=function, Tags={"team": "b"})
        case "mapping tags":
            arn = function.replace(f":function:{name}", f":event-source-mapping:{mapping['UUID']}")
            cloud.lambda_.tag_resource(Resource=arn, Tags={"team": "b"})
        case "retention":
            cloud.logs.put_retention_policy(logGroupName=f"/given/{table}", retentionInDays=3)
        case _:
            group = cloud.logs.describe_log_groups(logGroupNamePrefix=f"/given/{table}")["logGroups"][0]
            cloud.logs.tag_resource(resourceArn=group["arn"].removesuffix(":*"), tags={"team": "b"})


def test_each_field_that_somebody_changes_is_named_and_only_that_and_up_undoes_it(
    cloud: Cloud, run: Callable[..., Ran], tmp_path: Path
) -> None:
    table = cloud.table("pk:S")
    (tmp_path / "ddbinsert.yaml").write_text(FILE.format(table=table))
    made = run("up", "--yes")
    assert made.code == 0, made.err
    assert run("drift").code == 0
    tried = list(some(CHANGES, one_in=5))
    for what, parameters, fields in tried:
        change(cloud, table, what, parameters)
        calls = Calls()
        drifted = run("drift", "-o", "json", connect=calls.connect)
        assert not calls.writes
        assert drifted.code == 1, (what, parameters)
        assert {one["field"] for one in drifted.data["drift"]} == fields, (what, parameters)
        assert drifted.data["cloudtrail"] == {
            "asked": False,
            "why_not": "CloudTrail records changes on AWS only",
        }
        undone = run("up", "--yes")
        assert undone.code == 0, undone.err
        again = run("drift", "-o", "json")
        assert (again.code, again.data["drift"]) == (0, []), (what, parameters)
    trust = cloud.iam.get_role(RoleName=f"{table}-inserts-role")["Role"]["AssumeRolePolicyDocument"]
    if "ec2.amazonaws.com" in str(tried):
        assert "ec2.amazonaws.com" in str(trust), "what others may do with the role stays"


def test_what_is_gone_and_what_somebody_else_made_is_drift_too(
    cloud: Cloud, run: Callable[..., Ran], tmp_path: Path
) -> None:
    table = cloud.table("pk:S", view="NEW_IMAGE")
    (tmp_path / "ddbinsert.yaml").write_text(
        f"table: {table}\nview_type: KEYS_ONLY\nmapping: {{batch_size: 5}}\n"
    )
    everything = run("drift", "-o", "json")
    assert everything.code == 1
    parts = [one["part"] for one in everything.data["drift"]]
    assert parts == ["stream", "log group", "role", "function", "event source mapping"]
    (tmp_path / "other.yaml").write_text(f"table: {table}")
    assert run("attach-trigger", table, "--config", "other.yaml").code == 0
    arn = cloud.configuration(f"{table}-inserts")["FunctionArn"]
    cloud.lambda_.untag_resource(Resource=arn, TagKeys=["ddbinsert:table"])
    shown = run("drift")
    assert shown.code == 1
    assert "~ view_type NEW_IMAGE → KEYS_ONLY" in shown.out
    assert "~ mapping.batch_size 100 → 5" in shown.out
    assert "last changed" in shown.out
    assert f"Undo it: ddbinsert up {table} --replace" in shown.out
