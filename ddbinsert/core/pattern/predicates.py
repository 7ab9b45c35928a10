"""Conditions as predicates on one JSON leaf: str, int, float, Decimal, bool or None.

A predicate is called with values other than objects and arrays, and never raises: any other value equals nothing.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Final, assert_never

from ddbinsert.core.pattern.addresses import parse_address
from ddbinsert.core.pattern.model import (
    AnythingBut,
    Cidr,
    Condition,
    Equals,
    EqualsIgnoreCase,
    Exists,
    Numeric,
    Prefix,
    Suffix,
    Wildcard,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

#: Event Ruler compares doubles; a number outside their range is in no range.
LARGEST: Final = 1.7976931348623157e308
_LARGEST: Final = Decimal(repr(LARGEST))


def predicate(condition: Condition) -> Callable[[object], bool]:
    """Whether a leaf satisfies the condition; `exists: false` is satisfied by none."""
    match condition:
        case Equals():
            return _equals(condition)
        case Prefix() | Suffix():
            return _affix(condition)
        case EqualsIgnoreCase():
            return _equals_ignore_case(condition.text)
        case Wildcard():
            return _wildcard(condition.literals)
        case Numeric():
            return _numeric(condition)
        case Cidr():
            return _cidr(condition)
        case Exists(present=present):
            return lambda _: present
        case AnythingBut(excluded=excluded):
            matches_excluded = any_of(excluded)
            return lambda leaf: not matches_excluded(leaf)
        case _ as never:
            assert_never(never)


def any_of(conditions: Iterable[Condition]) -> Callable[[object], bool]:
    """Whether a leaf satisfies one of the conditions."""
    predicates = tuple(predicate(condition) for condition in conditions)
    if len(predicates) == 1:
        return predicates[0]
    return lambda leaf: any(holds(leaf) for holds in predicates)


def as_number(leaf: object) -> int | Decimal | None:
    """The exact number of a leaf, or None if it is not a finite number.

    A float is taken as the shortest decimal that reads back as it, which is almost certainly the text of the JSON.
    """
    if isinstance(leaf, bool):
        return None
    if isinstance(leaf, int):
        return leaf
    if isinstance(leaf, float):
        return Decimal(repr(float(leaf))) if math.isfinite(leaf) else None
    return leaf if isinstance(leaf, Decimal) and leaf.is_finite() else None


def _equals(condition: Equals) -> Callable[[object], bool]:
    wanted = condition.value
    if wanted is None or isinstance(wanted, bool):
        return lambda leaf: leaf is wanted
    if isinstance(wanted, str):
        return lambda leaf: isinstance(leaf, str) and leaf == wanted

    def same_number(leaf: object) -> bool:
        number = as_number(leaf)
        return number is not None and number == wanted

    return same_number


def _affix(condition: Prefix | Suffix) -> Callable[[object], bool]:
    text = condition.text
    if isinstance(condition, Prefix):
        if condition.ignore_case:
            return _ignoring_case(text, until="", search=False)
        return lambda leaf: isinstance(leaf, str) and leaf.startswith(text)
    if condition.ignore_case:
        return _ignoring_case(text, until=r"\Z", search=True)
    return lambda leaf: isinstance(leaf, str) and leaf.endswith(text)


def _numeric(condition: Numeric) -> Callable[[object], bool]:
    low, high = condition.low, condition.high
    bottom, top = (low.value if low else -_LARGEST), (high.value if high else _LARGEST)
    open_bottom, open_top = bool(low and not low.inclusive), bool(high and not high.inclusive)

    def in_range(leaf: object) -> bool:
        number = as_number(leaf)
        if number is None or not bottom <= number <= top:
            return False
        return not (open_bottom and number == bottom) and not (open_top and number == top)

    return in_range


def _cidr(condition: Cidr) -> Callable[[object], bool]:
    version, first, last = condition.version, condition.first, condition.last

    def in_block(leaf: object) -> bool:
        address = parse_address(leaf) if isinstance(leaf, str) else None
        return address is not None and address[0] == version and first <= address[1] <= last

    return in_block


def _wildcard(literals: tuple[str, ...]) -> Callable[[object], bool]:
    """Find the leftmost position of each literal in turn. This is linear; a regular expression may backtrack."""
    if len(literals) == 1:
        return lambda leaf: isinstance(leaf, str) and leaf == literals[0]
    start, *middle, end = literals
    least = len(start) + len(end)

    def fits(leaf: object) -> bool:
        if not isinstance(leaf, str) or len(leaf) < least:
            return False
        if not leaf.startswith(start) or not leaf.endswith(end):
            return False
        position, limit = len(start), len(leaf) - len(end)
        for literal in middle:
            position = leaf.find(literal, position, limit)
            if position < 0:
                return False
            position += len(literal)
        return True

    return fits


def _equals_ignore_case(text: str) -> Callable[[object], bool]:
    if not text.isascii():
        return _ignoring_case(text, until=r"\Z", search=False)
    folded = text.lower()
    # Only ASCII may equal ASCII: the Kelvin sign's lower case is k, yet AWS does not match it.
    return lambda leaf: isinstance(leaf, str) and leaf.isascii() and leaf.lower() == folded


def _ignoring_case(text: str, *, until: str, search: bool) -> Callable[[object], bool]:
    """Match each character in lower or upper case; an upper case may be longer than its character (ß, SS)."""
    cases = [sorted({character.lower(), character.upper()}) for character in text]
    pattern = "".join("(?:" + "|".join(map(re.escape, forms)) + ")" for forms in cases)
    compiled = re.compile(pattern + until)
    find = compiled.search if search else compiled.match
    return lambda leaf: isinstance(leaf, str) and find(leaf) is not None
