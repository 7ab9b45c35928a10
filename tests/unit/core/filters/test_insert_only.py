"""Only inserts: decided for any pattern, with a counterexample; and ANDed into any pattern, no wider, no narrower."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from ddbinsert.core.filters.insert_only import INSERT_ONLY, insert_patterns, is_insert_only, leaks
from ddbinsert.core.filters.reach.answer import KnownStream, Passes
from ddbinsert.core.filters.reach.reach import passing
from ddbinsert.core.model.record import EventName, KeyAttribute, KeySchema, KeyType, StreamView
from ddbinsert.core.pattern.matcher import PatternError, compile_pattern, parse
from tests.examples import seeds
from tests.unit.random_patterns import condition as random_condition
from tests.unit.random_patterns import pattern as random_pattern
from tests.unit.random_patterns import record as random_record

KEYS = '"dynamodb":{"Keys":{"pk":{"S":["a"]}}}'
IMAGE = '"dynamodb":{"NewImage":{"s":{"S":["NEW"]}}}'

ONLY_INSERTS = [
    '{"eventName":["INSERT"]}',
    '{"eventName":[{"prefix":"I"}]}',
    '{"eventName":[{"suffix":"ERT"}]}',
    '{"eventName":[{"equals-ignore-case":"insert"}]}',
    '{"eventName":[{"wildcard":"IN*T"}]}',
    '{"eventName":[{"anything-but":["MODIFY","REMOVE"]}]}',
    '{"eventName":[{"anything-but":{"wildcard":["MO*","RE*"]}}]}',
    '{"eventName":["INSERT",{"exists":false}]}',
    '{"eventName":[{"exactly":"INSERT"}],' + IMAGE + "}",
    '{"$or":[{"eventName":["INSERT"]},{"eventName":[{"prefix":"INS"}]}]}',
    '{"eventName":["MODIFY"],"$or":[{"eventName":["INSERT"],"a":["x"]},{"eventName":["INSERT"],"b":["y"]}]}',
    '{"eventName":["MODIFY"],"eventName":["INSERT"]}',
    # Nothing passes, so no MODIFY does.
    '{"eventName":["insert"]}',
    '{"eventName":[{"exists":false}]}',
    '{"eventName":[null]}',
    '{"eventName":[{"numeric":[">",0]}]}',
    '{"eventName":["MODIFY"],"a":[1e999999999]}',
]

LEAKS = [
    '{"eventName":["INSERT","MODIFY"]}',
    '{"eventName":["REMOVE"]}',
    '{"eventName":[{"exists":true}]}',
    '{"eventName":[{"prefix":""}]}',
    '{"eventName":[{"anything-but":"MODIFY"}]}',
    '{"eventName":[{"anything-but":"MODIFY"},{"anything-but":"REMOVE"}]}',
    '{"eventName":[{"anything-but":{"prefix":"REM"}}]}',
    '{"eventName":["INSERT",{"wildcard":"*O*"}]}',
    "{" + KEYS + "}",
    "{" + IMAGE + "}",
    '{"$or":[{"eventName":["INSERT"]},{' + KEYS + "}]}",
    '{"eventName":["INSERT"],"$or":[{"eventName":["MODIFY"]},{' + KEYS + "}]}",
    '{"eventName":["INSERT"],"eventName":["MODIFY"]}',
    '{"eventSource":["aws:dynamodb"]}',
    '{"userIdentity":{"type":["Service"],"principalId":["dynamodb.amazonaws.com"]}}',
    '{"dynamodb":{"OldImage":[{"exists":false}]}}',
    '{"dynamodb":{"OldImage":{"pk":{"S":[{"exists":false}]}}}}',
    '{"dynamodb":{"SizeBytes":[{"numeric":[">",100,"<",200]}]}}',
    '{"dynamodb":{"StreamViewType":["KEYS_ONLY"]}}',
    '{"dynamodb":{"NewImage":{"l":{"L":{"M":{"a":{"SS":["x"]}}}}}}}',
    '{"dynamodb":{"NewImage":{"a.b":{"S":["x"]},"a":{"S":["y"]}}}}',
    '{"dynamodb":{"Keys":{"pk":{"S":[{"prefix":"A"}]}},"NewImage":{"pk":{"S":[{"exists":true}]}}}}',
    '{"dynamodb":{"NewImage":{"n":{"N":[{"anything-but":["42","7"]}]}}}}',
]

NEVER_WRITTEN = [
    '{"a":["x"]}',
    '{"dynamodb":{"NewImage":{"n":{"N":[{"numeric":[">",5]}]}}}}',
    '{"dynamodb":{"NewImage":{"status":["NEW"]}}}',
    '{"eventSource":["aws:sqs"]}',
    '{"dynamodb":{"NewImage":{"f":{"NULL":[false]}}}}',
    '{"dynamodb":{"NewImage":{"f":{"S":["x"],"N":["1"]}}}}',
    '{"eventName":["REMOVE"],' + IMAGE + "}",
    '{"eventName":["MODIFY"],"userIdentity":{"type":["Service"]}}',
    '{"dynamodb":{"Keys":{"a":{"S":["1"]},"b":{"S":["1"]},"c":{"S":["1"]}}}}',
    '{"dynamodb":{"SizeBytes":[{"exists":false}]}}',
]


@pytest.mark.parametrize("pattern", ONLY_INSERTS)
def test_a_pattern_that_no_modify_and_no_remove_can_pass_is_insert_only(pattern: str) -> None:
    assert is_insert_only(pattern)
    assert leaks((pattern,)).passes is Passes.NO


@pytest.mark.parametrize("pattern", LEAKS)
def test_a_leaking_pattern_is_shown_with_a_record_that_dynamodb_can_write(pattern: str) -> None:
    found = leaks((pattern,))
    assert not is_insert_only(pattern)
    assert found.record is not None, found.reason
    assert found.record["eventName"] == found.event in ("MODIFY", "REMOVE")
    assert compile_pattern(pattern).matches(json.loads(json.dumps(found.record)))


@pytest.mark.parametrize("pattern", NEVER_WRITTEN)
def test_a_pattern_that_matches_only_what_dynamodb_never_writes_leaks_nothing(pattern: str) -> None:
    found = leaks((pattern,))
    assert found.passes is Passes.NO
    assert found.reason


@pytest.mark.parametrize(
    "pattern", ["", "{", "{}", "[]", '{"eventName":"INSERT"}', '{"eventName":[]}', "null"]
)
def test_what_aws_refuses_is_not_called_insert_only(pattern: str) -> None:
    assert not is_insert_only(pattern)
    with pytest.raises(PatternError):
        leaks((pattern,))


def test_a_counterexample_has_the_tables_key_and_the_streams_images() -> None:
    key = KeySchema(
        partition=KeyAttribute(name="pk", type=KeyType.S), sort=KeyAttribute(name="sk", type=KeyType.N)
    )
    found = passing(
        parse('{"dynamodb":{"Keys":{"pk":{"S":[{"prefix":"ORDER#"}]}}}}'),
        EventName.MODIFY,
        KnownStream(key=key, view=StreamView.NEW_IMAGE),
    )
    stream_record = found.example["dynamodb"]
    assert stream_record["Keys"] == {"pk": {"S": "ORDER#"}, "sk": {"N": "42"}}
    assert stream_record["NewImage"].items() >= stream_record["Keys"].items()
    assert "OldImage" not in stream_record
    assert stream_record["StreamViewType"] == "NEW_IMAGE"


def test_without_filters_of_the_users_there_is_one_for_inserts() -> None:
    assert insert_patterns() == (INSERT_ONLY,)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("{" + KEYS + "}", '{"eventName":["INSERT"],' + KEYS + "}"),
        ('{"eventName":["INSERT"],' + KEYS + "}", '{"eventName":["INSERT"],' + KEYS + "}"),
        ("{" + KEYS + ',"eventName":["INSERT","MODIFY"]}', '{"eventName":["INSERT"],' + KEYS + "}"),
        ('{"eventName":[{"anything-but":"REMOVE"}]}', INSERT_ONLY),
        ('{"eventName":[{"prefix":"I"}]}', INSERT_ONLY),
        # Every INSERT passes one of the branches.
        ('{"$or":[{"eventName":["INSERT"]},{' + KEYS + "}]}", INSERT_ONLY),
        # One branch can't pass: the other is all that is left.
        (
            '{"$or":[{"eventName":["MODIFY"]},{' + KEYS + "}]}",
            '{"eventName":["INSERT"],' + KEYS + "}",
        ),
        (
            '{"$or":[{"eventName":["INSERT"],' + IMAGE + '},{"eventName":["MODIFY"]},{' + KEYS + "}]}",
            '{"eventName":["INSERT"],"$or":[{' + IMAGE + "},{" + KEYS + "}]}",
        ),
        # The branch's eventName replaces the one before it, as with AWS.
        (
            '{"eventName":["MODIFY"],"$or":[{"eventName":["INSERT"],"awsRegion":["x"]},{"a":["b"]}]}',
            '{"eventName":["INSERT"],"awsRegion":["x"]}',
        ),
        (
            '{"eventName":["INSERT"],"$or":[{"eventName":["MODIFY"]},{"a":["b"]}]}',
            '{"eventName":["INSERT"],"a":["b"]}',
        ),
        # Keys of both are brought together, so that no reader of JSON loses one.
        (
            "{" + KEYS + ',"$or":[{"eventName":["INSERT"],' + IMAGE + '},{"eventName":["REMOVE"]}]}',
            '{"eventName":["INSERT"],"dynamodb":{"Keys":{"pk":{"S":["a"]}},"NewImage":{"s":{"S":["NEW"]}}}}',
        ),
        ('{"a":{"b":["x"]},"a":{"c":["y"]}}', '{"eventName":["INSERT"],"a":{"b":["x"],"c":["y"]}}'),
        ('{"a":[3e2, 1.50]}', '{"eventName":["INSERT"],"a":[3e2,1.50]}'),
        ('{"a":["é\\ud83d"]}', '{"eventName":["INSERT"],"a":["\\u00e9\\ud83d"]}'),
        ('{"a":["é"]}', '{"eventName":["INSERT"],"a":["é"]}'),
    ],
)
def test_insert_is_anded_in(pattern: str, expected: str) -> None:
    assert insert_patterns([pattern]) == (expected,)
    assert is_insert_only(expected)


def test_the_same_filter_twice_is_one() -> None:
    assert insert_patterns(["{" + KEYS + "}", "{" + KEYS + ',"eventName":["INSERT"]}']) == (
        '{"eventName":["INSERT"],' + KEYS + "}",
    )


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ('{"eventName":["MODIFY"]}', ("eventName",)),
        ('{"eventName":["insert"]}', ("eventName",)),
        ('{"$or":[{"eventName":["MODIFY"]},{"eventName":["REMOVE"]}]}', ("$or", 0, "eventName")),
        ('{"dynamodb":{"OldImage":{"s":{"S":["x"]}}}}', ("dynamodb", "OldImage", "s", "S")),
        ('{"dynamodb":{"OldImage":[{"exists":true}]}}', ("dynamodb", "OldImage")),
    ],
)
def test_a_filter_that_no_insert_passes_is_refused_at_its_place(pattern: str, path: tuple[Any, ...]) -> None:
    with pytest.raises(PatternError, match="No INSERT passes") as caught:
        insert_patterns([pattern])
    assert caught.value.path == path
    assert caught.value.position is not None


def test_a_filter_that_gets_too_long_is_refused_with_its_length() -> None:
    fitting = '{"a":["' + "x" * 4063 + '"]}'
    assert len(insert_patterns([fitting])[0]) == 4096
    with pytest.raises(PatternError, match="4097 characters"):
        insert_patterns([fitting.replace('"]', 'x"]')])


@pytest.mark.parametrize("seed", seeds(6))
def test_any_pattern_is_decided_rightly_and_narrowed_exactly(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - reproducible, not secret
    seen = {"only": 0, "leak": 0, "refused": 0, "passed": 0}
    for _ in range(120):
        text = json.dumps(_with_event_names(random_pattern(rng, depth=1), rng))
        if len(text) > 1_000:
            continue  # its rules may well be too long for one pattern
        matches = compile_pattern(text).matches
        records = [{**random_record(rng), "eventName": event.value} for event in EventName for _ in range(6)]
        found = leaks((text,))
        seen["leak" if found.passes is Passes.YES else "only"] += 1
        if found.passes is Passes.YES:
            assert matches(found.example), text
        try:
            narrow = insert_patterns([text])[0]
        except PatternError as error:
            refused = error.message
        else:
            refused = ""
        if refused:
            assert "No INSERT passes" in refused, (text, refused)
            assert not any(matches(record) for record in records if record["eventName"] == "INSERT"), text
            seen["refused"] += 1
            continue
        assert is_insert_only(narrow), (text, narrow)
        narrowed, read_as_json = compile_pattern(narrow), compile_pattern(json.loads(narrow))
        for record in records:
            expected = matches(record) and record["eventName"] == "INSERT"
            assert narrowed.matches(record) is expected, (text, narrow, record)
            assert read_as_json.matches(record) is expected, (text, narrow, record)
            seen["passed"] += expected
    assert all(count > 5 for count in seen.values()), seen


def _with_event_names(pattern: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """The pattern with conditions on eventName strewn in, at the top and inside `$or`s."""
    names = ["INSERT", "MODIFY", "REMOVE", {"anything-but": "REMOVE"}, {"prefix": "I"}, {"exists": True}]
    entries = []
    for key, value in pattern.items():
        if key == "$or" and isinstance(value, list) and all(isinstance(item, dict) for item in value):
            entries.append((key, [_with_event_names(item, rng) for item in value]))
        else:
            entries.append((key, value))
    if rng.random() < 0.45:
        conditions = [rng.choice([*names, random_condition(rng)]) for _ in range(rng.randint(1, 2))]
        entries.insert(rng.randint(0, len(entries)), ("eventName", conditions))
    return dict(entries)
