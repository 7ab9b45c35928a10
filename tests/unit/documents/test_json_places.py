"""Places in JSON texts: every value and key is found where it stands, however often its name occurs elsewhere."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbinsert.documents.json_document import read_json_document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddbinsert.documents.source import Path

_NAMES = st.sampled_from(["a", "Pattern", "a.b", ",", ":", '"', "\\", "é", "{", "", "x y", ": true,"])
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | _NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=4),
    max_leaves=12,
)


def _paths(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    yield path, value
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for step, inner in members:
        yield from _paths(inner, (*path, step))


@given(_VALUES, st.sampled_from([None, 2]), st.booleans(), st.sampled_from(["", "\ufeff", " \n"]))
def test_every_value_is_found_where_it_stands(
    value: Any, indent: int | None, ascii_only: bool, before: str
) -> None:
    text = before + json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    places = read_json_document("f.json", text).places
    for path, expected in _paths(value):
        span = places.span(path)
        assert span is not None
        assert json.loads(text[span.start : span.end]) == expected
        key = places.key_span(path)
        if path and isinstance(path[-1], str):
            assert key is not None
            assert json.loads(text[key.start : key.end]) == path[-1]
            assert text[key.end : span.start].strip() == ":"


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        ('{"a":1,"b":{"a":2},"a":3}', ("a",), "3"),
        ('{"b":{"a":2},"a":3}', ("b", "a"), "2"),
        ('{"\\u0061":1,"b":{"a":2}}', ("a",), "1"),
        ('{"c":"\\"a\\":1","a":2}', ("a",), "2"),
        ('{"c":"a","a":2}', ("a",), "2"),
    ],
)
def test_a_name_that_occurs_elsewhere_is_not_mistaken(text: str, path: Path, value: str) -> None:
    span = read_json_document("f.json", text).places.span(path)
    assert span is not None
    assert text[span.start : span.end] == value


def test_what_is_not_there_has_no_place() -> None:
    places = read_json_document("f.json", '{"a":[1],"b":"c"}').places
    assert [places.span(path) for path in [("c",), ("a", 1), ("a", "x"), ("b", "c")]] == [None] * 4
