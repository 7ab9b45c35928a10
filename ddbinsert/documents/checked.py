"""The result of checking documents: mappings and findings with their positions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from ddbinsert.core.filters.lint.report import LintSeverity
    from ddbinsert.documents.edits import Edit
    from ddbinsert.documents.source import Position


@dataclass(frozen=True, kw_only=True)
class PlacedFinding:
    """A finding with its position in a file.

    Attributes:
        resource: The logical name of the mapping.
        filter: The filter's number in the mapping, from 1; None if it concerns the mapping.
        start: Line and column.
        quoted: The text of that line.
        edit: The correction, if it is unambiguous and the file is not generated.
    """

    rule: str
    severity: LintSeverity
    message: str
    hint: str | None
    file: str
    resource: str
    filter: int | None
    start: Position
    quoted: str
    edit: Edit | None = None


@dataclass(frozen=True, kw_only=True)
class CheckedMapping:
    """One declared mapping.

    Attributes:
        insert_only: Whether its filters pass only inserts; None if not known.
        checked: All of its filters could be checked.
    """

    file: str
    resource: str
    line: int
    filters: tuple[str | None, ...]
    insert_only: bool | None
    checked: bool
    findings: tuple[PlacedFinding, ...]


@dataclass(frozen=True, kw_only=True)
class CheckedFiles:
    """The result of checking files.

    Attributes:
        files: The files that declare mappings, or have a format that can.
        corrected: Names of files that `--fix` changed, with the number of corrections.
        skipped: Files that could not be read, with the reason.
        undecided: Those of them that may declare a mapping.
        others: Given files without declarations: other documents, or patterns.
    """

    files: tuple[str, ...]
    mappings: tuple[CheckedMapping, ...]
    corrected: dict[str, int]
    skipped: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
