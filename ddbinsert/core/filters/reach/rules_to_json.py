"""Generates patterns from rules: the common conditions, and a `$or` of the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.core.pattern.json_text import JsonArray, JsonObject, JsonValue
from ddbinsert.core.pattern.parse import OR

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ddbinsert.core.pattern.model import Condition, Field

Member = tuple[str, int | None, JsonValue]
#: A field as a comparable value, with the type of the operand because True equals 1 in Python.
Clause = tuple[str, frozenset[tuple[type, "Condition"]]]
Clauses = frozenset[Clause]
Tree = dict[str, "JsonArray | Tree"]


def clause(field: Field) -> Clause:
    conditions = ((type(getattr(condition, "value", None)), condition) for condition in field.conditions)
    return field.path, frozenset(conditions)


def clauses(fields: Iterable[Field]) -> Clauses:
    return frozenset(map(clause, fields))


def weakest(rules: Iterable[Clauses]) -> frozenset[Clauses]:
    """The rules without those that another rule with fewer clauses makes superfluous."""
    distinct = set(rules)
    return frozenset(rule for rule in distinct if not any(other < rule for other in distinct))


def pattern_members(
    rules: Iterable[Sequence[Field]], array_of: Callable[[Field], JsonArray]
) -> tuple[Member, ...]:
    """The members of a pattern that matches what any of the rules matches.

    Args:
        rules: Each a conjunction of fields with different paths; at least one.
        array_of: A field's list of conditions as JSON.
    """
    by_clauses = {clauses(rule): rule for rule in rules}
    kept = weakest(by_clauses)
    distinct = {bare: rule for bare, rule in by_clauses.items() if bare in kept}
    shared = frozenset.intersection(*distinct)

    def members(rule: Sequence[Field], leave_out: Clauses) -> tuple[Member, ...]:
        tree: Tree = {}
        for field in sorted(rule, key=lambda field: len(field.keys)):
            if clause(field) not in leave_out:
                _plant(tree, field.keys, array_of(field))
        return _members(tree)

    bare, first = next(iter(distinct.items()))
    common = members(first, bare - shared)
    rest = [members(rule, shared) for rule in distinct.values()]
    if len(rest) < 2 or not all(rest):
        return common
    return (*common, (OR, None, JsonArray(tuple(JsonObject(part, None) for part in rest), None)))


def _plant(tree: Tree, keys: Sequence[str], value: JsonArray) -> None:
    """Set a field; if a list blocks the path, the rest becomes one key with dots. Set shorter paths first."""
    node = tree
    for index, key in enumerate(keys[:-1]):
        child = node.setdefault(key, {})
        if not isinstance(child, dict):
            node[".".join(keys[index:])] = value
            return
        node = child
    node[keys[-1]] = value


def _members(tree: Tree) -> tuple[Member, ...]:
    return tuple(
        (key, None, JsonObject(_members(value), None) if isinstance(value, dict) else value)
        for key, value in tree.items()
    )
