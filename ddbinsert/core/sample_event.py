"""Stream records as Lambda hands them over, made up from a table's key: for trying a handler out.

The shape is AWS's documented one ("Using AWS Lambda with Amazon DynamoDB"), with the images that the view type
has, ids and sequence numbers that rise, and B as base64.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from ddbinsert.core.model import EventName
from ddbinsert.core.policy import region_of
from ddbinsert.core.probe_key import key_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ddbinsert.core.model import KeySchema, StreamView

Record = dict[str, Any]

#: A stream's sequence numbers have 21 digits and more.
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
        run_id: 12 hexadecimal digits, which the keys and event ids carry.
        at: Epoch seconds of the first change.
        count: Items. events: What happens to each of them, in this order.
        items: Attributes (DynamoDB JSON, B as bytes) of the items, taken in turn; keys that they lack are made.
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
        "ApproximateCreationDateTime": int(at) + place,
        "Keys": {name: image[name] for name in key.types},
        "SequenceNumber": str(_FIRST_SEQUENCE + place),
        "StreamViewType": view.value,
    }
    if view.has_new_image and event is not EventName.REMOVE:
        change["NewImage"] = image
    if view.has_old_image and event is not EventName.INSERT:
        change["OldImage"] = image
    change["SizeBytes"] = (
        _size(change["Keys"]) + _size(change.get("NewImage")) + _size(change.get("OldImage"))
    )
    return {
        "eventID": f"{run_id}{place:020x}",
        "eventName": event.value,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": region_of(stream_arn),
        "dynamodb": change,
        "eventSourceARN": stream_arn,
    }


def as_json(value: Mapping[str, Any]) -> dict[str, Any]:
    """An attribute with its bytes as base64, as JSON carries it."""
    ((letter, content),) = value.items()
    match letter:
        case "B":
            return {"B": _base64(content)}
        case "BS":
            return {"BS": [_base64(one) for one in content]}
        case "M":
            return {"M": {name: as_json(inner) for name, inner in content.items()}}
        case "L":
            return {"L": [as_json(inner) for inner in content]}
        case _:
            return {letter: content}


def _base64(content: bytes | str) -> str:
    return content if isinstance(content, str) else base64.b64encode(content).decode("ascii")


def _size(image: Mapping[str, Any] | None) -> int:
    """Bytes of names and values, about as DynamoDB counts them."""
    return sum(
        len(name.encode()) + len(str(next(iter(v.values()))).encode()) for name, v in (image or {}).items()
    )
