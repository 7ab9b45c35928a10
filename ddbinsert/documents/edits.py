"""Corrections as edits of a document's text; all other text stays unchanged."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ddbinsert.core.filters.reach.narrow import narrowed
from ddbinsert.core.pattern.matcher import PatternError
from ddbinsert.documents.declared import PatternForm
from ddbinsert.documents.embedded import escaped, key_span, offsets, value_span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ddbinsert.core.filters.lint.report import Correction
    from ddbinsert.documents.declared import DeclaredFilter
    from ddbinsert.documents.source import Document

_ONLY_INSERT = '["INSERT"]'


class Edit(NamedTuple):
    """Replaces the text from `start` to `end` (exclusive) by `text`."""

    start: int
    end: int
    text: str


def edit_of(document: Document, declared: DeclaredFilter, correction: Correction) -> Edit | None:
    """The edit for a correction of a pattern; None if the exact position is not known."""
    if declared.form is PatternForm.VALUE:
        return _value_edit(document, declared, correction)
    pattern = declared.pattern or ""
    span = key_span(pattern, correction.path) if correction.is_key else value_span(pattern, correction.path)
    return _text_edit(
        document, declared, span, f'"{correction.text}"' if correction.is_key else correction.text
    )


def _text_edit(
    document: Document, declared: DeclaredFilter, span: tuple[int, int] | None, text: str
) -> Edit | None:
    """Replace a part of the pattern's JSON text, within the string that contains it."""
    places = offsets(document, declared)
    outer = document.places.span(declared.path)
    if span is None or places is None or outer is None:
        return None
    written = escaped(document, outer, text)
    return Edit(places[span[0]], places[span[1]], written) if written is not None else None


def _value_edit(document: Document, declared: DeclaredFilter, correction: Correction) -> Edit | None:
    """Replace a part of a nested value by JSON, which is valid in YAML and HCL."""
    path = (*declared.path, *correction.path)
    if correction.is_key:
        found = document.places.key_span(path)
        if found is None:
            return None
        quote = document.text[found.start]
        return Edit(*found, f"{quote}{correction.text}{quote}" if quote in "\"'" else correction.text)
    found = document.places.span(path)
    return Edit(*found, correction.text) if found is not None else None


def insert_restriction(document: Document, declared: DeclaredFilter) -> Edit | None:
    """The edit that restricts a filter to inserts; None if the filter would have to be rewritten."""
    pattern = declared.pattern or ""
    try:
        narrowed(pattern)
    except PatternError:
        return None  # then no INSERT would pass
    if "$or" in pattern:
        return None
    if "eventName" in pattern:
        path = ("eventName",)
        if declared.form is PatternForm.VALUE:
            found = document.places.span((*declared.path, *path))
            return Edit(*found, _ONLY_INSERT) if found is not None else None
        return _text_edit(document, declared, value_span(pattern, path), _ONLY_INSERT)
    if declared.form is PatternForm.TEXT:
        start = pattern.find("{") + 1
        return _text_edit(document, declared, (start, start), f'"eventName":{_ONLY_INSERT},')
    return _new_member(document, declared)


def _new_member(document: Document, declared: DeclaredFilter) -> Edit | None:
    """Insert a first member into a nested value: after its opening brace, or as a new line in YAML's block style."""
    span = document.places.span(declared.path)
    if span is None:
        return None
    if document.text[span.start] == "{":
        is_hcl = document.name.lower().endswith(".tf")
        member = f" eventName = {_ONLY_INSERT}," if is_hcl else f'"eventName":{_ONLY_INSERT},'
        return Edit(span.start + 1, span.start + 1, member)
    column = document.position(span.start).column - 1
    return Edit(span.start, span.start, f"eventName: {_ONLY_INSERT}\n{' ' * column}")


def applied(text: str, edits: Iterable[Edit]) -> str:
    """The text after the edits; of edits that overlap, only the first is made."""
    out, position = [], 0
    for edit in sorted(set(edits)):
        if edit.start < position:
            continue
        out += [text[position : edit.start], edit.text]
        position = edit.end
    return "".join([*out, text[position:]])
