"""gaps --from-table and --from-export: items without an entry in the sink, regardless of age."""

from __future__ import annotations

import json
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING

from ddbinsert.cli.run import Outcome, Run
from ddbinsert.errors import ExitCode, UsageError

if TYPE_CHECKING:
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
    rate: float | None,
    settle: float | None,
    save: str | None,
    most: int,
    qualifier: str,
) -> Outcome:
    """Compare items with the sink.

    Args:
        qualifier: The only alias or version that the run is about; empty for all of them.
        most: Maximum number of keys in the result.
    """
    from ddbinsert.operations.gaps.command import comparing, export_at
    from ddbinsert.operations.gaps.from_table import ItemSource
    from ddbinsert.render import gaps as words

    source = ItemSource(
        export=None if export is None else export_at(export, run.environment.cwd),
        rate=rate,
        settle=-1.0 if settle is None else settle,
    )
    with comparing(run.context(_TIMEOUT), trigger, source, qualifier=qualifier) as comparing_:
        _confirm(run, comparing_)
        found = comparing_.carry_out()
        if save:
            _save(run, save, comparing_)
        keys = list(islice(comparing_.pairs.without_entry(), most))
    command = run.again(f"backfill {found.table} --missing --dry-run")
    return Outcome(
        data=words.compared_data(found, keys),
        human=lambda screen: words.compared(screen, found, keys, backfill=command),
        exit_code=_exit_code(found.without_entry, expires=bool(found.expires)),
    )


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
    run.reporter.step(f"reading the items and the entries takes about {units:,.0f} read request units")
    if units > _ASKED:
        run.confirm(
            f"Read {comparing.subject.table.name} and {comparing.sink} ({units:,.0f} read request units)?"
        )


def _save(run: Run, name: str, comparing: Comparing) -> None:
    try:
        with (run.environment.cwd / name).open("w", encoding="utf-8") as file:
            for keys in comparing.pairs.without_entry():
                file.write(json.dumps({"key": keys}) + "\n")
    except OSError as error:
        raise UsageError(f"--save {name}: {error.strerror or error}.", code="not-writable") from error
