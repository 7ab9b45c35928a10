"""audit: the audit log that the audit-log template keeps, read back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ddbinsert.cli.app import Table, app, command
from ddbinsert.cli.options import NAME, Settings
from ddbinsert.cli.run import Outcome, Run
from ddbinsert.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddbinsert.core.model import Trigger

group = typer.Typer(no_args_is_help=True, help="The audit log that the audit-log template keeps in a table.")
app.add_typer(group, name="audit")

_TIMEOUT = 120.0
_MOST = 10_000

Audit = Annotated[
    str | None,
    typer.Option("--audit", metavar="TABLE", help="The audit table [default: the function's SINK_ARN]."),
]
Key = Annotated[
    str | None,
    typer.Option("--key", metavar="JSON", help='Entries of this item: \'{"id":"a","n":5}\'.'),
]
User = Annotated[str | None, typer.Option("--user", metavar="TEXT", help="Entries of this user.")]
Since = Annotated[
    str | None,
    typer.Option("--since", metavar="WHEN", help="From when on: 2h30m ago, or a time in ISO 8601."),
]
Until = Annotated[str | None, typer.Option("--until", metavar="WHEN", help="Up to when, likewise.")]
Limit = Annotated[int, typer.Option("--limit", "-n", metavar="N", help="The newest so many.")]
Images = Annotated[bool, typer.Option("--images", help="Show the items, too.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="The audit table's name.", show_default=False)]
ByTable = Annotated[
    bool,
    typer.Option(
        "--by-table", help="An index by table and time, too: for at most some 1,000 inserts a second."
    ),
]


@command("query", group=group, prefix="audit", settings=NAME)
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
) -> Outcome:
    """Show what was inserted into a table: by item, by user, by time; the newest first.

    Example: ddbinsert audit query orders --user ann --since 2h
    """
    from ddbinsert.operations import audit as carry_out
    from ddbinsert.operations.tail import moment
    from ddbinsert.render import audit as words

    if not 1 <= limit <= _MOST:
        raise UsageError(f"--limit {limit}: at least 1, and at most {_MOST}.")
    trigger = run.trigger(table, settings)
    now = run.clock.now()
    asked = carry_out.question(
        key=key,
        user=user,
        table=trigger.table,
        since=moment(since, now) if since else None,
        until=moment(until, now) if until else None,
    )
    name = carry_out.audit_table(audit, lambda: _environments(run, trigger))
    said = carry_out.ask(run.aws, name, asked, limit=limit, reporter=run.reporter)
    return Outcome(data=said, human=lambda screen: words.answer(screen, said, images=images))


def _environments(run: Run, trigger: Trigger) -> list[Mapping[str, str]]:
    from ddbinsert.aws.observe import read_function

    if trigger.function.environment:
        return [trigger.function.environment]
    deployed = read_function(run.aws, trigger.function_name)
    return [deployed.environment] if deployed else []


@command("create-table", group=group, prefix="audit", makes=True)
def create_table(run: Run, name: Name, *, by_table: ByTable = False) -> Outcome:
    """Make a table for the audit log, with indexes by item and by user, and print its ARN.

    Example: ddbinsert audit create-table orders-audit
    """
    from ddbinsert.aws.audit import create_table as make

    arn = make(run.aws, name, by_table=by_table, clock=run.clock, timeout=run.timeout(_TIMEOUT))

    run.reporter.step(
        "to write to it: " + run.again(f"attach-trigger TABLE --template audit-log --env SINK_ARN={arn}")
    )
    return Outcome(data={"table": name, "arn": arn}, human=lambda screen: screen.line(arn))
