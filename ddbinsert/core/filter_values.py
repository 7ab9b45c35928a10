"""Whether a condition can hold for what stands in a place, and why it can't: the traps of DynamoDB's types."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final

from ddbinsert.core.filter_kinds import (
    BINARY,
    BOOLEAN,
    NULL,
    NUMBER,
    NUMBER_TEXT,
    SEQUENCE,
    TEXT,
    Kind,
    is_number_text,
)
from ddbinsert.core.filter_witness import NOTHING, value_for
from ddbinsert.core.pattern_model import (
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
    from collections.abc import Callable, Sequence

#: The characters that the kinds with a grammar are written in.
_ALPHABETS: Final = {
    NUMBER_TEXT.words: frozenset("0123456789.-+E"),
    SEQUENCE.words: frozenset("0123456789"),
    BINARY.words: frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="),
}
_TEXTUAL: Final = (TEXT, NUMBER_TEXT, BINARY, SEQUENCE)

#: (rule, message, hint)
Reason = tuple[str, str, str | None]


def is_impossible(condition: Condition, kind: Kind) -> bool:
    """Whether no leaf of this kind satisfies the condition; False also where that can't be shown."""
    if value_for((condition,), kind) is not NOTHING:
        return False
    alphabet = _ALPHABETS.get(kind.words)
    match condition:
        case Prefix(text=text) | Suffix(text=text) | EqualsIgnoreCase(text=text) if alphabet is not None:
            return not alphabet.issuperset(text) and not alphabet.issuperset(text.upper())
        case Wildcard(literals=literals) if alphabet is not None:
            return not alphabet.issuperset("".join(literals))
        case AnythingBut() if alphabet is not None:
            return False
        case _:
            return True


def takes_all(conditions: Sequence[Condition], kind: Kind) -> bool:
    """Whether every leaf of this kind satisfies one of the conditions."""
    if kind.closed:
        return all(map(any_of(conditions), kind.samples))
    return any(_takes_all(condition, conditions, kind) for condition in conditions)


def _takes_all(condition: Condition, beside: Sequence[Condition], kind: Kind) -> bool:
    match condition:
        case Exists(present=present):
            return present
        case Prefix(text="") | Suffix(text="") | Wildcard(literals=("", "")):
            return kind in _TEXTUAL
        case AnythingBut(excluded=excluded):
            others = any_of([other for other in beside if other is not condition] or [Exists(present=False)])
            return all(_is_taken(one, others, kind) for one in excluded)
        case _:
            return False


def _is_taken(excluded: Condition, others: Callable[[object], bool], kind: Kind) -> bool:
    return is_impossible(excluded, kind) or (isinstance(excluded, Equals) and others(excluded.value))


def why_impossible(condition: Condition, kind: Kind, path: str) -> Reason:
    """The reason in words, for a condition that `is_impossible`."""
    match condition:
        case Numeric() if kind in (NUMBER_TEXT, SEQUENCE):
            return (
                "numeric-on-text",
                "`numeric` never matches here: the number is written as text.",
                'Compare text, such as {"N":["101"]}; a filter can\'t tell ranges of such numbers.',
            )
        case Numeric():
            return "numeric-on-text", f"`numeric` never matches here: there stands {kind.words}.", None
        case Equals(value=value):
            return _why_unequal(value, kind, path)
        case Cidr() | Prefix() | Suffix() | EqualsIgnoreCase() | Wildcard() if kind in (
            NUMBER,
            BOOLEAN,
            NULL,
        ):
            return (
                "text-operator",
                f"An operator for text never matches here: there stands {kind.words}.",
                None,
            )
        case _:
            return "impossible-value", f"No value satisfies this: there stands {kind.words}.", None


def _why_unequal(value: str | Decimal | bool | None, kind: Kind, path: str) -> Reason:
    match value:
        case Decimal() if kind in _TEXTUAL:
            plain = format(value, "f")
            message = f"A JSON number never matches here: there stands {kind.words}."
            return "number-for-text", message, f"Write {json.dumps(spelled(plain) or plain)}."
        case str() if kind is NUMBER_TEXT:
            return _misspelled(value)
        case str() if kind is BINARY:
            message = f"{_shown(value)} is no base64: DynamoDB writes binary values in it."
            return "not-base64", message, None
        case str() if kind in (BOOLEAN, NULL):
            message = (
                f"The text {_shown(value)} never matches here: there stands {kind.words}, without quotes."
            )
            literal = value.lower() if value.lower() in ("true", "false") else "true"
            return "text-for-boolean", message, f"Write {literal}."
        case None:
            message = "null never matches here: DynamoDB's null is true under the type key NULL."
            return "null-value", message, 'Write {"NULL":[true]} in place of the type key.'
        case str() if kind.closed:
            return _not_a_choice(value, kind, path)
        case _:
            message = f"{_shown(value)} never matches here: there stands {kind.words}."
            return "wrong-type", message, None


def _misspelled(text: str) -> Reason:
    better = spelled(text)
    if better is None:
        return "not-a-number", f"{_shown(text)} is no number as DynamoDB writes it.", None
    message = f"{_shown(text)} never matches: DynamoDB writes this number as {_shown(better)}."
    return "number-spelling", message, f"Write {_shown(better)}."


def _not_a_choice(text: str, kind: Kind, path: str) -> Reason:
    choices = [str(sample) for sample in kind.samples]
    folded = text.strip().casefold()
    meant = next((choice for choice in choices if choice.casefold() == folded), None)
    rule = {"eventName": "event-name", "eventSource": "event-source"}.get(path, "unknown-value")
    if meant is not None:
        return rule, f"{_shown(text)} never matches: values are case-sensitive.", f"Write {_shown(meant)}."
    field = path.rpartition(".")[2]
    return rule, f"{field} is never {_shown(text)}; it is {kind.words}.", _hint(choices)


def _hint(choices: list[str]) -> str:
    return "Write " + " or ".join(map(json.dumps, choices)) + "."


def _shown(value: object) -> str:
    return str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)


def spelled(text: str) -> str | None:
    """The number as DynamoDB writes it, without superfluous zeros; None if it is none, or has too many digits."""
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
