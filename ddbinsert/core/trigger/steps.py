"""The steps of a plan: a closed union of values, each one change to the world.

A step names what it changes; what it needs of the world (a new stream's ARN, a role's) it takes from the
World when it is carried out, so no step carries a placeholder.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from ddbinsert.core.model.record import KeySchema, StreamView
    from ddbinsert.core.model.wanted import StartingPosition


@dataclass(frozen=True, kw_only=True)
class Change:
    """One setting that differs: its key in the configuration, what is there, what is wanted.

    Attributes:
        replaces: Whether the change takes something away that somebody may rely on, so that it is asked about.
    """

    field: str
    have: str
    want: str
    replaces: bool = False


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
    """Disable, enable again: the new stream has a new ARN; what reads the old stream stays on it."""

    table: str
    have: StreamView
    view: StreamView


@dataclass(frozen=True, kw_only=True)
class CreateLogGroup:
    name: str
    retention_days: int | None
    log_class: str = "STANDARD"


@dataclass(frozen=True, kw_only=True)
class SetRetention:
    """Set the retention of a log group; ``removes`` says that it was given, and goes back to the default."""

    name: str
    have: int | None
    retention_days: int | None
    removes: bool = False


@dataclass(frozen=True, kw_only=True)
class KeepLogGroup:
    """Tag the log group as one that holds an audit log, so that taking the trigger down leaves it."""

    name: str


@dataclass(frozen=True, kw_only=True)
class CreateQueue:
    """The queue for discarded records."""

    name: str


@dataclass(frozen=True, kw_only=True)
class CreateRole:
    """The role.

    Attributes:
        path: Its path. boundary: ARN of its permissions boundary.
    """

    name: str
    path: str = "/"
    boundary: str | None = None


@dataclass(frozen=True, kw_only=True)
class UpdateRole:
    """The permissions boundary and the role's own tags."""

    name: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, kw_only=True)
class PutRolePolicy:
    """Write our policy to the role.

    Attributes:
        grants: What the code needs beyond its stream and its log, such as ``sqs:SendMessage on arn:aws:sqs:…``.
        keeps: Leave the rights that settings needed which are changed afterwards; a `NarrowRolePolicy` follows.
    """

    role: str
    grants: tuple[str, ...] = field(default=(), compare=False)
    keeps: bool = False


@dataclass(frozen=True, kw_only=True)
class NarrowRolePolicy:
    """Take rights out of our policy that nothing needs any more.

    Attributes:
        rights: ``the right to read the replaced stream``.
    """

    role: str
    rights: str = "the right to read the replaced stream"


@dataclass(frozen=True, kw_only=True)
class CreateFunction:
    """The function.

    Attributes:
        needs_rights: Lambda refuses a setting for which the role has no right yet.
        in_vpc: Lambda looks at subnets and security groups with the caller's rights.
    """

    name: str
    runtime: str
    source: str
    needs_rights: bool = False
    in_vpc: bool = False


@dataclass(frozen=True, kw_only=True)
class UpdateFunctionCode:
    """Other code.

    Attributes:
        have: What runs now: ``template print``, ``own code``, ``unknown code``. want: What will run.
    """

    name: str
    have: str
    want: str


@dataclass(frozen=True, kw_only=True)
class UpdateFunctionSettings:
    """Settings that differ; ``needs_rights`` as in `CreateFunction`."""

    name: str
    changes: tuple[Change, ...]
    needs_rights: bool = False

    @property
    def in_vpc(self) -> bool:
        return any(change.field.startswith("function.vpc.") for change in self.changes)


@dataclass(frozen=True, kw_only=True)
class AdoptFunction:
    """Take over a function that somebody else made: it gets ddbinsert's tag."""

    name: str


@dataclass(frozen=True, kw_only=True)
class AdoptMapping:
    """Take over an event source mapping that somebody else made: it gets ddbinsert's tag."""

    uuid: str


@dataclass(frozen=True, kw_only=True)
class UpdateTags:
    """Set the wanted tags on the function, its role, log group and mapping; other tags stay."""

    function: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, kw_only=True)
class UpdateMappingTags:
    """Set the wanted tags on our mapping of a function that is not ours; other tags stay."""

    uuid: str
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
    """Delete the log group.

    Attributes:
        before_function: Nothing but the function tells the group's name: a run that is interrupted must find it again.
    """

    name: str
    before_function: bool = False


@dataclass(frozen=True, kw_only=True)
class DeleteQueue:
    """Delete the queue for discarded records; one that is not ours, or that holds something, stays."""

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
    | KeepLogGroup
    | CreateQueue
    | CreateRole
    | UpdateRole
    | PutRolePolicy
    | NarrowRolePolicy
    | CreateFunction
    | UpdateFunctionCode
    | UpdateFunctionSettings
    | AdoptFunction
    | AdoptMapping
    | UpdateTags
    | UpdateMappingTags
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
    # A policy may only be written to a role that has its boundary, where an account asks for one.
    PutRolePolicy: (CreateTable, EnableStream, ReplaceStream, CreateRole, UpdateRole),
    NarrowRolePolicy: (DeleteMapping, PutRolePolicy, UpdateFunctionSettings),
    # Which function wrote a log group's lines is known only before it changes.
    CreateFunction: (CreateRole, KeepLogGroup),
    UpdateFunctionCode: (AdoptFunction, KeepLogGroup),
    UpdateFunctionSettings: (CreateRole, UpdateFunctionCode, AdoptFunction, KeepLogGroup),
    CreateMapping: (
        CreateTable,
        EnableStream,
        ReplaceStream,
        PutRolePolicy,
        # A function that is invoked without its log group would make one, without retention.
        CreateLogGroup,
        CreateQueue,
        CreateFunction,
        UpdateFunctionCode,
        UpdateFunctionSettings,
    ),
    UpdateMapping: (
        AdoptMapping,
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
    DeleteFunction: (DeleteMapping, KeepLogGroup),
    DeleteRole: (DeleteMapping, DeleteFunction),
    DeleteLogGroup: (DeleteMapping, DeleteFunction),
    DeleteQueue: (DeleteMapping,),
    DisableStream: (DeleteMapping,),
    DeleteTable: (DeleteMapping,),
}


def precedes(other: Step, step: Step) -> bool:
    """Whether ``other`` must be done before ``step``."""
    match other, step:
        case DeleteLogGroup(before_function=True), DeleteFunction():
            return True
        case DeleteFunction(), DeleteLogGroup(before_function=True):
            return False
        case PutRolePolicy(), CreateFunction() | UpdateFunctionSettings():
            return step.needs_rights
        case _:
            return type(other) in AFTER.get(type(step), ())
