"""The wanted state: a frozen ``Trigger`` with its function and mapping.

The constraints of the fields are annotated types (AWS's documented limits), shared by configuration, JSON Schema and
code.
"""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING
from zlib import crc32

from ddbinsert.core.model.record import StreamView
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    # The names in the annotations: config.keys looks them up in this module; other runs do not import it.
    from collections.abc import Mapping as MappingABC
    from typing import Annotated, Literal

    from annotated_types import Ge, Le, Len

    from ddbinsert.core.model.limits import (
        AliasName,
        BucketName,
        CodePath,
        EnvironmentVariables,
        FailureDestination,
        FunctionName,
        Handler,
        KeyArn,
        LayerArn,
        LogGroupName,
        NoneIs,
        Pattern,
        PolicyArn,
        QueueOrTopicArn,
        RecordAge,
        RetentionDays,
        RoleArn,
        RolePath,
        Runtime,
        SecurityGroupId,
        SubnetId,
        TableName,
        Tags,
    )

#: The tag of resources that ddbinsert created and may change and delete; its value is the table's name.
OWNER_TAG = "ddbinsert:table"
#: The tag of a function that names the code that ddbinsert uploaded: a template's name, or `OWN_CODE`.
CODE_TAG = "ddbinsert:code"
OWN_CODE = "own"
#: The tag of a function that names the alias that its mapping invokes.
ALIAS_TAG = "ddbinsert:alias"
#: The tag of a log group that contains, or contained, entries of an audit log without a sink: `down` keeps it.
LOG_TAG, AUDIT_ENTRIES = "ddbinsert:log", "audit-entries"
#: The tag of a table whose stream ddbinsert enabled: the label of that stream, the last part of its ARN.
STREAM_TAG = "ddbinsert:stream"


class StartingPosition(StrEnum):
    """Where a new mapping begins to read.

    ``auto`` is ddbinsert's own: TRIM_HORIZON if the stream is empty; otherwise the user is asked.
    """

    AUTO = "auto"
    TRIM_HORIZON = "TRIM_HORIZON"
    LATEST = "LATEST"


class Template(StrEnum):
    """The handlers that come with ddbinsert, each in a folder of ``ddbinsert/handlers``."""

    PRINT = "print"
    AUDIT_LOG = "audit-log"
    ANALYTICS = "analytics"
    NOTIFY = "notify"


#: Templates that do nothing without a sink. Without one, an audit log goes to the function's own log group.
NEED_A_SINK = frozenset({Template.ANALYTICS, Template.NOTIFY})


_EMPTY: MappingABC[str, str] = MappingProxyType({})
#: The metadata of a field that is not a configuration key.
NOT_A_KEY: MappingABC[str, bool] = MappingProxyType({"is_key": False})


@dataclass(frozen=True, kw_only=True)
class VpcSpec:
    """The VPC that a function runs in.

    Attributes:
        subnets: IDs of subnets, at most 16; together with ``security_groups``.
        security_groups: IDs of security groups, at most five; together with ``subnets``.
    """

    subnets: Annotated[tuple[SubnetId, ...], Len(0, 16)] = ()
    security_groups: Annotated[tuple[SecurityGroupId, ...], Len(0, 5)] = ()


@dataclass(frozen=True, kw_only=True)
class FunctionSettings:
    """Settings of a function with AWS's defaults: only other values are sent when the function is created.

    `FunctionSpec` (what is wanted) and `core.model.seen.FunctionState` (what is there) share them.
    `core.trigger.function_settings` lists how each is read and written.
    """

    ephemeral_storage: Annotated[int, Ge(512), Le(32768)] = 512
    vpc: VpcSpec = field(default_factory=VpcSpec)
    kms_key: KeyArn | None = None
    tracing: Literal["Active", "PassThrough"] = "PassThrough"
    dead_letter: QueueOrTopicArn | None = None
    log_format: Literal["Text", "JSON"] = "Text"


@dataclass(frozen=True, kw_only=True)
class FunctionSpec(FunctionSettings):
    """The function that is wanted.

    Attributes:
        name: The function's name; defaults to ``TABLE-inserts``, with a digest where TABLE has dots or is too long.
        alias: The alias that the mapping invokes: after each change of the function a version is published, and the
            alias is moved to it. Without an alias the mapping invokes the function itself.
        runtime: A Lambda runtime identifier, such as ``python3.13`` or ``nodejs22.x``.
        handler: The entry point of ``code``, as ``FILE.FUNCTION``; otherwise the usual names are searched.
        template: A handler that comes with ddbinsert; ignored if ``code`` is given.
        code: Own code: a file, a folder or a zip, relative to the configuration file; an archive in S3
            (``s3://BUCKET/KEY``) or a container image in ECR.
        code_bucket: An S3 bucket in the function's region, for archives of more than 50 MB.
        layers: ARNs of layer versions, at most five.
        architecture: The instruction set.
        memory: MB. More than 10240 only on Lambda managed instances.
        timeout: Maximum duration of an invocation in seconds.
        ephemeral_storage: MB of the folder ``/tmp``. More than 10240 only on Lambda managed instances.
        vpc: The VPC that the function runs in.
        kms_key: ARN of the KMS key that encrypts the environment variables; AWS's own key otherwise.
        tracing: ``Active`` samples invocations for X-Ray; ``PassThrough`` traces what the caller traces.
        dead_letter: ARN of an SQS queue or SNS topic for asynchronous invocations that fail. Records of the stream
            go to ``mapping.on_failure`` instead.
        environment: The function's environment variables; at most 4 KB together.
        log_group: The log group's name; defaults to ``/aws/lambda/NAME``.
        log_format: ``JSON`` has Lambda write its own lines, and those of the runtime's logger, as JSON.
        log_class: The log group's class; it cannot be changed once the group exists. Some classes cannot be read as
            `verify` and `tail` do.
        log_retention_days: Days that CloudWatch Logs keeps the logs; null keeps them for ever.
        role: An existing role's ARN; ``own`` makes ddbinsert create ``NAME-role`` with least privilege.
    """

    name: FunctionName | None = None
    alias: AliasName | None = None
    runtime: Runtime = "python3.13"
    handler: Handler | None = None
    template: Template = Template.PRINT
    code: CodePath | None = None
    code_bucket: BucketName | None = None
    layers: Annotated[tuple[LayerArn, ...], Len(0, 5)] = ()
    architecture: Literal["arm64", "x86_64"] = "x86_64"
    memory: Annotated[int, Ge(128), Le(32768)] = 128
    timeout: Annotated[int, Ge(1), Le(1800)] = 30
    environment: EnvironmentVariables = field(default_factory=lambda: _EMPTY)
    log_group: LogGroupName | None = None
    log_class: Literal["STANDARD", "INFREQUENT_ACCESS", "ESSENTIALS", "DELIVERY"] = "STANDARD"
    log_retention_days: RetentionDays | None = 14
    role: Annotated[RoleArn | None, NoneIs("own")] = None


@dataclass(frozen=True, kw_only=True)
class RoleSpec:
    """The role that ddbinsert creates if ``function.role`` is not given.

    Attributes:
        boundary: ARN of the policy that is the role's permissions boundary.
        path: The role's path; it cannot be changed once the role exists.
        tags: Additional tags of the role.
    """

    boundary: PolicyArn | None = None
    path: RolePath = "/"
    tags: Tags = field(default_factory=lambda: _EMPTY)


@dataclass(frozen=True, kw_only=True)
class MappingSettings:
    """The settings of an event source mapping that can be changed, with AWS's defaults.

    `MappingSpec` (what is wanted, with ddbinsert's defaults) and `core.model.seen.MappingState` (what is there) share
    them. How each is read from AWS and written to it is listed in `core.trigger.settings`.
    """

    batch_size: Annotated[int, Ge(1), Le(10000)] = 100
    batching_window: Annotated[int, Ge(0), Le(300)] = 0
    parallelization: Annotated[int, Ge(1), Le(10)] = 1
    retries: Annotated[int, Ge(-1), Le(10000)] = -1
    record_age: RecordAge = -1
    bisect: bool = False
    report_batch_item_failures: bool = False
    on_failure: FailureDestination | Literal["create"] | None = None
    filters: Annotated[tuple[Pattern, ...], Len(0, 10)] = ()
    kms_key: KeyArn | None = None
    metrics: bool | None = False

    @property
    def keeps_order(self) -> bool:
        """Whether a shard's batches run one after the other."""
        return self.parallelization == 1

    @property
    def batches_at_once(self) -> int:
        """The number of batches of one shard that the function may work on at a time."""
        return self.parallelization


@dataclass(frozen=True, kw_only=True)
class MappingSpec(MappingSettings):
    """The event source mapping that is wanted; limits per AWS's API reference.

    Attributes:
        batch_size: The largest number of records in one invocation.
        batching_window: Seconds that the mapping may gather records for.
        starting_position: Where a new mapping begins to read; ``auto`` asks if existing records would be replayed.
        parallelization: Concurrent batches per shard.
        retries: Attempts after the first failure; -1 retries until the record expires (24 h), blocking the shard.
        record_age: Seconds after which a record is discarded; -1 never.
        bisect: Whether a failed batch is split in two before it is retried.
        report_batch_item_failures: Whether the function reports which records failed.
        on_failure: ARN of an SQS queue, SNS topic or S3 bucket for discarded records; ``create`` creates the
            queue ``FUNCTION-failures``.
        filters: Further filter patterns (JSON); INSERT is added to each. A record passes if one pattern matches.
        kms_key: ARN of the KMS key that encrypts the filters; AWS's own key otherwise. The key's policy must allow
            lambda.amazonaws.com to decrypt. Who may not use the key, does not see the filters.
        metrics: Whether the mapping publishes EventCount metrics (charged as custom metrics).
        enabled: Whether the mapping reads the stream.
    """

    retries: Annotated[int, Ge(-1), Le(10000)] = 5
    record_age: RecordAge = 3600
    bisect: bool = True
    report_batch_item_failures: bool = True
    metrics: bool = True
    enabled: bool = True
    starting_position: StartingPosition = StartingPosition.AUTO


@dataclass(frozen=True, kw_only=True)
class Trigger:
    """One insert trigger as it is wanted: one side of every plan.

    Attributes:
        table: The table's name.
        view: What a stream record contains besides the keys.
        tags: Tags of everything that ddbinsert creates, in addition to its own.
        explicit: Dotted keys (``mapping.batch_size``) that a flag, a variable or the file gives. Only these
            are changed on existing resources; all other settings apply only at creation.
        cleared: Dotted keys of settings to reset to their defaults, of single environment variables and tags
            to remove (``function.environment.NAME``), or of all that are not given
            (``function.environment``).
        has_audit_code: The user's code was copied from the audit log template; known once it is packed.
    """

    table: TableName
    view: StreamView = StreamView.NEW_IMAGE
    function: FunctionSpec = field(default_factory=FunctionSpec)
    role: RoleSpec = field(default_factory=RoleSpec)
    mapping: MappingSpec = field(default_factory=MappingSpec)
    tags: Tags = field(default_factory=lambda: _EMPTY)
    explicit: frozenset[str] = field(default=frozenset(), metadata=NOT_A_KEY, compare=False)
    cleared: frozenset[str] = field(default=frozenset(), metadata=NOT_A_KEY, compare=False)
    has_audit_code: bool = field(default=False, metadata=NOT_A_KEY, compare=False)

    @property
    def function_name(self) -> str:
        return self.function.name or _derived(self.table, "-inserts")

    @property
    def role_name(self) -> str:
        return _derived(self.function_name, "-role")

    @property
    def failure_queue(self) -> str:
        """The name of the queue of ``mapping.on_failure: create``."""
        return _derived(self.function_name, "-failures", 80)

    @property
    def log_group(self) -> str:
        return self.function.log_group or f"/aws/lambda/{self.function_name}"

    @property
    def all_tags(self) -> dict[str, str]:
        """The tags of every resource that is created for this trigger."""
        return {**self.tags, OWNER_TAG: self.table}

    @property
    def role_tags(self) -> dict[str, str]:
        """The tags of the role, including ``role.tags``."""
        return {**self.tags, **self.role.tags, OWNER_TAG: self.table}

    @property
    def function_tags(self) -> dict[str, str]:
        """The tags of the function, including the one that names its code."""
        return {**self.all_tags, CODE_TAG: self.code_label}

    @property
    def log_group_tags(self) -> dict[str, str]:
        """The tags of the log group, including the one that says that it will contain an audit log."""
        return {**self.all_tags, **({LOG_TAG: AUDIT_ENTRIES} if self.logs_audit_entries else {})}

    @property
    def logs_audit_entries(self) -> bool:
        """Whether the function will keep its audit log in its own log group."""
        code = Template.AUDIT_LOG if self.has_audit_code else self.code_label
        return logs_audit_entries(code, self.function.environment)

    @property
    def code_label(self) -> str:
        """A template's name, or ``own``."""
        return self.function.template.value if self.function.code is None else OWN_CODE

    @property
    def gives_code(self) -> bool:
        """Whether this run may change the code of an existing function."""
        return not self.explicit.isdisjoint(CODE_KEYS)


def logs_audit_entries(code: str | None, environment: MappingABC[str, str]) -> bool:
    """Whether a function with this code and these variables keeps its audit log in its own log group."""
    return code == Template.AUDIT_LOG and not environment.get("SINK_ARN")


#: Keys that decide which code a function runs.
CODE_KEYS = frozenset(
    {"function.template", "function.code", "function.runtime", "function.handler", "function.architecture"}
)


def _derived(base: str, suffix: str, limit: int = 64) -> str:
    """A name for a function or role; a shortened or changed one gets a digest, so that it stays unique."""
    fitting = base.replace(".", "-")
    if fitting == base and len(base) + len(suffix) <= limit:
        return base + suffix
    ending = f"-{crc32(base.encode()):08x}{suffix}"
    return fitting[: limit - len(ending)] + ending
