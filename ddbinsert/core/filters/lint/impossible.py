"""Conditions that can never be true for a field, and the reasons: pitfalls of DynamoDB's types."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from ddbinsert.core.filters.record.kinds import (
    BINARY,
    BOOLEAN,
    KEY_KINDS,
    NULL,
    NUMBER_TEXT,
    SEQUENCE,
    SIZE,
    TIME,
    LeafKind,
    is_number_text,
)
from ddbinsert.core.filters.record.witness import NoValue, value_for
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
from ddbinsert.core.pattern.predicates import any_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

#: (rule, message, hint)
Reason = tuple[str, str, str | None]

#: (rule, message, hint, JSON text that corrects the condition if it is unambiguous)
Explained = tuple[str, str, str | None, str | None]


def is_impossible(condition: Condition, kind: LeafKind) -> bool:
    """Whether it is proven that no value of this kind satisfies the condition."""
    return value_for(((condition,),), kind) is NoValue.IMPOSSIBLE


def takes_all(conditions: Sequence[Condition], kind: LeafKind) -> bool:
    """Whether every value of this kind satisfies one of the conditions."""
    if kind.closed:
        return all(map(any_of(conditions), kind.samples))
    return any(_takes_all(condition, conditions, kind) for condition in conditions)


def _takes_all(condition: Condition, beside: Sequence[Condition], kind: LeafKind) -> bool:
    match condition:
        case Exists(present=present):
            return present
        case Prefix(text="") | Suffix(text="") | Wildcard(literals=("", "")):
            return bool(kind.format)
        case AnythingBut(excluded=excluded):
            others = any_of([other for other in beside if other is not condition] or [Exists(present=False)])
            return all(_is_taken(one, others, kind) for one in excluded)
        case _:
            return False


def _is_taken(excluded: Condition, others: Callable[[object], bool], kind: LeafKind) -> bool:
    return is_impossible(excluded, kind) or (isinstance(excluded, Equals) and others(excluded.value))


def why_impossible(condition: Condition, kind: LeafKind, path: str) -> Explained:
    """The reason in words, and the correction, for a condition that `is_impossible`."""
    match condition:
        case Numeric() if kind in (NUMBER_TEXT, SEQUENCE):
            return (
                "numeric-on-text",
                "`numeric` never matches here: DynamoDB writes the number as text.",
                'Compare text, such as {"N":["101"]}; a filter cannot compare ranges of such numbers.',
                _as_text(condition),
            )
        case Numeric() if kind not in (SIZE, TIME):
            return "numeric-on-text", f"`numeric` never matches here: the value is {kind.words}.", None, None
        case Equals(value=value):
            return _why_unequal(value, kind, path)
        case Cidr() | Prefix() | Suffix() | EqualsIgnoreCase() | Wildcard() if not kind.format and kind in (
            *(SIZE, TIME),
            *(BOOLEAN, NULL),
        ):
            message = f"An operator for text never matches here: the value is {kind.words}."
            return "text-operator", message, None, None
        case _:
            return "impossible-value", f"No value satisfies this: the value is {kind.words}.", None, None


def _as_text(condition: Numeric) -> str | None:
    """`numeric` with = on a number that is text, as the text."""
    if condition.low is None or condition.low != condition.high:
        return None
    text = spelled(format(condition.low.value, "f"))
    return json.dumps(text) if text is not None else None


def _why_unequal(value: str | Decimal | bool | None, kind: LeafKind, path: str) -> Explained:
    match value:
        case Decimal() if kind.format:
            plain = format(value, "f")
            message = f"A JSON number never matches here: the value is {kind.words}."
            text = json.dumps(spelled(plain) or plain)
            return "number-for-text", message, f"Write {text}.", text
        case str() if kind is NUMBER_TEXT:
            return _misspelled(value)
        case str() if kind in (BINARY, KEY_KINDS["B"]) and value:
            message = f"{_format_value(value)} is not base64: DynamoDB writes binary values in it."
            return "not-base64", message, None, None
        case str() if kind in (BOOLEAN, NULL):
            message = f"The text {_format_value(value)} never matches here: the value is {kind.words}, without quotes."
            literal = value.lower() if value.lower() in ("true", "false") else "true"
            certain = literal if value.lower() == literal and kind is BOOLEAN else None
            return "text-for-boolean", message, f"Write {literal}.", certain
        case None:
            message = "null never matches here: DynamoDB's null is true inside the type key NULL."
            return "null-value", message, 'Write {"NULL":[true]} in place of the type key.', None
        case str() if kind.closed:
            return _not_a_choice(value, kind, path)
        case "" if kind in KEY_KINDS.values():
            return "empty-key", "The value of a key attribute is never empty.", None, None
        case _:
            return (
                "wrong-type",
                f"{_format_value(value)} never matches here: the value is {kind.words}.",
                None,
                None,
            )


def _misspelled(text: str) -> Explained:
    better = spelled(text)
    if better is None:
        return "not-a-number", f"{_format_value(text)} is not a number as DynamoDB writes it.", None, None
    message = f"{_format_value(text)} never matches: DynamoDB writes this number as {_format_value(better)}."
    return "number-spelling", message, f"Write {_format_value(better)}.", json.dumps(better)


def _not_a_choice(text: str, kind: LeafKind, path: str) -> Explained:
    choices = [str(sample) for sample in kind.samples]
    folded = text.strip().casefold()
    meant = next((choice for choice in choices if choice.casefold() == folded), None)
    rule = {"eventName": "event-name", "eventSource": "event-source"}.get(path, "unknown-value")
    if meant is not None:
        message = f"{_format_value(text)} never matches: values are case-sensitive."
        return rule, message, f"Write {_format_value(meant)}.", json.dumps(meant)
    field = path.rpartition(".")[2]
    return rule, f"{field} is never {_format_value(text)}; it is {kind.words}.", _hint(choices), None


def _hint(choices: list[str]) -> str:
    return "Write " + " or ".join(map(json.dumps, choices)) + "."


def _format_value(value: object) -> str:
    return str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)


def spelled(text: str) -> str | None:
    """The number as DynamoDB writes it, without superfluous zeros; None for other text, or with too many digits."""
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    if not number.is_finite() or len(number.as_tuple().digits) > 38 or abs(number.adjusted()) > 38:
        return None
    plain = format(number, "f")
    whole, _, fraction = plain.partition(".")
    fraction = fraction.rstrip("0")
    found = f"{whole}.{fraction}" if fraction else whole
    found = "0" if found == "-0" else found
    return found if is_number_text(found) else None
