"""Applies a filter to one record: whether it matches, and the result of each clause."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ddbinsert.core.filters.explain import predicate_of
from ddbinsert.core.pattern.exact import collect, exact_of, steps_to
from ddbinsert.core.pattern.model import Alternatives, Field, Node
from ddbinsert.core.pattern.rules import without_repeats
from ddbinsert.core.pattern.write import conditions_text
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ddbinsert.core.pattern.model import Pattern

_MOST_SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class Step:
    """The result of one field, or one `$or`, of a pattern for one record.

    Attributes:
        path: The field's path with dots; `$or` for a choice.
        wanted: The conditions in the pattern; empty for a choice.
        held: Whether it holds on its own.
        found: The record's values at the path, at most 20.
        why: Why it does not hold; otherwise empty.
        branches: For a choice: the steps of each branch.
    """

    path: str
    wanted: str
    held: bool
    found: tuple[Any, ...] = ()
    why: str = ""
    branches: tuple[tuple[Step, ...], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Trace:
    """The result of one filter for one record.

    Attributes:
        failed: The first step that does not hold; otherwise None.
        why: Why the filter does not match; otherwise empty.
    """

    pattern: str
    matched: bool
    steps: tuple[Step, ...]
    failed: Step | None
    why: str


def trace(text: str, pattern: Pattern, record: Mapping[str, object]) -> Trace:
    """Apply a pattern to a record.

    Args:
        text: The pattern as it was given, also part of the result.
    """
    nodes = without_repeats(pattern.nodes)
    matched = exact_of(pattern.nodes)(record)
    steps = tuple(_step(node, record) for node in nodes)
    failed = next((step for step in steps if not step.held), None)
    why = ""
    if not matched:
        why = failed.why if failed is not None else _apart(nodes)
    return Trace(pattern=text, matched=matched, steps=steps, failed=failed, why=why)


def _apart(nodes: Sequence[Node]) -> str:
    paths = [f"`{node.path}`" for node in nodes if isinstance(node, Field)]
    names = f" ({', '.join(paths)})" if paths else ""
    return f"Each clause{names} holds on its own, but not in the same element of an array."


def _step(node: Node, record: Mapping[str, object]) -> Step:
    held = exact_of([node])(record)
    if isinstance(node, Alternatives):
        branches = tuple(tuple(_step(part, record) for part in branch) for branch in node.branches)
        why = "" if held else "None of the alternatives holds."
        return Step(path="$or", wanted="", held=held, why=why, branches=branches)
    found = tuple(_leaves(node, record))[::-1]  # collected from the end
    return Step(
        path=node.path,
        wanted=conditions_text(node.conditions),
        held=held,
        found=found[:_MOST_SHOWN],
        why="" if held else _why(node, found, record),
    )


def _leaves(field: Field, record: Mapping[str, object]) -> Iterator[Any]:
    for value, _ in collect(record, steps_to([field.path])).get(field.path, ()):
        yield value


def _why(field: Field, found: Sequence[Any], record: Mapping[str, object]) -> str:
    wanted = predicate_of(field.conditions)
    if not found:
        return f"The record has no value at `{field.path}`{_what_is_there(field, record)}; wanted: {wanted}."
    one = "its value is" if len(found) == 1 else "its values are"
    return f"At `{field.path}` {one} {_format_values(found)}; wanted: {wanted}."


def _what_is_there(field: Field, record: Mapping[str, object]) -> str:
    """What the record contains on the path to the field: an object, an empty list, nothing after some key."""
    node: object = record
    for index, key in enumerate(field.keys):
        if not isinstance(node, Mapping) or key not in node:
            reached = ".".join(field.keys[:index])
            if not isinstance(node, Mapping):
                return f" (`{reached}` is {_kind(node)})"
            there = ", ".join(f"`{name}`" for name in list(node)[:8])
            return f" (`{reached or 'the record'}` has {there or 'nothing'})"
        node = node[key]
    return f" (there is {_kind(node)})"


def _kind(node: object) -> str:
    match node:
        case Mapping():
            names = ", ".join(map(str, list(node)[:8]))
            return f"an object with {names}" if node else "an empty object"
        case list() | tuple():
            return "a list" if node else "an empty list"
        case _:
            return _format_values([node])


def _format_values(values: Sequence[Any]) -> str:
    texts = [json.dumps(value, ensure_ascii=False, default=str) for value in values[:_MOST_SHOWN]]
    short = [text if len(text) <= 200 else text[:199] + "…" for text in texts]
    return ", ".join(short) + (", …" if len(values) > _MOST_SHOWN else "")
