"""A pattern in English."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, assert_never

from ddbinsert.core.filters.reach.reach import EVENT_NAME, accepts
from ddbinsert.core.filters.record.place import locate
from ddbinsert.core.model.record import EventName
from ddbinsert.core.pattern.model import (
    Alternatives,
    AnythingBut,
    Cidr,
    Condition,
    Equals,
    EqualsIgnoreCase,
    Exists,
    Field,
    Node,
    Numeric,
    Prefix,
    Suffix,
    Wildcard,
)
from ddbinsert.core.pattern.rules import without_repeats
from ddbinsert.core.pattern.write import number_text
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from ddbinsert.core.pattern.model import Pattern

_TYPES = {
    "S": "string",
    "N": "number",
    "B": "binary",
    "BOOL": "boolean",
    "NULL": "null",
    "SS": "string set",
    "NS": "number set",
    "BS": "binary set",
}
_IMAGES = {"Keys": "the key", "NewImage": "the new image", "OldImage": "the old image"}


@dataclass(frozen=True, kw_only=True)
class Clause:
    """A condition, or a choice of groups of conditions.

    Attributes:
        text: In words, without a full stop.
        path: The field's path with dots; empty for a choice.
        choices: The groups of a choice: one of them must hold completely.
    """

    text: str
    path: str = ""
    choices: tuple[tuple[Clause, ...], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """A pattern's meaning.

    Attributes:
        sentence: The meaning in one sentence.
        clauses: All of them must hold.
    """

    sentence: str
    clauses: tuple[Clause, ...]


def explain(pattern: Pattern) -> Explanation:
    """Explain which records pass a pattern; fields that later ones replace are left out, as in AWS."""
    nodes = without_repeats(pattern.nodes)
    clauses = tuple(_clause(node) for node in nodes)
    events = [node for node in nodes if isinstance(node, Field) and node.path == EVENT_NAME]
    rest = [clause for clause, node in zip(clauses, nodes, strict=True) if node not in events]
    subject = _subject(events[0]) if events else "Any record passes"
    if not rest:
        return Explanation(sentence=f"{subject}.", clauses=clauses)
    where = " and ".join(_inline(clause, alone=len(rest) == 1) for clause in rest)
    return Explanation(sentence=f"{subject} where {where}.", clauses=clauses)


def _subject(field: Field) -> str:
    names = [event.value for event in EventName if accepts({EVENT_NAME: field}, event)]
    if not names:
        return "No record passes: there is no eventName of this value"
    return "Any record passes" if len(names) == len(EventName) else f"{_listed(names, 'and')} records pass"


def _inline(clause: Clause, *, alone: bool) -> str:
    if not clause.choices:
        return clause.text
    groups = [" and ".join(_inline(part, alone=False) for part in group) for group in clause.choices]
    joined = ", or ".join(groups) if alone else " or ".join(groups)
    return joined if alone else f"({joined})"


def _clause(node: Node) -> Clause:
    if isinstance(node, Alternatives):
        choices = tuple(tuple(_clause(part) for part in branch) for branch in node.branches)
        return Clause(text="one of these holds", choices=choices)
    return Clause(text=f"{subject_of(node)} {predicate_of(node.conditions)}", path=node.path)


def subject_of(field: Field) -> str:
    """The meaning of a field's path, in words."""
    location = locate(field.keys)
    if location.kind is None or location.image is None:
        return f"`{field.path}`"
    kind = _TYPES.get(location.type_key or "", "value")
    within = [step for step in location.steps[1:-1] if step != "M"]
    if not within:
        return f"the {kind} `{location.attribute}` of {_IMAGES[location.image]}"
    name = str(location.attribute)
    for step in location.steps[1:-1]:
        name += {"M": "", "L": "[]"}.get(step, f".{step}")
    return f"the {kind} `{name}` of {_IMAGES[location.image]}"


def predicate_of(conditions: Sequence[Condition]) -> str:
    """The meaning of a list of conditions, in words."""
    equal = [condition for condition in conditions if isinstance(condition, Equals)]
    others = [condition for condition in conditions if not isinstance(condition, Equals)]
    parts = [f"is {_listed([_format_value(condition.value) for condition in equal], 'or')}"] if equal else []
    return _listed([*parts, *(_describe_condition(condition) for condition in others)], "or")


def _describe_condition(condition: Condition) -> str:
    match condition:
        case Equals(value=value):
            return f"is {_format_value(value)}"
        case Prefix(text=text, ignore_case=ignore_case):
            return f"begins with {_format_value(text)}{_case(ignore_case)}"
        case Suffix(text=text, ignore_case=ignore_case):
            return f"ends with {_format_value(text)}{_case(ignore_case)}"
        case EqualsIgnoreCase(text=text):
            return f"is {_format_value(text)}{_case(True)}"
        case Wildcard(text=text):
            return f"has the form {_format_value(text)}, * being any text"
        case Cidr(text=text):
            return f"is an IP address in {text}"
        case Exists(present=present):
            return "has a value" if present else "is absent"
        case Numeric():
            return f"is a number {_range(condition)}"
        case AnythingBut(excluded=excluded):
            return f"has a value that {_negated(excluded)}"
        case _:
            assert_never(condition)


def _case(ignored: bool) -> str:
    return " in upper or lower case" if ignored else ""


def _negated(excluded: Sequence[Condition]) -> str:
    if all(isinstance(condition, Equals) for condition in excluded):
        shown = [_format_value(condition.value) for condition in excluded if isinstance(condition, Equals)]
        return f"is not {shown[0]}" if len(shown) == 1 else f"is neither {_listed(shown, 'nor')}"
    verbs = {"begins": "does not begin", "ends": "does not end", "is": "is not", "has": "does not have"}
    negated = []
    for condition in excluded:
        verb, _, rest = _describe_condition(condition).partition(" ")
        negated.append(f"{verbs[verb]} {rest}")
    return _listed(negated, "and")


def _range(condition: Numeric) -> str:
    low, high = condition.low, condition.high
    if low is not None and low == high:
        return f"equal to {number_text(low.value)}"
    parts = []
    if low is not None:
        parts.append(f"{'of at least' if low.inclusive else 'above'} {number_text(low.value)}")
    if high is not None:
        parts.append(f"{'of at most' if high.inclusive else 'below'} {number_text(high.value)}")
    return " and ".join(parts)


def _format_value(value: str | Decimal | bool | None) -> str:
    if value is None or isinstance(value, bool | str):
        return json.dumps(value, ensure_ascii=False)
    return number_text(value)


def _listed(words: Sequence[str], conjunction: str) -> str:
    if len(words) < 2:
        return "".join(words)
    if conjunction == "nor":
        return " nor ".join(words)
    return f"{', '.join(words[:-1])} {conjunction} {words[-1]}"
