"""local: the embedded emulator's life."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ddbinsert.cli.app import app, command
from ddbinsert.cli.run import Outcome, Run
from ddbinsert.core.duration import seconds
from ddbinsert.errors import ExitCode, PrerequisiteError

if TYPE_CHECKING:
    from pathlib import Path

group = typer.Typer(
    no_args_is_help=True,
    help="Start and stop the embedded emulator that --local speaks to. No Docker, no AWS account.",
)
app.add_typer(group, name="local")

#: Seconds; it is up in under one, on a machine that does little else.
_READY_TIMEOUT = 30.0

_Timeout = Annotated[
    str | None,
    typer.Option(
        "--timeout",
        metavar="DURATION",
        help="Longest wait, such as 90s [default: 30s].",
        rich_help_panel="Result",
        show_default=False,
    ),
]


@command("start", group=group, prefix="local", offline=True)
def start(run: Run, timeout: _Timeout = None) -> Outcome:
    """Start the embedded emulator, unless it runs, and wait until it is ready.

    It goes on until `ddbinsert local stop`. It listens on 127.0.0.1 alone, and answers only to a key that it
    makes for itself at each start.

    Example: ddbinsert local start
    """
    from ddbinsert import local
    from ddbinsert.render import local as shown

    environment, place = run.environment, _place(run)
    patience = seconds(timeout, name="--timeout") if timeout else _READY_TIMEOUT
    ran_already = local.find(place) is not None
    emulator = local.start(place, environ=environment.variables, clock=environment.clock, timeout=patience)
    return Outcome(
        data={"started": not ran_already, **shown.data(local.Health.READY, emulator)},
        human=lambda screen: shown.started(screen, emulator, ran_already=ran_already),
    )


@command("stop", group=group, prefix="local", offline=True)
def stop(run: Run) -> Outcome:
    """Stop the embedded emulator; everything in it is gone. Does nothing where none runs.

    Example: ddbinsert local stop
    """
    from ddbinsert import local

    stopped = local.stop(_place(run), clock=run.environment.clock)
    said = "Stopped the embedded emulator." if stopped else "The embedded emulator was not running."
    return Outcome(data={"stopped": stopped}, human=lambda screen: screen.line(said))


@command("status", group=group, prefix="local", offline=True)
def status(run: Run) -> Outcome:
    """Say whether the embedded emulator runs, and where. Exit code 0 if it is ready, 1 if not.

    Example: ddbinsert local status
    """
    from ddbinsert import local
    from ddbinsert.render import local as shown

    seen = local.status(_place(run))
    now = run.clock.now()
    return Outcome(
        data=shown.data(seen.health, seen.emulator),
        human=lambda screen: shown.status(screen, seen, now=now),
        exit_code=ExitCode.OK if seen.health is local.Health.READY else ExitCode.NO,
    )


@command("env", group=group, prefix="local", offline=True)
def env(run: Run) -> Outcome:
    """Print what points any AWS tool of a shell (AWS CLI, SDKs) at the embedded emulator.

    The lines hold the emulator's key: have the shell evaluate them, and keep them out of logs.

    Example: eval "$(ddbinsert local env)" && aws dynamodb list-tables
    """
    from ddbinsert import local
    from ddbinsert.render import local as shown

    emulator = local.find(_place(run))
    if emulator is None:
        raise PrerequisiteError(
            "The embedded emulator is not running.",
            hint="`ddbinsert local start` starts it.",
            code="emulator-not-running",
        )
    change = local.redirection(emulator, run.environment.variables)
    return Outcome(data=change, human=lambda screen: shown.shell(screen, change))


def _place(run: Run) -> Path:
    from ddbinsert import local

    return local.state_directory(run.environment.variables)
