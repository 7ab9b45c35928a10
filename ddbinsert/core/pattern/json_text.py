"""A JSON reader that keeps positions, repeated keys and the text of numbers.

`json.loads` does not keep them, and exact messages about a pattern need them: AWS reads a pattern as a
stream, so every occurrence of a repeated key counts, and 9007199254740993 differs from 9007199254740992.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from json import JSONDecodeError, decoder
from typing import Any, Final

from ddbinsert.core.pattern.model import PatternError
from ddbinsert.dataclass import dataclass

MAX_DEPTH: Final = 250

# json's own string scanner, which typeshed does not list; written in C where available.
_scan_string: Any = vars(decoder)["scanstring"]

_SPACE = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_LITERALS: Final = {"true": True, "false": False, "null": None}


@dataclass(frozen=True, slots=True)
class JsonObject:
    """Members in the text's order, repeated keys included: (key, the key's position, value)."""

    members: tuple[tuple[str, int | None, JsonValue], ...]
    position: int | None


@dataclass(frozen=True, slots=True)
class JsonArray:
    items: tuple[JsonValue, ...]
    position: int | None


@dataclass(frozen=True, slots=True)
class JsonScalar:
    """A leaf; numbers are exact Decimals and keep their text."""

    value: str | Decimal | bool | None
    position: int | None
    text: str = ""


JsonValue = JsonObject | JsonArray | JsonScalar


def read_json(text: str) -> JsonValue:
    """Parse exactly one JSON value.

    Raises:
        PatternError: The text is not JSON; the error has the position.
    """
    reader = _Reader(text)
    value, end = reader.value(reader.skip(0), 0)
    end = reader.skip(end)
    if end != len(text):
        raise reader.fault("Nothing may follow the pattern's closing brace.", end)
    return value


def from_python(value: object, path: tuple[str | int, ...] = ()) -> JsonValue:
    """The same from parsed JSON.

    Raises:
        PatternError: A value has no JSON form.
    """
    if len(path) > MAX_DEPTH:
        raise PatternError(f"The pattern is nested more than {MAX_DEPTH} levels deep.", path=path)
    if isinstance(value, Mapping):
        return JsonObject(tuple(_member(key, item, path) for key, item in value.items()), None)
    if isinstance(value, list | tuple):
        items = (from_python(item, (*path, index)) for index, item in enumerate(value))
        return JsonArray(tuple(items), None)
    if value is None or isinstance(value, bool | str):
        return JsonScalar(value, None)
    if isinstance(value, int):
        return _number(str(Decimal(int(value))))
    if isinstance(value, float) and math.isfinite(value):
        return _number(repr(float(value)))
    if isinstance(value, Decimal) and value.is_finite():
        return _number(str(value))
    raise PatternError(f"A {type(value).__name__} has no place in JSON: {value!r}.", path=path)


def _number(text: str) -> JsonScalar:
    return JsonScalar(exact(text), None, text)


def _member(key: object, item: object, path: tuple[str | int, ...]) -> tuple[str, None, JsonValue]:
    if not isinstance(key, str):
        raise PatternError(f"A key is a string, not {key!r}.", path=path)
    return key, None, from_python(item, (*path, key))


class _Reader:
    """Recursive descent; each method takes the offset where its value starts and returns where it ends."""

    def __init__(self, text: str) -> None:
        self.text = text

    def fault(self, message: str, position: int, *allowed: str) -> PatternError:
        line = self.text.count("\n", 0, position) + 1
        column = position - (self.text.rfind("\n", 0, position) + 1) + 1
        return PatternError(
            f"The pattern is not JSON: {message} (line {line}, column {column})",
            position=position,
            allowed=allowed,
        )

    def skip(self, position: int) -> int:
        found = _SPACE.match(self.text, position)
        return found.end() if found else position

    def peek(self, position: int) -> str:
        return self.text[position : position + 1]

    def value(self, position: int, depth: int) -> tuple[JsonValue, int]:
        if depth > MAX_DEPTH:
            raise self.fault(f"it is nested more than {MAX_DEPTH} levels deep.", position)
        first = self.peek(position)
        if first == "{":
            return self.object(position, depth)
        if first == "[":
            return self.array(position, depth)
        if first == '"':
            text, end = self.string(position)
            return JsonScalar(text, position), end
        return self.literal(position)

    def object(self, start: int, depth: int) -> tuple[JsonObject, int]:
        members: list[tuple[str, int | None, JsonValue]] = []
        position = self.skip(start + 1)
        if self.peek(position) == "}":
            return JsonObject((), start), position + 1
        while True:
            if self.peek(position) != '"':
                raise self.fault("a key in double quotes is expected.", position, '"')
            key, end = self.string(position)
            colon = self.skip(end)
            if self.peek(colon) != ":":
                raise self.fault("a colon is expected.", colon, ":")
            value, end = self.value(self.skip(colon + 1), depth + 1)
            members.append((key, position, value))
            end = self.skip(end)
            if self.peek(end) == "}":
                return JsonObject(tuple(members), start), end + 1
            if self.peek(end) != ",":
                raise self.fault("a comma or a closing brace is expected.", end, ",", "}")
            position = self.skip(end + 1)

    def array(self, start: int, depth: int) -> tuple[JsonArray, int]:
        items: list[JsonValue] = []
        position = self.skip(start + 1)
        if self.peek(position) == "]":
            return JsonArray((), start), position + 1
        while True:
            value, end = self.value(position, depth + 1)
            items.append(value)
            end = self.skip(end)
            if self.peek(end) == "]":
                return JsonArray(tuple(items), start), end + 1
            if self.peek(end) != ",":
                raise self.fault("a comma or a closing bracket is expected.", end, ",", "]")
            position = self.skip(end + 1)

    def string(self, position: int) -> tuple[str, int]:
        try:
            text, end = _scan_string(self.text, position + 1, True)
        except JSONDecodeError as error:
            raise self.fault(f"{_lowered(error.msg)}.", min(error.pos, len(self.text))) from error
        return str(text), int(end)

    def literal(self, position: int) -> tuple[JsonScalar, int]:
        for word, value in _LITERALS.items():
            if self.text.startswith(word, position):
                return JsonScalar(value, position), position + len(word)
        found = _NUMBER.match(self.text, position)
        if not found:
            raise self.fault(
                "a value is expected.", position, "{", "[", '"', "number", "true", "false", "null"
            )
        return JsonScalar(exact(found.group()), position, found.group()), found.end()


def exact(number: str) -> Decimal:
    """The number as written; if Decimal cannot represent it, an infinity, which equals no number of a record."""
    try:
        return Decimal(number)
    except InvalidOperation:
        return Decimal("-Infinity" if number.startswith("-") else "Infinity")


def _lowered(message: str) -> str:
    return message[:1].lower() + message[1:]


def write_json(value: JsonValue) -> str:
    """Compact JSON text, keys in their order, numbers as they were written."""
    if isinstance(value, JsonObject):
        members = (f"{_quoted(key)}:{write_json(item)}" for key, _, item in value.members)
        return "{" + ",".join(members) + "}"
    if isinstance(value, JsonArray):
        return "[" + ",".join(write_json(item) for item in value.items) + "]"
    if isinstance(value.value, Decimal):
        return value.text
    return _quoted(value.value)


def _quoted(value: str | bool | None) -> str:
    text = json.dumps(value, ensure_ascii=False)
    # Half a surrogate pair is written as an escape, as it has no UTF-8 form.
    return text if text.isprintable() else json.dumps(value)


def kind_of(value: JsonValue) -> str:
    """The kind of a value, for messages: "an object", "a list", "a string", "a number", "true", "null"."""
    if isinstance(value, JsonObject):
        return "an object"
    if isinstance(value, JsonArray):
        return "a list"
    if isinstance(value.value, str):
        return "a string"
    return "a number" if isinstance(value.value, Decimal) else _quoted(value.value)
