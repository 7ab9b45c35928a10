"""drift: each field that others changed is named, and only that; `up` undoes it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ddbinsert.core.model.wanted import Template
from ddbinsert.core.trigger.settings import COMPARED
from ddbinsert.handlers.bundle import bundle
from tests.examples import some
from tests.functional.command import Ran, ran
from tests.functional.helpers import Calls
from tests.strict.bench import package

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.functional.helpers import Cloud

FILE = """
table: {table}
view_type: NEW_IMAGE
tags: {{team: a}}
function:
  {{template: print, runtime: python3.12, architecture: x86_64, memory: 256, timeout: 20, environment: {{MARK: blue}},
   ephemeral_storage: 1024, vpc: {{subnets: [subnet-0b, subnet-0a], security_groups: [sg-01]}}, tracing: Active,
   kms_key: "{KEY}1", dead_letter: "{DEAD}", log_format: JSON, log_class: STANDARD, log_retention_days: 7,
   log_group: /given/{table}, layers: [], role: own}}
role: {{boundary: "{BOUNDARY}", path: /teams/, tags: {{access: streams}}}}
mapping:
  {{batch_size: 5, batching_window: 1, parallelization: 2, retries: 3, record_age: 600, bisect: true,
   report_batch_item_failures: true, on_failure: create, metrics: true, enabled: true, starting_position: TRIM_HORIZON,
   filters: [{{dynamodb: {{Keys: {{pk: {{S: [{{prefix: a}}]}}}}}}}}]}}
"""
KEY = "arn:aws:kms:us-east-1:000000000000:key/1234abcd-12ab-34cd-56ef-12345678900"
DEAD = "arn:aws:sqs:us-east-1:000000000000:dead"
BOUNDARY = "arn:aws:iam::000000000000:policy/boundary"
#: A trigger whose mapping invokes an alias.
ALIASED = """
table: {table}
function: {{alias: live, memory: 256}}
mapping: {{batch_size: 5, starting_position: TRIM_HORIZON}}
"""
#: What somebody does to the mapping, the function, the role or the log group, and the fields that drift must name.
CHANGES: tuple[tuple[str, dict[str, Any], set[str]], ...] = (
    ("layers", {}, {"function.layers"}),
    ("function", {"Role": "arn:aws:iam::000000000000:role/theirs"}, {"function.role"}),
    ("architecture", {}, {"function.architecture"}),
    ("boundary", {}, {"role.boundary"}),
    ("own role tags", {}, {"role.tags.access"}),
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
    ("function", {"LoggingConfig": {"LogGroup": "/other", "LogFormat": "JSON"}}, {"function.log_group"}),
    ("retention", {}, {"function.log_retention_days"}),
    ("code", {}, {"function.code"}),
    ("log group tags", {}, {"tags.team"}),
    ("function", {"EphemeralStorage": {"Size": 2048}}, {"function.ephemeral_storage"}),
    ("function", {"VpcConfig": {"SubnetIds": ["subnet-0c"], "SecurityGroupIds": ["sg-01"]}}, {"function.vpc.subnets"}),
    ("function", {"VpcConfig": {"SubnetIds": ["subnet-0a", "subnet-0b"], "SecurityGroupIds": ["sg-02"]}}, {"function.vpc.security_groups"}),
    ("function", {"TracingConfig": {"Mode": "PassThrough"}}, {"function.tracing"}),
    ("function", {"KMSKeyArn": f"{KEY}3"}, {"function.kms_key"}),
    ("function", {"DeadLetterConfig": {"TargetArn": f"{DEAD}-other"}}, {"function.dead_letter"}),
    ("function", {"LoggingConfig": {"LogGroup": "/given/TABLE", "LogFormat": "Text"}}, {"function.log_format"}),
)  # fmt: skip
#: The same of a trigger whose mapping invokes an alias.
CHANGES_OF_ALIAS: tuple[tuple[str, dict[str, Any], set[str]], ...] = (
    ("alias", {}, {"function.alias"}),
    ("no alias", {}, {"function.alias"}),
    ("unaliased", {}, {"function.alias"}),
    ("function", {"MemorySize": 512}, {"function.memory"}),
    ("mapping", {"BatchSize": 6}, {"mapping.batch_size"}),
)
#: Keys of which no change by others can be drift, and why.
WITHOUT_DRIFT = {
    "function.template": "code that differs is function.code",
    "function.log_class": "it is in another test, as up refuses to undo it",
    "role.path": "it is in another test, as up refuses to undo it",
    "mapping.kms_key": "the emulator's mappings have no key; tests/unit/core/trigger/test_drift.py changes it",
    "mapping.metrics": "the emulator's mappings have no metrics; the same unit test changes it",
    "tags": "each tag has its own field",
    "role.tags": "each tag has its own field",
}


@pytest.fixture
def run(variables: dict[str, str], tmp_path: Path) -> Callable[..., Ran]:
    return lambda *words, **more: ran(*words, variables=variables, cwd=tmp_path, **more)


def change(cloud: Cloud, table: str, what: str, parameters: dict[str, Any]) -> None:  # noqa: C901, PLR0912 - a table
    name = f"{table}-inserts"
    mapping = cloud.mapping(name)
    function = cloud.configuration(name)["FunctionArn"]
    match what:
        case "mapping":
            cloud.lambda_.update_event_source_mapping(UUID=mapping["UUID"], **parameters)
        case "function":
            given = json.loads(json.dumps(parameters).replace("TABLE", table))
            cloud.lambda_.update_function_configuration(FunctionName=name, **given)
        case "code":
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
        case "architecture":
            code = bundle(Template.PRINT, "python3.12").zip_bytes
            cloud.lambda_.update_function_code(FunctionName=name, ZipFile=code, Architectures=["arm64"])
        case "layers":
            made = cloud.lambda_.publish_layer_version(
                LayerName="tools", Content={"ZipFile": package("x = 1")}
            )
            cloud.lambda_.update_function_configuration(FunctionName=name, Layers=[made["LayerVersionArn"]])
        case "boundary":
            cloud.iam.put_role_permissions_boundary(
                RoleName=f"{name}-role", PermissionsBoundary=f"{BOUNDARY}-other"
            )
        case "own role tags":
            cloud.iam.tag_role(RoleName=f"{name}-role", Tags=[{"Key": "access", "Value": "none"}])
        case "alias":
            cloud.lambda_.publish_version(FunctionName=name)
            cloud.lambda_.update_alias(FunctionName=name, Name="live", FunctionVersion="$LATEST")
        case "no alias":
            cloud.lambda_.delete_alias(FunctionName=name, Name="live")
        case "unaliased":
            cloud.lambda_.update_event_source_mapping(UUID=mapping["UUID"], FunctionName=name)
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


def test_every_setting_that_is_compared_is_changed_by_a_case() -> None:
    named = {field for _, _, fields in (*CHANGES, *CHANGES_OF_ALIAS) for field in fields}
    assert COMPARED - WITHOUT_DRIFT.keys() - named == set()
    assert named - COMPARED == {"role.policy", "role.trust", "tags.team", "role.tags.access"}


@pytest.mark.parametrize(("file", "changes"), [(FILE, CHANGES), (ALIASED, CHANGES_OF_ALIAS)])
def test_each_field_that_somebody_changes_is_named_and_only_that_and_up_undoes_it(
    file: str,
    changes: tuple[tuple[str, dict[str, Any], set[str]], ...],
    cloud: Cloud,
    run: Callable[..., Ran],
    tmp_path: Path,
) -> None:
    table = cloud.table("pk:S")
    text = file.format(table=table, KEY=KEY, DEAD=DEAD, BOUNDARY=BOUNDARY)
    (tmp_path / "ddbinsert.yaml").write_text(text)
    made = run("up", "--yes")
    assert made.code == 0, made.err
    assert run("drift").code == 0
    tried = list(some(changes, one_in=5))
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
    if "trust" in {what for what, _, _ in tried}:
        assert "ec2.amazonaws.com" in str(trust), "what others may do with the role stays"


def test_what_aws_cannot_change_is_named_beside_the_rest(
    cloud: Cloud, run: Callable[..., Ran], tmp_path: Path
) -> None:
    """Somebody made the role and the log group again, in another way: `up` refuses that, but it is drift."""
    table = cloud.table("pk:S", view="NEW_IMAGE")
    file = tmp_path / "ddbinsert.yaml"
    file.write_text(f"table: {table}\n")
    assert run("up", "--yes").code == 0
    given = "function: {log_class: INFREQUENT_ACCESS, memory: 512}\nrole: {path: /teams/}\n"
    file.write_text(f"table: {table}\n{given}")
    drifted = run("drift", "-o", "json")
    found = {one["field"]: (one["have"], one["want"]) for one in drifted.data["drift"]}
    assert (drifted.code, found) == (
        1,
        {
            "role.path": ("/", "/teams/"),
            "function.log_class": ("STANDARD", "INFREQUENT_ACCESS"),
            "function.memory": ("128", "512"),
        },
    )
    refused = run("up", "--yes", "-o", "json")
    assert (refused.code, refused.error_code) == (1, "log-class-differs")


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
