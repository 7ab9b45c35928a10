"""export: the trigger in five languages, from what is there and from the configuration; nothing is changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.functional.command import Ran, ran, until
from tests.functional.helpers import Calls, fresh

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.functional.helpers import Cloud

FORMATS = ("terraform", "cloudformation", "sam", "cdk-python", "pulumi-yaml")
#: Those that `filter lint` reads.
READ_BACK = ("terraform", "cloudformation", "sam")
#: What is in each format about the alias that the mapping invokes.
ALIASES = {
    "terraform": ('resource "aws_lambda_alias"', "= aws_lambda_alias.inserts.arn"),
    "cloudformation": ("AWS::Lambda::Alias", "Ref: Alias"),
    "sam": ("AWS::Lambda::Alias", "Ref: Alias"),
    "cdk-python": ("AWS::Lambda::Alias", "{'Ref': 'Alias'}"),
    "pulumi-yaml": ("aws:lambda:Alias", "${alias.arn}"),
}
#: The same of an export of the configuration, with the version that is published.
PUBLISHED = {
    "terraform": (*ALIASES["terraform"], "publish ", "= aws_lambda_function.inserts.version"),
    "cloudformation": (*ALIASES["cloudformation"], "AWS::Lambda::Version"),
    "sam": ("AutoPublishAlias: live", "Ref: Function.Alias"),
    "cdk-python": (*ALIASES["cdk-python"], "AWS::Lambda::Version"),
    "pulumi-yaml": (*ALIASES["pulumi-yaml"], "publish: true", "${function.version}"),
}
MINE = '{"eventName":["INSERT"],"dynamodb":{"NewImage":{"status":{"S":["${new}"]}}}}'


@pytest.fixture
def live(attached: Callable[..., str]) -> str:
    return attached(
        "pk:S",
        "--alias",
        "live",
        "--on-failure",
        "create",
        "--batch-size",
        "7",
        "--filter",
        MINE,
        "--env",
        "MARK=${b}",
    )


@pytest.fixture
def exported(variables: dict[str, str], tmp_path: Path) -> Callable[..., Ran]:
    return lambda *words, **more: ran("export", *words, variables=variables, cwd=tmp_path, **more)


@pytest.mark.parametrize("form", FORMATS)
def test_a_live_trigger_is_written_with_its_settings_and_what_imports_it(  # noqa: PLR0917 - fixtures
    form: str,
    live: str,
    exported: Callable[..., Ran],
    cloud: Cloud,
    variables: dict[str, str],
    tmp_path: Path,
) -> None:
    calls = Calls()
    done = exported(form, live, "--from-live", "--output-dir", "infra", "-o", "json", connect=calls.connect)
    assert done.code == 0, done.err
    assert not calls.writes
    text = "\n".join(done.data["files"].values())
    uuid = cloud.mapping(f"{live}-inserts")["UUID"]
    for word in (
        *ALIASES[form],
        f"{live}-inserts{'/' if form in ('terraform', 'pulumi-yaml') else ':'}live",
        f"{live}-inserts",
        f"{live}-inserts-role",
        f"{live}-inserts-failures",
        uuid,
        "1209600",
    ):
        assert word in text
    for described in ("Insert trigger of", "Execution role of"):  # a first plan must not remove them
        assert described in text
    assert not [note for note in done.json["warnings"] if "would reset it" in note]
    assert [note for note in done.json["warnings"] if "stay where they are declared" in note]
    assert [note for note in done.json["warnings"] if "environment variables: MARK" in note]
    assert (tmp_path / "infra" / "function.zip").read_bytes().startswith(b"PK")
    if form in READ_BACK:
        judged = ran(
            "filter",
            "lint",
            "infra",
            "--require",
            "insert-only",
            "-o",
            "json",
            variables=variables,
            cwd=tmp_path,
        )
        assert judged.code == 0, judged.out
        against = ran("drift", live, "--against", "infra", "-o", "json", variables=variables, cwd=tmp_path)
        assert (against.code, against.data["drift"], against.data["not_compared"]) == (0, [], []), against.out


@pytest.mark.parametrize("form", FORMATS)
def test_an_alias_of_the_configuration_is_exported_with_a_version_and_the_mapping_invokes_it(
    form: str, cloud: Cloud, variables: dict[str, str], tmp_path: Path
) -> None:
    table = cloud.table("pk:S", view="NEW_IMAGE")
    (tmp_path / "ddbinsert.yaml").write_text(f"table: {table}\nfunction: {{alias: live}}\n")
    done = ran("export", form, "-o", "json", variables=variables, cwd=tmp_path)
    assert done.code == 0, done.err
    text = "\n".join(done.data["files"].values())
    assert [word for word in PUBLISHED[form] if word not in text] == []
    assert "ddbinsert:alias" in text, "without the tag, no command without the file finds the alias"
    assert [note for note in done.json["warnings"] if "Versions for the alias live" in note]


def test_cloudformation_and_sam_say_the_same_of_the_mapping(live: str, exported: Callable[..., Ran]) -> None:
    templates = [
        yaml.safe_load(exported(form, live, "--from-live").out) for form in ("cloudformation", "sam")
    ]
    mappings = [template["Resources"]["Mapping"]["Properties"] for template in templates]
    assert mappings[0] == mappings[1]
    assert mappings[0]["BatchSize"] == 7
    assert json.loads(mappings[0]["FilterCriteria"]["Filters"][0]["Pattern"]) == json.loads(MINE)
    assert mappings[0]["DestinationConfig"]["OnFailure"]["Destination"].endswith(f":{live}-inserts-failures")


def test_marks_of_templates_in_values_are_text(live: str, exported: Callable[..., Ran]) -> None:
    terraform = exported("terraform", live, "--from-live").out
    assert '"MARK" = "$${b}"' in terraform
    assert "$${new}" in terraform
    assert "MARK: $${b}" in exported("pulumi-yaml", live, "--from-live").out


def test_a_trigger_that_somebody_else_made_is_exported_with_a_reference_to_its_role(
    cloud: Cloud, exported: Callable[..., Ran], attached: Callable[..., str]
) -> None:
    table = attached()
    function = f"{table}-inserts"
    arn = cloud.configuration(function)["FunctionArn"]
    cloud.lambda_.untag_resource(Resource=arn, TagKeys=["ddbinsert:table"])
    role = f"{function}-role"
    cloud.iam.untag_role(RoleName=role, TagKeys=["ddbinsert:table"])
    template = yaml.safe_load(exported("cloudformation", table, "--from-live").out)
    assert "Role" not in template["Resources"]
    assert template["Resources"]["Function"]["Properties"]["Role"].endswith(f":role/{role}")


def test_a_configuration_is_exported_and_its_stack_is_a_proven_trigger(
    cloud: Cloud,
    exported: Callable[..., Ran],
    variables: dict[str, str],
    tmp_path: Path,
    prove: Callable[..., Ran],
) -> None:
    table = cloud.table("pk:S", view="NEW_IMAGE")
    (tmp_path / "ddbinsert.yaml").write_text(f"table: {table}\nfunction: {{alias: live}}\n")
    done = exported("cloudformation", table, "--output-dir", "infra", "-o", "json")
    assert done.code == 0, done.err
    assert list(done.data["files"]) == ["template.yaml"]
    bucket = fresh("code")
    cloud.s3.create_bucket(Bucket=bucket)
    cloud.s3.put_object(Bucket=bucket, Key="f.zip", Body=(tmp_path / "infra" / "function.zip").read_bytes())
    stack: Any = cloud.cloudformation
    stack.create_stack(
        StackName=table,
        TemplateBody=(tmp_path / "infra" / "template.yaml").read_text(),
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Parameters=[
            {"ParameterKey": "CodeBucket", "ParameterValue": bucket},
            {"ParameterKey": "CodeKey", "ParameterValue": "f.zip"},
        ],
    )

    def state() -> str:
        return str(stack.describe_stacks(StackName=table)["Stacks"][0]["StackStatus"])

    assert until(lambda: "IN_PROGRESS" not in state())
    assert state() == "CREATE_COMPLETE", stack.describe_stack_events(StackName=table)["StackEvents"]
    assert prove(table).code == 0
    again = ran("attach-trigger", table, "--dry-run", "-o", "json", variables=variables)
    assert (again.code, again.data["steps"]) == (0, [])
    drifted = ran("drift", "-o", "json", variables=variables, cwd=tmp_path)
    assert (drifted.code, drifted.data["drift"]) == (0, []), drifted.out
    shown = ran("status", variables=variables, cwd=tmp_path)
    assert f"{table}-inserts:live, an alias of version 1" in shown.out
    seen = ran("status", "-o", "json", variables=variables, cwd=tmp_path)
    assert seen.data["alias"] == {"name": "live", "version": "1", "is_current": True}


def test_files_that_are_there_are_not_overwritten(
    live: str, exported: Callable[..., Ran], tmp_path: Path
) -> None:
    (tmp_path / "main.tf").write_text("mine")
    refused = exported("terraform", live, "--from-live", "--output-dir", ".", "-o", "json")
    assert (refused.code, refused.error_code) == (2, "file-exists")
    assert [path.name for path in tmp_path.iterdir() if path.suffix in (".tf", ".zip", ".new")] == ["main.tf"]
    assert (tmp_path / "main.tf").read_text() == "mine"
    assert exported("terraform", live, "--from-live", "--output-dir", ".", "--yes").code == 0
    assert (tmp_path / "main.tf").read_text() != "mine"


def test_what_is_not_there_is_a_missing_prerequisite(cloud: Cloud, exported: Callable[..., Ran]) -> None:
    table = cloud.table("pk:S", view="NEW_IMAGE")
    assert exported("sam", table, "--from-live", "-o", "json").error_code == "no-mapping"
    assert exported("sam", fresh("none"), "-o", "json").error_code == "table-not-found"
    assert exported("toml", table).code == 2
