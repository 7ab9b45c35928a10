"""serverless.yml: `functions.NAME.events[].stream` with `filterPatterns`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from ddbinsert.core.filters.reach.answer import KnownStream
from ddbinsert.documents import cloudformation
from ddbinsert.documents.criteria import Criteria, FoundFilters, pattern_at
from ddbinsert.documents.declared import DeclaredFilter, DeclaredMapping, Mistake, with_unknown_source
from ddbinsert.documents.source import Unknown, at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddbinsert.documents.source import Document, Path

_CRITERIA: Final = Criteria(steps=("filterPatterns",), pattern="filterPatterns", values=True)
_SELF: Final = re.compile(r"\$\{self:([A-Za-z0-9_.-]+)\}")


_LATER: Final = "the variable is resolved by Serverless"


def is_serverless(root: object) -> bool:
    return (
        isinstance(root, dict)
        and (isinstance(root.get("functions"), dict | list) or _is_variable(root.get("functions")))
        and ("provider" in root or "service" in root)
    )


def serverless_mappings(document: Document) -> Iterator[DeclaredMapping]:
    """The mappings on DynamoDB streams that the functions' events declare."""
    root = document.root
    resources = at(root, ("resources", "Resources"))
    resources = resources if isinstance(resources, dict) else {}
    for path, name, value in _events(root):
        if isinstance(value, Unknown):
            yield DeclaredMapping(name=name, path=path, unknown=f"{value.reason}: {value.text}")
        elif isinstance(value, dict) and "stream" in value:
            yield from _stream(root, name, (*path, "stream"), value["stream"], resources)
    yield from cloudformation.resource_mappings(resources, ("resources", "Resources"))


def _events(root: dict[str, Any]) -> Iterator[tuple[Path, str, Any]]:
    """Each event with its name, such as `function/0`; Unknown if functions or events are a variable."""
    for path, functions in _sections(root["functions"], ("functions",)):
        if isinstance(functions, Unknown):
            yield path, "functions", functions
            continue
        for name, definition in functions.items():
            given = _variable(definition, root)
            events = _variable(given.get("events"), root) if isinstance(given, dict) else given
            if _is_variable(events):
                events = Unknown(_LATER, str(events))
            if isinstance(events, Unknown):
                yield (*path, name), str(name), events
                continue
            for index, event in enumerate(events if isinstance(events, list) else ()):
                found = _variable(event, root)
                found = Unknown(_LATER, str(found)) if _is_variable(found) else found
                yield (*path, name, "events", index), f"{name}/{index}", found


def _sections(functions: object, path: Path) -> Iterator[tuple[Path, Any]]:
    """The sections of functions: one, or a list of which each may be in another file."""
    if isinstance(functions, list):
        for index, one in enumerate(functions):
            yield from _sections(one, (*path, index))
    elif isinstance(functions, dict):
        yield path, functions
    elif _is_variable(functions):
        yield path, Unknown(_LATER, str(functions))


def _is_variable(value: object) -> bool:
    return isinstance(value, str) and "${" in value


def _stream(
    root: object, name: str, path: Path, stream: object, resources: dict[str, Any]
) -> Iterator[DeclaredMapping]:
    arn = stream.get("arn") if isinstance(stream, dict) else stream
    source = cloudformation.stream_source(_variable(arn, root), resources)
    is_open = source is None
    if source is None:
        kind = stream.get("type") if isinstance(stream, dict) else None
        is_known = kind is not None or not isinstance(_resolve(arn, root), Unknown)
        if kind != "dynamodb" and is_known:
            return
        is_open = kind != "dynamodb"
        source = KnownStream()
    found = _filters(root, stream, path) if isinstance(stream, dict) else FoundFilters()
    mapping = DeclaredMapping(
        name=name,
        path=path,
        filters=found.filters,
        stream=source,
        unknown=found.unknown,
        mistakes=found.mistakes,
    )
    yield with_unknown_source(mapping) if is_open else mapping


def _filters(root: object, stream: dict[str, Any], path: Path) -> FoundFilters:
    key = next((one for one in stream if one.casefold() == "filterpatterns"), None)
    wrong = next(
        (one for one in ("filterPattern", "filterCriteria", "FilterCriteria", "filters") if one in stream),
        None,
    )
    if key is None:
        mistake = [_unnamed(wrong, path)] if wrong is not None else []
        return FoundFilters(mistakes=tuple(mistake))
    mistakes = [] if key == "filterPatterns" else [_unnamed(key, path)]
    value = _variable(stream[key], root)
    if isinstance(value, Unknown):
        return FoundFilters(unknown=value.reason, mistakes=tuple(mistakes))
    if not isinstance(value, list):
        mistakes.append(
            Mistake(
                rule="not-a-list",
                message=f"`{key}` must be a list of patterns.",
                hint=None,
                path=(*path, key),
            )
        )
        return FoundFilters(mistakes=tuple(mistakes))
    filters: list[DeclaredFilter] = []
    for index, entry in enumerate(value):
        one = pattern_at(
            _variable(entry, root),
            (*path, key, index),
            _CRITERIA,
            lambda given: _resolve(given, root),
            mistakes,
        )
        if one is not None:
            filters.append(one)
    return FoundFilters(filters=tuple(filters), mistakes=tuple(mistakes))


def _unnamed(given: str, path: Path) -> Mistake:
    return Mistake(
        rule="misspelt-key",
        message=f"`{given}` is not a key of a stream event: the filters are not applied.",
        hint="Write `filterPatterns`, a list of patterns.",
        path=(*path, given),
    )


def _variable(value: object, root: object) -> Any:
    """The value; if it is as a whole a `${self:…}`, what that refers to."""
    found = _SELF.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return value
    target = at(root, found[1].split("."))
    return target if target is not None else Unknown(_LATER, str(value))


def _resolve(value: object, root: object) -> Any:
    """The value; Unknown if it contains a variable of Serverless."""
    value = _variable(value, root)
    if isinstance(value, str) and "${" in value:
        return Unknown(_LATER, value)
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    unknown = next((one for child in children if isinstance(one := _resolve(child, root), Unknown)), None)
    return unknown or cloudformation.resolve(value)
