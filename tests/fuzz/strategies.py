"""Structured inputs: patterns, and JSON of any form."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

_FIELDS = st.sampled_from(
    ["eventName", "dynamodb", "Keys", "NewImage", "OldImage", "pk", "status", "S", "N", "n", "a.b", ""]
)
_WORDS = st.sampled_from(["INSERT", "MODIFY", "REMOVE", "NEW", "", "ORDER#1", "ß", "1", "*", "O*1"])
_LEAVES = st.one_of(
    _WORDS, st.integers(-2, 2), st.sampled_from([0.5, 1e3, 2**53 + 1]), st.booleans(), st.none()
)
_OPERATORS = st.one_of(
    _LEAVES,
    st.builds(
        lambda name, value: {name: value},
        st.sampled_from(["prefix", "suffix", "wildcard", "equals-ignore-case"]),
        _WORDS,
    ),
    st.builds(lambda value: {"exists": value}, st.booleans()),
    st.builds(lambda value: {"anything-but": value}, st.one_of(_WORDS, st.lists(_WORDS, max_size=2))),
    st.builds(
        lambda sign, value: {"numeric": [sign, value]},
        st.sampled_from(["<", "<=", "=", ">", ">="]),
        st.integers(-2, 50),
    ),
    st.builds(lambda value: {"cidr": value}, st.sampled_from(["10.0.0.0/8", "::/64", "x"])),
)
_LISTS = st.lists(_OPERATORS, min_size=1, max_size=3)
PATTERN_TREES = st.recursive(
    st.dictionaries(_FIELDS, _LISTS, min_size=1, max_size=3),
    lambda inner: st.one_of(
        st.dictionaries(_FIELDS, st.one_of(_LISTS, inner), min_size=1, max_size=3),
        st.builds(
            lambda fields, branches: {**fields, "$or": branches},
            inner,
            st.lists(inner, min_size=2, max_size=3),
        ),
    ),
    max_leaves=6,
)
VALUES = st.recursive(
    st.one_of(_LEAVES, st.text(max_size=5), st.integers(), st.floats(allow_nan=False)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(_FIELDS, st.text(max_size=3)), inner, max_size=3),
    ),
    max_leaves=10,
)


def as_json(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[bytes]:
    return st.builds(
        lambda value, indent: json.dumps(value, indent=indent).encode(), strategy, st.sampled_from([None, 1])
    )
