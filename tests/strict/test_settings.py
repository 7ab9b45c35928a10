"""Settings for which Lambda asks the role's rights: refused without them, made as soon as they have spread."""

from __future__ import annotations

from dataclasses import replace
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


KEY = "arn:aws:kms:eu-west-1:000000000000:key/1234abcd-12ab-34cd-56ef-1234567890ab"
PATTERN = '{"dynamodb":{"Keys":{"pk":{"S":["a"]}}}}'


def test_filters_that_a_key_encrypts_are_compared_all_the_same_and_handed_over_with_it(
    bench_of: Callable[..., Bench], emulator: local.Emulator, tmp_path: Path
) -> None:
    """A list of mappings never contains encrypted filters; the mapping by itself does, for whom may use the key."""
    bench = bench_of(replace(PROFILE, mappings=Mappings(decrypts=True)))
    table = bench.table(view="NEW_IMAGE")
    variables = {
        **emulator.variables(region="eu-west-1"),
        "AWS_ENDPOINT_URL": bench.rig.endpoint,
        "HOME": str(tmp_path),
    }

    def run(*words: str) -> Ran:
        return ran(*words, variables=variables, cwd=tmp_path)

    def answer(*words: str) -> Any:
        return run(*words, "-o", "json").json["data"]

    made = run("attach-trigger", table, "--filter-kms-key", KEY, "--filter", PATTERN)
    assert made.code == 0, made.err
    shown = bench.lambda_.list_event_source_mappings(FunctionName=f"{table}-inserts")
    (mapping,) = shown["EventSourceMappings"]
    assert (mapping["KMSKeyArn"], mapping.get("FilterCriteria")) == (KEY, None)
    assert run("init", table).code == 0
    assert f"kms_key: {KEY}" in (tmp_path / "ddbinsert.yaml").read_text()
    assert answer("plan")["steps"] == []
    for form, spelled in (
        ("terraform", f'kms_key_arn = "{KEY}"'),
        ("cloudformation", f"KmsKeyArn: {KEY}"),
        ("sam", f"KmsKeyArn: {KEY}"),
        ("cdk-python", "'KmsKeyArn'"),
        ("pulumi-yaml", f"kmsKeyArn: {KEY}"),
    ):
        exported = run("export", form, table, "--from-live", "--yes", "--output-dir", form)
        assert exported.code == 0, exported.err
        texts = "".join(one.read_text() for one in (tmp_path / form).iterdir() if one.suffix != ".zip")
        assert spelled in " ".join(texts.split()), form
        assert "could not be read" not in texts, form
    for form in ("terraform", "cloudformation", "sam"):
        against = run("drift", table, "--against", form)
        assert against.code == 0, against.out
    client = bench.lambda_
    client.update_event_source_mapping(
        UUID=mapping["UUID"],
        FilterCriteria={"Filters": [{"Pattern": '{"eventName":["INSERT","MODIFY"]}'}]},
        KMSKeyArn=KEY[:-1] + "1",
    )
    drifted = {one["field"] for one in answer("drift")["drift"]}
    assert drifted == {"mapping.filters", "mapping.kms_key"}
    assert run("up", "--yes").code == 0
    assert answer("drift")["drift"] == []
    cleared = run("attach-trigger", table, "--config", "/dev/null", "--unset", "mapping.kms_key", "--yes")
    assert cleared.code == 0, cleared.err
    assert not client.get_event_source_mapping(UUID=mapping["UUID"]).get("KMSKeyArn")


def test_filters_whose_key_may_not_be_used_are_not_compared_which_is_said(
    bench_of: Callable[..., Bench], emulator: local.Emulator, tmp_path: Path
) -> None:
    bench = bench_of(PROFILE)
    table = bench.table(view="NEW_IMAGE")
    variables = {
        **emulator.variables(region="eu-west-1"),
        "AWS_ENDPOINT_URL": bench.rig.endpoint,
        "HOME": str(tmp_path),
    }
    made = ran("attach-trigger", table, "--filter-kms-key", KEY, "--filter", PATTERN, variables=variables)
    assert made.code == 0, made.err
    (tmp_path / "ddbinsert.yaml").write_text(f"table: {table}\nmapping: {{filters: []}}\n")
    planned = ran("plan", "-o", "json", variables=variables, cwd=tmp_path)
    assert planned.data["steps"] == []
    assert any("they are not compared" in one for one in planned.json["warnings"])
    written = ran("init", table, "--output-file", "-", variables=variables, cwd=tmp_path)
    assert "# filters: left out, they are encrypted" in written.out
