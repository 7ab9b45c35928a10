"""Finds values that satisfy conditions, for example records.

Every value is checked with the engine's own predicates before it is returned, so that it really matches.
"""

from __future__ import annotations

import math
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from enum import Enum
from functools import lru_cache
from itertools import chain, islice
from typing import TYPE_CHECKING, Final

from ddbinsert.core.filters.record.kinds import ANY, SIZE, TIME, LeafKind
from ddbinsert.core.pattern.model import (
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
from ddbinsert.core.pattern.predicates import any_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

#: Fillers around the literal parts of a condition: for text, for numbers, for base64.
_FILLERS: Final = ("", "1", "0", "A", "AA", "AAA", "A=", "A==")

#: The largest exponent of a number that is written without an exponent (Python does not print longer ones).
_MOST_DIGITS: Final = 4000


#: Number of candidates that are tried before the exact search.
_MOST_CANDIDATES: Final = 400


class NoValue(Enum):
    """Why there is no value."""

    IMPOSSIBLE = "it is proven that no value satisfies the conditions"
    NOT_FOUND = "no value was found, and none was excluded"


def value_for(lists: Sequence[Sequence[Condition]], kind: LeafKind = ANY) -> object:
    """A value of this kind that satisfies one condition of every list; or a NoValue.

    Args:
        lists: `exists: false` is ignored: the value is there.
        kind: The values that DynamoDB can write at this path.
    """
    wanted = [[condition for condition in one if condition != NOT_THERE] for one in lists]
    if not all(wanted):
        return NoValue.IMPOSSIBLE
    tests = [any_of(one) for one in wanted]

    def fits(leaf: object) -> bool:
        return kind.allows(leaf) and all(holds(leaf) for holds in tests)

    if kind.closed:
        return next(filter(fits, kind.samples), NoValue.IMPOSSIBLE)
    found = next(filter(fits, _tried(wanted, kind)), NoValue.NOT_FOUND)
    if found is not NoValue.NOT_FOUND:
        return found
    if kind is ANY and len(wanted) == 1:
        return NoValue.IMPOSSIBLE  # every operator has a candidate that satisfies it
    if kind.format:
        return _text_value(wanted, kind)
    return NoValue.IMPOSSIBLE if _no_number(wanted, kind) else NoValue.NOT_FOUND


def _tried(wanted: Sequence[Sequence[Condition]], kind: LeafKind) -> Iterator[object]:
    """Likely values. Samples are preferred to generated values if the conditions contain no value."""
    conditions = [condition for one in wanted for condition in one]
    if all(isinstance(condition, AnythingBut | Exists) for condition in conditions):
        yield from kind.samples
    made = chain.from_iterable(candidates(condition) for condition in conditions)
    yield from islice(made, _MOST_CANDIDATES)
    yield from kind.samples


def _text_value(wanted: Sequence[Sequence[Condition]], kind: LeafKind) -> object:
    """The exact answer for text."""
    from ddbinsert.core.filters.values.solve import has_surrogate

    if any(map(has_surrogate, wanted)):
        return NoValue.NOT_FOUND
    finite = _finite(wanted)
    if finite is not None:
        return _one_of(finite, wanted, kind)
    found = _searched(kind.format, tuple(map(tuple, wanted)))
    if isinstance(found, NoValue):
        return found
    tests = [any_of(one) for one in wanted]
    is_value = kind.allows(found) and all(holds(found) for holds in tests)
    return found if is_value else NoValue.NOT_FOUND


@lru_cache(maxsize=256)
def _searched(name: str, wanted: tuple[tuple[Condition, ...], ...]) -> str | NoValue:
    """A text of a format that satisfies every list; cached, as every event and view type needs the same values."""
    from ddbinsert.core.filters.values.formats import format_of
    from ddbinsert.core.filters.values.solve import Undecided, is_exact, search

    certain, possible = format_of(name)
    try:
        if search(possible, wanted) is None:
            return NoValue.IMPOSSIBLE
        found = search(certain, wanted) if all(map(is_exact, wanted)) else None
    except Undecided:
        return NoValue.NOT_FOUND
    return NoValue.NOT_FOUND if found is None else found


def _finite(wanted: Sequence[Sequence[Condition]]) -> list[str] | None:
    """The texts of a list that accepts only these texts, if there is such a list."""
    for one in wanted:
        if all(isinstance(condition, Equals | Numeric) for condition in one):
            return [c.value for c in one if isinstance(c, Equals) and isinstance(c.value, str)]
    return None


def _one_of(texts: Sequence[str], wanted: Sequence[Sequence[Condition]], kind: LeafKind) -> object:
    """One of the texts that has the format and satisfies all lists."""
    from ddbinsert.core.filters.values.formats import format_of
    from ddbinsert.core.filters.values.languages import Automaton

    tests = [any_of(one) for one in wanted]
    fitting = [text for text in texts if all(holds(text) for holds in tests)]
    found = next(filter(kind.allows, fitting), None)
    if found is not None:
        return found
    if not fitting:
        return NoValue.IMPOSSIBLE
    possible = Automaton(format_of(kind.format).possible)
    return NoValue.NOT_FOUND if any(map(possible.accepts, fitting)) else NoValue.IMPOSSIBLE


def _no_number(wanted: Sequence[Sequence[Condition]], kind: LeafKind) -> bool:
    """Whether no number of the field can satisfy one of the lists, as none is text and none is negative."""
    if kind not in (SIZE, TIME):
        return False
    return any(all(_excludes_numbers(condition, kind) for condition in one) for one in wanted)


def _excludes_numbers(condition: Condition, kind: LeafKind) -> bool:
    match condition:
        case Numeric(low=low, high=high):
            if high is not None and (high.value < 0 or (high.value == 0 and not high.inclusive)):
                return True
            return kind is SIZE and low is not None and high is not None and not _has_integer(condition)
        case Equals(value=Decimal() as number):
            return number < 0 or (kind is SIZE and number != number.to_integral_value())
        case AnythingBut() | Exists(present=True):
            return False
        case _:
            return True


def _has_integer(condition: Numeric) -> bool:
    """Whether a range with two ends contains an integer."""
    low, high = condition.low, condition.high
    if low is None or high is None:
        return True
    first, last = low.value.to_integral_value(ROUND_CEILING), high.value.to_integral_value(ROUND_FLOOR)
    first += 1 if first == low.value and not low.inclusive else 0
    last -= 1 if last == high.value and not high.inclusive else 0
    return first <= last


def candidates(condition: Condition) -> Iterator[object]:  # noqa: C901 - an arm an operator
    """Values that are likely to satisfy the condition, simple ones first."""
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
            from ipaddress import IPv4Address, IPv6Address

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
        yield from _numbers(low.to_integral_value(ROUND_FLOOR) + 1)
        yield math.nextafter(float(low), math.inf)
    if high is not None:
        yield from _numbers(high.to_integral_value(ROUND_CEILING) - 1)
        yield math.nextafter(float(high), -math.inf)
    if low is not None and high is not None:
        yield from _numbers((low + high) / 2)


def _others(excluded: Iterable[Condition]) -> Iterator[object]:
    """Texts of characters that no excluded condition contains, then values that are not text."""
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
