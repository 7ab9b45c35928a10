"""Example records: what Lambda hands to a function, with given leaves in their places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ddbinsert.core.filter_kinds import SETS, has_image
from ddbinsert.core.model import EventName, StreamView

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from ddbinsert.core.filter_place import Spot
    from ddbinsert.core.model import KeySchema

#: A leaf that a record shall hold: the pattern's keys, where that is, the leaf.
Leaf = tuple[tuple[str, ...], "Spot", object]

_REST: Final[dict[str, Any]] = {
    "eventID": "c4ca4238a0b923820dcc509a6f75849b",
    "eventVersion": "1.1",
    "eventSource": "aws:dynamodb",
    "awsRegion": "us-east-1",
    "eventSourceARN": "arn:aws:dynamodb:us-east-1:123456789012:table/example/stream/2026-01-01T00:00:00.000",
}
_STREAM_RECORD: Final[dict[str, Any]] = {
    "ApproximateCreationDateTime": 1767225600.0,
    "SequenceNumber": "100000000000000000001",
    "SizeBytes": 26,
}
_KEY_SAMPLES: Final = {"S": "example", "N": "42", "B": "ZXhhbXBsZQ=="}


def bare(event: EventName, leaves: Sequence[Leaf]) -> dict[str, Any]:
    """A record that holds the event's name and the leaves, and nothing else."""
    record: dict[str, Any] = {"eventName": event.value}
    for keys, _, value in leaves:
        put(record, keys, value)
    return record


def lifelike(
    event: EventName,
    view: StreamView,
    leaves: Sequence[Leaf],
    *,
    key: KeySchema | None = None,
    avoid: Collection[str] = (),
) -> Iterator[dict[str, Any]]:
    """Records that DynamoDB can write, with the leaves in them; none where the leaves contradict each other.

    Args:
        key: The table's key, where it is known.
        avoid: Dotted paths whose attributes are not to be made up.
    """
    images: dict[str, dict[str, Any]] = {"Keys": {}}
    images |= {image: {} for image in ("NewImage", "OldImage") if has_image(image, event, view)}
    others: list[Leaf] = []
    for leaf in leaves:
        _, spot, value = leaf
        if spot.image is None:
            others.append(leaf)
        elif spot.image not in images:
            return
        else:
            put_attribute(images[spot.image], spot.steps, value)
    _complete_key(images, key, avoid)
    if not _is_possible(images):
        return
    for chosen in _agreeing(images):
        if event is EventName.MODIFY and chosen.get("NewImage", 0) == chosen.get("OldImage", 1):
            # A write that changes nothing leaves no record.
            name = _unused("version", avoid)
            chosen["OldImage"] = {**chosen["OldImage"], name: {"N": "1"}}
            chosen["NewImage"] = {**chosen["NewImage"], name: {"N": "2"}}
        record: dict[str, Any] = {
            "eventName": event.value,
            **_REST,
            "dynamodb": {**_STREAM_RECORD, **chosen, "StreamViewType": view.value},
        }
        for keys, _, value in others:
            put(record, keys, value)
        yield record


def put(record: dict[str, Any], keys: Sequence[str], value: object) -> None:
    """Set the leaf at these keys; where a leaf is in the way, the rest of the path is one key with dots.

    Shorter paths have to come first.
    """
    node = record
    for index, key in enumerate(keys[:-1]):
        child = node.setdefault(key, {})
        if not isinstance(child, dict):
            node[".".join(keys[index:])] = value
            return
        node = child
    node[keys[-1]] = value


def put_attribute(image: dict[str, Any], steps: Sequence[str], value: object) -> None:
    """Set a leaf of an attribute: the attribute's name, then type keys and what they lead to."""
    name, *rest = steps
    node = image.setdefault(name, {})
    while len(rest) > 1:
        if rest.pop(0) == "M":
            node = node.setdefault("M", {}).setdefault(rest.pop(0), {})
        else:
            node = node.setdefault("L", [{}])[0]
    node[rest[0]] = [value] if rest[0] in SETS else value


def _complete_key(images: dict[str, dict[str, Any]], key: KeySchema | None, avoid: Collection[str]) -> None:
    """Give the item its key: named by the pattern, taken over from an image, or made up."""
    keys = images["Keys"]
    if key is None:
        if not keys:
            keys[_unused("id", avoid)] = {"S": _KEY_SAMPLES["S"]}
        return
    for name, letter in key.types.items():
        known = next((image[name] for image in images.values() if name in image), None)
        keys.setdefault(name, known or {letter: _KEY_SAMPLES[letter]})


def _unused(name: str, avoid: Collection[str]) -> str:
    """An attribute's name that no path mentions."""
    candidate, number = name, 1
    while any(f".{candidate}." in f"{path}." for path in avoid):
        number += 1
        candidate = f"{name}{number}"
    return candidate


def _is_possible(images: dict[str, dict[str, Any]]) -> bool:
    values = [value for image in images.values() for value in image.values()]
    return len(images["Keys"]) <= 2 and all(map(_is_attribute_value, values))


def _is_attribute_value(value: dict[str, Any]) -> bool:
    """Whether there is one type key, all the way down."""
    if len(value) != 1:
        return False
    ((type_key, held),) = value.items()
    if type_key == "M":
        return all(map(_is_attribute_value, held.values()))
    return type_key != "L" or all(map(_is_attribute_value, held))


def _agreeing(images: dict[str, dict[str, Any]]) -> Iterator[dict[str, dict[str, Any]]]:
    """The key attributes have one value, in Keys and in the images: that of Keys, else that of an image."""
    keys = images["Keys"]
    others = [image for name, image in images.items() if name != "Keys"]
    for source in (keys, *others):
        agreed = {name: source.get(name, value) for name, value in keys.items()}
        yield {name: {**image, **agreed} for name, image in images.items()}
