"""The events whose records can have the images that a rule requires."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.core.filters.lint.places import Remark
from ddbinsert.core.filters.reach.reach import ALL_VIEWS, EVENT_NAME, accepts, carries, may_be_absent
from ddbinsert.core.filters.record.place import Location, locate
from ddbinsert.core.model.record import EventName

if TYPE_CHECKING:
    from ddbinsert.core.filters.reach.answer import KnownStream
    from ddbinsert.core.pattern.model import Field
    from ddbinsert.core.pattern.rules import Rule


def lives_on(rule: Rule, stream: KnownStream) -> list[EventName]:
    """The events that the rule's eventName accepts and whose records have its images."""
    required = _required(rule, stream)
    views = (stream.view,) if stream.view is not None else ALL_VIEWS
    return [
        event
        for event in EventName
        if accepts(rule, event)
        and any(all(carries(at, field, event, view) for field, at in required) for view in views)
    ]


def _required(rule: Rule, stream: KnownStream) -> list[tuple[Field, Location]]:
    fields = [field for field in rule.values() if field.path != EVENT_NAME and not may_be_absent(field)]
    located = [(field, locate(field.keys, stream.key)) for field in fields]
    return [(field, location) for field, location in located if location.kind is not None]


def image_clash(rule: Rule, stream: KnownStream) -> Remark | None:
    """A finding about a field in an image that no record of the rule's events has."""
    events = [event for event in EventName if accepts(rule, event)]
    if not events or lives_on(rule, stream):
        return None
    for field, location in _required(rule, stream):
        if not any(carries(location, field, event, view) for event in events for view in ALL_VIEWS):
            image = location.image or field.keys[0]
            names = " or ".join(event.value for event in events)
            article = "an" if names.startswith("INSERT") else "a"
            return Remark(
                rule="image-of-event",
                message=f"This never matches: the record of {article} {names} has no {image}.",
                hint="INSERT has Keys and NewImage, MODIFY both images, REMOVE Keys and OldImage.",
                at=field.at,
                kills=True,
            )
    return None
