"""`--against`, the function: its own settings as templates, plans and sources declare them; `verify` says it, too."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.functional import foreign
from tests.functional.command import ran
from tests.functional.helpers import Cloud, fresh

if TYPE_CHECKING:
    from pathlib import Path

INSERTS = '{"eventName":["INSERT"]}'
CLOUDFORMATION = """\
Resources:
  Function:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: FUNCTION
      Runtime: python3.13
      Handler: app.handler
      Timeout: 3
      MemorySize: !Ref Memory
      Environment:
        Variables:
          SECRET: !Ref Secret
  Live:
    Type: AWS::Lambda::Alias
    Properties: {FunctionName: !Ref Function, Name: live}
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      EventSourceArn: STREAM
      FunctionName: !Ref Function
      StartingPosition: LATEST
      FilterCriteria: {Filters: [{Pattern: '{"eventName":["INSERT"]}'}]}
"""
SAM = """\
Transform: AWS::Serverless-2016-10-31
Globals:
  Function:
    Runtime: python3.13
    Timeout: 3
    Environment: {Variables: {SECRET: x}}
Resources:
  Function:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: FUNCTION
      Handler: app.handler
      Environment: {Variables: {}}
      Events:
        Stream:
          Type: DynamoDB
          Properties:
            Stream: STREAM
            StartingPosition: LATEST
            FilterCriteria: {Filters: [{Pattern: '{"eventName":["INSERT"]}'}]}
"""
TERRAFORM = """\
resource "aws_lambda_function" "f" {
  function_name = "FUNCTION"
  runtime       = "python3.13"
  handler       = "app.handler"
  timeout       = 3
  reserved_concurrent_executions = -1
  environment {
    variables = {
      SECRET = var.secret
    }
  }
}
resource "aws_lambda_event_source_mapping" "m" {
  event_source_arn  = "STREAM"
  function_name     = aws_lambda_function.f.arn
  starting_position = "LATEST"
  filter_criteria {
    filter { pattern = jsonencode({ eventName = ["INSERT"] }) }
  }
}
"""
_KIND = "aws_lambda_event_source_mapping"
_FUNCTION = {
    "address": "aws_lambda_function.f",
    "type": "aws_lambda_function",
    "values": {
        "function_name": "FUNCTION",
        "handler": "app.handler",
        "timeout": 3,
        "environment": [{"variables": {"SECRET": "x"}}],
    },
}
_MAPPING = {
    "address": f"{_KIND}.m",
    "type": _KIND,
    "values": {
        "event_source_arn": "STREAM",
        "starting_position": "LATEST",
        "filter_criteria": [{"filter": [{"pattern": INSERTS}]}],
    },
}
_REFERENCE = {"function_name": {"references": ["aws_lambda_function.f.arn", "aws_lambda_function.f"]}}
PLAN = json.dumps(
    {
        "terraform_version": "1.9.0",
        "planned_values": {"root_module": {"resources": [_FUNCTION, _MAPPING]}},
        "configuration": {
            "root_module": {
                "resources": [{"address": f"{_KIND}.m", "type": _KIND, "expressions": _REFERENCE}]
            }
        },
    },
    indent=1,
)
FORMS = {"t.yaml": CLOUDFORMATION, "sam.yaml": SAM, "main.tf": TERRAFORM, "plan.json": PLAN}


@pytest.fixture
def theirs(cloud: Cloud) -> tuple[str, str]:
    """A table and a function of others that is mapped to it, as the documents declare them."""
    table = cloud.table(view="NEW_IMAGE")
    function = foreign.function(cloud, fresh("theirs"), foreign.role(cloud))
    cloud.lambda_.update_function_configuration(
        FunctionName=function, Environment={"Variables": {"SECRET": "hidden-value"}}
    )
    foreign.mapped(cloud, table, function, INSERTS)
    return table, function


def document(name: str, theirs: tuple[str, str], cloud: Cloud, folder: Path) -> str:
    table, function = theirs
    text = FORMS[name].replace("FUNCTION", function).replace("STREAM", cloud.stream(table) or "")
    (folder / name).write_text(text)
    return text


@pytest.mark.parametrize("name", FORMS)
def test_each_changed_setting_of_the_function_is_placed_and_no_value_of_a_variable_is_shown(
    name: str, theirs: tuple[str, str], cloud: Cloud, variables: dict[str, str], tmp_path: Path
) -> None:
    text = document(name, theirs, cloud, tmp_path)
    words = ("drift", theirs[0], "--against", name, "-o", "json")
    same = ran(*words, variables=variables, cwd=tmp_path)
    assert (same.code, same.data["drift"]) == (0, []), same.out
    unknown = ["function.memory"] if name == "t.yaml" else []
    assert [one["field"] for one in same.data["not_compared"]] == unknown
    cloud.lambda_.update_function_configuration(
        FunctionName=theirs[1], Timeout=20, Environment={"Variables": {"OTHER": "hidden-value"}}
    )
    changed = ran(*words, variables=variables, cwd=tmp_path)
    found = {one["field"]: (one["have"], one["want"], one["line"]) for one in changed.data["drift"]}
    assert changed.code == 1
    assert found["function.timeout"][:2] == ("20", "3")
    assert found["function.environment"][:2] == ("OTHER", "SECRET")
    lines = text.lower().splitlines()
    assert "timeout" in lines[found["function.timeout"][2] - 1]
    assert "variables" in lines[found["function.environment"][2] - 1]
    assert "hidden-value" not in changed.out
    assert found.keys() == {"function.timeout", "function.environment"}


#: The alias in each form: what is replaced, and by what.
_TERRAFORM_ALIAS = """\
resource "aws_lambda_alias" "a" {
  name          = "live"
  function_name = aws_lambda_function.f.arn
}
"""
ALIASED = {
    "t.yaml": ("!Ref Function\n      StartingPosition", "!Ref Live\n      StartingPosition"),
    "sam.yaml": ("      Handler:", "      AutoPublishAlias: live\n      Handler:"),
    "main.tf": ("= aws_lambda_function.f.arn", "= aws_lambda_alias.a.arn"),
}


@pytest.mark.parametrize("name", ALIASED)
def test_an_alias_that_the_mapping_does_not_invoke_is_a_difference(
    name: str, theirs: tuple[str, str], cloud: Cloud, variables: dict[str, str], tmp_path: Path
) -> None:
    text = document(name, theirs, cloud, tmp_path)
    old, new = ALIASED[name]
    assert old in text
    text = text.replace(old, new) + (_TERRAFORM_ALIAS if name == "main.tf" else "")
    (tmp_path / name).write_text(text)
    done = ran("drift", theirs[0], "--against", name, "-o", "json", variables=variables, cwd=tmp_path)
    found = [(one["field"], one["have"], one["want"]) for one in done.data["drift"]]
    assert (done.code, found) == (1, [("function.alias", "none", "live")]), done.out


def test_what_a_plan_leaves_out_because_it_is_known_after_apply_is_no_difference(
    theirs: tuple[str, str], cloud: Cloud, variables: dict[str, str], tmp_path: Path
) -> None:
    plan = json.loads(document("plan.json", theirs, cloud, tmp_path))
    (function, _) = plan["planned_values"]["root_module"]["resources"]
    del function["values"]["timeout"], function["values"]["environment"][0]["variables"]["SECRET"]
    unknown = {"timeout": True, "environment": [{"variables": {"SECRET": True}}]}
    change = {"address": function["address"], "change": {"after_unknown": unknown}}
    (tmp_path / "plan.json").write_text(json.dumps({**plan, "resource_changes": [change]}))
    done = ran("drift", theirs[0], "--against", "plan.json", "-o", "json", variables=variables, cwd=tmp_path)
    assert (done.code, done.data["drift"]) == (0, []), done.out
    assert [one["field"] for one in done.data["not_compared"]] == ["function.timeout"]


def test_a_function_that_another_file_declares_is_not_compared(
    theirs: tuple[str, str], cloud: Cloud, variables: dict[str, str], tmp_path: Path
) -> None:
    text = document("main.tf", theirs, cloud, tmp_path)
    (tmp_path / "main.tf").write_text(text[text.index('resource "aws_lambda_event') :])
    done = ran("drift", theirs[0], "--against", "main.tf", "-o", "json", variables=variables, cwd=tmp_path)
    assert done.code == 0
    expected = {"field": "function", "why": "aws_lambda_function.f is not declared in this file"}
    assert done.data["not_compared"] == [expected]


def test_verify_names_what_is_different_from_the_declaration_and_its_verdict_stays(
    theirs: tuple[str, str], cloud: Cloud, variables: dict[str, str], tmp_path: Path
) -> None:
    document("t.yaml", theirs, cloud, tmp_path)
    cloud.lambda_.update_function_configuration(FunctionName=theirs[1], Timeout=20)
    words = ("verify", theirs[0], "--match", "--against", "t.yaml", "-o", "json")
    done = ran(*words, variables=variables, cwd=tmp_path)
    found: list[dict[str, Any]] = done.data["findings"]
    (finding,) = [one for one in found if one["code"] == "differs-from-declaration"]
    assert (done.code, finding["weight"]) == (0, "note"), done.out
    assert finding["evidence"] == ["function.timeout: declared 3 in t.yaml:8, live 20"]


def test_a_declaration_that_is_not_found_ends_verify_before_it_writes(
    theirs: tuple[str, str], cloud: Cloud, variables: dict[str, str], tmp_path: Path
) -> None:
    text = document("t.yaml", theirs, cloud, tmp_path)
    (tmp_path / "t.yaml").write_text(text.replace(theirs[1], "another"))
    words = ("verify", theirs[0], "--match", "--against", "t.yaml", "-o", "json")
    done = ran(*words, variables=variables, cwd=tmp_path)
    assert (done.code, done.error_code) == (2, "declaration-not-found"), done.out
    assert cloud.dynamodb.scan(TableName=theirs[0])["Count"] == 0
