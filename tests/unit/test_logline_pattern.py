"""The pattern that CloudWatch narrows a look with: never one that a line with the text could fail."""

from __future__ import annotations

import pytest

from ddbinsert.aws.logs import _pattern
from ddbinsert.core.model import KeyAttribute, KeySchema, KeyType
from ddbinsert.core.probe_key import needles


@pytest.mark.parametrize(
    ("texts", "on_aws", "elsewhere"),
    [
        ((), None, None),
        (("order-7",), '"order-7"', '"order-7"'),
        (("order 7",), '"order 7"', None),
        (("one", "two"), '?"one" ?"two"', None),
        (('say "x"',), None, None),
        (("back\\slash",), None, None),
        (("Umläut",), None, None),
        (("tab\there",), None, None),
        ((" padded",), None, None),
        (("",), None, None),
        (("one", ""), None, None),
        (("x" * 1023,), None, None),
    ],
)
def test_a_pattern_is_sent_only_where_it_is_sure_to_let_the_text_pass(
    texts: tuple[str, ...], on_aws: str | None, elsewhere: str | None
) -> None:
    assert _pattern(texts, is_aws=True) == on_aws
    assert _pattern(texts, is_aws=False) == elsewhere


@pytest.mark.parametrize("kind", list(KeyType))
def test_on_aws_the_lines_of_a_test_run_are_always_narrowed_down_to(kind: KeyType) -> None:
    schema = KeySchema(partition=KeyAttribute(name="pk", type=kind))
    texts = needles(schema, "0123456789ab")
    pattern = _pattern(texts, is_aws=True)
    assert pattern is not None
    assert all(f'"{text}"' in pattern for text in texts)
