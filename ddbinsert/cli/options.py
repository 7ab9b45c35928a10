"""The options that set keys of the configuration; commands use them in groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, NamedTuple

import typer

from ddbinsert.cli.completion import completer
from ddbinsert.errors import UsageError

#: Values of options by dotted key; None if an option was not given.
Settings = Mapping[str, object]


class Setting(NamedTuple):
    """An option that sets one key.

    Attributes:
        key: The configuration's dotted key.
        flag: The flag in typer's form: ``--batch-size``, or ``--bisect/--no-bisect``.
        kind: The option's type; the configuration checks the value.
    """

    key: str
    flag: str
    kind: Any
    help: str
    metavar: str | None = None

    @property
    def parameter(self) -> str:
        return self.key.replace(".", "__")

    @property
    def name(self) -> str:
        """The flag's name in messages."""
        return self.flag.split("/")[0]

    @property
    def option(self) -> Any:
        return typer.Option(
            self.flag,
            help=self.help,
            metavar=self.metavar,
            rich_help_panel=_PANELS.get(self.key.partition(".")[0], "Trigger"),
            show_default=False,
            autocompletion=completer(self.key),
        )

    def configuration_value(self, value: object) -> object:
        """The value for the configuration; None if the option was not given.

        Raises:
            UsageError: A pair has no ``=``.
        """
        if self.kind != list[str] | None:
            return value
        entries = value if isinstance(value, list) else []
        if not entries:
            return None
        if self.key not in _PAIRS:
            return list(entries)
        pairs = [str(entry).partition("=") for entry in entries]
        for name, sign, _ in pairs:
            if not sign:
                raise UsageError(
                    f"{self.name} {name!r} is not of the form NAME=VALUE.",
                    hint=f"Write {self.name} NAME=VALUE.",
                )
        return {name: content for name, _, content in pairs}


_PAIRS: Final = ("function.environment", "role.tags", "tags")
#: The group in ``--help`` by the first part of the key.
_PANELS: Final = {"function": "Function", "role": "Function", "mapping": "Mapping"}

TEXT, NUMBER, SWITCH, MANY = str | None, int | None, bool | None, list[str] | None

VIEW: Final = (
    Setting("view_type", "--view-type", TEXT, "What a record contains besides the keys: KEYS_ONLY, NEW_IMAGE, OLD_IMAGE or NEW_AND_OLD_IMAGES [default: NEW_IMAGE, or the enabled stream's view type].", "TYPE"),
)  # fmt: skip
NAME: Final = (
    Setting("function.name", "--function", TEXT, "The function [default: TABLE-inserts].", "NAME"),
)
FUNCTION: Final = (
    *NAME,
    Setting("function.alias", "--alias", TEXT, "Alias that the mapping invokes; each change of the function publishes a version [default: none].", "NAME"),
    Setting("function.runtime", "--runtime", TEXT, "Lambda runtime [default: python3.13].", "NAME"),
    Setting("function.template", "--template", TEXT, "Handler included in ddbinsert: print, audit-log, analytics or notify [default: print].", "NAME"),
    Setting("function.code", "--code", TEXT, "Your own code: a file, folder, zip, s3://BUCKET/KEY or ECR image.", "PATH"),
    Setting("function.code_bucket", "--code-bucket", TEXT, "S3 bucket for archives of more than 50 MB.", "NAME"),
    Setting("function.layers", "--layer", MANY, "Layer version. May be given several times.", "ARN"),
    Setting("function.handler", "--handler", TEXT, "Entry point of your own code, such as app.handle.", "NAME"),
    Setting("function.architecture", "--architecture", TEXT, "arm64 or x86_64 [default: x86_64].", "NAME"),
    Setting("function.memory", "--memory", NUMBER, "Memory in MB [default: 128].", "MB"),
    Setting("function.timeout", "--function-timeout", NUMBER, "Maximum duration of an invocation in seconds [default: 30].", "SECONDS"),
    Setting("function.ephemeral_storage", "--ephemeral-storage", NUMBER, "Size of /tmp in MB [default: 512].", "MB"),
    Setting("function.vpc.subnets", "--subnet", MANY, "Subnet to run in, with --security-group. May be given several times.", "ID"),
    Setting("function.vpc.security_groups", "--security-group", MANY, "Security group, with --subnet. May be given several times.", "ID"),
    Setting("function.kms_key", "--kms-key", TEXT, "KMS key that encrypts the environment variables [default: an AWS owned key].", "ARN"),
    Setting("function.tracing", "--tracing", TEXT, "X-Ray: Active or PassThrough [default: PassThrough].", "MODE"),
    Setting("function.dead_letter", "--dead-letter", TEXT, "Queue or topic for failed asynchronous invocations.", "ARN"),
    Setting("function.environment", "--env", MANY, "Environment variable; others stay as they are. May be given several times.", "NAME=VALUE"),
    Setting("function.log_group", "--log-group", TEXT, "Log group [default: /aws/lambda/FUNCTION].", "NAME"),
    Setting("function.log_format", "--log-format", TEXT, "Text or JSON [default: Text].", "FORMAT"),
    Setting("function.log_class", "--log-class", TEXT, "Class of a new log group [default: STANDARD].", "CLASS"),
    Setting("function.log_retention_days", "--log-retention", NUMBER, "Log retention in days [default: 14].", "DAYS"),
    Setting("function.role", "--role", TEXT, "An existing role [default: a role with least privilege is created].", "ARN"),
    Setting("role.boundary", "--role-boundary", TEXT, "Permissions boundary of the created role.", "ARN"),
    Setting("role.path", "--role-path", TEXT, "Path of the created role [default: /].", "PATH"),
    Setting("role.tags", "--role-tag", MANY, "Additional tag of the role. May be given several times.", "NAME=VALUE"),
    Setting("tags", "--tag", MANY, "Tag of everything that ddbinsert creates. May be given several times.", "NAME=VALUE"),
)  # fmt: skip
MAPPING: Final = (
    Setting("mapping.filters", "--filter", MANY, "Additional filter pattern (JSON); each is restricted to INSERT. May be given several times.", "PATTERN"),
    Setting("mapping.starting_position", "--starting-position", TEXT, "Where a new mapping starts: TRIM_HORIZON replays the records in the stream, LATEST skips them [default: auto, which asks if there are any].", "POSITION"),
    Setting("mapping.batch_size", "--batch-size", NUMBER, "Maximum number of records per invocation [default: 100].", "COUNT"),
    Setting("mapping.batching_window", "--batching-window", NUMBER, "Seconds to collect records before an invocation [default: 0].", "SECONDS"),
    Setting("mapping.parallelization", "--parallelization", NUMBER, "Concurrent batches per shard [default: 1].", "COUNT"),
    Setting("mapping.retries", "--retries", NUMBER, "Retries after a failure; -1 retries until the record expires, blocking its shard [default: 5].", "COUNT"),
    Setting("mapping.record_age", "--record-age", NUMBER, "Maximum age of a record in seconds before it is discarded; -1 = no limit [default: 3600].", "SECONDS"),
    Setting("mapping.bisect", "--bisect/--no-bisect", SWITCH, "Split a failed batch in two before retrying [default: yes]."),
    Setting("mapping.report_batch_item_failures", "--report-failures/--no-report-failures", SWITCH, "The function returns which records failed [default: yes]."),
    Setting("mapping.on_failure", "--on-failure", TEXT, "SQS queue, SNS topic or S3 bucket for discarded records; create creates a queue.", "ARN|create"),
    Setting("mapping.kms_key", "--filter-kms-key", TEXT, "KMS key that encrypts the filters [default: an AWS owned key].", "ARN"),
    Setting("mapping.metrics", "--metrics/--no-metrics", SWITCH, "Publish EventCount metrics; charged as custom metrics [default: yes]."),
    Setting("mapping.enabled", "--enabled/--disabled", SWITCH, "Whether the mapping polls the stream [default: enabled]."),
)  # fmt: skip

#: Options of every command that changes something.
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the plan and change nothing.")]
ExitCodeOption = Annotated[
    bool, typer.Option("--exit-code", help="With --dry-run: exit with 1 if there are changes.")
]

#: Flags by key, for messages.
FLAG_NAMES: Final = {
    "table": "TABLE",
    **{setting.key: setting.name for setting in (*VIEW, *FUNCTION, *MAPPING)},
}
