"""Determines which records pass a filter: for each event an example, a proof that there is none, or neither.

The answers are about the records that DynamoDB writes to a stream with the given view type, table key and ARN, as far
as these are known. An example is such a record; a proof covers all of them.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

from ddbinsert.core.filters.reach.answer import KnownStream, Passes, Reachability, first_of
from ddbinsert.core.model.record import EventName, StreamView
from ddbinsert.core.pattern.exact import exact_of
from ddbinsert.core.pattern.model import NOT_THERE
from ddbinsert.core.pattern.predicates import any_of
from ddbinsert.core.pattern.rules import Rule, rules_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from ddbinsert.core.filters.record.place import Location
    from ddbinsert.core.pattern.model import Field, Pattern

EVENT_NAME: Final = "eventName"

ALL_VIEWS: Final = (
    StreamView.NEW_AND_OLD_IMAGES,
    StreamView.NEW_IMAGE,
    StreamView.OLD_IMAGE,
    StreamView.KEYS_ONLY,
)
#: Number of undecided rules, for each view type, after which the remaining rules are not tried.
_MOST_UNKNOWN: Final = 12

#: The events whose records never pass an insert-only filter.
NOT_INSERTS: Final = (EventName.MODIFY, EventName.REMOVE)

_ANYWHERE: Final = KnownStream()


def passing(pattern: Pattern, event: EventName, stream: KnownStream = _ANYWHERE) -> Reachability:
    """Whether a record of this event can pass.

    Args:
        stream: The known facts; a stream with an unknown view type may have any of them.
    """
    from ddbinsert.core.filters.reach.solve import solve_rule

    matches = _Matcher(pattern)
    views = (stream.view,) if stream.view is not None else ALL_VIEWS
    answers: list[Reachability] = []
    for rule in rules_of(pattern.nodes):
        if not accepts(rule, event):
            reason = f"its eventName does not accept {event.value}"
            answers.append(Reachability(passes=Passes.NO, event=event, reason=reason))
            continue
        for view in views:
            answer = solve_rule(rule, event, view, stream, matches)
            if answer.passes is Passes.YES:
                return answer
            answers.append(answer)
        if sum(answer.passes is Passes.UNKNOWN for answer in answers) > _MOST_UNKNOWN:
            break  # the pattern has many rules that are hard to decide
    return first_of(answers)


class _Matcher:
    """Whether a record matches the pattern; compiled at its first use, as most rules are refuted without a record."""

    def __init__(self, pattern: Pattern) -> None:
        self._pattern = pattern

    @cached_property
    def _exact(self) -> Callable[[object], bool]:
        return exact_of(self._pattern.nodes)

    def __call__(self, record: Mapping[str, object]) -> bool:
        return self._exact(record)


def leak(pattern: Pattern, stream: KnownStream = _ANYWHERE) -> Reachability:
    """Whether a MODIFY or a REMOVE can pass; NO means that the filter is insert-only."""
    return first_of([passing(pattern, event, stream) for event in NOT_INSERTS])


def inserts_of(patterns: Sequence[Pattern], stream: KnownStream = _ANYWHERE) -> Reachability:
    """Whether any INSERT passes the filters of one mapping, which are ORed; without filters, every INSERT does.

    NO is a proof that the mapping never invokes its function for an insert.
    """
    return _of_mapping(patterns, (EventName.INSERT,), stream)


def leaks_of(patterns: Sequence[Pattern], stream: KnownStream = _ANYWHERE) -> Reachability:
    """Whether any MODIFY or REMOVE passes the filters of one mapping, which are ORed; without filters, all do.

    NO is a proof that the mapping is insert-only.
    """
    return _of_mapping(patterns, NOT_INSERTS, stream)


def _of_mapping(
    patterns: Sequence[Pattern], events: Collection[EventName], stream: KnownStream
) -> Reachability:
    from ddbinsert.core.pattern.matcher import parse

    ored = patterns or [parse({"eventName": [event.value for event in events]})]
    return first_of([passing(pattern, event, stream) for pattern in ored for event in events])


def accepts(rule: Rule, event: EventName) -> bool:
    """Whether a rule's condition on eventName, if it has one, accepts this event."""
    field = rule.get(EVENT_NAME)
    if field is None:
        return True
    values = [condition for condition in field.conditions if condition != NOT_THERE]
    return bool(values) and any_of(values)(event.value)


def may_be_absent(field: Field) -> bool:
    return NOT_THERE in field.conditions


def carries(target: Location, field: Field, event: EventName, view: StreamView) -> bool:
    """Whether a record of this event under this view type can have a value there."""
    from ddbinsert.core.filters.record.kinds import has_image

    if field.path.startswith("userIdentity"):
        return event is EventName.REMOVE  # exists only in deletions by Time to Live
    return target.image is None or has_image(target.image, event, view)
