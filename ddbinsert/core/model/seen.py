"""What is there, as AWS answered it: a frozen ``World`` around one trigger.

It holds just what the project decides by; ``core.trigger.shapes`` reads it out of AWS's answers.
"""

from __future__ import annotations

from dataclasses import field, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

from ddbinsert.core.arn import arn_parts, resource_name
from ddbinsert.core.model.wanted import OWNER_TAG, STREAM_TAG, FunctionSettings, MappingSettings
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping as MappingABC

    from ddbinsert.core.model.record import KeySchema, StreamView

_EMPTY: MappingABC[str, str] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class TableState:
    """A table as DescribeTable tells it.

    Attributes:
        status: ACTIVE, CREATING, UPDATING, DELETING, …
        latest_stream_arn: Lingers after the stream was disabled: never infer "enabled" from it.
    """

    name: str
    arn: str
    status: str
    key: KeySchema
    item_count: int = 0
    view: StreamView | None = None
    stream_arn: str | None = None
    latest_stream_arn: str | None = None
    replicas: tuple[str, ...] = ()
    kms_key_arn: str | None = None
    deletion_protected: bool = False

    @property
    def stream_enabled(self) -> bool:
        return self.stream_arn is not None

    @property
    def stream_label(self) -> str:
        """The last part of the live stream's ARN: the time at which it was enabled. Empty where there is none."""
        return (self.stream_arn or "").rpartition("/stream/")[2]

    def stream_is_ours(self, tags: MappingABC[str, str]) -> bool:
        """Whether the table's tags say that ddbinsert enabled the live stream, and not one before it."""
        return self.stream_enabled and tags.get(STREAM_TAG) == self.stream_label


@dataclass(frozen=True, kw_only=True)
class RoleState:
    """A role and, where it is ours, the inline policy that ddbinsert wrote.

    Attributes:
        boundary: ARN of the policy that is its permissions boundary.
        other_policies: Names of policies that somebody else added; read only where the role is to be deleted.
    """

    name: str
    arn: str
    policy: str | None = None
    boundary: str | None = None
    path: str = "/"
    trusts_lambda: bool = True
    tags: MappingABC[str, str] = field(default_factory=lambda: _EMPTY)
    other_policies: tuple[str, ...] = field(default=(), compare=False)

    @property
    def is_ours(self) -> bool:
        return OWNER_TAG in self.tags


@dataclass(frozen=True, kw_only=True)
class LogGroupState:
    """A log group as DescribeLogGroups tells it.

    Attributes:
        created: Epoch seconds; None where the backend doesn't say.
        tags: None where they were not read: only what changes or deletes a group reads them.
        retention_policy: The account's policy that decides about the retention; empty where the group's own does.
        log_class: STANDARD, INFREQUENT_ACCESS, ESSENTIALS or DELIVERY; empty where the endpoint does not say.
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
        """Whether a retention of the group's own has no effect: docs/aws-facts.md#log-retention-account."""
        return bool(self.retention_policy) or self.log_class == "DELIVERY"


@dataclass(frozen=True, kw_only=True)
class QueueState:
    """The queue for discarded records.

    Attributes:
        messages: About how many it holds.
    """

    name: str
    messages: int = 0
    tags: MappingABC[str, str] = field(default_factory=lambda: _EMPTY)


@dataclass(frozen=True, kw_only=True)
class FunctionState(FunctionSettings):
    """A function as GetFunction tells it, with AWS's defaults where the answer leaves a setting out.

    Attributes:
        state: Pending, Active, Inactive, Failed.
        update_status: Successful, Failed, InProgress.
        code_sha256: base64, as Lambda reports it.
        application_log_level: Empty where Lambda does not say: it has one with JSON alone.
        package_type: Zip or Image.
        reserved_concurrency: None where no reservation is set; 0 throttles every invocation.
        version: $LATEST, or the number of the version that was asked for, by itself or by an alias.
        modified: When code or configuration was last changed, as Lambda writes it; empty where it does not say.
        durable_timeout: Seconds that an execution of a durable function may take; None where it is not durable.
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

    @property
    def is_ours(self) -> bool:
        return OWNER_TAG in self.tags

    @property
    def modified_at(self) -> float | None:
        """Epoch seconds of the last change; None where Lambda does not say."""
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
    """An event source mapping as AWS answers, with AWS's defaults where the answer leaves a field out.

    Attributes:
        filters: Pattern texts as stored; empty where there are none.
        metrics: None where the backend doesn't say.
        filter_error: Why Lambda itself can't read the criteria (FilterCriteriaError); empty where it can.
        filters_hidden: The criteria are encrypted with a customer key, and the answer shows them as null.
        modified: Epoch seconds of the last change; None where the backend doesn't say.
        tags: None where they were not read.
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
        """The mapping's own ARN: it carries the tags."""
        return str(arn_parts(self.function_arn)._replace(resource=f"event-source-mapping:{self.uuid}"))

    @property
    def is_ours(self) -> bool:
        """Whether it carries ddbinsert's tag; False where the tags were not read."""
        return OWNER_TAG in (self.tags or {})

    @property
    def is_enabled(self) -> bool:
        return self.state in ("Enabled", "Enabling", "Creating", "Updating")

    @property
    def is_leaving(self) -> bool:
        """Being deleted: it lingers for a while and takes no change."""
        return self.state == "Deleting"


@dataclass(frozen=True, kw_only=True)
class World:
    """What one observe saw, around one trigger.

    Attributes:
        mappings: Every mapping that concerns this trigger: those of the function on any stream of the table.
        other_mappings: Mappings of other functions (or aliases) on the table's live stream.
        stream_off: Epoch seconds between which a replaced stream was off, just before disabling until it was live.
        failure_queue_missing: The queue that ``mapping.on_failure: create`` stands for is wanted, and not there.
        queue: The queue for discarded records; read only where it may be deleted.
    """

    account: str | None = None
    region: str | None = None
    table: TableState | None = None
    role: RoleState | None = None
    log_group: LogGroupState | None = None
    function: FunctionState | None = None
    mappings: tuple[MappingState, ...] = ()
    other_mappings: tuple[MappingState, ...] = ()
    failure_queue_missing: bool = False
    queue: QueueState | None = None
    stream_off: tuple[float, float] | None = None

    @property
    def live_mapping(self) -> MappingState | None:
        """The function's mapping on the table's live stream; one to the function itself before one to an alias."""
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
        """Whether somebody else made the function and, as far as its tags were read, its mapping."""
        live = self.live_mapping
        return self.function is not None and not self.function.is_ours and not (live and live.is_ours)

    def is_second(self, mapping: MappingState) -> bool:
        """Whether it is one that no command of ddbinsert changes: they set the function's first mapping."""
        return mapping.uuid in {m.uuid for m in self.second_mappings}

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
        """Our mappings but for those on their way out."""
        return tuple(m for m in self.mappings if not m.is_leaving)

    def feeding(self, function_name: str) -> tuple[MappingState, ...]:
        """Lasting mappings that deliver the live stream to a function, by any of its aliases and versions."""
        live = self.table.stream_arn if self.table else None
        return tuple(
            m
            for m in (*self.mappings, *self.other_mappings)
            if live and m.stream_arn == live and m.function_name == function_name and not m.is_leaving
        )

    def with_mapping(self, mapping: MappingState) -> World:
        """The world with this mapping; where its tags were not read, it keeps those that are known of it."""
        kept = tuple(m for m in self.mappings if m.uuid != mapping.uuid)
        known = next((m.tags for m in self.mappings if m.uuid == mapping.uuid), None)
        return replace(self, mappings=(*kept, mapping if mapping.tags else replace(mapping, tags=known)))

    def without_mapping(self, uuid: str) -> World:
        return replace(self, mappings=tuple(m for m in self.mappings if m.uuid != uuid))
