"""Reading YAML into nodes, with limits on size, and strict about encoding, keys and tags."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, Any, Final

import yaml

from ddbinsert.config.nodes import (
    Entries,
    Items,
    KeyedNode,
    Node,
    Reading,
    Scalar,
    below,
    plain_scalar,
    text_scalar,
)
from ddbinsert.config.problems import Findings, Place

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

#: Maximum bytes: far more than a real configuration has, and few enough for the parser.
LARGEST_FILE: Final = 256 * 1024
#: Maximum number of nodes after resolving aliases, against "billion laughs" documents.
MOST_NODES: Final = 20_000
DEEPEST: Final = 40

_PREFIX = "tag:yaml.org,2002:"
_MERGE = f"{_PREFIX}merge"
_TEXT_TAGS = frozenset((f"{_PREFIX}str", f"{_PREFIX}timestamp", f"{_PREFIX}value", _MERGE))
_CORE_TAGS = _TEXT_TAGS | {f"{_PREFIX}{name}" for name in ("bool", "int", "float", "null", "map", "seq")}

#: Messages of the parsers (libyaml and PyYAML), and ours, which do not quote the text, because it may be a secret.
_PARSER_SAYS: Final = (
    (
        "another document",
        "a second document begins here; the file must hold one document, so remove the '---'",
    ),
    ("tab character", "a tab; indent with spaces"),
    ("cannot start any token", "a tab; indent with spaces"),
    (
        "undefined alias",
        "an alias (*name) that no anchor (&name) before it defines; text with * needs quotes",
    ),
    ("tag handle", "a tag (!name); tags are not supported, and text with ! needs quotes"),
    ("mapping values are not allowed", "a colon where a key is not allowed; text with ': ' needs quotes"),
    ("unexpected end of stream", "a quoted text is never closed"),
    ("maximum nesting depth", "nested too deeply"),
    ("control characters", "a control character"),
    ("special characters", "a control character"),
)


class _UnreadableError(Exception):
    """The document cannot be read into nodes."""

    def __init__(self, message: str, place: Place) -> None:
        super().__init__(message)
        self.message = message
        self.place = place


def read(path: Path, name: str, findings: Findings) -> Entries | None:
    """The file's root mapping; None, with findings, if the file has none.

    Args:
        path: The file.
        name: The file's name in messages.
        findings: Problems are added to it.
    """
    try:
        return _root(_decoded(_bytes(path, name), name), name, findings)
    except _UnreadableError as fault:
        findings.add("", fault.place, fault.message)
        return None


def read_text(text: str, name: str, findings: Findings) -> Entries | None:
    """The root mapping of a file's text; None, with findings, if it has none."""
    try:
        return _root(text, name, findings)
    except _UnreadableError as fault:
        findings.add("", fault.place, fault.message)
        return None


def parse(text: str, path: str, source: str, findings: Findings) -> Node | None:
    """A YAML (or JSON) value of a variable for the key `path`; None, with a finding, if it is not valid YAML."""
    try:
        node = _composed(text, source)
        return None if node is None else _Converter(source, findings, in_file=False).convert(node, path)
    except _UnreadableError as fault:
        findings.add(path, Place(source), fault.message)
        return None


def _bytes(path: Path, name: str) -> bytes:
    try:
        with path.open("rb") as stream:
            content = stream.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise _UnreadableError(f"Cannot read the file: {reason}.", Place(name)) from error
    if len(content) > LARGEST_FILE:
        raise _UnreadableError(f"The file is larger than {LARGEST_FILE // 1024} KB.", Place(name))
    return content


def _decoded(content: bytes, name: str) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise _UnreadableError("The file is UTF-16; save it as UTF-8.", Place(name))
    content = content.removeprefix(codecs.BOM_UTF8)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8")
        raise _UnreadableError("A byte is not UTF-8; save the file as UTF-8.", _end(before, name)) from error


def _end(text: str, name: str) -> Place:
    return Place(name, text.count("\n") + 1, len(text) - (text.rfind("\n") + 1) + 1)


def _root(text: str, name: str, findings: Findings) -> Entries | None:
    composed = _composed(text, name)
    if composed is None:
        return Entries(Place(name, 1, 1), ())
    node = _Converter(name, findings, in_file=True).convert(composed)
    if isinstance(node, Entries):
        return node
    if isinstance(node, Scalar) and node.reading is Reading.NULL:
        return Entries(node.place, ())
    if node is not None:
        findings.add(
            "", node.place, "The document is not a mapping; it must begin with keys such as 'table:'."
        )
    return None


def _composed(text: str, source: str) -> yaml.Node | None:
    """The node tree.

    Raises:
        _UnreadableError: The text is not YAML, or has several documents.
    """
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return yaml.compose(text, Loader=loader)
    except yaml.reader.ReaderError as error:
        raise _UnreadableError("A control character.", _end(text[: error.position], source)) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(source, mark.line + 1, mark.column + 1) if mark else Place(source)
        fault = in_plain_words(error.problem or "", _character(text, place))
        raise _UnreadableError(f"Not valid YAML: {fault}.", place) from None
    except (RecursionError, UnicodeEncodeError):
        raise _UnreadableError("Not valid YAML: nested too deeply, or not text.", Place(source)) from None


def _character(text: str, place: Place) -> str:
    lines = text.splitlines()
    row, column = (place.line or 1) - 1, (place.column or 1) - 1
    return lines[row][column : column + 1] if row < len(lines) else ""


def in_plain_words(problem: str, character: str = "\t") -> str:
    """A problem of the parser in plain words, without the quoted text."""
    if "cannot start any token" in problem and character != "\t":
        return f"a value cannot begin with {character!r} here; text needs quotes"
    for theirs, ours in _PARSER_SAYS:
        if theirs in problem:
            return ours
    return re.split(r" ['\"]", problem)[0] or "it can't be parsed"


class _Converter:
    """Converts PyYAML's nodes to ours, and resolves aliases, within limits."""

    def __init__(self, source: str, findings: Findings, *, in_file: bool) -> None:
        self._source = source
        self._findings = findings
        self._in_file = in_file
        self._count = 0

    def convert(self, node: yaml.Node, path: str = "", depth: int = 0) -> Node | None:
        """The node; None, with a finding, if its tag is not supported.

        Raises:
            _UnreadableError: There are too many nodes, or they are nested too deeply.
        """
        place = self._place(node)
        self._count += 1
        if self._count > MOST_NODES or depth > DEEPEST:
            raise _UnreadableError(
                "The document is too large or too deeply nested, possibly because of its aliases.", place
            )
        if node.tag not in _CORE_TAGS:
            message = "A tag (!name) is not supported; text that begins with ! needs quotes."
            self._findings.add(path, place, message)
            return None
        if isinstance(node, yaml.ScalarNode):
            return scalar_of(node, place)
        if isinstance(node, yaml.SequenceNode):  # its tag may be another
            below = [self.convert(item, f"{path}[{i}]", depth + 1) for i, item in enumerate(node.value)]
            return Items(place, tuple(item for item in below if item is not None))
        return Entries(place, tuple(self._entries(node, path, depth)))

    def _entries(self, node: yaml.Node, path: str, depth: int) -> Iterable[KeyedNode]:
        own: dict[str, KeyedNode] = {}
        merged: dict[str, KeyedNode] = {}
        for key, value in node.value:
            if key.tag == _MERGE:
                merged = {**self._merged(value, path, depth), **merged}
            elif not isinstance(key, yaml.ScalarNode):
                self._findings.add(path, self._place(key), "A key must be text.")
            elif key.value in own:
                self._refuse_second(path, key, own[key.value])
            elif (converted := self.convert(value, below(path, key.value), depth + 1)) is not None:
                own[key.value] = KeyedNode(key.value, self._place(key), converted)
        return {**merged, **own}.values()

    def _merged(self, value: yaml.Node, path: str, depth: int) -> dict[str, KeyedNode]:
        converted = self.convert(value, path, depth + 1)
        found: dict[str, KeyedNode] = {}
        for source in converted.items if isinstance(converted, Items) else (converted,):
            if isinstance(source, Entries):
                found = {**{entry.key: entry for entry in source.entries}, **found}
            else:
                self._findings.add(path, self._place(value), "'<<' merges mappings only.")
        return found

    def _refuse_second(self, path: str, key: yaml.Node, first: KeyedNode) -> None:
        where = f", first in line {first.place.line}" if self._in_file else ""
        message = f"The key is given twice{where}; keep one of them."
        self._findings.add(below(path, key.value), self._place(key), message)

    def _place(self, node: yaml.Node) -> Place:
        if not self._in_file:
            return Place(self._source)
        return Place(self._source, node.start_mark.line + 1, node.start_mark.column + 1)


def scalar_of(node: yaml.ScalarNode, place: Place) -> Scalar:
    """Convert a scalar: the same rule applies to all YAML that ddbinsert reads, configuration and items."""
    if node.tag in _TEXT_TAGS and node.style:
        return text_scalar(node.value, place)
    scalar = plain_scalar(node.value, place)
    by_tag = node.tag in _TEXT_TAGS and scalar.reading in (Reading.WHOLE, Reading.BOOLEAN, Reading.NULL)
    return text_scalar(node.value, place) if by_tag else scalar
