"""Leaves that satisfy conditions: the values of examples and counterexamples.

Candidates are made from the conditions and then held against the engine's own predicates, so that a value
that comes out of here really matches.
"""

from __future__ import annotations

import math
from decimal import Decimal
from ipaddress import IPv4Address, IPv6Address
from itertools import chain
from typing import TYPE_CHECKING, Final

from ddbinsert.core.filter_kinds import ANY, Kind
from ddbinsert.core.pattern_model import (
    NOT_THERE,
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
from ddbinsert.core.pattern_values import any_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

#: Fillers around the literal parts of a condition: something for text, for numbers, for base64.
_FILLERS: Final = ("", "1", "0", "A", "AA", "AAA", "A=", "A==")

#: Beyond this a number is written out by nobody (and Python refuses to print it).
_MOST_DIGITS: Final = 4000


class _Nothing:
    """No leaf at all; None is a leaf."""

    def __bool__(self) -> bool:
        return False


NOTHING: Final = _Nothing()


def value_for(conditions: Sequence[Condition], kind: Kind = ANY) -> object:
    """A leaf of this kind that satisfies one of the conditions, or NOTHING.

    For kinds without a grammar of their own (any value, text, a choice) NOTHING means that there is none.
    """
    wanted = [condition for condition in conditions if condition != NOT_THERE]
    if not wanted:
        return NOTHING
    fits = any_of(wanted)
    made = chain.from_iterable(candidates(condition) for condition in wanted)
    tried = kind.samples if kind.closed else chain(_preferred(wanted, kind), made, kind.samples)
    return next((leaf for leaf in tried if kind.allows(leaf) and fits(leaf)), NOTHING)


def _preferred(wanted: Sequence[Condition], kind: Kind) -> tuple[object, ...]:
    """A sample says more than a made-up value where the conditions name no value of their own."""
    return kind.samples if all(isinstance(c, AnythingBut | Exists) for c in wanted) else ()


def candidates(condition: Condition) -> Iterator[object]:  # noqa: C901 - an arm an operator
    """Leaves that are likely to satisfy the condition, simple ones first."""
    match condition:
        case Equals(value=Decimal() as number):
            yield from _numbers(number)
        case Equals(value=value):
            yield value
        case Prefix(text=text):
            yield from (f"{form}{filler}" for form in _cases(text) for filler in _FILLERS)
        case Suffix(text=text):
            yield from (f"{filler}{form}" for form in _cases(text) for filler in _FILLERS)
        case EqualsIgnoreCase(text=text):
            yield from _cases(text)
        case Wildcard(literals=literals):
            yield from (filler.join(literals) for filler in _FILLERS)
        case Numeric():
            yield from _in_range(condition)
        case Cidr(version=version, first=first):
            yield str(IPv4Address(first) if version == 4 else IPv6Address(first))
        case Exists():
            yield from ANY.samples
        case AnythingBut(excluded=excluded):
            yield from _others(excluded)


def _cases(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((text, text.lower(), text.upper())))


def _numbers(number: Decimal) -> Iterator[object]:
    if not number.is_finite() or number.adjusted() > _MOST_DIGITS:
        return
    if number == number.to_integral_value():
        yield int(number)
    nearest = float(number)
    if math.isfinite(nearest):
        yield nearest


def _in_range(condition: Numeric) -> Iterator[object]:
    low = condition.low.value if condition.low else None
    high = condition.high.value if condition.high else None
    for bound in (low, high):
        if bound is not None:
            yield from _numbers(bound)
    if low is not None:
        yield from _numbers(low.to_integral_value() + 1)
        yield math.nextafter(float(low), math.inf)
    if high is not None:
        yield from _numbers(high.to_integral_value() - 1)
        yield math.nextafter(float(high), -math.inf)
    if low is not None and high is not None:
        yield from _numbers((low + high) / 2)


def _others(excluded: Iterable[Condition]) -> Iterator[object]:
    """Text in characters that no excluded condition mentions, then leaves that are no text."""
    mentioned = "".join(_literal(condition) for condition in excluded).casefold()
    fresh = next(
        chr(code) for code in chain(range(0x61, 0x7B), range(0x3B1, 0x2000)) if chr(code) not in mentioned
    )
    yield from ("example", fresh * 3, "42", "7", "123456789", "1", "QUJD", 42, 7, True, None, 0.5)


def _literal(condition: Condition) -> str:
    match condition:
        case Equals(value=str(text)) | Prefix(text=text) | Suffix(text=text):
            return text
        case EqualsIgnoreCase(text=text) | Wildcard(text=text):
            return text
        case _:
            return ""
