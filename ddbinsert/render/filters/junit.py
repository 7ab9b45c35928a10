"""Findings in files as JUnit XML: one test case for each declared mapping."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement

from ddbinsert.core.filters.lint.report import LintSeverity
from ddbinsert.render.junit import safe, written
from ddbinsert.render.terminal.screen import one_line

if TYPE_CHECKING:
    from ddbinsert.documents.checked import CheckedFiles, CheckedMapping


def document(checked: CheckedFiles, fail_on: LintSeverity) -> str:
    """The test suite; a mapping with a finding of at least `fail_on` is a failure."""
    suite = Element("testsuite", name="ddbinsert filter lint")
    failures = sum([_case(suite, mapping, fail_on) for mapping in checked.mappings])
    return written(suite, {"tests": str(len(checked.mappings)), "failures": str(failures), "errors": "0"})


def _case(suite: Element, mapping: CheckedMapping, fail_on: LintSeverity) -> bool:
    case = SubElement(suite, "testcase", classname=safe(mapping.file), name=safe(mapping.resource))
    lines = [
        f"{one.file}:{one.start.line}:{one.start.column}: {one.severity.value} [{one.rule}] "
        f"{one_line(one.message, 1000)}" + (f" Try: {one_line(one.hint)}" if one.hint else "")
        for one in mapping.findings
    ]
    failing = [one for one in mapping.findings if one.severity in at_least(fail_on)]
    if failing:
        message = safe(one_line(failing[0].message))
        SubElement(case, "failure", type=failing[0].rule, message=message).text = safe("\n".join(lines))
    elif not mapping.checked:
        SubElement(case, "skipped", message="The filters cannot be checked before the deployment.")
    elif lines:
        SubElement(case, "system-out").text = safe("\n".join(lines))
    return bool(failing)


def at_least(severity: LintSeverity) -> tuple[LintSeverity, ...]:
    """This severity and the worse ones."""
    every = tuple(LintSeverity)
    return every[: every.index(severity) + 1]
