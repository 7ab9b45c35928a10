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

    Attaches a trigger and proves it; removes its filter, finds the leak and repairs it; deletes its mapping, finds
    the missed insert and delivers it. Needs no AWS account and no Docker, and leaves nothing behind.

    Example: ddbinsert demo
    """
    from ddbinsert import local
    from ddbinsert.core.trigger.reporter import Silent
    from ddbinsert.operations import demo as story
    from ddbinsert.operations.connection import local_connection
    from ddbinsert.render import demo as shown
    from ddbinsert.render.verdict import text as verdict

    environment = run.environment
    narrator = shown.Narrator(run.screen, clock=run.clock, silent=run.wants_json)
    narrator.begin()
    with (
        local.ephemeral(environ=environment.variables, clock=run.clock) as emulator,
        tempfile.TemporaryDirectory(prefix="ddbinsert-") as folder,
    ):
        narrator.started()
        aws = environment.connect(local_connection(emulator))
        try:
            told = story.demo(
                aws,
                Path(folder),
                clock=run.clock,
                new_id=environment.new_id,
                reporter=Silent(),
                tell=lambda chapter: narrator.print_command(
                    chapter.command,
                    chapter.lines,
                    proof=chapter.proof,
                    advice=chapter.advice,
                    accident=chapter.accident,
                ),
            )
        finally:
            aws.close()
    good = told.is_as_expected
    narrator.end(good=good)
    return Outcome(
        data={
            "healthy": verdict.data(told.healthy),
            "broken": verdict.data(told.broken),
            "repaired": verdict.data(told.repaired),
            "missed": told.missed.missed,
            "missed_after_repair": told.delivered.missed,
            "as_expected": good,
        },
        exit_code=ExitCode.OK if good else ExitCode.NO,
    )
