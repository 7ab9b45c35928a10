"""failures: list, show and replay the records that Lambda discarded."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Annotated

import typer

from ddbinsert.cli.app import Table, command
from ddbinsert.cli.consumers import Stack, Tag, consumer_of
from ddbinsert.cli.limits import check_batches
from ddbinsert.cli.options import NAME, Settings
from ddbinsert.cli.run import Outcome, Run
from ddbinsert.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ddbinsert.core.failed_records import Failure, OddDocument
    from ddbinsert.core.model.seen import World
    from ddbinsert.core.model.wanted import Trigger
    from ddbinsert.operations.failures.find import StoredFailure


_TIMEOUT = 120.0
#: Maximum number of skipped documents that are named.
_ODD = 10

From = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="ARN",
        help="The queue, bucket or topic to read (a topic through its only subscribed queue) [default: the mapping's on-failure destination].",
    ),
]
Everything = Annotated[bool, typer.Option("--all", help="Include failures of other functions.")]
Ids = Annotated[
    list[str] | None,
    typer.Option("--id", metavar="ID", help="Only this failure. Can be given several times."),
]
BatchSize = Annotated[
    int,
    typer.Option(
        "--batch-size",
        metavar="N",
        help="Records per invocation. Above 1, a failing record can cause others to be delivered twice.",
    ),
]
Attempts = Annotated[
    int, typer.Option("--attempts", metavar="N", help="Maximum number of invocations per failing record.")
]
Again = Annotated[
    bool,
    typer.Option(
        "--include-processed",
        help="Include records that were processed since, according to the function's receipts.",
    ),
]
Out = Annotated[
    str | None,
    typer.Option(
        "--out",
        metavar="FILE",
        help="Append each document to this file as a JSON line before it is changed or removed at the destination.",
    ),
]
AllRecords = Annotated[
    bool,
    typer.Option(
        "--all-records",
        help="Replay every record of the failure, including those that are not inserts or that the mapping's current filter excludes.",
    ),
]


@command("failures list", settings=NAME)
def list_failures(
    run: Run,
    settings: Settings,
    *,
    table: Table = None,
    source: From = None,
    everything: Everything = False,
    stack: Stack = None,
    tag: Tag = None,
) -> Outcome:
    """List the records that Lambda discarded, from the on-failure destination. Removes nothing.

    Example: ddbinsert failures list orders
    """
    from ddbinsert.operations.failures.find import destination_of, opened
    from ddbinsert.render import failures as words

    trigger, world = _read_trigger(run, table, settings, stack, tag)
    arn = destination_of(trigger, world, source)
    function = None if everything else trigger.function_name
    with opened(run.aws, arn, None if source else world.live_mapping, function) as found:
        listing = found.listing()
    show, replay_ = (run.command_line(f"failures {verb} {trigger.table}") for verb in ("show", "replay"))
    return Outcome(
        data=words.listing_data(listing),
        human=lambda screen: words.listing(screen, listing, show=show, replay=replay_),
    )


@command("failures show", settings=NAME)
def show(
    run: Run,
    settings: Settings,
    *,
    table: Table = None,
    ids: Ids = None,
    source: From = None,
    stack: Stack = None,
    tag: Tag = None,
) -> Outcome:
    """Show the discarded records, read from the stream, which keeps them for 24 hours.

    Example: ddbinsert failures show orders --id 5f2d1c0a9b8e
    """
    from ddbinsert.operations.failures.find import describe_failures, destination_of, opened
    from ddbinsert.render import failures as words

    trigger, world = _read_trigger(run, table, settings, stack, tag)
    arn = destination_of(trigger, world, source)
    with opened(run.aws, arn, None if source else world.live_mapping, trigger.function_name) as found:
        failures = describe_failures(run.aws, found, ids or (), _patterns(world), clock=run.clock)
    return Outcome(data=words.shown_data(failures), human=lambda screen: words.shown(screen, failures))


@command("failures replay", settings=NAME)
def replay(
    run: Run,
    settings: Settings,
    *,
    table: Table = None,
    ids: Ids = None,
    source: From = None,
    batch_size: BatchSize = 1,
    attempts: Attempts = 3,
    include_processed: Again = False,
    all_records: AllRecords = False,
    out: Out = None,
    stack: Stack = None,
    tag: Tag = None,
) -> Outcome:
    """Invoke the deployed function with the discarded records again, in stream order.

    Records that the function processes are removed from the destination at once. Records that fail or are skipped
    stay there and are listed (exit code 1). If an invocation is interrupted, a record may be delivered twice, with
    the same eventID.

    Example: ddbinsert failures replay orders
    """
    from ddbinsert.operations.failures.find import destination_of, opened, passing, reader_of, selection_of
    from ddbinsert.operations.failures.processed import processed_since
    from ddbinsert.operations.failures.replay import call_of
    from ddbinsert.operations.failures.replay import replay as carry_out
    from ddbinsert.render import failures as words

    check_batches(batch_size=batch_size, attempts=attempts)
    trigger, world = _read_trigger(run, table, settings, stack, tag)
    context = run.context(_TIMEOUT)
    arn = destination_of(trigger, world, source)
    mapping = None if source else world.live_mapping
    passes = passing(_patterns(world))
    reader = reader_of(run.aws, run.clock)
    log_group = (world.function.log_group if world.function else "") or trigger.log_group
    with opened(run.aws, arn, mapping, trigger.function_name, to_replay=True) as found:
        replays = list(
            carry_out(
                context,
                found,
                ids or (),
                choose=lambda failure: selection_of(reader, failure, passes, everything=all_records),
                processed=lambda failure, records: (
                    set() if include_processed else processed_since(context, log_group, failure, records)
                ),
                call=call_of(run.aws, trigger.function_name),
                batch_size=batch_size,
                attempts=attempts,
                keep=_keeper(run, out) if out else None,
            )
        )
        _warn_of_skipped(run, found.odd)
    return Outcome(
        data={"destination": arn, "failures": words.replay_data(replays)},
        human=lambda screen: words.replayed(screen, replays),
        exit_code=ExitCode.OK if all(one.ok for one in replays) else ExitCode.NO,
    )


def _warn_of_skipped(run: Run, odd: Sequence[OddDocument]) -> None:
    """Warn about the documents that were skipped."""
    for one in odd[:_ODD]:
        run.reporter.warn(f"skipped {one.name}: {one.why}")
    if len(odd) > _ODD:
        run.reporter.warn(f"skipped {len(odd) - _ODD:,} more documents that Lambda did not write")


def _keeper(run: Run, name: str) -> Callable[[StoredFailure, Failure], None]:
    """A function that appends documents to a file, before they are removed from the destination.

    Raises:
        UsageError: The file cannot be written.
    """
    path = run.environment.cwd / name

    def write(text: str) -> None:
        try:
            with path.open("a", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise UsageError(f"--out {name}: {error.strerror or error}.", code="not-writable") from error

    def keep(stored: StoredFailure, failure: Failure) -> None:
        write(json.dumps({"id": failure.id, "name": stored.name, "document": failure.document}) + "\n")

    write("")  # a file that cannot be written is detected before the first record is delivered
    return keep


def _read_trigger(
    run: Run, table: str | None, settings: Settings, stack: str | None, tag: list[str] | None
) -> tuple[Trigger, World]:
    from ddbinsert.operations.existing_resources import trigger_world

    trigger, world, _ = consumer_of(run, run.trigger(table, settings), stack=stack, tags=tag)
    if world is None:
        world = trigger_world(run.aws, trigger, role=False)
    run.reporter.header(account=world.account, region=world.region, table=trigger.table)
    return trigger, world


def _patterns(world: World) -> tuple[str, ...]:
    """The filters of the mapping, because the range of a failure contains other records, too."""
    return world.live_mapping.filters if world.live_mapping else ()
