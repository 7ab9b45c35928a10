"""Findings in files as SARIF 2.1.0, for code scanning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from ddbinsert.core.filters.lint.report import LintSeverity
from ddbinsert.render import sarif
from ddbinsert.render.filters.documents import findings_of
from ddbinsert.render.terminal.screen import clean

if TYPE_CHECKING:
    from ddbinsert.documents.checked import CheckedFiles, PlacedFinding

_LEVELS: Final = {LintSeverity.ERROR: "error", LintSeverity.WARNING: "warning", LintSeverity.NOTE: "note"}


def document(checked: CheckedFiles) -> str:
    """One run with every finding as a result."""
    findings = list(findings_of(checked))
    rules = sorted({finding.rule for finding in findings})
    return sarif.document(
        [(rule, rule.replace("-", " ")) for rule in rules],
        [_result(finding, rules.index(finding.rule)) for finding in findings],
    )


def _uri(name: str) -> str:
    """A relative reference for a file below the working directory, as code scanning wants it; otherwise a file URI."""
    path = quote(name.replace("\\", "/"))
    return f"file://{path}" if path.startswith("/") else path


def _result(finding: PlacedFinding, index: int) -> dict[str, Any]:
    text = clean(f"{finding.message} {finding.hint or ''}".strip())
    return {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": _LEVELS[finding.severity],
        "message": {"text": text},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _uri(finding.file)},
                    "region": {"startLine": finding.start.line, "startColumn": finding.start.column},
                },
                "logicalLocations": [{"name": clean(finding.resource), "kind": "resource"}],
            }
        ],
    }
