"""`drift --against`: a live trigger against what a team's own templates and plans declare."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.functional import foreign
from tests.functional.command import Ran, ran
from tests.functional.helpers import Cloud, fresh

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

INSERTS = '{"eventName":["INSERT"]}'
TEMPLATE = """\
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: TABLE
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
      StreamSpecification: {StreamViewType: NEW_IMAGE}
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      EventSourceArn: !GetAtt Orders.StreamArn
      FunctionName: FUNCTION
      BatchSize: "10"
      StartingPosition: LATEST
      FilterCriteria:
        Filters:
          - Pattern: '{"eventName": ["INSERT"]}'
"""
TERRAFORM = """\
resource "aws_dynamodb_table" "orders" {
  name             = "TABLE"
  hash_key         = "pk"
  stream_enabled   = true
  stream_view_type = "NEW_IMAGE"
  attribute {
    name = "pk"
    type = "S"
  }
}

resource "aws_lambda_event_source_mapping" "orders" {
  event_source_arn  = aws_dynamodb_table.orders.stream_arn
  function_name     = "FUNCTION"
  batch_size        = 10
  starting_position = "LATEST"
  filter_criteria {
    filter {
      pattern = jsonencode({ eventName = ["INSERT"] })
    }
  }
}
"""


def plan(table: str, function: str) -> str:
    """A Terraform plan as `terraform show -json` prints it."""
    stream = {"expressions": {"event_source_arn": {"references": ["aws_dynamodb_table.orders.stream_arn"]}}}
    kind = "aws_lambda_event_source_mapping"
    resources = [
        {
            "address": "aws_dynamodb_table.orders",
            "type": "aws_dynamodb_table",
            "values": {
                "name": table,
                "hash_key": "pk",
                "attribute": [{"name": "pk", "type": "S"}],
                "stream_view_type": "NEW_IMAGE",
            },
        },
        {
            "address": f"{kind}.orders",
            "type": kind,
            "values": {
                "function_name": function,
                "batch_size": 10,
                "starting_position": "LATEST",
                "maximum_retry_attempts": None,
                "destination_config": [],
                "filter_criteria": [{"filter": [{"pattern": INSERTS}]}],
            },
        },
    ]
    return json.dumps(
        {
            "terraform_version": "1.9.0",
            "planned_values": {"root_module": {"resources": resources}},
            "configuration": {
                "root_module": {"resources": [{"address": f"{kind}.orders", "type": kind, **stream}]}
            },
        },
        indent=1,
    )


@pytest.fixture
def theirs(cloud: Cloud) -> tuple[str, str, str]:
    """A table, a function and the UUID of a mapping that boto3 made as the documents declare it."""
    table = cloud.table(view="NEW_IMAGE")
    function = foreign.function(cloud, fresh("theirs"), foreign.role(cloud))
    made = cloud.lambda_.create_event_source_mapping(
        EventSourceArn=cloud.stream(table),
        FunctionName=function,
        BatchSize=10,
        StartingPosition="LATEST",
        FilterCriteria={"Filters": [{"Pattern": INSERTS}]},
    )
    return table, function, made["UUID"]


@pytest.fixture
def against(variables: dict[str, str], tmp_path: Path) -> Callable[..., Ran]:
    def run(table: str, name: str, text: str, *words: str) -> Ran:
        (tmp_path / name).write_text(text)
        return ran("drift", table, "--against", name, *words, "-o", "json", variables=variables, cwd=tmp_path)

    return run


def written(text: str, table: str, function: str) -> str:
    return text.replace("TABLE", table).replace("FUNCTION", function)


@pytest.mark.parametrize("name", ["template.yaml", "main.tf", "plan.json"])
def test_a_mapping_that_is_as_declared_has_no_drift_and_each_change_is_placed(
    name: str, theirs: tuple[str, str, str], cloud: Cloud, against: Callable[..., Ran]
) -> None:
    table, function, uuid = theirs
    text = plan(table, function) if name == "plan.json" else written(TERRAFORM, table, function)
    text = written(TEMPLATE, table, function) if name == "template.yaml" else text
    same = against(table, name, text)
    assert (same.code, same.data["drift"], same.data["mapping"]) == (0, [], uuid), same.err
    cloud.lambda_.update_event_source_mapping(
        UUID=uuid,
        BatchSize=25,
        MaximumRetryAttempts=3,
        FilterCriteria={"Filters": [{"Pattern": '{"eventName":["INSERT","MODIFY"]}'}]},
    )
    changed = against(table, name, text)
    assert changed.code == 1
    found = {one["field"]: (one["have"], one["want"]) for one in changed.data["drift"]}
    assert found["mapping.batch_size"] == ("25", "10")
    assert found.keys() == {"mapping.batch_size", "mapping.filters"}
    for one in changed.data["drift"]:
        line = text.splitlines()[one["line"] - 1].lower()
        assert ("batch" if one["field"] == "mapping.batch_size" else "pattern") in line, line
    assert {one["setting"] for one in changed.data["undeclared"]} == {"mapping.retries"}


@pytest.mark.parametrize(
    ("declared", "field"),
    [
        ("      DestinationConfig: {OnFailure: {Destination: !GetAtt Failures.Arn}}\n", "mapping.on_failure"),
        ("      Enabled: false\n", "mapping.enabled"),
        ("      ParallelizationFactor: 2\n", "mapping.parallelization"),
    ],
)
def test_what_is_declared_and_not_there_is_drift(
    declared: str, field: str, theirs: tuple[str, str, str], against: Callable[..., Ran]
) -> None:
    table, function, _ = theirs
    done = against(table, "t.yaml", written(TEMPLATE, table, function) + declared)
    assert (done.code, [one["field"] for one in done.data["drift"]]) == (1, [field])


def test_a_value_known_after_the_deployment_is_not_compared(
    theirs: tuple[str, str, str], against: Callable[..., Ran]
) -> None:
    table, function, _ = theirs
    text = written(TEMPLATE, table, function).replace('"10"', "!Ref Size")
    done = against(table, "t.yaml", text)
    assert done.code == 0
    assert [one["field"] for one in done.data["not_compared"]] == ["mapping.batch_size"]


def test_a_mapping_that_was_deleted_is_drift(
    theirs: tuple[str, str, str], cloud: Cloud, against: Callable[..., Ran]
) -> None:
    table, function, uuid = theirs
    cloud.lambda_.delete_event_source_mapping(UUID=uuid)
    done = against(table, "t.yaml", written(TEMPLATE, table, function), "--function", function)
    assert (done.code, done.data["mapping"]) == (1, None)


def test_of_several_declarations_the_one_of_the_function_is_taken_or_has_to_be_chosen(
    theirs: tuple[str, str, str], against: Callable[..., Ran]
) -> None:
    table, function, _ = theirs
    text = written(TEMPLATE, table, function)
    mapping = text[text.index("  Mapping:") :]
    both = text + mapping.replace("  Mapping:", "  Other:").replace(function, "another")
    assert against(table, "t.yaml", both).data["declared"]["resource"] == "Mapping"
    open_ = both.replace(f"FunctionName: {function}", "FunctionName: !Ref A").replace("another", "!Ref B")
    refused = against(table, "t.yaml", open_)
    assert (refused.code, refused.error_code) == (2, "declaration-ambiguous")
    chosen = against(table, "t.yaml", open_, "--resource", "Other")
    assert chosen.data["declared"]["resource"] == "Other"


def test_a_file_without_a_declaration_and_a_name_that_none_has_are_usage_errors(
    theirs: tuple[str, str, str], against: Callable[..., Ran]
) -> None:
    table, function, _ = theirs
    refusals: list[tuple[Any, ...]] = [
        ("nothing-declared", "t.yaml", "a: 1\n"),
        ("declaration-not-found", "t.yaml", written(TEMPLATE, table, "another")),
        ("declaration-not-found", "t.yaml", written(TEMPLATE, table, function), "--resource", "None"),
    ]
    for code, *words in refusals:
        done = against(table, *words)
        assert (done.code, done.error_code) == (2, code)


@pytest.mark.parametrize("form", ["cloudformation", "sam", "terraform"])
def test_what_export_writes_of_a_live_trigger_declares_it_as_it_is(
    form: str, theirs: tuple[str, str, str], variables: dict[str, str], tmp_path: Path
) -> None:
    table, function, _ = theirs
    words = ("export", form, table, "--function", function, "--from-live", "--output-dir", "infra")
    assert ran(*words, variables=variables, cwd=tmp_path).code == 0
    done = ran("drift", table, "--against", "infra", "-o", "json", variables=variables, cwd=tmp_path)
    assert (done.code, done.data["drift"], done.data["not_compared"]) == (0, [], []), done.out


def test_doctor_names_the_line_of_the_template_that_the_live_mapping_differs_from(
    theirs: tuple[str, str, str], variables: dict[str, str], tmp_path: Path
) -> None:
    table, function, _ = theirs
    (tmp_path / "t.yaml").write_text(written(TEMPLATE, table, function).replace('"10"', "20"))
    words = ("doctor", table, "--against", "t.yaml", "-o", "json")
    done = ran(*words, variables=variables, cwd=tmp_path)
    (finding,) = [one for one in done.data["findings"] if one["id"] == "differs-from-declaration"]
    assert finding["evidence"] == ["mapping.batch_size: declared 20 in t.yaml:14, live 10"]
    command = finding["advice"]["command"]
    assert command == ["ddbinsert", "drift", table, "--against", "t.yaml", "--function", function]
    assert ran(*command[1:], variables=variables, cwd=tmp_path).code == 1


def test_the_order_of_alternatives_is_no_difference(
    theirs: tuple[str, str, str], cloud: Cloud, against: Callable[..., Ran]
) -> None:
    table, function, uuid = theirs
    live = '{"eventName":["INSERT","MODIFY"],"dynamodb":{"SizeBytes":[{"numeric":[">",0,"<",9]}]}}'
    cloud.lambda_.update_event_source_mapping(UUID=uuid, FilterCriteria={"Filters": [{"Pattern": live}]})
    text = written(TEMPLATE, table, function)
    other = live.replace('"INSERT","MODIFY"', '"MODIFY", "INSERT"')
    assert against(table, "t.yaml", text.replace('{"eventName": ["INSERT"]}', other)).data["drift"] == []
    range_ = live.replace('">",0,"<",9', '"<",9,">",0')
    assert against(table, "t.yaml", text.replace('{"eventName": ["INSERT"]}', range_)).code == 1


@pytest.mark.parametrize("form", ["NAME:live", "123456789012:function:NAME", "NAME"])
def test_a_function_is_recognized_in_every_form_of_its_name(
    form: str, theirs: tuple[str, str, str], against: Callable[..., Ran]
) -> None:
    table, function, _ = theirs
    done = against(table, "t.yaml", written(TEMPLATE, table, form.replace("NAME", function)))
    alias = ["function.alias"] if form.endswith(":live") else []
    assert [one["field"] for one in done.data["drift"]] == alias, done.out


def test_what_cannot_be_read_of_a_folder_is_a_warning(
    theirs: tuple[str, str, str], variables: dict[str, str], tmp_path: Path
) -> None:
    table, function, _ = theirs
    folder = tmp_path / "infra"
    folder.mkdir()
    (folder / "template.yaml").write_text(written(TEMPLATE, table, function))
    (folder / "broken.yaml").write_text("a: [")
    done = ran("drift", table, "--against", "infra", "-o", "json", variables=variables, cwd=tmp_path)
    assert done.code == 0
    assert "broken.yaml" in str(done.json["warnings"])
    given = ran("drift", table, "--against", "infra/broken.yaml", variables=variables, cwd=tmp_path)
    assert given.code == 2


def test_doctor_does_not_take_a_missing_mapping_for_one_that_is_as_declared(
    theirs: tuple[str, str, str], cloud: Cloud, variables: dict[str, str], tmp_path: Path
) -> None:
    table, function, uuid = theirs
    cloud.lambda_.delete_event_source_mapping(UUID=uuid)
    (tmp_path / "t.yaml").write_text(written(TEMPLATE, table, function))
    words = ("doctor", table, "--against", "t.yaml", "--function", function, "-o", "json")
    done = ran(*words, variables=variables, cwd=tmp_path)
    assert "differs-from-declaration" in {one["id"] for one in done.data["findings"]}, done.out
