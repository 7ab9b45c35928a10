"""Values with the place where each was written: the file, a variable or a flag."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum, StrEnum
from pathlib import PurePath
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from ddbinsert.config.problems import Place


class Reading(StrEnum):
    """The type of a scalar, in words for messages.

    YAML 1.1 and 1.2 disagree on yes/no, octal numbers, 1_000 and 1:30. A scalar that only one of them reads as
    another type than text is ``AMBIGUOUS``, and must be written in another way.
    """

    TEXT = "text"
    WHOLE = "a whole number"
    NUMBER = "a number with a fraction"
    BOOLEAN = "a boolean"
    NULL = "null (nothing)"
    AMBIGUOUS = "ambiguous in YAML"


class Scalar(NamedTuple):
    """One value.

    Attributes:
        text: The text as written.
        value: The value; the text itself if it is text or ambiguous.
    """

    place: Place
    reading: Reading
    text: str
    value: str | int | float | bool | None


class Items(NamedTuple):
    place: Place
    items: tuple[Node, ...]


class KeyedNode(NamedTuple):
    key: str
    place: Place
    node: Node


class Entries(NamedTuple):
    place: Place
    entries: tuple[KeyedNode, ...]


Node = Scalar | Items | Entries

_WORDS: Final[Mapping[str, tuple[Reading, bool | None]]] = {
    "": (Reading.NULL, None),
    "~": (Reading.NULL, None),
    **dict.fromkeys(("null", "Null", "NULL"), (Reading.NULL, None)),
    **dict.fromkeys(("true", "True", "TRUE"), (Reading.BOOLEAN, True)),
    **dict.fromkeys(("false", "False", "FALSE"), (Reading.BOOLEAN, False)),
}
#: Regular expressions, which are not compiled, because most runs do not use them.
_WORD = r"[a-zA-Z0-9_-]{1,80}"
_DECIMAL = r"[-+]?(?:0|[1-9][0-9]{0,60})"
_FRACTION = r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?"
_DISPUTED = (
    r"(?i:yes|no|on|off|[-+]?\.inf|\.nan)"
    r"|[-+]?(?:0[0-9_]+|[0-9][0-9_]*|0o[0-7]+|0x[0-9a-fA-F_]+|0b[01_]+)"
    r"|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?"
    r"|[-+]?[0-9][0-9_]*\.[0-9_]*"
)


def plain_scalar(text: str, place: Place) -> Scalar:
    """A scalar without quotes, with the value that it has in both YAML 1.1 and 1.2."""
    if text in _WORDS:
        return Scalar(place, _WORDS[text][0], text, _WORDS[text][1])
    if re.fullmatch(_DECIMAL, text):
        return Scalar(place, Reading.WHOLE, text, int(text))
    if re.fullmatch(_FRACTION, text):
        return Scalar(place, Reading.NUMBER, text, float(text))
    reading = Reading.AMBIGUOUS if re.fullmatch(_DISPUTED, text) else Reading.TEXT
    return Scalar(place, reading, text, text)


def text_scalar(text: str, place: Place) -> Scalar:
    return Scalar(place, Reading.TEXT, text, text)


def from_python(value: object, place: Place) -> Node:
    """The node for the value of a flag.

    Raises:
        TypeError: A configuration cannot contain the value, which is an error of the caller, not of the user.
    """
    match value:
        case Enum():
            return from_python(value.value, place)
        case None:
            return Scalar(place, Reading.NULL, "null", None)
        case bool():
            return Scalar(place, Reading.BOOLEAN, str(value).lower(), value)
        case int():
            return Scalar(place, Reading.WHOLE, str(value), value)
        case float():
            return Scalar(place, Reading.NUMBER, str(value), value)
        case str() | PurePath():
            return text_scalar(str(value), place)
        case Mapping():
            return Entries(
                place,
                tuple(KeyedNode(str(key), place, from_python(item, place)) for key, item in value.items()),
            )
        case Sequence():
            return Items(place, tuple(from_python(item, place) for item in value))
        case _:
            raise TypeError(f"A configuration can't hold a {type(value).__name__}.")


def to_python(node: Node) -> object:
    """The plain value of a node."""
    match node:
        case Scalar():
            return node.value
        case Items():
            return [to_python(item) for item in node.items]
        case Entries():
            return {entry.key: to_python(entry.node) for entry in node.entries}


def every_scalar(node: Node) -> Iterator[Scalar]:
    match node:
        case Scalar():
            yield node
        case Items():
            for item in node.items:
                yield from every_scalar(item)
        case Entries():
            for entry in node.entries:
                yield from every_scalar(entry.node)


def at(node: Node, path: Sequence[str | int]) -> Node:
    """The node at `path` below `node`, or the last existing node of the path."""
    for step in path:
        match node:
            case Items() if isinstance(step, int) and 0 <= step < len(node.items):
                node = node.items[step]
            case Entries():
                found = next((entry.node for entry in node.entries if entry.key == step), None)
                if found is None:
                    return node
                node = found
            case _:
                return node
    return node


def below(path: str, key: str) -> str:
    """The dotted path of `key` in `path`; a key that is not a plain word is quoted."""
    step = key if re.fullmatch(_WORD, key) else repr(key)
    return f"{path}.{step}" if path else step
