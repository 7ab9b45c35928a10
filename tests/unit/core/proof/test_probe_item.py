"""What test items carry: whatever a user's filter asks for, and never a verdict on an item that it keeps out."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbinsert.core.filters.insert_only import insert_patterns
from ddbinsert.core.items.convert import canonical
from ddbinsert.core.items.run_key import number_in
from ddbinsert.core.model.record import KeyAttribute, KeySchema, KeyType, StreamView
from ddbinsert.core.proof.probe_item import VERSION, Sample, Unsatisfiable, insert_record, sample_for
from tests.unit.reference_pattern import reference_matches

RUN_ID = "0123456789ab"
IMAGES = StreamView.NEW_AND_OLD_IMAGES


def schema(partition: str = "S", sort: str | None = None) -> KeySchema:
    return KeySchema(
        partition=KeyAttribute(name="pk", type=KeyType(partition)),
        sort=KeyAttribute(name="sk", type=KeyType(sort)) if sort else None,
    )


SIMPLE, COMPOSITE = schema(), schema("S", "S")


def narrowed(*patterns: Any) -> tuple[str, ...]:
    """The user's patterns as ddbinsert attaches them: each ANDed with INSERT."""
    return insert_patterns(tuple(json.dumps(pattern) for pattern in patterns))


def image(**attributes: Any) -> dict[str, Any]:
    return {"dynamodb": {"NewImage": attributes}}


def key_of(**attributes: Any) -> dict[str, Any]:
    return {"dynamodb": {"Keys": attributes}}


def record_of(sample: Sample, key: KeySchema, view: StreamView, number: int) -> dict[str, Any]:
    """The insert record of any item, made here once more so that the module isn't asked about itself."""
    item = sample.item(key, RUN_ID, number, 1)
    shown = json.loads(json.dumps(item, default=lambda value: base64.b64encode(value).decode()))
    change = {"Keys": {name: shown[name] for name in (a.name for a in key.attributes)}}
    if view.has_new_image:
        change["NewImage"] = shown
    return {"eventName": "INSERT", "eventSource": "aws:dynamodb", "dynamodb": change}


OWN_CLAUSES = [
    image(status={"S": ["NEW"]}),
    image(total={"N": ["101", "102"]}),
    image(paid={"BOOL": [True]}),
    image(gone={"NULL": [True]}),
    image(blob={"B": ["AAEC"]}),
    image(tags={"SS": ["a"]}),
    image(note={"S": [{"prefix": "pri"}]}),
    image(note={"S": [{"suffix": "ority"}]}),
    image(note={"S": [{"anything-but": ["test", "dev"]}]}),
    image(note={"S": [{"anything-but": {"prefix": "test"}}]}),
    image(note={"S": [{"equals-ignore-case": "nEw"}]}),
    image(note={"S": [{"wildcard": "a*b"}]}),
    image(note={"S": [{"exists": True}]}),
    image(draft={"BOOL": [{"exists": False}]}),
    image(address={"M": {"city": {"S": ["Ulm"]}, "zip": {"N": ["89073"]}}}),
    image(lines={"L": {"S": ["x"]}}),
    image(note={"S": [""]}),
    image(**{"ätt'r\"ib": {"S": ["\u202e"]}}),
    image(a={"S": ["x"]}, b={"N": ["1"]}, c={"BOOL": [False]}),
    {"$or": [image(a={"S": ["x"]}), image(b={"N": ["1"]})]},
    key_of(pk={"S": [{"prefix": "ORDER#"}]}),
    key_of(pk={"S": [{"exists": True}]}),
    {"eventSource": ["aws:dynamodb"]},
    {"eventName": ["INSERT"]},
]


@pytest.mark.parametrize("clause", OWN_CLAUSES, ids=json.dumps)
def test_items_pass_the_users_own_clauses(clause: Any) -> None:
    filters = narrowed(clause)
    sample = sample_for(filters, SIMPLE, IMAGES)
    for number in (0, 7, 999_999_999):
        record = record_of(sample, SIMPLE, IMAGES, number)
        assert any(reference_matches(json.loads(text), record) for text in filters)
        assert number_in(record["dynamodb"]["Keys"], RUN_ID) == number


@given(
    st.lists(st.sampled_from(OWN_CLAUSES), min_size=1, max_size=4),
    st.sampled_from([IMAGES, StreamView.NEW_IMAGE]),
)
def test_one_of_several_filters_is_enough(clauses: list[Any], view: StreamView) -> None:
    filters = narrowed(*clauses)
    record = record_of(sample_for(filters, COMPOSITE, view), COMPOSITE, view, 3)
    assert any(reference_matches(json.loads(text), record) for text in filters)


@pytest.mark.parametrize(
    "clause",
    [
        key_of(sk={"S": ["META"]}),
        key_of(pk={"S": ["TENANT"]}),
        key_of(sk={"S": [{"prefix": "LINE#"}]}, pk={"S": [{"prefix": "ORDER#"}]}),
        key_of(sk={"S": ["META"]}, pk={"S": [{"prefix": "ORDER#"}]}),
    ],
    ids=json.dumps,
)
def test_a_key_that_the_filter_names_still_tells_every_item_apart(clause: Any) -> None:
    filters = narrowed(clause)
    sample = sample_for(filters, COMPOSITE, StreamView.KEYS_ONLY)
    keys = [sample.key(COMPOSITE, RUN_ID, number) for number in range(50)]
    assert len({canonical(key) for key in keys}) == 50
    for number, key in enumerate(keys):
        assert number_in(key, RUN_ID) == number
        record = record_of(sample, COMPOSITE, StreamView.KEYS_ONLY, number)
        assert any(reference_matches(json.loads(text), record) for text in filters)


@pytest.mark.parametrize(
    ("clause", "key", "view"),
    [
        (key_of(pk={"S": ["the-only-one"]}), SIMPLE, IMAGES),
        (key_of(pk={"S": ["a"]}, sk={"S": ["b"]}), COMPOSITE, IMAGES),
        (key_of(pk={"N": ["1"]}), SIMPLE, IMAGES),
        (image(status={"S": ["NEW"]}), SIMPLE, StreamView.KEYS_ONLY),
        (image(total={"N": [{"numeric": [">", 1]}]}), SIMPLE, IMAGES),
        ({"dynamodb": {"OldImage": {"a": {"S": ["x"]}}}}, SIMPLE, IMAGES),
        ({"userIdentity": {"type": ["Service"]}}, SIMPLE, IMAGES),
    ],
)
def test_what_no_test_item_can_pass_is_said(clause: Any, key: KeySchema, view: StreamView) -> None:
    with pytest.raises(Unsatisfiable, match="no test item passes"):
        sample_for((json.dumps({"eventName": ["INSERT"], **clause}),), key, view)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"eventName":"INSERT"}', '{"eventName":[]}'])
def test_a_filter_that_is_none_is_said(text: str) -> None:
    with pytest.raises(Unsatisfiable):
        sample_for((text,), SIMPLE, IMAGES)


def test_a_filter_that_is_none_does_not_spoil_a_good_one() -> None:
    assert sample_for(("{", *narrowed(image(status={"S": ["NEW"]}))), SIMPLE, IMAGES).attributes == {
        "status": {"S": "NEW"}
    }


def test_without_a_filter_items_carry_what_is_given_alone() -> None:
    assert sample_for((), SIMPLE, IMAGES) == Sample()
    assert sample_for((), SIMPLE, IMAGES, given={"a": {"S": "x"}}).attributes == {"a": {"S": "x"}}


def test_given_attributes_come_before_derived_ones() -> None:
    filters = narrowed(image(status={"S": ["NEW", "OPEN"]}, kind={"S": ["order"]}))
    sample = sample_for(filters, SIMPLE, IMAGES, given={"status": {"S": "OPEN"}, "mine": {"N": "1"}})
    assert sample.attributes == {"status": {"S": "OPEN"}, "mine": {"N": "1"}, "kind": {"S": "order"}}


def test_given_attributes_that_the_filter_keeps_out_are_said() -> None:
    filters = narrowed(image(status={"S": ["NEW"]}))
    with pytest.raises(Unsatisfiable):
        sample_for(filters, SIMPLE, IMAGES, given={"status": {"S": "OLD"}})


@pytest.mark.parametrize("partition", ["S", "N", "B"])
@pytest.mark.parametrize("sort", [None, "S", "N", "B"])
@pytest.mark.parametrize("view", [*StreamView])
def test_every_key_and_view_has_items(partition: str, sort: str | None, view: StreamView) -> None:
    key = schema(partition, sort)
    sample = sample_for(narrowed(), key, view)
    record = insert_record(sample, key, view)
    assert reference_matches({"eventName": ["INSERT"]}, record)
    assert ("NewImage" in record["dynamodb"]) == view.has_new_image
    assert {*record["dynamodb"]["Keys"]} == {attribute.name for attribute in key.attributes}
    json.dumps(record)


def test_versions_differ_and_bytes_are_bytes() -> None:
    carried: dict[str, dict[str, Any]] = {
        "b": {"B": "AAEC"},
        "bs": {"BS": ["AA==", "AQ=="]},
        "deep": {"M": {"list": {"L": [{"B": "AAEC"}, {"S": "x"}]}}},
    }
    sample = Sample(attributes=carried)
    one, two = (sample.item(schema("B"), RUN_ID, 0, version) for version in (1, 2))
    assert (one[VERSION], two[VERSION]) == ({"N": "1"}, {"N": "2"})
    assert one["b"] == {"B": b"\x00\x01\x02"}
    assert one["bs"] == {"BS": [b"\x00", b"\x01"]}
    assert one["deep"]["M"]["list"]["L"][0] == {"B": b"\x00\x01\x02"}
    assert isinstance(one["pk"]["B"], bytes)
    assert carried["b"] == {"B": "AAEC"}


@pytest.mark.parametrize(
    "clause", [{"prefix": "AQ"}, {"prefix": "AQID"}, {"suffix": "Q=="}, {"suffix": "AQID"}]
)
def test_a_binary_key_begins_and_ends_as_the_filter_asks_in_base64(clause: dict[str, str]) -> None:
    key, filters = schema("B"), narrowed(key_of(pk={"B": [clause]}))
    sample = sample_for(filters, key, IMAGES)
    for number in (0, 123_456_789):
        record = record_of(sample, key, IMAGES, number)
        assert reference_matches(json.loads(filters[0]), record)
        assert number_in(record["dynamodb"]["Keys"], RUN_ID) == number


def test_a_binary_sort_key_of_one_value_is_that_value() -> None:
    key, filters = schema("S", "B"), narrowed(key_of(sk={"B": ["AQID"]}))
    assert sample_for(filters, key, IMAGES).key(key, RUN_ID, 7)["sk"] == {"B": b"\x01\x02\x03"}


def test_a_key_that_dynamodb_would_not_take_is_no_test_item() -> None:
    with pytest.raises(Unsatisfiable, match="too long for DynamoDB"):
        sample_for(narrowed(key_of(pk={"S": [{"prefix": "x" * 2040}]})), SIMPLE, IMAGES)
