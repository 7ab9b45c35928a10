"""backfill: invoke a function with items that were inserted before it existed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ddbinsert.cli.app import Table, command
from ddbinsert.cli.consumers import Stack, Tag, consumer_of
from ddbinsert.cli.limits import check_batches
from ddbinsert.cli.options import NAME, DryRun, Settings
from ddbinsert.cli.run import Outcome, Run
from ddbinsert.errors import ExitCode

if TYPE_CHECKING:
    from ddbinsert.operations.gaps.command import Filling

_TIMEOUT = 3600.0

Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        metavar="CONDITION",
        help="Only items that meet this condition, such as 'NewImage.status = \"NEW\"'. May be given several times; "
        "all must be met.",
    ),
]
Limit = Annotated[
    int | None, typer.Option("--limit", min=1, metavar="N", help="Maximum number of items to deliver.")
]
Rate = Annotated[
    float | None,
    typer.Option("--rate", min=0.1, metavar="N", help="Maximum number of items to read per second."),
]
TimeAttribute = Annotated[
    str | None,
    typer.Option(
        "--time-attribute",
        metavar="NAME",
        help="Attribute with the time at which an item was inserted: epoch seconds, milliseconds or ISO 8601 [default: now].",
    ),
]
Missing = Annotated[
    bool, typer.Option("--missing", help="Only items without an entry in the function's sink (a table).")
]
Again = Annotated[bool, typer.Option("--again", help="Include items that an earlier backfill delivered.")]
BatchSize = Annotated[int, typer.Option("--batch-size", metavar="N", help="Items per invocation.")]
Attempts = Annotated[
    int, typer.Option("--attempts", metavar="N", help="Maximum number of invocations per failing item.")
]


@command("backfill", settings=NAME)
def backfill(
    run: Run,
    settings: Settings,
    *,
    table: Table = None,
    where: Where = None,
    limit: Limit = None,
    rate: Rate = None,
    time_attribute: TimeAttribute = None,
    missing: Missing = False,
    again: Again = False,
    batch_size: BatchSize = 100,
    attempts: Attempts = 3,
    dry_run: DryRun = False,
    stack: Stack = None,
    tag: Tag = None,
) -> Outcome:
    """Invoke the function with the table's existing items, as if they had just been inserted.

    Scans the table, builds an INSERT record from each item that the mapping's filter matches, and marks it as a
    backfill. An interrupted backfill can be continued by running it again on this machine; no item is delivered
    twice.

    Example: ddbinsert backfill orders --where 'NewImage.status = "NEW"' --dry-run
    """
    from ddbinsert.local.directory import state_directory
    from ddbinsert.operations.gaps.backfill import BackfillOptions
    from ddbinsert.operations.gaps.command import backfilling
    from ddbinsert.render import gaps as words

    check_batches(batch_size=batch_size, attempts=attempts)
    trigger, _, _ = consumer_of(run, run.trigger(table, settings), stack=stack, tags=tag)
    options = BackfillOptions(
        where=tuple(where or ()),
        limit=limit,
        rate=rate,
        time_attribute=time_attribute,
        missing=missing,
        again=again,
        batch_size=batch_size,
        attempts=attempts,
        dry_run=dry_run,
    )
    folder = state_directory(run.environment.variables).parent / "repairs"
    with backfilling(run.context(_TIMEOUT), trigger, options, repairs=folder) as filling:
        if not dry_run:
            _confirm(run, filling, limit)
        done = filling.carry_out()
    return Outcome(
        data=words.backfill_data(done, dry_run=dry_run),
        human=lambda screen: words.backfilled(screen, done, dry_run=dry_run, missing=missing),
        exit_code=ExitCode.OK if done.ok else ExitCode.NO,
    )


def _confirm(run: Run, filling: Filling, limit: int | None) -> None:
    """Ask before the table is read and the function is invoked.

    Raises:
        UsageError: There is no terminal and no --yes, or the answer was no.
    """
    most = "" if limit is None else f" at most {limit:,} of"
    run.confirm(
        f"Scan table {filling.subject.table.name} (about {filling.items:,} items) and invoke {filling.function} with{most} "
        "its items?"
    )
