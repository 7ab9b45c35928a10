"""Writing ddbinsert.yaml: settings by dotted key as commented YAML, which `load` reads as the same values."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from ddbinsert.config import keys
from ddbinsert.config.json_schema import as_written
from ddbinsert.config.keys import Key, Section
from ddbinsert.config.names import TRIGGERS
from ddbinsert.config.nodes import Reading, plain_scalar
from ddbinsert.config.problems import Place

_WIDTH: Final = 100
#: Text that is the same with and without quotes, apart from the words of `plain_scalar`.
_PLAIN: Final = re.compile(r"[A-Za-z/](?:[\w./+@-]|:(?=[\w/:]))*", re.ASCII)
_Y_OR_N: Final = frozenset("yYnN")


class Written(NamedTuple):
    """One trigger to write.

    Attributes:
        name: Its name in a file with several triggers.
        settings: Values by dotted key, in the code's form.
        remarks: Comments by the dotted key whose place they take, or that they follow.
        heading: Comments before the trigger.
    """

    name: str
    settings: Mapping[str, object]
    remarks: Mapping[str, str]
    heading: Sequence[str] = ()


def document(triggers: Sequence[Written], heading: Sequence[str]) -> str:
    """The text of a file with these triggers; with one, it has no names.

    Args:
        heading: Comments at the beginning.
    """
    lines = [*_comments(heading)]
    described: set[str] = set()
    if len(triggers) == 1:
        (one,) = triggers
        lines += [*_comments(one.heading), *_section(keys.trigger(), one, described)]
        return _joined(lines)
    lines += ["", f"{TRIGGERS}:"]
    for one in triggers:
        body = _section(keys.trigger(), one, described)
        own = [f"{scalar(one.name)}:", *_indented([*_comments(one.heading), *body])]
        lines += ["", *_indented(own)]
    return _joined(lines)


def _joined(lines: Sequence[str]) -> str:
    """The lines as a text: no empty line is doubled, or directly below a key that opens a section."""
    kept: list[str] = []
    for line in lines:
        if line.strip() or (kept and kept[-1].strip() and not kept[-1].endswith(":")):
            kept.append(line.rstrip())
    return "\n".join(kept).strip("\n") + "\n"


def _section(section: Section, one: Written, described: set[str]) -> list[str]:
    """The lines of a section; the comment of a key is written at its first use in the file."""
    lines: list[str] = []
    for name, member in section.members.items():
        if isinstance(member, Section):
            inner = _section(member, one, described)
            if inner:
                opens = any(not line.lstrip().startswith("#") and line for line in inner)
                lines += ["", f"{name}:" if opens else f"# {name}:", *_indented(inner)]
        else:
            lines += _entry(name, member, one, described)
    return lines


def _entry(name: str, key: Key, one: Written, described: set[str]) -> Iterator[str]:
    is_set, remark = key.path in one.settings, one.remarks.get(key.path)
    if not is_set and remark is None:
        return
    if key.path not in described:
        described.add(key.path)
        yield from ("", *_comments([key.description]))
    if is_set:
        yield from _value(name, as_written(one.settings[key.path], key.kind))
    if remark is not None:
        yield from _comments([remark], width=10_000)


def _value(name: str, value: object) -> Iterator[str]:
    """A key with its value: lists and mappings in several lines, unless they are empty."""
    match value:
        case Mapping() if value:
            yield f"{scalar(name)}:"
            yield from (f"  {scalar(str(key))}: {scalar(each)}" for key, each in value.items())
        case list() if value:
            yield f"{scalar(name)}:"
            yield from (f"  - {scalar(each)}" for each in value)
        case Mapping():
            yield f"{scalar(name)}: {{}}"
        case list():
            yield f"{scalar(name)}: []"
        case _:
            yield f"{scalar(name)}: {scalar(value)}"


def scalar(value: object) -> str:
    """A value in YAML, without quotes if every version of YAML then reads the same text.

    Raises:
        TypeError: A file cannot contain the value, which is an error of the caller.
    """
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case int():
            return str(value)
        case str():
            return value if _is_plain(value) else _quoted(value)
        case _:
            raise TypeError(f"A configuration can't hold a {type(value).__name__}.")


def _is_plain(text: str) -> bool:
    is_text = plain_scalar(text, Place("")).reading is Reading.TEXT
    return is_text and text not in _Y_OR_N and _PLAIN.fullmatch(text) is not None


def _quoted(text: str) -> str:
    """The text in quotes: JSON, such as a filter, in single ones; anything not printable is escaped."""
    if text.isprintable() and '"' in text:
        return "'" + text.replace("'", "''") + "'"
    whole = json.dumps(text, ensure_ascii=False)
    return "".join(one if one.isprintable() else _escaped(one) for one in whole)


def _escaped(character: str) -> str:
    point = ord(character)
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


def _comments(texts: Sequence[str], width: int = _WIDTH) -> Iterator[str]:
    for text in texts:
        flat = "".join(one if one.isprintable() else " " for one in text)
        yield from (f"# {line}".rstrip() for line in textwrap.wrap(flat, width) or [""])


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"  {line}" if line else "" for line in lines]
