"""The state that AWS reports, as a frozen ``World`` around one trigger.

It holds only what ddbinsert's decisions need; ``core.trigger.shapes`` reads it from AWS's answers.
"""

from __future__ import annotations

from dataclasses import field, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

from ddbinsert.core.arn import arn_parts, resource_name
from ddbinsert.core.model.table_state import TableState as TableState  # noqa: PLC0414, TC001 - re-exported
from ddbinsert.core.model.wanted import OWNER_TAG, FunctionSettings, MappingSettings
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping as MappingABC

    from ddbinsert.core.model.alias import AliasState
    from ddbinsert.core.model.stream_policy import StreamPolicy

_EMPTY: MappingABC[str, str] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class RoleState:
    """A role and, if ddbinsert created it, the inline policy that ddbinsert wrote.

    Attributes:
        boundary: ARN of the policy that is its permissions boundary.
        other_policies: Names of policies that ddbinsert did not add; read only if the role is to be deleted.
    """

    name: str
    arn: str
    policy: str | None = None
    boundary: str | None = None
    path: str = "/"
    description: str = field(default="", compare=False)
    trusts_lambda: bool = True
    tags: MappingABC[str, str] = field(default_factory=lambda: _EMPTY)
    other_policies: tuple[str, ...] = field(default=(), compare=False)

    @property
    def is_ours(self) -> bool:
        return OWNER_TAG in self.tags


@dataclass(frozen=True, kw_only=True)
class LogGroupState:
    """A log group as DescribeLogGroups reports it.

    Attributes:
        created: Epoch seconds; None if the endpoint does not report it.
        tags: None if they were not read: only commands that change or delete a group read them.
        retention_policy: The account policy that sets the retention; empty if the group's own setting applies.
        log_class: STANDARD, INFREQUENT_ACCESS, ESSENTIALS or DELIVERY; empty if the endpoint does not report it.
    """

    name: str
    arn: str
    retention_days: int | None = None
    retention_policy: str = ""
    log_class: str = ""
    deletion_protected: bool = False
    created: float | None = field(default=None, compare=False)
    tags: MappingABC[str, str] | None = field(default=None, compare=False)

    @property
    def keeps_retention(self) -> bool:
        """Whether the group's own retention setting has no effect: docs/aws-facts.md#log-retention-account."""
        return bool(self.retention_policy) or self.log_class == "DELIVERY"


@dataclass(frozen=True, kw_only=True)
class QueueState:
    """The queue for discarded records.

    Attributes:
        messages: The approximate number of messages in it.
    """

    name: str
    messages: int = 0
    tags: MappingABC[str, str] = field(default_factory=lambda: _EMPTY)


@dataclass(frozen=True, kw_only=True)
class FunctionState(FunctionSettings):
    """A function as GetFunction reports it, with AWS's defaults for settings that the answer omits.

    Attributes:
        state: Pending, Active, Inactive, Failed.
        update_status: Successful, Failed, InProgress.
        code_sha256: base64, as Lambda reports it.
        application_log_level: Empty if Lambda does not report it: only functions that log JSON have one.
        package_type: Zip or Image.
        reserved_concurrency: None if no reservation is set; 0 throttles every invocation.
        version: $LATEST, or the number of the version that was requested directly or by an alias.
        modified: When code or configuration was last changed, in Lambda's format; empty if it is not reported.
        durable_timeout: Maximum duration of a durable execution in seconds; None if the function is not durable.
        tags_unread: Why its tags, and so its owner, could not be read; empty if they were.
    """

    name: str
    arn: str
    runtime: str
    handler: str
    role_arn: str
    code_sha256: str = ""
    memory: int = 128
    timeout: int = 3
    architecture: str = "x86_64"
    package_type: str = "Zip"
    layers: tuple[str, ...] = ()
    environment: MappingABC[str, str] = field(default_factory=lambda: _EMPTY)
    log_group: str = ""
    system_log_level: str = "INFO"
    application_log_level: str = ""
    state: str = "Active"
    state_reason: str = ""
    update_status: str = "Successful"
    update_reason: str = ""
    reserved_concurrency: int | None = None
    version: str = ""
    modified: str = field(default="", compare=False)
    durable_timeout: int | None = None
    tags: MappingABC[str, str] = field(default_factory=lambda: _EMPTY)
    tags_unread: str = field(default="", compare=False)

    @property
    def is_ours(self) -> bool:
        return OWNER_TAG in self.tags

    @property
    def has_failed(self) -> bool:
        """Whether Lambda could not create it, or not carry out its last update."""
        return self.state == "Failed" or self.update_status == "Failed"

    @property
    def failure(self) -> str:
        """Why it failed, in Lambda's words where it has some."""
        if self.update_status == "Failed" and self.state != "Failed":
            return f"its last update failed ({self.update_reason or 'no reason given'})"
        return self.state_reason or f"{self.state}, no reason given"

    @property
    def modified_at(self) -> float | None:
        """Epoch seconds of the last change; None if Lambda does not report it."""
        try:
            at = datetime.fromisoformat(self.modified)
        except ValueError:
            return None
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()

    @property
    def logs_each_end(self) -> bool:
        """Whether Lambda logs a REPORT line or platform.report for each invocation."""
        return self.log_format != "JSON" or self.system_log_level != "WARN"

    @property
    def is_settled(self) -> bool:
        return self.state not in ("Pending", "") and self.update_status != "InProgress"


@dataclass(frozen=True, kw_only=True)
class MappingState(MappingSettings):
    """An event source mapping as AWS reports it, with AWS's defaults for fields that the answer omits.

    Attributes:
        filters: Pattern texts as stored; empty without filters.
        metrics: None if the endpoint does not report it.
        filter_error: Why Lambda itself cannot read the criteria (FilterCriteriaError); empty if it can.
        filters_hidden: The criteria are encrypted with a customer key, and the answer shows them as null.
        modified: Epoch seconds of the last change; None if the endpoint does not report it.
        tags: None if they were not read.
    """

    uuid: str
    stream_arn: str
    function_arn: str
    state: str
    starting_position: str | None = None
    tumbling_window: int = 0
    filters_hidden: bool = False
    filter_error: str = ""
    last_result: str = ""
    state_reason: str = ""
    modified: float | None = field(default=None, compare=False)
    tags: MappingABC[str, str] | None = field(default=None, compare=False)

    @property
    def function_name(self) -> str:
        return resource_name(self.function_arn)

    @property
    def arn(self) -> str:
        """The mapping's own ARN, which has the tags."""
        return str(arn_parts(self.function_arn)._replace(resource=f"event-source-mapping:{self.uuid}"))

    @property
    def is_ours(self) -> bool:
        """Whether it has ddbinsert's tag; False if the tags were not read."""
        return OWNER_TAG in (self.tags or {})

    @property
    def is_enabled(self) -> bool:
        return self.state in ("Enabled", "Enabling", "Creating", "Updating")

    @property
    def is_leaving(self) -> bool:
        """Whether it is being deleted: it still exists for a while and cannot be changed."""
        return self.state == "Deleting"


@dataclass(frozen=True, kw_only=True)
class World:
    """The state of one trigger and its surroundings, as one read of AWS found it.

    Attributes:
        mappings: The trigger's mappings: those of the function on any stream of the table.
        other_mappings: Mappings of other functions (or aliases) on the table's live stream.
        alias: The alias that the mapping invokes, or is to invoke.
        stream_policy: The policy of the live stream, if the table is in another account than the function.
        twin_mappings: The function's mappings on a table with the same name in another account.
        stream_off: Epoch seconds from just before the old stream was disabled until the new one was live.
        failure_queue_missing: The queue of ``mapping.on_failure: create`` is wanted and does not exist.
        queue: The queue for discarded records; read only if it may be deleted.
        former_log_group: The log group of the function's own name, if it writes to another; read like the queue.
    """

    account: str | None = None
    region: str | None = None
    table: TableState | None = None
    role: RoleState | None = None
    log_group: LogGroupState | None = None
    function: FunctionState | None = None
    alias: AliasState | None = None
    mappings: tuple[MappingState, ...] = ()
    other_mappings: tuple[MappingState, ...] = ()
    failure_queue_missing: bool = False
    queue: QueueState | None = None
    former_log_group: LogGroupState | None = None
    stream_off: tuple[float, float] | None = None
    stream_policy: StreamPolicy | None = None
    twin_mappings: tuple[MappingState, ...] = ()

    @property
    def live_mapping(self) -> MappingState | None:
        """The function's mapping on the table's live stream; an unqualified one takes precedence."""
        live = self.table.stream_arn if self.table else None
        found = [m for m in self._lasting if live and m.stream_arn == live]
        return next(
            (m for m in found if not arn_parts(m.function_arn).qualifier), found[0] if found else None
        )

    @property
    def second_mappings(self) -> tuple[MappingState, ...]:
        """Further mappings that deliver the live stream to the same function, by an alias or a version."""
        first = self.live_mapping
        return tuple(m for m in self.feeding(first.function_name) if m.uuid != first.uuid) if first else ()

    @property
    def is_theirs(self) -> bool:
        """Whether ddbinsert created neither the function nor, as far as its tags were read, its mapping."""
        live = self.live_mapping
        function = self.function
        if function is None or function.is_ours or function.tags_unread:
            return False
        return not (live and live.is_ours)

    def is_second(self, mapping: MappingState) -> bool:
        """Whether no command of ddbinsert changes it: a further mapping of the function, or another table's function."""
        owner = self.function.tags.get(OWNER_TAG) if self.function else None
        is_another_tables = owner is not None and self.table is not None and owner != self.table.name
        return is_another_tables or mapping.uuid in {m.uuid for m in self.second_mappings}

    @property
    def stale_mappings(self) -> tuple[MappingState, ...]:
        """Our mappings on streams of this table that are no longer its live one."""
        live = self.table.stream_arn if self.table else None
        return tuple(m for m in self._lasting if m.stream_arn != live)

    @property
    def draining_mappings(self) -> tuple[MappingState, ...]:
        """Mappings that ddbinsert created and that still read a replaced stream of this table."""
        return tuple(m for m in self.stale_mappings if m.is_ours)

    @property
    def _lasting(self) -> tuple[MappingState, ...]:
        """Our mappings except those being deleted."""
        return tuple(m for m in self.mappings if not m.is_leaving)

    def feeding(self, function_name: str) -> tuple[MappingState, ...]:
        """Mappings of the live stream to a function, its aliases and versions, except those being deleted."""
        live = self.table.stream_arn if self.table else None
        return tuple(
            m
            for m in (*self.mappings, *self.other_mappings)
            if live and m.stream_arn == live and m.function_name == function_name and not m.is_leaving
        )

    def with_mapping(self, mapping: MappingState) -> World:
        """The world with this mapping; if its tags were not read, the tags known before are kept."""
        kept = tuple(m for m in self.mappings if m.uuid != mapping.uuid)
        known = next((m.tags for m in self.mappings if m.uuid == mapping.uuid), None)
        return replace(self, mappings=(*kept, mapping if mapping.tags else replace(mapping, tags=known)))

    def with_mappings(self, more: tuple[MappingState, ...]) -> World:
        """The world with further mappings of the trigger; those that it has already are not changed."""
        known = {m.uuid for m in self.mappings}
        return replace(self, mappings=(*self.mappings, *(m for m in more if m.uuid not in known)))

    def without_mapping(self, uuid: str) -> World:
        return replace(self, mappings=tuple(m for m in self.mappings if m.uuid != uuid))
