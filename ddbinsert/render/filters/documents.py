"""Findings in files: as text with the quoted line, as data, and as annotations for GitHub."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ddbinsert.core.filters.lint.report import LintSeverity
from ddbinsert.core.words import plural
from ddbinsert.render.terminal.screen import clean, one_line
from ddbinsert.render.workflow_commands import annotation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ddbinsert.documents.checked import CheckedFiles, CheckedMapping, PlacedFinding
    from ddbinsert.render.terminal.screen import Screen
    from ddbinsert.render.workflow_commands import Level

_STYLES: Final = {LintSeverity.ERROR: "bold red", LintSeverity.WARNING: "yellow", LintSeverity.NOTE: "dim"}
#: Number of characters of a line that are shown on each side of a position.
_AROUND: Final = 70


def findings_of(checked: CheckedFiles) -> Iterator[PlacedFinding]:
    for mapping in checked.mappings:
        yield from mapping.findings


def human(screen: Screen, checked: CheckedFiles) -> None:
    """Every finding with its line, then a summary."""
    for finding in findings_of(checked):
        _finding(screen, finding)
    for reason in checked.skipped:
        screen.line(f"not checked: {one_line(reason)}", "yellow")
    for name, count in checked.corrected.items():
        screen.line(f"{name}: {count} corrected")
    screen.line(summary(checked))


def summary(checked: CheckedFiles) -> str:
    """One line: counts of files, mappings and findings."""
    counts = [
        plural(count, severity.value)
        for severity in LintSeverity
        if (count := sum(one.severity is severity for one in findings_of(checked)))
    ]
    files = plural(len(checked.files), "file")
    mappings = plural(len(checked.mappings), "DynamoDB event source mapping")
    return f"{files}, {mappings}: {', '.join(counts) or 'no findings'}."


def _finding(screen: Screen, finding: PlacedFinding) -> None:
    place = f"{finding.file}:{finding.start.line}:{finding.start.column}"
    number = f", filter {finding.filter}" if finding.filter is not None else ""
    head = f"{place}: {finding.severity.value} [{finding.rule}] {finding.resource}{number}"
    screen.line(one_line(head), _STYLES[finding.severity])
    for line in _excerpt(finding):
        screen.line(f"    {line}")
    screen.line(f"  {one_line(finding.message, 1000)}")
    if finding.hint:
        screen.line(f"  try: {one_line(finding.hint)}" + (" (--fix applies it)" if finding.edit else ""))


def _excerpt(finding: PlacedFinding) -> tuple[str, str]:
    """The line around the position, and a mark under it."""
    column = finding.start.column - 1
    start = max(0, column - _AROUND)
    before = clean(finding.quoted[start:column].replace("\t", " "))
    after = clean(finding.quoted[column : column + _AROUND].replace("\t", " "))
    if start == 0:
        before = before.lstrip()
    opening = "…" if start else ""
    closing = "…" if column + _AROUND < len(finding.quoted) else ""
    return f"{opening}{before}{after}{closing}", " " * len(opening + before) + "^"


def data(checked: CheckedFiles) -> dict[str, Any]:
    """The result for the envelope."""
    return {
        "files": list(checked.files),
        "skipped": list(checked.skipped),
        "corrected": checked.corrected,
        "mappings": [_mapping(mapping) for mapping in checked.mappings],
        "findings": [_finding_data(finding) for finding in findings_of(checked)],
    }


def _mapping(mapping: CheckedMapping) -> dict[str, Any]:
    return {
        "file": mapping.file,
        "line": mapping.line,
        "resource": mapping.resource,
        "filters": list(mapping.filters),
        "insert_only": mapping.insert_only,
        "checked": mapping.checked,
    }


def _finding_data(finding: PlacedFinding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "file": finding.file,
        "line": finding.start.line,
        "column": finding.start.column,
        "resource": finding.resource,
        "filter": finding.filter,
        "message": finding.message,
        "hint": finding.hint,
        "fixable": finding.edit is not None,
    }


# --- GitHub -----------------------------------------------------------------------------------------------

_LEVELS: Final[Mapping[LintSeverity, Level]] = {
    LintSeverity.ERROR: "error",
    LintSeverity.WARNING: "warning",
    LintSeverity.NOTE: "notice",
}


def github(checked: CheckedFiles) -> str:
    """Workflow commands that annotate the lines of a pull request."""
    lines = []
    for finding in findings_of(checked):
        properties = {
            "file": finding.file,
            "line": str(finding.start.line),
            "col": str(finding.start.column),
            "title": f"{finding.rule} ({finding.resource})",
        }
        text = f"{finding.message} {finding.hint or ''}".strip()
        lines.append(annotation(_LEVELS[finding.severity], properties, text))
    return "".join(lines)
