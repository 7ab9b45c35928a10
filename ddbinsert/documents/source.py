"""Documents as plain values that know their places in the text."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from ddbinsert.dataclass import dataclass
from ddbinsert.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Keys and indexes from a document's root.
Path = tuple[str | int, ...]


class DocumentError(UsageError):
    """A document that cannot be read, with its place where that is known."""

    default_code = "unreadable-document"


class Unknown(NamedTuple):
    """A value that is not known before the deployment.

    Attributes:
        reason: Such as "it is a reference to Queue".
        text: The function or expression, for messages.
    """

    reason: str
    text: str = ""


class GetAttribute(NamedTuple):
    """A reference to an attribute of another resource: `!GetAtt Orders.StreamArn`, `aws_dynamodb_table.orders.stream_arn`."""

    resource: str
    attribute: str


class Span(NamedTuple):
    """Character offsets in the text, from 0; `end` is exclusive."""

    start: int
    end: int


class Position(NamedTuple):
    """A line and a column, both from 1."""

    line: int
    column: int


class Places(Protocol):
    """Where the values of a document are in its text."""

    def span(self, path: Path) -> Span | None:
        """The text of the value at the path; None if there is none."""

    def key_span(self, path: Path) -> Span | None:
        """The text of the key that the value at the path has."""


@dataclass(frozen=True, kw_only=True)
class Document:
    """A text and what it says.

    Attributes:
        name: The file's name, as messages show it.
        root: dict, list, str, int, float, bool, None, Unknown or GetAttribute, nested.
        generated: Written by a tool (a synthesized template, a plan): never corrected in place.
        incomplete: Why parts of the document may be missing from `root`; empty if all of it was read.
    """

    name: str
    text: str
    root: Any
    places: Places = field(repr=False)
    generated: bool = False
    incomplete: str = ""

    def position(self, offset: int) -> Position:
        line_start = self.text.rfind("\n", 0, offset) + 1
        return Position(self.text.count("\n", 0, offset) + 1, offset - line_start + 1)

    def line_at(self, offset: int) -> str:
        """The line that an offset is in, without its line break."""
        end = self.text.find("\n", offset)
        return self.text[self.text.rfind("\n", 0, offset) + 1 : end if end >= 0 else None].rstrip("\r")

    def span(self, path: Path) -> Span:
        """The value's place; that of the nearest value around it where it has none of its own."""
        for length in range(len(path), -1, -1):
            found = self.places.span(path[:length])
            if found is not None:
                return found
        return Span(0, 0)


def at(root: object, path: Sequence[str | int]) -> Any:
    """The value at a path; None if there is none."""
    node: Any = root
    for step in path:
        if isinstance(step, int):
            node = node[step] if isinstance(node, list) and step < len(node) else None
        else:
            node = node.get(step) if isinstance(node, dict) else None
    return node


def as_object(value: object) -> dict[str, Any]:
    """The value, if it is an object; otherwise an empty one. Documents may have anything anywhere."""
    return value if isinstance(value, dict) else {}


def as_objects(value: object) -> list[dict[str, Any]]:
    """The objects of a list; a single object counts as a list of one."""
    listed = value if isinstance(value, list) else [value]
    return [one for one in listed if isinstance(one, dict)]
