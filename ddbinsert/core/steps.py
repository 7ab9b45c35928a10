"""The steps of a plan: a closed union of values, each one change to the world.

A step names what it changes; what it needs of the world (a new stream's ARN, a role's) it takes from the
World when it is carried out, so no step carries a placeholder.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ddbinsert.core.model import KeySchema, StartingPosition, StreamView


@dataclass(frozen=True, kw_only=True)
class Change:
    """One setting that differs: its name in the configuration, what is there, what is wanted."""

    field: str
    have: str
    want: str


@dataclass(frozen=True, kw_only=True)
class CreateTable:
    table: str
    key: KeySchema


@dataclass(frozen=True, kw_only=True)
class EnableStream:
    table: str
    view: StreamView


@dataclass(frozen=True, kw_only=True)
class ReplaceStream:
    """Disable, enable again: a new ARN; what reads the old stream stays behind on it."""

    table: str
    have: StreamView
    view: StreamView


@dataclass(frozen=True, kw_only=True)
class CreateLogGroup:
    name: str
    retention_days: int | None


@dataclass(frozen=True, kw_only=True)
class SetRetention:
    name: str
    have: int | None
    retention_days: int | None


@dataclass(frozen=True, kw_only=True)
class CreateQueue:
    """The queue for what is given up."""

    name: str


@dataclass(frozen=True, kw_only=True)
class CreateRole:
    name: str


@dataclass(frozen=True, kw_only=True)
class PutRolePolicy:
    role: str


@dataclass(frozen=True, kw_only=True)
class RebindRolePolicy:
    """Put the new stream's ARN in the place of the old one in our policy; all else in it stays."""

    role: str
    old_stream_arn: str


@dataclass(frozen=True, kw_only=True)
class CreateFunction:
    name: str
    runtime: str
    source: str


@dataclass(frozen=True, kw_only=True)
class UpdateFunctionCode:
    name: str


@dataclass(frozen=True, kw_only=True)
class UpdateFunctionSettings:
    name: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, kw_only=True)
class UpdateTags:
    """Set the wanted tags on the function, its role, log group and mapping; other tags stay."""

    function: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, kw_only=True)
class CreateMapping:
    function: str
    filters: tuple[str, ...]
    starting_position: StartingPosition


@dataclass(frozen=True, kw_only=True)
class UpdateMapping:
    uuid: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, kw_only=True)
class DeleteMapping:
    uuid: str
    why: str


@dataclass(frozen=True, kw_only=True)
class DeleteFunction:
    name: str


@dataclass(frozen=True, kw_only=True)
class DeleteRole:
    name: str


@dataclass(frozen=True, kw_only=True)
class DeleteLogGroup:
    name: str


@dataclass(frozen=True, kw_only=True)
class DeleteQueue:
    """Delete the queue for what is given up; one that isn't ours, or holds something, stays."""

    name: str


@dataclass(frozen=True, kw_only=True)
class DisableStream:
    table: str


@dataclass(frozen=True, kw_only=True)
class DeleteTable:
    table: str


Step = (
    CreateTable
    | EnableStream
    | ReplaceStream
    | CreateLogGroup
    | SetRetention
    | CreateQueue
    | CreateRole
    | PutRolePolicy
    | RebindRolePolicy
    | CreateFunction
    | UpdateFunctionCode
    | UpdateFunctionSettings
    | UpdateTags
    | CreateMapping
    | UpdateMapping
    | DeleteMapping
    | DeleteFunction
    | DeleteRole
    | DeleteLogGroup
    | DeleteQueue
    | DisableStream
    | DeleteTable
)

#: What must be done before a step of a kind, where the plan holds it; all else runs side by side.
AFTER: dict[type, tuple[type, ...]] = {
    EnableStream: (CreateTable,),
    PutRolePolicy: (CreateTable, EnableStream, ReplaceStream, CreateRole),
    RebindRolePolicy: (EnableStream, ReplaceStream),
    CreateFunction: (CreateRole,),
    UpdateFunctionSettings: (CreateRole, UpdateFunctionCode),
    CreateMapping: (
        CreateTable,
        EnableStream,
        ReplaceStream,
        PutRolePolicy,
        RebindRolePolicy,
        # A function that is invoked without its log group would make one, without retention.
        CreateLogGroup,
        CreateQueue,
        CreateFunction,
        UpdateFunctionCode,
        UpdateFunctionSettings,
    ),
    UpdateMapping: (
        PutRolePolicy,
        CreateLogGroup,
        CreateQueue,
        CreateFunction,
        UpdateFunctionCode,
        UpdateFunctionSettings,
    ),
    DeleteMapping: (CreateMapping,),
    # Taking down: mappings first, because they outlive function and table; logs last, because a running
    # function would make its group again, without retention.
    DeleteFunction: (DeleteMapping,),
    DeleteRole: (DeleteMapping, DeleteFunction),
    DeleteLogGroup: (DeleteMapping, DeleteFunction),
    DeleteQueue: (DeleteMapping,),
    DisableStream: (DeleteMapping,),
    DeleteTable: (DeleteMapping,),
}
