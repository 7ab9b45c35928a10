"""filter lint on templates in forms that occur in practice: each finding at its own character, nothing passed over."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from tests.functional.test_lint_documents import findings, lint

if TYPE_CHECKING:
    from pathlib import Path

HEAD = """\
Resources:
  M:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      EventSourceArn: arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/x
"""
FILTERS = HEAD + "      FilterCriteria:\n        Filters:\n"
HEREDOC = """\
resource "aws_lambda_event_source_mapping" "m" {
  event_source_arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/x"
  filter_criteria {
    filter {
      pattern = <<-EOT
        {
          "eventName": ["INSERT"],
          "dynamodb": {
            "NewItem": {
              "a": { "S": ["x"] }
            }
          }
        }
      EOT
    }
  }
}
"""
SERVERLESS = """\
service: orders
provider: {name: aws}
functions:
  M:
    handler: h.a
    events:
      - stream:
          type: dynamodb
          arn: !GetAtt Orders.StreamArn
          filterPatterns:
            - dynamodb:
                NewImage:
                  a:
                    string: [x]
"""
BLOCK = (
    FILTERS
    + '          - Pattern: |\n              {"eventName": ["INSERT"],\n               "detail": {\n                 "a": ["x"]}}\n'
)
SUB = FILTERS + '          - Pattern: !Sub  \'{"eventType": ["INSERT"]}\'\n'

#: The file, its text, the rule, and what begins at the finding's place.
PLACES = [
    ("main.tf", HEREDOC, "unknown-field", '"NewItem"'),
    ("t.yaml", BLOCK, "wrapper", '"detail"'),
    ("t.yaml", SUB, "unknown-field", '"eventType"'),
    ("serverless.yml", SERVERLESS, "unknown-type", "string: [x]"),
    ("t.yaml", f"X: &f\n  - Pattern: '{{\"eventName\":[\"insert\"]}}'\n{HEAD}      <<: [{{FilterCriteria: {{Filters: *f}}}}]\n", "event-name", '"insert"'),
    ("t.yaml", f"{FILTERS}          - Pattern: '{{}}'\n            Pattern: '{{\"eventName\":[\"insert\"]}}'\n", "event-name", '"insert"'),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "rule", "start"), PLACES, ids=range(len(PLACES)))
def test_a_finding_stands_where_the_wrong_key_or_value_begins(
    name: str, text: str, rule: str, start: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text)
    (finding,) = [one for one in findings(lint(name, "-o", "json", cwd=tmp_path)) if one["rule"] == rule]
    assert text.splitlines()[finding["line"] - 1][finding["column"] - 1 :].startswith(start)


def test_a_constant_of_a_short_tag_is_corrected_in_place(tmp_path: Path) -> None:
    text = SUB.replace("eventType", "eventName").replace("INSERT", "insert")
    (tmp_path / "t.yaml").write_text(text)
    assert lint("t.yaml", "--fix", cwd=tmp_path).code == 0
    assert (tmp_path / "t.yaml").read_text() == text.replace("insert", "INSERT")


def test_a_field_with_the_names_of_events_is_meant_to_be_event_name(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(SUB)
    (finding,) = findings(lint("t.yaml", "-o", "json", cwd=tmp_path))
    assert finding["hint"] == "Write eventName."


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"{HEAD}---\n{HEAD}", "t.yaml has 2 YAML documents: only the first one is checked."),
        (
            f"{HEAD}  M: {{Type: AWS::SQS::Queue}}\n",
            "t.yaml, line 6: the key `M` is repeated; only its last value is checked.",
        ),
    ],
)
def test_what_is_not_read_of_a_file_is_named(text: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(text)
    assert lint("t.yaml", "-o", "json", cwd=tmp_path).data["skipped"] == [reason]


def test_the_document_with_an_object_is_read(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(f"# a comment\n---\n~\n---\n{HEAD}...\n")
    shown = lint("t.yaml", "-o", "json", cwd=tmp_path)
    assert [one["rule"] for one in findings(shown)] == ["no-filter"]
    assert shown.data["skipped"] == []


@pytest.mark.parametrize("wrapped", [("resource",), ("kind",), ("body",), ("resource", "kind", "body")])
def test_terraform_json_may_have_lists_at_each_level(wrapped: tuple[str, ...], tmp_path: Path) -> None:
    def level(name: str, value: object) -> object:
        return [value] if name in wrapped else value

    body = {
        "event_source_arn": "${aws_dynamodb_table.t.stream_arn}",
        "filter_criteria": {"filter": {"pattern": '{"eventName":["INSERT"],"dynamodb":{"NewImage":{"a":{"S":["x"]}}}}'}},
    }  # fmt: skip
    table = {"stream_view_type": "KEYS_ONLY", "hash_key": "pk", "attribute": {"name": "pk", "type": "S"}}
    kinds = {
        "aws_lambda_event_source_mapping": level("kind", {"m": level("body", body)}),
        "aws_dynamodb_table": level("kind", {"t": level("body", table)}),
    }
    (tmp_path / "a.tf.json").write_text(json.dumps({"resource": level("resource", kinds)}))
    assert [one["rule"] for one in findings(lint("a.tf.json", "-o", "json", cwd=tmp_path))] == ["view-type"]


@pytest.mark.parametrize("where", ["pattern", "criteria"])
@pytest.mark.parametrize(
    "value",
    [{"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "x"}, "[secret]", "04da6b54-80e4-46f7-96ec-b56ff0331ba9"],
    ids=["ciphertext", "masked", "later"],
)  # fmt: skip
def test_what_pulumi_keeps_secret_or_does_not_know_cannot_be_checked(
    where: str, value: object, tmp_path: Path
) -> None:
    criteria = {"filters": [{"pattern": value}]} if where == "pattern" else value
    inputs = {
        "eventSourceArn": "arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/x",
        "filterCriteria": criteria,
    }
    state = {"type": "aws:lambda/eventSourceMapping:EventSourceMapping", "inputs": inputs}
    (tmp_path / "p.json").write_text(json.dumps({"steps": [{"urn": "urn:a::m", "newState": state}]}))
    shown = lint("p.json", "-o", "json", "--require", "insert-only", cwd=tmp_path)
    assert [one["rule"] for one in findings(shown)] == ["not-checked"]
    assert shown.code == 6


def test_a_misspelt_key_of_serverless_is_named(tmp_path: Path) -> None:
    text = SERVERLESS.replace("filterPatterns", "filterPattern")
    (tmp_path / "serverless.yml").write_text(text)
    (finding,) = findings(lint("serverless.yml", "-o", "json", cwd=tmp_path))
    assert (finding["rule"], finding["line"]) == ("misspelt-key", 10)


@pytest.mark.parametrize("form", ["github", "junit", "sarif"])
def test_what_is_not_read_is_named_beside_the_findings_of_each_format(form: str, tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(SUB)
    (tmp_path / "wide.json").write_bytes("{}".encode("utf-16"))
    shown = lint(".", "--format", form, cwd=tmp_path)
    assert "not checked: wide.json cannot be read: it is not UTF-8 text." in shown.err


def test_a_folder_below_that_cannot_be_read_does_not_end_the_check(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(SUB)
    deep, root = tmp_path, os.open(tmp_path, os.O_RDONLY)
    for _ in range(20):  # longer than a path may be: no user, not even root, can open it by its name
        deep /= "d" * 240
        os.mkdir("d" * 240, dir_fd=root)
        below = os.open("d" * 240, os.O_RDONLY, dir_fd=root)
        os.close(root)
        root = below
    os.close(root)
    shown = lint(".", "-o", "json", cwd=tmp_path)
    assert [one["rule"] for one in findings(shown)] == ["unknown-field"]
    assert [one.rpartition(": ")[2] for one in shown.data["skipped"]] == ["File name too long."]


@pytest.mark.parametrize("unknown", [True, [True], [{"filter": True}], [{"filter": [{"pattern": True}]}]])
def test_filters_that_are_known_after_apply_cannot_be_checked(unknown: object, tmp_path: Path) -> None:
    kind = "aws_lambda_event_source_mapping"
    arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/x"
    values: dict[str, object] = {
        "event_source_arn": arn,
        "filter_criteria": [{"filter": [{}]}] if "pattern" in str(unknown) else [{}],
    }
    change = {"address": f"{kind}.m", "change": {"after_unknown": {"filter_criteria": unknown}}}
    resource = {"address": f"{kind}.m", "type": kind, "values": values}
    document = {
        "terraform_version": "1.9.0",
        "planned_values": {"root_module": {"resources": [resource]}},
        "resource_changes": [change],
    }
    (tmp_path / "plan.json").write_text(json.dumps(document))
    shown = lint("plan.json", "-o", "json", "--require", "insert-only", cwd=tmp_path)
    assert ([one["rule"] for one in findings(shown)], shown.code) == (["not-checked"], 6)


_EVENT = "{Type: DynamoDB, Properties: {Stream: !GetAtt T.StreamArn}}"
_RESOURCES = "Resources:\n  M:\n    Type: AWS::Serverless::Function\n    Properties:"


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        (f"{_RESOURCES} {{Events: {{S: !If [X, {_EVENT}, !Ref AWS::NoValue]}}}}", ["no-filter"]),
        (f"{_RESOURCES} {{Events: !If [X, {{S: {_EVENT}}}, {{S: {_EVENT}}}]}}", ["no-filter"] * 2),
        (f"{_RESOURCES} !If [X, {{Events: {{S: {_EVENT}}}}}, {{}}]", ["no-filter"]),
        (f"{_RESOURCES} {{Events: {{Fn::Transform: {{Name: AWS::Include}}}}}}", ["not-checked"]),
        (HEAD.replace("Properties:", "Properties:\n      Fn::Transform: {Name: AWS::Include}"), ["not-checked"]),
        (HEAD.replace("arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/x", "!GetAtt Child.Outputs.Stream\n      StartingPosition: LATEST"), ["not-checked"]),
    ],
    ids=["event", "events", "properties", "macro of events", "macro of properties", "output of a nested stack"],
)  # fmt: skip
def test_what_a_condition_a_macro_or_another_stack_adds_is_not_passed_over(
    text: str, rules: list[str], tmp_path: Path
) -> None:
    (tmp_path / "t.yaml").write_text(text)
    assert [one["rule"] for one in findings(lint("t.yaml", "-o", "json", cwd=tmp_path))] == rules
