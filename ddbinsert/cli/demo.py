"""demo: the whole story, on an emulator that lives as long as the command."""

from __future__ import annotations

import tempfile
from pathlib import Path

from ddbinsert.cli.app import command
from ddbinsert.cli.run import Outcome, Run
from ddbinsert.errors import ExitCode


@command("demo", offline=True)
def demo(run: Run) -> Outcome:
    """Show everything on an emulator of its own.

    Attaches a trigger, proves it, breaks it, finds that out, takes it down. Needs no AWS account and no Docker; leaves nothing behind.

    Example: ddbinsert demo
    """
    from ddbinsert import local
    from ddbinsert.aws.session import Connection
    from ddbinsert.core.reporter import Silent
    from ddbinsert.operations import demo as story
    from ddbinsert.render import demo as shown
    from ddbinsert.render import verdict

    environment = run.environment
    told = shown.Narrator(run.screen, clock=run.clock, silent=run.wants_json)
    told.begin()
    with (
        local.ephemeral(environ=environment.variables, clock=run.clock) as emulator,
        tempfile.TemporaryDirectory(prefix="ddbinsert-") as folder,
    ):
        told.started()
        aws = environment.connect(
            Connection(
                region="us-east-1",
                endpoint_url=emulator.endpoint,
                access_key_id=emulator.access_key_id,
                secret_access_key=emulator.secret_access_key,
                is_local=True,
            )
        )
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
