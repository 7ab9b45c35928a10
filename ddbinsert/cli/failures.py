"""failures: what Lambda gave up, looked at and given to the function again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ddbinsert.cli.app import Table, app, command
from ddbinsert.cli.options import NAME, Settings
from ddbinsert.cli.run import Outcome, Run
from ddbinsert.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from ddbinsert.core.model import Trigger, World

group = typer.Typer(
    no_args_is_help=True,
    help="Records that the function failed on and Lambda gave up: list them, look at them, replay them.",
)
app.add_typer(group, name="failures")

From = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="ARN",
        help="The queue or bucket to read [default: the mapping's on-failure destination].",
    ),
]
Everything = Annotated[bool, typer.Option("--all", help="Failures of other functions, too.")]
Ids = Annotated[
    list[str] | None,
    typer.Option("--id", metavar="ID", help="This failure alone; may be given several times."),
]
BatchSize = Annotated[
    int,
    typer.Option(
        "--batch-size",
        metavar="N",
        help="Records an invocation; above 1, some may be given twice where one of them fails.",
    ),
]
Attempts = Annotated[int, typer.Option("--attempts", metavar="N", help="Invocations of a record that fails.")]


@command("list", group=group, prefix="failures", settings=NAME)
def list_failures(
    run: Run, settings: Settings, *, table: Table = None, source: From = None, everything: Everything = False
) -> Outcome:
    """List what Lambda gave up and left at the on-failure destination. Takes nothing away.

    Example: ddbinsert failures list orders
    """
    from ddbinsert.operations.failures import destination_of, opened
    from ddbinsert.render import failures as words

    trigger, world = _looked(run, table, settings)
    arn = destination_of(trigger, world, source)
    function = None if everything else trigger.function_name
    with opened(run.aws, arn, None if source else world.live_mapping, function) as found:
        listing = found.listing()
    show, replay_ = (run.again(f"failures {verb} {trigger.table}") for verb in ("show", "replay"))
    return Outcome(
        data=words.listing_data(listing),
        human=lambda screen: words.listing(screen, listing, show=show, replay=replay_),
    )


@command("show", group=group, prefix="failures", settings=NAME)
def show(
    run: Run, settings: Settings, *, table: Table = None, ids: Ids = None, source: From = None
) -> Outcome:
    """Show the records that were given up, read back from the stream while it keeps them (24 hours).

    Example: ddbinsert failures show orders --id 5f2d1c0a9b8e
    """
    from ddbinsert.operations.failures import destination_of, opened, shown
    from ddbinsert.render import failures as words

    trigger, world = _looked(run, table, settings)
    arn = destination_of(trigger, world, source)
    with opened(run.aws, arn, None if source else world.live_mapping, trigger.function_name) as found:
        failures = shown(run.aws, found, ids or (), _patterns(world), clock=run.clock)
    return Outcome(data=words.shown_data(failures), human=lambda screen: words.shown(screen, failures))


@command("replay", group=group, prefix="failures", settings=NAME)
def replay(
    run: Run,
    settings: Settings,
    *,
    table: Table = None,
    ids: Ids = None,
    source: From = None,
    batch_size: BatchSize = 1,
    attempts: Attempts = 3,
) -> Outcome:
    """Give the records to the deployed function again, in the stream's order.

    What it takes is taken out of the destination at once; what it fails on stays there. A record whose
    invocation is cut short may be given twice, with the same eventID.

    Example: ddbinsert failures replay orders
    """
    from ddbinsert.aws.invoke import invoke
    from ddbinsert.operations.failures import destination_of, opened, records_of
    from ddbinsert.operations.replay import Call
    from ddbinsert.operations.replay import replay as carry_out
    from ddbinsert.render import failures as words

    if not 1 <= batch_size <= 10_000:
        raise UsageError(f"--batch-size {batch_size}: at least 1, and at most 10000.")
    if not 1 <= attempts <= 100:
        raise UsageError(f"--attempts {attempts}: at least 1, and at most 100.")
    trigger, world = _looked(run, table, settings)
    arn = destination_of(trigger, world, source)
    mapping = None if source else world.live_mapping
    patterns = _patterns(world)
    with opened(run.aws, arn, mapping, trigger.function_name, to_replay=True) as found:
        replays = list(
            carry_out(
                found,
                ids or (),
                fetch=lambda failure: records_of(run.aws, failure, patterns, clock=run.clock),
                call=Call(run.aws, lambda event: invoke(run.aws, trigger.function_name, event)),
                reporter=run.reporter,
                clock=run.clock,
                batch_size=batch_size,
                attempts=attempts,
            )
        )
    return Outcome(
        data={"destination": arn, "failures": words.replay_data(replays)},
        human=lambda screen: words.replayed(screen, replays),
        exit_code=ExitCode.OK if all(one.ok for one in replays) else ExitCode.NO,
    )


def _looked(run: Run, table: str | None, settings: Settings) -> tuple[Trigger, World]:
    from ddbinsert.aws.observe import observe

    trigger = run.trigger(table, settings)
    world = observe(run.aws, trigger, role=False)
    run.reporter.header(account=world.account, region=world.region, table=trigger.table)
    return trigger, world


def _patterns(world: World) -> tuple[str, ...]:
    """The filters of the mapping: the range of a failure holds other records, too."""
    return world.live_mapping.filters if world.live_mapping else ()
