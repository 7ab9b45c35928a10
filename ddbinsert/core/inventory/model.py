"""The streams of an account and their consumers, as values."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import field
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ddbinsert.core.arn import resource_name
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ddbinsert.core.model.seen import MappingState, TableState

_NONE: Mapping[str, Mapping[str, str]] = MappingProxyType({})


class InventorySeverity(StrEnum):
    """The severity of a finding."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class ConsumerKind(StrEnum):
    """The kind of a stream's consumer."""

    FUNCTION = "function"
    PIPE = "pipe"
    KINESIS = "kinesis"
    NOTHING = "nothing"


class InsertOnly(StrEnum):
    """Whether a consumer receives only inserts; UNKNOWN if neither an example nor a proof was found."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class InventoryFinding:
    """A fault of a consumer, or a note about it.

    Attributes:
        code: Stable, kebab-case.
        severity: Its severity.
        text: The finding as a sentence.
    """

    code: str
    severity: InventorySeverity
    text: str


@dataclass(frozen=True, kw_only=True)
class Pipe:
    """An EventBridge Pipe with a stream as its source.

    Attributes:
        name: Name of the pipe.
        arn: ARN of the pipe.
        stream_arn: ARN of its source.
        target_arn: ARN of its target.
        state: ``CurrentState``, such as RUNNING or STOPPED.
        filters: Its filter patterns, as JSON text.
        modified: Last change, epoch seconds.
    """

    name: str
    arn: str
    stream_arn: str
    target_arn: str
    state: str
    filters: tuple[str, ...] = ()
    modified: float | None = None


@dataclass(frozen=True, kw_only=True)
class KinesisDestination:
    """A Kinesis stream to which all changes of a table are written."""

    arn: str
    status: str


@dataclass(frozen=True, kw_only=True)
class Unread:
    """A part that could not be read; what depends on it is unknown and not judged.

    Attributes:
        region: Code of the region.
        what: The part.
        reason: Why it was not read.
        account: Account ID; None if it is not known.
        profile: AWS profile that was used.
    """

    region: str
    what: str
    reason: str
    account: str | None = None
    profile: str | None = None


@dataclass(frozen=True, kw_only=True)
class RegionFacts:
    """The facts about a region besides its tables.

    Attributes:
        functions: The time of the last change by name; None if functions could not be listed.
        tags: The tags by ARN; None if tags could not be read.
        all_tables: Every table is known, so any other table does not exist.
    """

    region: str
    account: str | None = None
    profile: str | None = None
    mappings: tuple[MappingState, ...] = ()
    functions: Mapping[str, str] | None = None
    tags: Mapping[str, Mapping[str, str]] | None = field(default_factory=lambda: _NONE)
    pipes: tuple[Pipe, ...] = ()
    all_tables: bool = True

    @cached_property
    def mappings_by_table(self) -> Mapping[str, Sequence[MappingState]]:
        """The mappings on the streams of each table, by its name."""
        found = defaultdict[str, "list[MappingState]"](list)
        for one in self.mappings:
            found[resource_name(one.stream_arn)].append(one)
        return dict(found)

    @cached_property
    def pipes_by_table(self) -> Mapping[str, Sequence[Pipe]]:
        """The pipes on the streams of each table, by its name."""
        found = defaultdict[str, "list[Pipe]"](list)
        for one in self.pipes:
            found[resource_name(one.stream_arn)].append(one)
        return dict(found)


@dataclass(frozen=True, kw_only=True)
class TableRead:
    """A table, as far as it could be read.

    Attributes:
        state: The table's state; None if it does not exist or could not be read.
        unread: It could not be read.
        elsewhere: The other account that it is in; empty for a table of the account that is listed.
    """

    name: str
    state: TableState | None
    unread: bool = False
    elsewhere: str = ""
    kinesis: tuple[KinesisDestination, ...] = ()


@dataclass(frozen=True, kw_only=True)
class InventoryEntry:
    """One consumer of a stream, or a stream without any.

    Attributes:
        id: The mapping's UUID, the pipe's or Kinesis stream's ARN, the stream's ARN if it has no consumer, or the name of a
            function without a mapping.
        table: Its name; empty for a function without a mapping.
        consumer: The function's name with its alias or version, the pipe's name, or the Kinesis stream's.
        filter: The filter in words.
        example: A record other than an insert that the consumer receives, if it is not insert-only.
        owner: ``ddbinsert``, ``stack NAME``, ``terraform``, …; empty if the tags do not show it; ``unknown``
            if unread.
        changed: The last change, ISO 8601.
    """

    region: str
    account: str | None
    profile: str | None
    table: str
    stream_arn: str
    view: str | None
    kind: ConsumerKind
    id: str
    consumer: str = ""
    filters: tuple[str, ...] = ()
    filter: str = ""
    insert_only: InsertOnly = InsertOnly.UNKNOWN
    example: Mapping[str, Any] | None = None
    state: str = ""
    owner: str = ""
    changed: str | None = None
    findings: tuple[InventoryFinding, ...] = ()

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """The value that identifies the entry in a later read."""
        return (self.account or "", self.region, self.table, self.id)

    @property
    def worst(self) -> InventorySeverity | None:
        """The severity of its worst finding."""
        found = {one.severity for one in self.findings}
        return next((severity for severity in InventorySeverity if severity in found), None)
