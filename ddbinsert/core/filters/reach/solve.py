"""Solves one rule for one event and view type: a record that passes, a proof that none does, or neither.

A rule is a conjunction of fields with different paths. The solver assigns every field to a part of the
record, combines the conditions on one value (a key attribute has the same value in Keys and in the images),
and solves each value by itself. An example is returned only if the compiled pattern matches it and
`is_genuine` accepts it; NO is returned only if every reading of the rule leads to a contradiction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypedDict

from ddbinsert.core.arn import arn_parts
from ddbinsert.core.filters.reach.answer import KnownStream, Passes, Reachability
from ddbinsert.core.filters.reach.demands import (
    AttributeDemand,
    Conditions,
    Contradiction,
    Demands,
    combinations,
    demands_of,
    unsatisfied,
)
from ddbinsert.core.filters.reach.fixed_fields import known_kinds
from ddbinsert.core.filters.record.assemble import Assembly, assembled
from ddbinsert.core.filters.record.items import Slot, TypeConflict, slot_at
from ddbinsert.core.filters.record.kinds import (
    ATTRIBUTE_KINDS,
    IMAGES,
    KEY_KINDS,
    RECORD_KINDS,
    fixed,
    has_image,
)
from ddbinsert.core.filters.record.validity import is_genuine
from ddbinsert.core.filters.record.witness import NoValue, value_for

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from ddbinsert.core.filters.record.kinds import LeafKind
    from ddbinsert.core.filters.record.place import Reading
    from ddbinsert.core.model.record import EventName, StreamView
    from ddbinsert.core.pattern.rules import Rule


class _NotFound(Exception):
    """A record may exist, but none was found."""


def solve_rule(
    rule: Rule,
    event: EventName,
    view: StreamView,
    stream: KnownStream,
    matches: Callable[[Mapping[str, object]], bool],
) -> Reachability:
    """Whether a record of this event under this view type satisfies the rule.

    Args:
        matches: The compiled pattern that the rule is a part of.
    """
    try:
        demands = demands_of(rule, event, view, stream)
        fields, unfound = _record_values(demands.record, event, view, stream)
    except Contradiction as reason:
        return Reachability(passes=Passes.NO, event=event, reason=str(reason))
    choices, complete = combinations(demands)
    contradictions: list[str] = []
    doubts = [] if complete else ["the attribute names can be read in too many ways"]
    for choice in choices:
        try:
            item = _item(demands, choice, event, view, stream)
        except Contradiction as reason:
            contradictions.append(str(reason))
            continue
        except _NotFound as reason:
            doubts.append(str(reason))
            continue
        assembly = Assembly(event=event, view=view, fields=fields, avoid=tuple(rule), **item)
        for record in assembled(assembly, demands.record.get(_SIZE)) if not unfound else ():
            if matches(record) and is_genuine(record, stream.key):
                return Reachability(passes=Passes.YES, event=event, record=record)
        doubts.append(unfound or "the records that were tried do not pass")
    if doubts:
        return Reachability(passes=Passes.UNKNOWN, event=event, reason=doubts[0])
    return Reachability(passes=Passes.NO, event=event, reason=contradictions[0])


_SIZE: Final = "dynamodb.SizeBytes"


# --- the record's own fields ------------------------------------------------------------------------------


def _record_values(
    wanted: Mapping[str, Conditions], event: EventName, view: StreamView, stream: KnownStream
) -> tuple[dict[str, Any], str]:
    """Values of the record's own fields, except SizeBytes, which is only checked; and the reason for missing ones.

    Raises:
        Contradiction: There is no value for one of them.
    """
    facts = {
        **known_kinds(stream),
        "eventName": fixed(f'"{event.value}"', event.value),
        "dynamodb.StreamViewType": fixed(f'"{view.value}"', view.value),
    }
    values: dict[str, Any] = {}
    unfound = ""
    for path, conditions in wanted.items():
        kind = facts.get(path, RECORD_KINDS[path])
        value = value_for((conditions,), kind)
        if value is NoValue.IMPOSSIBLE:
            raise _impossible(path, conditions, kind)
        if value is NoValue.NOT_FOUND and path not in _REGIONAL:
            unfound = f"no example value for `{path}` was found"
        values[path] = value
    if stream.arn is not None:
        return {**values, "eventSourceARN": stream.arn, "awsRegion": arn_parts(stream.arn).region}, unfound
    if not _REGIONAL.isdisjoint(values):
        from ddbinsert.core.filters.record.regions import region_and_arn

        found = region_and_arn(wanted.get("awsRegion"), wanted.get("eventSourceARN"))
        if found is None:
            return values, "no region and ARN that agree were found"
        values |= {"awsRegion": found[0], "eventSourceARN": found[1]}
    return values, unfound


_REGIONAL: Final = frozenset({"awsRegion", "eventSourceARN"})


def _impossible(path: str, conditions: Conditions, kind: LeafKind) -> Contradiction:
    reason = unsatisfied(path, (conditions,))
    return Contradiction(f"{reason}: it is {kind.words}") if kind.closed else reason


# --- attributes -------------------------------------------------------------------------------------------


class _Item(TypedDict):
    """The parts of an `Assembly` that concern the item."""

    images: dict[str, dict[str, Any]]
    keys: dict[str, tuple[str, Any]]
    free_keys: frozenset[str]


def _item(
    demands: Demands, choice: Sequence[Reading], event: EventName, view: StreamView, stream: KnownStream
) -> _Item:
    """The images' attributes and the key.

    Raises:
        Contradiction: No item satisfies this reading of the rule.
        _NotFound: A value was neither found nor excluded.
    """
    chosen = list(zip(demands.required, choice, strict=True))
    key_types = _key_types(chosen, stream)
    present = [image for image in IMAGES if has_image(image, event, view)]
    key_lists: dict[str, list[Conditions]] = {name: [] for name in key_types}
    images: dict[str, dict[str, Slot]] = {image: {} for image in present}
    for demand, reading in chosen:
        name, type_key = reading[0], reading[1]
        if name not in key_types:
            _fill(images[demand.image], demand, reading)
        elif len(reading) > 2 or type_key != key_types[name]:
            raise Contradiction(f"`{demand.path}`: the key attribute `{name}` has the type {key_types[name]}")
        else:
            key_lists[name].append(demand.conditions)
    for demand in demands.optional:
        # A key attribute is never absent. With several readings, another attribute might satisfy the field.
        ways = [r for r in demand.readings if len(r) == 2 and key_types.get(r[0]) == r[1]]
        if ways and len(demand.readings) == 1:
            key_lists[ways[0][0]].append(demand.conditions)
    keys = {
        name: (letter, _value(f"Keys.{name}.{letter}", key_lists[name], KEY_KINDS[letter]))
        for name, letter in key_types.items()
    }
    return {
        "images": {
            image: {name: slot.json() for name, slot in item.items()} for image, item in images.items()
        },
        "keys": keys,
        "free_keys": frozenset(name for name, lists in key_lists.items() if not lists),
    }


def _key_types(chosen: Collection[tuple[AttributeDemand, Reading]], stream: KnownStream) -> dict[str, str]:
    """The key's attributes with their types: the table's if it is known, otherwise those that Keys must have."""
    if stream.key is not None:
        return dict(stream.key.types)
    types: dict[str, str] = {}
    for demand, reading in chosen:
        if demand.image == "Keys" and types.setdefault(reading[0], reading[1]) != reading[1]:
            raise Contradiction(f"`{demand.path}`: the key attribute `{reading[0]}` has one type")
    if len(types) > 2:
        raise Contradiction(f"a key has at most two attributes, not {', '.join(types)}")
    return types


def _fill(item: dict[str, Slot], demand: AttributeDemand, reading: Reading) -> None:
    try:
        slot = slot_at(item, reading)
    except TypeConflict as conflict:
        raise Contradiction(f"`{demand.path}` and another field need different types ({conflict})") from None
    slot.content = _value(demand.path, [demand.conditions], ATTRIBUTE_KINDS[reading[-1]])


def _value(path: str, lists: Sequence[Conditions], kind: LeafKind) -> object:
    if not lists:
        return kind.samples[0]
    value = value_for(lists, kind)
    if value is NoValue.IMPOSSIBLE:
        raise unsatisfied(path, lists)
    if value is NoValue.NOT_FOUND:
        raise _NotFound(f"no example value for `{path}` was found")
    return value
