"""gaps --from-table and --from-export: items without an entry in the sink, regardless of age."""

from __future__ import annotations

import json
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING

from ddbinsert.cli.run import Outcome, Run
from ddbinsert.core.times import parse_time
from ddbinsert.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddbinsert.core.items.time_key import Period
    from ddbinsert.core.model.wanted import Trigger
    from ddbinsert.operations.gaps.command import Comparing

#: Number of read request units above which a comparison asks first.
_ASKED = 100_000.0
_TIMEOUT = 3600.0


def compare_with_sink(
    run: Run,
    trigger: Trigger,
    *,
    export: str | None,
    period: Period | None,
    rate: float | None,
    settle: float | None,
    save: str | None,
    most: int,
    qualifier: str,
) -> Outcome:
    """Compare items with the sink.

    Args:
        period: Compare only the items of this period; None for all.
        qualifier: The only alias or version that the run is about; empty for all of them.
        most: Maximum number of keys in the result.
    """
    from ddbinsert.operations.gaps.command import comparing, export_at
    from ddbinsert.operations.gaps.from_table import ItemSource
    from ddbinsert.render import gaps as words

    source = ItemSource(
        export=None if export is None else export_at(export, run.environment.cwd),
        period=period,
        rate=rate,
        settle=-1.0 if settle is None else settle,
    )
    with comparing(run.context(_TIMEOUT), trigger, source, qualifier=qualifier) as comparing_:
        _confirm(run, comparing_)
        found = comparing_.carry_out()
        if save:
            _save(run, save, comparing_)
        keys = list(islice(comparing_.pairs.without_entry(), most))
    command = run.command_line(f"backfill {found.table} --missing --dry-run")
    return Outcome(
        data=words.compared_data(found, keys),
        human=lambda screen: words.compared(screen, found, keys, backfill=command),
        exit_code=_exit_code(found.without_entry, expires=bool(found.expires)),
    )


def period_of(
    run: Run,
    since: str | None,
    until: str | None,
    *,
    index: str | None,
    partitions: Sequence[str],
    from_table: bool,
) -> Period | None:
    """The period whose items are compared; None without --partition.

    Raises:
        UsageError: Options of a period are missing, or a time is not valid.
    """
    from ddbinsert.core.items.time_key import Period

    if index and not partitions:
        raise UsageError(
            f"--index {index} requires --partition: a query reads one value of the partition key.",
            hint="Add --partition VALUE, once for each value.",
            code="options-contradict",
        )
    if not partitions and (since or until):
        raise UsageError(
            "The comparison with the sink is about all items: --since and --until require --from-table and --partition, "
            "which reads the items of a period by a query.",
            hint="Add --partition VALUE, and --index NAME unless the table's own sort key is a time."
            if from_table
            else "Leave out --since and --until, or use --from-table.",
            code="options-contradict",
        )
    if not partitions:
        return None
    if since is None:
        raise UsageError(
            "--partition requires --since, the start of the period.",
            hint="Add --since 7d, or a time such as 2026-05-01T12:00Z.",
            code="options-contradict",
        )
    now = run.clock.now()
    begin, end = parse_time(since, now), parse_time(until, now, name="--until") if until else now
    if end < begin:
        raise UsageError("--until is before --since.", hint="Swap them.")
    return Period(index=index, partitions=tuple(partitions), since=begin, until=end)


class Dialect(StrEnum):
    """A query engine, whose SQL the comparison uses."""

    ATHENA = "athena"


def print_sql(
    run: Run, trigger: Trigger, *, export: str | None, sink_export: str | None, qualifier: str
) -> Outcome:
    """The comparison as SQL, for exports of any size.

    Raises:
        UsageError: An export is not in S3.
    """
    from ddbinsert.operations.gaps.command import comparison_in_sql

    found = comparison_in_sql(
        run.context(_TIMEOUT), trigger, items=export, entries=sink_export, qualifier=qualifier
    )
    return Outcome(
        data={"tables": list(found.tables), "query": found.query},
        human=lambda screen: screen.line(found.text.rstrip()),
    )


def _exit_code(without_entry: int, *, expires: bool) -> ExitCode:
    """The exit code. If entries expire, an item without an entry proves nothing."""
    if not without_entry:
        return ExitCode.OK
    return ExitCode.INCONCLUSIVE if expires else ExitCode.NO


def _confirm(run: Run, comparing: Comparing) -> None:
    units = comparing.read_units
    about, what = ("at most about", "items of the period") if comparing.source.period else ("about", "items")
    run.reporter.step(f"reading the {what} and the entries takes {about} {units:,.0f} read request units")
    if units > _ASKED:
        run.confirm(
            f"Read {comparing.subject.table.name} and {comparing.sink} ({about} {units:,.0f} read request units)?"
        )


def _save(run: Run, name: str, comparing: Comparing) -> None:
    try:
        with (run.environment.cwd / name).open("w", encoding="utf-8") as file:
            for keys in comparing.pairs.without_entry():
                file.write(json.dumps({"key": keys}) + "\n")
    except OSError as error:
        raise UsageError(f"--save {name}: {error.strerror or error}.", code="not-writable") from error
