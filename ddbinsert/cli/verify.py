"""verify: the proof, its report, its exit code."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from ddbinsert.cli.app import Table, command
from ddbinsert.cli.options import NAME, Settings
from ddbinsert.cli.reports import Junit, Report, Reports, Schema, schema_of_answers
from ddbinsert.cli.run import Outcome, Run
from ddbinsert.core.duration import seconds
from ddbinsert.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from ddbinsert.core.proof import Proof
    from ddbinsert.operations.means import Means

#: Seconds to wait after the last write: the first delivery was once seen 94 s after it (facts).
TIMEOUT = 180.0
LOCAL_TIMEOUT = 20.0

Count = Annotated[
    int,
    typer.Option(
        "--count",
        min=1,
        max=100_000_000,
        metavar="N",
        help="Test items; the first four try every kind of write.",
    ),
]
Rate = Annotated[
    float | None,
    typer.Option("--rate", min=0.1, metavar="N", help="Items a second at most, beyond the first four."),
]
Match = Annotated[
    bool,
    typer.Option(
        "--match", help="Go by any log line that shows an item's key: for functions that leave no receipts."
    ),
]
AllowGuarded = Annotated[
    bool,
    typer.Option(
        "--allow-guarded", help="What only the handler's own guard dropped is a warning, not a failure."
    ),
]
Keep = Annotated[bool, typer.Option("--keep", help="Leave the test items in the table.")]
Item = Annotated[
    str | None,
    typer.Option(
        "--item",
        metavar="FILE",
        help="What test items shall carry: one item as JSON or YAML, without its key.",
    ),
]
Partiql = Annotated[bool, typer.Option("--partiql", help="Write by PartiQL, too.")]
Ttl = Annotated[
    str | None,
    typer.Option("--ttl-attribute", metavar="NAME", help="Write an item whose time to live is over, too."),
]
LogGroup = Annotated[
    str | None,
    typer.Option(
        "--log-group", metavar="NAME", help="Where the function logs [default: as it is configured]."
    ),
]
Wiretap = Annotated[
    bool,
    typer.Option(
        "--wiretap",
        help="Prove the filter with a function of ddbinsert's own beside yours; it is removed at the end.",
    ),
]
Observe = Annotated[
    bool, typer.Option("--observe", help="Write nothing: watch the traffic that there is. Read-only.")
]
Period = Annotated[
    str | None, typer.Option("--for", metavar="DURATION", help="How long --observe watches [default: 10m].")
]
Repeat = Annotated[
    int | None,
    typer.Option(
        "--repeat", min=0, metavar="N", help="Run so often, a JSON line each; 0 without end [default: 1]."
    ),
]
Every = Annotated[
    str | None,
    typer.Option(
        "--every",
        metavar="DURATION",
        help="From one run's start to the next [default: 5m]; repeats without end.",
    ),
]
EmitMetrics = Annotated[
    bool,
    typer.Option("--emit-metrics", help="Publish the result as CloudWatch metrics (namespace ddbinsert)."),
]


class ReadBy(StrEnum):
    """Who counts the receipts."""

    LOGS = "logs"
    INSIGHTS = "insights"


Via = Annotated[
    ReadBy,
    typer.Option(
        "--via", help="Read every log line, or let CloudWatch Logs Insights count (for millions; it costs)."
    ),
]
Cleanup = Annotated[
    str | None,
    typer.Option(
        "--cleanup", metavar="RUN_ID", help="Only remove what an interrupted run left in the table."
    ),
]


@command("verify", settings=NAME)
def verify(
    run: Run,
    settings: Settings,
    *,
    table: Table = None,
    count: Count = 4,
    rate: Rate = None,
    match: Match = False,
    allow_guarded: AllowGuarded = False,
    item: Item = None,
    partiql: Partiql = False,
    ttl_attribute: Ttl = None,
    log_group: LogGroup = None,
    keep: Keep = False,
    via: Via = ReadBy.LOGS,
    wiretap: Wiretap = False,
    observe: Observe = False,
    period: Period = None,
    repeat: Repeat = None,
    every: Every = None,
    emit_metrics: EmitMetrics = False,
    report: Report = None,
    junit: Junit = None,
    cleanup: Cleanup = None,
    schema: Schema = False,
) -> Outcome:
    """Prove that inserts alone are processed.

    Every insert, and nothing else: writes test items of its own (insert, modify, remove, insert again), reads the stream and the function's log,
    and answers PASS (exit 0), FAIL (1) or INCONCLUSIVE (6). Removes its items in any case.

    Example: ddbinsert verify orders
    """
    from ddbinsert.operations import verify as proving
    from ddbinsert.operations.means import Wishes
    from ddbinsert.render import verdict as shown

    if schema:
        return schema_of_answers()
    if cleanup is not None:
        run.trigger(table, settings)
        removed = proving.clean_up(_means(run), cleanup)
        return Outcome(
            data={"run_id": cleanup, "keys": removed},
            human=lambda screen: screen.line(f"Removed what run {cleanup} left ({removed:,} keys)."),
        )
    with Reports(run, report=report, junit=junit, table=table) as kept:
        trigger = run.trigger(table, settings)
        means = _means(run)
        _check(match=match, count=count, wiretap=wiretap, observe=observe, period=period)
        wishes = Wishes(
            count=count,
            rate=rate,
            by_lines=match,
            attributes=_attributes(run, item),
            allow_guarded=allow_guarded,
            partiql=partiql,
            ttl_attribute=ttl_attribute,
            log_group=log_group,
            keep=keep,
            via_insights=via is ReadBy.INSIGHTS,
        )
        watched = seconds(period, name="--for") if period else _PERIOD

        def prove() -> Proof:
            if observe:
                from ddbinsert.operations.passive import watch_live

                return _addressed(run, watch_live(means, trigger, wishes, seconds=watched))
            if wiretap:
                from ddbinsert.operations.wiretap import wiretap as tap

                return _addressed(
                    run, tap(means, trigger, wishes, base=run.environment.cwd, confirm=run.confirm)
                )
            return _addressed(run, proving.verify(means, trigger, wishes))

        def once() -> Proof:
            return kept.of(prove)

        if repeat is not None or every is not None:
            from ddbinsert.cli import canary

            pause = seconds(every, name="--every") if every else _EVERY
            return canary.repeat(run, once, times=repeat or 0, every=pause, code_of=_code, emit=emit_metrics)
        proof = once()
        if emit_metrics:
            from ddbinsert.aws.metrics import publish

            publish(run.aws, proof)
        return Outcome(
            data=shown.data(proof),
            human=lambda screen: shown.human(screen, proof),
            exit_code=_code(proof),
        )


_PERIOD = 600.0
_EVERY = 300.0


def _check(*, match: bool, count: int, wiretap: bool, observe: bool, period: str | None) -> None:
    """Refuse options that contradict each other.

    Raises:
        UsageError: They do.
    """
    if match and (count > len(_LANES) or wiretap):
        problem = "--match goes by a few items' log lines: leave --count and --wiretap out."
    elif observe and (match or wiretap or count != len(_LANES)):
        problem = "--observe writes nothing: leave --count, --match and --wiretap out."
    elif period and not observe:
        problem = "--for says how long to watch: give --observe, too."
    else:
        return
    raise UsageError(problem, code="options-contradict")


_LANES = range(4)


def _addressed(run: Run, proof: Proof) -> Proof:
    """The proof, with every command line in its findings ready to be typed."""
    from dataclasses import replace

    findings = tuple(
        replace(
            finding, mend=finding.mend and run.addressed(finding.mend.replace("TABLE", proof.trigger.table))
        )
        for finding in proof.verdict.findings
    )
    return replace(proof, verdict=replace(proof.verdict, findings=findings))


def _code(proof: Proof) -> ExitCode:
    from ddbinsert.core.verdict import Result

    match proof.verdict.result:
        case Result.PASS:
            return ExitCode.OK
        case Result.FAIL:
            return ExitCode.NO
        case Result.INCONCLUSIVE:
            return ExitCode.INCONCLUSIVE


def _means(run: Run) -> Means:
    from ddbinsert.local import state_directory
    from ddbinsert.operations.ledger import Ledger
    from ddbinsert.operations.means import Means

    return Means(
        aws=run.aws,
        clock=run.clock,
        new_id=run.environment.new_id,
        reporter=run.reporter,
        timeout=run.timeout(LOCAL_TIMEOUT if run.aws.connection.is_local else TIMEOUT),
        ledger=Ledger(state_directory(run.environment.variables).parent / "runs"),
    )


def _attributes(run: Run, item: str | None) -> dict[str, dict[str, object]] | None:
    """The attributes of --item in DynamoDB JSON.

    Raises:
        UsageError: The file can't be read, or doesn't hold one item.
    """
    from ddbinsert.operations.item_files import read_items

    if item is None:
        return None
    drafts = read_items(item, cwd=run.environment.cwd, stdin=run.environment.stdin)
    if len(drafts) != 1:
        raise UsageError(
            f"--item {item} holds {len(drafts)} items.", hint="Give one: what every test item shall carry."
        )
    return dict(drafts[0].item)
