"""tail: the function's log, once or followed."""

from __future__ import annotations

import math
import select
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from ddbinsert.cli.app import Table, command
from ddbinsert.cli.options import NAME, Settings
from ddbinsert.cli.run import Outcome, Run
from ddbinsert.errors import ExitCode, PrerequisiteError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ddbinsert.aws.logs import LogReader
    from ddbinsert.core.log_event import LogEvent
    from ddbinsert.operations.tail import Source

#: Seconds, where an end is waited for: the last line of --until-count, or what a throttled CloudWatch holds.
_TIMEOUT = 180.0

Since = Annotated[
    str,
    typer.Option("--since", metavar="WHEN", help="From when on: 5m or 2h30m ago, or a time in ISO 8601."),
]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Wait for further lines, until Ctrl-C.")]
Filter = Annotated[
    str | None, typer.Option("--filter", metavar="TEXT", help="Only lines that hold this text.")
]
UntilCount = Annotated[
    int | None,
    typer.Option(
        "--until-count",
        metavar="N",
        help="Wait for N lines, then end; exit code 6 if they don't come within --timeout [default: 180s].",
    ),
]
LogGroup = Annotated[
    str | None,
    typer.Option("--log-group", metavar="NAME", help="The log group [default: the function's own]."),
]


@command("tail", settings=NAME)
def tail(
    run: Run,
    settings: Settings,
    *,
    table: Table = None,
    since: Since = "10m",
    follow: Follow = False,
    filter_text: Filter = None,
    until_count: UntilCount = None,
    log_group: LogGroup = None,
) -> Outcome:
    """Show the function's log lines.

    Once, or as they come (--follow); ddbinsert's receipts in words.

    With --output json, one JSON object a line. No line is lost or shown twice, however late it comes within
    a minute.

    Example: ddbinsert tail orders --follow --since 5m
    """
    from ddbinsert.aws.logs import LogReader
    from ddbinsert.operations import tail as operation

    if until_count is not None and until_count < 1:
        raise UsageError(f"--until-count {until_count}: at least 1.")
    run.json_lines = True
    begin = operation.moment(since, run.clock.now())
    source = _source(run, table, settings, log_group)
    reader = LogReader(run.aws, source.group, since=begin, needle=filter_text or None)
    endless = follow and until_count is None
    timeout = run.timeout(math.inf if endless else _TIMEOUT)
    show = _shower(run)
    try:
        for event in operation.lines(
            reader,
            clock=run.clock,
            follow=follow or until_count is not None,
            count=until_count,
            timeout=timeout,
            idle=lambda given, elapsed: _idle(run, reader, given, elapsed),
        ):
            show(event)
    except KeyboardInterrupt:
        return Outcome(printed=True, exit_code=ExitCode.INTERRUPTED)
    finally:
        run.environment.out.flush()
    _remark(run, reader, source)
    return Outcome(printed=True)


def _source(run: Run, table: str | None, settings: Settings, log_group: str | None) -> Source:
    from ddbinsert.core.policy import account_of
    from ddbinsert.operations.tail import Source, source_of

    if log_group is not None:
        source = Source(group=log_group)
        run.configuration(table, settings)
        name = table
    else:
        configuration = run.configuration(table, settings)
        function = settings.get("function.name")
        trigger = configuration.trigger
        if trigger is None and not isinstance(function, str):
            trigger = run.trigger_of(configuration)
        name = trigger.table if trigger is not None else None
        source = source_of(run.aws, trigger.function_name if trigger is not None else str(function), trigger)
    account = account_of(source.arn) if source.arn else None
    run.reporter.header(account=account, region=run.aws.region, table=name)
    run.reporter.step(f"log group {source.group}")
    return source


def _shower(run: Run) -> Callable[[LogEvent], None]:
    from ddbinsert.render import tail as shown

    out = run.environment.out
    if run.wants_json:
        return lambda event: shown.json_line(out, event)

    def show(event: LogEvent) -> None:
        run.reporter.finish()  # a waiting line on the same terminal
        shown.human(run.screen, event)

    return show


def _idle(run: Run, reader: LogReader, given: int, elapsed: float) -> None:
    run.environment.out.flush()
    _refuse_a_closed_pipe(run.environment.out)
    if not reader.complete and reader.throttled:
        run.reporter.waiting(f"CloudWatch Logs, which throttles (log group {reader.group})", elapsed)
    elif given == 0:
        missing = f" (log group {reader.group} does not exist yet)" if reader.group_missing else ""
        run.reporter.waiting(f"the first log line{missing}", elapsed)


def _refuse_a_closed_pipe(out: TextIO) -> None:
    """Notice that nobody reads any more, also while there is nothing to write.

    Raises:
        BrokenPipeError: Nobody does.
    """
    try:
        number = out.fileno()
    except (OSError, ValueError, AttributeError):
        return  # no file behind it
    watch = select.poll()
    watch.register(number, 0)
    if any(what & select.POLLERR for _, what in watch.poll(0)):
        raise BrokenPipeError


def _remark(run: Run, reader: LogReader, source: Source) -> None:
    """Say why there is nothing.

    Raises:
        PrerequisiteError: Neither the log group nor, as far as is known, its function exists.
    """
    if not reader.group_missing:
        return
    if source.exists:
        run.reporter.step(f"log group {source.group} does not exist yet: the function has logged nothing")
        return
    raise PrerequisiteError(
        f"Log group {source.group} does not exist"
        + (", nor does its function." if source.exists is False else "."),
        hint="Check the name, --region and --profile; or give --follow to wait for it.",
        code="log-group-not-found",
    )
