"""Filters as text: findings, explanations, and why a record does not pass."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from ddbinsert.core.filters.lint.report import LintSeverity, dotted
from ddbinsert.core.words import plural
from ddbinsert.render.terminal.screen import clean, one_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ddbinsert.core.filters.explain import Clause, Explanation
    from ddbinsert.core.filters.lint.report import CheckedFilter, LintFinding, LintReport
    from ddbinsert.core.filters.trace import Step, Trace
    from ddbinsert.render.terminal.screen import Screen

_STYLES: Final = {LintSeverity.ERROR: "bold red", LintSeverity.WARNING: "yellow", LintSeverity.NOTE: "dim"}
#: Number of characters of a pattern that are shown around a finding.
_AROUND = 60


# --- lint -------------------------------------------------------------------------------------------------


def report_data(report: LintReport) -> dict[str, Any]:
    """A report for the envelope."""
    return {
        "insert_only": report.insert_only,
        "errors": report.count(LintSeverity.ERROR),
        "warnings": report.count(LintSeverity.WARNING),
        "notes": report.count(LintSeverity.NOTE),
        "filters": [_filter_data(judged) for judged in report.filters],
        "findings": [
            {
                "rule": finding.rule,
                "severity": finding.severity,
                "filter": finding.filter,
                "path": dotted(finding.path),
                "position": finding.position,
                "message": finding.message,
                "hint": finding.hint,
            }
            for finding in report.findings
        ],
    }


def _filter_data(judged: CheckedFilter) -> dict[str, Any]:
    example = judged.counterexample
    return {
        "pattern": judged.pattern,
        "valid": judged.valid,
        "insert_only": judged.insert_only,
        "takes_inserts": judged.takes_inserts,
        "no_insert_because": judged.inserts.reason
        if judged.inserts and judged.takes_inserts is False
        else None,
        "counterexample": None if example is None else {"event": example.event, "record": example.record},
    }


def linted_data(mapping: str | None, function: str | None, report: LintReport) -> dict[str, Any]:
    """A report with its mapping; the mapping is None for filters from the command line."""
    return {"mapping": mapping, "function": function, **report_data(report)}


def reports(screen: Screen, found: Sequence[tuple[str | None, str | None, LintReport]]) -> None:
    """One report after the other, each under its mapping."""
    if not found:
        screen.line("No event source mapping reads the table's stream: there are no filters to check.")
    for index, (mapping, function, report) in enumerate(found):
        if index:
            screen.line()
        one_report(screen, f"mapping {mapping} to {function}" if mapping else "", report)


def one_report(screen: Screen, title: str, report: LintReport) -> None:
    """Every finding under its filter, with a mark at its position."""
    if title:
        screen.line(title, "bold")
    for number, judged in enumerate(report.filters, 1):
        screen.line(f"filter {number}: {one_line(judged.pattern, 200)}")
        for finding in report.findings:
            if finding.filter == number:
                _finding(screen, finding, judged.pattern)
        _verdict(screen, judged)
    for finding in report.findings:
        if finding.filter is None:
            _finding(screen, finding, "")
    counts = [plural(count, severity.value) for severity in LintSeverity if (count := report.count(severity))]
    screen.line(", ".join(counts) + "." if counts else "No findings.")


def _finding(screen: Screen, finding: LintFinding, pattern: str) -> None:
    place = f" at {dotted(finding.path)}" if finding.path else ""
    screen.line(f"  {finding.severity.value} [{finding.rule}]{place}", _STYLES[finding.severity])
    screen.line(f"    {finding.message}")
    if finding.position is not None and pattern:
        for line in excerpt(pattern, finding.position):
            screen.line(f"      {line}")
    if finding.hint:
        screen.line(f"    try: {finding.hint}")


def excerpt(pattern: str, position: int) -> tuple[str, str]:
    """The pattern's text around a character, and a mark under that character."""
    start = max(0, position - _AROUND)
    before = one_line("|" + pattern[start:position] + "|", 10_000)[1:-1]
    after = one_line("|" + pattern[position : position + _AROUND] + "|", 10_000)[1:-1]
    opening = "…" if start else ""
    closing = "…" if position + _AROUND < len(pattern) else ""
    return f"{opening}{before}{after}{closing}", " " * len(opening + before) + "^"


def _verdict(screen: Screen, judged: CheckedFilter) -> None:
    if not judged.valid:
        screen.line("  AWS rejects this filter.")
        return
    leaking, inserts = judged.counterexample, judged.inserts
    if judged.insert_only and judged.takes_inserts is False:
        screen.line(
            "  insert-only: yes, but no INSERT passes either: this filter drops everything", "bold red"
        )
        return
    if leaking is not None:
        record = one_line(json.dumps(short(leaking.example), ensure_ascii=False), 400)
        screen.line(f"  insert-only: no, this {leaking.event.value} passes: {record}")
    elif judged.insert_only:
        screen.line("  insert-only: yes", "green")
    else:
        screen.line(
            "  insert-only: not known: no MODIFY or REMOVE that passes was found, and none was excluded"
        )
    if judged.takes_inserts is False and inserts is not None:
        screen.line(f"  inserts: none passes: {inserts.reason}", "bold red")
    elif judged.takes_inserts is None:
        screen.line("  inserts: not known: no INSERT that passes was found, and none was excluded")


def short(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record without the fields that are equal in all records."""
    change = record.get("dynamodb")
    images = {}
    if isinstance(change, dict):
        images = {name: change[name] for name in ("Keys", "NewImage", "OldImage") if name in change}
    named = {name: value for name, value in record.items() if name in ("eventName", "userIdentity")}
    return {**named, "dynamodb": images or change}


# --- explain ----------------------------------------------------------------------------------------------


def explanations(screen: Screen, found: Sequence[tuple[str, Explanation]]) -> None:
    for index, (pattern, explained) in enumerate(found):
        if index:
            screen.line()
        explanation(screen, pattern, explained)


def explanation(screen: Screen, pattern: str, explained: Explanation) -> None:
    screen.line(one_line(pattern, 300), "dim")
    screen.line(explained.sentence, "bold")
    if len(explained.clauses) > 1 or any(clause.choices for clause in explained.clauses):
        screen.line("All of these hold:")
        for clause in explained.clauses:
            _clause(screen, clause, 1)


def _clause(screen: Screen, clause: Clause, depth: int) -> None:
    indent = "  " * depth
    if not clause.choices:
        screen.line(f"{indent}- {clause.text}")
        return
    screen.line(f"{indent}- {clause.text}:")
    for group in clause.choices:
        if len(group) == 1:
            _clause(screen, group[0], depth + 1)
            continue
        screen.line(f"{indent}  - all of these hold:")
        for part in group:
            _clause(screen, part, depth + 2)


# --- test -------------------------------------------------------------------------------------------------


def all_traces(
    screen: Screen, found: Sequence[tuple[int, bool, Sequence[Trace]]], total: int, matched: int
) -> None:
    """The records that are shown in detail, then the counts if there are several records."""
    for number, _, of_record in found:
        traces(screen, "record" if total == 1 else f"record {number}", of_record)
    if total != 1:
        screen.line(f"{matched} of {total} records match.")
    if len(found) < total:
        screen.line(f"{total - len(found)} records are counted only; --limit shows more.", "dim")


def traces(screen: Screen, name: str, found: Sequence[Trace]) -> None:
    """The result of each filter for one record, as a tree of its clauses."""
    from rich.text import Text
    from rich.tree import Tree

    def text(words: str, style: str = "") -> Text:
        return Text(clean(words), style=style if screen.colour else "")

    def grow(node: Tree, step: Step) -> None:
        mark, style = ("✓", "green") if step.held else ("✗", "red")
        words = f"{mark} {step.path}" + (f": {one_line(step.wanted, 200)}" if step.wanted else "")
        if step.held and step.found:
            words += f"  ({one_line(_values(step.found), 120)})"
        branch = node.add(text(words, style))
        if step.why and not step.branches:
            branch.add(text(one_line(step.why, 400)))
        for number, parts in enumerate(step.branches, 1):
            inner = branch.add(text(f"alternative {number}"))
            for part in parts:
                grow(inner, part)

    for number, one in enumerate(found, 1):
        verdict = "matched" if one.matched else "not matched"
        tree = Tree(text(f"{name}, filter {number}: {verdict}", "bold green" if one.matched else "bold red"))
        for step in one.steps:
            grow(tree, step)
        if not one.matched and one.failed is None:
            tree.add(text(one.why, "red"))
        screen.renderable(tree)


def _values(values: Sequence[object]) -> str:
    return ", ".join(json.dumps(value, ensure_ascii=False, default=str) for value in values)
