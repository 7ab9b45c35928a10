"""The options that stand for keys of the configuration, each written once; commands take them by group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import typer

from ddbinsert.errors import UsageError

#: What options gave, dotted key to value; None where one was not given.
Settings = Mapping[str, object]


class Setting(NamedTuple):
    """An option for one key.

    Attributes:
        key: The configuration's dotted key.
        flag: As typer takes it: ``--batch-size``, or ``--bisect/--no-bisect``.
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
        """The flag as messages call it."""
        return self.flag.split("/")[0]

    @property
    def option(self) -> Any:
        return typer.Option(
            self.flag,
            help=self.help,
            metavar=self.metavar,
            rich_help_panel="Settings",
            show_default=False,
        )

    def taken(self, value: object) -> object:
        """The value as the configuration takes it: None where the option was not given.

        Raises:
            UsageError: A pair without ``=``.
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
                raise UsageError(f"{self.name} {name!r} is no pair.", hint=f"Write {self.name} NAME=VALUE.")
        return {name: content for name, _, content in pairs}


_PAIRS: Final = ("function.environment", "tags")

TEXT, NUMBER, SWITCH, MANY = str | None, int | None, bool | None, list[str] | None

VIEW: Final = (
    Setting("view_type", "--view-type", TEXT, "What a record carries besides the keys: KEYS_ONLY, NEW_IMAGE, OLD_IMAGE or NEW_AND_OLD_IMAGES [default: NEW_IMAGE, or what a live stream has].", "TYPE"),
)  # fmt: skip
NAME: Final = (
    Setting("function.name", "--function", TEXT, "The function [default: TABLE-inserts].", "NAME"),
)
FUNCTION: Final = (
    *NAME,
    Setting("function.runtime", "--runtime", TEXT, "Lambda runtime [default: python3.13].", "NAME"),
    Setting("function.template", "--template", TEXT, "Handler that comes with ddbinsert: print, audit-log, analytics or notify [default: print].", "NAME"),
    Setting("function.code", "--code", TEXT, "Own code: a file, a folder, a zip, s3://BUCKET/KEY or an image in ECR.", "PATH"),
    Setting("function.code_bucket", "--code-bucket", TEXT, "S3 bucket for archives of more than 50 MB.", "NAME"),
    Setting("function.layers", "--layer", MANY, "Layer version; may be given several times.", "ARN"),
    Setting("function.handler", "--handler", TEXT, "Entry point of own code, such as app.handle.", "NAME"),
    Setting("function.architecture", "--architecture", TEXT, "arm64 or x86_64 [default: x86_64].", "NAME"),
    Setting("function.memory", "--memory", NUMBER, "Memory in MB [default: 128].", "MB"),
    Setting("function.timeout", "--function-timeout", NUMBER, "Seconds that one invocation may take [default: 30].", "SECONDS"),
    Setting("function.environment", "--env", MANY, "Environment variable; may be given several times.", "NAME=VALUE"),
    Setting("function.log_group", "--log-group", TEXT, "Log group [default: /aws/lambda/FUNCTION].", "NAME"),
    Setting("function.log_retention_days", "--log-retention", NUMBER, "Days that logs are kept [default: 14].", "DAYS"),
    Setting("function.role", "--role", TEXT, "An existing role [default: one of its own, with least privilege].", "ARN"),
    Setting("tags", "--tag", MANY, "Tag of everything that is made; may be given several times.", "NAME=VALUE"),
)  # fmt: skip
MAPPING: Final = (
    Setting("mapping.filters", "--filter", MANY, "Further filter pattern (JSON); INSERT is always kept. May be given several times.", "PATTERN"),
    Setting("mapping.starting_position", "--starting-position", TEXT, "Where a new mapping begins: TRIM_HORIZON replays what the stream holds, LATEST skips it [default: auto, which asks where it matters].", "POSITION"),
    Setting("mapping.batch_size", "--batch-size", NUMBER, "Records an invocation at most [default: 100].", "COUNT"),
    Setting("mapping.batching_window", "--batching-window", NUMBER, "Seconds that records may be gathered for [default: 0].", "SECONDS"),
    Setting("mapping.parallelization", "--parallelization", NUMBER, "Concurrent batches a shard [default: 1].", "COUNT"),
    Setting("mapping.retries", "--retries", NUMBER, "Attempts after a failure; -1 blocks the shard for up to a day [default: 5].", "COUNT"),
    Setting("mapping.record_age", "--record-age", NUMBER, "Seconds after which a record is given up; -1 never [default: 3600].", "SECONDS"),
    Setting("mapping.bisect", "--bisect/--no-bisect", SWITCH, "Split a failed batch in two [default: yes]."),
    Setting("mapping.report_batch_item_failures", "--report-failures/--no-report-failures", SWITCH, "The function names the records that failed [default: yes]."),
    Setting("mapping.on_failure", "--on-failure", TEXT, "SQS queue, SNS topic or S3 bucket for what was given up; create makes a queue.", "ARN|create"),
    Setting("mapping.metrics", "--metrics/--no-metrics", SWITCH, "Publish EventCount metrics [default: yes]."),
    Setting("mapping.enabled", "--enabled/--disabled", SWITCH, "Whether the mapping reads at all [default: enabled]."),
)  # fmt: skip

#: Key to flag, for messages.
FLAG_NAMES: Final = {
    "table": "TABLE",
    **{setting.key: setting.name for setting in (*VIEW, *FUNCTION, *MAPPING)},
}
