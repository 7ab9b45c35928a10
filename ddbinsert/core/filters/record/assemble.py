"""Assembles example records from solved values; open fields get values as DynamoDB would write them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ddbinsert.core.filters.record.kinds import KEY_KINDS, RECORD_KINDS
from ddbinsert.core.filters.record.validity import item_size
from ddbinsert.core.model.record import EventName
from ddbinsert.core.pattern.model import NOT_THERE, Equals, Numeric
from ddbinsert.core.pattern.predicates import any_of
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from decimal import Decimal

    from ddbinsert.core.model.record import StreamView
    from ddbinsert.core.pattern.model import Condition

_TTL: Final = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
_DEFAULTS: Final = {
    path: RECORD_KINDS[path].samples[0]
    for path in (
        *("eventID", "eventVersion", "eventSource", "awsRegion", "eventSourceARN"),
        *("dynamodb.ApproximateCreationDateTime", "dynamodb.SequenceNumber"),
    )
}
#: Maximum size of an item in bytes (DynamoDB's quota).
_LARGEST: Final = 400_000

Images = dict[str, dict[str, Any]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Assembly:
    """The parts of a record.

    Attributes:
        images: Attributes that are not key attributes, for each image that the record has.
        keys: Type and value of each key attribute, as far as they are known.
        free_keys: Key attributes that may have any value.
        fields: Values of the record's own fields, by path.
        avoid: Paths that must not get a value.
    """

    event: EventName
    view: StreamView
    images: Mapping[str, Mapping[str, Any]]
    keys: Mapping[str, tuple[str, Any]]
    free_keys: frozenset[str]
    fields: Mapping[str, Any]
    avoid: Collection[str]


def assembled(parts: Assembly, size: Sequence[Condition] | None) -> Iterator[dict[str, Any]]:
    """Candidates for an example record; with conditions on SizeBytes, records of a fitting size."""
    for tiny in (False, True) if size is not None else (False,):
        images = _images(parts, tiny=tiny)
        if size is not None:
            _pad(images, parts, any_of([one for one in size if one != NOT_THERE]), size)
        yield _record(parts, images)


def _record(parts: Assembly, images: Images) -> dict[str, Any]:
    values = {**_DEFAULTS, **parts.fields}
    change: dict[str, Any] = {
        "ApproximateCreationDateTime": values["dynamodb.ApproximateCreationDateTime"],
        **images,
        "SequenceNumber": values["dynamodb.SequenceNumber"],
        "SizeBytes": sum(map(item_size, images.values())),
        "StreamViewType": parts.view.value,
    }
    record: dict[str, Any] = {
        "eventID": values["eventID"],
        "eventName": parts.event.value,
        "eventVersion": values["eventVersion"],
        "eventSource": values["eventSource"],
        "awsRegion": values["awsRegion"],
        "dynamodb": change,
        "eventSourceARN": values["eventSourceARN"],
    }
    if parts.event is EventName.REMOVE and any(path.startswith("userIdentity") for path in parts.fields):
        record["userIdentity"] = dict(_TTL)
    return record


def _images(parts: Assembly, *, tiny: bool) -> Images:
    """Keys and the images, each with the key.

    Args:
        tiny: Use the shortest names and values.
    """
    key: dict[str, Any] = {name: {letter: value} for name, (letter, value) in parts.keys.items()}
    for name in parts.free_keys if tiny else ():
        if "S" in key[name]:
            key[name] = {"S": "x"}
    if not key:
        name = _unused("k" if tiny else "id", parts)
        key = {name: {"S": "x" if tiny else KEY_KINDS["S"].samples[0]}}
    images: Images = {"Keys": dict(key)}
    for image, item in parts.images.items():
        if image != "Keys":
            images[image] = {**item, **key}
    if parts.event is EventName.MODIFY and images.get("NewImage", 0) == images.get("OldImage", 1):
        # A write without a change creates no record.
        name = _unused("v" if tiny else "version", parts)
        images["OldImage"][name] = {"N": "1"}
        images["NewImage"][name] = {"N": "2"}
    return images


def _pad(images: Images, parts: Assembly, fits: Callable[[object], bool], size: Sequence[Condition]) -> None:
    """Give the record a size that the conditions accept, if possible, by a longer key or an additional attribute."""
    smallest = sum(map(item_size, images.values()))
    if fits(smallest):
        return
    wanted = sorted({number for one in size for number in _sizes(one)} | {smallest + 1})
    chosen = next((number for number in wanted if smallest < number <= _LARGEST and fits(number)), None)
    image = next((name for name in ("NewImage", "OldImage") if name in images), None)
    if chosen is None:
        return
    if image is not None:
        name = _free_name("p", parts.avoid, images[image])
        images[image][name] = {"S": "x" * (chosen - smallest - len(name))}
        return
    free = [
        name
        for name, value in images["Keys"].items()
        if "S" in value and (name in parts.free_keys or not parts.keys)
    ]
    if free:
        images["Keys"][free[0]] = {"S": images["Keys"][free[0]]["S"] + "x" * (chosen - smallest)}


def _sizes(condition: Condition) -> Iterator[int]:
    """The smallest and largest sizes that a condition accepts."""
    match condition:
        case Equals(value=value) if not isinstance(value, str | bool | None):
            yield from _near(value)
        case Numeric(low=low, high=high):
            for bound in (low, high):
                if bound is not None:
                    yield from _near(bound.value)


def _near(number: Decimal) -> Iterator[int]:
    if number.is_finite() and abs(number) <= _LARGEST:
        yield from range(int(number) - 1, int(number) + 2)


def _unused(name: str, parts: Assembly) -> str:
    taken: set[str] = {*parts.keys, *(name for image in parts.images.values() for name in image)}
    return _free_name(name, parts.avoid, taken)


def _free_name(name: str, avoid: Collection[str], taken: Collection[str]) -> str:
    """An attribute's name that no path mentions and no image has."""
    candidate, number = name, 1
    while candidate in taken or any(f".{candidate}." in f"{path}." for path in avoid):
        number += 1
        candidate = f"{name}{number}"
    return candidate
