"""Settings for which Lambda asks the role's rights: refused without them, made as soon as they have spread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.functional.command import Ran, ran
from tests.strict.rig import Functions, Mappings, Profile, Roles, Tables

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ddbinsert import local
    from tests.strict.bench import Bench

VPC = ("--subnet", "subnet-1", "--security-group", "sg-1")
READING = {
    "Effect": "Allow",
    "Action": ["dynamodb:*", "logs:*"],
    "Resource": "*",
}
PROFILE = Profile(
    tables=Tables(), functions=Functions(), roles=Roles(policy_propagation=0.6), mappings=Mappings()
)


def test_a_function_in_a_vpc_gets_its_rights_first_and_a_role_without_them_is_named(
    bench_of: Callable[..., Bench], emulator: local.Emulator, tmp_path: Path
) -> None:
    bench = bench_of(PROFILE)
    table = bench.table(view="NEW_IMAGE")
    variables = {
        **emulator.variables(region="eu-west-1"),
        "AWS_ENDPOINT_URL": bench.rig.endpoint,
        "HOME": str(tmp_path),
    }

    def run(*words: str, **more: Any) -> Ran:
        return ran(*words, "--yes", "-o", "json", variables=variables, **more)

    made = run("attach-trigger", table, *VPC, "--tracing", "Active")
    assert made.code == 0, made.err
    # Taken out of the VPC and put into it again: its rights are narrowed after the one and written before the other.
    for words in (("--unset", "function.vpc"), VPC):
        changed = run("attach-trigger", table, *words)
        assert changed.code == 0, changed.err
        assert [step["step"] for step in changed.data["steps"]].count("UpdateFunctionSettings") == 1
    role = bench.role(statements=[READING])
    lacking = run(
        "create-function", table, "--function", f"{table}-other", "--role", role, *VPC, "--timeout", "2"
    )
    assert lacking.code in (5, 6), lacking.out
    assert "CreateNetworkInterface on EC2" in lacking.json["errors"][0]["message"]


def test_a_retention_that_the_account_decides_about_is_no_difference_and_a_protected_group_stays(
    bench_of: Callable[..., Bench], emulator: local.Emulator, tmp_path: Path
) -> None:
    bench = bench_of(PROFILE)
    table = bench.table(view="NEW_IMAGE")
    variables = {
        **emulator.variables(region="eu-west-1"),
        "AWS_ENDPOINT_URL": bench.rig.endpoint,
        "HOME": str(tmp_path),
    }

    def run(*words: str) -> Ran:
        return ran(words[0], table, *words[1:], "--yes", "-o", "json", variables=variables)

    assert run("attach-trigger", "--log-retention", "14").code == 0
    decided = {"retentionInDays": 90, "retentionPolicyName": "baseline", "deletionProtectionEnabled": True}
    bench.rig.amend(
        "logs:DescribeLogGroups",
        lambda answer: {**answer, "logGroups": [{**group, **decided} for group in answer["logGroups"]]},
    )
    again = run("attach-trigger", "--log-retention", "14")
    assert (again.code, again.data["steps"]) == (0, []), again.err
    assert [
        text for text in again.json["warnings"] if "account's policy baseline" in text and "90 days" in text
    ]
    assert run("attach-trigger").json["warnings"] == []
    down = run("down")
    assert down.code == 0, down.err
    assert [text for text in down.data["stays"] if "deletion protection" in text]
    assert bench.upstream("logs").describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{table}")["logGroups"]
