"""Filters from where they are: the command line, files, a mapping, a table's mappings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ddbinsert.core.filter_backtest import since
from ddbinsert.core.filter_documents import patterns_in, records_in
from ddbinsert.core.filter_findings import Finding, Report, Severity, Table
from ddbinsert.core.filter_lint import lint
from ddbinsert.errors import PrerequisiteError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from typing import TextIO

    from ddbinsert.aws.session import Aws
    from ddbinsert.core.clock import Clock
    from ddbinsert.core.model import MappingState, TableState
    from ddbinsert.core.reporter import Reporter

#: Patterns are short; a larger file is something else.
_LARGEST = 4 * 1024 * 1024
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True, kw_only=True)
class Linted:
    """The filters of one mapping, judged.

    Args:
        mapping: The mapping's UUID, and its function; None for filters given by hand.
    """

    mapping: str | None
    function: str | None
    report: Report


def given_patterns(arguments: Sequence[str], *, cwd: Path, stdin: TextIO) -> tuple[str, ...]:
    """The patterns of arguments that are patterns, files, or `-` for standard input.

    Raises:
        UsageError: An argument is neither JSON nor a file that can be read.
    """
    return tuple(pattern for argument in arguments for pattern in _patterns(argument, cwd, stdin))


def _patterns(argument: str, cwd: Path, stdin: TextIO) -> tuple[str, ...]:
    if argument == "-":
        return patterns_in(stdin.read(_LARGEST))
    if argument.lstrip()[:1] in ("{", "[", '"') or not argument.strip():
        return (argument,) if argument.lstrip()[:1] != "[" else patterns_in(argument)
    return patterns_in(read_file(argument, cwd))


def read_file(name: str, cwd: Path) -> str:
    """A small text file.

    Raises:
        UsageError: It can't be read, or is too large to be what it should.
    """
    path = cwd / name
    try:
        if path.stat().st_size > _LARGEST:
            raise UsageError(f"{name} is larger than 4 MB: it is no filter.", code="file-too-large")
        return path.read_text("utf-8-sig")
    except (OSError, ValueError) as error:
        raise _unreadable(name, error) from error


def _unreadable(name: str, error: Exception) -> UsageError:
    why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return UsageError(
        f"{name} can't be read: {why}.",
        hint="Give a file, - for standard input, or JSON.",
        code="unreadable-file",
    )


def read_records(name: str, *, cwd: Path, stdin: TextIO) -> Iterator[dict[str, Any]]:
    """The records of a file, or of standard input for `-`, one by one.

    Raises:
        UsageError: It can't be read, or holds what is no record.
    """
    if name == "-":
        yield from records_in(stdin, "standard input")
        return
    try:
        with (cwd / name).open(encoding="utf-8") as file:
            yield from records_in(file, name)
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(name, error) from error


class Cut:
    """Records up to a time limit; `hit` says whether it was reached before the records' end."""

    def __init__(self, records: Iterable[dict[str, Any]], *, clock: Clock, seconds: float | None) -> None:
        self._records = records
        self._clock = clock
        self._seconds = seconds
        self.hit = False

    def __iter__(self) -> Iterator[dict[str, Any]]:
        started = self._clock.monotonic()
        for number, record in enumerate(self._records):
            yield record
            late = self._seconds is not None and number % 100 == 0
            if late and self._clock.monotonic() - started > (self._seconds or 0):
                self.hit = True
                return


def stream_records(
    aws: Aws, table: TableState, *, clock: Clock, reporter: Reporter, back: float
) -> Iterator[dict[str, Any]]:
    """What a table's live stream holds, as Lambda would get it, from `back` seconds ago on.

    Raises:
        PrerequisiteError: The table has no stream.
    """
    from ddbinsert.aws.streams import read_stream

    stream = _stream_of(table)
    started = clock.monotonic()

    def progress(count: int) -> None:
        reporter.waiting("the stream's records", clock.monotonic() - started, f"{count} so far")

    records = read_stream(aws, stream, clock=clock, progress=progress)
    return since(records, clock.now() - back)


def _stream_of(table: TableState) -> str:
    if table.stream_arn is None:
        raise PrerequisiteError(
            f"Table {table.name} has no stream.",
            hint=f"`ddbinsert enable-stream {table.name}` enables it.",
            code="no-stream",
        )
    return table.stream_arn


# --- from AWS ---------------------------------------------------------------------------------------------


def table_state(aws: Aws, name: str) -> TableState:
    """The table.

    Raises:
        PrerequisiteError: There is none of this name.
    """
    from ddbinsert.aws.observe import read_table

    table = read_table(aws, name)
    if table is None:
        raise PrerequisiteError(
            f"Table {name} does not exist in {aws.region}.",
            hint="Check the name, --region and --profile.",
            code="table-not-found",
        )
    return table


def known(table: TableState | None) -> Table:
    """What lint needs to know of a table."""
    return Table() if table is None else Table(view=table.view, key=table.key)


def mapping_state(aws: Aws, uuid: str) -> MappingState:
    """The mapping; its filters can be read.

    Raises:
        PrerequisiteError: There is none, or its filters are encrypted.
    """
    from ddbinsert.aws.observe import read_mapping

    if not _UUID.fullmatch(uuid):
        raise UsageError(
            f"{uuid!r} is no mapping's UUID.", hint="`ddbinsert status TABLE` shows a trigger's mapping."
        )
    mapping = read_mapping(aws, uuid)
    if mapping is None:
        raise PrerequisiteError(
            f"There is no event source mapping {uuid} in {aws.region}.",
            hint="`ddbinsert status TABLE` shows a trigger's mapping.",
            code="mapping-not-found",
        )
    if mapping.filters_hidden:
        raise PrerequisiteError(
            f"The filters of mapping {uuid} are encrypted with a customer key: Lambda doesn't show them.",
            code="filter-hidden",
        )
    return mapping


def table_of(mapping: MappingState) -> str | None:
    """The name of the table whose stream a mapping reads."""
    _, found, rest = mapping.stream_arn.partition(":table/")
    return rest.partition("/stream/")[0] if found else None


def lint_mapping(aws: Aws, uuid: str) -> Linted:
    """A mapping's filters, judged for the stream that it reads."""
    from ddbinsert.aws.observe import read_table

    mapping = mapping_state(aws, uuid)
    name = table_of(mapping)
    table = read_table(aws, name) if name else None
    live = table if table is not None and table.stream_arn == mapping.stream_arn else None
    return _linted(mapping, known(live))


def lint_table(aws: Aws, name: str) -> tuple[TableState, tuple[Linted, ...]]:
    """The filters of every mapping on a table's stream, judged."""
    from ddbinsert.aws.observe import read_mappings

    table = table_state(aws, name)
    mappings = read_mappings(aws, stream_arn=_stream_of(table))
    return table, tuple(_linted(mapping, known(table)) for mapping in mappings)


def _linted(mapping: MappingState, table: Table) -> Linted:
    if mapping.filters_hidden:
        report = _single("filter-hidden", Severity.NOTE, "The filters are encrypted with a customer key.")
    elif not mapping.filters:
        report = _single(
            "no-filter", Severity.WARNING, "The mapping has no filter: every change invokes the function."
        )
    else:
        report = lint(mapping.filters, table)
    return Linted(mapping=mapping.uuid, function=mapping.function_name, report=report)


def _single(rule: str, severity: Severity, message: str) -> Report:
    return Report(filters=(), findings=(Finding(rule=rule, severity=severity, message=message),))


def lint_given(patterns: Iterable[str], table: Table) -> Linted:
    """Filters given by hand, judged as those of one mapping."""
    return Linted(mapping=None, function=None, report=lint(tuple(patterns), table))
