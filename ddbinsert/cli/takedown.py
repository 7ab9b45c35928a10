"""down: the end of a trigger."""

from __future__ import annotations

from typing import Annotated

import typer

from ddbinsert.cli.app import Table, command
from ddbinsert.cli.options import NAME, Settings
from ddbinsert.cli.run import Outcome, Run

#: Seconds for any one wait.
TIMEOUT = 180.0


@command("down", settings=NAME)
def down(
    run: Run,
    settings: Settings,
    *,
    table: Table = None,
    stream: Annotated[bool, typer.Option("--stream", help="Disable the table's stream, too.")] = False,
    delete_table: Annotated[
        bool, typer.Option("--table", help="Delete the table, too; only one that ddbinsert made.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan and change nothing.")] = False,
) -> Outcome:
    """Take a trigger down.

    Its mapping, and the function, role and log group that ddbinsert made. Asks first. What ddbinsert did not make stays.

    Example: ddbinsert down orders
    """
    from ddbinsert.operations.takedown import take_down
    from ddbinsert.render import converged, steps

    done = take_down(
        run.aws,
        run.trigger(table, settings),
        stream=stream,
        table=delete_table,
        dry_run=dry_run,
        clock=run.clock,
        reporter=run.reporter,
        timeout=run.timeout(TIMEOUT),
        confirm=run.confirm,
        words=steps.future,
    )
    return Outcome(data=converged.data(done), human=lambda screen: converged.taken_down(screen, done))
