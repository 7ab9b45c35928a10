"""A run of verify as JUnit XML, in the form that Jenkins, Surefire, GitLab and similar systems read.

Each claim is a test case: "disproven" is a failure, "open" an error, "not judged" is skipped.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from ddbinsert.core.proof.claims import Standing, claims
from ddbinsert.render.terminal.screen import Screen, clean
from ddbinsert.render.verdict.common import NoVerdict, facts, iso, sentence
from ddbinsert.render.verdict.plain_text import plain
from ddbinsert.render.verdict.remedies import remedies_after

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ddbinsert.core.proof.claims import Claim
    from ddbinsert.core.proof.proof import Proof
    from ddbinsert.core.proof.verdict import Finding

# XML 1.0 cannot contain these in any form; `clean` has already escaped the control characters among them.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

#: The JUnit element of a claim that is not proven.
_OUTCOMES = {Standing.DISPROVEN: "failure", Standing.OPEN: "error", Standing.NOT_JUDGED: "skipped"}


def document(proof: Proof) -> str:
    """The test suite of a run with a verdict."""
    return _written(_of_proof(proof, proof.trigger.table))


def error_document(run: NoVerdict) -> str:
    """The test suite of a run without a verdict: one test case with an error, never an empty suite."""
    return _written(_of_error(run, run.table))


def documents(results: Sequence[Proof | NoVerdict]) -> str:
    """One test suite for each of several consumers."""
    return _written(
        *(
            _of_error(one, f"{one.table} {one.function}")
            if isinstance(one, NoVerdict)
            else _of_proof(one, f"{one.trigger.table} {one.function}")
            for one in results
        )
    )


def _of_proof(proof: Proof, name: str) -> Element:
    every = claims(proof)
    duration = max(0.0, proof.finished - proof.started)
    suite = _suite(name, duration, proof.started, [claim.standing for claim in every])
    properties = SubElement(suite, "properties")
    verdict = proof.verdict
    named = [
        ("verdict", verdict.result.value),
        *facts(proof),
        *((f"counts.{name}", str(value)) for name, value in verdict.counts.items()),
        *((f"latency.{name}", f"{value:g}") for name, value in (verdict.latency or {}).items()),
    ]
    for key, value in named:
        SubElement(properties, "property", name=_safe(plain(key)), value=_safe(plain(value)))
    for place, claim in enumerate(every):
        # One run proves all claims: only the first case has its duration, so that the sum is correct.
        _case(suite, name, claim, duration if place == 0 else 0.0)
    SubElement(suite, "system-out").text = _safe(_terminal_text(proof))
    return suite


def _of_error(run: NoVerdict, name: str) -> Element:
    suite = _suite(name, 0.0, run.at, [Standing.OPEN])
    case = SubElement(
        suite,
        "testcase",
        classname=_class(name),
        name="The run reaches a verdict",
        time="0.000",
    )
    message = plain(sentence(run.message))
    text = f"Error: {message}" + (f"\nTry: {plain(run.hint)}" if run.hint else "")
    SubElement(case, "error", type=_safe(plain(run.code)), message=_safe(message)).text = _safe(text)
    return suite


def _suite(name: str, duration: float, at: float, standings: Sequence[Standing]) -> Element:
    counted = {name: str(standings.count(standing)) for standing, name in _OUTCOMES.items()}
    return Element(
        "testsuite",
        name=_safe(plain(f"ddbinsert verify {name}".rstrip())),
        tests=str(len(standings)),
        failures=counted["failure"],
        errors=counted["error"],
        skipped=counted["skipped"],
        time=f"{duration:.3f}",
        timestamp=iso(at),
    )


def _case(suite: Element, name: str, claim: Claim, duration: float) -> None:
    case = SubElement(
        suite, "testcase", classname=_class(name), name=_safe(plain(claim.title)), time=f"{duration:.3f}"
    )
    outcome = _OUTCOMES.get(claim.standing)
    if outcome is None:
        return
    kind = claim.findings[0].code if claim.findings else claim.id
    message = plain(claim.text)
    lines = "\n".join((f"{claim.standing.value}: {message}", *_lines(claim.findings)))
    SubElement(case, outcome, type=_safe(plain(kind)), message=_safe(message)).text = _safe(lines)


def _lines(findings: Sequence[Finding]) -> Iterator[str]:
    """The findings of a claim with their evidence; outside text never begins a line."""
    for finding in findings:
        yield ""
        yield f"[{plain(finding.code)}] {plain(finding.text)}"
        yield from (f"    - {plain(line)}" for line in finding.evidence)
        yield from (f"    try: {plain(text)}" for text in remedies_after(findings, finding))


def _terminal_text(proof: Proof) -> str:
    """The text that the run prints on a terminal."""
    from ddbinsert.render.verdict import text

    written = io.StringIO()
    text.human(Screen(written), proof)
    return written.getvalue()


def _written(*suites: Element) -> str:
    totals = {
        name: str(sum(int(suite.get(name, "0")) for suite in suites))
        for name in ("tests", "failures", "errors")
    }
    time = sum(float(suite.get("time", "0")) for suite in suites)
    root = Element("testsuites", {"name": "ddbinsert", **totals, "time": f"{time:.3f}"})
    root.extend(suites)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _class(name: str) -> str:
    return _safe(plain(f"ddbinsert.verify.{name.replace(' ', '.')}".rstrip(".")))


def _safe(text: str) -> str:
    return _FORBIDDEN.sub("�", clean(text))
