"""The nouns: what is wanted (`Trigger`) and what is there (`World`).

Both are frozen values. The wanted side carries its own constraints as annotated types (AWS's documented
limits), so that configuration, JSON Schema and code share one definition. The observed side holds just
what the project decides by; ``shapes`` reads it out of AWS's answers.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING
from zlib import crc32

if TYPE_CHECKING:
    # The annotations' own names: config.keys looks them up there, and every other run is spared reading them.
    from collections.abc import Mapping as MappingABC
    from typing import Annotated, Literal

    from annotated_types import Ge, Le, Len

    from ddbinsert.core.limits import (
        BucketName,
        CodePath,
        EnvironmentVariables,
        FailureDestination,
        FunctionName,
        Handler,
        LayerArn,
        LogGroupName,
        NoneIs,
        Pattern,
        RecordAge,
        RetentionDays,
        RoleArn,
        Runtime,
        TableName,
        Tags,
    )

#: The tag that marks what ddbinsert made, and so may change and delete.
OWNER_TAG = "ddbinsert:table"


class StreamView(StrEnum):
    """What a stream record carries besides the keys (DynamoDB's StreamViewType)."""

    KEYS_ONLY = "KEYS_ONLY"
    NEW_IMAGE = "NEW_IMAGE"
    OLD_IMAGE = "OLD_IMAGE"
    NEW_AND_OLD_IMAGES = "NEW_AND_OLD_IMAGES"

    @property
    def has_new_image(self) -> bool:
        return self in (StreamView.NEW_IMAGE, StreamView.NEW_AND_OLD_IMAGES)

    @property
    def has_old_image(self) -> bool:
        return self in (StreamView.OLD_IMAGE, StreamView.NEW_AND_OLD_IMAGES)


class EventName(StrEnum):
    """What happened to the item (the eventName of a stream record)."""

    INSERT = "INSERT"
    MODIFY = "MODIFY"
    REMOVE = "REMOVE"


class KeyType(StrEnum):
    """The types that a key attribute can have."""

    S = "S"
    N = "N"
    B = "B"


class StartingPosition(StrEnum):
    """Where a new mapping begins to read.

    ``auto`` is ours: TRIM_HORIZON where the stream holds nothing yet, a question where it holds history.
    """

    AUTO = "auto"
    TRIM_HORIZON = "TRIM_HORIZON"
    LATEST = "LATEST"


class Template(StrEnum):
    """The handlers that come with ddbinsert; a folder each in ``ddbinsert/handlers``."""

    PRINT = "print"
    AUDIT_LOG = "audit-log"
    ANALYTICS = "analytics"
    NOTIFY = "notify"


@dataclass(frozen=True, kw_only=True)
class KeyAttribute:
    name: str
    type: KeyType


@dataclass(frozen=True, kw_only=True)
class KeySchema:
    """A table's primary key: the partition (hash) key and, where there is one, the sort (range) key."""

    partition: KeyAttribute
    sort: KeyAttribute | None = None

    @property
    def attributes(self) -> tuple[KeyAttribute, ...]:
        return (self.partition,) if self.sort is None else (self.partition, self.sort)

    @property
    def types(self) -> dict[str, str]:
        """Attribute name to type letter."""
        return {attribute.name: attribute.type.value for attribute in self.attributes}


# --- what is wanted -------------------------------------------------------------------------------------

_EMPTY: MappingABC[str, str] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class FunctionSpec:
    """The function that is wanted.

    Attributes:
        name: The function's name; defaults to ``TABLE-inserts``.
        runtime: A Lambda runtime identifier, such as ``python3.13`` or ``nodejs22.x``.
        handler: The entry point of ``code``, as ``FILE.FUNCTION``; the usual ones are looked for otherwise.
        template: A handler that comes with ddbinsert; ignored where ``code`` is given.
        code: Own code: a file, a folder or a zip, relative to the configuration file; an archive in S3
            (``s3://BUCKET/KEY``) or a container image in ECR.
        code_bucket: An S3 bucket in the function's region, for archives of more than 50 MB.
        layers: ARNs of layer versions, at most five.
        architecture: The instruction set.
        memory: MB.
        timeout: Seconds that one invocation may take.
        environment: The function's environment variables; at most 4 KB together.
        log_group: The log group's name; defaults to ``/aws/lambda/NAME``.
        log_retention_days: Days that CloudWatch Logs keeps the logs; null keeps them for ever.
        role: An existing role's ARN; ``own`` lets ddbinsert make ``NAME-role`` with least privilege.
    """

    name: FunctionName | None = None
    runtime: Runtime = "python3.13"
    handler: Handler | None = None
    template: Template = Template.PRINT
    code: CodePath | None = None
    code_bucket: BucketName | None = None
    layers: Annotated[tuple[LayerArn, ...], Len(0, 5)] = ()
    architecture: Literal["arm64", "x86_64"] = "x86_64"
    memory: Annotated[int, Ge(128), Le(10240)] = 128
    timeout: Annotated[int, Ge(1), Le(900)] = 30
    environment: EnvironmentVariables = field(default_factory=lambda: _EMPTY)
    log_group: LogGroupName | None = None
    log_retention_days: RetentionDays | None = 14
    role: Annotated[RoleArn | None, NoneIs("own")] = None


@dataclass(frozen=True, kw_only=True)
class MappingSpec:
    """The event source mapping that is wanted; limits per AWS's API reference.

    Attributes:
        batch_size: Records an invocation at most.
        batching_window: Seconds that the mapping may gather records for.
        starting_position: Where a new mapping begins to read; ``auto`` asks where history would replay.
        parallelization: Concurrent batches a shard.
        retries: Attempts after the first failure; -1 is AWS's "for ever" (up to 24 h, blocking the shard).
        record_age: Seconds after which a record is given up; -1 never.
        bisect: Whether a failed batch is split in two before it is tried again.
        report_batch_item_failures: Whether the function names the records that failed.
        on_failure: ARN of an SQS queue, SNS topic or S3 bucket for what was given up; ``create`` makes the
            queue ``FUNCTION-failures``.
        filters: Further filter patterns (JSON); INSERT is ANDed into each. Patterns are ORed by AWS.
        metrics: Whether the mapping publishes EventCount metrics.
        enabled: Whether the mapping reads at all.
    """

    batch_size: Annotated[int, Ge(1), Le(10000)] = 100
    batching_window: Annotated[int, Ge(0), Le(300)] = 0
    starting_position: StartingPosition = StartingPosition.AUTO
    parallelization: Annotated[int, Ge(1), Le(10)] = 1
    retries: Annotated[int, Ge(-1), Le(10000)] = 5
    record_age: RecordAge = 3600
    bisect: bool = True
    report_batch_item_failures: bool = True
    on_failure: FailureDestination | Literal["create"] | None = None
    filters: Annotated[tuple[Pattern, ...], Len(0, 10)] = ()
    metrics: bool = True
    enabled: bool = True


@dataclass(frozen=True, kw_only=True)
class Trigger:
    """All that one insert trigger is: the wanted side of every plan.

    Attributes:
        table: The table's name.
        view: What a stream record carries besides the keys.
        tags: Tags of everything that ddbinsert makes, besides its own.
    """

    table: TableName
    view: StreamView = StreamView.NEW_IMAGE
    function: FunctionSpec = field(default_factory=FunctionSpec)
    mapping: MappingSpec = field(default_factory=MappingSpec)
    tags: Tags = field(default_factory=lambda: _EMPTY)

    @property
    def function_name(self) -> str:
        return self.function.name or _derived(self.table, "-inserts")

    @property
    def role_name(self) -> str:
        return _derived(self.function_name, "-role")

    @property
    def failure_queue(self) -> str:
        """The name of the queue that ``mapping.on_failure: create`` stands for."""
        return _derived(self.function_name, "-failures", 80)

    @property
    def log_group(self) -> str:
        return self.function.log_group or f"/aws/lambda/{self.function_name}"

    @property
    def all_tags(self) -> dict[str, str]:
        return {**self.tags, OWNER_TAG: self.table}


def _derived(base: str, suffix: str, limit: int = 64) -> str:
    """A name for a function or role; a digest keeps apart two that had to be changed to fit."""
    fitting = base.replace(".", "-")
    if fitting == base and len(base) + len(suffix) <= limit:
        return base + suffix
    ending = f"-{crc32(base.encode()):08x}{suffix}"
    return fitting[: limit - len(ending)] + ending


# --- what is there --------------------------------------------------------------------------------------


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


@dataclass(frozen=True, kw_only=True)
class RoleState:
    """A role and, where it is ours, the inline policy that ddbinsert wrote."""

    name: str
    arn: str
    policy: str | None = None
    trusts_lambda: bool = True
    tags: MappingABC[str, str] = field(default_factory=lambda: _EMPTY)

    @property
    def is_ours(self) -> bool:
        return OWNER_TAG in self.tags


@dataclass(frozen=True, kw_only=True)
class LogGroupState:
    name: str
    arn: str
    retention_days: int | None = None


@dataclass(frozen=True, kw_only=True)
class FunctionState:
    """A function as GetFunction tells it.

    Attributes:
        state: Pending, Active, Inactive, Failed. update_status: Successful, Failed, InProgress.
        code_sha256: base64, as Lambda reports it.
        package_type: Zip or Image.
        reserved_concurrency: None where no reservation is set; 0 throttles every invocation.
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
    log_format: str = "Text"
    state: str = "Active"
    state_reason: str = ""
    update_status: str = "Successful"
    reserved_concurrency: int | None = None
    tags: MappingABC[str, str] = field(default_factory=lambda: _EMPTY)

    @property
    def is_ours(self) -> bool:
        return OWNER_TAG in self.tags

    @property
    def is_settled(self) -> bool:
        return self.state not in ("Pending", "") and self.update_status != "InProgress"


@dataclass(frozen=True, kw_only=True)
class MappingState:
    """An event source mapping as AWS tells it, with AWS's defaults where the answer leaves a field out.

    Attributes:
        filters: Pattern texts as stored; empty where there are none.
        metrics: None where the backend doesn't say.
        filters_hidden: The criteria are encrypted with a customer key, and the answer shows them as null.
        modified: Epoch seconds of the last change; None where the backend doesn't say.
    """

    uuid: str
    stream_arn: str
    function_arn: str
    state: str
    batch_size: int = 100
    batching_window: int = 0
    starting_position: str | None = None
    parallelization: int = 1
    retries: int = -1
    record_age: int = -1
    bisect: bool = False
    report_batch_item_failures: bool = False
    tumbling_window: int = 0
    on_failure: str | None = None
    filters: tuple[str, ...] = ()
    filters_hidden: bool = False
    metrics: bool | None = False
    last_result: str = ""
    state_reason: str = ""
    modified: float | None = field(default=None, compare=False)

    @property
    def function_name(self) -> str:
        return self.function_arn.split(":function:")[-1].split(":")[0]

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
        failure_queue_missing: The queue that ``mapping.on_failure: create`` stands for is wanted, and not there.
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

    @property
    def live_mapping(self) -> MappingState | None:
        """Our mapping on the table's live stream."""
        live = self.table.stream_arn if self.table else None
        return next((m for m in self._lasting if live and m.stream_arn == live), None)

    @property
    def stale_mappings(self) -> tuple[MappingState, ...]:
        """Our mappings on streams of this table that are no longer its live one."""
        live = self.table.stream_arn if self.table else None
        return tuple(m for m in self._lasting if m.stream_arn != live)

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
        kept = tuple(m for m in self.mappings if m.uuid != mapping.uuid)
        return replace(self, mappings=(*kept, mapping))

    def without_mapping(self, uuid: str) -> World:
        return replace(self, mappings=tuple(m for m in self.mappings if m.uuid != uuid))
