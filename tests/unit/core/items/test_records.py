"""Sample events have the shape in which Lambda hands records over, whatever the table's key is."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import pytest

from ddbinsert.core.filters.insert_only import INSERT_ONLY
from ddbinsert.core.items.records import sample_event
from ddbinsert.core.model.key_text import parse_key
from ddbinsert.core.model.record import EventName, StreamView
from ddbinsert.core.pattern.matcher import compile_pattern

STREAM = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/2026-01-01T00:00:00.000"


def records(key: str = "pk:S", **more: Any) -> list[dict[str, Any]]:
    given: dict[str, Any] = {
        "view": StreamView.NEW_AND_OLD_IMAGES,
        "run_id": "0123456789ab",
        "at": 1_700_000_000.7,
    }
    event = sample_event(parse_key(key), stream_arn=STREAM, **{**given, **more})
    assert list(event) == ["Records"]
    assert json.loads(json.dumps(event)) == event
    made: list[dict[str, Any]] = event["Records"]
    return made


@pytest.mark.parametrize("key", ["pk:S", "pk:N", "pk:B", "pk:S,sk:N", "pk:B,sk:S", "with space:N,é:B"])
def test_a_record_fits_the_tables_key(key: str) -> None:
    (record,) = records(key)
    wanted = [part.rpartition(":")[::2] for part in key.split(",")]
    assert [(name, next(iter(value))) for name, value in record["dynamodb"]["Keys"].items()] == wanted
    assert record["dynamodb"]["NewImage"].items() >= record["dynamodb"]["Keys"].items()


def test_a_record_has_every_documented_field() -> None:
    (record,) = records()
    assert re.fullmatch(r"[0-9a-f]{32}", record["eventID"])
    assert record["eventVersion"] == "1.1"
    assert record["eventSource"] == "aws:dynamodb"
    assert record["awsRegion"] == "eu-west-1"
    assert record["eventSourceARN"] == STREAM
    change = record["dynamodb"]
    assert re.fullmatch(r"\d{21,40}", change["SequenceNumber"])
    assert change["ApproximateCreationDateTime"] == 1_700_000_000
    assert change["SizeBytes"] > 0


@pytest.mark.parametrize("view", list(StreamView))
@pytest.mark.parametrize("event", list(EventName))
def test_images_are_those_of_the_view_type(view: StreamView, event: EventName) -> None:
    (record,) = records(view=view, events=[event])
    change = record["dynamodb"]
    assert ("NewImage" in change) is (view.has_new_image and event is not EventName.REMOVE)
    assert ("OldImage" in change) is (view.has_old_image and event is not EventName.INSERT)
    assert change["StreamViewType"] == view.value


def test_ids_and_sequence_numbers_rise_and_never_repeat() -> None:
    made = records(count=50, events=tuple(EventName))
    numbers = [int(one["dynamodb"]["SequenceNumber"]) for one in made]
    assert numbers == sorted(set(numbers))
    assert len({one["eventID"] for one in made}) == len(made) == 150


def test_the_filter_lets_exactly_the_inserts_through() -> None:
    compiled = compile_pattern(INSERT_ONLY)
    made = records(count=3, events=tuple(EventName))
    assert [one["eventName"] for one in made if compiled.matches(one)] == ["INSERT"] * 3


def test_items_of_ones_own_keep_their_keys_and_types() -> None:
    own = {"pk": {"S": "mine"}, "blob": {"B": b"\x00\xff"}, "m": {"M": {"l": {"L": [{"BS": [b"a"]}]}}}}
    made = records("pk:S,sk:N", count=2, items=[own])
    assert [one["dynamodb"]["Keys"]["pk"] for one in made] == [{"S": "mine"}] * 2
    assert made[0]["dynamodb"]["Keys"]["sk"] != made[1]["dynamodb"]["Keys"]["sk"]
    image = made[0]["dynamodb"]["NewImage"]
    assert image["blob"] == {"B": base64.b64encode(b"\x00\xff").decode()}
    assert image["m"] == {"M": {"l": {"L": [{"BS": ["YQ=="]}]}}}
