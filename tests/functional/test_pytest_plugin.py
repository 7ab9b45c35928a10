"""The pytest plugin in projects of others: a leaking filter turns their tests red, and who does not use it pays nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEMPLATE = """Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}, {AttributeName: at, AttributeType: N}]
      KeySchema: [{AttributeName: id, KeyType: HASH}, {AttributeName: at, KeyType: RANGE}]
      StreamSpecification: {StreamViewType: KEYS_ONLY}
  Function:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Stream:
          Type: DynamoDB
          Properties:
            Stream: !GetAtt Orders.StreamArn
            StartingPosition: LATEST
            FilterCriteria: {Filters: [{Pattern: '{"eventName":[PATTERN]}'}]}
"""
OF_TEMPLATE = """
def test_orders_only_inserts(insert_only_trigger):
    insert_only_trigger.of("template.yaml")
"""
OF_BOTH = (
    OF_TEMPLATE
    + """

def test_the_repaired_template(insert_only_trigger):
    insert_only_trigger.of("repaired.yaml")
"""
)
#: A project that puts its trigger on the endpoint by itself.
OF_TABLE = """
def test_a_trigger_that_was_deployed_by_the_test(insert_only_trigger):
    dynamodb = insert_only_trigger.target.client("dynamodb")
    table = insert_only_trigger.deploy("template.yaml", key="pk:S", view_type="NEW_IMAGE")
    assert dynamodb.describe_table(TableName=table)["Table"]["StreamSpecification"]["StreamViewType"] == "NEW_IMAGE"
    data = insert_only_trigger(table, timeout="30s")
    assert data["verdict"] == "PASS"


def test_a_table_that_is_not_there(insert_only_trigger):
    insert_only_trigger("no-such-table")
"""


def pytest_in(folder: Path, *arguments: str, plugin: bool = True) -> subprocess.CompletedProcess[str]:
    """Run pytest as another project does, with warnings as errors."""
    given = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "DDBINSERT_", "PYTEST"))
    }
    given |= {"PYTHONPATH": str(ROOT), "HOME": str(folder), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    more = ["-p", "ddbinsert.testing.pytest_plugin"] if plugin else []
    command = [sys.executable, "-W", "error", "-m", "pytest", "-p", "no:cacheprovider", *more, *arguments]
    return subprocess.run(command, cwd=folder, env=given, capture_output=True, text=True, check=False)


def project(folder: Path, pattern: str, test: str) -> Path:
    (folder / "template.yaml").write_text(TEMPLATE.replace("PATTERN", pattern))
    (folder / "test_trigger.py").write_text(test)
    return folder


def test_a_leaking_filter_turns_a_project_red_from_a_bare_folder(tmp_path: Path) -> None:
    project(tmp_path, '"INSERT","MODIFY"', OF_BOTH)
    (tmp_path / "repaired.yaml").write_text(TEMPLATE.replace("PATTERN", '"INSERT"'))
    done = pytest_in(tmp_path)
    assert "partial-batch" not in done.stdout  # nothing about the function that the fixture itself makes
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 failed, 1 passed" in done.stdout, done.stdout
    assert "NotInsertOnly: FAIL on the embedded emulator" in done.stdout
    assert "[filter-too-wide]" in done.stdout
    assert "the filters are declared in template.yaml, Function/Stream" in done.stdout
    assert "ddbinsert/cli" not in done.stdout  # no frame of ddbinsert's own


@pytest.mark.nightly
def test_a_deployed_trigger_is_proven_and_what_is_missing_is_an_error_with_its_reason(tmp_path: Path) -> None:
    project(tmp_path, '"INSERT"', OF_TABLE)
    done = pytest_in(tmp_path, "-q")
    assert "1 failed, 1 passed" in done.stdout, done.stdout
    assert "no answer on the embedded emulator" in done.stdout
    assert "Table no-such-table does not exist" in done.stdout


INCONCLUSIVE = """
def test_the_time_is_too_short(insert_only_trigger):
    table = insert_only_trigger.deploy("template.yaml")
    lambda_ = insert_only_trigger.target.client("lambda")
    (mapping,) = lambda_.list_event_source_mappings(FunctionName=f"{table}-inserts")["EventSourceMappings"]
    lambda_.update_event_source_mapping(
        UUID=mapping["UUID"], FilterCriteria={"Filters": [{"Pattern": '{"eventName":["INSERT"],"a":{"b":"c"}}'}]}
    )
    insert_only_trigger(table, timeout="3s")
"""


@pytest.mark.nightly
def test_an_inconclusive_proof_fails_or_is_skipped_as_the_project_says(tmp_path: Path) -> None:
    project(tmp_path, '"INSERT"', INCONCLUSIVE)
    assert "INCONCLUSIVE on the embedded emulator" in pytest_in(tmp_path).stdout
    (tmp_path / "pytest.ini").write_text("[pytest]\nddbinsert_inconclusive = skip\nddbinsert_retries = 0\n")
    done = pytest_in(tmp_path, "-rs")
    assert done.returncode == 0, done.stdout
    assert "1 skipped" in done.stdout


WRONG = {
    "aws": (("--ddbinsert-target", "aws"), "Templates are deployed to the embedded emulator only"),
    "unknown": (("--ddbinsert-target", "mars"), "'mars' is not a valid target"),
    "profile": (("--ddbinsert-profile", "mine"), "The embedded emulator has no profiles"),
    "policy": (("-o", "ddbinsert_inconclusive=pass"), "Set it to fail or skip"),
}


@pytest.mark.nightly
def test_settings_and_templates_that_are_wrong_are_named(tmp_path: Path) -> None:
    project(tmp_path, '"INSERT"', OF_TEMPLATE)
    for arguments, message in WRONG.values():
        done = pytest_in(tmp_path, *arguments)
        assert done.returncode == 1
        assert message in done.stdout, done.stdout
    test = OF_TEMPLATE.replace('"template.yaml"', '"template.yaml", "Other/Stream"')
    done = pytest_in(project(tmp_path, '"INSERT"', test))
    assert "declares no DynamoDB event source mappings named Other/Stream" in done.stdout
    assert "Function/Stream" in done.stdout


def test_who_does_not_use_the_fixture_pays_nothing(tmp_path: Path) -> None:
    heavy = ("boto3", "botocore", "typer", "rich", "yaml", "jinja2", "ddbinsert.cli", "ddbinsert.environment")
    (tmp_path / "test_nothing.py").write_text(
        f"import sys\n\ndef test_nothing():\n    assert not [one for one in {heavy!r} if one in sys.modules]\n"
    )
    done = pytest_in(tmp_path, "-q", "--strict-config", "--strict-markers")
    assert done.returncode == 0, done.stdout
    shown = pytest_in(tmp_path, "--help").stdout
    assert "--ddbinsert-target" in shown
    assert "ddbinsert_inconclusive" in shown
