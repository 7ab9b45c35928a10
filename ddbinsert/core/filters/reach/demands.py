"""The demands of one rule of a pattern on a record of one event, sorted by field of the record."""

from __future__ import annotations

from dataclasses import field
from itertools import islice, product
from typing import TYPE_CHECKING, Final

from ddbinsert.core.filters.record.kinds import RECORD_KINDS, has_image
from ddbinsert.core.filters.record.place import Reading, image_of, readings
from ddbinsert.core.model.record import EventName
from ddbinsert.core.pattern.model import NOT_THERE
from ddbinsert.core.pattern.write import conditions_text
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ddbinsert.core.filters.reach.answer import KnownStream
    from ddbinsert.core.model.record import StreamView
    from ddbinsert.core.pattern.model import Condition, Field
    from ddbinsert.core.pattern.rules import Rule

Conditions = tuple["Condition", ...]

#: Maximum number of combinations of readings that are tried for one rule.
MOST_COMBINATIONS: Final = 64


class Contradiction(Exception):
    """It is proven that no record satisfies the rule; the message is the reason, without a full stop."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AttributeDemand:
    """A field inside an image, with every way to read its path.

    Attributes:
        path: The field as the pattern writes it, with dots.
        image: ``Keys``, ``NewImage`` or ``OldImage``.
        readings: The attributes that the path can mean; names may contain dots.
        conditions: The conditions on the value.
    """

    path: str
    image: str
    readings: tuple[Reading, ...]
    conditions: Conditions


@dataclass(kw_only=True, slots=True)
class Demands:
    """A rule's fields for records of one event under one view type.

    Attributes:
        record: By path, the conditions on the record's own fields.
        required: Attributes that must have a value.
        optional: Attributes that may also be absent.
        complete: Every reading of every path is in `required`.
    """

    record: dict[str, Conditions] = field(default_factory=dict)
    required: list[AttributeDemand] = field(default_factory=list)
    optional: list[AttributeDemand] = field(default_factory=list)
    complete: bool = True


def demands_of(rule: Rule, event: EventName, view: StreamView, stream: KnownStream) -> Demands:
    """The demands of a rule.

    Raises:
        Contradiction: A required field exists in no record of this event, or an excluded field exists in all.
    """
    found = Demands()
    for wanted in rule.values():
        if wanted.path in RECORD_KINDS:
            _record_field(found, wanted, event)
            continue
        image = image_of(wanted.path)
        may_be_absent = NOT_THERE in wanted.conditions
        if image is None or not has_image(image, event, view):
            if not may_be_absent:
                raise Contradiction(_nowhere(wanted, image, event, view))
            continue
        ways, complete = readings(wanted.path, image, stream.key)
        if not ways and not may_be_absent:
            raise Contradiction(f"no item has a value at `{wanted.path}`")
        found.complete = found.complete and complete
        demand = AttributeDemand(
            path=wanted.path, image=image, readings=tuple(ways), conditions=wanted.conditions
        )
        (found.optional if may_be_absent else found.required).append(demand)
    _identity(found, rule)
    return found


def _record_field(found: Demands, wanted: Field, event: EventName) -> None:
    """A field of the record itself; userIdentity exists only in deletions by Time to Live."""
    may_be_absent = NOT_THERE in wanted.conditions
    if wanted.path.startswith("userIdentity"):
        if may_be_absent:
            return
        if event is not EventName.REMOVE:
            raise Contradiction(f"the record of {_article(event)} {event.value} has no `{wanted.path}`")
    found.record[wanted.path] = wanted.conditions
    if all(condition == NOT_THERE for condition in wanted.conditions):
        raise Contradiction(f"every record has `{wanted.path}`")


def _identity(found: Demands, rule: Rule) -> None:
    """The parts of userIdentity exist together: if one is required, the others exist, too."""
    if not any(path.startswith("userIdentity") for path in found.record):
        return
    for path, wanted in rule.items():
        if path in RECORD_KINDS and path.startswith("userIdentity"):
            found.record[path] = wanted.conditions


def _nowhere(wanted: Field, image: str | None, event: EventName, view: StreamView) -> str:
    if image is None or f"dynamodb.{image}" == wanted.path:
        return f"no record has a value at `{wanted.path}`"
    return f"the record of {_article(event)} {event.value} under {view.value} has no {image}"


def _article(event: EventName) -> str:
    return "an" if event is EventName.INSERT else "a"


def combinations(demands: Demands) -> tuple[Iterator[tuple[Reading, ...]], bool]:
    """Every choice of one reading for each required attribute; and whether these are all that exist."""
    count = 1
    for demand in demands.required:
        count *= len(demand.readings)
    every = product(*(demand.readings for demand in demands.required))
    return islice(every, MOST_COMBINATIONS), demands.complete and count <= MOST_COMBINATIONS


def unsatisfied(path: str, lists: Sequence[Conditions]) -> Contradiction:
    """No value of the place satisfies all lists."""
    shown = " and ".join(conditions_text(one) for one in lists)
    return Contradiction(f"no value at `{path}` satisfies {shown}")
