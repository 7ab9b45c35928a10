from __future__ import annotations

from ddbinsert.cli.app import Table, command
from ddbinsert.cli.run import Outcome, Run


@command("status")
def status(run: Run, table: Table = None) -> Outcome:
    """Show a trigger's parts at a glance.

    Example: ddbinsert status orders
    """
    return Outcome(data={"table": table})
