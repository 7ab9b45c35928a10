"""Patterns inside documents: converts positions between a pattern's text and the document's text.

A pattern is JSON text in a string of JSON, YAML or HCL, with escaped quotes and backslashes and folded lines; or it is
a nested value, whose parts have their own positions.
"""

from __future__ import annotations

import json
from json import decoder
from typing import TYPE_CHECKING, Any, Final

from ddbinsert.documents.declared import PatternForm
from ddbinsert.documents.source import DocumentError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddbinsert.documents.declared import DeclaredFilter
    from ddbinsert.documents.source import Document, Span

_SIMPLE: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "0": "\0"}
_scan_string: Any = vars(decoder)["scanstring"]


def offsets(document: Document, declared: DeclaredFilter) -> list[int] | None:
    """The offset in the document of every character of the pattern's text, and of its end.

    None if the document does not contain the text literally.
    """
    span = document.places.span(declared.path)
    if span is None or declared.form is PatternForm.VALUE or not declared.literal or declared.pattern is None:
        return None
    return _aligned(document.text, span, declared.pattern)


def _aligned(text: str, span: Span, decoded: str) -> list[int] | None:
    """Align the source with the decoded text, character by character."""
    position, end = span
    quote = text[position] if text[position : position + 1] in ("'", '"') else ""
    position = position + 1 if quote else _content(text, position, end)
    found: list[int] = []
    for index, character in enumerate(decoded):
        step = _step(text, position, end, character, quote)
        if step is None:
            rest = decoded[index:]
            return [*found, *([end] * (len(rest) + 1))] if not rest.strip() else None
        start, position = step
        found.append(start)
    return [*found, position]


def _step(text: str, position: int, end: int, character: str, quote: str) -> tuple[int, int] | None:
    """The start and the end of a decoded character in the source; None if it is not there."""
    while position < end:
        given = text[position]
        if quote == '"' and given == "\\":
            value, length = _escape(text, position)
            if value is not None:
                return (position, position + length) if value == character else None
            position += length  # an escaped line break
        elif given == character:
            return position, position + (2 if quote == given == "'" else 1)
        elif given.isspace() and not character.isspace():
            position += 1  # indentation, or a folded line break
        elif character.isspace():
            return position, position + given.isspace()
        else:
            return None
    return None


def _content(text: str, start: int, end: int) -> int:
    """The start of the content of a block scalar, a heredoc or a plain scalar, after its header."""
    if text[start : start + 1] in ("|", ">") or text[start : start + 2] == "<<":
        line_end = text.find("\n", start, end)
        return line_end + 1 if line_end >= 0 else end
    return start


def _escape(text: str, position: int) -> tuple[str | None, int]:
    """The character of an escape sequence, and its length in the source."""
    kind = text[position + 1 : position + 2]
    if kind == "u":
        # A character beyond U+FFFF is a pair of escapes.
        is_pair = text[position + 2 : position + 3] in "dD" and text[position + 3 : position + 4] in "89abAB"
        length = 12 if is_pair and text[position + 6 : position + 8] == "\\u" else 6
        try:
            value, end = _scan_string(text[position : position + length] + '"', 0, True)
        except ValueError:
            return kind, 2
        return value, end - 1
    if kind == "x":
        digits = text[position + 2 : position + 4]
        is_hex = len(digits) == 2 and all(digit in "0123456789abcdefABCDEF" for digit in digits)
        return (chr(int(digits, 16)), 4) if is_hex else (kind, 2)
    if kind == "\n":
        return None, 2
    return _SIMPLE.get(kind, kind), 2


def place_in_pattern(
    document: Document, declared: DeclaredFilter, path: Sequence[str | int], position: int | None
) -> int:
    """The document's offset of a position in the pattern."""
    if declared.form is PatternForm.VALUE:
        return document.span((*declared.path, *path)).start
    start = document.span(declared.path).start
    if position is None:
        return start
    places = offsets(document, declared)
    return places[min(position, len(places) - 1)] if places else start


def place_of_key(document: Document, declared: DeclaredFilter, path: Sequence[str | int]) -> int | None:
    """The document's offset of a key in the pattern; None if it is not known."""
    if declared.form is PatternForm.VALUE:
        found = document.places.key_span((*declared.path, *path))
        return found.start if found is not None else None
    span, places = key_span(declared.pattern or "", path), offsets(document, declared)
    return places[span.start] if span is not None and places is not None else None


def value_span(pattern: str, path: Sequence[str | int]) -> Span | None:
    """The position of a value in a pattern's text."""
    from ddbinsert.documents.json_document import read_json_document

    try:
        return read_json_document("pattern", pattern).places.span(tuple(path))
    except (ValueError, IndexError, DocumentError):
        return None


def key_span(pattern: str, path: Sequence[str | int]) -> Span | None:
    """The position of a member's key in a pattern's text."""
    from ddbinsert.documents.json_document import read_json_document

    try:
        return read_json_document("pattern", pattern).places.key_span(tuple(path))
    except (ValueError, IndexError, DocumentError):
        return None


def escaped(document: Document, span: Span, text: str) -> str | None:
    """JSON text, escaped for the string at this position; None if it cannot be written there."""
    quote = document.text[span.start : span.start + 1]
    if quote == '"':
        return json.dumps(text, ensure_ascii=False)[1:-1]
    if quote == "'":
        return text.replace("'", "''")
    return text if "\n" not in text else None
