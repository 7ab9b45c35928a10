"""Filter criteria in the spellings of different tools: `FilterCriteria.Filters[].Pattern` and similar."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ddbinsert.documents.declared import DeclaredFilter, Mistake, PatternForm
from ddbinsert.documents.source import Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ddbinsert.documents.source import Path


#: Functions that convert a nested value to JSON text.
_ENCODERS: Final = ("Fn::ToJsonString", "jsonencode")


class Criteria(NamedTuple):
    """A tool's spelling of the criteria.

    Attributes:
        steps: The keys from the mapping's properties to the list of filters.
        pattern: The key of an entry's pattern.
        values: The tool also accepts nested values as patterns, besides JSON text.
    """

    steps: tuple[str, ...]
    pattern: str
    values: bool = False


class FoundFilters(NamedTuple):
    """The filters; `unknown` says why they are not known as a whole."""

    filters: tuple[DeclaredFilter, ...] = ()
    unknown: str = ""
    mistakes: tuple[Mistake, ...] = ()


def declared_filters(
    properties: Mapping[str, Any], path: Path, criteria: Criteria, resolve: Callable[[object], Any]
) -> FoundFilters:
    """The filters in a mapping's properties."""
    node: Any = properties
    mistakes: list[Mistake] = []
    for step in criteria.steps:
        if isinstance(node, dict) and step not in node:
            misspelt = next((key for key in node if _plain(key) == _plain(step)), None)
            if misspelt is None:
                return FoundFilters(mistakes=tuple(mistakes))
            mistakes.append(_misspelt(misspelt, step, (*path, misspelt)))
            step = misspelt  # noqa: PLW2901 - continue with the wrong name
        node, path = (node[step] if isinstance(node, dict) else None), (*path, step)
        unknown = _unknown(node, resolve)
        if unknown is not None:
            return FoundFilters(unknown=unknown, mistakes=tuple(mistakes))
    if not isinstance(node, list):
        message = f"`{path[-1]}` must be a list of filters."
        mistakes += (
            [] if node is None else [Mistake(rule="not-a-list", message=message, hint=None, path=path)]
        )
        return FoundFilters(mistakes=tuple(mistakes))
    filters = [
        found
        for index, entry in enumerate(node)
        if (found := _entry(entry, (*path, index), criteria, resolve, mistakes)) is not None
    ]
    return FoundFilters(filters=tuple(filters), mistakes=tuple(mistakes))


def _unknown(node: object, resolve: Callable[[object], Any]) -> str | None:
    """Why a value is not known, if it is an intrinsic function or an expression as a whole."""
    if isinstance(node, Unknown):
        return node.reason
    is_function = isinstance(node, dict) and len(node) == 1 and next(iter(node)).startswith(("Fn::", "Ref"))
    resolved = resolve(node) if is_function else node
    return resolved.reason if isinstance(resolved, Unknown) else None


def _plain(key: object) -> str:
    return str(key).replace("_", "").replace("-", "").casefold()


def _misspelt(given: str, key: str, path: Path) -> Mistake:
    return Mistake(
        rule="misspelt-key",
        message=f"`{given}` is not the name of this key: the filters are not applied.",
        hint=f"Write `{key}`.",
        path=path,
    )


def _entry(
    entry: object, path: Path, criteria: Criteria, resolve: Callable[[object], Any], mistakes: list[Mistake]
) -> DeclaredFilter | None:
    unknown = _unknown(entry, resolve)
    if unknown is not None:
        return DeclaredFilter(path=path, pattern=None, unknown=unknown)
    key = criteria.pattern
    if isinstance(entry, dict) and key not in entry:
        misspelt = next((one for one in entry if _plain(one) == _plain(key)), None)
        if misspelt is not None:
            mistakes.append(_misspelt(misspelt, key, (*path, misspelt)))
            key = misspelt
    if not isinstance(entry, dict) or key not in entry:
        message = f"A filter is an object with the key `{criteria.pattern}`."
        mistakes.append(Mistake(rule="no-pattern", message=message, hint=None, path=path))
        return None
    return pattern_at(entry[key], (*path, key), criteria, resolve, mistakes)


def pattern_at(
    value: object, path: Path, criteria: Criteria, resolve: Callable[[object], Any], mistakes: list[Mistake]
) -> DeclaredFilter | None:
    """The pattern of one filter."""
    resolved = resolve(value)
    if isinstance(resolved, Unknown):
        shown = f" ({resolved.text})" if resolved.text else ""
        return DeclaredFilter(path=path, pattern=None, unknown=f"{resolved.reason}{shown}")
    if isinstance(resolved, str):
        literal, where = _literal_place(value, path)
        form = PatternForm.VALUE if where[-1] in _ENCODERS else PatternForm.TEXT
        return DeclaredFilter(path=where, pattern=resolved, form=form, literal=literal)
    if not criteria.values:
        mistakes.append(
            Mistake(
                rule="pattern-not-text",
                message=f"`{criteria.pattern}` must be a string of JSON text, not a nested value.",
                hint="Write the pattern as JSON in quotes.",
                path=path,
            )
        )
    text = json.dumps(resolved, separators=(",", ":"), ensure_ascii=False, default=str)
    return DeclaredFilter(path=path, pattern=text, form=PatternForm.VALUE)


def _literal_place(value: object, path: Path) -> tuple[bool, Path]:
    """Whether the document contains the text literally, and where; also inside a constant function."""
    if isinstance(value, str):
        return True, path
    if isinstance(value, dict) and len(value) == 1:
        ((name, operand),) = value.items()
        if name in _ENCODERS:
            return True, (*path, name)
        if name == "Fn::Sub" and isinstance(operand, str):
            return "${" not in operand, (*path, name)
    return False, path
