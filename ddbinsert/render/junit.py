"""A run of verify as JUnit XML, in the shape that Jenkins, Surefire, GitLab and their like read.

A test case stands for a claim: disproven is a failure, open an error, not judged is skipped.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from ddbinsert.core.claims import Standing, claims
from ddbinsert.render.report import NoVerdict, facts, iso, sentence
from ddbinsert.render.screen import Screen, clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ddbinsert.core.claims import Claim
    from ddbinsert.core.proof import Proof
    from ddbinsert.core.verdict import Finding

# XML 1.0 can't hold these in any form; `clean` has shown the controls among them as escapes already.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

#: What a claim that does not stand is called in JUnit.
_OUTCOMES = {Standing.DISPROVEN: "failure", Standing.OPEN: "error", Standing.NOT_JUDGED: "skipped"}


def document(proof: Proof) -> str:
    """The suite of one run with a verdict."""
    every = claims(proof)
    duration = max(0.0, proof.finished - proof.started)
    suite = _suite(proof.trigger.table, duration, proof.started, [claim.standing for claim in every])
    properties = SubElement(suite, "properties")
    verdict = proof.verdict
    named = [
        ("verdict", verdict.result.value),
        *facts(proof),
        *((f"counts.{name}", str(value)) for name, value in verdict.counts.items()),
        *((f"latency.{name}", f"{value:g}") for name, value in (verdict.latency or {}).items()),
    ]
    for name, value in named:
        SubElement(properties, "property", name=_safe(name), value=_safe(value))
    for place, claim in enumerate(every):
        # The claims are proven by one and the same run: its time stands once, so that sums are right.
        _case(suite, proof.trigger.table, claim, duration if place == 0 else 0.0)
    SubElement(suite, "system-out").text = _safe(_told(proof))
    return _written(suite)


def error_document(run: NoVerdict) -> str:
    """The suite of a run that came to no verdict: one test case with an error, never an empty suite."""
    suite = _suite(run.table, 0.0, run.at, [Standing.OPEN])
    case = SubElement(
        suite,
        "testcase",
        classname=_class(run.table),
        name="The trigger can be put to the proof",
        time="0.000",
    )
    text = sentence(run.message) + (f"\nTry: {run.hint}" if run.hint else "")
    SubElement(case, "error", type=_safe(run.code), message=_safe(_one_line(run.message))).text = _safe(text)
    return _written(suite)


def _suite(table: str, duration: float, at: float, standings: Sequence[Standing]) -> Element:
    counted = {name: str(standings.count(standing)) for standing, name in _OUTCOMES.items()}
    return Element(
        "testsuite",
        name=_safe(f"ddbinsert verify {table}".rstrip()),
        tests=str(len(standings)),
        failures=counted["failure"],
        errors=counted["error"],
        skipped=counted["skipped"],
        time=f"{duration:.3f}",
        timestamp=iso(at),
    )


def _case(suite: Element, table: str, claim: Claim, duration: float) -> None:
    case = SubElement(
        suite, "testcase", classname=_class(table), name=_safe(claim.title), time=f"{duration:.3f}"
    )
    outcome = _OUTCOMES.get(claim.standing)
    if outcome is None:
        return
    kind = claim.findings[0].code if claim.findings else claim.id
    lines = "\n".join((claim.text, *_lines(claim.findings)))
    SubElement(case, outcome, type=_safe(kind), message=_safe(_one_line(claim.text))).text = _safe(lines)


def _lines(findings: Iterable[Finding]) -> Iterable[str]:
    for finding in findings:
        yield ""
        yield f"[{finding.code}] {finding.text}"
        yield from (f"    {line}" for line in finding.evidence)
        if finding.mend:
            yield f"    try: {finding.mend}"


def _told(proof: Proof) -> str:
    """What the run says at a terminal."""
    from ddbinsert.render import verdict

    page = io.StringIO()
    verdict.human(Screen(page), proof)
    return page.getvalue()


def _written(suite: Element) -> str:
    totals = {name: suite.get(name, "") for name in ("tests", "failures", "errors", "time")}
    root = Element("testsuites", {"name": "ddbinsert", **totals})
    root.append(suite)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _class(table: str) -> str:
    return _safe(f"ddbinsert.verify.{table}".rstrip("."))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _safe(text: str) -> str:
    return _FORBIDDEN.sub("�", clean(text))
