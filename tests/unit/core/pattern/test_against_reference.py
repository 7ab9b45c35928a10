"""The engine against a second implementation that shares nothing with it, on generated patterns and records."""

from __future__ import annotations

import json
import random
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ddbinsert.core.pattern.compiled import compile_nodes
from ddbinsert.core.pattern.exact import exact_matcher
from ddbinsert.core.pattern.matcher import compile_pattern
from ddbinsert.core.pattern.rules import rules_of
from tests.examples import examples, seeds
from tests.unit.random_patterns import pattern as random_pattern
from tests.unit.random_patterns import record as random_record
from tests.unit.reference_pattern import reference_matches

# Few and colliding on purpose: chance must meet again what it wrote.
KEYS = st.sampled_from(["a", "b", "c", "a.b", "b.c", "x", "$or", ""])
FIELD_KEYS = st.sampled_from(["a", "b", "c", "a.b", "b.c", "x", ""])
STRINGS = st.sampled_from(
    ["", "a", "A", "ab", "aB", "abc", "*", "a*b", "\\", "10.0.0.7", "::1", "ß", "SS", "1", "null"]
)
NUMBERS = st.sampled_from([0, 1, -1, 2, 300, 0.5, 0.1, 1e3, -2.5, 5_000_000_001])
EXACT_NUMBERS = st.one_of(NUMBERS, st.sampled_from([2**53 + 1, 2**53, 10**30, 0.30000000000000004]))
LEAVES = st.one_of(STRINGS, EXACT_NUMBERS, st.booleans(), st.none())

RECORDS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(KEYS, inner, max_size=3),
        st.dictionaries(KEYS, inner, max_size=3),
    ),
    max_leaves=10,
).map(lambda value: value if isinstance(value, dict) else {"a": value})

WILDCARDS = st.sampled_from(["*", "a*", "*b", "*b*", "a*b", "a*b*c", "", "ab", "\\*", "\\\\*", "a\\*b"])
COMPARISONS = st.one_of(
    st.tuples(st.sampled_from(["=", "<", "<=", ">", ">="]), NUMBERS).map(list),
    st.tuples(
        st.sampled_from([">", ">="]), st.just(0), st.sampled_from(["<", "<="]), st.sampled_from([1, 2, 300])
    ).map(list),
)
NONEMPTY = STRINGS.filter(bool)
ANYTHING_BUT = st.one_of(
    STRINGS,
    NUMBERS,
    st.lists(STRINGS, min_size=1, max_size=3),
    st.lists(NUMBERS, min_size=1, max_size=3),
    *(
        st.fixed_dictionaries({operator: st.one_of(texts, st.lists(texts, min_size=1, max_size=2))})
        for operator, texts in {
            "prefix": NONEMPTY,
            "suffix": NONEMPTY,
            "equals-ignore-case": STRINGS,
            "wildcard": WILDCARDS,
        }.items()
    ),
)
AFFIXES = st.one_of(STRINGS, st.fixed_dictionaries({"equals-ignore-case": STRINGS}))
CONDITIONS = st.one_of(
    LEAVES,
    st.fixed_dictionaries({"exists": st.booleans()}),
    st.fixed_dictionaries({"prefix": AFFIXES}),
    st.fixed_dictionaries({"suffix": AFFIXES}),
    st.fixed_dictionaries({"equals-ignore-case": STRINGS}),
    st.fixed_dictionaries({"wildcard": WILDCARDS}),
    st.fixed_dictionaries({"cidr": st.sampled_from(["10.0.0.0/24", "10.0.0.0/30", "::/64"])}),
    st.fixed_dictionaries({"numeric": COMPARISONS}),
    st.fixed_dictionaries({"anything-but": ANYTHING_BUT}),
)
LISTS = st.lists(CONDITIONS, min_size=1, max_size=3)


def objects(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    fields = st.dictionaries(FIELD_KEYS, st.one_of(LISTS, inner), min_size=1, max_size=3)
    alternatives = st.lists(inner, min_size=2, max_size=3)
    return st.one_of(
        fields,
        st.tuples(fields, alternatives).map(lambda both: {**both[0], "$or": both[1]}),
        st.tuples(fields, alternatives).map(lambda both: {"$or": both[1], **both[0]}),
        alternatives.map(lambda branches: {"$or": branches}),
    )


PATTERNS = st.recursive(st.dictionaries(FIELD_KEYS, LISTS, min_size=1, max_size=3), objects, max_leaves=6)


@pytest.mark.parametrize("seed", seeds(8))
def test_thousands_of_random_pairs_agree_too(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311  # reproducible, not secret
    matched = 0
    for _ in range(150):
        pattern = random_pattern(rng, depth=rng.choice([0, 2]))
        text = json.dumps(pattern)
        matcher = compile_pattern(text)
        for record in (random_record(rng) for _ in range(5)):
            expected = reference_matches(pattern, record)
            assert matcher.matches(record) is expected, (text, record)
            matched += expected
    assert matched > 30  # else chance tests nothing


@examples(150)
@given(pattern=PATTERNS, record=RECORDS)
@example(pattern={"d": {"a": [1], "b": [{"exists": False}]}}, record={"d": [{"a": 1}, {"b": 1}]})
@example(pattern={"d": {"a": [{"exists": False}], "b": [1]}}, record={"d": [{"a": 1}, {"b": 1}]})
@example(pattern={"a": [1], "$or": [{"a": [2]}, {"b": [3]}]}, record={"a": 2})
@example(pattern={"a": {"b": [1]}, "a.b": [2]}, record={"a": {"b": 1}})
def test_the_engine_agrees_with_a_naive_implementation(pattern: dict[str, Any], record: Any) -> None:
    text = json.dumps(pattern)
    expected = reference_matches(pattern, record)
    assert compile_pattern(text).matches(record) is expected
    assert compile_pattern(pattern).matches(record) is expected


@examples(100)
@given(pattern=PATTERNS, record=RECORDS)
def test_the_fast_road_and_the_exact_one_agree(pattern: dict[str, Any], record: Any) -> None:
    nodes = compile_pattern(pattern).pattern.nodes
    exact = exact_matcher([tuple(rule.values()) for rule in rules_of(nodes)])
    assert compile_nodes(nodes)(record) is exact(record)


@examples(100)
@given(pattern=PATTERNS, record=RECORDS)
def test_numbers_read_as_decimals_match_like_floats(pattern: dict[str, Any], record: Any) -> None:
    as_decimals = json.loads(json.dumps(record), parse_float=Decimal, parse_int=Decimal)
    matcher = compile_pattern(pattern)
    assert matcher.matches(as_decimals) is matcher.matches(record)


@examples(100)
@given(
    pattern=PATTERNS,
    record=st.recursive(
        st.one_of(
            LEAVES, st.binary(max_size=3), st.floats(), st.sets(st.integers(), max_size=2), st.just(object())
        ),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.tuples(inner, inner),
            st.dictionaries(st.one_of(KEYS, st.integers(), st.none()), inner, max_size=3),
        ),
        max_leaves=8,
    ),
)
def test_no_record_makes_the_matcher_raise(pattern: dict[str, Any], record: Any) -> None:
    assert compile_pattern(pattern).matches(record) in (True, False)
