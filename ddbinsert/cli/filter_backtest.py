"""filter backtest: filters tried on what a stream holds, before anything is attached."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple

import typer

from ddbinsert.cli.app import command
from ddbinsert.cli.filters import TableOption, group
from ddbinsert.cli.run import Outcome, Run
from ddbinsert.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ddbinsert.core.filter_backtest import Assumed
    from ddbinsert.operations.filters import Cut
    from ddbinsert.render.screen import Screen


#: Seconds that a stream keeps its records.
DAY: Final = 86_400.0

PatternOption = Annotated[
    list[str] | None,
    typer.Option(
        "--pattern",
        metavar="PATTERN|FILE",
        help="The filters to try [default: inserts only]; may be given several times.",
        show_default=False,
    ),
]
CompareOption = Annotated[
    tuple[str, str] | None,
    typer.Option(
        "--compare",
        metavar="OLD NEW",
        help="Two patterns or files: show which records change sides.",
        show_default=False,
    ),
]
SinceOption = Annotated[
    str | None,
    typer.Option("--since", metavar="DURATION", help="How far back [default: 24h, all that a stream keeps]."),
]
RecordsOption = Annotated[
    str | None,
    typer.Option(
        "--records",
        metavar="FILE",
        help="Records from a file (JSON lines, an array, a Lambda event), - for standard input; no connection.",
        show_default=False,
    ),
]
SamplesOption = Annotated[
    int, typer.Option("--samples", min=0, max=1000, metavar="N", help="Records of each event to show.")
]
BatchOption = Annotated[
    int,
    typer.Option(
        "--batch-size", min=1, max=10_000, metavar="N", help="For the estimate: records an invocation."
    ),
]
MemoryOption = Annotated[
    int,
    typer.Option(
        "--memory", min=128, max=10_240, metavar="MB", help="For the estimate: the function's memory."
    ),
]
DurationOption = Annotated[
    str,
    typer.Option("--duration", metavar="DURATION", help="For the estimate: how long an invocation takes."),
]


@command("backtest", group=group, prefix="filter")
def backtest(
    run: Run,
    *,
    table: TableOption = None,
    records: RecordsOption = None,
    pattern: PatternOption = None,
    compare: CompareOption = None,
    since: SinceOption = None,
    samples: SamplesOption = 2,
    batch_size: BatchOption = 100,
    memory: MemoryOption = 128,
    duration: DurationOption = "100ms",
) -> Outcome:
    """Try filters on what a table's stream holds, before anything is attached.

    How many records there were, how many of them the filters would deliver, what that saves, and examples of both.
    Reads all shards of the live stream, within the read limits that are left beside its functions; or a file of
    records. Changes nothing. Exit code 6 if there were no records to try.

    Example: ddbinsert filter backtest --table orders --since 24h --pattern '{"eventName":["INSERT"]}'
    """
    from ddbinsert.core.duration import seconds
    from ddbinsert.core.filter_backtest import Assumed
    from ddbinsert.core.insert_filter import INSERT_ONLY
    from ddbinsert.core.pattern import parse
    from ddbinsert.operations import filters as operation

    if compare is not None and pattern:
        raise UsageError("--compare brings its own patterns: leave --pattern out.")
    environment = run.environment
    sides = [
        operation.given_patterns(names, cwd=environment.cwd, stdin=environment.stdin)
        for names in ([(name,) for name in compare] if compare else [pattern or (INSERT_ONLY,)])
    ]
    for text in (text for side in sides for text in side):
        parse(text)  # what AWS would refuse is told before anything is read
    assumed = Assumed(batch_size=batch_size, memory=memory, seconds=seconds(duration, name="--duration"))
    source, stream = _source(run, table, records, since)
    cut = operation.Cut(stream, clock=run.clock, seconds=run.timeout(0) or None)
    tried = (
        _compared(source, sides[0], sides[1], cut, samples)
        if compare
        else _tried(source, sides[0], cut, samples, assumed)
    )
    if cut.hit:
        run.reporter.warn(f"The time is up: only the first {tried.records} records were looked at.")
    if not tried.records:
        run.reporter.warn("There were no records: this says nothing about the filters.")
    return Outcome(
        data=tried.data,
        human=tried.human,
        exit_code=ExitCode.OK if tried.records else ExitCode.INCONCLUSIVE,
    )


class _Tried(NamedTuple):
    records: int
    data: object
    human: Callable[[Screen], None]


def _tried(source: str, patterns: Sequence[str], records: Cut, samples: int, assumed: Assumed) -> _Tried:
    from ddbinsert.core.filter_backtest import backtest as try_on
    from ddbinsert.render import filter_backtest as shown

    found = replace(try_on(patterns, records, samples=samples), complete=not records.hit)
    return _Tried(
        found.records,
        shown.data(source, found, assumed),
        lambda screen: shown.human(screen, source, found, assumed),
    )


def _compared(source: str, old: Sequence[str], new: Sequence[str], records: Cut, samples: int) -> _Tried:
    from ddbinsert.core.filter_backtest import compare
    from ddbinsert.render import filter_backtest as shown

    found = replace(compare(old, new, records, samples=samples), complete=not records.hit)
    return _Tried(
        found.records,
        shown.compared_data(source, found),
        lambda screen: shown.compared(screen, source, found),
    )


def _source(
    run: Run, table: str | None, records: str | None, since: str | None
) -> tuple[str, Iterable[dict[str, Any]]]:
    """What the records are of, in words, and the records."""
    from ddbinsert.core import filter_backtest as tried
    from ddbinsert.core.duration import seconds
    from ddbinsert.operations import filters as operation

    back = seconds(since, name="--since") if since else None
    environment = run.environment
    if records is not None:
        if table is not None:
            raise UsageError("--table and --records exclude each other.")
        found = operation.read_records(records, cwd=environment.cwd, stdin=environment.stdin)
        name = "standard input" if records == "-" else records
        return name, found if back is None else tried.since(found, run.clock.now() - back)
    state = operation.table_state(run.aws, run.trigger(table, {}).table)
    stream = operation.stream_records(
        run.aws, state, clock=run.clock, reporter=run.reporter, back=back if back is not None else DAY
    )
    return f"table {state.name}", stream
