"""Converts conditions to a pattern: boolean algebra in a language without `and` for one value and without `not`.

A condition becomes a choice of conjunctions (disjunctive normal form), each with one list of conditions per field.
Two demands on one field are combined if the language can express it; otherwise the condition is rejected with the
reason. Conditions that all conjunctions share are written once, the others as a `$or`.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Final

from ddbinsert.core.filters.reach.imply import implied
from ddbinsert.core.filters.reach.rules_to_json import clause, pattern_members
from ddbinsert.core.filters.where.compare import Conditions, conditions_of
from ddbinsert.core.filters.where.language import read_condition
from ddbinsert.core.filters.where.targets import FieldTarget, target_of
from ddbinsert.core.filters.where.tree import Comparison, ConditionError, ConditionGroup, Not, Tree
from ddbinsert.core.pattern.json_text import JsonObject, read_json, write_json
from ddbinsert.core.pattern.model import (
    LONGEST,
    NOT_THERE,
    AnythingBut,
    Bound,
    Condition,
    Equals,
    Exists,
    Field,
    Numeric,
    PatternError,
)
from ddbinsert.core.pattern.parse import parse_pattern
from ddbinsert.core.pattern.predicates import any_of
from ddbinsert.core.pattern.write import conditions_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ddbinsert.core.model.record import KeySchema

#: Maximum number of conjunctions to which a condition may expand; more than fit into 4096 characters.
_MOST: Final = 500


class _Demand:
    """The demands of a conjunction on one field."""

    def __init__(self, test: Comparison, target: FieldTarget, conditions: Conditions) -> None:
        self.test = test
        self.target = target
        self.conditions = conditions

    @property
    def field(self) -> Field:
        return Field(keys=self.target.keys, conditions=self.conditions)


Conjunction = dict[str, _Demand]


def pattern_from_conditions(
    conditions: Sequence[str], key: KeySchema | None, types: Mapping[str, str]
) -> str:
    """The pattern, as compact JSON, that matches the records that satisfy all conditions.

    Args:
        conditions: Each in the language of `language`.
        key: The table's key, if it is known: its attributes need no type.
        types: Types of other attributes by name (with dots if they are nested); literals have a type of their own.

    Raises:
        ConditionError: A condition is not valid, or no pattern can express it; the message has the reason.
    """
    if not any(text.strip() for text in conditions):
        raise ConditionError(
            "There is no condition.", "", 0, hint="""Write one, such as 'NewImage.status = "NEW"'."""
        )
    trees = tuple(read_condition(text) for text in conditions)
    builder = _Builder(key, types)
    rules = builder.conjunctions(ConditionGroup(parts=trees, every=True), holds=True)
    text = " and ".join(conditions)
    if not rules:
        raise ConditionError("No record satisfies this.", text, 0)
    fields = _merged([[demand.field for demand in rule.values()] for rule in rules])
    if any(not rule for rule in fields):
        raise ConditionError("Every record satisfies this.", text, 0, hint="Leave the condition out.")
    pattern = write_json(
        JsonObject(pattern_members(fields, lambda field: conditions_json(field.conditions)), None)
    )
    return _accepted(pattern, text)


def _accepted(pattern: str, text: str) -> str:
    try:
        parse_pattern(read_json(pattern))
    except PatternError as error:
        raise ConditionError(
            f"No pattern can express this:{error.message}", text, 0, hint=error.hint
        ) from error
    if len(pattern) > LONGEST:
        raise ConditionError(
            f"The pattern becomes {len(pattern)} characters long; AWS accepts {LONGEST}.",
            text,
            0,
            hint="Split it into several filters: the filters of a mapping are ORed.",
        )
    return pattern


class _Builder:
    def __init__(self, key: KeySchema | None, types: Mapping[str, str]) -> None:
        self.key = key
        self.types = types

    def conjunctions(self, tree: Tree, *, holds: bool) -> list[Conjunction]:
        """The alternatives under which the tree holds (or does not hold); none if there are none."""
        match tree:
            case Not(inner=inner):
                return self.conjunctions(inner, holds=not holds)
            case ConditionGroup(parts=parts, every=every):
                each = [self.conjunctions(part, holds=holds) for part in parts]
                if every is holds:
                    return self.all_of(each)
                return [rule for rules in each for rule in rules]
            case Comparison() as test:
                target = target_of(test, self.key, self.types)
                conditions = conditions_of(test, target, holds=holds)
                return [{".".join(target.keys): _Demand(test, target, conditions)}] if conditions else []

    def all_of(self, each: Sequence[list[Conjunction]]) -> list[Conjunction]:
        found: list[Conjunction] = [{}]
        for rules in each:
            pairs = product(found, rules)
            joined = [both for one, other in pairs if (both := _both(one, other)) is not None]
            found = joined
            if len(found) > _MOST:
                first = next(iter(found[0].values())).test
                raise first.fault(f"This expands to more than {_MOST} alternatives.")
        return found


def _both(one: Conjunction, other: Conjunction) -> Conjunction | None:
    """The conjunction of both; None if it is never true."""
    joined = dict(one)
    for path, demand in other.items():
        if path not in joined:
            joined[path] = demand
            continue
        conditions = _together(joined[path], demand)
        if not conditions:
            return None
        joined[path] = _Demand(demand.test, demand.target, conditions)
    return joined


def _together(one: _Demand, other: _Demand) -> Conditions:
    """The conditions that hold if both lists do."""
    if clause(one.field) == clause(other.field):
        return one.conditions
    first, second = _values(one), _values(other)
    absent = (NOT_THERE,) if NOT_THERE in one.conditions and NOT_THERE in other.conditions else ()
    if not first or not second:
        return absent
    exists = (Exists(present=True),)
    if exists in (first, second):
        return (*(second if first == exists else first), *absent)
    if one.target.many:
        raise other.test.fault(
            f"One pattern cannot express two conditions on one set or list (`{'.'.join(one.target.keys)}`): "
            "each may hold for another element."
        )
    narrower = _narrower(first, second)
    if narrower is None:
        raise other.test.fault(
            f"One pattern cannot express both conditions on `{'.'.join(one.target.keys)}`: a list of "
            "conditions is ORed.",
            hint="Keep the one that excludes more, and test the other in the function.",
        )
    return (*narrower, *absent)


def _values(demand: _Demand) -> Conditions:
    return tuple(condition for condition in demand.conditions if condition != NOT_THERE)


def _narrower(first: Conditions, second: Conditions) -> Conditions | None:
    """The conjunction of both lists; () if nothing satisfies both, None if no list can express it."""
    for some, others in ((first, second), (second, first)):
        if all(isinstance(condition, Equals) for condition in some):
            fits = any_of(others)
            return tuple(c for c in some if isinstance(c, Equals) and fits(c.value))
    for some, others in ((first, second), (second, first)):
        if all(implied(condition, others) for condition in some):
            return some
    pairs = [_pair(one, two) for one, two in product(first, second)]
    if any(pair is None for pair in pairs):
        return None
    return tuple(condition for pair in pairs if pair is not None for condition in pair)


def _pair(one: Condition, two: Condition) -> Conditions | None:
    match one, two:
        case Numeric(), Numeric():
            return _overlap(one, two)
        case AnythingBut(excluded=few), AnythingBut(excluded=more):
            kinds = {(type(e), type(getattr(e, "value", None))) for e in (*few, *more)}
            return (AnythingBut(excluded=tuple(dict.fromkeys((*few, *more)))),) if len(kinds) == 1 else None
        case _ if implied(one, (two,)):
            return (one,)
        case _ if implied(two, (one,)):
            return (two,)
        case _:
            return None


def _overlap(one: Numeric, two: Numeric) -> Conditions:
    lows = [bound for bound in (one.low, two.low) if bound is not None]
    highs = [bound for bound in (one.high, two.high) if bound is not None]
    low = max(lows, key=lambda bound: (bound.value, not bound.inclusive), default=None)
    high = min(highs, key=lambda bound: (bound.value, bound.inclusive), default=None)
    return (Numeric(low=low, high=high),) if _is_range(low, high) else ()


def _is_range(low: Bound | None, high: Bound | None) -> bool:
    if low is None or high is None or low.value < high.value:
        return True
    return low.value == high.value and low.inclusive and high.inclusive


# --- choices ----------------------------------------------------------------------------------------------


def _merged(rules: list[list[Field]]) -> list[list[Field]]:
    """Merge conjunctions that differ only in one field's conditions, as long as there are any."""
    found = list(rules)
    index = 0
    while index < len(found):
        for other in range(index + 1, len(found)):
            joined = _joined(found[index], found[other])
            if joined is not None:
                found[index] = joined
                del found[other]
                index = -1
                break
        index += 1
    return found


def _joined(one: Sequence[Field], other: Sequence[Field]) -> list[Field] | None:
    mine, theirs = ({field.path: field for field in rule} for rule in (one, other))
    if mine.keys() != theirs.keys():
        return None
    different = [path for path in mine if clause(mine[path]) != clause(theirs[path])]
    if len(different) > 1:
        return None
    for path in different:
        conditions = dict.fromkeys(
            (type(getattr(c, "value", None)), c) for c in (*mine[path].conditions, *theirs[path].conditions)
        )
        mine[path] = Field(keys=mine[path].keys, conditions=tuple(c for _, c in conditions))
    return list(mine.values())
