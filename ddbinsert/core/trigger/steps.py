"""The steps of a plan: a closed union of values, each one change to the world.

A step names what it changes. Values that depend on earlier steps (the ARN of a new stream or role) are read from the
World when the step is carried out, so no step contains a placeholder.
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
    """One setting that differs.

    Attributes:
        field: The configuration key.
        have: The present value.
        want: The wanted value.
        replaces: Whether the change removes something that others may rely on, so that it must be confirmed.
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
    """Disable the stream and enable it again: the new stream has a new ARN; consumers stay on the old one."""

    table: str
    have: StreamView
    view: StreamView


@dataclass(frozen=True, kw_only=True)
class PutStreamPolicy:
    """Let a role of another account read the table's stream: one statement of the stream's policy.

    Attributes:
        role_arn: The function's role.
        stream_arn: The stream; empty if an earlier step enables it.
        sid: The Sid of the statement; statements of others are kept.
        lacking: The actions that the policy does not allow now.
        is_by_owner: The table's owner has to write it; the step checks that.
    """

    table: str
    role_arn: str
    sid: str
    stream_arn: str = ""
    lacking: tuple[str, ...] = ()
    is_by_owner: bool = False


@dataclass(frozen=True, kw_only=True)
class DeleteStreamPolicy:
    """Remove ddbinsert's statement from the policy of a stream; a policy without other statements is deleted."""

    stream_arn: str
    sid: str


@dataclass(frozen=True, kw_only=True)
class CreateLogGroup:
    name: str
    retention_days: int | None
    log_class: str = "STANDARD"


@dataclass(frozen=True, kw_only=True)
class SetRetention:
    """Set the retention of a log group; ``removes`` means that the setting is cleared."""

    name: str
    have: int | None
    retention_days: int | None
    removes: bool = False


@dataclass(frozen=True, kw_only=True)
class KeepLogGroup:
    """Tag the log group as one that contains an audit log, so that `down` keeps it."""

    name: str


@dataclass(frozen=True, kw_only=True)
class CreateQueue:
    """Create the queue for discarded records."""

    name: str


@dataclass(frozen=True, kw_only=True)
class CreateRole:
    """Create the role.

    Attributes:
        path: The role's path.
        boundary: ARN of its permissions boundary.
    """

    name: str
    path: str = "/"
    boundary: str | None = None


@dataclass(frozen=True, kw_only=True)
class UpdateRole:
    """Change the role's permissions boundary or its own tags."""

    name: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, kw_only=True)
class PutRolePolicy:
    """Write our policy to the role.

    Attributes:
        grants: Rights of the code besides its stream and its log, such as ``sqs:SendMessage on arn:aws:sqs:…``.
        keeps: Keep the rights of settings that are changed afterwards; a `NarrowRolePolicy` follows.
    """

    role: str
    grants: tuple[str, ...] = field(default=(), compare=False)
    keeps: bool = False


@dataclass(frozen=True, kw_only=True)
class NarrowRolePolicy:
    """Remove rights from our policy that are no longer needed.

    Attributes:
        rights: The rights in words.
    """

    role: str
    rights: str = "the right to read the replaced stream"


@dataclass(frozen=True, kw_only=True)
class CreateFunction:
    """Create the function.

    Attributes:
        needs_rights: Lambda rejects a setting as long as the role lacks a right for it.
        in_vpc: Lambda reads subnets and security groups with the caller's rights.
    """

    name: str
    runtime: str
    source: str
    needs_rights: bool = False
    in_vpc: bool = False


@dataclass(frozen=True, kw_only=True)
class UpdateFunctionCode:
    """Upload other code.

    Attributes:
        have: The present code: ``template print``, ``own code``, ``unknown code``.
        want: The new code.
    """

    name: str
    have: str
    want: str


@dataclass(frozen=True, kw_only=True)
class UpdateFunctionSettings:
    """Change settings that differ; ``needs_rights`` as in `CreateFunction`."""

    name: str
    changes: tuple[Change, ...]
    needs_rights: bool = False

    @property
    def in_vpc(self) -> bool:
        return any(change.field.startswith("function.vpc.") for change in self.changes)


@dataclass(frozen=True, kw_only=True)
class PublishVersion:
    """Publish a version of the function, and point the alias to it.

    Attributes:
        have: The version that the alias points to; empty if there is no alias.
    """

    function: str
    alias: str
    have: str = ""


@dataclass(frozen=True, kw_only=True)
class AdoptFunction:
    """Adopt a function that ddbinsert did not create: it gets ddbinsert's tag."""

    name: str


@dataclass(frozen=True, kw_only=True)
class AdoptMapping:
    """Adopt an event source mapping that ddbinsert did not create: it gets ddbinsert's tag."""

    uuid: str


@dataclass(frozen=True, kw_only=True)
class UpdateTags:
    """Set the wanted tags on the function, its role, log group and mapping; other tags are kept."""

    function: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, kw_only=True)
class UpdateMappingTags:
    """Set the wanted tags on our mapping of a function that is not ours; other tags are kept."""

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
        before_function: Only the function names the group, and a run after an interrupted one must find it.
    """

    name: str
    before_function: bool = False


@dataclass(frozen=True, kw_only=True)
class DeleteQueue:
    """Delete the queue for discarded records; one that is not ours, or not empty, is kept."""

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
    | PutStreamPolicy
    | DeleteStreamPolicy
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
    | PublishVersion
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
