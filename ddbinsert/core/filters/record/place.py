"""Maps a pattern's field to its location in a stream record, or to the reason why no record has a value there."""

from __future__ import annotations

from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, Final

from ddbinsert.core.filters.record.kinds import (
    ATTRIBUTE_KINDS,
    IMAGES,
    KEY_KINDS,
    RECORD_KINDS,
    TYPE_KEYS,
    LeafKind,
)
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ddbinsert.core.model.record import KeySchema


class Fault(StrEnum):
    """Why no stream record has a value at a path."""

    WRAPPER = "wrapper"
    OUTSIDE_DYNAMODB = "outside-dynamodb"
    UNKNOWN_FIELD = "unknown-field"
    INNER_NODE = "inner-node"
    MISSING_TYPE = "missing-type"
    UNKNOWN_TYPE = "unknown-type"
    BELOW_LEAF = "below-leaf"
    LIST_INDEX = "list-index"
    NOT_A_KEY = "not-a-key"
    KEY_TYPE = "key-type"


@dataclass(frozen=True, kw_only=True, slots=True)
class Location:
    """The location of a field.

    Attributes:
        kind: The possible values; None if there are none, then `fault` says why.
        image: Keys, NewImage or OldImage, if the field is in one.
        attribute: The attribute's name, as far as it is certain.
        type_key: The type key that the value has; for a fault, the offending key.
        steps: The path from the image to the value: the attribute's name, a type key, and so on.
        dotted_name: An attribute name with dots that makes the field possible although `fault` is more
            probable: the path `a.city.S` is the attribute `a.city`, or a forgotten type key.
    """

    kind: LeafKind | None = None
    fault: Fault | None = None
    image: str | None = None
    attribute: str | None = None
    type_key: str | None = None
    steps: tuple[str, ...] = ()
    dotted_name: str | None = None


#: An attribute's name and type keys; after M the member's name, after L directly the next type key.
Reading = tuple[str, ...]

#: Maximum number of readings of one path; a path has more only if it repeats type keys many times.
MOST_READINGS: Final = 24

_WRAPPERS: Final = ("body", "data", "value", "detail", "Records")
_INNER: Final = ("dynamodb", "userIdentity", *(f"dynamodb.{image}" for image in IMAGES))


def locate(keys: Sequence[str], key: KeySchema | None = None) -> Location:
    """The location of a field with these keys (dots inside a key join keys, as in AWS).

    Args:
        key: The table's key schema, if it is known: then key attributes are checked, too.
    """
    path = ".".join(keys)
    known = RECORD_KINDS.get(path)
    if known is not None:
        return Location(kind=known)
    if path in _INNER:
        return Location(fault=Fault.INNER_NODE)
    for image in IMAGES:
        if path.startswith(f"dynamodb.{image}."):
            return _attribute(image, _after(keys, f"dynamodb.{image}"), key)
    first = path.partition(".")[0]
    if first in _WRAPPERS:
        return Location(fault=Fault.WRAPPER)
    if first in IMAGES or f"dynamodb.{first}" in RECORD_KINDS:
        return Location(fault=Fault.OUTSIDE_DYNAMODB)
    return Location(fault=Fault.UNKNOWN_FIELD)


def image_of(path: str) -> str | None:
    """The image that a path is in, regardless of the rest of the path."""
    return next((image for image in IMAGES if f"{path}.".startswith(f"dynamodb.{image}.")), None)


def readings(path: str, image: str, key: KeySchema | None = None) -> tuple[list[Reading], bool]:
    """The ways in which an item can have a value at a path, and whether they are complete.

    Attribute names may contain dots, so one path can be read in several ways. The plain reading comes first.
    """
    segments = path.removeprefix(f"dynamodb.{image}").removeprefix(".").split(".")
    found = [
        reading
        for reading in islice(_items(segments), MOST_READINGS + 1)
        if _reading_fault(image, reading, key) is None
    ]
    return found[:MOST_READINGS], len(found) <= MOST_READINGS


def _items(segments: Sequence[str]) -> Iterator[Reading]:
    """A name (one or more segments), then an AttributeValue."""
    for end in range(1, len(segments)):
        name = ".".join(segments[:end])
        if name:
            for value in _values(segments[end:]):
                yield name, *value


def _values(segments: Sequence[str]) -> Iterator[Reading]:
    type_key, *rest = segments
    if type_key in ATTRIBUTE_KINDS and not rest:
        yield (type_key,)
    elif type_key == "M" and len(rest) > 1:
        for member in _items(rest):
            yield "M", *member
    elif type_key == "L" and rest:
        for element in _values(rest):
            yield "L", *element


def _reading_fault(image: str, reading: Reading, key: KeySchema | None) -> Fault | None:
    """Why the table's items cannot have a value at a reading's path; None if they can."""
    name, type_key, *nested = reading
    if key is None:
        is_key_type = not nested and type_key in KEY_KINDS
        return Fault.KEY_TYPE if image == "Keys" and not is_key_type else None
    expected = key.types.get(name)
    if expected is None:
        return Fault.NOT_A_KEY if image == "Keys" else None
    return Fault.KEY_TYPE if nested or type_key != expected else None


def _after(keys: Sequence[str], prefix: str) -> list[str]:
    """The keys after a dotted prefix, beginning with the rest of a key in which the prefix ends."""
    left, rest = prefix, list(keys)
    while left:
        first = rest.pop(0)
        if len(first) > len(left):
            return [first[len(left) + 1 :], *rest]
        left = left[len(first) + 1 :]
    return rest


def _attribute(image: str, keys: list[str], key: KeySchema | None) -> Location:
    every = list(islice(_items(".".join(keys).split(".")), MOST_READINGS))
    plain = [reading for reading in every if reading == tuple(keys) or not any("." in one for one in reading)]
    possible = [reading for reading in every if _reading_fault(image, reading, key) is None]
    chosen = next((reading for reading in plain if reading in possible), None)
    if chosen is not None:
        return _location(image, chosen, key)
    dotted = next((reading for reading in possible), None)
    name = next((step for step in dotted if "." in step), None) if dotted else None
    if plain:
        reading = plain[0]
        return Location(
            fault=_reading_fault(image, reading, key),
            image=image,
            attribute=reading[0],
            type_key=reading[1],
            dotted_name=name,
        )
    parts = keys if len(keys) > 1 else keys[0].split(".")
    return _fault(image, parts[0], parts[1:], name)


def _location(image: str, reading: Reading, key: KeySchema | None) -> Location:
    name, *rest = reading
    is_key = image == "Keys" or (key is not None and name in key.types)
    kinds = KEY_KINDS if is_key else ATTRIBUTE_KINDS
    return Location(kind=kinds[rest[-1]], image=image, attribute=name, type_key=rest[-1], steps=reading)


def _fault(image: str, attribute: str, keys: Sequence[str], dotted_name: str | None) -> Location:
    """The probable fault in a path through an AttributeValue."""

    def fault(kind: Fault, type_key: str | None = None) -> Location:
        return Location(
            fault=kind, image=image, attribute=attribute, type_key=type_key, dotted_name=dotted_name
        )

    rest = list(keys)
    while True:
        if not rest:
            return fault(Fault.MISSING_TYPE)
        type_key = rest.pop(0)
        if type_key in ATTRIBUTE_KINDS:
            return fault(Fault.BELOW_LEAF, type_key)
        if type_key not in TYPE_KEYS:
            return fault(Fault.UNKNOWN_TYPE, type_key)
        if not rest:
            return fault(Fault.INNER_NODE, type_key)
        if type_key == "M":
            rest.pop(0)
        elif rest[0].isdigit():
            return fault(Fault.LIST_INDEX, rest[0])
