"""Where a pattern's field points in a stream record, or why no record has a leaf there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from ddbinsert.core.filter_kinds import ATTRIBUTE_KINDS, IMAGES, RECORD_KINDS, TYPE_KEYS, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddbinsert.core.model import KeySchema


class Fault(StrEnum):
    """Why no stream record has a leaf at a path."""

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
class Spot:
    """What a field points at.

    Args:
        kind: What the leaf can be; None where there is no leaf, and then `fault` says why.
        image: Keys, NewImage or OldImage, where the field lies in one.
        attribute: The attribute's name, as far as it can be told.
        type_key: The type key that the leaf stands under; for a fault, the offending key.
        steps: The way from the image to the leaf: the attribute's name, a type key, and so on.
    """

    kind: Kind | None = None
    fault: Fault | None = None
    image: str | None = None
    attribute: str | None = None
    type_key: str | None = None
    steps: tuple[str, ...] = ()


_WRAPPERS: Final = ("body", "data", "value", "detail", "Records")
_INNER: Final = ("dynamodb", "userIdentity", *(f"dynamodb.{image}" for image in IMAGES))


def locate(keys: Sequence[str], key: KeySchema | None = None) -> Spot:
    """The spot of a field with these keys (dots inside a key join keys, as with AWS).

    Args:
        key: The table's key schema, where it is known: then key attributes are judged, too.
    """
    path = ".".join(keys)
    known = RECORD_KINDS.get(path)
    if known is not None:
        return Spot(kind=known)
    if path in _INNER:
        return Spot(fault=Fault.INNER_NODE)
    for image in IMAGES:
        if path.startswith(f"dynamodb.{image}."):
            return _attribute(image, _after(keys, f"dynamodb.{image}"), key)
    first = path.partition(".")[0]
    if first in _WRAPPERS:
        return Spot(fault=Fault.WRAPPER)
    if first in IMAGES or f"dynamodb.{first}" in RECORD_KINDS:
        return Spot(fault=Fault.OUTSIDE_DYNAMODB)
    return Spot(fault=Fault.UNKNOWN_FIELD)


def _after(keys: Sequence[str], prefix: str) -> list[str]:
    """The keys that follow a dotted prefix; what is left of a key that the prefix ends in comes first."""
    left, rest = prefix, list(keys)
    while left:
        first = rest.pop(0)
        if len(first) > len(left):
            return [first[len(left) + 1 :], *rest]
        left = left[len(first) + 1 :]
    return rest


def _attribute(image: str, keys: list[str], key: KeySchema | None) -> Spot:
    spot = _value(image, keys[0], keys[1:])
    if spot.kind is None and any("." in part for part in keys):
        spot = _dotted(image, ".".join(keys)) or spot
    if key is None or spot.attribute is None:
        return spot
    types = key.types
    expected = types.get(spot.attribute)
    if image == "Keys" and expected is None and spot.kind is not None:
        return Spot(fault=Fault.NOT_A_KEY, image=image, attribute=spot.attribute, type_key=spot.type_key)
    nested = len(keys) > 2
    if expected is not None and spot.kind is not None and (nested or spot.type_key != expected):
        return Spot(fault=Fault.KEY_TYPE, image=image, attribute=spot.attribute, type_key=spot.type_key)
    return spot


def _value(image: str, attribute: str, keys: Sequence[str]) -> Spot:
    """Walk an AttributeValue: a type key, and what it holds."""

    def no(fault: Fault, type_key: str | None = None) -> Spot:
        return Spot(fault=fault, image=image, attribute=attribute, type_key=type_key)

    rest = list(keys)
    while True:
        if not rest:
            return no(Fault.MISSING_TYPE)
        type_key = rest.pop(0)
        if type_key in ATTRIBUTE_KINDS:
            if rest:
                return no(Fault.BELOW_LEAF, type_key)
            return Spot(
                kind=ATTRIBUTE_KINDS[type_key],
                image=image,
                attribute=attribute,
                type_key=type_key,
                steps=(attribute, *keys),
            )
        if type_key not in TYPE_KEYS:
            return no(Fault.UNKNOWN_TYPE, type_key)
        if not rest:
            return no(Fault.INNER_NODE, type_key)
        if type_key == "M":
            rest.pop(0)
        elif rest[0].isdigit():
            return no(Fault.LIST_INDEX, rest[0])


def _dotted(image: str, path: str) -> Spot | None:
    """An attribute's own name may contain dots: read the path's last part as the type key, all before as the name."""
    name, dot, type_key = path.rpartition(".")
    if not dot or not name or type_key not in ATTRIBUTE_KINDS:
        return None
    return Spot(
        kind=ATTRIBUTE_KINDS[type_key],
        image=image,
        attribute=name,
        type_key=type_key,
        steps=(name, type_key),
    )
