"""Patterns and records out of the documents that people have: files, exports, a Lambda event."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ddbinsert.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def patterns_in(text: str) -> tuple[str, ...]:
    """The patterns of a document, each as its text.

    A pattern; a list of patterns; FilterCriteria (`{"Filters":[{"Pattern":…}]}`), alone or inside the answers of
    `aws lambda get-event-source-mapping` and `list-event-source-mappings`. What is none of these is handed on as
    one pattern, so that its fault can be shown in its place.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return (text.strip(),)
    if isinstance(document, list) and document:
        return tuple(_pattern(entry) for entry in document)
    if isinstance(document, dict):
        criteria = list(_criteria(document))
        if criteria:
            return tuple(_pattern(entry) for filters in criteria for entry in filters)
    return (text.strip(),)


def _criteria(document: dict[str, Any]) -> Iterator[list[Any]]:
    match document:
        case {"Filters": [*filters]} if all(isinstance(one, dict) and "Pattern" in one for one in filters):
            yield filters
        case {"FilterCriteria": dict() as criteria}:
            yield from _criteria(criteria)
        case {"EventSourceMappings": [*mappings]}:
            for mapping in mappings:
                if isinstance(mapping, dict):
                    yield from _criteria(mapping)


def _pattern(entry: object) -> str:
    if isinstance(entry, dict) and set(entry) == {"Pattern"}:
        entry = entry["Pattern"]
    return entry if isinstance(entry, str) else json.dumps(entry, separators=(",", ":"), ensure_ascii=False)


def records_in(lines: Iterable[str], name: str) -> Iterator[dict[str, Any]]:
    """The records of a document, line by line where it has one record a line.

    JSON lines, a JSON array, one record, or a Lambda event (`{"Records":[…]}`).

    Args:
        lines: The document's lines.
        name: What a message calls the document.

    Raises:
        UsageError: It is none of these, with the line.
    """
    source = iter(lines)
    first, number = _first(source, name)
    whole = _parsed(first)
    if whole is not None:
        yield from _unwrapped(whole, name, number)
        for number, line in enumerate(source, number + 1):  # noqa: B020 - it goes on counting
            if line.strip():
                yield from _unwrapped(_line(line, name, number), name, number)
        return
    yield from _unwrapped(_document(first, source, name), name, 1)


def _first(source: Iterator[str], name: str) -> tuple[str, int]:
    for number, line in enumerate(source, 1):
        text = line.removeprefix("\ufeff") if number == 1 else line
        if text.strip():
            return text, number
    raise UsageError(f"{name} holds no record.", code="no-records")


def _parsed(text: str) -> Any:
    """The value of a line that is JSON by itself; None where it is not."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _line(text: str, name: str, number: int) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{name}, line {number}: this is not JSON: {error}.", code="not-json") from error


def _document(first: str, rest: Iterator[str], name: str) -> Any:
    try:
        return json.loads("".join([first, *rest]))
    except json.JSONDecodeError as error:
        raise UsageError(
            f"{name}, line {error.lineno}: this is not JSON: {error.msg}.", code="not-json"
        ) from error
    except RecursionError as error:
        raise UsageError(f"{name}: it is nested too deep.", code="not-json") from error


def _unwrapped(value: object, name: str, number: int) -> Iterator[dict[str, Any]]:
    match value:
        case {"Records": [*records]}:
            pass
        case [*records]:
            pass
        case _:
            records = [value]
    for record in records:
        if not isinstance(record, dict):
            raise UsageError(
                f"{name}, line {number}: a record is a JSON object, not {json.dumps(record)[:40]}.",
                code="no-record",
            )
        yield record
