"""Settings of function and role beside the everyday ones: made, left alone, named where others changed them, cleared."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.functional.command import Ran, ran
from tests.functional.helpers import Calls
from tests.functional.test_explicit_and_ours import writes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.functional.helpers import Cloud

KEY = "arn:aws:kms:us-east-1:000000000000:key/{}"
DEAD = "arn:aws:sqs:us-east-1:000000000000:{}"
FUNCTION: dict[str, Any] = {
    "ephemeral_storage": 1024,
    "vpc": {"subnets": ["subnet-0b", "subnet-0a"], "security_groups": ["sg-1"]},
    "kms_key": KEY.format(1),
    "tracing": "Active",
    "dead_letter": DEAD.format("dead"),
    "log_format": "JSON",
}
#: What AWS shows of them.
SHOWN = {
    "EphemeralStorage": {"Size": 1024},
    "KMSKeyArn": KEY.format(1),
    "TracingConfig": {"Mode": "Active"},
    "DeadLetterConfig": {"TargetArn": DEAD.format("dead")},
}
#: What somebody else changes, and what `drift` says of it.
OTHERS = (
    ({"EphemeralStorage": {"Size": 2048}}, "function.ephemeral_storage 2048 → 1024"),
    (
        {"VpcConfig": {"SubnetIds": ["subnet-0c"], "SecurityGroupIds": ["sg-1"]}},
        "function.vpc.subnets subnet-0c → subnet-0a, subnet-0b",
    ),
    ({"KMSKeyArn": KEY.format(2)}, f"function.kms_key {KEY.format(2)} → {KEY.format(1)}"),
    ({"TracingConfig": {"Mode": "PassThrough"}}, "function.tracing PassThrough → Active"),
    ({"DeadLetterConfig": {"TargetArn": ""}}, f"function.dead_letter none → {DEAD.format('dead')}"),
    ({"LoggingConfig": {"LogFormat": "Text"}}, "function.log_format Text → JSON"),
)


@pytest.fixture
def run(variables: dict[str, str], tmp_path: Path) -> Callable[..., Ran]:
    return lambda *words, **more: ran(*words, variables=variables, cwd=tmp_path, **more)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., None]:
    """Writes the configuration."""

    def file(table: str, **sections: Any) -> None:
        (tmp_path / "ddbinsert.yaml").write_text(yaml.safe_dump({"table": table, **sections}))

    return file


def texts(done: Ran) -> str:
    return "\n".join(step["text"] for step in done.data["steps"])


def test_settings_of_a_function_are_made_kept_compared_and_cleared(
    cloud: Cloud, run: Callable[..., Ran], write: Callable[..., None]
) -> None:
    table = cloud.table("pk:S", view="NEW_IMAGE")
    name = f"{table}-inserts"
    write(table, function=FUNCTION)
    made = run("up", "-o", "json")
    assert made.code == 0, made.err
    assert "kms:Decrypt" in texts(made)
    shown = cloud.configuration(name)
    assert {key: shown[key] for key in SHOWN} == SHOWN
    assert sorted(shown["VpcConfig"]["SubnetIds"]) == ["subnet-0a", "subnet-0b"]
    assert shown["LoggingConfig"]["LogFormat"] == "JSON"
    assert run("verify").code == 0  # receipts are found in JSON logs, too
    write(table, function={"memory": 128})
    kept = run("plan", "-o", "json")
    assert kept.data["steps"] == []
    assert {one["setting"] for one in kept.data["left_as_is"]} >= {"function.kms_key", "function.vpc.subnets"}
    write(table, function=FUNCTION)
    for change, said in OTHERS:
        before = cloud.configuration(name)
        cloud.lambda_.update_function_configuration(FunctionName=name, **change)
        drifted = run("drift", "-o", "json")
        assert (drifted.code, texts(drifted)) == (1, f"update function {name}: {said}")
        back = {key: before[key] for key in change}
        back.get("VpcConfig", {}).pop("VpcId", None)  # not one of a request's members
        cloud.lambda_.update_function_configuration(FunctionName=name, **back)
    assert run("drift").code == 0
    assert run("up", "--yes", "-o", "json").data["steps"] == []
    write(table, function={**dict.fromkeys(FUNCTION), "memory": 128})
    cleared = run("up", "--yes", "-o", "json")
    assert cleared.code == 0, cleared.err
    shown = cloud.configuration(name)
    assert not shown["VpcConfig"]["SubnetIds"]
    assert (shown["KMSKeyArn"], shown["TracingConfig"]["Mode"]) == ("", "PassThrough")
    assert (shown["EphemeralStorage"]["Size"], shown["LoggingConfig"]["LogFormat"]) == (512, "Text")
    assert run("plan", "--exit-code").code == 0


def test_a_role_has_its_boundary_path_and_tags_and_what_others_change_is_named(
    cloud: Cloud, run: Callable[..., Ran], write: Callable[..., None]
) -> None:
    table = cloud.table("pk:S", view="NEW_IMAGE")
    role = f"{table}-inserts-role"
    document = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
    boundaries = [
        cloud.iam.create_policy(PolicyName=f"{table}-{name}", PolicyDocument=document)["Policy"]["Arn"]
        for name in "ab"
    ]
    wanted = {
        "boundary": boundaries[0],
        "path": "/teams/payments/",
        "tags": {"access": "streams", "team": "data"},
    }
    write(table, role=wanted, tags={"team": "payments"})
    made = run("up", "-o", "json")
    assert made.code == 0, made.err

    def shown() -> Any:
        return cloud.iam.get_role(RoleName=role)["Role"]

    assert shown()["Path"] == "/teams/payments/"
    assert shown()["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundaries[0]
    assert {tag["Key"]: tag["Value"] for tag in shown()["Tags"]} == {
        "access": "streams",
        "team": "data",
        "ddbinsert:table": table,
    }
    assert cloud.configuration(f"{table}-inserts")["Role"].endswith(f":role/teams/payments/{role}")
    assert run("verify").code == 0
    assert run("plan", "--exit-code").code == 0
    exported = yaml.safe_load(run("export", "cloudformation", "--from-live").out)["Resources"]["Role"][
        "Properties"
    ]
    assert (exported["Path"], exported["PermissionsBoundary"]) == ("/teams/payments/", boundaries[0])
    cloud.iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=boundaries[1])
    cloud.iam.tag_role(RoleName=role, Tags=[{"Key": "access", "Value": "all"}])
    drifted = run("drift", "-o", "json")
    assert drifted.code == 1
    assert texts(drifted) == (
        f"update role {role}: role.boundary {boundaries[1]} → {boundaries[0]}, role.tags.access all → streams"
    )
    asked = run("up", "-o", "json")
    assert asked.code == 2
    assert run("up", "--yes").code == 0
    assert run("drift").code == 0
    write(table, role={"path": "/elsewhere/"})
    refused = run("plan", "-o", "json")
    assert (refused.code, refused.error_code) == (1, "role-path-differs")
    write(table, role={"boundary": None, "tags": {"access": None}})
    assert run("up", "--yes").code == 0
    assert "PermissionsBoundary" not in shown()
    assert "access" not in {tag["Key"] for tag in shown()["Tags"]}
    assert run("down", "--yes").code == 0
    with pytest.raises(cloud.iam.exceptions.NoSuchEntityException):
        shown()


def test_the_class_of_a_log_group_is_set_once_and_kept(
    cloud: Cloud, run: Callable[..., Ran], write: Callable[..., None]
) -> None:
    table = cloud.table("pk:S", view="NEW_IMAGE")
    group = f"/aws/lambda/{table}-inserts"
    write(table, function={"log_class": "INFREQUENT_ACCESS"})
    checked = run("config", "check")
    assert "AWS may not show them one of class INFREQUENT_ACCESS" in checked.out + checked.err
    assert run("up").code == 0
    shown = cloud.logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]
    assert (shown["logGroupClass"], shown["retentionInDays"]) == ("INFREQUENT_ACCESS", 14)
    assert run("plan", "--exit-code").code == 0
    exported = yaml.safe_load(run("export", "cloudformation", "--from-live").out)["Resources"]["LogGroup"]
    assert exported["Properties"]["LogGroupClass"] == "INFREQUENT_ACCESS"
    write(table, function={"log_class": "STANDARD"})
    refused = run("plan", "-o", "json")
    assert (refused.code, refused.error_code) == (1, "log-class-differs")
    write(table)
    kept = run("plan", "-o", "json").data["left_as_is"]
    assert {"setting": "function.log_class", "value": "INFREQUENT_ACCESS", "default": "STANDARD"} in kept


def test_subnets_without_security_groups_are_refused_before_anything_is_made(
    run: Callable[..., Ran], write: Callable[..., None]
) -> None:
    write("orders", function={"vpc": {"subnets": ["subnet-1"]}})
    refused = run("config", "check")
    assert refused.code == 3
    assert "function.vpc.subnets needs function.vpc.security_groups" in refused.out + refused.err
    flags = ran("attach-trigger", "orders", "--subnet", "subnet-1", "--security-group", "x", variables={})
    assert flags.code == 3
    assert "--security-group" in flags.err


QUEUE = "arn:aws:sqs:us-east-1:000000000000:elsewhere"
#: Options, each with values of its own; an option without values stands for itself.
CHOICES: dict[str, tuple[str, ...]] = {
    "--batch-size": ("1", "7", "500"),
    "--batching-window": ("0", "20"),
    "--parallelization": ("1", "7"),
    "--retries": ("0", "3", "-1"),
    "--record-age": ("60", "-1"),
    "--no-bisect": (),
    "--no-report-failures": (),
    "--no-metrics": (),
    "--disabled": (),
    "--on-failure": ("create", QUEUE),
    "--filter": ('{"dynamodb":{"Keys":{"pk":{"S":["a"]}}}}',),
    "--memory": ("256", "1024"),
    "--function-timeout": ("5", "60"),
    "--env": ("OWN=1", "EMPTY="),
    "--log-retention": ("3", "365"),
    "--log-format": ("JSON",),
    "--tag": ("team=blue",),
    "--tracing": ("Active",),
    "--ephemeral-storage": ("2048",),
    "--runtime": ("python3.12", "nodejs22.x"),
    "--architecture": ("arm64",),
    "--template": ("print", "audit-log"),
    "--view-type": ("KEYS_ONLY", "NEW_AND_OLD_IMAGES"),
}


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(16))
def test_whatever_it_was_made_with_no_later_command_without_flags_changes_anything(
    cloud: Cloud, variables: dict[str, str], seed: int
) -> None:
    choose = random.Random(seed)  # noqa: S311 - which settings are tried
    table, given = cloud.table(), choose.sample(sorted(CHOICES), choose.randint(3, 12))
    words = [word for flag in given for word in (flag, *choose.sample(CHOICES[flag], bool(CHOICES[flag])))]
    made = ran("attach-trigger", table, *words, variables=variables)
    assert made.code == 0, (words, made.err)
    before = cloud.all_about(table)
    for command in ("attach-trigger", "create-function", "enable-stream", "up", "adopt", "doctor --fix"):
        calls = Calls()
        done = ran(*command.split(), table, variables=variables, connect=calls.connect)
        assert done.code in ((0, 1) if command == "doctor --fix" else (0,)), (words, command, done.err)
        assert writes(calls) == [], (words, command)
    assert cloud.all_about(table) == before
