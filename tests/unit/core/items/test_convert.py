"""Items from plain documents and from DynamoDB JSON: nothing lost, and what DynamoDB can't take named."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from botocore.session import Session
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st

from ddbinsert.core.items.convert import ItemError, canonical, item_of
from ddbinsert.core.items.item_key import with_key
from ddbinsert.core.items.run_key import key_of
from ddbinsert.core.items.samples import Samples
from ddbinsert.core.model.record import KeyAttribute, KeySchema, KeyType


def schema(partition: str = "pk", kind: KeyType = KeyType.S, sort: KeyType | None = None) -> KeySchema:
    return KeySchema(
        partition=KeyAttribute(name=partition, type=kind),
        sort=KeyAttribute(name="sk", type=sort) if sort else None,
    )


@pytest.mark.parametrize(
    ("plain", "typed"),
    [
        ("text", {"S": "text"}),
        ("", {"S": ""}),
        ("héllo \U0001f600", {"S": "héllo \U0001f600"}),
        (True, {"BOOL": True}),
        (None, {"NULL": True}),
        (Decimal("0.1"), {"N": "0.1"}),
        (Decimal("-0"), {"N": "0"}),
        (Decimal(12345678901234567890123456789012345678), {"N": "12345678901234567890123456789012345678"}),
        (Decimal("1e125"), {"N": "1E+125"}),
        (7, {"N": "7"}),
        (b"\x00\xff", {"B": b"\x00\xff"}),
        ([1, "a", []], {"L": [{"N": "1"}, {"S": "a"}, {"L": []}]}),
        ({"a": {"b": None}}, {"M": {"a": {"M": {"b": {"NULL": True}}}}}),
        ({"x", "y"}, {"SS": ["x", "y"]}),
        ({Decimal(2)}, {"NS": ["2"]}),
        ({b"a"}, {"BS": [b"a"]}),
    ],
)
def test_a_plain_value_gets_its_type(plain: object, typed: dict[str, Any]) -> None:
    assert item_of({"it": plain, "beside": "text"})["it"] == typed


@pytest.mark.parametrize(
    ("typed", "taken"),
    [
        ({"S": "a"}, {"S": "a"}),
        ({"N": "1.50"}, {"N": "1.50"}),
        ({"N": Decimal("1.5")}, {"N": "1.5"}),
        ({"B": "AP8="}, {"B": b"\x00\xff"}),
        ({"BOOL": False}, {"BOOL": False}),
        ({"NULL": True}, {"NULL": True}),
        ({"L": [{"S": "a"}]}, {"L": [{"S": "a"}]}),
        ({"M": {"S": {"N": "1"}}}, {"M": {"S": {"N": "1"}}}),
        ({"SS": ["b", "a"]}, {"SS": ["b", "a"]}),
        ({"NS": ["1", "2"]}, {"NS": ["1", "2"]}),
        ({"BS": ["AP8="]}, {"BS": [b"\x00\xff"]}),
    ],
)
def test_dynamodb_json_is_taken_as_it_is(typed: dict[str, Any], taken: dict[str, Any]) -> None:
    assert item_of({"it": typed}) == {"it": taken}


def test_a_mapping_that_only_looks_like_a_type_stays_a_mapping_beside_plain_attributes() -> None:
    item = item_of({"pk": "a", "size": {"S": "small"}})
    assert item == {"pk": {"S": "a"}, "size": {"M": {"S": {"S": "small"}}}}


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ([1], "a list"),
        ("text", "a text"),
        ({"a": {"S": 1}}, "a: S cannot contain a number"),
        ({"a": {"N": "one"}}, "'one' is not a valid number"),
        ({"a": {"N": True}}, "a: N cannot contain a boolean"),
        ({"a": {"B": "not base64!"}}, "a: the value of type B is not valid base64"),
        ({"a": {"NULL": False}}, "NULL cannot contain a boolean"),
        ({"a": {"SS": []}}, "SS cannot contain a list without members"),
        ({"a": {"SS": ["x", "x"]}}, "must not contain duplicates"),
        ({"a": {"NS": [Decimal(1), "x"]}}, "'x' is not a valid number"),
        ({"a": {"L": [{"S": "x"}, "y"]}}, r"a\[1\]: DynamoDB JSON"),
        ({"a": {"M": {"b": {"X": "y"}}}}, "a.b: DynamoDB JSON"),
        ({"a": Decimal("1" * 39)}, "39 digits"),
        ({"a": Decimal("1e126")}, "out of DynamoDB's range"),
        ({"a": Decimal("1e-131")}, "out of DynamoDB's range"),
        ({"a": Decimal("1e999999999")}, "out of DynamoDB's range"),
        ({"a": Decimal("NaN")}, "does not support infinity"),
        ({"a": {"N": "Infinity"}}, "does not support infinity"),
        ({"a": "\ud800"}, "surrogate"),
        ({"": 1}, "can't be empty"),
        ({1: 1}, "quote it"),
        ({"a": set()}, "at least one"),
        ({"a": {1, "x"}}, "a set holds texts, or numbers"),
        ({"a": 1.5}, "no type for a float"),
        ({"a": "x" * 500_000}, "400 KB"),
    ],
)
def test_what_dynamodb_can_not_take_is_refused_by_name(document: object, says: str) -> None:
    with pytest.raises(ItemError, match=says):
        item_of(document)


def test_too_deep_is_refused_at_dynamodbs_limit() -> None:
    def nested(levels: int) -> object:
        return "x" if levels == 0 else [nested(levels - 1)]

    item_of({"a": nested(31)})
    with pytest.raises(ItemError, match="32 levels"):
        item_of({"a": nested(32)})


def test_an_item_just_below_the_limit_is_left_to_dynamodb() -> None:
    item_of({"a": "x" * 409_000, "n": Decimal("9" * 38)})


@given(
    st.decimals(allow_nan=False, allow_infinity=False, places=10, min_value=-(10**20), max_value=10**20)
    | st.integers(min_value=-(10**37), max_value=10**37)
)
def test_no_number_changes(number: Decimal | int) -> None:
    assert Decimal(item_of({"n": number, "pk": "a"})["n"]["N"]) == number


_PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.text(max_size=8) | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)
_PUT_ITEM: Any = Session().get_service_model("dynamodb").operation_model("PutItem").input_shape


@given(st.dictionaries(st.text(min_size=1, max_size=4), _PLAIN, min_size=1, max_size=4))
def test_whatever_comes_out_is_a_valid_request_and_equal_to_itself(document: dict[str, Any]) -> None:
    item = item_of({**document, "beside": "plain"})
    assert not ParamValidator().validate({"TableName": "t", "Item": item}, _PUT_ITEM).has_errors()
    assert canonical(item) == canonical(dict(reversed(item.items())))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"N": "1.0"}, {"N": "1"}, True),
        ({"N": "100"}, {"N": "1E+2"}, True),
        ({"N": "1" * 38}, {"N": "1" * 37 + "2"}, False),
        ({"NS": ["1", "2.0"]}, {"NS": ["2", "1.00"]}, True),
        ({"SS": ["a", "b"]}, {"SS": ["b", "a"]}, True),
        ({"L": [{"S": "a"}, {"S": "b"}]}, {"L": [{"S": "b"}, {"S": "a"}]}, False),
        ({"M": {"x": {"N": "0"}}}, {"M": {"x": {"N": "-0.0"}}}, True),
        ({"B": b"a"}, {"B": bytearray(b"a")}, True),
        ({"S": "1"}, {"N": "1"}, False),
    ],
)
def test_items_are_compared_as_dynamodb_compares_values(
    one: dict[str, Any], other: dict[str, Any], same: bool
) -> None:
    assert (canonical({"a": one}) == canonical({"a": other})) is same


def test_missing_key_attributes_are_made_and_given_ones_kept() -> None:
    key = schema(sort=KeyType.N)
    made = key_of(key, "0123456789ab", 5)
    assert with_key({"pk": {"S": "mine"}}, key, made) == ({"pk": {"S": "mine"}, "sk": made["sk"]}, True)
    whole = {"pk": {"S": "mine"}, "sk": {"N": "1"}}
    assert with_key(whole, key, made) == (whole, False)


@pytest.mark.parametrize(
    ("kind", "value", "says"),
    [
        (KeyType.S, {"N": "1"}, r"type N, but the table's key requires S \(quote it\)"),
        (KeyType.N, {"S": "1"}, "leave the quotes out"),
        (KeyType.B, {"S": "1"}, "DynamoDB JSON"),
        (KeyType.S, {"S": ""}, "is empty"),
        (KeyType.B, {"B": b""}, "is empty"),
        (KeyType.S, {"M": {"S": {"S": "x"}}}, "type M"),
    ],
)
def test_a_key_of_another_type_is_refused(kind: KeyType, value: dict[str, Any], says: str) -> None:
    key = schema(kind=kind)
    with pytest.raises(ItemError, match=says):
        with_key({"pk": value}, key, key_of(key, "0" * 12, 0))


@pytest.mark.parametrize("name", ["ddbinsert", "pk"])
def test_a_sample_never_writes_its_note_over_the_key(name: str) -> None:
    samples = Samples(schema=schema(name), run_id="0123456789ab", count=3)
    item = samples.item(2)
    assert len(item) == 2
    assert samples.key(2) == {name: {"S": "ddbinsert:r0123456789ab:000000002"}}
    assert samples.modified().keys() <= item.keys() - {name}
    json.dumps(item)


def test_templates_are_gone_through_again_and_again() -> None:
    templates = ({"who": {"S": "a"}}, {"pk": {"S": "own"}})
    samples = Samples(schema=schema(), run_id="0123456789ab", count=3, templates=templates)
    assert [samples.item(n).get("who") for n in range(3)] == [{"S": "a"}, None, {"S": "a"}]
    assert (list(samples.generated_numbers()), list(samples.own())) == ([0, 2], [1])
    assert samples.key(0) != samples.key(2)


@pytest.mark.parametrize(
    ("document", "odd"),
    [
        ({"pk": {"S": "a"}, "n": 5, "m": {"S": "b"}}, "n"),
        ({"pk": "a", "n": {"N": "5"}}, "pk"),
        ({"pk": {"S": "a"}, "on": {"BOOL": True}, "note": None}, "note"),
    ],
)
def test_an_item_that_mixes_the_two_forms_is_refused_by_the_odd_attribute(document: object, odd: str) -> None:
    with pytest.raises(ItemError, match=f"^{odd}: not DynamoDB JSON"):
        item_of(document)


@pytest.mark.parametrize(
    "number",
    [
        "1_000",
        " 7 ",
        "7\n",
        "\uff17",
        "\u0667",
        "0x10",
        "1e",
        "",
        "+",
        "infinity",
        "NaN",
        "1 000",
        "1,5",
        "٣",
    ],
)
def test_numbers_that_dynamodb_refuses_are_refused(number: str) -> None:
    with pytest.raises(ItemError):
        item_of({"pk": {"N": number}})


@pytest.mark.parametrize("number", ["7", "-7", "+7", "007", "7.", ".5", "1e3", "1E-3", "-0", "1.50"])
def test_numbers_that_dynamodb_takes_are_taken(number: str) -> None:
    assert float(item_of({"pk": {"N": number}})["pk"]["N"]) == float(number)


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({"order": {"pk": "a"}}, "order"),
        ({"data": {"orders": [{"pk": "a"}, {"pk": "b"}]}}, "data.orders"),
        ({"Key": {"pk": {"S": "a"}}, "UpdateExpression": "SET a = :a"}, "Key"),
        ({"a": {"M": {"pk": {"S": "a"}}}}, "a"),
    ],
)
def test_a_key_that_is_inside_another_attribute_is_not_generated(document: object, place: str) -> None:
    key = schema()
    with pytest.raises(ItemError, match=f"pk is missing, but {place} has it"):
        with_key(item_of(document), key, key_of(key, "0" * 12, 0))


def test_a_set_of_numbers_has_each_value_once() -> None:
    with pytest.raises(ItemError, match="duplicates"):
        item_of({"pk": {"S": "a"}, "n": {"NS": ["1", "1.0"]}})
