"""filter lint on templates: the real mistakes at their lines in every format, no false alarm, and corrections in place."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from ddbinsert.cli import main
from ddbinsert.environment import Environment
from tests.functional.command import Ran
from tests.functional.sarif_schema import check_sarif
from tests.functional.template_formats import FORMATS, GENERATED

if TYPE_CHECKING:
    from pathlib import Path

INSERTS = '{"eventName":["INSERT"]}'

#: The mistake: (patterns, the rule, the text on the finding's line).
MISTAKES: dict[str, tuple[list[str], str, str]] = {
    "two filters that are ORed": (
        [INSERTS, '{"dynamodb":{"NewImage":{"status":{"S":["NEW"]}}}}'],
        "ored-filters",
        "status",
    ),
    "the wrapper of another source": (['{"eventName":["INSERT"],"body":{"a":["x"]}}'], "wrapper", "body"),
    "a data wrapper": (['{"data":{"eventName":["INSERT"]}}'], "wrapper", "data"),
    "a detail wrapper": (['{"detail":{"a":["x"]}}'], "wrapper", "detail"),
    "an invented field": (['{"eventName":["INSERT"],"dynamodb":{"NewItem":{"a":{"S":["x"]}}}}'], "unknown-field", "NewItem"),
    "eventType": (['{"eventType":["INSERT"]}'], "unknown-field", "eventType"),
    "a bare string": (['{"eventName":"INSERT"}'], "invalid", "INSERT"),
    "numeric on N": (
        ['{"eventName":["INSERT"],"dynamodb":{"NewImage":{"total":{"N":[{"numeric":[">",5]}]}}}}'],
        "numeric-on-text",
        "total",
    ),
    "lower case": (['{"eventName":["insert"]}'], "event-name", "insert"),
    "filters lost in synthesis": ([], "no-filter", ""),
    "an attribute that is not a key": (
        ['{"eventName":["INSERT"],"dynamodb":{"Keys":{"status":{"S":["x"]}}}}'],
        "not-a-key",
        "status",
    ),
}  # fmt: skip

RIGHT = [
    [INSERTS],
    ['{"eventName":["INSERT"],"dynamodb":{"NewImage":{"status":{"S":["NEW"]}}}}'],
    [
        '{"eventName":["INSERT"],"dynamodb":{"Keys":{"pk":{"S":[{"prefix":"ORDER#"}]}},"NewImage":{"n":{"N":["101"]}}}}'
    ],
    ['{"eventName":["REMOVE"],"userIdentity":{"type":["Service"],"principalId":["dynamodb.amazonaws.com"]}}'],
    ['{"eventName":["INSERT","MODIFY"]}'],
    ['{"eventName":["INSERT"],"dynamodb":{"NewImage":{"a":{"S":["x"]}}}}', '{"eventName":["MODIFY"]}'],
]


def lint(*arguments: str, cwd: Path) -> Ran:
    out, err = io.StringIO(), io.StringIO()
    environment = Environment(out=out, err=err, stdin=io.StringIO(), variables={"NO_COLOR": "1"}, cwd=cwd)
    return Ran(int(main(("filter", "lint", *arguments), environment)), out.getvalue(), err.getvalue())


def written(tmp_path: Path, form: str, patterns: list[str], view: str = "NEW_AND_OLD_IMAGES") -> str:
    name, write = FORMATS[form]
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(write(patterns, view))
    return name


def findings(shown: Ran) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = shown.data["findings"]
    return found


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_found_at_its_line(mistake: str, form: str, tmp_path: Path) -> None:
    patterns, rule, needle = MISTAKES[mistake]
    name = written(tmp_path, form, patterns)
    shown = lint(name, "-o", "json", cwd=tmp_path)
    (finding,) = [one for one in findings(shown) if one["rule"] == rule]
    line = (tmp_path / name).read_text().splitlines()[finding["line"] - 1]
    assert needle in line
    assert finding["file"] == name
    assert "apping" in finding["resource"]
    is_error = finding["severity"] == "error"
    assert shown.code == (1 if is_error else 0)
    assert lint(name, "--fail-on", "warning", cwd=tmp_path).code == 1


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("patterns", RIGHT, ids=range(len(RIGHT)))
def test_a_right_template_has_no_finding(patterns: list[str], form: str, tmp_path: Path) -> None:
    shown = lint(written(tmp_path, form, patterns), "-o", "json", "--fail-on", "warning", cwd=tmp_path)
    assert findings(shown) == []
    assert shown.code == 0
    assert shown.data["mappings"][0]["filters"] == [
        json.dumps(json.loads(one), separators=(",", ":")) for one in patterns
    ]


#: Filters of the kind that public documentation shows, with the rule that a wrong one breaks.
DOCUMENTED: list[tuple[str, str | None]] = [
    ('{"eventName":["INSERT"],"dynamodb":{"NewImage":{"Type":{"S":["Customer"]}}}}', None),
    ('{"dynamodb":{"Keys":{"pk":{"S":["AnyCompany"]}}}}', None),
    ('{"dynamodb":{"NewImage":{"State":{"S":[{"exists":true}]}}}}', None),
    (
        '{"eventName":["MODIFY"],"dynamodb":{"NewImage":{"s":{"S":["DONE"]}},"OldImage":{"s":{"S":["OPEN"]}}}}',
        None,
    ),
    ('{"userIdentity":{"type":["Service"],"principalId":["dynamodb.amazonaws.com"]}}', None),
    ('{"eventName":["INSERT"],"dynamodb":{"NewImage":{"Age":{"N":[{"anything-but":["0"]}]}}}}', None),
    ('{"eventName":[{"anything-but":["REMOVE"]}]}', None),
    ('{"dynamodb":{"NewImage":{"Age":{"N":[{"numeric":[">=",18]}]}}}}', "numeric-on-text"),
    ('{"eventName":["INSERT"],"dynamodb":{"NewImage":{"State":["NEW"]}}}', "missing-type"),
    ('{"body":{"temperature":[{"numeric":[">",0,"<=",100]}],"location":["New York"]}}', "wrapper"),
    ('{"eventName":["INSERT"],"dynamodb":{"OldImage":{"a":{"S":["x"]}}}}', "image-of-event"),
]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(("pattern", "rule"), DOCUMENTED)
def test_documented_filters_are_clean_where_they_are_right(
    pattern: str, rule: str | None, form: str, tmp_path: Path
) -> None:
    shown = lint(written(tmp_path, form, [pattern]), "-o", "json", cwd=tmp_path)
    assert {one["rule"] for one in findings(shown)} == (set() if rule is None else {rule})


@pytest.mark.parametrize("form", FORMATS)
def test_the_tables_view_type_and_key_come_from_the_same_document(form: str, tmp_path: Path) -> None:
    pattern = '{"eventName":["INSERT"],"dynamodb":{"NewImage":{"a":{"S":["x"]}}}}'
    shown = lint(written(tmp_path, form, [pattern], "KEYS_ONLY"), "-o", "json", cwd=tmp_path)
    assert [one["rule"] for one in findings(shown)] == ["view-type"]
    fitting = lint(written(tmp_path, form, [pattern], "NEW_IMAGE"), "-o", "json", cwd=tmp_path)
    assert findings(fitting) == []


@pytest.mark.parametrize("form", FORMATS)
def test_insert_only_can_be_required_and_is_judged_over_the_ored_filters(form: str, tmp_path: Path) -> None:
    good = written(tmp_path, form, [INSERTS])
    assert lint(good, "--require", "insert-only", cwd=tmp_path).code == 0
    bad = written(tmp_path, form, [INSERTS, '{"eventName":["MODIFY"]}'])
    shown = lint(bad, "--require", "insert-only", "-o", "json", cwd=tmp_path)
    assert shown.code == 1
    (finding,) = [one for one in findings(shown) if one["rule"] == "not-insert-only"]
    assert finding["filter"] == 2
    assert '"eventName":"MODIFY"' in finding["message"]
    assert shown.data["mappings"][0]["insert_only"] is False
    without = written(tmp_path, form, [])
    assert lint(without, "--require", "insert-only", cwd=tmp_path).code == 1


@pytest.mark.parametrize("form", [form for form in FORMATS if form not in GENERATED])
@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ('{"eventName":["insert"]}', '{"eventName":["INSERT"]}'),
        ('{"eventName":"INSERT"}', '{"eventName":["INSERT"]}'),
        ('{"EventName":["INSERT"]}', '{"eventName":["INSERT"]}'),
        ('{"eventName":["INSERT"],"dynamodb":{"newImage":{"a":{"S":["x"]}}}}', '{"eventName":["INSERT"],"dynamodb":{"NewImage":{"a":{"S":["x"]}}}}'),
        ('{"eventName":["INSERT"],"dynamodb":{"NewImage":{"a":{"s":["x"]}}}}', '{"eventName":["INSERT"],"dynamodb":{"NewImage":{"a":{"S":["x"]}}}}'),
        ('{"eventName":["INSERT"],"dynamodb":{"Keys":{"pk":["x"]}}}', '{"eventName":["INSERT"],"dynamodb":{"Keys":{"pk":{"S":["x"]}}}}'),
        ('{"eventName":["INSERT"],"dynamodb":{"NewImage":{"n":{"N":[300]}}}}', '{"eventName":["INSERT"],"dynamodb":{"NewImage":{"n":{"N":["300"]}}}}'),
        ('{"eventName":["INSERT"],"awsRegion":[{"Prefix":"eu"}]}', '{"eventName":["INSERT"],"awsRegion":[{"prefix":"eu"}]}'),
        ('{"dynamodb":{"Keys":{"pk":{"S":["x"]}}}}', '{"eventName":["INSERT"],"dynamodb":{"Keys":{"pk":{"S":["x"]}}}}'),
        ('{"eventName":["INSERT","MODIFY"]}', '{"eventName":["INSERT"]}'),
    ],
)  # fmt: skip
def test_what_is_unambiguous_is_corrected_in_place(wrong: str, right: str, form: str, tmp_path: Path) -> None:
    name = written(tmp_path, form, [wrong])
    before = (tmp_path / name).read_text().splitlines()
    shown = lint(name, "--fix", "--require", "insert-only", "-o", "json", cwd=tmp_path)
    assert shown.code == 0, shown.out
    assert json.loads(shown.data["mappings"][0]["filters"][0]) == json.loads(right)
    after = (tmp_path / name).read_text().splitlines()
    changed = [(old, new) for old, new in zip(before, after, strict=False) if old != new]
    assert len(changed) == 1, changed
    assert lint(name, "--require", "insert-only", cwd=tmp_path).code == 0


@pytest.mark.parametrize("form", GENERATED)
def test_generated_files_are_never_corrected(form: str, tmp_path: Path) -> None:
    name = written(tmp_path, form, ['{"eventName":["insert"]}'])
    before = (tmp_path / name).read_bytes()
    assert lint(name, "--fix", cwd=tmp_path).code == 1
    assert (tmp_path / name).read_bytes() == before


@pytest.mark.parametrize("form", ["SAM", "CloudFormation", "Serverless", "Terraform"])
def test_a_byte_order_mark_and_wide_characters_do_not_move_a_place(form: str, tmp_path: Path) -> None:
    name = written(
        tmp_path, form, ['{"dynamodb":{"NewImage":{"\u00fc\U0001f600":{"S":["x"]}}},"eventName":["insert"]}']
    )
    text = "\ufeff" + (tmp_path / name).read_text()
    (tmp_path / name).write_text(text)
    (finding,) = findings(lint(name, "-o", "json", cwd=tmp_path))
    line = text.splitlines()[finding["line"] - 1]
    assert line[finding["column"] - 1 :].lstrip('\\"').startswith("insert")
    lint(name, "--fix", cwd=tmp_path)
    assert (tmp_path / name).read_text() == text.replace("insert", "INSERT")


@pytest.mark.parametrize("escape", ["xzz", "x", "u12", "q", "ud83d"])
def test_an_escape_that_is_not_valid_is_reported_and_no_bug(escape: str, tmp_path: Path) -> None:
    text = (
        'resource "aws_lambda_event_source_mapping" "m" {\n  event_source_arn = aws_dynamodb_table.t.stream_arn\n'
        '  filter_criteria {\n    filter { pattern = "{\\"eventName\\":[\\"\\' + escape + '\\"]}" }\n  }\n}\n'
    )
    (tmp_path / "main.tf").write_text(text)
    shown = lint("main.tf", "--fix", "-o", "json", cwd=tmp_path)
    assert shown.code in (0, 1)
    assert shown.data["findings"] or "syntax error" in shown.data["skipped"][0]
    assert (tmp_path / "main.tf").read_text() == text


def test_a_correction_keeps_the_files_mode_and_its_link(tmp_path: Path) -> None:
    name = written(tmp_path, "SAM", ['{"eventName":["insert"]}'])
    (tmp_path / name).chmod(0o640)
    (tmp_path / "link.yaml").symlink_to(name)
    lint("link.yaml", "--fix", cwd=tmp_path)
    assert (tmp_path / "link.yaml").is_symlink()
    assert (tmp_path / name).stat().st_mode & 0o777 == 0o640
    assert '"INSERT"' in (tmp_path / name).read_text()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["link.yaml", name]


def test_comments_quotes_and_line_ends_survive_a_correction(tmp_path: Path) -> None:
    text = (
        "Resources: # all of it\r\n  M:\r\n    Type: AWS::Lambda::EventSourceMapping\r\n    Properties:\r\n"
        "      EventSourceArn: !GetAtt T.StreamArn\r\n      FilterCriteria:\r\n        Filters:\r\n"
        '          - Pattern: "{\\"eventName\\": [\\"insert\\"]}" # \u00e9 why\r\n'
        '          - Pattern: >-\r\n              {"eventName":\r\n               ["insert"]}\r\n'
    )
    (tmp_path / "t.yaml").write_bytes(text.encode())
    lint("t.yaml", "--fix", cwd=tmp_path)
    assert (tmp_path / "t.yaml").read_bytes() == text.replace("insert", "INSERT").encode()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.yaml", "Resources:\n  M:\n    Type: AWS::Lambda::EventSourceMapping\n    Properties:\n      EventSourceArn: !GetAtt T.StreamArn\n      FilterCriteria:\n        Filters:\n          - Pattern: %s\n"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("value", ["!Ref Pattern", '!Sub \'{"eventName":["${Event}"]}\'', "!If [A, b, c]"])
def test_what_is_not_known_before_the_deployment_is_never_silently_fine(
    name: str, text: str, value: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text % value)
    shown = lint(name, "-o", "json", cwd=tmp_path)
    assert [(one["rule"], one["line"]) for one in findings(shown)] == [("not-checked", 8)]
    assert shown.code == 0
    required = lint(name, "--require", "insert-only", "-o", "json", cwd=tmp_path)
    assert required.code == 6
    constant = '!Sub \'{"eventName":["insert"]}\''
    (tmp_path / name).write_text(text % constant)
    assert lint(name, cwd=tmp_path).code == 1


@pytest.mark.parametrize(
    "pattern",
    [
        r'"{\"eventName\":[\"INSERT\"],\"dynamodb\":{\"Keys\":{\"pk\":{\"S\":[\"$${a}%%{b}\"]}}}}"',
        '<<EOT\n{"eventName":["INSERT"],"dynamodb":{"Keys":{"pk":{"S":["$${a}%%{b}"]}}}}\nEOT',
    ],
)
def test_escaped_marks_of_a_template_are_text(pattern: str, tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(
        'resource "aws_lambda_event_source_mapping" "x" {\n'
        '  event_source_arn = "arn:aws:dynamodb:eu-west-1:111122223333:table/t/stream/1"\n'
        f"  filter_criteria {{\n    filter {{\n      pattern = {pattern}\n    }}\n  }}\n}}\n"
    )
    done = lint("main.tf", "-o", "json", cwd=tmp_path)
    assert done.code == 0, done.out
    (mapping,) = done.data["mappings"]
    assert mapping["checked"]
    assert json.loads(mapping["filters"][0])["dynamodb"]["Keys"]["pk"]["S"] == ["${a}%{b}"]


def test_a_folder_is_searched_for_templates_and_other_files_are_left_out(tmp_path: Path) -> None:
    for form in FORMATS:
        written(tmp_path, form, ['{"eventName":["insert"]}'])
    (tmp_path / "package.json").write_text('{"name": "x"}')
    (tmp_path / "broken.yaml").write_text("a: [")
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "template.yaml").write_text((tmp_path / "template.yaml").read_text())
    shown = lint(".", "-o", "json", cwd=tmp_path)
    assert sorted(shown.data["files"]) == sorted(name for name, _ in FORMATS.values())
    assert {one["file"] for one in findings(shown)} == set(shown.data["files"])
    assert len(shown.data["skipped"]) == 1


def test_a_broken_template_in_a_folder_is_undecided_and_another_broken_file_is_not(tmp_path: Path) -> None:
    strict = (".", "--require", "insert-only")
    (tmp_path / "tsconfig.json").write_text('{\n  // comments\n  "strict": true\n}\n')
    assert lint(*strict, cwd=tmp_path).code == 0
    (tmp_path / "template.json").write_text('{"Resources": {"A": {"Type": "AWS::Lambda::EventSourceMapping",')
    done = lint(*strict, cwd=tmp_path)
    assert done.code == 6
    assert "not checked: template.json" in done.out
    assert lint(".", cwd=tmp_path).code == 0


def test_files_of_other_kinds_are_ignored_where_asked(tmp_path: Path) -> None:
    name = written(tmp_path, "CloudFormation", ['{"eventName":["insert"]}'])
    (tmp_path / "package.json").write_text('{"name": "x"}')
    (tmp_path / "chart.yaml").write_text("a: {{ .Values.b }}\n  c: [")
    (tmp_path / "values.yaml").write_text("a: 1\n")
    (tmp_path / "pattern.json").write_text('{"eventName":["insert"]}')
    every = ("package.json", "chart.yaml", "values.yaml", name)
    shown = lint(*every, "--templates", "-o", "json", cwd=tmp_path)
    assert (shown.code, shown.data["files"]) == (1, [name])
    assert lint("package.json", "chart.yaml", "--templates", cwd=tmp_path).code == 0
    assert lint("values.yaml", cwd=tmp_path).code == 0
    assert lint("chart.yaml", cwd=tmp_path).code == 2
    assert lint("pattern.json", name, cwd=tmp_path).code == 2
    assert "[event-name]" in lint("pattern.json", cwd=tmp_path).out


def test_streams_of_other_services_are_not_looked_at(tmp_path: Path) -> None:
    document = {
        "Resources": {
            "Kinesis": {
                "Type": "AWS::Lambda::EventSourceMapping",
                "Properties": {
                    "EventSourceArn": {"Fn::GetAtt": ["Stream", "Arn"]},
                    "FilterCriteria": {"Filters": [{"Pattern": '{"data":{"a":["x"]}}'}]},
                },
            }
        }
    }
    (tmp_path / "t.json").write_text(json.dumps(document))
    shown = lint("t.json", "-o", "json", cwd=tmp_path)
    assert (shown.data["mappings"], findings(shown)) == ([], [])


UNKNOWN_SOURCES = {
    "t.json": """{"Resources":{"M":{"Type":"AWS::Lambda::EventSourceMapping","Properties":{
        "EventSourceArn":{"Ref":"Arn"},"StartingPosition":"LATEST",
        "FilterCriteria":{"Filters":[{"Pattern":"%s"}]}}}}}""",
    "main.tf": """resource "aws_lambda_event_source_mapping" "m" {
        event_source_arn = var.arn
        starting_position = "LATEST"
        filter_criteria {
          filter {
            pattern = "%s"
          }
        }
      }""",
    "serverless.yml": """
        service: s
        functions:
          f:
            events:
              - stream:
                  arn: ${param:arn}
                  filterPatterns:
                    - "%s"
        """,
    "preview.json": """{"steps":[{"urn":"u::m","newState":{"type":"aws:lambda/eventSourceMapping:EventSourceMapping","inputs":{
        "eventSourceArn":"04da6b54-80e4-46f7-96ec-b56ff0331ba9","startingPosition":"LATEST",
        "filterCriteria":{"filters":[{"pattern":"%s"}]}}}}]}""",
}  # fmt: skip


@pytest.mark.parametrize("name", UNKNOWN_SOURCES)
def test_a_source_that_is_not_known_yet_is_told_by_the_filters_or_reported(name: str, tmp_path: Path) -> None:
    for pattern, rule, code in (
        ('{"eventName":["insert"]}', "event-name", 1),
        ('{"data":{"a":["x"]}}', "not-checked", 0),
    ):
        (tmp_path / name).write_text(UNKNOWN_SOURCES[name] % pattern.replace('"', '\\"'))
        shown = lint(name, "-o", "json", cwd=tmp_path)
        assert ([one["rule"] for one in findings(shown)], shown.code) == ([rule], code)


def test_the_projects_own_file_is_judged_as_an_insert_trigger(tmp_path: Path) -> None:
    text = 'table: orders\nmapping:\n  filters:\n    - \'{"dynamodb":{"NewImage":{"status":["NEW"]}}}\'\n'
    (tmp_path / "ddbinsert.yaml").write_text(text)
    shown = lint("ddbinsert.yaml", "-o", "json", cwd=tmp_path)
    assert [(one["rule"], one["line"]) for one in findings(shown)] == [("missing-type", 4)]


@pytest.mark.parametrize(
    "criteria",
    [
        {"filterCriteria": {"Filters": [{"Pattern": INSERTS}]}},
        {"FilterCriteria": {"filters": [{"Pattern": INSERTS}]}},
        {"FilterCriteria": {"Filters": [{"pattern": INSERTS}]}},
        {"FilterCriteria": {"Filters": [{}]}},
        {"FilterCriteria": {"Filters": [INSERTS]}},
        {"FilterCriteria": {"Filters": INSERTS}},
        {"FilterCriteria": {"Filters": [{"Pattern": {"eventName": ["INSERT"]}}]}},
    ],
    ids=str,
)
def test_criteria_that_are_not_applied_are_errors(criteria: dict[str, Any], tmp_path: Path) -> None:
    properties = {"EventSourceArn": {"Fn::GetAtt": ["T", "StreamArn"]}, **criteria}
    document = {"Resources": {"M": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": properties}}}
    (tmp_path / "t.json").write_text(json.dumps(document))
    shown = lint("t.json", "-o", "json", cwd=tmp_path)
    assert shown.code == 1
    assert [one["severity"] for one in findings(shown)] == ["error"]


# --- forms of output --------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for form in FORMATS:
        written(
            tmp_path,
            form,
            [INSERTS, '{"eventName":["insert"],"dynamodb":{"NewImage":{"a\\u0007,b":{"S":["x"]}}}}'],
        )
    return tmp_path


def test_sarif_is_valid_and_has_every_finding(folder: Path) -> None:
    text = lint(".", "--format", "sarif", cwd=folder).out
    document = json.loads(text)
    check_sarif(text)
    results = document["runs"][0]["results"]
    assert len(results) == len(findings(lint(".", "-o", "json", cwd=folder)))
    rules = document["runs"][0]["tool"]["driver"]["rules"]
    assert all(rules[one["ruleIndex"]]["id"] == one["ruleId"] for one in results)


def test_sarif_names_a_file_by_its_absolute_name_as_a_uri(folder: Path) -> None:
    text = lint(str(folder / FORMATS["SAM"][0]), "--format", "sarif", cwd=folder).out
    check_sarif(text)
    (place,) = json.loads(text)["runs"][0]["results"][0]["locations"]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == (folder / FORMATS["SAM"][0]).as_uri()


def test_github_annotations_are_one_line_each(folder: Path) -> None:
    lines = lint(".", "--format", "github", cwd=folder).out.splitlines()
    assert len(lines) == len(findings(lint(".", "-o", "json", cwd=folder)))
    assert all(line.startswith(("::error file=", "::warning file=", "::notice file=")) for line in lines)
    assert not set("".join(lines)) & {"\x07", "\x1b"}


def test_junit_has_a_case_for_each_mapping(folder: Path) -> None:
    root = ET.fromstring(lint(".", "--format", "junit", cwd=folder).out)  # noqa: S314 - our own output
    assert len(root.findall(".//testcase")) == len(FORMATS)
    assert len(root.findall(".//failure")) == int(root.attrib["failures"]) == len(FORMATS)


def test_the_human_form_quotes_the_line_and_marks_the_place(tmp_path: Path) -> None:
    shown = lint(written(tmp_path, "SAM", ['{"eventName":["insert"]}']), cwd=tmp_path).out.splitlines()
    place, quoted, mark = shown[:3]
    assert place == "template.yaml:21:43: error [event-name] Mapping/Stream, filter 1"
    assert quoted[mark.index("^") :].startswith('"insert"')
