"""What documents declare: event source mappings on DynamoDB streams, with their filters."""

from __future__ import annotations

from dataclasses import field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from ddbinsert.core.filters.reach.answer import KnownStream
from ddbinsert.core.model.record import KeyAttribute, KeySchema, KeyType, StreamView
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddbinsert.documents.source import Path


class PatternForm(StrEnum):
    """How a document writes a pattern: as JSON text in a string, or as a nested value."""

    TEXT = "text"
    VALUE = "value"


@dataclass(frozen=True, kw_only=True)
class DeclaredFilter:
    """One pattern.

    Attributes:
        path: Where the pattern is in the document.
        pattern: Its JSON text; None if it is not known, and then `unknown` says why.
        literal: The pattern is written at `path` as it is, so that its parts have places of their own.
    """

    path: Path
    pattern: str | None
    form: PatternForm = PatternForm.TEXT
    unknown: str = ""
    literal: bool = True


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """Something wrong with the declaration itself.

    Attributes:
        error: The deployment fails, or the filter has no effect.
    """

    rule: str
    message: str
    hint: str | None
    path: Path
    error: bool = True


@dataclass(frozen=True, kw_only=True)
class DeclaredSetting:
    """One parameter of a mapping other than its filters.

    Args:
        aws: The parameter's name in the API, such as `BatchSize`.
        value: As the API has it; what stands for nothing where `unknown` says why it is not known.
        path: Where the value is in the document.
    """

    aws: str
    value: Any
    path: Path
    unknown: str = ""


@dataclass(frozen=True, kw_only=True)
class DeclaredMapping:
    """One mapping.

    Attributes:
        name: The resource's logical name, such as `OrdersFunction/Stream`.
        path: Where the resource is in the document.
        filters: In order; none if the mapping has no filters.
        stream: What the document says of the table.
        unknown: Why its filters are not known, as a whole; empty if they are.
        mistakes: Wrong keys and values around the filters.
        settings: The other parameters that are declared; none in formats that do not have them.
        table: The table's name where the document says it. function: The function's name or ARN, likewise.
    """

    name: str
    path: Path
    filters: tuple[DeclaredFilter, ...] = ()
    stream: KnownStream = field(default_factory=KnownStream)
    unknown: str = ""
    mistakes: tuple[Mistake, ...] = ()
    settings: tuple[DeclaredSetting, ...] = ()
    table: str = ""
    function: str = ""


def stream_of(types: Mapping[str, object], keys: list[object], view: object) -> KnownStream:
    """What is known of a table's stream.

    Args:
        types: The attributes' type letters by name.
        keys: The names of the key attributes, partition key first.
        view: The StreamViewType; anything else where it is not known.
    """
    known_view = StreamView(view) if isinstance(view, str) and view in list(StreamView) else None
    attributes = [
        KeyAttribute(name=name, type=KeyType(letter))
        for name in keys
        if isinstance(name, str) and isinstance(letter := types.get(name), str) and letter in list(KeyType)
    ]
    if not attributes or len(attributes) != len(keys) or len(attributes) > 2:
        return KnownStream(view=known_view)
    sort = attributes[1] if len(attributes) == 2 else None
    return KnownStream(view=known_view, key=KeySchema(partition=attributes[0], sort=sort))


def with_unknown_source(mapping: DeclaredMapping) -> DeclaredMapping:
    """A mapping whose source is known after the deployment only: its filters tell whether they are for DynamoDB."""
    texts = [one.pattern or "" for one in mapping.filters]
    if any('"dynamodb"' in text or '"eventName"' in text for text in texts):
        return mapping
    unknown = "it is not known whether the source is a DynamoDB stream"
    return replace(mapping, filters=(), mistakes=(), unknown=unknown)
