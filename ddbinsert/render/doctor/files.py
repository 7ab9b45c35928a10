"""The results of doctor as SARIF and as JUnit XML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element, SubElement

from ddbinsert.core.doctor.model import Severity
from ddbinsert.render import junit
from ddbinsert.render import sarif as sarif_file
from ddbinsert.render.terminal.screen import clean, one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddbinsert.core.doctor.examine import Examined
    from ddbinsert.core.doctor.model import Check, DoctorFinding
    from ddbinsert.render.doctor.report import Addressed


#: The result of one trigger, and a function that completes the commands of its advice.
Addressable = tuple["Examined", "Addressed"]


def sarif(every: Sequence[Addressable], checks: Sequence[Check]) -> str:
    """One run with every finding as a result, located at its function."""
    rules = [(one.id, one.meaning) for one in checks]
    places = {name: place for place, (name, _) in enumerate(rules)}
    return sarif_file.document(
        rules,
        [
            _result(one, places[one.id], examined.facts.table.arn, _function(examined), addressed)
            for examined, addressed in every
            for one in examined.diagnosis.found
        ],
    )


def _function(examined: Examined) -> str:
    facts = examined.facts
    return facts.function.arn if facts.function is not None else facts.name


def _result(
    one: DoctorFinding, place: int, table: str, function: str, addressed: Addressed
) -> dict[str, Any]:
    lines = [f"{one.text}.", *one.evidence, str(addressed(one.advice))]
    return {
        "ruleId": one.id,
        "ruleIndex": place,
        "level": one.severity.value,
        "message": {"text": clean("\n".join(lines))},
        "locations": [
            {
                "logicalLocations": [
                    {"name": clean(function), "kind": "resource"},
                    {"name": clean(table), "kind": "resource"},
                ]
            }
        ],
    }


def junit_xml(every: Sequence[Addressable], checks: Sequence[Check]) -> str:
    """One suite per trigger, with one test case per check."""
    return junit.written_all([_suite(examined, checks, addressed) for examined, addressed in every])


def _suite(
    examined: Examined, checks: Sequence[Check], addressed: Addressed
) -> tuple[Element, dict[str, str]]:
    """The test cases of one trigger, and the totals. An error is a failure; a check that was not made is skipped."""
    diagnosis, facts = examined.diagnosis, examined.facts
    name = junit.safe(f"doctor: {facts.table.name} {facts.name}")
    suite = Element("testsuite", name=name)
    unchecked = {one.id: one.why for one in diagnosis.unchecked}
    failures = 0
    for check in checks:
        case = SubElement(suite, "testcase", classname=name, name=check.id)
        found = [one for one in diagnosis.found if one.id == check.id]
        text = "\n".join(_lines(one, addressed) for one in found)
        if any(one.severity is Severity.ERROR for one in found):
            failures += 1
            failure = SubElement(case, "failure", type=check.id, message=junit.safe(one_line(found[0].text)))
            failure.text = junit.safe(text)
        elif check.id in unchecked:
            SubElement(case, "skipped", message=junit.safe(one_line(f"not checked: {unchecked[check.id]}")))
        elif found:
            SubElement(case, "system-out").text = junit.safe(text)
    return suite, {"tests": str(len(checks)), "failures": str(failures), "errors": "0"}


def _lines(one: DoctorFinding, addressed: Addressed) -> str:
    return "\n".join((f"{one.severity.value}: {one.text}", *one.evidence, str(addressed(one.advice))))
