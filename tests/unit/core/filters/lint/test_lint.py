"""Lint: what AWS refuses, with its place; what AWS takes and shouldn't; and no false alarm where it says "never"."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from ddbinsert.core.filters.lint.lint import lint
from ddbinsert.core.filters.lint.report import KnownStream, LintFinding, LintReport, LintSeverity, dotted
from ddbinsert.core.filters.reach.imply import covers, implied
from ddbinsert.core.filters.record.witness import candidates
from ddbinsert.core.model.key_text import parse_key
from ddbinsert.core.model.record import StreamView
from ddbinsert.core.pattern.matcher import compile_pattern, parse
from ddbinsert.core.pattern.predicates import any_of
from ddbinsert.core.pattern.write import conditions_text
from tests.unit.random_patterns import condition as random_condition

E, W, N = LintSeverity.ERROR, LintSeverity.WARNING, LintSeverity.NOTE
INSERT = '"eventName":["INSERT"]'


def new(attribute: str) -> str:
    return "{" + INSERT + ',"dynamodb":{"NewImage":{' + attribute + "}}}"


#: pattern → (rule, severity, path) of every finding
JUDGED: dict[str, list[tuple[str, LintSeverity, str]]] = {
    '{"eventName":["INSERT"]}': [],
    new('"s":{"S":["x"]}'): [],
    new('"n":{"N":["101","-1.5","0"]}'): [],
    new('"a":{"M":{"b":{"L":{"M":{"c":{"BOOL":[true]}}}}}}'): [],
    new('"t":{"SS":["x"]},"u":{"NS":["1"]},"b":{"B":["AQID"]},"z":{"NULL":[true]}'): [],
    new('"a.b":{"S":["x"]}'): [],
    new('"s":{"S":[{"exists":false}]}'): [],
    # AWS refuses it.
    "": [("invalid", E, "")],
    "{": [("invalid", E, "")],
    "null": [("invalid", E, "")],
    '{"eventName":"INSERT"}': [("invalid", E, "eventName")],
    '{"eventName":[]}': [("invalid", E, "eventName")],
    '{"eventName":[["INSERT"]]}': [("invalid", E, "eventName[0]")],
    '{"a":[{"Prefix":"x"}]}': [("invalid", E, "a[0].Prefix")],
    '{"$or":[{"eventName":["INSERT"]}]}': [("invalid", E, "$or")],
    '{"a":[{"numeric":[">",5,"<",5]}]}': [("invalid", E, "a[0].numeric[3]")],
    # Never matches: the place.
    '{"eventname":["INSERT"]}': [("unknown-field", E, "eventname")],
    '{"dynamoDB":{"Keys":{"pk":{"S":["x"]}}}}': [("unknown-field", E, "dynamoDB.Keys.pk.S")],
    '{"dynamodb":{"newImage":{"s":{"S":["x"]}}}}': [("unknown-field", E, "dynamodb.newImage.s.S")],
    '{"body":{"a":["x"]}}': [("wrapper", E, "body.a")],
    '{"data":["x"]}': [("wrapper", E, "data")],
    '{"NewImage":{"s":{"S":["x"]}}}': [("outside-dynamodb", E, "NewImage.s.S")],
    '{"SizeBytes":[{"numeric":[">",1]}]}': [("outside-dynamodb", E, "SizeBytes")],
    '{"dynamodb":["x"]}': [("inner-node", E, "dynamodb")],
    '{"dynamodb":{"NewImage":[{"exists":true}]}}': [("inner-node", E, "dynamodb.NewImage")],
    new('"m":{"M":["x"]}'): [("inner-node", E, "dynamodb.NewImage.m.M")],
    new('"status":["NEW"]'): [("missing-type", E, "dynamodb.NewImage.status")],
    # An attribute named `a.city`, or `a.L.0`, would match: a mistake in all likelihood, but no proof.
    new('"a":{"city":{"S":["x"]}}'): [("missing-type", W, "dynamodb.NewImage.a.city.S")],
    new('"a":{"string":["x"]}'): [("unknown-type", E, "dynamodb.NewImage.a.string")],
    new('"a":{"s":["x"]}'): [("unknown-type", E, "dynamodb.NewImage.a.s")],
    new('"a":{"S":{"x":["y"]}}'): [("below-value", E, "dynamodb.NewImage.a.S.x")],
    new('"a":{"L":{"0":{"S":["x"]}}}'): [("list-index", W, "dynamodb.NewImage.a.L.0.S")],
    '{"$or":["x"]}': [("or-is-a-field", E, "$or")],
    # Never matches: the value.
    '{"eventName":["insert"]}': [("event-name", E, "eventName[0]")],
    '{"eventName":["CREATE"]}': [("event-name", E, "eventName[0]")],
    '{"eventSource":["aws:sqs"]}': [("event-source", E, "eventSource[0]")],
    '{"dynamodb":{"StreamViewType":["ALL"]}}': [("unknown-value", E, "dynamodb.StreamViewType[0]")],
    new('"n":{"N":[{"numeric":[">",5]}]}'): [("numeric-on-text", E, "dynamodb.NewImage.n.N[0].numeric")],
    new('"s":{"S":[{"numeric":[">",5]}]}'): [("numeric-on-text", E, "dynamodb.NewImage.s.S[0].numeric")],
    new('"n":{"N":[101]}'): [("number-for-text", E, "dynamodb.NewImage.n.N[0]")],
    new('"s":{"S":[101]}'): [("number-for-text", E, "dynamodb.NewImage.s.S[0]")],
    new('"n":{"N":["300.0"]}'): [("number-spelling", E, "dynamodb.NewImage.n.N[0]")],
    new('"n":{"N":["3e2"]}'): [("number-spelling", E, "dynamodb.NewImage.n.N[0]")],
    new('"n":{"N":["ten"]}'): [("not-a-number", E, "dynamodb.NewImage.n.N[0]")],
    new('"n":{"N":[{"prefix":"x"}]}'): [("impossible-value", E, "dynamodb.NewImage.n.N[0].prefix")],
    new('"b":{"B":["not base64"]}'): [("not-base64", E, "dynamodb.NewImage.b.B[0]")],
    new('"f":{"BOOL":["true"]}'): [("text-for-boolean", E, "dynamodb.NewImage.f.BOOL[0]")],
    new('"f":{"BOOL":[{"prefix":"t"}]}'): [("text-operator", E, "dynamodb.NewImage.f.BOOL[0].prefix")],
    new('"z":{"NULL":[false]}'): [("wrong-type", E, "dynamodb.NewImage.z.NULL[0]")],
    new('"s":{"S":[null]}'): [("null-value", E, "dynamodb.NewImage.s.S[0]")],
    new('"s":{"S":[true]}'): [("wrong-type", E, "dynamodb.NewImage.s.S[0]")],
    '{"eventName":[{"exists":false}]}': [("never-absent", E, "eventName")],
    # Never matches: the event.
    '{"eventName":["INSERT"],"dynamodb":{"OldImage":{"s":{"S":["x"]}}}}': [
        ("image-of-event", E, "dynamodb.OldImage.s.S")
    ],
    '{"eventName":["INSERT"],"userIdentity":{"type":["Service"]}}': [("image-of-event", E, "userIdentity.type")],
    '{"eventName":["REMOVE"],"dynamodb":{"NewImage":{"s":{"S":["x"]}}}}': [
        ("image-of-event", E, "dynamodb.NewImage.s.S")
    ],
    '{"eventName":["MODIFY"]}': [("no-insert", E, "eventName"), ("not-insert-only", W, "")],
    '{"dynamodb":{"OldImage":{"s":{"S":["x"]}}}}': [("no-insert", E, ""), ("not-insert-only", W, "")],
    # Only one alternative is dead.
    '{"eventName":["INSERT"],"$or":[{"body":["x"]},{"awsRegion":["eu"]}]}': [("wrapper", W, "$or[0].body")],
    '{"eventName":["INSERT","insert"]}': [("event-name", W, "eventName[1]")],
    # Too much.
    '{"dynamodb":{"Keys":{"pk":{"S":["x"]}}}}': [("not-insert-only", W, "")],
    '{"eventName":["INSERT","MODIFY"]}': [("not-insert-only", W, "")],
    '{"eventName":["INSERT","MODIFY","REMOVE"]}': [("always-true", W, "eventName"), ("not-insert-only", W, "")],
    '{"eventName":[{"anything-but":"MODIFY"},{"anything-but":"REMOVE"}]}': [
        ("always-true", W, "eventName"),
        ("not-insert-only", W, ""),
    ],
    '{"eventName":["INSERT"],"eventSource":["aws:dynamodb"]}': [("always-true", N, "eventSource")],
    '{"eventName":["INSERT"],"eventID":[{"exists":true}]}': [("always-true", W, "eventID")],
    '{"eventName":["INSERT"],"awsRegion":[{"prefix":""}]}': [("always-true", W, "awsRegion")],
    '{"eventName":["INSERT"],"dynamodb":{"OldImage":[{"exists":false}]}}': [("always-true", W, "dynamodb.OldImage")],
    '{"eventName":["INSERT"],"dynamodb":{"NewImage":{"status":[{"exists":false}]}}}': [
        ("always-true", W, "dynamodb.NewImage.status")
    ],
    new('"s":{"S":[{"exists":true},{"exists":false}]}'): [
        ("always-true", W, "dynamodb.NewImage.s.S"),
    ],
    new('"s":{"S":[{"anything-but":"a"},{"anything-but":"b"}]}'): [
        ("anything-but-ored", W, "dynamodb.NewImage.s.S")
    ],
    # Superfluous, or not promised.
    new('"s":{"S":["x","x"]}'): [("redundant-condition", N, "dynamodb.NewImage.s.S[1]")],
    new('"s":{"S":["xy",{"prefix":"x"}]}'): [("redundant-condition", N, "dynamodb.NewImage.s.S[0]")],
    new('"s":{"S":[{"wildcard":"a*b"}]}'): [("undocumented-operator", W, "dynamodb.NewImage.s.S[0].wildcard")],
    new('"s":{"S":[{"cidr":"10.0.0.0/8"}]}'): [("undocumented-operator", W, "dynamodb.NewImage.s.S[0].cidr")],
    new('"s":{"S":[{"exactly":"x"}]}'): [("undocumented-operator", W, "dynamodb.NewImage.s.S[0].exactly")],
    new('"s":{"S":[{"anything-but":{"prefix":"x"}}]}'): [
        ("undocumented-operator", W, "dynamodb.NewImage.s.S[0].anything-but")
    ],
    '{"eventName":["INSERT"],"dynamodb":{"SizeBytes":[{"numeric":["<",6e9]}]}}': [
        ("numeric-bounds", W, "dynamodb.SizeBytes[0].numeric")
    ],
    '{"eventName":["MODIFY"],"eventName":["INSERT"]}': [("repeated-key", W, "eventName")],
    '{"eventName":["INSERT"],"$or":[{"eventName":["INSERT"]},{"awsRegion":["x"]}]}': [
        ("repeated-key", W, "$or[0].eventName")
    ],
}  # fmt: skip


@pytest.mark.parametrize(("pattern", "expected"), JUDGED.items())
def test_every_fault_is_told_with_its_place(
    pattern: str, expected: list[tuple[str, LintSeverity, str]]
) -> None:
    found = lint([pattern]).findings
    assert sorted((f.rule, f.severity, dotted(f.path)) for f in found) == sorted(expected)
    for finding in found:
        assert finding.filter == 1
        if finding.path:
            assert finding.position is not None
            assert 0 <= finding.position <= len(pattern)


def only(report: LintReport) -> LintFinding:
    (finding,) = report.findings
    return finding


@pytest.mark.parametrize(
    ("view", "image", "rule"),
    [
        (StreamView.KEYS_ONLY, "NewImage", "view-type"),
        (StreamView.OLD_IMAGE, "NewImage", "view-type"),
        (StreamView.NEW_IMAGE, "NewImage", None),
        (StreamView.NEW_AND_OLD_IMAGES, "NewImage", None),
        (StreamView.KEYS_ONLY, "Keys", None),
    ],
)
def test_a_view_type_decides_which_images_there_are(view: StreamView, image: str, rule: str | None) -> None:
    pattern = "{" + INSERT + ',"dynamodb":{"' + image + '":{"s":{"S":["x"]}}}}'
    findings = lint([pattern], KnownStream(view=view)).findings
    assert [finding.rule for finding in findings] == ([rule] if rule else [])


def test_an_image_that_the_view_type_lacks_is_always_absent() -> None:
    pattern = "{" + INSERT + ',"dynamodb":{"NewImage":{"s":{"S":[{"exists":false}]}}}}'
    assert only(lint([pattern], KnownStream(view=StreamView.KEYS_ONLY))).rule == "always-true"


@pytest.mark.parametrize(
    ("field", "rule", "hint"),
    [
        ('"Keys":{"pk":{"S":["x"]}}', None, None),
        ('"Keys":{"id":{"S":["x"]}}', "not-a-key", "The key is pk (S), sk (N)."),
        ('"Keys":{"sk":{"S":["x"]}}', "key-type", "Write N."),
        ('"NewImage":{"pk":{"N":["1"]}}', "key-type", "Write S."),
        ('"NewImage":{"id":{"S":["x"]}}', None, None),
        ('"Keys":{"pk":{"S":[{"exists":true}]}}', "always-true", "Remove it."),
    ],
)
def test_the_tables_key_is_known(field: str, rule: str | None, hint: str | None) -> None:
    pattern = "{" + INSERT + ',"dynamodb":{' + field + "}}"
    findings = lint([pattern], KnownStream(key=parse_key("pk:S,sk:N"))).findings
    assert [(finding.rule, finding.hint) for finding in findings] == ([(rule, hint)] if rule else [])


def test_the_summary_says_insert_only_and_shows_a_counterexample() -> None:
    report = lint(["{" + INSERT + "}", '{"awsRegion":["eu-west-1"]}', "{"])
    first, second, third = report.filters
    assert (first.insert_only, first.takes_inserts, first.counterexample) == (True, True, None)
    assert second.insert_only is False
    assert second.counterexample is not None
    assert compile_pattern(second.pattern).matches(second.counterexample.example)
    assert (third.valid, third.insert_only) == (False, None)
    assert not report.insert_only


def test_a_mapping_takes_five_filters_and_ten_with_a_raised_quota() -> None:
    def rules(count: int) -> list[tuple[str, LintSeverity]]:
        patterns = ["{" + INSERT + f',"awsRegion":["r{number}"]}}' for number in range(count)]
        return [(finding.rule, finding.severity) for finding in lint(patterns).findings]

    assert rules(5) == []
    assert rules(6) == [("too-many-filters", W)]
    assert rules(10) == [("too-many-filters", W)]
    assert rules(11) == [("too-many-filters", E)]


def test_a_pattern_has_at_most_4096_characters() -> None:
    fitting = "{" + INSERT + ',"awsRegion":["' + "x" * 4055 + '"]}'
    assert len(fitting) == 4096
    assert lint([fitting]).findings == ()
    assert only(lint([fitting + " "])).rule == "too-long"


@pytest.mark.parametrize(
    ("patterns", "superfluous"),
    [
        (["{" + INSERT + "}", "{" + INSERT + ',"awsRegion":["x"]}'], [2]),
        (["{" + INSERT + ',"awsRegion":["x"]}', "{" + INSERT + "}"], [1]),
        (["{" + INSERT + "}", '{"eventName": [{"exactly":"INSERT"}]}'], [2]),
        ([new('"s":{"S":["ab"]}'), new('"s":{"S":[{"prefix":"a"}]}')], [1]),
        ([new('"s":{"S":["ab"]}'), new('"s":{"S":["b"]}')], []),
        (['{"$or":[{"awsRegion":["x"]},{"awsRegion":["y"]}]}', '{"awsRegion":["x"]}'], [2]),
    ],
)
def test_a_filter_that_another_one_covers_is_superfluous(patterns: list[str], superfluous: list[int]) -> None:
    findings = lint(patterns).findings
    assert [finding.filter for finding in findings if finding.rule == "subsumed-filter"] == superfluous


# --- no false alarm ---------------------------------------------------------------------------------------


def test_implication_never_says_too_much() -> None:
    rng = random.Random(1)  # noqa: S311 - reproducible, not secret
    shown = 0
    for _ in range(6_000):
        lists = [[random_condition(rng) for _ in range(rng.randint(1, 2))] for _ in range(2)]
        narrow, wide = (parse(json.dumps({"a": one})).nodes[0] for one in lists)
        assert hasattr(narrow, "conditions")
        assert hasattr(wide, "conditions")
        for condition in narrow.conditions:
            if not implied(condition, wide.conditions):
                continue
            shown += 1
            leaves = list(candidates(condition))
            inside = [leaf for leaf in leaves if any_of([condition])(leaf)]
            assert all(map(any_of(wide.conditions), inside)), (condition, lists)
    assert shown > 300


def test_covering_never_says_too_much() -> None:
    wide, narrow = (parse(text) for text in ('{"a":["x"],"b":["y"]}', '{"a":["x"]}'))
    assert covers(narrow, wide)
    assert not covers(wide, narrow)


def test_conditions_are_written_as_they_were_read() -> None:
    rng = random.Random(2)  # noqa: S311 - reproducible, not secret
    for _ in range(1_500):
        text = json.dumps({"a": [random_condition(rng) for _ in range(3)]})
        (field,) = parse(text).nodes
        assert hasattr(field, "conditions")
        (again,) = parse('{"a":' + conditions_text(field.conditions) + "}").nodes
        assert again == field, text


ATTRIBUTES: list[tuple[str, Any]] = [
    *(("S", text) for text in ("a", "ab", "", "1", "true", "NEW", "new")),
    *(("N", text) for text in ("0", "1", "-1", "300", "0.5", "42", "1.5")),
    ("BOOL", True),
    ("BOOL", False),
    ("NULL", True),
    ("SS", ["a", "b"]),
    ("NS", ["1", "300"]),
    ("B", "AQID"),
    ("M", {"k": {"S": "a"}}),
    ("L", [{"S": "a"}, {"M": {"k": {"N": "1"}}}]),
    ("L", []),
]


def _insert(rng: random.Random) -> dict[str, Any]:
    image = {name: dict([rng.choice(ATTRIBUTES)]) for name in ("a", "b", "a.b", "x") if rng.random() < 0.8}
    change = {
        "Keys": {"pk": {"S": rng.choice(["a", "ab"])}},
        "NewImage": image,
        "SizeBytes": rng.randint(1, 400),
        "SequenceNumber": "100000000000000000001",
        "ApproximateCreationDateTime": 1767225600.0,
        "StreamViewType": "NEW_IMAGE",
    }
    rest = {
        "eventID": "0" * 32,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
    }
    return {"eventName": "INSERT", **rest, "eventSourceARN": "arn:aws:dynamodb:x", "dynamodb": change}


def _field(rng: random.Random) -> dict[str, Any]:
    conditions = [
        rng.choice([random_condition(rng), rng.choice(ATTRIBUTES)[1]]) for _ in range(rng.randint(1, 2))
    ]
    usable = [one for one in conditions if not isinstance(one, list) and one != {"k": {"S": "a"}}] or ["a"]
    letter = rng.choice(["S", "N", "BOOL", "NULL", "SS", "NS", "B"])
    name = rng.choice(["a", "b", "a.b", "x"])
    shapes: list[dict[str, Any]] = [
        {"dynamodb": {"NewImage": {name: {letter: usable}}}},
        {"dynamodb": {"NewImage": {name: {"M": {"k": {letter: usable}}}}}},
        {"dynamodb": {"NewImage": {name: {"L": {letter: usable}}}}},
        {"dynamodb": {"NewImage": {name: usable}}},
        {"dynamodb": {"Keys": {"pk": {rng.choice(["S", "N"]): usable}}}},
        {"dynamodb": {rng.choice(["SizeBytes", "SequenceNumber", "StreamViewType", "OldImage"]): usable}},
        {rng.choice(["eventName", "eventSource", "awsRegion", "eventname", "body"]): usable},
    ]
    return rng.choice(shapes)


@pytest.mark.nightly
def test_what_is_said_never_to_match_never_matches() -> None:
    rng = random.Random(3)  # noqa: S311 - reproducible, not secret
    inserts = [_insert(rng) for _ in range(60)]
    said = {"never": 0, "always": 0, "fine": 0}
    for _ in range(800):
        pattern = _field(rng)
        text = json.dumps(pattern)
        report = lint([text])
        rules = {finding.rule for finding in report.findings if finding.severity is not N}
        if "invalid" in rules:
            continue
        matches = list(map(compile_pattern(text).matches, inserts))
        if report.count(E):
            said["never"] += 1
            assert not any(matches), (text, report.findings)
        elif "always-true" in rules:
            said["always"] += 1
            assert all(matches), (text, report.findings)
        else:
            said["fine"] += 1
        assert report.filters[0].takes_inserts or not any(matches), text
    assert all(count > 20 for count in said.values()), said
