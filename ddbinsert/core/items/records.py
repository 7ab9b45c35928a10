"""Sample stream records in the form in which Lambda delivers them, made from a table's key: for testing a handler.

The format is AWS's documented one ("Using AWS Lambda with Amazon DynamoDB"), with the images of the view type,
increasing ids and sequence numbers, and B as base64.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

from ddbinsert.core.arn import arn_parts
from ddbinsert.core.attributes import as_json
from ddbinsert.core.items.run_key import key_of
from ddbinsert.core.model.record import EventName

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ddbinsert.core.model.record import KeySchema, StreamView

Record = dict[str, Any]

#: A stream's sequence numbers have at least 21 digits.
_FIRST_SEQUENCE = 100_000_000_000_000_000_000
_PLAIN_ITEM: Mapping[str, dict[str, Any]] = {
    "text": {"S": "sample"},
    "number": {"N": "1"},
    "flag": {"BOOL": True},
}


def sample_event(
    key: KeySchema,
    *,
    view: StreamView,
    stream_arn: str,
    run_id: str,
    at: float,
    count: int = 1,
    events: Sequence[EventName] = (EventName.INSERT,),
    items: Sequence[Mapping[str, dict[str, Any]]] = (),
) -> dict[str, Any]:
    """A whole event, ``{"Records": [...]}``.

    Args:
        run_id: 12 hexadecimal digits, part of the keys and event ids.
        at: Epoch seconds of the first change.
        count: Number of items.
        events: The events of each item, in this order.
        items: Attributes (DynamoDB JSON, B as bytes) of the items, used in turn; missing keys are generated.
    """
    records: list[Record] = []
    for number in range(count):
        given = items[number % len(items)] if items else _PLAIN_ITEM
        item = {**given, **_missing(key, given, run_id, number)}
        for event in events:
            place = len(records)
            records.append(
                _record(key, item, event, view=view, stream_arn=stream_arn, run_id=run_id, at=at, place=place)
            )
    return {"Records": records}


def _missing(key: KeySchema, given: Mapping[str, Any], run_id: str, number: int) -> dict[str, dict[str, Any]]:
    made = key_of(key, run_id, number)
    return {name: value for name, value in made.items() if name not in given}


def _record(
    key: KeySchema,
    item: Mapping[str, dict[str, Any]],
    event: EventName,
    *,
    view: StreamView,
    stream_arn: str,
    run_id: str,
    at: float,
    place: int,
) -> Record:
    image = {name: as_json(value) for name, value in item.items()}
    change: Record = {
        "ApproximateCreationDateTime": float(int(at) + place),
        "Keys": {name: image[name] for name in key.types},
        "SequenceNumber": str(_FIRST_SEQUENCE + place),
        "StreamViewType": view.value,
    }
    if view.has_new_image and event is not EventName.REMOVE:
        change["NewImage"] = image
    if view.has_old_image and event is not EventName.INSERT:
        # A write without a change creates no stream record, so the images of a MODIFY differ.
        change["OldImage"] = _before(image, key) if event is EventName.MODIFY else image
    change["SizeBytes"] = (
        item_size(change["Keys"]) + item_size(change.get("NewImage")) + item_size(change.get("OldImage"))
    )
    return {
        "eventID": f"{run_id}{place:020x}",
        "eventName": event.value,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": arn_parts(stream_arn).region,
        "dynamodb": change,
        "eventSourceARN": stream_arn,
    }


def _before(image: Mapping[str, Any], key: KeySchema) -> dict[str, Any]:
    """The item before a change: another value of one attribute, or one attribute fewer."""
    others = [name for name in image if name not in key.types]
    if not others:
        return {**image, "before": {"S": "change"}}
    texts = [name for name in others if "S" in image[name]]
    if texts:
        return {**image, texts[0]: {"S": f"{image[texts[0]]['S']} (before)"}}
    return {name: value for name, value in image.items() if name != others[0]}


def item_size(image: Mapping[str, Any] | None) -> int:
    """Size of an item in bytes as DynamoDB counts it: names, and values by type (developer guide, "Item sizes")."""
    return sum(len(name.encode()) + _size(value) for name, value in (image or {}).items())


def _size(value: Mapping[str, Any]) -> int:
    ((letter, content),) = value.items()
    match letter:
        case "S":
            return len(str(content).encode())
        case "N":
            digits = re.sub(r"[eE].*|[-.]", "", str(content)).strip("0")
            return (len(digits) + 1) // 2 + 1
        case "B":
            return len(base64.b64decode(content)) if isinstance(content, str) else len(content)
        case "BOOL" | "NULL":
            return 1
        case "M":
            return 3 + sum(1 + len(name.encode()) + _size(one) for name, one in content.items())
        case "L":
            return 3 + sum(1 + _size(one) for one in content)
        case _:
            return 3 + sum(_size({letter[0]: one}) for one in content)
