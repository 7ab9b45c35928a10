"""records: the content of a table's stream."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import typer

from ddbinsert.cli.app import Table, command
from ddbinsert.cli.closed_pipe import refuse_a_closed_pipe
from ddbinsert.cli.run import Outcome, Run
from ddbinsert.core.model.record import EventName
from ddbinsert.core.words import plural
from ddbinsert.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ddbinsert.operations.records import Checkpoint, ReadCount, Record, RecordsStream

#: Time limit in seconds for reading the content of a stream.
_TIMEOUT = 600.0

Follow = Annotated[bool, typer.Option("--follow", "-f", help="Wait for new records until Ctrl-C.")]
Since = Annotated[
    str | None,
    typer.Option(
        "--since",
        metavar="WHEN",
        help="Start of the records: 5m or 2h30m ago, 0s for new ones only, or an ISO 8601 time [default: all].",
    ),
]
FromSequence = Annotated[
    str | None,
    typer.Option("--from-sequence", metavar="NUMBER", help="Start at the record with this sequence number."),
]
Events = Annotated[
    list[EventName] | None,
    typer.Option("--event", help="Only these records. May be given several times.", case_sensitive=False),
]
Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        metavar="CONDITION",
        help="Only records that meet this condition, such as 'NewImage.status = \"NEW\"'. May be given several times; all must be met.",
    ),
]
Limit = Annotated[
    int | None, typer.Option("--limit", min=1, metavar="N", help="Stop after this number of records.")
]
Plain = Annotated[
    bool,
    typer.Option("--plain", help="JSON lines with plain values instead of DynamoDB's types."),
]
CheckpointFile = Annotated[
    str | None,
    typer.Option(
        "--checkpoint",
        metavar="FILE",
        help="Save the position in this file; a later run continues from there.",
    ),
]


@command("records")
def records(
    run: Run,
    *,
    table: Table = None,
    follow: Follow = False,
    since: Since = None,
    from_sequence: FromSequence = None,
    event: Events = None,
    where: Where = None,
    limit: Limit = None,
    plain: Plain = False,
    checkpoint: CheckpointFile = None,
) -> Outcome:
    """Show the records of a table's stream.

    Reads every shard of the stream, on AWS at most once per second. Records of one item are shown in order. A
    modification is shown as old → new if the view type has both images. With --output json, prints one JSON object
    per line, in the form in which Lambda passes a record to a function.

    Example: ddbinsert records orders --since 5m --event INSERT
    """
    from ddbinsert.operations import records as operation

    number = _sequence(from_sequence)
    if since is not None and number is not None:
        raise UsageError("--since and --from-sequence cannot be combined.", code="options-contradict")
    run.json_lines = True
    trigger = run.table(table)
    source = operation.source_of(run.aws, trigger.table)
    begin = _begin(run, since)  # now that the clock follows AWS's
    fits = operation.wanted([one.value for one in event or ()], where or (), source.table.key)
    kept = _checkpoint(run, checkpoint, source, begin, number)
    _head(run, source, kept)
    seen = operation.ReadCount()
    reader = operation.reader_of(
        run.aws, source, clock=run.clock, since=begin, sequence=number, checkpoint=kept
    )
    show = _shower(run, plain=plain)
    try:
        for record in operation.records(
            reader,
            seen,
            clock=run.clock,
            follow=follow,
            fits=fits,
            limit=limit,
            checkpoint=kept,
            timeout=run.timeout(math.inf if follow else _TIMEOUT),
            turn=lambda elapsed: _turn(run, kept, seen, elapsed),
        ):
            show(record)
    except KeyboardInterrupt:
        _keep(run, kept)
        return Outcome(printed=True, exit_code=ExitCode.INTERRUPTED)
    _keep(run, kept)
    _warn(run, refused=reader.refused, trimmed=reader.trimmed)
    run.reporter.step(_summary(seen, reader.shards))
    return Outcome(printed=True)


def _warn(run: Run, *, refused: bool, trimmed: bool) -> None:
    if refused:
        run.reporter.warn(
            "the endpoint cannot start at a given position: all records were read, and older ones left out"
        )
    if trimmed:
        run.reporter.warn("records were lost: the stream keeps them for 24 hours, and they were older")


def _sequence(given: str | None) -> int | None:
    """The number of --from-sequence.

    Raises:
        UsageError: It is not a sequence number.
    """
    if given is None:
        return None
    if not (given.isascii() and given.isdigit()) or len(given) > 40:
        raise UsageError(f"--from-sequence {given!r:.60} is not a valid sequence number: up to 40 digits.")
    return int(given)


def _begin(run: Run, since: str | None) -> float | None:
    from ddbinsert.core.times import parse_time

    return None if since is None else parse_time(since, run.clock.now())


def _checkpoint(
    run: Run, given: str | None, source: RecordsStream, begin: float | None, number: int | None
) -> Checkpoint | None:
    """The checkpoint of --checkpoint; a new one begins at the position of the run.

    Raises:
        UsageError: It contains a position already, and the command line has another.
    """
    from ddbinsert.operations.records import checkpoint_of

    if given is None:
        return None
    found = checkpoint_of(run.environment.cwd / given, source.stream_arn)
    if number is not None:
        raise UsageError(
            "--from-sequence and --checkpoint cannot be combined: the checkpoint has the position.",
            code="options-contradict",
        )
    if found.is_new:
        found.since = begin
        found.save()
    elif begin is not None:
        run.reporter.step(f"--since is ignored: reading continues from the position in {given}")
    return found


def _head(run: Run, source: RecordsStream, kept: Checkpoint | None) -> None:
    from ddbinsert.core.arn import arn_parts

    arn = arn_parts(source.table.arn)
    run.reporter.header(account=arn.account, region=arn.region, table=source.table.name)
    view = f" ({source.table.view.value})" if source.table.view else ""
    run.reporter.step(f"stream {source.stream_arn}{view}")
    if not source.is_live:
        run.reporter.warn("the stream is disabled; AWS keeps its records for 24 hours")
    if kept is not None and not kept.is_new:
        run.reporter.step(f"continues from checkpoint {kept.path}")


def _shower(run: Run, *, plain: bool) -> Callable[[Record], None]:
    from ddbinsert.render import records as shown

    out = run.environment.out

    def show(record: Record) -> None:
        if plain:
            shown.plain_line(out, record)
        elif run.wants_json:
            shown.json_line(out, record)
        else:
            run.reporter.finish()  # end the progress line on the same terminal
            shown.human(run.screen, record)
        if getattr(out, "failure", None) is not None:
            raise BrokenPipeError

    return show


def _turn(run: Run, kept: Checkpoint | None, seen: ReadCount, elapsed: float) -> None:
    refuse_a_closed_pipe(run.environment.out)
    _keep(run, kept)
    if not seen.total:
        run.reporter.waiting("the first record", elapsed, f"{seen.records:,} read" if seen.records else "")


def _keep(run: Run, kept: Checkpoint | None) -> None:
    """Save the position up to which records were written, after writing them."""
    run.environment.out.flush()
    if kept is not None:
        kept.save()


def _summary(seen: ReadCount, shards: int) -> str:
    by_event = ", ".join(f"{count:,} {name}" for name, count in sorted(seen.given.items()))
    left_out = f"; {seen.records - seen.total:,} left out" if seen.records > seen.total else ""
    count = plural(seen.total, "record")
    return f"{count}{f' ({by_event})' if by_event else ''} from {plural(shards, 'shard')}{left_out}"
