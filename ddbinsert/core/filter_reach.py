"""Which records a pattern can let through: for every event, a record that passes or the certainty of none.

The certainty is about JSON, not about DynamoDB's habits: "no MODIFY passes" means that no JSON object whose
eventName is MODIFY matches, whatever else it holds. That is decidable, because a rule is a conjunction of
fields with different paths, and leaves at different paths never get into each other's way: a record may spell
any path with dots.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ddbinsert.core.filter_example import Leaf, bare, lifelike
from ddbinsert.core.filter_kinds import ANY, has_image
from ddbinsert.core.filter_place import Spot, locate
from ddbinsert.core.filter_witness import NOTHING, value_for
from ddbinsert.core.model import EventName, StreamView
from ddbinsert.core.pattern_compile import compile_nodes
from ddbinsert.core.pattern_model import NOT_THERE
from ddbinsert.core.pattern_rules import Rule, rules_of
from ddbinsert.core.pattern_values import any_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ddbinsert.core.model import KeySchema
    from ddbinsert.core.pattern_model import Field, Pattern

EVENT_NAME: Final = "eventName"

_VIEWS: Final = (
    StreamView.NEW_AND_OLD_IMAGES,
    StreamView.NEW_IMAGE,
    StreamView.OLD_IMAGE,
    StreamView.KEYS_ONLY,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Passing:
    """A record that a pattern lets through.

    Args:
        event: What happened to the item.
        record: A record as Lambda hands it to a function; the compiled pattern matches it.
        genuine: Whether DynamoDB can write such a record; else it only is JSON that would pass.
    """

    event: EventName
    record: dict[str, Any]
    genuine: bool


def passing(
    pattern: Pattern,
    event: EventName,
    *,
    key: KeySchema | None = None,
    views: Sequence[StreamView] = _VIEWS,
) -> Passing | None:
    """A record of this event that passes, a genuine one if there is one; None if no record can.

    Args:
        key: The table's key, where it is known; a genuine record has it.
        views: The view types that a genuine record may come from.
    """
    matches = compile_nodes(pattern.nodes)
    fallback: Passing | None = None
    for rule in rules_of(pattern.nodes):
        for record, genuine in _records(rule, event, key, views):
            if matches(record):
                found = Passing(event=event, record=record, genuine=genuine)
                if genuine:
                    return found
                fallback = fallback or found
    return fallback


def leak(
    pattern: Pattern, *, key: KeySchema | None = None, views: Sequence[StreamView] = _VIEWS
) -> Passing | None:
    """A MODIFY or REMOVE that passes, a genuine one if there is one; None if the pattern is insert-only."""
    found = [
        passed
        for event in (EventName.MODIFY, EventName.REMOVE)
        if (passed := passing(pattern, event, key=key, views=views)) is not None
    ]
    return next((passed for passed in found if passed.genuine), found[0] if found else None)


def accepts(rule: Rule, event: EventName) -> bool:
    """Whether a rule's condition on eventName, if it has one, lets this event through."""
    field = rule.get(EVENT_NAME)
    if field is None:
        return True
    values = [condition for condition in field.conditions if condition != NOT_THERE]
    return bool(values) and any_of(values)(event.value)


def may_be_absent(field: Field) -> bool:
    return NOT_THERE in field.conditions


def carries(spot: Spot, field: Field, event: EventName, view: StreamView) -> bool:
    """Whether a record of this event under this view type can have a leaf there."""
    if field.path.startswith("userIdentity"):
        return event is EventName.REMOVE  # TTL's deletions alone name their doer
    return spot.image is None or has_image(spot.image, event, view)


def _records(
    rule: Rule, event: EventName, key: KeySchema | None, views: Sequence[StreamView]
) -> Iterator[tuple[dict[str, Any], bool]]:
    """Candidates, the lifelike first; the last one, bare, matches unless no record does."""
    if not accepts(rule, event):
        return
    leaves: list[Leaf] = []
    can_be_lifelike = True
    fields = [field for field in rule.values() if field.path != EVENT_NAME and not may_be_absent(field)]
    for field in sorted(fields, key=lambda field: len(field.keys)):
        spot = locate(field.keys, key)
        value = value_for(field.conditions, spot.kind) if spot.kind else NOTHING
        if value is NOTHING:
            can_be_lifelike = False
            value = value_for(field.conditions, ANY)
            if value is NOTHING:
                return
        leaves.append((field.keys, spot, value))
    if can_be_lifelike:
        for view in views:
            if all(carries(locate(field.keys, key), field, event, view) for field in fields):
                for record in lifelike(event, view, leaves, key=key, avoid=rule):
                    yield record, True
    yield bare(event, leaves), False
