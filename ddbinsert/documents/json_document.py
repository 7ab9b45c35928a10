"""JSON with positions that are found on demand: `json` reads the text, and only requested paths are searched.

The search skips values with json's own scanner, so that a look-up costs no more than reading the text again.
"""

from __future__ import annotations

import json
import re
from json import decoder
from typing import Any, Final

from ddbinsert.documents.source import Document, DocumentError, Path, Span, at

_SPACE: Final = re.compile(r"[ \t\n\r]*")
_DECODER: Final = json.JSONDecoder()
# json's own string scanner, which typeshed does not list.
_scan_string: Any = vars(decoder)["scanstring"]


#: Names whose quoted form in a text is always this name, and never spans two strings (`"a","b"` contains `","`).
_PLAIN_NAME: Final = re.compile(r"\w(?:[\w./-]*\w)?", re.ASCII)


class _JsonPlaces:
    """Positions of the values of a text.

    Args:
        text: The JSON text.
        root: Its value.
    """

    def __init__(self, text: str, root: Any) -> None:
        self.text = text
        self.root = root
        #: Whether ASCII names have only one spelling; None until it is needed. Searching backwards is faster.
        self.plain: bool | None = None

    def span(self, path: Path) -> Span | None:
        found = self._find(path)
        return Span(found[1], self._end(found[1])) if found is not None else None

    def key_span(self, path: Path) -> Span | None:
        found = self._find(path)
        return found[0] if found is not None else None

    def _find(self, path: Path) -> tuple[Span | None, int] | None:
        """The position of the key, and the start of the value."""
        steps, key, start = self._nearest(path)
        for step in path[steps:]:
            found = self._member(start, step) if isinstance(step, str) else self._item(start, step)
            if found is None:
                return None
            key, start = found
        return key, start

    def _nearest(self, path: Path) -> tuple[int, Span | None, int]:
        """Where to start the search: the number of completed steps, the key's position, the value's start.

        A name that is a key only once in the text has a known position: the text before it need not be skipped.
        """
        if self.plain is None:
            self.plain = self.text.rfind("\\u00") < 0
        if self.plain and at(self.root, path) is not None:
            for index in range(len(path) - 1, -1, -1):
                name = path[index]
                key = self._only_key(name) if isinstance(name, str) else None
                if key is not None:
                    return index + 1, key, self._skip(self._skip(key.end) + 1)
        return 0, None, self._skip(1 if self.text.startswith("\ufeff") else 0)

    def _only_key(self, name: str) -> Span | None:
        """The position of the only key with this name; None if there are several, or its text may match other names."""
        if not _PLAIN_NAME.fullmatch(name):
            return None
        text, quoted = self.text, f'"{name}"'
        found: Span | None = None
        place = text.rfind(quoted)
        while place >= 0:
            end = place + len(quoted)
            if text[end : end + 1] == ":" or text[self._skip(end) : self._skip(end) + 1] == ":":
                if found is not None:
                    return None
                found = Span(place, end)
            place = text.rfind(quoted, 0, place)
        return found

    def _skip(self, position: int) -> int:
        found = _SPACE.match(self.text, position)
        return found.end() if found else position

    def _end(self, start: int) -> int:
        return int(_DECODER.raw_decode(self.text, start)[1])

    def _member(self, start: int, name: str) -> tuple[Span, int] | None:
        """The last member with this name, which is the one that `json` keeps."""
        text, skip, decode = self.text, _SPACE.match, _DECODER.raw_decode
        if text[start] != "{":
            return None
        found: tuple[Span, int] | None = None
        position = self._skip(start + 1)
        while text[position] == '"':
            key, end = _scan_string(text, position + 1, True)
            value = skip(text, skip(text, end).end() + 1).end()  # type: ignore[union-attr]
            if key == name:
                found = Span(position, end), value
            position = skip(text, decode(text, value)[1]).end()  # type: ignore[union-attr]
            if text[position] != ",":
                break
            position = skip(text, position + 1).end()  # type: ignore[union-attr]
        return found

    def _item(self, start: int, index: int) -> tuple[None, int] | None:
        if self.text[start] != "[":
            return None
        position = self._skip(start + 1)
        for _ in range(index):
            if self.text[position] == "]":
                return None
            position = self._skip(self._end(position))
            if self.text[position] != ",":
                return None
            position = self._skip(position + 1)
        return (None, position) if self.text[position] != "]" else None


def read_json_document(name: str, text: str, *, generated: bool = False) -> Document:
    """The document of a JSON text.

    Raises:
        DocumentError: The text is not JSON.
    """
    try:
        root = json.loads(text.removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise DocumentError(f"{name}, {where}: this is not JSON: {error.msg}.") from error
    except (RecursionError, ValueError) as error:
        raise DocumentError(f"{name}: this is not JSON: {error}.") from error
    return Document(name=name, text=text, root=root, places=_JsonPlaces(text, root), generated=generated)
