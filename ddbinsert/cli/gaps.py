"""gaps: find missed inserts, and repair them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from ddbinsert.advice import TABLE, Advice
from ddbinsert.cli.app import Table, command
from ddbinsert.cli.consumers import Stack, Tag, consumer_of, without_qualifier
from ddbinsert.cli.gaps_options import (
    Attempts,
    BatchSize,
    CompareSink,
    Documents,
    FromExport,
    FromTable,
    Index,
    LogGroup,
    Match,
    Partitions,
    PrintSql,
    Rate,
    ReadBy,
    RepairThem,
    Save,
    Settle,
    Since,
    SinkExport,
    Until,
    Via,
)
from ddbinsert.cli.limits import check_batches
from ddbinsert.cli.options import NAME, DryRun, Settings
from ddbinsert.cli.run import Outcome, Run
from ddbinsert.core.times import parse_time, seconds
from ddbinsert.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from ddbinsert.core.proof.gaps.model import Gaps, Repair
    from ddbinsert.operations.gaps.audit import Audited
    from ddbinsert.operations.gaps.scope import Options
    from ddbinsert.render.terminal.screen import Screen

#: Time limit in seconds: reading a day of a busy stream and its log takes long.
_TIMEOUT = 3600.0
_SHOWN, _SHOWN_AS_DATA = 20, 10_000


@command("gaps", settings=NAME)
def gaps(
    run: Run,
    settings: Settings,
    *,
    table: Table = None,
    since: Since = None,
    until: Until = None,
    settle: Settle = None,
    match: Match = False,
    compare_sink: CompareSink = False,
    failures: Documents = True,
    log_group: LogGroup = None,
    via: Via = ReadBy.LOGS,
    save: Save = None,
    from_table: FromTable = False,
    from_export: FromExport = None,
    print_sql: PrintSql = None,
    sink_export: SinkExport = None,
    index: Index = None,
    partition: Partitions = None,
    rate: Rate = None,
    repair: RepairThem = False,
    dry_run: DryRun = False,
    batch_size: BatchSize = 1,
    attempts: Attempts = 3,
    stack: Stack = None,
    tag: Tag = None,
) -> Outcome:
    """Find the inserts that the function missed, and repair them.

    Reads the stream (the last 24 hours), the function's log, its sink and CloudWatch metrics, and lists every insert
    that was not processed, by cause. Exit code 0: no insert was missed; 1: some were missed; 6: unknown for a part
    of the time. Changes nothing without --repair, which invokes the function with the missed inserts only. An
    interrupted audit or repair can be continued by running the same command again. --function NAME:ALIAS is about
    one alias or version alone.

    Example: ddbinsert gaps orders --since 6h
    """
    from ddbinsert.local.directory import state_directory
    from ddbinsert.operations.gaps.command import audit_gaps

    _check(repair=repair, dry_run=dry_run, batch_size=batch_size, attempts=attempts)
    settings, qualifier = without_qualifier(settings)
    trigger = consumer_of(run, run.trigger(table, settings), stack=stack, tags=tag).trigger
    if sink_export and print_sql is None:
        raise UsageError("--sink-export requires --print-sql.", code="options-contradict")
    if (index or partition) and not from_table:
        raise UsageError("--index and --partition require --from-table.", code="options-contradict")
    if from_table or from_export or print_sql:
        from ddbinsert.cli.gaps_compare import compare_with_sink, period_of
        from ddbinsert.cli.gaps_compare import print_sql as sql

        period = period_of(run, since, until, index=index, partitions=partition or (), from_table=from_table)
        if repair or match or compare_sink or (from_table and (from_export or print_sql)):
            raise UsageError(
                "--from-table and --from-export compare items with the sink; they can't be combined with each other, "
                "nor with --repair, --match or --compare-sink.",
                hint=Advice(
                    "To deliver the missing inserts to the function", ("backfill", TABLE, "--missing")
                ),
                code="options-contradict",
            )
        if print_sql:
            return sql(run, trigger, export=from_export, sink_export=sink_export, qualifier=qualifier)
        return compare_with_sink(
            run,
            trigger,
            export=from_export,
            period=period,
            rate=rate,
            settle=seconds(settle, name="--settle") if settle else None,
            save=save,
            most=_SHOWN_AS_DATA if run.wants_json else _SHOWN,
            qualifier=qualifier,
        )
    context = run.context(_TIMEOUT)
    with audit_gaps(
        context,
        trigger,
        lambda: replace(
            _options(run, since, until, settle, match=match, compare_sink=compare_sink, failures=failures),
            by_query=via is ReadBy.INSIGHTS,
        ),
        repairs=state_directory(run.environment.variables).parent / "repairs",
        log_group=log_group,
        qualifier=qualifier,
        to_repair=repair and not dry_run,
    ) as found:
        if save:
            _save(run, save, found.audited)
        done = None
        if repair and found.audited.gaps.missed:
            found.check()
            if not dry_run:
                _confirm(run, found.audited.gaps)
                done = found.repair(batch_size=batch_size, attempts=attempts)
    return _outcome(run, found.audited.gaps, done, qualifier)


def _check(*, repair: bool, dry_run: bool, batch_size: int, attempts: int) -> None:
    """Refuse options that cannot be combined.

    Raises:
        UsageError: The options contradict.
    """
    check_batches(batch_size=batch_size, attempts=attempts)
    if dry_run and not repair:
        raise UsageError("--dry-run requires --repair: without it, gaps changes nothing.")


def _options(
    run: Run,
    since: str | None,
    until: str | None,
    settle: str | None,
    *,
    match: bool,
    compare_sink: bool,
    failures: bool,
) -> Options:
    """The options of the search.

    Raises:
        UsageError: A time is not valid.
    """
    from ddbinsert.operations.gaps.scope import Options

    now = run.clock.now()
    options = Options(
        since=parse_time(since, now) if since else None,
        until=parse_time(until, now, name="--until") if until else None,
        settle=seconds(settle, name="--settle") if settle else None,
        by_lines=match,
        words=(since or "", until or ""),
        compare_sink=compare_sink,
        documents=failures,
        examples=_SHOWN_AS_DATA if run.wants_json else _SHOWN,
    )
    if options.since is not None and options.until is not None and options.until < options.since:
        raise UsageError("--until is before --since.", hint="Swap them.")
    return options


def _confirm(run: Run, found: Gaps) -> None:
    """Ask before the function is invoked.

    Raises:
        UsageError: There is no terminal and no --yes, or the answer was no.
    """
    unmapped = {"no-mapping", "stream-replaced"} & {group.cause.value for group in found.groups}
    if unmapped:
        run.reporter.warn(
            "no mapping reads the stream: a new mapping that starts at TRIM_HORIZON would deliver these "
            "inserts a second time"
        )
    causes = ", ".join(f"{group.count:,} {group.cause}" for group in found.groups)
    inserts = "1 missed insert" if found.missed == 1 else f"{found.missed:,} missed inserts"
    run.confirm(f"Invoke {found.function} with {inserts} ({causes})?")


def _outcome(run: Run, found: Gaps, repaired: Repair | None, qualifier: str) -> Outcome:
    from ddbinsert.core.proof.gaps.model import GapCause
    from ddbinsert.render import gaps as words

    only = f" --function {found.function}:{qualifier}" if qualifier else ""
    command_line = run.command_line(f"gaps {found.table} --repair{only}")
    waits = any(group.cause is GapCause.MAPPING_DISABLED for group in found.groups)  # a repair is refused
    data = words.gaps_data(found, run.addressed)

    def human(screen: Screen) -> None:
        words.gaps(screen, found, run.addressed, repair="" if repaired or waits else command_line)
        if repaired is not None:
            words.repaired(screen, repaired)

    return Outcome(
        data=data if repaired is None else {**data, "repair": words.repair_data(repaired)},
        human=human,
        exit_code=exit_code_of(found, left=found.missed if repaired is None else repaired.left),
    )


def exit_code_of(found: Gaps, *, left: int) -> ExitCode:
    """The exit code: 1 if inserts are still missed, 6 if the result is unknown for a part of the time."""
    if left:
        return ExitCode.NO
    return ExitCode.INCONCLUSIVE if found.stretches else ExitCode.OK


def _save(run: Run, name: str, audited: Audited) -> None:
    """Write the missed inserts, one JSON line each.

    Raises:
        UsageError: The file cannot be written.
    """
    from ddbinsert.render.gaps import insert_data

    path = run.environment.cwd / name
    try:
        with path.open("w", encoding="utf-8") as file:
            for one, cause in audited.missed():
                file.write(json.dumps({**insert_data(one), "cause": cause}) + "\n")
    except OSError as error:
        raise UsageError(f"--save {name}: {error.strerror or error}.", code="not-writable") from error
