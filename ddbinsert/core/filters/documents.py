"""Reads patterns and records from documents: files, saved AWS CLI output, a Lambda event."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, Final

from ddbinsert.dataclass import dataclass
from ddbinsert.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence


@dataclass(frozen=True, kw_only=True)
class SavedFilters:
    """The filters of one mapping, or filters without a mapping.

    Attributes:
        patterns: The texts of the patterns; none without filters.
        mapping: The mapping's UUID, if the document is AWS's output about mappings.
        function: The function's ARN, if the output contains it.
        stream: The ARN of its source.
        hidden: The filters are encrypted with a customer key, and the output does not show them.
        notes: Keys with a spelling that differs from AWS's.
    """

    patterns: tuple[str, ...]
    mapping: str | None = None
    function: str | None = None
    stream: str | None = None
    hidden: bool = False
    notes: tuple[str, ...] = ()


#: AWS's key first, then those of other tools.
_CRITERIA: Final = ("FilterCriteria", "filterCriteria", "filter_criteria")
_FILTERS: Final = ("Filters", "filters", "filter")
_PATTERN: Final = ("Pattern", "pattern")


def patterns_in(text: str) -> tuple[str, ...]:
    """The patterns of a document, each as its text; see `saved_filters`."""
    return tuple(pattern for saved in saved_filters(text) for pattern in saved.patterns)


def saved_filters(text: str) -> tuple[SavedFilters, ...]:
    """The filters of a document, mapping by mapping.

    A pattern; a list of patterns; FilterCriteria (`{"Filters":[{"Pattern":…}]}`), also in the spelling of
    Terraform, Serverless and Pulumi; the output of `aws lambda get-event-source-mapping` and
    `list-event-source-mappings`. Any other text is read as one pattern, so that its fault can be shown with
    its position.

    Raises:
        UsageError: An entry of a list of filters has no pattern.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return (SavedFilters(patterns=(text.strip(),)),)
    found = _saved(document)
    return found if found is not None else (SavedFilters(patterns=(text.strip(),)),)


def is_answer(document: object) -> bool:
    """Whether a document is an answer of AWS about mappings, or FilterCriteria: a pattern has none of these keys."""
    return isinstance(document, dict) and (
        {"UUID", "EventSourceArn"} <= document.keys()
        or any(isinstance(document.get(key), list) for key in ("EventSourceMappings", "Filters"))
        or isinstance(document.get("FilterCriteria"), dict)
    )


def _saved(document: Any) -> tuple[SavedFilters, ...] | None:
    """The filters in a document; None if it is a pattern."""
    match document:
        case {"EventSourceMappings": [*mappings]}:
            return tuple(_mapping(one) for one in mappings if isinstance(one, dict))
        case {"UUID": str()} | {"EventSourceArn": str()} | {"EventSourceMappingArn": str()}:
            return (_mapping(document),)
        case {"filterPatterns": [*entries]}:
            return (SavedFilters(patterns=tuple(map(_text, entries))),)
        case dict():
            return _criteria_document(document)
        case []:
            return None
        case [*entries] if any(_is_mapping(entry) for entry in entries):
            return tuple(_mapping(one) for one in entries if isinstance(one, dict))
        case [*entries]:
            return (_filters(entries),)
        case _:
            return None


def _is_mapping(entry: object) -> bool:
    return isinstance(entry, dict) and ("UUID" in entry or "EventSourceArn" in entry)


def _criteria_document(document: dict[str, Any]) -> tuple[SavedFilters, ...] | None:
    for key in _CRITERIA:
        if key in document and len(document) == 1:
            return (_spelled(_criteria(document[key]), key, _CRITERIA[0]),)
    for key in _FILTERS:
        entries = document.get(key)
        if isinstance(entries, list) and all(isinstance(entry, dict) for entry in entries):
            return (_criteria(document),)
    for key in _PATTERN:
        if set(document) == {key} and isinstance(document[key], str):
            return (SavedFilters(patterns=(document[key],)),)
    return None


def _mapping(answer: Mapping[str, Any]) -> SavedFilters:
    """One mapping in AWS's output."""
    key = next((key for key in _CRITERIA if key in answer), None)
    criteria = answer[key] if key is not None else None
    found = _criteria(criteria) if criteria is not None else SavedFilters(patterns=())
    if key is not None:
        found = _spelled(found, key, _CRITERIA[0])
    return SavedFilters(
        patterns=found.patterns,
        mapping=_text_or_none(answer.get("UUID")),
        function=_text_or_none(answer.get("FunctionArn")),
        stream=_text_or_none(answer.get("EventSourceArn")),
        hidden=not found.patterns and bool(answer.get("KMSKeyArn")),
        notes=found.notes,
    )


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _criteria(criteria: object) -> SavedFilters:
    """`{"Filters":[…]}`; Terraform writes blocks as lists."""
    if isinstance(criteria, list):
        criteria = criteria[0] if len(criteria) == 1 else {"Filters": criteria}
    if not isinstance(criteria, dict):
        return SavedFilters(patterns=())
    key = next((key for key in _FILTERS if key in criteria), None)
    entries = criteria.get(key) if key is not None else []
    if key is not None and isinstance(entries, dict):
        entries = [entries]
    found = _filters(entries if isinstance(entries, list) else [])
    return _spelled(found, key, _FILTERS[0]) if key is not None else found


def _filters(entries: Sequence[object]) -> SavedFilters:
    """A list whose entries are patterns, or objects with the key `Pattern`."""
    patterns, notes = [], []
    for number, entry in enumerate(entries, 1):
        key = next((key for key in _PATTERN if isinstance(entry, dict) and set(entry) == {key}), None)
        if isinstance(entry, dict) and not entry:
            raise UsageError(
                f"Filter {number} has no `Pattern`.", hint='Write {"Pattern": "…"}.', code="no-pattern"
            )
        if key is not None and isinstance(entry, dict):
            notes += [] if key == _PATTERN[0] else [_spelling_note(key, _PATTERN[0])]
            patterns.append(_text(entry[key]))
        else:
            patterns.append(_text(entry))
    return SavedFilters(patterns=tuple(patterns), notes=tuple(dict.fromkeys(notes)))


def _spelled(found: SavedFilters, key: str, expected: str) -> SavedFilters:
    if key == expected:
        return found
    return SavedFilters(
        patterns=found.patterns, notes=tuple(dict.fromkeys((_spelling_note(key, expected), *found.notes)))
    )


def _spelling_note(key: str, expected: str) -> str:
    return f"`{key}` is read as `{expected}`, which is how the AWS API spells it."


def _text(entry: object) -> str:
    return entry if isinstance(entry, str) else json.dumps(entry, separators=(",", ":"), ensure_ascii=False)


def records_in(lines: Iterable[str], name: str) -> Iterator[dict[str, Any]]:
    """The records of a document, line by line if it has one record per line.

    JSON lines, a JSON array, one record, or a Lambda event (`{"Records":[…]}`).

    Args:
        lines: The document's lines.
        name: The document's name in messages.

    Raises:
        UsageError: It is none of these; the message contains the line.
    """
    source = iter(lines)
    first, number = _first(source)
    whole = _parsed(first)
    if whole is not None:
        yield from _unwrapped(whole, name, number)
        for number, line in enumerate(source, number + 1):  # noqa: B020 - it goes on counting
            if line.strip():
                yield from _unwrapped(_line(line, name, number), name, number)
        return
    yield from _unwrapped(_document(first, source, name), name, 1)


def _first(source: Iterator[str]) -> tuple[str, int]:
    for number, line in enumerate(source, 1):
        text = line.removeprefix("\ufeff") if number == 1 else line
        if text.strip():
            return text, number
    return "[]", 1


def _parsed(text: str) -> Any:
    """The value of a line that is JSON by itself; None for other lines."""
    try:
        return _json(text)
    except (ValueError, RecursionError):
        return None


def _json(text: str) -> Any:
    return json.loads(text, parse_constant=_no_constant, parse_float=_finite)


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text} is larger than any number of a record")
    return number


def _no_constant(name: str) -> Any:
    """Python's json accepts NaN and Infinity, which JSON does not have."""
    raise ValueError(f"{name} is not a JSON value")


def _line(text: str, name: str, number: int) -> Any:
    try:
        return _json(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{name}, line {number}: this is not JSON: {error}.", code="not-json") from error


def _document(first: str, rest: Iterator[str], name: str) -> Any:
    try:
        return _json("".join([first, *rest]))
    except json.JSONDecodeError as error:
        raise UsageError(
            f"{name}, line {error.lineno}: this is not JSON: {error.msg}.", code="not-json"
        ) from error
    except RecursionError as error:
        raise UsageError(f"{name}: it is nested too deeply.", code="not-json") from error
    except ValueError as error:
        raise UsageError(f"{name}: this is not a JSON record: {error}.", code="not-json") from error


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
