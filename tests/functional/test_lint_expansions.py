"""filter lint where a tool makes several filters or functions of one text: loops, dynamic blocks, variables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.functional.test_lint_documents import findings, lint

if TYPE_CHECKING:
    from pathlib import Path

_MAPPING = """\
resource "aws_lambda_event_source_mapping" "m" {{
  event_source_arn = aws_dynamodb_table.t.stream_arn
  filter_criteria {{
    filter {{ pattern = "{{\\"eventName\\":[\\"INSERT\\"]}}" }}
{dynamic}
  }}
}}
"""

#: A dynamic block over elements that are written out: the list, the pattern's expression, the name of the iterator.
_WRITTEN_OUT = {
    "texts": ('["{\\"eventName\\":[\\"remove\\"]}"]', "filter.value", ""),
    "encoded values": ('[jsonencode({eventName=["remove"]})]', "filter.value", ""),
    "objects": ('[{p = jsonencode({eventName=["remove"]})}]', "filter.value.p", ""),
    "an iterator": ('[jsonencode({eventName=["remove"]})]', "it.value", "iterator = it"),
    "a constant": ("[1]", '"{\\"eventName\\":[\\"remove\\"]}"', ""),
}
_LATER = {
    "a variable": ("var.patterns", "filter.value"),
    "a function": ('toset(["{\\"eventName\\":[\\"remove\\"]}"])', "filter.value"),
    "a part that is missing": ("[{}]", "filter.value.p"),
    "a text where an object is needed": ('["x"]', "filter.value.p"),
}


def _dynamic(elements: str, pattern: str, iterator: str = "") -> str:
    lines = [
        'dynamic "filter" {',
        f"for_each = {elements}",
        iterator,
        f"content {{ pattern = {pattern} }}",
        "}",
    ]
    return _MAPPING.format(dynamic="\n".join(f"    {line}" for line in lines))


@pytest.mark.parametrize("name", _WRITTEN_OUT)
def test_a_dynamic_block_over_written_elements_is_checked_where_they_are(name: str, tmp_path: Path) -> None:
    text = _dynamic(*_WRITTEN_OUT[name])
    (tmp_path / "main.tf").write_text(text)
    shown = lint("main.tf", "-o", "json", cwd=tmp_path)
    (finding,) = findings(shown)
    assert (shown.code, finding["rule"], finding["filter"]) == (1, "event-name", 2)
    assert "remove" in text.splitlines()[finding["line"] - 1]
    assert lint("main.tf", "--fix", cwd=tmp_path).code == 0
    assert (tmp_path / "main.tf").read_text() == text.replace("remove", "REMOVE")


@pytest.mark.parametrize("name", _LATER)
def test_a_dynamic_block_that_only_terraform_can_expand_cannot_be_checked(name: str, tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(_dynamic(*_LATER[name]))
    shown = lint("main.tf", "-o", "json", "--require", "insert-only", cwd=tmp_path)
    assert shown.code == 6
    assert [(one["rule"], one["filter"]) for one in findings(shown)] == [("not-checked", 2)]


def test_a_dynamic_block_of_another_name_says_nothing_about_the_filters(tmp_path: Path) -> None:
    block = 'dynamic "destination_config" {\n for_each = var.d\n content {}\n}'
    body = f"  event_source_arn = aws_dynamodb_table.t.stream_arn\n{block}\n"
    (tmp_path / "main.tf").write_text(f'resource "aws_lambda_event_source_mapping" "m" {{\n{body}}}\n')
    assert [one["rule"] for one in findings(lint("main.tf", "-o", "json", cwd=tmp_path))] == ["no-filter"]


def test_a_dynamic_block_of_criteria_is_checked(tmp_path: Path) -> None:
    inner = 'filter { pattern = jsonencode({eventName=["insert"]}) }'
    block = f'dynamic "filter_criteria" {{\n for_each = [1]\n content {{\n {inner}\n }}\n}}'
    body = f"  event_source_arn = aws_dynamodb_table.t.stream_arn\n{block}\n"
    (tmp_path / "main.tf").write_text(f'resource "aws_lambda_event_source_mapping" "m" {{\n{body}}}\n')
    (finding,) = findings(lint("main.tf", "-o", "json", cwd=tmp_path))
    assert (finding["rule"], finding["line"]) == ("event-name", 6)


_LOOP = """\
Resources:
  Queue: {Type: AWS::SQS::Queue}
  Fn::ForEach::Names:
    - Name
    - [a, b]
    - M${Name}:
        Type: AWS::Lambda::EventSourceMapping
        Properties:
          EventSourceArn: arn:aws:dynamodb:us-east-1:123456789012:table/t/stream/2024-01-01T00:00:00.000
          FilterCriteria: {Filters: [{Pattern: '{"eventName":["insert"]}'}]}
"""


def test_resources_in_a_loop_are_checked(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(_LOOP)
    (finding,) = findings(lint("t.yaml", "-o", "json", cwd=tmp_path))
    assert (finding["rule"], finding["line"], finding["resource"]) == ("event-name", 10, "M${Name}")


def test_resources_that_a_macro_adds_cannot_be_checked(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(
        "Resources:\n  Queue: {Type: AWS::SQS::Queue}\n  Fn::Transform: {Name: AWS::Include, Parameters: {Location: x}}\n"
    )
    shown = lint("t.yaml", "-o", "json", "--require", "insert-only", cwd=tmp_path)
    assert (shown.code, [one["rule"] for one in findings(shown)]) == (6, ["not-checked"])


_SERVERLESS = {
    "all functions": "functions: ${file(f.yml)}\n",
    "a section of functions": "functions:\n  - ${file(f.yml)}\n",
    "a function": "functions:\n  f: ${file(f.yml):f}\n",
    "the events": "functions:\n  f:\n    events: ${file(f.yml)}\n",
    "an event": "functions:\n  f:\n    events:\n      - ${file(f.yml)}\n",
}


@pytest.mark.parametrize("name", _SERVERLESS)
def test_functions_and_events_in_other_files_cannot_be_checked(name: str, tmp_path: Path) -> None:
    (tmp_path / "serverless.yml").write_text(f"service: s\nprovider: {{name: aws}}\n{_SERVERLESS[name]}")
    shown = lint("serverless.yml", "-o", "json", "--require", "insert-only", cwd=tmp_path)
    (finding,) = findings(shown)
    assert (shown.code, finding["rule"]) == (6, "not-checked")
    assert "${file(f.yml)" in finding["message"]


def test_sections_of_functions_are_checked(tmp_path: Path) -> None:
    (tmp_path / "serverless.yml").write_text(
        "service: s\nprovider: {name: aws}\nfunctions:\n  - f:\n      events:\n        - stream:\n            type: dynamodb\n"
        "            filterPatterns:\n              - eventName: [insert]\n"
    )
    (finding,) = findings(lint("serverless.yml", "-o", "json", cwd=tmp_path))
    assert (finding["rule"], finding["line"]) == ("event-name", 9)
