"""What is said to be otherwise on the embedded emulator is so, by its own matcher; and nothing else is."""

from __future__ import annotations

import importlib
import json
from typing import Any

import pytest

from ddbinsert.core.filters.emulator_gaps import emulator_gaps
from ddbinsert.core.pattern.matcher import compile_pattern, parse

IMAGE = {
    "s": {"S": "NEW"},
    "n": {"N": "5"},
    "t": {"SS": ["a"]},
    "l": {"L": [{"S": "a"}]},
    "m": {"M": {"k": {"S": "a"}}},
    "f": {"BOOL": True},
}
RECORD = {
    "eventName": "INSERT",
    "dynamodb": {"Keys": {"pk": {"S": "ORDER#1"}}, "NewImage": IMAGE, "SizeBytes": 5},
}


def emulated(pattern: str) -> bool | None:
    pytest.importorskip("ministack")
    matcher = importlib.import_module("ministack.services.lambda_svc")._match_esm_filter
    try:
        return bool(matcher(RECORD, json.loads(pattern)))
    except TypeError:
        return None


def new(attribute: str) -> str:
    return '{"dynamodb":{"NewImage":{' + attribute + "}}}"


@pytest.mark.parametrize(
    ("pattern", "gap"),
    [
        ('{"$or":[{"eventName":["INSERT"]},{"eventName":["MODIFY"]}]}', "`$or`"),
        (new('"t":{"SS":["a"]}'), "sets and lists"),
        (new('"l":{"L":{"S":["a"]}}'), "sets and lists"),
        (new('"x":{"S":[{"exists":false}]}'), "`exists: false`"),
        (new('"s":{"S":[{"equals-ignore-case":"new"}]}'), "`equals-ignore-case`"),
        (new('"s":{"S":[{"prefix":{"equals-ignore-case":"n"}}]}'), "`equals-ignore-case`"),
        (new('"s":{"S":[{"wildcard":"N*"}]}'), "`wildcard`"),
        (new('"s":{"S":[{"exactly":"NEW"}]}'), "`exactly`"),
        (new('"s":{"S":[{"anything-but":{"prefix":"N"}}]}'), "operators inside `anything-but`"),
    ],
)
def test_a_gap_is_one(pattern: str, gap: str) -> None:
    assert emulator_gaps(parse(pattern)) == (gap,)
    assert emulated(pattern) is not compile_pattern(pattern).matches(RECORD)


@pytest.mark.parametrize(
    "pattern",
    [
        '{"eventName":["INSERT"]}',
        '{"eventName":["MODIFY"]}',
        '{"eventName":[{"prefix":"I"}],"dynamodb":{"Keys":{"pk":{"S":[{"suffix":"#1"}]}}}}',
        new('"s":{"S":[{"anything-but":["OLD"]}]}'),
        new('"m":{"M":{"k":{"S":["a"]}}}'),
        new('"f":{"BOOL":[true]}'),
        new('"n":{"N":["5"]}'),
        new('"s":{"S":[{"exists":true}]}'),
        '{"dynamodb":{"SizeBytes":[{"numeric":[">",1,"<",9]}]}}',
    ],
)
def test_where_no_gap_is_told_both_agree(pattern: str) -> None:
    found: Any = emulator_gaps(parse(pattern))
    assert found == ()
    assert emulated(pattern) is compile_pattern(pattern).matches(RECORD)
