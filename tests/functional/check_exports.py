"""Exports, judged by the tools that read them. Runs only where it is named, as the tools are large:

    python3 -m venv TOOLS && TOOLS/bin/pip install cfn-lint aws-cdk-lib aws-sam-translator
    EXPORT_TOOLS=TOOLS/bin python -m pytest tests/functional/check_exports.py

Needs Node.js for CDK and `terraform` on the PATH, and fails where one of them is missing. `terraform validate` is run
where the AWS provider can be installed; TERRAFORM_PROVIDER=yes demands it.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.functional.command import Ran, ran, until
from tests.functional.helpers import fresh

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.functional.helpers import Cloud

TOOLS = Path(os.environ.get("EXPORT_TOOLS", "."))
KEY = "arn:aws:kms:us-east-1:000000000000:key/1234abcd-12ab-34cd-56ef-1234567890ab"
CONFIGURED = """
table: {table}
function: {{alias: live, memory: 256, environment: {{MARK: x}}, log_format: JSON, ephemeral_storage: 1024, tracing: Active}}
mapping: {{starting_position: TRIM_HORIZON, on_failure: create, retries: 2}}
tags: {{team: a}}
"""
PLAIN: tuple[str, ...] = ()
RICH = (
    *(
        "--alias",
        "live",
        "--on-failure",
        "create",
        "--env",
        "MARK=${b}",
        "--tag",
        "team=blue",
        "--role-tag",
        "access=streams",
    ),
    *("--filter", '{"dynamodb":{"Keys":{"pk":{"S":["a"]}}}}', "--tracing", "Active", "--log-format", "JSON"),
    *("--dead-letter", "arn:aws:sqs:us-east-1:000000000000:dead", "--ephemeral-storage", "1024"),
    *("--subnet", "subnet-0a1b2c3d", "--security-group", "sg-0a1b2c3d", "--kms-key", KEY, "--memory", "256"),
    *("--role-boundary", "arn:aws:iam::000000000000:policy/b", "--role-path", "/teams/", "--retries", "0"),
)


def tool(*words: str, cwd: Path, **more: str) -> str:
    """The output of a tool that must succeed."""
    done = subprocess.run(
        words, cwd=cwd, env={**os.environ, **more}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(params=[PLAIN, RICH], ids=["plain", "rich"])
def exported(
    request: pytest.FixtureRequest,
    attached: Callable[..., str],
    variables: dict[str, str],
    tmp_path: Path,
) -> Callable[[str], Path]:
    """Exports a live trigger in one format; the folder."""
    table = attached("pk:S", *request.param)

    def export(form: str) -> Path:
        words = ("export", form, table, "--from-live", "--output-dir", form, "--yes")
        done = ran(*words, variables=variables, cwd=tmp_path)
        assert done.code == 0, done.err
        return tmp_path / form

    return export


@pytest.mark.parametrize("form", ["cloudformation", "sam"])
def test_cfn_lint_finds_nothing(form: str, exported: Callable[[str], Path]) -> None:
    tool(str(TOOLS / "cfn-lint"), "template.yaml", cwd=exported(form))


#: Replaces SAM's resources in a template, with its code in a bucket.
TRANSLATE = """
import json, sys, yaml
from samtranslator.translator.transform import transform
class NoPolicies:
    def load(self):
        return {}
document = yaml.safe_load(open("template.yaml"))
document["Resources"]["Function"]["Properties"]["CodeUri"] = {"Bucket": sys.argv[1], "Key": "f.zip"}
print(json.dumps(transform(document, {}, NoPolicies())))
"""


@pytest.mark.parametrize("form", ["cloudformation", "sam"])
def test_the_stack_of_a_configuration_with_an_alias_is_a_proven_trigger_without_drift(
    form: str, cloud: Cloud, variables: dict[str, str], tmp_path: Path, prove: Callable[..., Ran]
) -> None:
    table = cloud.table("pk:S", view="NEW_IMAGE")
    (tmp_path / "ddbinsert.yaml").write_text(CONFIGURED.format(table=table))
    assert ran("export", form, "--output-dir", "infra", variables=variables, cwd=tmp_path).code == 0
    tool(str(TOOLS / "cfn-lint"), "template.yaml", cwd=tmp_path / "infra")
    bucket = fresh("code")
    cloud.s3.create_bucket(Bucket=bucket)
    cloud.s3.put_object(Bucket=bucket, Key="f.zip", Body=(tmp_path / "infra" / "function.zip").read_bytes())
    template = (tmp_path / "infra" / "template.yaml").read_text()
    parameters = {"CodeBucket": bucket, "CodeKey": "f.zip"}
    if form == "sam":
        words = (str(TOOLS / "python"), "-c", TRANSLATE, bucket)
        template = tool(*words, cwd=tmp_path / "infra", AWS_DEFAULT_REGION=variables["AWS_REGION"])
        parameters = {}
    deploy(cloud.cloudformation, table, template, parameters)
    assert prove(table).code == 0
    drifted = ran("drift", "-o", "json", variables=variables, cwd=tmp_path)
    assert (drifted.code, drifted.data["drift"]) == (0, []), drifted.out
    planned = ran("plan", "-o", "json", variables=variables, cwd=tmp_path)
    assert (planned.code, planned.data["steps"]) == (0, []), planned.out


def deploy(cloudformation: Any, stack: str, template: str, parameters: dict[str, str]) -> None:
    """Create a stack, and wait until it is complete."""
    cloudformation.create_stack(
        StackName=stack,
        TemplateBody=template,
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
    )

    def state() -> str:
        return str(cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"])

    assert until(lambda: "IN_PROGRESS" not in state())
    assert state() == "CREATE_COMPLETE", cloudformation.describe_stack_events(StackName=stack)["StackEvents"]


def test_cdk_synthesizes_the_template_that_the_cloudformation_export_has(
    exported: Callable[[str], Path], tmp_path: Path
) -> None:
    said = tool(str(TOOLS / "python"), "app.py", cwd=exported("cdk-python"), CDK_OUTDIR=str(tmp_path / "cdk"))
    assert "deprecated" not in said
    (synthesized,) = (tmp_path / "cdk").glob("*.template.json")
    template: Any = json.loads(synthesized.read_text())
    wanted: Any = yaml.safe_load((exported("cloudformation") / "template.yaml").read_text())
    assert template["Resources"] == wanted["Resources"]


def test_terraform_reads_it_and_would_not_format_it_differently(exported: Callable[[str], Path]) -> None:
    folder = exported("terraform")
    tool("terraform", "fmt", "-check", "-diff", cwd=folder)
    begun = subprocess.run(
        ["terraform", "init", "-input=false"],  # noqa: S607
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if begun.returncode == 0 or os.environ.get("TERRAFORM_PROVIDER"):
        tool("terraform", "validate", cwd=folder)
