"""The patterns that the embedded emulator evaluates differently from AWS (MiniStack 1.5, measured).

A trigger with such a filter is correct on AWS and may receive too few or too many records on the emulator.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.core.filters.record.kinds import SETS
from ddbinsert.core.filters.record.place import locate
from ddbinsert.core.pattern.model import (
    NOT_THERE,
    Alternatives,
    AnythingBut,
    Cidr,
    Equals,
    EqualsIgnoreCase,
    Prefix,
    Suffix,
    Wildcard,
)
from ddbinsert.core.pattern.rules import fields_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddbinsert.core.pattern.model import Condition, Field, Pattern


def emulator_gaps(pattern: Pattern) -> tuple[str, ...]:
    """The parts of a pattern that the emulator evaluates differently from AWS, in words; () if both agree."""
    found = dict.fromkeys(gap for field in fields_of(pattern.nodes) for gap in _of_field(field))
    if any(isinstance(node, Alternatives) for node in pattern.nodes):
        found = {"`$or`": None, **found}
    return tuple(found)


def _of_field(field: Field) -> Iterator[str]:
    location = locate(field.keys)
    if location.type_key in SETS or "L" in location.steps[1:]:
        yield "sets and lists"
    for condition in field.conditions:
        if condition == NOT_THERE:
            yield "`exists: false`"
        name = _operator(condition)
        if name is not None:
            yield name


def _operator(condition: Condition) -> str | None:
    match condition:
        case EqualsIgnoreCase() | Prefix(ignore_case=True) | Suffix(ignore_case=True):
            return "`equals-ignore-case`"
        case Wildcard():
            return "`wildcard`"
        case Cidr():
            return "`cidr`"
        case AnythingBut(excluded=excluded) if not all(isinstance(one, Equals) for one in excluded):
            return "operators inside `anything-but`"
        case Equals() if condition.at.path and condition.at.path[-1] == "exactly":
            return "`exactly`"
        case _:
            return None
