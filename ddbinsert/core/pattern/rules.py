"""A pattern as rules, without `$or`s and repeated paths: each rule is a conjunction with one field per path.

Event Ruler expands a pattern into such rules in the text's order, and where a path is repeated the later
conditions replace the earlier ones. So `{"a": ["1"], "$or": [{"a": ["2"]}, {"b": ["3"]}]}` matches `{"a": "2"}`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.core.pattern.model import Alternatives, Field, Node

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

Rule = dict[str, Field]


def rules_of(nodes: Iterable[Node]) -> list[Rule]:
    """The rules of which a record must match one; by path, in the order of the paths' first occurrences."""
    return _expand([{}], nodes)


def _expand(rules: list[Rule], nodes: Iterable[Node]) -> list[Rule]:
    for node in nodes:
        if isinstance(node, Alternatives):
            rules = [
                rule
                for branch in node.branches
                for rule in _expand([dict(existing) for existing in rules], branch)
            ]
        else:
            for rule in rules:
                rule[node.path] = node
    return rules


def without_repeats(nodes: Sequence[Node]) -> tuple[Node, ...]:
    """Nodes of the same meaning in which no conjunction names a path twice."""
    if not any(_repeats(nodes, frozenset())):
        return tuple(nodes)
    branches = tuple(tuple(rule.values()) for rule in rules_of(nodes))
    return branches[0] if len(branches) == 1 else (Alternatives(branches=branches),)


def _repeats(nodes: Iterable[Node], around: frozenset[str]) -> Iterator[bool]:
    seen = set(around)
    for node in nodes:
        if isinstance(node, Field):
            yield node.path in seen
            seen.add(node.path)
        else:
            for branch in node.branches:
                yield from _repeats(branch, frozenset(seen))
            for branch in node.branches:
                seen.update(paths_of(branch))


def paths_of(nodes: Iterable[Node]) -> set[str]:
    return {field.path for field in fields_of(nodes)}


def fields_of(nodes: Iterable[Node]) -> Iterator[Field]:
    """Every field, inside `$or`s too."""
    for node in nodes:
        if isinstance(node, Field):
            yield node
        else:
            for branch in node.branches:
                yield from fields_of(branch)
