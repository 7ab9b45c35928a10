"""Converts conditions to JSON in the form of a pattern."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, assert_never

from ddbinsert.core.pattern.json_text import JsonArray, JsonObject, JsonScalar, JsonValue, write_json
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
    from collections.abc import Iterable, Sequence


def conditions_text(conditions: Sequence[Condition]) -> str:
    """A field's list as compact JSON."""
    return write_json(conditions_json(conditions))


def conditions_json(conditions: Sequence[Condition]) -> JsonArray:
    return _array(condition_json(condition) for condition in conditions)


def condition_json(condition: Condition) -> JsonValue:
    """One entry of a field's list."""
    match condition:
        case Equals(value=value):
            return _scalar(value)
        case Prefix(text=text, ignore_case=ignore_case):
            return _operator("prefix", _ignoring_case(text) if ignore_case else _scalar(text))
        case Suffix(text=text, ignore_case=ignore_case):
            return _operator("suffix", _ignoring_case(text) if ignore_case else _scalar(text))
        case EqualsIgnoreCase(text=text):
            return _ignoring_case(text)
        case Wildcard(text=text):
            return _operator("wildcard", _scalar(text))
        case Cidr(text=text):
            return _operator("cidr", _scalar(text))
        case Exists(present=present):
            return _operator("exists", _scalar(present))
        case Numeric():
            return _operator("numeric", _comparisons(condition))
        case AnythingBut(excluded=excluded):
            return _operator("anything-but", _excluded(excluded))
        case _:
            assert_never(condition)


def _excluded(excluded: Sequence[Condition]) -> JsonValue:
    written = [condition_json(condition) for condition in excluded]
    first = written[0]
    if isinstance(first, JsonObject):
        operands = [one.members[0][2] for one in written if isinstance(one, JsonObject)]
        return _operator(first.members[0][0], operands[0] if len(operands) == 1 else _array(operands))
    return _array(written)


def _comparisons(condition: Numeric) -> JsonArray:
    low, high = condition.low, condition.high
    if low is not None and low == high:
        return _array([_scalar("="), _scalar(low.value)])
    terms: list[JsonValue] = []
    if low is not None:
        terms += [_scalar(">=" if low.inclusive else ">"), _scalar(low.value)]
    if high is not None:
        terms += [_scalar("<=" if high.inclusive else "<"), _scalar(high.value)]
    return _array(terms)


def _operator(name: str, operand: JsonValue) -> JsonObject:
    return JsonObject(((name, None, operand),), None)


def _ignoring_case(text: str) -> JsonObject:
    return _operator("equals-ignore-case", _scalar(text))


def _array(items: Iterable[JsonValue]) -> JsonArray:
    return JsonArray(tuple(items), None)


def _scalar(value: str | Decimal | bool | None) -> JsonScalar:
    return JsonScalar(value, None, number_text(value) if isinstance(value, Decimal) else "")


def number_text(number: Decimal) -> str:
    """A JSON number, without an exponent if that is short."""
    plain = -20 <= number.adjusted() <= 20 if number.is_finite() else False
    return format(number, "f") if plain else str(number)
