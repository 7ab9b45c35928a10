"""enable-stream, create-function, attach-trigger: one converge, three scopes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ddbinsert.cli.app import Table, command
from ddbinsert.cli.options import FUNCTION, MAPPING, NAME, VIEW, Settings
from ddbinsert.cli.run import Outcome, Run
from ddbinsert.errors import UsageError

if TYPE_CHECKING:
    from ddbinsert.core.converged import Converged
    from ddbinsert.core.model import StartingPosition, Trigger
    from ddbinsert.core.package import Package
    from ddbinsert.core.plan import Scope

#: Seconds for any one wait: IAM's propagation and a mapping's states take up to a minute and a half.
TIMEOUT = 180.0

CreateTable = Annotated[
    str | None,
    typer.Option(
        "--create-table", metavar="KEY", help="Create a missing table with this key: pk:S or pk:S,sk:N."
    ),
]
Replace = Annotated[
    bool,
    typer.Option("--replace", help="Replace a live stream of another view type (a new ARN; asks first)."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the plan and change nothing.")]
Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        metavar="CONDITION",
        help="Only inserts of which this holds, such as 'NewImage.status = \"NEW\"'; given several times, all must "
        "hold.",
    ),
]
Prune = Annotated[
    bool, typer.Option("--prune", help="Delete our mappings that were left on dead streams (asks first).")
]


@command("enable-stream", makes=True, settings=(*VIEW, *NAME))
def enable_stream(
    run: Run,
    settings: Settings,
    *,
    table: Table = None,
    create_table: CreateTable = None,
    replace: Replace = False,
    dry_run: DryRun = False,
) -> Outcome:
    """Enable a table's stream and print its ARN.

    Does nothing where the stream is live with this view type already.

    Example: ddbinsert enable-stream orders --view-type NEW_IMAGE
    """
    from ddbinsert.core.plan import Scope
    from ddbinsert.render import converged

    done = _converge(
        run,
        Scope.STREAM,
        table,
        settings,
        create_table=create_table,
        replace=replace,
        prune=False,
        dry_run=dry_run,
    )
    return Outcome(data=converged.data(done), human=lambda screen: converged.stream(screen, done))


@command("create-function", makes=True, settings=FUNCTION)
def create_function(run: Run, settings: Settings, *, table: Table = None, dry_run: DryRun = False) -> Outcome:
    """Create the function; print its ARN.

    With its role and log group; brings up to date what is there already.

    Example: ddbinsert create-function orders --template print --runtime nodejs22.x
    """
    from ddbinsert.core.plan import Scope
    from ddbinsert.render import converged

    done = _converge(
        run,
        Scope.FUNCTION,
        table,
        settings,
        create_table=None,
        replace=False,
        prune=False,
        dry_run=dry_run,
    )
    return Outcome(data=converged.data(done), human=lambda screen: converged.function(screen, done))


@command("attach-trigger", makes=True, settings=(*VIEW, *FUNCTION, *MAPPING))
def attach_trigger(
    run: Run,
    settings: Settings,
    *,
    table: Table = None,
    where: Where = None,
    create_table: CreateTable = None,
    replace: Replace = False,
    prune: Prune = False,
    dry_run: DryRun = False,
) -> Outcome:
    """Attach a function to a table's inserts.

    Creates whatever is missing: stream, role, log group, function, mapping. Running it again brings what is there to what is wanted, and changes nothing that is right already.

    Example: ddbinsert attach-trigger orders
    """
    from ddbinsert.core.plan import Scope
    from ddbinsert.render import converged

    done = _converge(
        run,
        Scope.TRIGGER,
        table,
        settings,
        create_table=create_table,
        replace=replace,
        prune=prune,
        dry_run=dry_run,
        where=tuple(where or ()),
    )
    return Outcome(
        data=converged.data(done),
        human=lambda screen: converged.trigger(
            screen, done, next_step=run.again(f"verify {done.trigger.table}")
        ),
    )


def _converge(
    run: Run,
    scope: Scope,
    table: str | None,
    settings: Settings,
    *,
    create_table: str | None,
    replace: bool,
    prune: bool,
    dry_run: bool,
    where: tuple[str, ...] = (),
) -> Converged:
    from ddbinsert.core.keys import parse_key
    from ddbinsert.operations.converge import Wishes, converge

    configuration = run.configuration(table, settings)
    trigger = run.trigger_of(configuration)
    wishes = Wishes(
        create_table=None if create_table is None else parse_key(create_table),
        replace=replace,
        prune=prune,
        dry_run=dry_run,
        where=where,
        adopt_view="view_type" not in configuration.sources,
    )
    return converge(
        run.aws,
        trigger,
        scope,
        wishes,
        clock=run.clock,
        reporter=run.reporter,
        timeout=run.timeout(TIMEOUT),
        package=lambda wanted: _package(run, wanted),
        confirm=run.confirm,
        choose_position=lambda inserts, at_least: _choose(run, inserts, at_least=at_least),
    )


def _package(run: Run, wanted: Trigger) -> Package:
    from ddbinsert.operations import code

    if run.aws.connection.is_local:
        code.refuse_pretence(wanted.function)
    return code.build(wanted, run.environment.cwd, lambda: run.aws)


def _choose(run: Run, inserts: int, *, at_least: bool) -> StartingPosition:
    """Ask where to start on a stream that holds history.

    Raises:
        UsageError: Nobody can be asked; the message names the flag.
    """
    from ddbinsert.core.model import StartingPosition

    count = f"{'at least ' if at_least else ''}{inserts} insert{'' if inserts == 1 else 's'}"
    situation = f"The stream holds {count} from before: from TRIM_HORIZON the function gets them all again."
    answer = run.ask(
        f"{situation}\nReplay them? [r]eplay (TRIM_HORIZON), [s]kip (LATEST: what is written in the next "
        "minute may be missed), or anything else to stop:"
    )
    match answer:
        case None:
            raise UsageError(
                situation,
                hint="Choose: --starting-position TRIM_HORIZON (replay) or --starting-position LATEST (skip; "
                "what is written before the mapping polls, some minute, may be missed).",
                code="starting-position-needed",
            )
        case "r" | "replay":
            return StartingPosition.TRIM_HORIZON
        case "s" | "skip":
            return StartingPosition.LATEST
        case _:
            raise UsageError("Not confirmed; nothing was changed.", code="not-confirmed")
