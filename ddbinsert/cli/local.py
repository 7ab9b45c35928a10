"""local: start, stop and inspect the embedded emulator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ddbinsert.advice import Advice
from ddbinsert.cli.app import command
from ddbinsert.cli.run import Outcome, Run
from ddbinsert.core.times import seconds
from ddbinsert.errors import ExitCode, PrerequisiteError

if TYPE_CHECKING:
    from pathlib import Path


#: Maximum seconds to wait; usually the emulator is ready in less than one.
_READY_TIMEOUT = 30.0

_Timeout = Annotated[
    str | None,
    typer.Option(
        "--timeout",
        metavar="DURATION",
        help="Maximum time to wait, such as 90s [default: 30s].",
        rich_help_panel="Output",
        show_default=False,
    ),
]


@command("local start", offline=True)
def start(run: Run, timeout: _Timeout = None) -> Outcome:
    """Start the embedded emulator and wait until it is ready.

    Does nothing if it is running. It runs until `ddbinsert local stop`, listens on 127.0.0.1 only, and accepts only
    requests with a key that is generated at each start.

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


@command("local stop", offline=True)
def stop(run: Run) -> Outcome:
    """Stop the embedded emulator and delete everything in it. Does nothing if it is not running.

    Example: ddbinsert local stop
    """
    from ddbinsert import local

    stopped = local.stop(_place(run), clock=run.environment.clock)
    said = "Stopped the embedded emulator." if stopped else "The embedded emulator was not running."
    return Outcome(data={"stopped": stopped}, human=lambda screen: screen.line(said))


@command("local status", offline=True)
def status(run: Run) -> Outcome:
    """Show whether the embedded emulator is running, and its endpoint. Exit code 0 if it is ready, 1 if not.

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


@command("local env", offline=True)
def env(run: Run) -> Outcome:
    """Print shell commands that point AWS tools (AWS CLI, SDKs) at the embedded emulator.

    The commands contain the emulator's key: let the shell evaluate them, and keep them out of logs.

    Example: eval "$(ddbinsert local env)" && aws dynamodb list-tables
    """
    from ddbinsert import local
    from ddbinsert.render import local as shown

    emulator = local.find(_place(run))
    if emulator is None:
        raise PrerequisiteError(
            "The embedded emulator is not running.",
            hint=Advice("Start it", ("local", "start")),
            code="emulator-not-running",
        )
    change = local.redirection(emulator, run.environment.variables)
    return Outcome(data=change, human=lambda screen: shown.shell(screen, change))


def _place(run: Run) -> Path:
    from ddbinsert import local

    return local.state_directory(run.environment.variables)
