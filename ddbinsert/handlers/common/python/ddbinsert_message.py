"""Messages written from a template, with the item's attributes in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ddbinsert_item import Numeral, lookup, plain, redact, table_of, text_of, time_of
from ddbinsert_settings import SettingsError, path, split

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddbinsert_batch import Record

    Template = list["str | tuple[str, ...]"]
    Paths = list[tuple[str, ...]]

_PARTS = re.compile(r"(\{\{|\}\}|\{[^{}]*\}|[{}])")
_ATTRIBUTE_NAME = re.compile(r"(?!(?:aws|amazon)\.)[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*", re.IGNORECASE)
# SQS and SNS take no other characters (XML 1.0's), and no more than ten attributes with SQS.
_UNSENDABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_MOST_ATTRIBUTES = 10
_LONGEST_SUBJECT = 99


def template(environ: Mapping[str, str], name: str) -> Template | None:
    """A template, taken apart: texts, and paths of attributes. None where it isn't set.

    Raises:
        SettingsError: A brace stands alone, or a path has an empty part.
    """
    text = environ.get(name, "")
    if not text:
        return None
    parts: Template = []
    for part in _PARTS.split(text):
        if part in ("{{", "}}"):
            parts.append(part[0])
        elif part in ("{", "}"):
            raise SettingsError(name, f"a {part!r} stands alone; write it twice for the brace itself")
        elif part.startswith("{"):
            parts.append(path(name, part[1:-1]))
        elif part:
            parts.append(part)
    return parts


def filled(parts: Template, record: Record, redacted: Paths) -> str:
    """The text for one record; what the item doesn't have is empty."""
    attributes = _attributes(record, redacted)
    written = (part if isinstance(part, str) else text_of(lookup(attributes, part)) for part in parts)
    # A message must not be empty: a blank is the least that SQS and SNS take.
    return _UNSENDABLE.sub("\ufffd", "".join(written)) or " "


def subject_of(text: str) -> str:
    """What SNS takes as a subject: ASCII, one line, fewer than 100 characters, no blank in front."""
    line = re.sub(r"[^\x20-\x7e]+", "?", re.sub(r"[\t\r\n]+", " ", text)).strip(" ")
    return line[:_LONGEST_SUBJECT] or "new item"


def message_attributes(environ: Mapping[str, str], name: str) -> dict[str, tuple[str, ...]]:
    """Message attributes by name, with the paths that their values come from.

    Raises:
        SettingsError: Not NAME=PATH, a name that SQS and SNS don't take, or more than ten.
    """
    wanted: dict[str, tuple[str, ...]] = {}
    for text in split(environ.get(name, ""), ","):
        if not text.strip():
            continue
        parts = split(text, "=")
        if len(parts) != 2 or not _ATTRIBUTE_NAME.fullmatch(parts[0].strip()):
            raise SettingsError(name, f"{text.strip()!r} is not NAME=PATH, with a name of a-z A-Z 0-9 _ - .")
        wanted[parts[0].strip()] = path(name, parts[1])
    if len(wanted) > _MOST_ATTRIBUTES:
        raise SettingsError(name, f"{len(wanted)} are more than the {_MOST_ATTRIBUTES} that a message takes")
    return wanted


def attributes_of(record: Record, wanted: dict[str, tuple[str, ...]], redacted: Paths) -> dict[str, Any]:
    """The message attributes of one record; an attribute that the item doesn't have is left out."""
    attributes = _attributes(record, redacted)
    found = {name: lookup(attributes, where) for name, where in wanted.items()}
    typed = {name: _typed(attribute) for name, attribute in found.items() if attribute is not None}
    return {name: value for name, value in typed.items() if value["StringValue"]}


def _typed(attribute: dict[str, Any]) -> dict[str, str]:
    kind = "Number" if isinstance(plain(attribute), Numeral) else "String"
    return {"DataType": kind, "StringValue": _UNSENDABLE.sub("\ufffd", text_of(attribute))}


def _attributes(record: Record, redacted: Paths) -> dict[str, Any]:
    """What a template may name: the item's attributes, and the record's own table, time and eventID."""
    change = record["dynamodb"]
    own = {"table": table_of(record), "time": time_of(record), "eventID": record.get("eventID")}
    facts = {name: {"S": value} for name, value in own.items() if value}
    item = {**change["Keys"], **(change.get("NewImage") or {})}
    return {**facts, **(redact(item, redacted) or {})}
