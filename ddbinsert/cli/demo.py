"""demo: a tour of ddbinsert, on an emulator that runs only during the command."""

from __future__ import annotations

import tempfile
from pathlib import Path

from ddbinsert.cli.app import command
from ddbinsert.cli.run import Outcome, Run
from ddbinsert.errors import ExitCode


@command("demo", offline=True)
def demo(run: Run) -> Outcome:
    """Run a tour on a temporary emulator.

    Attaches a trigger, verifies it, breaks it, detects the fault, and removes the trigger. Needs no AWS account and
    no Docker, and leaves nothing behind.

    Example: ddbinsert demo
    """
    from ddbinsert import local
    from ddbinsert.core.trigger.reporter import Silent
    from ddbinsert.operations import demo as story
    from ddbinsert.operations.connection import local_connection
    from ddbinsert.render import demo as shown
    from ddbinsert.render.verdict import text as verdict

    environment = run.environment
    told = shown.Narrator(run.screen, clock=run.clock, silent=run.wants_json)
    told.begin()
    with (
        local.ephemeral(environ=environment.variables, clock=run.clock) as emulator,
        tempfile.TemporaryDirectory(prefix="ddbinsert-") as folder,
    ):
        told.started()
        aws = environment.connect(local_connection(emulator))
        try:
            healthy, broken = story.demo(
                aws,
                Path(folder),
                clock=run.clock,
                new_id=environment.new_id,
                reporter=Silent(),
                tell=lambda chapter: told.tell(chapter.command, chapter.text, chapter.proof),
            )
        finally:
            aws.close()
    good = story.is_as_told(healthy, broken)
    told.end(good=good)
    return Outcome(
        data={"healthy": verdict.data(healthy), "broken": verdict.data(broken), "as_expected": good},
        exit_code=ExitCode.OK if good else ExitCode.NO,
    )
