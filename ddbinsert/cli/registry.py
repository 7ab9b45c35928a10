"""The table of commands, from which `--help` is printed without importing a command's module.

A module is imported when its command is called or completed, or when its help is shown; it registers its commands by
`ddbinsert.cli.app.command`. A test compares the table with the modules.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from ddbinsert.cli.app import Spec


class CommandRow(NamedTuple):
    """A command, or a group of commands.

    Attributes:
        name: The name by which it is called, with its group if it has one: ``filter lint``.
        summary: The first sentence of its help; for a group, its whole help.
        module: The module below ``ddbinsert.cli`` that registers it; None for a group.
    """

    name: str
    summary: str
    module: str | None = None

    @property
    def group(self) -> str:
        return self.name.rpartition(" ")[0]

    @property
    def short_name(self) -> str:
        """Its name within its group."""
        return self.name.rpartition(" ")[2]


#: The headings of ``ddbinsert --help`` in order, with their commands; a group is followed by its commands.
TABLE: Final[Mapping[str, tuple[CommandRow, ...]]] = {
    "Set up": (
        CommandRow("init", "Write a ddbinsert.yaml for the triggers of the account, or for new ones.", "init"),
        CommandRow("plan", "Show the changes that `up` would make.", "lifecycle"),
        CommandRow("up", "Create or change the triggers in the configuration file.", "lifecycle"),
        CommandRow("enable-stream", "Enable a table's stream and print its ARN.", "provision"),
        CommandRow("create-function", "Create the function with its role and log group; print its ARN.", "provision"),
        CommandRow("attach-trigger", "Attach a function to a table's inserts.", "provision"),
        CommandRow("down", "Remove triggers, and what ddbinsert created for them.", "down"),
    ),
    "Prove": (
        CommandRow("verify", "Prove that the trigger processes every insert and nothing else.", "verify"),
        CommandRow("evidence", "Check the evidence bundles of verify."),
        CommandRow("evidence check", "Check that an evidence bundle is complete and unchanged, and show its contents.", "evidence"),
        CommandRow("send", "Insert test items and delete them afterwards.", "send"),
    ),
    "Inspect": (
        CommandRow("status", "Show the state of a trigger.", "status"),
        CommandRow("doctor", "Find out why a trigger is silent, late or loses records.", "doctor"),
        CommandRow("drift", "Compare the configured settings with the deployed ones; exit with 1 if they differ.", "drift"),
        CommandRow("ls", "List the streams and their consumers: functions, pipes and Kinesis streams.", "ls"),
        CommandRow("records", "Show the records of a table's stream.", "records"),
        CommandRow("tail", "Show the log lines of a function.", "tail"),
    ),
    "Repair": (
        CommandRow("gaps", "Find the inserts that the function missed, and repair them.", "gaps"),
        CommandRow("failures", "List, show and replay the records that Lambda discarded after failed invocations."),
        CommandRow("failures list", "List the records that Lambda discarded, from the on-failure destination.", "failures"),
        CommandRow("failures show", "Show the discarded records, read from the stream, which keeps them for 24 hours.", "failures"),
        CommandRow("failures replay", "Invoke the deployed function with the discarded records again, in stream order.", "failures"),
        CommandRow("backfill", "Invoke the function with the table's existing items, as if they had just been inserted.", "backfill"),
        CommandRow("invoke", "Run the handler with sample records or your own.", "function"),
    ),
    "Filters": (
        CommandRow("filter", "Check, explain, test and build filter patterns."),
        CommandRow("filter explain", "Explain in English which records filters match.", "filters"),
        CommandRow("filter test", "Apply filters to records: matched, or the first clause that failed.", "filters"),
        CommandRow("filter build", "Convert readable conditions to a filter pattern, in compact JSON.", "filters"),
        CommandRow("filter lint", "Check filters for errors that AWS rejects, and for mistakes that it accepts.", "filter_lint"),
        CommandRow("filter backtest", "Apply filters to the records of a table's stream, before attaching them.", "filter_backtest"),
    ),
    "Hand over": (
        CommandRow("export", "Print a trigger as infrastructure code: Terraform, CloudFormation, SAM, CDK or Pulumi.", "export"),
        CommandRow("adopt", "Manage an event source mapping that ddbinsert did not create.", "provision"),
        CommandRow("permissions", "Print an IAM policy with only the permissions that commands need.", "permissions"),
    ),
    "Handlers": (
        CommandRow("function", "Copy handler templates, print sample events, and run handlers with them."),
        CommandRow("function scaffold", "Copy a handler template and its IAM permissions into a folder, to edit it there.", "function"),
        CommandRow("function sample-event", "Print an event as Lambda passes it to the function, with records that fit the table's key.", "function"),
        CommandRow("function invoke", "Run the handler with sample records or your own.", "function"),
        CommandRow("audit", "Query and check the table that the audit-log template writes."),
        CommandRow("audit query", "Show audit entries by item, user or time, newest first.", "audit"),
        CommandRow("audit verify", "Compare the audit table with the inserts in the stream.", "audit"),
        CommandRow("audit create-table", "Create a table for the audit log and print its ARN.", "audit"),
        CommandRow("dedup", "Create the table in which templates record processed events."),
        CommandRow("dedup create-table", "Create a deduplication table and print its ARN.", "audit"),
    ),
    "Tool": (
        CommandRow("demo", "Run a tour on a temporary emulator.", "demo"),
        CommandRow("local", "Start, stop and inspect the embedded emulator of --local."),
        CommandRow("local start", "Start the embedded emulator and wait until it is ready.", "local"),
        CommandRow("local stop", "Stop the embedded emulator and delete everything in it.", "local"),
        CommandRow("local status", "Show whether the embedded emulator is running, and its endpoint.", "local"),
        CommandRow("local env", "Print shell commands that point AWS tools (AWS CLI, SDKs) at the embedded emulator.", "local"),
        CommandRow("config", "Validate ddbinsert.yaml; print its schema."),
        CommandRow("config schema", "Print the JSON Schema of ddbinsert.yaml, for editors and other tools.", "config"),
        CommandRow("config check", "Validate the configuration and show what it describes.", "config"),
    ),
}  # fmt: skip

_ROWS: Final = {row.name: row for rows in TABLE.values() for row in rows}


def below(group: str) -> dict[str, CommandRow]:
    """The commands of a group ("" is the program itself) by their names within it, in the order of the table."""
    return {row.short_name: row for row in _ROWS.values() if row.group == group}


class _Commands(Mapping[str, "Spec"]):
    """Every command by its name; its module is imported when the command is looked up."""

    def __getitem__(self, name: str) -> Spec:
        module = _ROWS[name].module
        if module is None:
            raise KeyError(name)
        importlib.import_module(f"ddbinsert.cli.{module}")
        from ddbinsert.cli.app import registered

        return registered[name]

    def __iter__(self) -> Iterator[str]:
        return (name for name, row in _ROWS.items() if row.module is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, name: object) -> bool:
        return any(name == known for known in self)


commands: Final = _Commands()
