"""The complete semantics, arrays included: Event Ruler's array-consistent matching.

Event Ruler flattens an event to leaves, each with its dotted path and its place in every array around it, and
finds a rule's fields one by one in the order of their paths. Two leaves are compatible unless they are in
different elements of one array. An `exists: false` is decided in the order of the paths: no leaf of that path
may be compatible with those found so far. (ACFinder, ArrayMembership, NameState.getNameTransitions.)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ddbinsert.core.pattern.model import NOT_THERE
from ddbinsert.core.pattern.predicates import any_of
from ddbinsert.core.pattern.rules import rules_of
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ddbinsert.core.pattern.model import Field, Node

#: The arrays around a leaf, outermost first: (the array's number, the element's index).
Membership = tuple[tuple[int, int], ...]

#: The leaves by dotted path.
Leaves = dict[str, list[tuple[object, Membership]]]

#: For each prefix of a wanted path (None is the root): the keys that continue it, the path then reached, and
#: whether it is wanted.
Steps = dict[str | None, tuple[tuple[str, str, bool], ...]]


@dataclass(frozen=True, slots=True)
class _Clause:
    path: str
    holds: Callable[[object], bool]
    may_be_absent: bool


def exact_of(nodes: Iterable[Node]) -> Callable[[object], bool]:
    """Whether a record matches all of the nodes; quicker than compiling them if there are few records."""
    return exact_matcher([tuple(rule.values()) for rule in rules_of(nodes)])


def exact_matcher(rules: Sequence[Sequence[Field]]) -> Callable[[object], bool]:
    """Whether a record matches one of the rules, each a conjunction of fields with different paths."""
    prepared = tuple(
        tuple(_clause(field) for field in sorted(rule, key=lambda field: _java_order(field.path)))
        for rule in rules
    )
    steps = steps_to({clause.path for rule in prepared for clause in rule})

    def matches(record: object) -> bool:
        if not isinstance(record, Mapping):
            return False
        leaves = collect(record, steps)
        return any(_holds(rule, leaves) for rule in prepared)

    return matches


def _java_order(path: str) -> bytes:
    return path.encode("utf-16-be", "surrogatepass")


def _clause(field: Field) -> _Clause:
    values = [condition for condition in field.conditions if condition != NOT_THERE]
    return _Clause(field.path, any_of(values), len(values) < len(field.conditions))


def steps_to(paths: Iterable[str]) -> Steps:
    """The ways in which a record's keys may form the paths: a key may itself contain dots."""
    steps: dict[str | None, dict[str, tuple[str, str, bool]]] = {}
    wanted = set(paths)
    for path in wanted:
        cuts = [index for index, character in enumerate(path) if character == "."]
        ends = [*cuts, len(path)]
        for start in (-1, *cuts):
            continuations = steps.setdefault(path[:start] if start >= 0 else None, {})
            for end in ends:
                if end > start:
                    key, reached = path[start + 1 : end], path[:end]
                    continuations[key] = (key, reached, reached in wanted)
    return {prefix: tuple(found.values()) for prefix, found in steps.items()}


def collect(record: Mapping[str, object], steps: Steps) -> Leaves:
    """The leaves at the wanted paths. Iterative, so that no nesting exhausts the stack."""
    leaves: Leaves = {}
    arrays = 0
    todo: list[tuple[object, str | None, bool, Membership]] = [(record, None, False, ())]
    while todo:
        value, path, wanted, membership = todo.pop()
        if isinstance(value, Mapping):
            for key, reached, is_wanted in steps.get(path, ()):
                if key in value:
                    todo.append((value[key], reached, is_wanted, membership))
        elif isinstance(value, list | tuple):
            arrays += 1
            for index, element in enumerate(value):
                nested = isinstance(element, Mapping | list | tuple)
                # A leaf directly in an array has no index in it: it is compatible with the whole array.
                inside = (*membership, (arrays, index)) if nested else membership
                todo.append((element, path, wanted, inside))
        elif wanted and path is not None:
            leaves.setdefault(path, []).append((value, membership))
    return leaves


def _holds(rule: Sequence[_Clause], leaves: Leaves) -> bool:
    """Whether each clause finds its leaf; all partial findings are carried along, without duplicates."""
    found: set[Membership] = {()}
    for index, clause in enumerate(rule):
        there = leaves.get(clause.path, ())
        if not there and not clause.may_be_absent:
            return False
        fitting = _by_array(membership for value, membership in there if clause.holds(value))
        following = {joined for so_far in found for joined in _joins(so_far, fitting)}
        if clause.may_be_absent:
            present = _by_array(membership for _, membership in there)
            following.update(so_far for so_far in found if next(_joins(so_far, present), None) is None)
        if not following:
            return False
        found = _forget(following, rule[index + 1 :], leaves)
    return True


_Index = dict[int, dict[int, set["Membership"]]]


def _by_array(memberships: Iterable[Membership]) -> _Index:
    """By outermost array and element, so that a join reads only one element's leaves; -1: not in an array."""
    index: _Index = {}
    for membership in memberships:
        array, element = membership[0] if membership else (-1, -1)
        index.setdefault(array, {}).setdefault(element, set()).add(membership)
    return index


def _joins(so_far: Membership, index: _Index) -> Iterator[Membership]:
    """`so_far` extended by each compatible leaf."""
    places = dict(so_far)
    for array, elements in index.items():
        groups = elements.values() if array not in places else (elements.get(places[array], set()),)
        for group in groups:
            for membership in group:
                if all(places.get(inner, element) == element for inner, element in membership):
                    yield tuple(sorted({*so_far, *membership}))


def _forget(found: set[Membership], ahead: Sequence[_Clause], leaves: Leaves) -> set[Membership]:
    """Drop the arrays that no later clause is in; otherwise independent arrays would multiply."""
    if found == {()}:
        return found
    relevant = {
        array for clause in ahead for _, membership in leaves.get(clause.path, ()) for array, _ in membership
    }
    return {tuple(place for place in membership if place[0] in relevant) for membership in found}
