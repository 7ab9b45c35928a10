"""Test items' keys: found again in every form in which a stream, a receipt or a log line shows them."""

from __future__ import annotations

import base64
import json
from decimal import Decimal
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from hypothesis import given
from hypothesis import strategies as st

from ddbinsert.core.items.run_key import NUMBERS, key_of, mentions_in, needles, number_in, numbers_in
from ddbinsert.core.model.record import KeyAttribute, KeySchema, KeyType
from tests.examples import examples

RUN = "0123456789ab"
RUN_IDS = st.text("0123456789abcdef", min_size=12, max_size=12)
EVERY_NUMBER = st.integers(0, NUMBERS - 1)
TYPES = st.sampled_from(KeyType)
SCHEMAS = st.builds(
    lambda one, two: KeySchema(
        partition=KeyAttribute(name="pk", type=one), sort=KeyAttribute(name="sk", type=two) if two else None
    ),
    TYPES,
    st.none() | TYPES,
)
enough = examples(200)


def schema(kind: KeyType) -> KeySchema:
    return KeySchema(partition=KeyAttribute(name="pk", type=kind))


def as_lambda_logs_it(key: dict[str, dict[str, object]]) -> str:
    """The key as DynamoDB JSON in a log line: bytes are base64."""
    return json.dumps(key, default=lambda content: base64.b64encode(content).decode())


def test_the_keys_of_an_item_are_as_they_are_documented() -> None:
    assert key_of(schema(KeyType.S), RUN, 42) == {"pk": {"S": "ddbinsert:r0123456789ab:000000042"}}
    assert key_of(schema(KeyType.N), RUN, 42) == {"pk": {"N": "90012509998964910000000042"}}
    assert key_of(schema(KeyType.B), RUN, 42) == {"pk": {"B": b"ddbinsert:r0123456789ab:000000042"}}


@enough
@given(SCHEMAS, RUN_IDS, EVERY_NUMBER)
def test_a_key_is_found_again_as_dynamodb_and_as_lambda_show_it(
    keys: KeySchema, run: str, number: int
) -> None:
    key = key_of(keys, run, number)
    assert number_in(key, run) == number
    line = as_lambda_logs_it(key)
    assert numbers_in(line, run) == (number,)
    assert number_in(json.loads(line), run) == number


@enough
@given(SCHEMAS, RUN_IDS, EVERY_NUMBER)
def test_a_key_survives_the_types_that_python_handlers_make_of_it(
    keys: KeySchema, run: str, number: int
) -> None:
    read, write = TypeDeserializer(), TypeSerializer()
    value: Any
    for value in key_of(keys, run, number).values():
        plain = read.deserialize(value)
        assert numbers_in(repr(plain), run) == (number,)
        assert number_in({"pk": write.serialize(plain)}, run) == number


@enough
@given(SCHEMAS, RUN_IDS, EVERY_NUMBER)
def test_every_log_line_with_a_key_holds_a_needle(keys: KeySchema, run: str, number: int) -> None:
    for name, value in key_of(keys, run, number).items():
        line = as_lambda_logs_it({name: value})
        assert any(needle in line for needle in needles(keys, run))


@enough
@given(SCHEMAS, RUN_IDS, RUN_IDS, EVERY_NUMBER)
def test_another_runs_key_is_not_this_runs(keys: KeySchema, run: str, other: str, number: int) -> None:
    key = key_of(keys, run, number)
    assert (number_in(key, other) == number) == (run == other)
    assert bool(numbers_in(as_lambda_logs_it(key), other)) == (run == other)


@enough
@given(RUN_IDS, EVERY_NUMBER)
def test_a_number_keeps_all_its_digits_in_dynamodb(run: str, number: int) -> None:
    digits = str(key_of(schema(KeyType.N), run, number)["pk"]["N"])
    assert len(digits) == 26
    assert str(Decimal(digits)) == digits


def test_several_items_in_one_line_are_each_found_once_in_order() -> None:
    keys = [
        key_of(schema(kind), RUN, number) for number, kind in ((7, KeyType.S), (3, KeyType.N), (5, KeyType.B))
    ]
    line = " ".join(map(as_lambda_logs_it, [*keys, keys[0]]))
    assert numbers_in(line, RUN) == (7, 3, 5)


KEY = "ddbinsert:r0123456789ab:000000042"


@pytest.mark.parametrize(
    ("line", "times"),
    [
        ("stored {}", 1),
        ("{}: stored", 1),
        ("stored {}.", 1),
        ("key={}", 1),
        ("{}, then {}", 2),
        ("{}#{}", 2),  # a partition and a sort key
        ("\x1b[32mINFO\x1b[0m stored \x1b[1m{}\x1b[0m", 1),
        ("AUDIT#{}", 0),
        ("{}#copy", 0),
        ("{}/v2 after {}", 1),
    ],
)
def test_a_key_that_is_part_of_a_longer_one_is_not_mentioned(line: str, times: int) -> None:
    found = mentions_in(line.replace("{}", KEY), "0123456789ab", alone=True)
    assert sum(found.values()) == times


@pytest.mark.parametrize(
    "line",
    [
        "",
        "ddbinsert:r0123456789ab:",
        "ddbinsert:r0123456789ab:00000004",
        "ddbinsert:r0123456789AB:000000042",
        "ddbinsert:r0123456789ab:٠٠٠٠٠٠٠٤٢",
        "1" + "90012509998964910000000042",
        "90012509998964910000000042" + "1",
        "9" * 100_000,
        base64.b64encode(b"ddbinsert" + b"\xff" * 24).decode(),
        base64.b64encode(b"ddbinsert:r0123456789ab:000000042").decode()[:-1],
        "ZGRiaW5zZXJ0" * 20_000,
    ],
)
def test_what_is_no_key_is_none(line: str) -> None:
    assert numbers_in(line, RUN) == ()


@pytest.mark.parametrize(
    "keys", [None, {}, {"pk": {}}, {"pk": "text"}, {"pk": {"S": None}}, {"pk": {"B": b"\xff\x00"}}]
)
def test_strange_keys_hold_no_number(keys: dict[str, object] | None) -> None:
    assert number_in(keys, RUN) is None


@enough
@given(st.text())
def test_no_text_can_break_the_search(text: str) -> None:
    assert isinstance(numbers_in(text, RUN), tuple)


@pytest.mark.parametrize(
    "run", ["", "0123456789a", "0123456789abc", "0123456789aX", "0123456789AB", "0123456789ab\n"]
)
def test_a_run_id_of_another_form_is_a_mistake_of_the_caller(run: str) -> None:
    with pytest.raises(ValueError, match="run id"):
        needles(schema(KeyType.S), run)
