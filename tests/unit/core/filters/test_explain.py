"""A pattern in plain English; a record and the first clause that it fails; documents that hold either."""

from __future__ import annotations

import io
import json
import random
from typing import Any

import pytest

from ddbinsert.core.filters.documents import patterns_in, records_in
from ddbinsert.core.filters.explain import explain
from ddbinsert.core.filters.trace import Step, trace
from ddbinsert.core.pattern.matcher import compile_pattern, parse
from ddbinsert.errors import UsageError
from tests.unit.random_patterns import pattern as random_pattern
from tests.unit.random_patterns import record as random_record

SENTENCES = {
    '{"eventName":["INSERT"]}': "INSERT records pass.",
    '{"eventName":["INSERT","MODIFY"]}': "INSERT and MODIFY records pass.",
    '{"eventName":[{"exists":true}]}': "Any record passes.",
    '{"eventName":["insert"]}': "No record passes: there is no eventName of this value.",
    '{"awsRegion":["x","y",{"prefix":"eu-"}]}': 'Any record passes where `awsRegion` is "x" or "y" or begins with "eu-".',
    '{"eventName":["INSERT"],"dynamodb":{"Keys":{"pk":{"S":[{"prefix":"ORDER#"}]}}}}': "INSERT records pass where "
    'the string `pk` of the key begins with "ORDER#".',
    '{"dynamodb":{"NewImage":{"n":{"N":[{"anything-but":["1","2"]}]},"f":{"BOOL":[true]}}}}': "Any record passes where "
    'the number `n` of the new image has a value that is neither "1" nor "2" and the boolean `f` of the new image '
    "is true.",
    '{"dynamodb":{"OldImage":{"a":{"M":{"b":{"L":{"S":[{"suffix":"x"}]}}}}}}}': "Any record passes where the string "
    '`a.b[]` of the old image ends with "x".',
    '{"a":[null,false,1.50,{"numeric":[">",0,"<=",5]},{"numeric":["=",3e2]},{"cidr":"10.0.0.0/8"},{"exists":false}]}': (
        "Any record passes where `a` is null, false or 1.50, is a number above 0 and of at most 5, is a number equal "
        "to 300, is an IP address in 10.0.0.0/8 or is absent."
    ),
    '{"a":[{"anything-but":{"prefix":["x","y"]}},{"equals-ignore-case":"k"},{"wildcard":"a*"}]}': "Any record passes "
    'where `a` has a value that does not begin with "x" and does not begin with "y", is "k" in upper or lower case or '
    'has the form "a*", * being any text.',
    '{"eventName":["INSERT"],"$or":[{"a":["x"]},{"b":["y"],"c":["z"]}]}': 'INSERT records pass where `a` is "x", or '
    '`b` is "y" and `c` is "z".',
    '{"a":["x"],"$or":[{"b":["x"]},{"c":["z"]}]}': 'Any record passes where `a` is "x" and (`b` is "x" or `c` is "z").',
    # What is replaced is not told.
    '{"a":["x"],"a":["y"]}': 'Any record passes where `a` is "y".',
}  # fmt: skip


@pytest.mark.parametrize(("pattern", "sentence"), SENTENCES.items())
def test_a_pattern_reads_as_a_sentence(pattern: str, sentence: str) -> None:
    assert explain(parse(pattern)).sentence == sentence


def test_every_field_has_its_clause() -> None:
    found = explain(parse('{"a":["x"],"$or":[{"b":["x"]},{"c":["y"],"d":[1]}]}'))
    first, choice = found.clauses
    assert (first.path, first.text) == ("a", '`a` is "x"')
    assert [[part.path for part in group] for group in choice.choices] == [["b"], ["c", "d"]]


def test_any_pattern_can_be_explained() -> None:
    rng = random.Random(4)  # noqa: S311 - reproducible, not secret
    for _ in range(300):
        sentence = explain(parse(json.dumps(random_pattern(rng, depth=1)))).sentence
        assert sentence.endswith(".")


RECORD = {
    "eventName": "MODIFY",
    "dynamodb": {
        "Keys": {"pk": {"S": "ORDER#1"}},
        "NewImage": {
            "n": {"N": "5"},
            "tags": {"SS": ["a", "b"]},
            "l": {
                "L": [{"M": {"a": {"S": "x"}, "b": {"S": "n"}}}, {"M": {"a": {"S": "y"}, "b": {"S": "z"}}}]
            },
            "e": {"L": []},
        },
    },
}


def traced(pattern: str, record: Any = RECORD) -> Any:
    return trace(pattern, parse(pattern), record)


@pytest.mark.parametrize(
    ("pattern", "path", "why"),
    [
        ('{"eventName":["INSERT"]}', "eventName", 'At `eventName` its value is "MODIFY"; wanted: is "INSERT".'),
        (
            '{"eventName":["MODIFY"],"dynamodb":{"NewImage":{"n":{"N":[5]}}}}',
            "dynamodb.NewImage.n.N",
            'At `dynamodb.NewImage.n.N` its value is "5"; wanted: is 5.',
        ),
        (
            '{"dynamodb":{"NewImage":{"n":{"S":["5"]}}}}',
            "dynamodb.NewImage.n.S",
            "no value at `dynamodb.NewImage.n.S` (`dynamodb.NewImage.n` has `N`)",
        ),
        ('{"dynamodb":{"NewImage":{"n":["5"]}}}', "dynamodb.NewImage.n", "(there is an object with N)"),
        ('{"dynamodb":{"NewImage":{"n":{"N":{"x":[1]}}}}}', "dynamodb.NewImage.n.N.x", '(`dynamodb.NewImage.n.N` is "5")'),
        ('{"dynamodb":{"NewImage":{"e":{"L":["x"]}}}}', "dynamodb.NewImage.e.L", "(there is an empty list)"),
        ('{"body":["x"]}', "body", "(`the record` has `eventName`, `dynamodb`)"),
        ('{"dynamodb":{"NewImage":{"tags":{"SS":["c"]}}}}', "dynamodb.NewImage.tags.SS", 'its values are "a", "b"'),
        ('{"$or":[{"eventName":["INSERT"]},{"a":["x"]}]}', "$or", "None of the alternatives holds."),
    ],
)  # fmt: skip
def test_the_first_clause_that_fails_is_shown_with_what_is_there(pattern: str, path: str, why: str) -> None:
    found = traced(pattern)
    assert not found.matched
    assert found.failed is not None
    assert found.failed.path == path
    assert why in found.why


def test_what_holds_is_shown_with_its_value() -> None:
    found = traced('{"eventName":["MODIFY"],"dynamodb":{"NewImage":{"tags":{"SS":["b"]}}}}')
    assert found.matched
    assert found.failed is None
    assert [(step.path, step.found) for step in found.steps] == [
        ("eventName", ("MODIFY",)),
        ("dynamodb.NewImage.tags.SS", ("a", "b")),
    ]


def test_clauses_that_hold_in_different_elements_are_told_apart() -> None:
    found = traced('{"dynamodb":{"NewImage":{"l":{"L":{"M":{"a":{"S":["x"]},"b":{"S":["z"]}}}}}}}')
    assert not found.matched
    assert all(step.held for step in found.steps)
    assert "not in the same element" in found.why


@pytest.mark.nightly
def test_a_trace_agrees_with_the_engine() -> None:
    rng = random.Random(5)  # noqa: S311 - reproducible, not secret
    outcomes = {True: 0, False: 0}
    for _ in range(500):
        text = json.dumps(random_pattern(rng, depth=2))
        record = random_record(rng)
        found = traced(text, record)
        assert found.matched is compile_pattern(text).matches(record)
        assert bool(found.why) is not found.matched
        if found.matched:
            assert all(_holds(step) for step in found.steps)
        outcomes[found.matched] += 1
    assert min(outcomes.values()) > 50, outcomes


def _holds(step: Step) -> bool:
    return step.held and (not step.branches or any(all(map(_holds, branch)) for branch in step.branches))


# --- documents --------------------------------------------------------------------------------------------

PATTERN = '{"eventName": ["INSERT"]}'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f" {PATTERN}\n", (PATTERN,)),
        ("{broken", ("{broken",)),
        ("", ("",)),
        (json.dumps({"Filters": [{"Pattern": PATTERN}, {"Pattern": "{}"}]}), (PATTERN, "{}")),
        (json.dumps({"FilterCriteria": {"Filters": [{"Pattern": PATTERN}]}, "UUID": "x"}), (PATTERN,)),
        (
            json.dumps(
                {"EventSourceMappings": [{"FilterCriteria": {"Filters": [{"Pattern": PATTERN}]}}, {}]}
            ),
            (PATTERN,),
        ),
        (json.dumps([PATTERN, {"a": ["é"]}]), (PATTERN, '{"a":["é"]}')),
        (json.dumps([{"Pattern": {"a": [1]}}]), ('{"a":[1]}',)),
        ("[]", ("[]",)),
        ("[" * 100_000, ("[" * 100_000,)),
    ],
)
def test_patterns_are_found_in_the_documents_that_people_have(text: str, expected: tuple[str, ...]) -> None:
    assert patterns_in(text) == expected


ONE, TWO = {"eventName": "INSERT"}, {"eventName": "MODIFY"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (json.dumps(ONE), [ONE]),
        ("\ufeff" + json.dumps(ONE), [ONE]),
        (json.dumps(ONE, indent=2), [ONE]),
        (json.dumps({"Records": [ONE, TWO]}), [ONE, TWO]),
        (json.dumps({"Records": [ONE, TWO]}, indent=1), [ONE, TWO]),
        (json.dumps([ONE, TWO]), [ONE, TWO]),
        (f"\n{json.dumps(ONE)}\n\n{json.dumps(TWO)}\n", [ONE, TWO]),
        (json.dumps({"Records": [ONE]}) + "\n" + json.dumps({"Records": [TWO]}), [ONE, TWO]),
        (json.dumps([ONE]) + "\n" + json.dumps([TWO]), [ONE, TWO]),
        ('{"Records":[]}', []),
        ("[]", []),
    ],
)
def test_records_are_found_in_the_documents_that_people_have(text: str, expected: list[Any]) -> None:
    assert list(records_in(text.splitlines(keepends=True), "x.json")) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a":NaN}', "x.json: this is not a JSON record: NaN"),
        ("nonsense", "x.json, line 1: this is not JSON"),
        ('{"a":1}\n{"b":\n', "x.json, line 2: this is not JSON"),
        ('{\n"a": 1\n]', "x.json, line 3: this is not JSON"),
        ("5", "x.json, line 1: a record is a JSON object, not 5"),
        ("[1]", "a record is a JSON object, not 1"),
        ('{"a":1}\n[2]', "x.json, line 2: a record is a JSON object, not 2"),
        ("[" * 100_000, "nested too deep"),
    ],
)  # fmt: skip
def test_what_is_no_record_is_refused_with_its_line(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message.replace("[", "\\[")):
        list(records_in(text.splitlines(keepends=True), "x.json"))


@pytest.mark.parametrize("text", ["", "\n \n", "[]", '{"Records":[]}'])
def test_a_document_may_have_no_records(text: str) -> None:
    assert list(records_in(io.StringIO(text), "x.json")) == []
