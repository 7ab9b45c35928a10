"""Messages from a template that contains the item's attributes.

A template that is JSON results in valid JSON for every item: within a JSON string a value is escaped, elsewhere it is
written as a JSON value.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ddbinsert_item import Numeral, dumps, lookup, plain, table_of, text_of, time_of
from ddbinsert_settings import SettingsError, path, split

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddbinsert_privacy import Privacy
    from ddbinsert_tally import Record

    Path = tuple[str, ...]
    Part = str | tuple[str, ...]

_PARTS = re.compile(r"(\{\{|\}\}|\{[^{}]*\}|[{}])")
_ATTRIBUTE_NAME = re.compile(r"(?!(?:aws|amazon)\.)[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*", re.IGNORECASE)
# SQS and SNS accept only XML 1.0's characters; SQS accepts at most ten attributes.
_UNSENDABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_MOST_ATTRIBUTES = 10
_LONGEST_SUBJECT = 99


@dataclass(frozen=True)
class Template:
    """A parsed template: texts, and paths of attributes between them.

    Attributes:
        is_json: The whole template is JSON.
        quoted: For each part, whether it begins within a JSON string.
    """

    parts: tuple[Part, ...]
    is_json: bool
    quoted: tuple[bool, ...]


def template(environ: Mapping[str, str], name: str) -> Template | None:
    """The template in a variable; None if it is not set.

    Raises:
        SettingsError: A brace is unmatched, or a path has an empty part.
    """
    text = environ.get(name, "")
    if not text:
        return None
    parts: list[Part] = []
    for part in _PARTS.split(text):
        if part in ("{{", "}}"):
            parts.append(part[0])
        elif part in ("{", "}"):
            raise SettingsError(name, f"unmatched {part!r}; write it twice for a literal brace")
        elif part.startswith("{"):
            parts.append(path(name, part[1:-1]))
        elif part:
            parts.append(part)
    quoted = tuple(_quoted_parts(parts))
    return Template(tuple(parts), _is_json(parts, quoted), quoted)


def filled(parsed: Template, record: Record, privacy: Privacy) -> str:
    """The text for one record; a missing attribute is empty (outside a JSON string, null)."""
    attributes = _attributes(record, privacy)

    def written(part: Part, *, is_quoted: bool) -> str:
        if isinstance(part, str):
            return part
        found = lookup(attributes, part)
        if not parsed.is_json:
            return text_of(found)
        if is_quoted:
            return dumps(text_of(found))[1:-1]
        return "null" if found is None else dumps(plain(found))

    pairs = zip(parsed.parts, parsed.quoted, strict=True)
    text = "".join(written(part, is_quoted=is_quoted) for part, is_quoted in pairs)
    # SQS and SNS do not accept an empty message, so it becomes a blank.
    return _UNSENDABLE.sub("\ufffd", text) or " "


def _quoted_parts(parts: list[Part]) -> list[bool]:
    """For each part, whether it begins within a JSON string."""
    found, is_quoted = [], False
    for part in parts:
        found.append(is_quoted)
        for one in re.findall(r'\\.|"', part, re.DOTALL) if isinstance(part, str) else ():
            is_quoted ^= one == '"'
    return found


def _is_json(parts: list[Part], quoted: tuple[bool, ...]) -> bool:
    """Whether the result is a JSON object or list, with texts or numbers for the attributes."""
    pairs = zip(parts, quoted, strict=True)
    text = "".join(part if isinstance(part, str) else "x" if is_quoted else "0" for part, is_quoted in pairs)
    try:
        return isinstance(json.loads(text, parse_constant=_no_constant), (dict, list))
    except (ValueError, RecursionError):
        return False


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def subject_of(text: str) -> str:
    """The text as a subject that SNS accepts: ASCII, one line, fewer than 100 characters, no leading blank."""
    line = re.sub(r"[^\x20-\x7e]+", "?", re.sub(r"[\t\r\n]+", " ", text)).strip(" ")
    return line[:_LONGEST_SUBJECT] or "new item"


def message_attributes(environ: Mapping[str, str], name: str) -> dict[str, Path]:
    """The message attributes by name, with the paths of their values.

    Raises:
        SettingsError: An entry is not NAME=PATH, SQS and SNS do not accept a name, or there are more than ten.
    """
    wanted: dict[str, Path] = {}
    for text in split(environ.get(name, ""), ","):
        if not text.strip():
            continue
        parts = split(text, "=")
        if len(parts) != 2 or not _ATTRIBUTE_NAME.fullmatch(parts[0].strip()):
            raise SettingsError(name, f"{text.strip()!r} is not NAME=PATH, with a name of a-z A-Z 0-9 _ - .")
        wanted[parts[0].strip()] = path(name, parts[1])
    if len(wanted) > _MOST_ATTRIBUTES:
        raise SettingsError(name, f"{len(wanted)} are more than a message's limit of {_MOST_ATTRIBUTES}")
    return wanted


def attributes_of(record: Record, wanted: dict[str, Path], privacy: Privacy) -> dict[str, Any]:
    """The message attributes of one record; attributes that are missing in the item are left out."""
    attributes = _attributes(record, privacy)
    found = {name: lookup(attributes, where) for name, where in wanted.items()}
    typed = {name: _typed(attribute) for name, attribute in found.items() if attribute is not None}
    return {name: value for name, value in typed.items() if value["StringValue"]}


def _typed(attribute: dict[str, Any]) -> dict[str, str]:
    kind = "Number" if isinstance(plain(attribute), Numeral) else "String"
    return {"DataType": kind, "StringValue": _UNSENDABLE.sub("\ufffd", text_of(attribute))}


def _attributes(record: Record, privacy: Privacy) -> dict[str, Any]:
    """The names for a template: the item's attributes, and the record's table, time and eventID."""
    change = record["dynamodb"]
    own = {"table": table_of(record), "time": time_of(record), "eventID": record.get("eventID")}
    facts = {name: {"S": value} for name, value in own.items() if value}
    item = {**change["Keys"], **(change.get("NewImage") or {})}
    return {**facts, **(privacy.redact(item) or {})}
