"""tail: show the log of a function, once or continuously."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import typer

from ddbinsert.cli.app import Table, command
from ddbinsert.cli.closed_pipe import refuse_a_closed_pipe
from ddbinsert.cli.consumers import Stack, Tag, consumer_of
from ddbinsert.cli.options import NAME, Settings
from ddbinsert.cli.run import Outcome, Run
from ddbinsert.errors import ExitCode, PrerequisiteError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ddbinsert.core.logs.event import LogEvent
    from ddbinsert.operations.tail import LogReader, TailedGroup

#: Maximum seconds to wait for the last line of --until-count, or while CloudWatch Logs throttles.
_TIMEOUT = 180.0

Since = Annotated[
    str,
    typer.Option("--since", metavar="WHEN", help="Start of the lines: 5m or 2h30m ago, or an ISO 8601 time."),
]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Wait for new lines until Ctrl-C.")]
Last = Annotated[
    int | None,
    typer.Option("--last", metavar="N", help="Only the newest N lines; with --follow, before the new ones."),
]
Errors = Annotated[
    bool,
    typer.Option(
        "--errors", help="Only lines that report an error: failed records, failed invocations, stack traces."
    ),
]
Filter = Annotated[
    str | None, typer.Option("--filter", metavar="TEXT", help="Only lines that contain this text.")
]
UntilCount = Annotated[
    int | None,
    typer.Option(
        "--until-count",
        metavar="N",
        help="Wait for N lines, then stop; exit code 6 if they do not arrive within --timeout [default: 180s].",
    ),
]
LogGroup = Annotated[
    str | None,
    typer.Option(
        "--log-group", metavar="NAME", help="Log group, by name or ARN [default: the function's log group]."
    ),
]


@command("tail", settings=NAME)
def tail(
    run: Run,
    settings: Settings,
    *,
    table: Table = None,
    since: Since = "10m",
    last: Last = None,
    follow: Follow = False,
    errors: Errors = False,
    filter_text: Filter = None,
    until_count: UntilCount = None,
    log_group: LogGroup = None,
    stack: Stack = None,
    tag: Tag = None,
) -> Outcome:
    """Show the log lines of a function.

    Shows them once, or continuously with --follow. Receipts of ddbinsert's handlers and stack traces are formatted
    for reading.

    With --output json, one JSON object per line. Each line is shown once. With --follow, a line that CloudWatch Logs
    makes available more than a minute late may be missing.

    Example: ddbinsert tail orders --follow --since 5m
    """
    from ddbinsert.core.times import parse_time
    from ddbinsert.operations import tail as operation

    for flag, number in (("--until-count", until_count), ("--last", last)):
        if number is not None and number < 1:
            raise UsageError(f"{flag} must be at least 1, not {number}.")
    run.json_lines = True
    source = _source(run, table, settings, log_group, stack=stack, tag=tag)
    # The clock follows AWS's by now, unless --log-group is given.
    begin = parse_time(since, run.clock.now())
    reader = operation.reader_of(run.aws, source.group, since=begin, text=filter_text or None)
    endless = follow and until_count is None
    timeout = run.timeout(math.inf if endless else _TIMEOUT)
    show = _shower(run)
    try:
        for event in operation.lines(
            reader,
            clock=run.clock,
            follow=follow or until_count is not None,
            count=until_count,
            last=last,
            wanted=_reports_an_error if errors else lambda _event: True,
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


def _reports_an_error(event: LogEvent) -> bool:
    from ddbinsert.core.logs.line import read

    return read(event.message).failed


def _source(
    run: Run,
    table: str | None,
    settings: Settings,
    log_group: str | None,
    *,
    stack: str | None,
    tag: list[str] | None,
) -> TailedGroup:
    from ddbinsert.core.arn import arn_parts
    from ddbinsert.operations.tail import TailedGroup, source_of

    if log_group is not None:
        source = TailedGroup(group=_group_name(log_group))
        run.configuration(table, settings)
        name = table
    else:
        configuration = run.configuration(table, settings)
        function = settings.get("function.name")
        trigger = configuration.trigger
        if (trigger is None or configuration.rivals) and not isinstance(function, str):
            trigger = run.trigger_of(configuration)
        name = trigger.table if trigger is not None else None
        if trigger is not None and (stack or tag):
            trigger = consumer_of(run, trigger, stack=stack, tags=tag).trigger
        source = source_of(run.aws, trigger.function_name if trigger is not None else str(function), trigger)
        if source.exists is False and trigger is not None:
            consumer = consumer_of(run, trigger, lenient=True)
            if consumer.taken:
                source = source_of(run.aws, consumer.trigger.function_name, consumer.trigger)
    account = arn_parts(source.arn).account if source.arn else None
    run.reporter.header(account=account, region=run.aws.region, table=name)
    run.reporter.step(f"log group {source.group}")
    return source


def _group_name(given: str) -> str:
    """The name of a log group that was given by name or ARN.

    Raises:
        UsageError: It is an ARN, but not of a log group.
    """
    from ddbinsert.core.arn import parse_arn

    if not given.startswith("arn:"):
        return given
    arn = parse_arn(given)
    if arn is None or arn.service != "logs" or not arn.resource.startswith("log-group:"):
        raise UsageError(f"--log-group: {given!r} is not the ARN of a log group.")
    return arn.resource.removeprefix("log-group:").removesuffix(":*")


def _shower(run: Run) -> Callable[[LogEvent], None]:
    from ddbinsert.render import tail as shown

    out, wants_json = run.environment.out, run.wants_json

    def show(event: LogEvent) -> None:
        if wants_json:
            shown.json_line(out, event)
        else:
            run.reporter.finish()  # a waiting line on the same terminal
            shown.human(run.screen, event)
        if getattr(out, "failure", None) is not None:
            raise BrokenPipeError

    return show


def _idle(run: Run, reader: LogReader, given: int, elapsed: float) -> None:
    run.environment.out.flush()
    refuse_a_closed_pipe(run.environment.out)
    if not reader.complete and reader.throttled:
        run.reporter.waiting(f"CloudWatch Logs, which is throttling (log group {reader.group})", elapsed)
    elif given == 0:
        missing = f" (log group {reader.group} does not exist yet)" if reader.group_missing else ""
        run.reporter.waiting(f"the first log line{missing}", elapsed)


def _remark(run: Run, reader: LogReader, source: TailedGroup) -> None:
    """Explain why there are no lines.

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
        hint=f"{_nearest(run, source)}Check the name, --region and --profile, or use --follow to wait for it.",
        code="log-group-not-found",
    )


def _nearest(run: Run, source: TailedGroup) -> str:
    """The functions with names similar to the requested one, as the start of a hint."""
    from ddbinsert.operations.existing_resources import functions, nearest

    asked = source.group.removeprefix("/aws/lambda/")
    near = nearest(asked, functions(run.aws)) if source.exists is False else []
    return f"Did you mean {' or '.join(near)}? " if near else ""
