"""audit: create, query and compare the table of an audit log; dedup: create a deduplication table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ddbinsert.cli.app import Table, command
from ddbinsert.cli.options import NAME, Settings
from ddbinsert.cli.run import Outcome, Run
from ddbinsert.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddbinsert.core.model.wanted import Trigger
    from ddbinsert.operations.gaps.scope import Options
    from ddbinsert.operations.own_tables import Made


_TIMEOUT = 120.0
#: Time limit in seconds: reading a day of a busy stream takes long.
_COMPARING = 3600.0
_EXAMPLES = 20
_MOST = 10_000
_LONGEST_RETENTION = 36_500

Audit = Annotated[
    str | None,
    typer.Option(
        "--audit", metavar="TABLE", help="The audit table, by name or ARN [default: the function's SINK_ARN]."
    ),
]
Key = Annotated[
    str | None,
    typer.Option("--key", metavar="JSON", help='Entries of this item: \'{"id":"a","n":5}\'.'),
]
User = Annotated[str | None, typer.Option("--user", metavar="TEXT", help="Entries of this user.")]
Since = Annotated[
    str | None,
    typer.Option(
        "--since", metavar="WHEN", help="Entries from this time on: 2h30m (ago), or a time in ISO 8601."
    ),
]
Until = Annotated[
    str | None, typer.Option("--until", metavar="WHEN", help="Entries up to this time, in the same formats.")
]
Compared = Annotated[
    str | None,
    typer.Option(
        "--since",
        metavar="WHEN",
        help="Inserts from this time on: 6h (ago), or a time in ISO 8601 [default: all that the stream holds].",
    ),
]
Settle = Annotated[
    str | None,
    typer.Option(
        "--settle",
        metavar="DURATION",
        help="Inserts younger than this count as pending [default: 5m plus the maximum duration of an invocation; "
        "10s if the endpoint is not AWS].",
    ),
]
FromTable = Annotated[
    bool,
    typer.Option(
        "--from-table",
        help="Compare with the items in the table instead of the stream. Scans both tables; read capacity is charged.",
    ),
]
Limit = Annotated[int, typer.Option("--limit", "-n", metavar="N", help="Number of entries, the newest ones.")]
Images = Annotated[bool, typer.Option("--images", help="Also show the items.")]
TestItems = Annotated[
    bool, typer.Option("--test-items", help="Include entries of `ddbinsert verify`'s test items.")
]
Name = Annotated[str, typer.Argument(metavar="NAME", help="The table's name.", show_default=False)]
ByTable = Annotated[
    bool,
    typer.Option(
        "--by-table/--no-by-table",
        help="Create an index by table and time (16 partitions), for queries without --key and --user.",
    ),
]
Retention = Annotated[
    int | None,
    typer.Option("--retention", metavar="DAYS", help="Delete entries after this time [default: never]."),
]
KmsKey = Annotated[
    str | None,
    typer.Option(
        "--kms-key", metavar="ARN", help="KMS key that encrypts the table [default: an AWS owned key]."
    ),
]
Protect = Annotated[
    bool,
    typer.Option(
        "--protect/--no-protect",
        help="Enable point-in-time recovery, deletion protection, and a policy that denies updates and deletes of entries.",
    ),
]


@command("audit query", settings=NAME)
def query(
    run: Run,
    settings: Settings,
    *,
    table: Table = None,
    audit: Audit = None,
    key: Key = None,
    user: User = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 100,
    images: Images = False,
    test_items: TestItems = False,
) -> Outcome:
    """Show audit entries by item, user or time, newest first.

    Entries of verify's test items are counted and left out, unless --test-items is given.

    Example: ddbinsert audit query orders --user ann --since 2h
    """
    from ddbinsert.core.times import parse_time
    from ddbinsert.operations import audit as carry_out
    from ddbinsert.render import audit as words

    if not 1 <= limit <= _MOST:
        raise UsageError(f"--limit {limit}: must be between 1 and {_MOST}.")
    trigger = run.trigger(table, settings)
    now = run.clock.now()
    asked = carry_out.question(
        key=key,
        user=user,
        table=trigger.table,
        since=parse_time(since, now) if since else None,
        until=parse_time(until, now, name="--until") if until else None,
    )
    name = carry_out.audit_table(audit, lambda: _environments(run, trigger), region=run.aws.region)
    answer = carry_out.query_audit_log(run.context(_TIMEOUT), name, asked, limit=limit, test_items=test_items)
    return Outcome(data=answer, human=lambda screen: words.print_entries(screen, answer, images=images))


@command("audit verify", settings=NAME)
def verify(
    run: Run,
    settings: Settings,
    *,
    table: Table = None,
    audit: Audit = None,
    since: Compared = None,
    until: Until = None,
    settle: Settle = None,
    from_table: FromTable = False,
) -> Outcome:
    """Compare the audit table with the inserts in the stream.

    Looks up the audit entry of each insert of the last 24 hours, or of each item in the table (--from-table). Exit
    code 0: all entries exist; 1: some are missing; 6: unknown for some. Changes nothing.

    Example: ddbinsert audit verify orders --since 6h
    """
    from ddbinsert.operations import audit as carry_out
    from ddbinsert.operations.gaps import audit_table
    from ddbinsert.render import audit as words

    if from_table and (since or until):
        raise UsageError(
            "--since and --until cannot be combined with --from-table, which does not know the times of inserts.",
            hint="Leave them out.",
        )
    trigger = run.trigger(table, settings)
    name = carry_out.audit_table(audit, lambda: _environments(run, trigger), region=run.aws.region)
    context, options = run.context(_COMPARING), _options(run, since, until, settle)
    compare = audit_table.compare_with_items if from_table else audit_table.compare_with_stream
    found = compare(context, trigger, name, options)
    advice = run.command_line(f"gaps {trigger.table} --compare-sink")
    return Outcome(
        data=words.compared_data(found),
        human=lambda screen: words.compared(screen, found, advice=advice),
        exit_code=found.exit_code,
    )


def _options(run: Run, since: str | None, until: str | None, settle: str | None) -> Options:
    """The options of the comparison.

    Raises:
        UsageError: A time is not valid.
    """
    from ddbinsert.core.times import parse_time, seconds
    from ddbinsert.operations.gaps.scope import Options

    now = run.clock.now()
    options = Options(
        since=parse_time(since, now) if since else None,
        until=parse_time(until, now, name="--until") if until else None,
        settle=seconds(settle, name="--settle") if settle else None,
        examples=_MOST if run.wants_json else _EXAMPLES,
    )
    if options.since is not None and options.until is not None and options.until < options.since:
        raise UsageError("--until is before --since.", hint="Swap them.")
    return options


def _environments(run: Run, trigger: Trigger) -> list[Mapping[str, str]]:
    from ddbinsert.operations.existing_resources import deployed_function

    if trigger.function.environment:
        return [trigger.function.environment]
    deployed = deployed_function(run.aws, trigger.function_name)
    return [deployed.environment] if deployed else []


@command("audit create-table", makes=True)
def create_table(
    run: Run,
    name: Name,
    *,
    by_table: ByTable = True,
    retention: Retention = None,
    kms_key: KmsKey = None,
    protect: Protect = True,
) -> Outcome:
    """Create a table for the audit log and print its ARN. If the table exists, adds what is missing.

    Creates indexes by item, user and table. Each index contains complete entries, which adds to the cost of writes
    and storage.

    Example: ddbinsert audit create-table orders-audit --retention 365
    """
    from ddbinsert.operations.own_tables import make_audit_table

    if retention is not None and not 1 <= retention <= _LONGEST_RETENTION:
        raise UsageError(f"--retention {retention}: must be between 1 and {_LONGEST_RETENTION} days.")
    made = make_audit_table(
        run.context(_TIMEOUT),
        name,
        by_table=by_table,
        expires=retention is not None,
        kms_key=kms_key,
        protect=protect,
    )
    keeping = f" --env RETENTION_DAYS={retention}" if retention else ""
    return _creation_outcome(
        run, name, made, f"attach-trigger TABLE --template audit-log --env SINK_ARN={{arn}}{keeping}"
    )


@command("dedup create-table", makes=True)
def create_deduplication_table(run: Run, name: Name, *, kms_key: KmsKey = None) -> Outcome:
    """Create a deduplication table and print its ARN. If the table exists, adds what is missing.

    Entries expire after seven days (time to live). Functions can share the table: each entry identifies one
    function, sink and event.

    Example: ddbinsert dedup create-table orders-processed
    """
    from ddbinsert.operations.own_tables import make_deduplication_table

    made = make_deduplication_table(run.context(_TIMEOUT), name, kms_key=kms_key)
    return _creation_outcome(
        run, name, made, "attach-trigger TABLE --template TEMPLATE --env DEDUPLICATION_TABLE_ARN={arn}"
    )


def _creation_outcome(run: Run, name: str, made: Made, next_step: str) -> Outcome:
    for what in made.done:
        run.reporter.step(f"{name}: {what}")
    for what in made.missing:
        run.reporter.warn(f"{name}: not set: {what}")
    if not made.created:
        run.reporter.step(f"{name} existed already")
    run.reporter.step("to write to it: " + run.command_line(next_step.format(arn=made.arn)))
    return Outcome(
        data={"table": name, "arn": made.arn, "created": made.created, "missing": made.missing},
        human=lambda screen: screen.line(made.arn),
    )
