"""Runs that may have left test items in a table; commands that read the table warn about them."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from ddbinsert.advice import Advice
from ddbinsert.errors import DdbInsertError

if TYPE_CHECKING:
    from ddbinsert.cli.run import Run
    from ddbinsert.operations.items.open_sends import OpenSends


def open_sends(run: Run) -> OpenSends:
    """The records of the user's runs of send."""
    from ddbinsert.local.directory import state_directory
    from ddbinsert.operations.items.open_sends import OpenSends

    return OpenSends(state_directory(run.environment.variables).parent / "sends")


def place(run: Run) -> str:
    """The endpoint and region of a run, because a table of the same name elsewhere is another table."""
    return f"{run.aws.endpoint or 'AWS'}, region {run.aws.region}"


def mention_leftovers(run: Run, table: str) -> None:
    """Warn about runs of send and verify that may have left items in a table, with the command to remove them."""
    from ddbinsert.local.directory import state_directory
    from ddbinsert.operations.verify.open_runs import OpenRuns

    with suppress(DdbInsertError, OSError):
        here = place(run)
        for one in open_sends(run).of_table(table):
            if one.where != here:
                continue
            text = f"a run of send ({one.run_id}) may have left up to {one.count} items in table {table}"
            if one.has_own_keys:
                advice = Advice("see which of them are there with", one.undo) if one.undo else None
                run.reporter.warn(f"{text}; they have your own keys", advice)
            else:
                run.reporter.warn(text, Advice("remove them with", one.undo))
        runs = OpenRuns(state_directory(run.environment.variables).parent / "runs")
        for run_id in runs.runs():
            if runs.is_in_progress(run_id):
                continue
            with suppress(DdbInsertError):
                note = runs.read(run_id)
                if (note.get("table"), note.get("where")) == (table, run.aws.connection.endpoint_url or ""):
                    run.reporter.warn(
                        f"a run of verify ({run_id}) may have left items in table {table}",
                        Advice("remove them with", ("verify", table, "--cleanup", run_id)),
                    )
