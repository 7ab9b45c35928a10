"""Whether one filter makes another one superfluous: implication, proven by sufficient conditions."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from ddbinsert.core.pattern.model import (
    AnythingBut,
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
from ddbinsert.core.pattern.rules import Rule, rules_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddbinsert.core.pattern.model import Field, Pattern


def covers(wide: Pattern, narrow: Pattern) -> bool:
    """Whether every record that passes `narrow` also passes `wide`. Also False if that is not proven."""
    wide_rules = rules_of(wide.nodes)
    return all(any(_rule_covers(rule, small) for rule in wide_rules) for small in rules_of(narrow.nodes))


def _rule_covers(wide: Rule, narrow: Rule) -> bool:
    return all(path in narrow and _field_covers(field, narrow[path]) for path, field in wide.items())


def _field_covers(wide: Field, narrow: Field) -> bool:
    return all(implied(condition, wide.conditions) for condition in narrow.conditions)


def implied(condition: Condition, by: Sequence[Condition]) -> bool:
    """Whether every leaf (or absence) that satisfies `condition` satisfies one of `by`."""
    if isinstance(condition, Equals):
        value = condition.value
        if isinstance(value, Decimal) and not value.is_finite():
            return True
        return any_of(by)(value)
    return any(_implies(condition, other) for other in by)


def _implies(condition: Condition, other: Condition) -> bool:
    match condition, other:
        case Exists(present=False), Exists(present=present):
            return not present
        case _, Exists(present=present):
            return present
        case Prefix(ignore_case=False) as one, Prefix(ignore_case=False) as two:
            return one.text.startswith(two.text)
        case Suffix(ignore_case=False) as one, Suffix(ignore_case=False) as two:
            return one.text.endswith(two.text)
        case Prefix(ignore_case=False) as one, AnythingBut(excluded=excluded):
            return all(isinstance(e, Prefix) and _apart(one.text, e.text) for e in excluded)
        case Numeric() as one, Numeric() as two:
            return _inside(one, two)
        case AnythingBut(excluded=few), AnythingBut(excluded=many):
            return all(implied(excluded, few) for excluded in many)
        case ((Prefix() | Suffix() | EqualsIgnoreCase() | Wildcard()), (Prefix() | Suffix() | Wildcard())):
            return condition == other or _takes_any_text(other)
        case _:
            return condition == other


def _takes_any_text(condition: Condition) -> bool:
    match condition:
        case Prefix(text="") | Suffix(text="") | Wildcard(literals=("", "")):
            return True
        case _:
            return False


def _apart(one: str, other: str) -> bool:
    return not one.startswith(other) and not other.startswith(one)


def _inside(one: Numeric, two: Numeric) -> bool:
    for mine, theirs, sign in ((one.low, two.low, 1), (one.high, two.high, -1)):
        if theirs is None:
            continue
        if mine is None:
            return False
        if (mine.value - theirs.value) * sign < 0:
            return False
        if mine.value == theirs.value and mine.inclusive and not theirs.inclusive:
            return False
    return True
