"""Taking a trigger down again: only what is ours, mappings first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.core.converged import Converged
from ddbinsert.core.model import OWNER_TAG
from ddbinsert.core.plan import Scope, teardown
from ddbinsert.errors import Refused
from ddbinsert.operations.converge import carry_out

if TYPE_CHECKING:
    from collections.abc import Callable

    from ddbinsert.aws.session import Aws
    from ddbinsert.core.clock import Clock
    from ddbinsert.core.model import Trigger
    from ddbinsert.core.reporter import Reporter
    from ddbinsert.core.steps import Step
    from ddbinsert.operations.converge import Confirm


def take_down(
    aws: Aws,
    trigger: Trigger,
    *,
    stream: bool,
    table: bool,
    dry_run: bool,
    clock: Clock,
    reporter: Reporter,
    timeout: float,
    confirm: Confirm,
    words: Callable[[Step], str],
) -> Converged:
    """Delete the mapping, and the function, role and log group that ddbinsert made.

    Args:
        stream: Disable the table's stream, too. table: Delete the table, too; only one that ddbinsert made.
        words: A step as the question shows it.

    Raises:
        Refused: The table is to go, and ddbinsert did not make it.
    """
    from ddbinsert.aws.observe import observe, read_table_tags

    world = observe(aws, trigger)
    reporter.header(account=world.account, region=world.region, table=trigger.table)
    if table and world.table is not None and OWNER_TAG not in read_table_tags(aws, world.table.arn):
        raise Refused(
            f"Table {trigger.table} was not made by ddbinsert, so it is not deleted.",
            hint="Leave --table out to take down the trigger alone.",
            code="table-not-ours",
        )
    steps = teardown(world, stream=stream, table=table)
    if not steps:
        reporter.step("nothing to take down")
    elif not dry_run:
        confirm("\n".join(["This will", *(f"  {words(step)}" for step in steps), "Go on?"]))
        world = carry_out(aws, trigger, steps, world, None, clock=clock, reporter=reporter, timeout=timeout)
    return Converged(trigger=trigger, scope=Scope.TRIGGER, steps=steps, world=world, dry_run=dry_run)
