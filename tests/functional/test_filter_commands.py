"""filter lint, explain, test, build and backtest, as a user and a script see them."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from ddbinsert.cli import main
from ddbinsert.core.pattern.matcher import compile_pattern
from ddbinsert.environment import Environment
from tests.functional.command import Ran, ran

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

INSERTS = '{"eventName":["INSERT"]}'
RECORD = {
    "eventName": "MODIFY",
    "dynamodb": {"Keys": {"pk": {"S": "ORDER#1"}}, "NewImage": {"pk": {"S": "ORDER#1"}, "n": {"N": "5"}}},
}


def call(*arguments: str, cwd: Path, stdin: str = "", variables: Mapping[str, str] | None = None) -> Ran:
    out, err = io.StringIO(), io.StringIO()
    environment = Environment(
        out=out, err=err, stdin=io.StringIO(stdin), variables=dict(variables or {"NO_COLOR": "1"}), cwd=cwd
    )
    return Ran(int(main(("filter", *arguments), environment)), out.getvalue(), err.getvalue())


# --- lint -------------------------------------------------------------------------------------------------


def test_lint_shows_the_place_of_an_error_and_answers_no(tmp_path: Path) -> None:
    shown = call("lint", '{"eventName":["insert"]}', cwd=tmp_path)
    assert shown.code == 1
    lines = shown.out.splitlines()
    mark = next(index for index, line in enumerate(lines) if line.strip() == "^")
    assert lines[mark - 1][lines[mark].index("^") :].startswith('"insert"')
    assert "error [event-name] at eventName[0]" in shown.out
    assert 'Write "INSERT".' in shown.out


def test_lint_answers_yes_where_there_are_warnings_only(tmp_path: Path) -> None:
    shown = call("lint", '{"dynamodb":{"Keys":{"pk":{"S":["x"]}}}}', cwd=tmp_path)
    assert shown.code == 0
    assert "warning [not-insert-only]" in shown.out
    assert "this MODIFY passes" in shown.out
    clean = call("lint", INSERTS, cwd=tmp_path)
    assert clean.code == 0
    assert "No findings." in clean.out


def test_lint_gives_scripts_the_rule_the_path_and_a_counterexample_that_passes(tmp_path: Path) -> None:
    pattern = '{"dynamodb":{"NewImage":{"s":{"S":["x"]}}}}'
    shown = call("lint", pattern, "-o", "json", cwd=tmp_path)
    (report,) = shown.data["reports"]
    (finding,) = report["findings"]
    assert (finding["rule"], finding["severity"], finding["filter"]) == ("not-insert-only", "warning", 1)
    (judged,) = report["filters"]
    assert judged["insert_only"] is report["insert_only"] is False
    assert compile_pattern(pattern).matches(judged["counterexample"]["record"])
    bad = call("lint", '{"a":{"b":["x"]', "-o", "json", cwd=tmp_path)
    assert (bad.code, bad.json["ok"]) == (1, False)
    assert bad.data["reports"][0]["findings"][0]["position"] == 15


def test_lint_reads_files_exports_and_standard_input(tmp_path: Path) -> None:
    criteria = {"UUID": "x", "FilterCriteria": {"Filters": [{"Pattern": INSERTS}, {"Pattern": "{"}]}}
    (tmp_path / "mapping.json").write_text(json.dumps(criteria))
    from_file = call("lint", "mapping.json", "-o", "json", cwd=tmp_path)
    assert [one["valid"] for one in from_file.data["reports"][0]["filters"]] == [True, False]
    from_input = call("lint", "-", "-o", "json", cwd=tmp_path, stdin=json.dumps(criteria))
    assert from_input.data == from_file.data


def test_lint_judges_several_patterns_as_those_of_one_mapping(tmp_path: Path) -> None:
    shown = call("lint", INSERTS, INSERTS, cwd=tmp_path)
    assert shown.code == 0
    assert "filter 2:" in shown.out
    assert "[subsumed-filter]" in shown.out


def test_lint_knows_what_it_is_told_of_the_table(tmp_path: Path) -> None:
    pattern = '{"eventName":["INSERT"],"dynamodb":{"NewImage":{"s":{"S":["x"]}}}}'
    assert call("lint", pattern, "--view-type", "NEW_IMAGE", cwd=tmp_path).code == 0
    assert "[view-type]" in call("lint", pattern, "--view-type", "KEYS_ONLY", cwd=tmp_path).out
    keys = '{"eventName":["INSERT"],"dynamodb":{"Keys":{"id":{"S":["x"]}}}}'
    assert "[not-a-key]" in call("lint", keys, "--key", "pk:S", cwd=tmp_path).out


@pytest.mark.parametrize(
    "arguments",
    [
        ("lint",),
        ("lint", "no-such-file.json"),
        ("lint", INSERTS, "--view-type", "ALL"),
        ("lint", INSERTS, "--key", "pk"),
        ("lint", "--view-type", "NEW_IMAGE"),
        ("lint", INSERTS, "--mapping", "x"),
        ("lint", "--mapping", "x"),
        ("lint", "--table", "t", "--mapping", "x"),
        ("explain",),
        ("explain", "{"),
        ("explain", "[]"),
        ("test", INSERTS),
        ("test", INSERTS, "--record", "no-such-file.json"),
        ("test", "--record", "-"),
        ("test", "-", "--record", "-"),
        ("test", "{", "--record", "-"),
        ("build",),
        ("build", "--where", "status ="),
        ("build", "--where", "NewImage.n > 5"),
        ("build", "--where", "NewImage.a = 'x'", "--type", "a"),
        ("build", "--where", "NewImage.a = 'x'", "--type", "a=X"),
        ("build", "--where", "OldImage.a = 'x'", "--insert-only"),
        ("backtest", "--records", "-", "--table", "t"),
        ("backtest", "--records", "-", "--pattern", INSERTS, "--compare", INSERTS, INSERTS),
        ("backtest", "--records", "-", "--pattern", "{"),
        ("backtest", "--records", "-", "--since", "yesterday"),
        ("backtest", "--records", "no-such-file.json"),
        ("backtest", "--records", "-", "--samples", "-1"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_carried_out_is_a_usage_error(arguments: tuple[str, ...], tmp_path: Path) -> None:
    shown = call(*arguments, cwd=tmp_path)
    assert shown.code == 2
    assert shown.out == ""
    assert shown.err


def test_text_from_outside_does_nothing_to_a_terminal(tmp_path: Path) -> None:
    hostile = '{"eventName":["INSERT"],"\\u001b[31m\x7f\\u202ex":["[bold]y[/bold]"]}'
    record = json.dumps({"eventName": "INSERT", "\x1b[31m": "\x1b]0;x\x07"})
    for shown in (
        call("lint", hostile, cwd=tmp_path),
        call("explain", hostile, cwd=tmp_path),
        call("test", hostile, "--record", "-", stdin=record, cwd=tmp_path),
        call("backtest", "--records", "-", "--pattern", hostile, stdin=record, cwd=tmp_path),
    ):
        assert not set(shown.out + shown.err) & {"\x1b", "\x07", "\x7f", "\u202e"}


# --- lint: saved answers of AWS, and values of closed sets --------------------------------------------------

STREAM = "arn:aws:dynamodb:us-east-1:123456789012:table/orders/stream/2026-01-01T00:00:00.000"


def answer(function: str, **more: Any) -> dict[str, Any]:
    arn = f"arn:aws:lambda:us-east-1:123456789012:function:{function}"
    return {"UUID": f"uuid-of-{function}", "EventSourceArn": STREAM, "FunctionArn": arn, **more}


def criteria(*patterns: str) -> dict[str, Any]:
    return {"FilterCriteria": {"Filters": [{"Pattern": pattern} for pattern in patterns]}}


def linted(document: object, *more: str, cwd: Path) -> tuple[Ran, list[list[str]]]:
    shown = call("lint", "-", *more, "-o", "json", cwd=cwd, stdin=json.dumps(document))
    return shown, [[one["rule"] for one in report["findings"]] for report in shown.data["reports"]]


@pytest.mark.parametrize(
    "document",
    [{"Filters": []}, {"FilterCriteria": {"Filters": []}}, answer("f"), answer("f", FilterCriteria=None)],
)
def test_lint_of_an_answer_without_filters_says_that_there_are_none(
    document: dict[str, Any], tmp_path: Path
) -> None:
    shown, rules = linted(document, cwd=tmp_path)
    assert rules == [["no-filter"]]
    assert shown.code == 0


def test_lint_judges_a_saved_list_mapping_by_mapping(tmp_path: Path) -> None:
    modify = '{"eventName":["MODIFY"]}'
    mappings = [
        answer("a", **criteria(INSERTS)),
        answer("b", **criteria(modify)),
        answer("c"),
        answer("orders-inserts", **criteria(modify)),
    ]
    shown, rules = linted({"EventSourceMappings": mappings}, cwd=tmp_path)
    assert rules == [[], ["no-insert", "not-insert-only"], ["no-filter"], ["no-insert", "not-insert-only"]]
    reports = shown.data["reports"]
    assert [one["function"] for one in reports] == ["a", "b", "c", "orders-inserts"]
    assert reports[1]["findings"][0]["severity"] == "warning"  # another team's, and wanted
    assert reports[3]["findings"][0]["severity"] == "error"  # the table's insert trigger


def test_lint_of_a_hidden_filter_says_so(tmp_path: Path) -> None:
    assert linted(answer("f", FilterCriteria=None, KMSKeyArn="arn:aws:kms:x"), cwd=tmp_path)[1] == [
        ["filter-hidden"]
    ]


@pytest.mark.parametrize(
    "document",
    [
        {"filter_criteria": {"filter": [{"pattern": INSERTS}]}},
        {"filterCriteria": {"filters": [{"pattern": INSERTS}]}},
        {"Filters": [{"pattern": INSERTS}]},
        [{"pattern": INSERTS}],
    ],
    ids=str,
)
def test_other_spellings_are_read_and_named(document: object, tmp_path: Path) -> None:
    shown, rules = linted(document, cwd=tmp_path)
    assert (shown.code, rules) == (0, [[]])
    assert any("AWS API" in warning for warning in shown.json["warnings"])
    assert linted({"filterPatterns": [{"eventName": ["INSERT"]}]}, cwd=tmp_path)[1] == [[]]


def test_an_entry_without_a_pattern_is_named(tmp_path: Path) -> None:
    shown = call("lint", "-", "-o", "json", cwd=tmp_path, stdin='{"Filters":[{"Pattern":"{}"},{}]}')
    assert (shown.code, shown.error_code) == (2, "no-pattern")
    assert "Filter 2" in shown.json["errors"][0]["message"]


@pytest.mark.parametrize(
    ("pattern", "rule"),
    [
        ('{"eventVersion":["1.0"]}', "unknown-value"),
        ('{"userIdentity":{"type":["service"]},"eventName":["REMOVE"]}', "unknown-value"),
        ('{"userIdentity":{"principalId":["me"]},"eventName":["REMOVE"]}', "unknown-value"),
        ('{"dynamodb":{"StreamViewType":["NEW_IMAGE"]}}', "unknown-value"),
        ('{"dynamodb.NewImage.a.S":["x"]}', "view-type"),
        ('{"dynamodb.Keys.a.S":["x"]}', "dotted-key"),
        ('{"dynamodb":{"Keys":{"a":{"S":[{"wildcard":"*a*b*c*d*"}]}}}}', "many-wildcards"),
    ],
)
def test_lint_knows_the_closed_sets_of_values_and_unusual_names(
    pattern: str, rule: str, tmp_path: Path
) -> None:
    shown = call("lint", pattern, "--view-type", "KEYS_ONLY", "-o", "json", cwd=tmp_path)
    assert rule in [one["rule"] for one in shown.data["reports"][0]["findings"]]


def test_attributes_of_old_global_tables_are_a_note(tmp_path: Path) -> None:
    pattern = '{"eventName":["INSERT"],"dynamodb":{"NewImage":{"aws:rep:updateregion":{"S":["eu-west-1"]}}}}'
    shown = call("lint", pattern, "-o", "json", cwd=tmp_path)
    (finding,) = shown.data["reports"][0]["findings"]
    assert (finding["rule"], finding["severity"]) == ("replication-attribute", "note")


def test_a_long_list_is_refused_by_its_length_before_it_is_read(tmp_path: Path) -> None:
    long = json.dumps(
        {"dynamodb": {"NewImage": {"a": {"S": [f"value-{number}" for number in range(200_000)]}}}}
    )
    (tmp_path / "long.json").write_text(long)
    shown = call("lint", "long.json", "-o", "json", cwd=tmp_path)
    assert shown.code == 1
    assert [one["rule"] for one in shown.data["reports"][0]["findings"]] == ["too-long"]


@pytest.mark.parametrize(
    ("pattern", "code"),
    [(INSERTS, 0), ('{"eventName":["INSERT","MODIFY"]}', 1), ('{"eventName":["insert"]}', 1)],
)
def test_insert_only_can_be_required_of_patterns(pattern: str, code: int, tmp_path: Path) -> None:
    assert call("lint", pattern, "--require", "insert-only", cwd=tmp_path).code == code


# --- explain, test, build ---------------------------------------------------------------------------------


def test_explain_says_it_in_english(tmp_path: Path) -> None:
    pattern = '{"eventName":["INSERT"],"dynamodb":{"Keys":{"pk":{"S":[{"prefix":"ORDER#"}]}}}}'
    shown = call("explain", pattern, cwd=tmp_path)
    assert shown.code == 0
    assert 'INSERT records pass where the string `pk` of the key begins with "ORDER#".' in shown.out
    data = call("explain", pattern, "-o", "json", cwd=tmp_path).data
    assert data["filters"][0]["clauses"][1]["path"] == "dynamodb.Keys.pk.S"


def test_test_shows_the_first_clause_that_fails_on_the_record(tmp_path: Path) -> None:
    (tmp_path / "record.json").write_text(json.dumps(RECORD))
    shown = call("test", INSERTS, "--record", "record.json", cwd=tmp_path)
    assert shown.code == 1
    assert "not matched" in shown.out
    assert '✗ eventName: ["INSERT"]' in shown.out
    assert 'its value is "MODIFY"' in shown.out
    data = call("test", INSERTS, "--record", "record.json", "-o", "json", cwd=tmp_path).data
    assert data["matched"] is False
    assert data["records"][0]["filters"][0]["failed"]["path"] == "eventName"


def test_test_is_content_where_one_of_the_filters_matches(tmp_path: Path) -> None:
    event = json.dumps({"Records": [RECORD, {**RECORD, "eventName": "INSERT"}]})
    both = call("test", INSERTS, '{"eventName":["MODIFY"]}', "--record", "-", cwd=tmp_path, stdin=event)
    assert both.code == 0
    one = call("test", INSERTS, "--record", "-", "-o", "json", cwd=tmp_path, stdin=event)
    assert one.code == 1
    assert [record["matched"] for record in one.data["records"]] == [False, True]


def test_test_counts_every_record_and_shows_the_first(tmp_path: Path) -> None:
    (tmp_path / "records.jsonl").write_text(made(3_000))
    shown = call("test", INSERTS, "--record", "records.jsonl", "--limit", "2", "-o", "json", cwd=tmp_path)
    assert shown.code == 1
    assert shown.data["counts"] == {"records": 3_000, "matched": 1_000, "not_matched": 2_000}
    assert [(one["number"], one["matched"]) for one in shown.data["records"]] == [
        (1, True),
        (2, False),
        (3, False),
        (4, True),
    ]
    human = call("test", INSERTS, "--record", "records.jsonl", "--limit", "1", cwd=tmp_path)
    assert "1000 of 3000 records match." in human.out
    assert "2998 records are counted only" in human.out


@pytest.mark.parametrize("stdin", ["", "[]", '{"Records":[]}'])
def test_test_without_records_is_inconclusive_and_says_so(stdin: str, tmp_path: Path) -> None:
    shown = call("test", INSERTS, "--record", "-", "-o", "json", cwd=tmp_path, stdin=stdin)
    assert shown.code == 6
    assert shown.json["warnings"]
    assert shown.data["matched"] is False


def test_build_of_a_negated_range_of_one_value(tmp_path: Path) -> None:
    shown = call("build", "--where", "not SizeBytes between 5 and 5", cwd=tmp_path)
    assert (shown.code, shown.out) == (
        0,
        '{"dynamodb":{"SizeBytes":[{"numeric":["<",5]},{"numeric":[">",5]}]}}\n',
    )


def test_build_prints_nothing_but_the_pattern(tmp_path: Path) -> None:
    shown = call("build", "--where", 'NewImage.status = "NEW"', "--where", "Keys.n in (1, 2)", cwd=tmp_path)
    assert shown.code == 0
    assert shown.out == '{"dynamodb":{"NewImage":{"status":{"S":["NEW"]}},"Keys":{"n":{"N":["1","2"]}}}}\n'
    assert shown.err == ""


def test_build_restricts_to_inserts_where_asked_and_warns_of_what_never_matches(tmp_path: Path) -> None:
    where = ("--where", "NewImage.status exists", "--type", "status=S")
    shown = call("build", *where, "--insert-only", "-o", "json", cwd=tmp_path)
    assert shown.data["pattern"].startswith('{"eventName":["INSERT"],')
    assert shown.data["sentence"].startswith("INSERT records pass where")
    old = call("build", "--where", 'OldImage.a = "x"', "-o", "json", cwd=tmp_path)
    assert old.code == 0
    assert any("No INSERT" in warning for warning in old.json["warnings"])


# --- backtest on files ------------------------------------------------------------------------------------


def made(count: int) -> str:
    lines = []
    for number in range(count):
        change: dict[str, Any] = {
            "Keys": {"pk": {"S": f"k{number}"}},
            "ApproximateCreationDateTime": 1767225600.0 + number,
        }
        lines.append(
            json.dumps({"eventName": ("INSERT", "MODIFY", "REMOVE")[number % 3], "dynamodb": change})
        )
    return "\n".join(lines)


def test_backtest_counts_what_would_be_delivered_and_saved(tmp_path: Path) -> None:
    (tmp_path / "records.jsonl").write_text(made(300))
    shown = call("backtest", "--records", "records.jsonl", "--batch-size", "10", "-o", "json", cwd=tmp_path)
    assert shown.code == 0
    data = shown.data
    assert data["records"] == 300
    assert data["seen"] == {"INSERT": 100, "MODIFY": 100, "REMOVE": 100}
    assert data["delivered"] == {"INSERT": 100, "MODIFY": 0, "REMOVE": 0}
    assert data["dropped"] == {"INSERT": 0, "MODIFY": 100, "REMOVE": 100}
    assert data["filters"] == [{"pattern": INSERTS, "matched": 100}]
    full, single = data["invocations"]["full_batches"], data["invocations"]["single_records"]
    assert (full["without"], full["delivered"], full["saved"]) == (30, 10, 20)
    assert (single["without"], single["delivered"], single["saved"]) == (300, 100, 200)
    assert full["usd_saved"] == pytest.approx(20 * data["assumed"]["usd_per_invocation"])
    assert [one["eventName"] for one in data["samples"]["delivered"]] == ["INSERT"] * 2
    assert len(data["samples"]["dropped"]) == 4
    assert data["first"] == "2026-01-01T00:00:00+00:00"
    human = call("backtest", "--records", "records.jsonl", cwd=tmp_path)
    assert "300 records of records.jsonl" in human.out
    assert "100 instead of 300" in human.out


def test_backtest_compares_two_filters_and_shows_who_changes_sides(tmp_path: Path) -> None:
    (tmp_path / "new.json").write_text(
        '{"eventName":["MODIFY"],"dynamodb":{"Keys":{"pk":{"S":["k1","k4"]}}}}'
    )
    arguments = ("backtest", "--records", "-", "--compare", INSERTS, "new.json")
    data = call(*arguments, "-o", "json", cwd=tmp_path, stdin=made(9)).data
    assert (data["records"], data["both"], data["neither"]) == (9, 0, 4)
    assert data["gained"] == {"INSERT": 0, "MODIFY": 2, "REMOVE": 0}
    assert data["lost"] == {"INSERT": 3, "MODIFY": 0, "REMOVE": 0}
    assert [one["dynamodb"]["Keys"]["pk"]["S"] for one in data["samples"]["gained"]] == ["k1", "k4"]
    human = call(*arguments, cwd=tmp_path, stdin=made(9))
    assert "newly delivered" in human.out
    same = call("backtest", "--records", "-", "--compare", INSERTS, INSERTS, cwd=tmp_path, stdin=made(9))
    assert "Both deliver the same records" in same.out


def test_backtest_without_records_is_inconclusive(tmp_path: Path) -> None:
    for arguments, stdin in ((("--records", "-"), "[]"), (("--records", "-", "--since", "1h"), made(3))):
        shown = call("backtest", *arguments, "-o", "json", cwd=tmp_path, stdin=stdin)
        assert shown.code == 6
        assert shown.json["warnings"]
        assert shown.data["records"] == 0


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e400"])
def test_backtest_refuses_what_json_does_not_have(value: str, tmp_path: Path) -> None:
    record = '{"eventName":"INSERT","dynamodb":{"ApproximateCreationDateTime":' + value + "}}"
    for output in ("human", "json"):
        assert call("backtest", "--records", "-", "-o", output, cwd=tmp_path, stdin=record).code == 2


@pytest.mark.parametrize("value", ["1e30", "-1", "true", '"x"', "1767225600123"])
def test_backtest_takes_an_impossible_time_for_none(value: str, tmp_path: Path) -> None:
    record = '{"eventName":"INSERT","dynamodb":{"ApproximateCreationDateTime":' + value + "}}"
    shown = call("backtest", "--records", "-", "-o", "json", cwd=tmp_path, stdin=record)
    assert (shown.code, shown.data["first"]) == (0, None)
    assert call("backtest", "--records", "-", cwd=tmp_path, stdin=record).code == 0


# --- on AWS, as the emulator has it -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def table(connection: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, str]]:
    """A table with a trigger, and a few inserts, changes and removals in its stream."""
    home = tmp_path_factory.mktemp("home")
    variables = {"PATH": "/usr/bin:/bin", "HOME": str(home), "NO_COLOR": "1", **connection}
    name = "filter-commands"
    for words in (
        ("attach-trigger", name, "--create-table", "pk:S,sk:N", "--view-type", "NEW_AND_OLD_IMAGES"),
        ("send", name, "--count", "6", "--modify", "--remove"),
    ):
        done = ran(*words, "-q", variables=variables, cwd=home)
        assert done.code == 0, done.err
    return name, variables


def test_lint_judges_the_filters_of_a_tables_mappings(table: tuple[str, dict[str, str]]) -> None:
    name, variables = table
    shown = ran("filter", "lint", "--table", name, "-o", "json", variables=variables)
    assert shown.code == 0
    (report,) = shown.data["reports"]
    assert report["insert_only"] is True
    by_mapping = ran("filter", "lint", "--mapping", report["mapping"], "-o", "json", variables=variables)
    assert by_mapping.data["reports"] == [report]
    explained = ran("filter", "explain", "--mapping", report["mapping"], variables=variables)
    assert "INSERT records pass." in explained.out


def test_lint_and_build_know_the_tables_key(table: tuple[str, dict[str, str]]) -> None:
    name, variables = table
    wrong = '{"eventName":["INSERT"],"dynamodb":{"Keys":{"sk":{"S":["x"]}}}}'
    shown = ran("filter", "lint", wrong, "--table", name, variables=variables)
    assert shown.code == 1
    assert "[key-type]" in shown.out
    built = ran("filter", "build", "--where", "Keys.sk = 5.0", "--table", name, variables=variables)
    assert built.out == '{"dynamodb":{"Keys":{"sk":{"N":["5"]}}}}\n'


def test_backtest_reads_the_live_stream(table: tuple[str, dict[str, str]]) -> None:
    name, variables = table
    shown = ran("filter", "backtest", "--table", name, "--since", "1h", "-o", "json", variables=variables)
    assert shown.code == 0, shown.err
    assert shown.data["seen"] == {"INSERT": 6, "MODIFY": 6, "REMOVE": 6}
    assert shown.data["delivered"] == {"INSERT": 6, "MODIFY": 0, "REMOVE": 0}
    assert shown.data["complete"] is True
    sample = shown.data["samples"]["dropped"][0]
    assert sample["eventSource"] == "aws:dynamodb"
    assert isinstance(sample["dynamodb"]["ApproximateCreationDateTime"], float | int)


def test_backtest_tries_any_pattern_on_the_live_stream(table: tuple[str, dict[str, str]]) -> None:
    name, variables = table
    pattern = (
        '{"eventName":[{"anything-but":["INSERT"]}],"dynamodb":{"NewImage":{"pk":{"S":[{"exists":true}]}}}}'
    )
    shown = ran(
        "filter", "backtest", "--table", name, "--pattern", pattern, "-o", "json", variables=variables
    )
    assert shown.data["delivered"] == {"INSERT": 0, "MODIFY": 6, "REMOVE": 0}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("lint", "--table", "no-such-table"), 5),
        (("backtest", "--table", "no-such-table"), 5),
        (("lint", "--mapping", "00000000-0000-0000-0000-000000000000"), 5),
        (("build", "--where", "Keys.sk = 5", "--table", "no-such-table"), 5),
    ],
)
def test_what_is_not_there_is_a_missing_prerequisite(
    arguments: tuple[str, ...], code: int, variables: dict[str, str]
) -> None:
    shown = ran("filter", *arguments, "-o", "json", variables=variables)
    assert shown.code == code
    assert shown.error_code in ("table-not-found", "mapping-not-found")


# --- documents that hide their mappings -------------------------------------------------------------------

LOOP = """\
Transform: AWS::LanguageExtensions
Resources:
  Fn::ForEach::Mappings:
    - Name
    - [a, b]
    - M${Name}:
        Type: AWS::Lambda::EventSourceMapping
        Properties:
          EventSourceArn: !GetAtt Table.StreamArn
          FunctionName: f
          FilterCriteria: {Filters: [{Pattern: '{"eventName":["MODIFY"]}'}]}
"""
ANSWER = """\
EventSourceMappings:
- UUID: b
  EventSourceArn: arn:aws:dynamodb:us-east-1:111122223333:table/orders/stream/2026
  FunctionArn: arn:aws:lambda:us-east-1:111122223333:function:f
"""
PROGRAM = """\
name: shop
runtime: yaml
resources:
  mapping: {type: 'aws:lambda:EventSourceMapping', properties: {functionName: f}}
"""


@pytest.mark.parametrize("folder", [False, True], ids=["file", "folder"])
@pytest.mark.parametrize(
    ("text", "codes"),
    [
        (LOOP, (1, 1)),
        (ANSWER, (1, 6)),
        (PROGRAM, (6, 6)),
        ("policy: lambda:CreateEventSourceMapping\n", (0, 0)),
    ],
    ids=["a template with loops only", "an answer as YAML", "a program", "a policy"],
)
def test_a_mapping_that_cannot_be_seen_does_not_pass_a_gate(
    text: str, codes: tuple[int, int], folder: bool, tmp_path: Path
) -> None:
    (tmp_path / "one.yaml").write_text(text)
    shown = call("lint", "." if folder else "one.yaml", "--require", "insert-only", cwd=tmp_path)
    assert shown.code == codes[folder], shown


@pytest.mark.parametrize("given", ["one.yaml", "-"])
def test_answers_of_aws_are_read_as_yaml_too(given: str, tmp_path: Path) -> None:
    answer = f"{ANSWER}  FilterCriteria:\n    Filters:\n    - Pattern: '{INSERTS}'\n"
    (tmp_path / "one.yaml").write_text(answer)
    shown = call("lint", given, "--require", "insert-only", cwd=tmp_path, stdin=answer)
    assert (shown.code, shown.err) == (0, "")
    assert "mapping b" in shown.out
    explained = call("explain", given, cwd=tmp_path, stdin=answer)
    assert explained.code == 0
