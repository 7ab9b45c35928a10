"""The declarations in documents: event source mappings on DynamoDB streams, with their filters."""

from __future__ import annotations

from dataclasses import field, replace
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ddbinsert.core.filters.reach.answer import KnownStream
from ddbinsert.core.model.record import KeyAttribute, KeySchema, KeyType, StreamView
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ddbinsert.documents.source import Path


class PatternForm(StrEnum):
    """The form of a pattern in a document: JSON text in a string, or a nested value."""

    TEXT = "text"
    VALUE = "value"


@dataclass(frozen=True, kw_only=True)
class DeclaredFilter:
    """One pattern.

    Attributes:
        path: Path of the pattern in the document.
        pattern: Its JSON text; None if it is not known; `unknown` then says why.
        literal: The document contains the pattern literally at `path`, so that its parts have positions.
    """

    path: Path
    pattern: str | None
    form: PatternForm = PatternForm.TEXT
    unknown: str = ""
    literal: bool = True


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """A mistake in the declaration itself.

    Attributes:
        error: The deployment would fail, or the filter would have no effect.
    """

    rule: str
    message: str
    hint: str | None
    path: Path
    error: bool = True


@dataclass(frozen=True, kw_only=True)
class DeclaredSetting:
    """One parameter of a mapping other than its filters.

    Attributes:
        aws: The parameter's name in the API, such as `BatchSize`.
        value: Its value in the API's form; meaningless if `unknown` is set.
        path: Path of the value in the document.
        unknown: Why the value is not known; empty if it is known.
    """

    aws: str
    value: Any
    path: Path
    unknown: str = ""


@dataclass(frozen=True, kw_only=True)
class Details:
    """Further properties of a declared mapping, for comparing it with the deployed one.

    Attributes:
        settings: The parameters other than the filters; none in formats whose parameters are not read.
        table: The table's name, if the document has it.
        function: The function's name or ARN, if the document has it.
        function_settings: The function's own parameters, if the document declares the function; of its
            environment only the names.
        function_unread: Why a function that the mapping refers to could not be read; empty if it was.
        alias: The alias or version that the mapping invokes; empty for the function itself, None if it is not known.
    """

    settings: tuple[DeclaredSetting, ...] = ()
    table: str = ""
    function: str = ""
    function_settings: tuple[DeclaredSetting, ...] = ()
    function_unread: str = ""
    alias: str | None = None


@dataclass(frozen=True, kw_only=True)
class DeclaredMapping:
    """One mapping.

    Attributes:
        name: The resource's logical name, such as `OrdersFunction/Stream`.
        path: Path of the resource in the document.
        filters: Its filters, in order; none if the mapping has no filters.
        stream: What the document says about the table's stream.
        unknown: Why its filters are not known as a whole; empty if they are known.
        mistakes: Wrong keys and values around the filters.
        details: Returns the properties besides the filters; called only if they are needed.
    """

    name: str
    path: Path
    filters: tuple[DeclaredFilter, ...] = ()
    stream: KnownStream = field(default_factory=KnownStream)
    unknown: str = ""
    mistakes: tuple[Mistake, ...] = ()
    details: Callable[[], Details] = Details

    @property
    def resource_path(self) -> Path:
        return self.path[:-1] if self.path and self.path[-1] == "Properties" else self.path


def stream_of(types: Mapping[str, object], keys: list[object], view: object) -> KnownStream:
    """The known properties of a table's stream.

    Args:
        types: The attributes' type letters by name.
        keys: The names of the key attributes, partition key first.
        view: The StreamViewType; any other value if it is not known.
    """
    known_keys = [(name, types.get(name)) for name in keys if isinstance(name, str)]
    complete = len(known_keys) == len(keys) and all(isinstance(letter, str) for _, letter in known_keys)
    return _stream(view if isinstance(view, str) else None, tuple(known_keys) if complete else ())


@lru_cache(maxsize=4096)
def _stream(view: str | None, keys: tuple[tuple[str, Any], ...]) -> KnownStream:
    known_view = StreamView(view) if view in list(StreamView) else None
    if not 1 <= len(keys) <= 2 or any(letter not in list(KeyType) for _, letter in keys):
        return KnownStream(view=known_view)
    attributes = [KeyAttribute(name=name, type=KeyType(letter)) for name, letter in keys]
    sort = attributes[1] if len(attributes) == 2 else None
    return KnownStream(view=known_view, key=KeySchema(partition=attributes[0], sort=sort))


def with_unknown_source(mapping: DeclaredMapping) -> DeclaredMapping:
    """A mapping whose source is known only after the deployment: its filters show whether they are for DynamoDB."""
    texts = [one.pattern or "" for one in mapping.filters]
    if any('"dynamodb"' in text or '"eventName"' in text for text in texts):
        return mapping
    unknown = "it is not known whether the source is a DynamoDB stream"
    return replace(mapping, filters=(), mistakes=(), unknown=unknown)
