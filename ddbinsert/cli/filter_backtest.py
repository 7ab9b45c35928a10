"""filter backtest: apply filters to the records of a stream, before attaching them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple

import typer

from ddbinsert.cli.app import command
from ddbinsert.cli.filters import TableOption  # noqa: TC001 - read at run time, in the signature
from ddbinsert.cli.run import Outcome, Run
from ddbinsert.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ddbinsert.core.filters.backtest import Assumed
    from ddbinsert.operations.filters import Cut
    from ddbinsert.render.terminal.screen import Screen


#: Seconds for which a stream keeps its records.
DAY: Final = 86_400.0

PatternOption = Annotated[
    list[str] | None,
    typer.Option(
        "--pattern",
        metavar="PATTERN|FILE",
        help="The filters [default: inserts only]; may be repeated.",
        show_default=False,
    ),
]
CompareOption = Annotated[
    tuple[str, str] | None,
    typer.Option(
        "--compare",
        metavar="OLD NEW",
        help="Two patterns or files: show the records that only one of them delivers.",
        show_default=False,
    ),
]
SinceOption = Annotated[
    str | None,
    typer.Option(
        "--since", metavar="DURATION", help="How far back to read [default: 24h, the stream's retention]."
    ),
]
RecordsOption = Annotated[
    str | None,
    typer.Option(
        "--records",
        metavar="FILE",
        help="Read records from a file (JSON lines, an array, a Lambda event) or - for standard input. Does not connect to AWS.",
        show_default=False,
    ),
]
SamplesOption = Annotated[
    int, typer.Option("--samples", min=0, max=1000, metavar="N", help="Number of examples for each event.")
]
BatchOption = Annotated[
    int,
    typer.Option(
        "--batch-size", min=1, max=10_000, metavar="N", help="For the estimate: records per invocation."
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
    typer.Option("--duration", metavar="DURATION", help="For the estimate: the duration of an invocation."),
]


@command("filter backtest")
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
    """Apply filters to the records of a table's stream, before attaching them.

    Shows the number of records, how many of them the filters would deliver, the cost that this saves, and examples.
    Reads all shards of the stream at a low rate, so that its consumers are not throttled, or a file of records.
    Changes nothing. Exit code 6 if there are no records.

    Example: ddbinsert filter backtest --table orders --since 24h --pattern '{"eventName":["INSERT"]}'
    """
    from ddbinsert.core.filters.backtest import Assumed
    from ddbinsert.core.filters.insert_only import INSERT_ONLY
    from ddbinsert.core.pattern.matcher import parse
    from ddbinsert.core.times import seconds
    from ddbinsert.operations import filters as operation

    if compare is not None and pattern:
        raise UsageError("--compare and --pattern cannot be combined.")
    environment = run.environment
    sides = [
        operation.given_patterns(names, cwd=environment.cwd, stdin=environment.stdin)
        for names in ([(name,) for name in compare] if compare else [pattern or (INSERT_ONLY,)])
    ]
    for text in (text for side in sides for text in side):
        parse(text)  # a pattern that AWS would reject is reported before anything is read
    assumed = Assumed(batch_size=batch_size, memory=memory, seconds=seconds(duration, name="--duration"))
    source, stream = _source(run, table, records, since)
    cut = operation.Cut(stream, clock=run.clock, seconds=run.timeout(0) or None)
    tried = (
        _compared(source, sides[0], sides[1], cut, samples)
        if compare
        else _tried(source, sides[0], cut, samples, assumed)
    )
    if cut.hit:
        run.reporter.warn(f"The time limit was reached: only the first {tried.records} records were read.")
    if not tried.records:
        run.reporter.warn("There are no records, so the filters could not be tested.")
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
    from ddbinsert.core.filters.backtest import backtest as try_on
    from ddbinsert.render.filters import backtest as shown

    found = replace(try_on(patterns, records, samples=samples), complete=not records.hit)
    return _Tried(
        found.records,
        shown.data(source, found, assumed),
        lambda screen: shown.human(screen, source, found, assumed),
    )


def _compared(source: str, old: Sequence[str], new: Sequence[str], records: Cut, samples: int) -> _Tried:
    from ddbinsert.core.filters.backtest import compare
    from ddbinsert.render.filters import backtest as shown

    found = replace(compare(old, new, records, samples=samples), complete=not records.hit)
    return _Tried(
        found.records,
        shown.compared_data(source, found),
        lambda screen: shown.compared(screen, source, found),
    )


def _source(
    run: Run, table: str | None, records: str | None, since: str | None
) -> tuple[str, Iterable[dict[str, Any]]]:
    """The source of the records, in words, and the records."""
    from ddbinsert.core.filters import backtest as tried
    from ddbinsert.core.times import seconds
    from ddbinsert.operations import filters as operation
    from ddbinsert.operations.existing_resources import existing_table

    back = seconds(since, name="--since") if since else None
    environment = run.environment
    if records is not None:
        if table is not None:
            raise UsageError("--table and --records cannot be combined.")
        found = operation.read_records(records, cwd=environment.cwd, stdin=environment.stdin)
        name = "standard input" if records == "-" else records
        return name, found if back is None else tried.since(found, run.clock.now() - back)
    state = existing_table(run.aws, run.table(table).table)
    stream = operation.stream_records(
        run.aws, state, clock=run.clock, reporter=run.reporter, back=back if back is not None else DAY
    )
    return f"table {state.name}", stream
