"""Filters from the command line, from files, from a mapping, and from a table's mappings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ddbinsert.advice import Advice
from ddbinsert.core.arn import arn_parts, resource_name
from ddbinsert.core.filters.documents import SavedFilters, records_in, saved_filters
from ddbinsert.core.filters.lint.lint import lint
from ddbinsert.core.filters.lint.report import Expectation, KnownStream, LintFinding, LintReport, LintSeverity
from ddbinsert.dataclass import dataclass
from ddbinsert.errors import PrerequisiteError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from typing import TextIO

    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.clock import Clock
    from ddbinsert.core.model.seen import MappingState, TableState
    from ddbinsert.core.trigger.reporter import Reporter

#: Bytes. Patterns are short; a larger file is not a filter.
_LARGEST = 4 * 1024 * 1024
#: Files that may be templates.
DOCUMENT_SUFFIXES = (".yaml", ".yml", ".json", ".template", ".tf")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True, kw_only=True)
class Linted:
    """The checked filters of one mapping.

    Attributes:
        mapping: The mapping's UUID, and its function; None for filters given on the command line.
    """

    mapping: str | None
    function: str | None
    report: LintReport


def given_patterns(arguments: Sequence[str], *, cwd: Path, stdin: TextIO) -> tuple[str, ...]:
    """The patterns in arguments that are patterns, files, or `-` for standard input, without their mappings.

    Raises:
        UsageError: An argument is neither JSON nor a readable file.
    """
    return tuple(text for one in saved_in(arguments, cwd=cwd, stdin=stdin) for text in one.patterns)


def read_file(name: str, cwd: Path) -> str:
    """A small text file.

    Raises:
        UsageError: It cannot be read, or it is too large.
    """
    path = cwd / name
    try:
        if path.stat().st_size > _LARGEST:
            raise UsageError(f"{name} is larger than 4 MB: it is not a filter.", code="file-too-large")
        return path.read_text("utf-8-sig")
    except (OSError, ValueError) as error:
        raise _unreadable(name, error) from error


def _unreadable(name: str, error: Exception) -> UsageError:
    why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return UsageError(
        f"{name} cannot be read: {why}.",
        hint="Give a file, - for standard input, or JSON text.",
        code="unreadable-file",
    )


def is_document(name: str, cwd: Path) -> bool:
    """Whether an argument is a folder, or a file that may be a template."""
    path = cwd / name
    try:
        return path.is_dir() or (path.suffix.lower() in DOCUMENT_SUFFIXES and path.is_file())
    except (OSError, ValueError):
        return False


def read_records(name: str, *, cwd: Path, stdin: TextIO) -> Iterator[dict[str, Any]]:
    """The records of a file, or of standard input for `-`, one by one.

    Raises:
        UsageError: It cannot be read, or contains something other than records.
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
    """Iterates over records up to a time limit; `hit` is true if the limit was reached before the last record."""

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
    """The records of a table's live stream as Lambda would receive them, starting `back` seconds ago.

    Raises:
        PrerequisiteError: The table has no stream.
    """
    from ddbinsert.aws.read.streams import read_stream
    from ddbinsert.core.filters.backtest import since

    stream = _stream_of(table)
    started = clock.monotonic()

    def progress(count: int) -> None:
        reporter.waiting("the stream's records", clock.monotonic() - started, f"{count} so far")

    oldest = clock.now() - back
    return since(read_stream(aws, stream, clock=clock, since=oldest, progress=progress), oldest)


def _stream_of(table: TableState) -> str:
    if table.stream_arn is None:
        raise PrerequisiteError(
            f"Table {table.name} has no stream.",
            hint=Advice("Enable it", ("enable-stream", table.name)),
            code="no-stream",
        )
    return table.stream_arn


# --- from AWS ---------------------------------------------------------------------------------------------


def stream_properties(table: TableState | None) -> KnownStream:
    """The known properties of a table's stream."""
    return (
        KnownStream() if table is None else KnownStream(view=table.view, key=table.key, arn=table.stream_arn)
    )


def mapping_state(aws: Aws, uuid: str) -> MappingState:
    """The mapping, with readable filters.

    Raises:
        PrerequisiteError: It does not exist, or its filters are encrypted.
    """
    from ddbinsert.aws.read.resources import read_mapping

    if not _UUID.fullmatch(uuid):
        raise UsageError(
            f"{uuid!r} is not the UUID of a mapping.",
            hint="A trigger's mapping is shown by status.",
        )
    mapping = read_mapping(aws, uuid)
    if mapping is None:
        raise PrerequisiteError(
            f"There is no event source mapping {uuid} in {aws.region}.",
            hint="A trigger's mapping is shown by status.",
            code="mapping-not-found",
        )
    if mapping.filters_hidden:
        raise PrerequisiteError(
            f"The filters of mapping {uuid} are encrypted with a customer key: Lambda does not show them.",
            code="filter-hidden",
        )
    return mapping


def table_of(mapping: MappingState) -> str | None:
    """The name of the table whose stream the mapping reads."""
    stream = arn_parts(mapping.stream_arn)
    return stream.name if stream.service == "dynamodb" else None


def lint_mapping(aws: Aws, uuid: str) -> Linted:
    """Check a mapping's filters for the stream that it reads."""
    from ddbinsert.aws.read.resources import read_table

    mapping = mapping_state(aws, uuid)
    name = table_of(mapping)
    table = read_table(aws, name) if name else None
    live = table if table is not None and table.stream_arn == mapping.stream_arn else None
    return _linted(mapping, stream_properties(live) if live else KnownStream(arn=mapping.stream_arn))


def lint_table(aws: Aws, name: str) -> tuple[TableState, tuple[Linted, ...]]:
    """Check the filters of every mapping on a table's stream."""
    from ddbinsert.aws.read.resources import read_mappings
    from ddbinsert.operations.existing_resources import existing_table

    table = existing_table(aws, name)
    mappings = read_mappings(aws, stream_arn=_stream_of(table))
    return table, tuple(_linted(mapping, stream_properties(table)) for mapping in mappings)


def _linted(mapping: MappingState, stream: KnownStream) -> Linted:
    saved = SavedFilters(
        patterns=mapping.filters,
        mapping=mapping.uuid,
        function=mapping.function_arn,
        stream=mapping.stream_arn,
        hidden=mapping.filters_hidden,
    )
    return lint_saved(saved, stream)


def _single(rule: str, severity: LintSeverity, message: str) -> LintReport:
    return LintReport(filters=(), findings=(LintFinding(rule=rule, severity=severity, message=message),))


def lint_saved(saved: SavedFilters, stream: KnownStream) -> Linted:
    """Check the filters of a mapping, or those of a document without one.

    Args:
        stream: Known properties of the stream besides its ARN.
    """
    if saved.hidden:
        report = _single("filter-hidden", LintSeverity.NOTE, "The filters are encrypted with a customer key.")
    elif not saved.patterns:
        report = _single(
            "no-filter", LintSeverity.WARNING, "The mapping has no filter: every change invokes the function."
        )
    else:
        known_stream = KnownStream(view=stream.view, key=stream.key, arn=stream.arn or saved.stream)
        report = lint(saved.patterns, known_stream, _expectation(saved))
    function = resource_name(saved.function) if saved.function else None
    return Linted(mapping=saved.mapping, function=function, report=report)


def _expectation(saved: SavedFilters) -> Expectation:
    """What the filter is expected to match; a mapping to another function may be meant for other events."""
    if saved.mapping is None or not saved.stream or not saved.function:
        return Expectation.INSERTS
    own = f"{arn_parts(saved.stream).name}-inserts"
    return Expectation.INSERTS if resource_name(saved.function) == own else Expectation.OTHERS


def saved_in(arguments: Sequence[str], *, cwd: Path, stdin: TextIO) -> tuple[SavedFilters, ...]:
    """The filters in the arguments: one entry per mapping, and one for all patterns without a mapping.

    Raises:
        UsageError: An argument is neither JSON nor a readable file.
    """
    every = [one for argument in arguments for one in _saved(argument, cwd, stdin)]
    loose = [one for one in every if one.mapping is None]
    notes = tuple(dict.fromkeys(note for one in loose for note in one.notes))
    together = SavedFilters(patterns=tuple(text for one in loose for text in one.patterns), notes=notes)
    return (*((together,) if loose else ()), *(one for one in every if one.mapping is not None))


def _saved(argument: str, cwd: Path, stdin: TextIO) -> tuple[SavedFilters, ...]:
    if argument == "-":
        return saved_filters(as_json(stdin.read(_LARGEST)))
    if argument.lstrip()[:1] in ("{", '"') or not argument.strip():
        # A pattern has none of the keys of AWS's responses: text with such a key was pasted from a response.
        return saved_filters(argument)
    if argument.lstrip()[:1] == "[":
        return saved_filters(argument)
    return saved_filters(as_json(read_file(argument, cwd)))


def as_json(text: str) -> str:
    """Answers of AWS about mappings, which the AWS CLI also prints as YAML, as JSON; any other text as it is."""
    import json

    from ddbinsert.core.filters.documents import is_answer
    from ddbinsert.documents.source import DocumentError
    from ddbinsert.documents.yaml_document import read_yaml

    if text.lstrip()[:1] in ("{", "[", '"', ""):
        return text
    try:
        root = read_yaml("", text).root
    except DocumentError:
        return text
    return json.dumps(root) if is_answer(root) else text
