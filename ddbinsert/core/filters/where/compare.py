"""Converts one test of a condition to a pattern's conditions, or gives the reason why no pattern can express it."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from ddbinsert.core.filters.lint.impossible import spelled
from ddbinsert.core.filters.record.kinds import (
    BINARY,
    NULL,
    NUMBER_TEXT,
    SIZE,
    TEXT,
    TIME,
    LeafKind,
    is_base64,
)
from ddbinsert.core.filters.where.tree import Comparison, ConditionError, Op, Value
from ddbinsert.core.pattern.json_text import JsonArray, JsonObject, JsonScalar, JsonValue
from ddbinsert.core.pattern.model import (
    NOT_THERE,
    AnythingBut,
    Condition,
    Equals,
    Exists,
    Numeric,
    PatternError,
)
from ddbinsert.core.pattern.operators import parse_condition
from ddbinsert.core.pattern.write import number_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddbinsert.core.filters.where.targets import FieldTarget

Conditions = tuple[Condition, ...]

_TEXT_OPS: Final = {
    Op.BEGINS_WITH: "prefix",
    Op.ENDS_WITH: "suffix",
    Op.LIKE: "wildcard",
    Op.CONTAINS: "wildcard",
    Op.EQUALS_IGNORE_CASE: "equals-ignore-case",
    Op.CIDR: "cidr",
}
_COMPARISONS: Final = (Op.LESS, Op.AT_MOST, Op.MORE, Op.AT_LEAST, Op.BETWEEN)


def conditions_of(test: Comparison, target: FieldTarget, *, holds: bool) -> Conditions:
    """The conditions under which a test holds, or (`holds` false) does not; () if that is never true.

    A test on an absent field does not hold, `exists` included.

    Raises:
        ConditionError: No pattern can express this.
    """
    if test.op is Op.EXISTS:
        return (Exists(present=True),) if holds else () if target.always else (NOT_THERE,)
    if test.op in _COMPARISONS:
        return _compared(test, target, holds=holds)
    if test.op in (Op.EQUALS, Op.DIFFERS) or (
        test.op is Op.CONTAINS and target.type_key in ("SS", "NS", "BS")
    ):
        return _equal(test, target, holds=holds)
    return _textual(test, target, holds=holds)


def _absent(target: FieldTarget) -> Conditions:
    return () if target.always else (NOT_THERE,)


# --- equality ---------------------------------------------------------------------------------------------


def _equal(test: Comparison, target: FieldTarget, *, holds: bool) -> Conditions:
    values = tuple(dict.fromkeys(_value(test, target, value) for value in test.values))
    same = (test.op is not Op.DIFFERS) is holds
    if target.kind is NULL:  # there is only one null: any other value has another type key
        return values if same else (NOT_THERE,)
    if same and holds:
        return values
    if target.many:
        raise _many(test)
    if target.kind.closed:
        given = [value.value for value in values]
        others = tuple(Equals(value=s) for s in target.kind.samples if s not in given)  # type: ignore[arg-type]
        chosen = values if same else others
        return chosen if holds else (*chosen, *_absent(target))
    if same:  # the negation of !=: equal, or absent
        return (*values, *_absent(target))
    different = (AnythingBut(excluded=values),)
    return different if holds else (*different, *_absent(target))


def _many(test: Comparison) -> ConditionError:
    return test.fault(
        "A set or list matches if any one of its elements does: a pattern cannot say that none does.",
    )


def _value(test: Comparison, target: FieldTarget, value: Value) -> Equals:
    """A literal in the form in which DynamoDB writes it at this path."""
    kind = target.kind
    if kind is NUMBER_TEXT:
        if not isinstance(value, Decimal) and not isinstance(value, str):
            raise _wrong(test, target, value)
        text = spelled(str(value))
        if text is None:
            raise test.fault(
                f"{_format_value(value)} is not a number of up to 38 digits, as DynamoDB stores it."
            )
        return Equals(value=text)
    if kind is NULL and value is None:
        return Equals(value=True)
    if _is_of_kind(value, kind):
        return Equals(value=value)
    raise _wrong(test, target, value)


def _is_of_kind(value: Value, kind: LeafKind) -> bool:
    """Whether the field can have values of this type; `filter lint` checks whether the value itself is possible."""
    if kind.closed:
        return kind.allows(value)
    if kind in (SIZE, TIME):
        return isinstance(value, Decimal)
    return is_base64(value) if kind is BINARY else isinstance(value, str)


def _wrong(test: Comparison, target: FieldTarget, value: Value) -> ConditionError:
    where = f"the type {target.type_key}" if target.type_key else f"`{target.keys[-1]}`"
    hint = None
    if isinstance(value, Decimal) and target.kind is TEXT:
        hint = f'Write text in quotes: "{value}".'
    elif target.kind.closed:
        hint = f"Possible: {', '.join(map(_format_value, target.kind.samples))}."
    return test.fault(
        f"{_format_value(value)} is not possible for {where}: the value is {target.kind.words}.", hint=hint
    )


def _format_value(value: object) -> str:
    return number_text(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)


# --- order ------------------------------------------------------------------------------------------------


def _compared(test: Comparison, target: FieldTarget, *, holds: bool) -> Conditions:
    if target.kind not in (SIZE, TIME):
        what = "N attributes are written as text" if target.type_key in ("N", "NS") else "it is text"
        raise test.fault(
            f"`{test.op.value}` is not possible here: filters compare JSON numbers only, and {what}.",
            hint="Compare with = or in, and test ranges in the function.",
        )
    for value in test.values:
        if not isinstance(value, Decimal):
            raise test.fault(f"`{test.op.value}` takes a number, not {_format_value(value)}.")
    if holds:
        return (_range(test, _terms(test)),)
    outside: dict[str, tuple[str, ...]] = {
        ">": ("<=",),
        ">=": ("<",),
        "<": (">=",),
        "<=": (">",),
        "=": ("<", ">"),
    }
    terms = _terms(test)
    pairs = [
        (sign, value)
        for one, value in zip(terms[::2], terms[1::2], strict=True)
        for sign in outside[str(one)]
    ]
    return (*(_range(test, [sign, value]) for sign, value in pairs), *_absent(target))


def _terms(test: Comparison) -> list[Value]:
    if test.op is Op.BETWEEN:
        low, high = test.values
        return ["=", low] if low == high else [">=", low, "<=", high]
    return [test.op.value, test.values[0]]


def _range(test: Comparison, terms: Sequence[Value]) -> Numeric:
    items = tuple(
        JsonScalar(term, None, number_text(term) if isinstance(term, Decimal) else "") for term in terms
    )
    found = _parsed(test, "numeric", JsonArray(items, None))
    if not isinstance(found, Numeric):  # pragma: no cover - the parser returns the requested number of values
        raise TypeError(found)
    return found


# --- text -------------------------------------------------------------------------------------------------


def _textual(test: Comparison, target: FieldTarget, *, holds: bool) -> Conditions:
    is_text = target.kind is TEXT or (target.type_key is None and isinstance(target.kind.samples[0], str))
    if not is_text:
        raise test.fault(f"`{test.op.value}` is for text: the value is {target.kind.words}.")
    operands = []
    for value in test.values:
        if not isinstance(value, str):
            raise test.fault(
                f"`{test.op.value}` takes text, not {_format_value(value)}.", hint="Write it in quotes."
            )
        operands.append(JsonScalar(_wildcard(value) if test.op is Op.CONTAINS else value, None))
    operator = _TEXT_OPS[test.op]
    if holds:
        return tuple(_parsed(test, operator, operand) for operand in operands)
    if target.many:
        raise _many(test)
    if test.op is Op.CIDR:
        raise test.fault("A pattern cannot say that an address is outside a block.")
    negated = JsonObject(((operator, None, JsonArray(tuple(operands), None)),), None)
    return (_parsed(test, "anything-but", negated), *_absent(target))


def _wildcard(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("*", "\\*")
    return f"*{escaped}*" if escaped else "*"


def _parsed(test: Comparison, operator: str, operand: JsonValue) -> Condition:
    try:
        return parse_condition(JsonObject(((operator, None, operand),), None), ())
    except PatternError as error:
        raise test.fault(error.message, hint=error.hint) from error
