"""status: everything around one trigger at a glance."""

from __future__ import annotations

from ddbinsert.cli.app import Table, command
from ddbinsert.cli.options import NAME, Settings
from ddbinsert.cli.run import Outcome, Run
from ddbinsert.errors import PrerequisiteError


@command("status", settings=NAME)
def status(run: Run, settings: Settings, *, table: Table = None) -> Outcome:
    """Show a trigger at a glance.

    Its table, stream, function and mapping. Changes nothing.

    Example: ddbinsert status orders
    """
    from ddbinsert.aws.observe import observe
    from ddbinsert.render import world as shown

    trigger = run.trigger(table, settings)
    world = observe(run.aws, trigger, others=True)
    run.reporter.header(account=world.account, region=world.region, table=trigger.table)
    if world.table is None:
        raise PrerequisiteError(
            f"Table {trigger.table} does not exist in {world.region}.",
            hint="Check the name, --region and --profile.",
            code="table-not-found",
        )
    return Outcome(
        data=shown.data(trigger, world),
        human=lambda screen: shown.human(
            screen, trigger, world, attach=run.again(f"attach-trigger {trigger.table}")
        ),
    )
