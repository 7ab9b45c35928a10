"""JUnit XML: the shape that CI systems read, and that it says what the verdict says."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from ddbinsert.core.proof.verdict import Result
from ddbinsert.render.verdict.common import NoVerdict
from ddbinsert.render.verdict.junit import document, error_document
from tests.unit import proofs
from tests.unit.core.proof.test_claims import RUNS

#: Element → (attributes that must be there, those that may be, children), the part that Jenkins' xUnit plugin,
#: Maven Surefire and GitLab have in common.
SHAPE = {
    "testsuites": ({"name"}, {"tests", "failures", "errors", "time"}, ["testsuite"]),
    "testsuite": (
        {"name", "tests", "failures", "errors"},
        {"skipped", "time", "timestamp"},
        ["properties", "testcase", "system-out"],
    ),
    "properties": (set(), set(), ["property"]),
    "property": ({"name", "value"}, set(), []),
    "testcase": ({"name", "classname"}, {"time"}, ["failure", "error", "skipped"]),
    "failure": ({"type"}, {"message"}, []),
    "error": ({"type"}, {"message"}, []),
    "skipped": (set(), {"type", "message"}, []),
    "system-out": (set(), set(), []),
}
NO_VERDICT = NoVerdict(table="orders", at=proofs.START, exit_code=4, code="aws", message="AWS refused.")


def breaches(node: ET.Element) -> list[str]:
    """What is otherwise than the shape has it; children come in its order."""
    required, allowed, children = SHAPE[node.tag]
    found = [f"{node.tag} lacks {name}" for name in required - set(node.keys())]
    found += [f"{node.tag} has {name}" for name in set(node.keys()) - required - allowed]
    order = [children.index(child.tag) if child.tag in children else -1 for child in node]
    if order != sorted(order) or -1 in order:
        found.append(f"{node.tag} holds {[child.tag for child in node]}")
    return found + [breach for child in node if child.tag in SHAPE for breach in breaches(child)]


def parsed(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314 - what we have just written


def suite_of(text: str) -> ET.Element:
    (suite,) = parsed(text)
    return suite


def counted(suite: ET.Element) -> dict[str, int]:
    return {name: int(suite.get(name, "")) for name in ("tests", "failures", "errors", "skipped")}


@pytest.mark.parametrize("name", RUNS)
def test_a_suite_has_the_shape_that_ci_systems_read(name: str) -> None:
    assert breaches(parsed(document(RUNS[name]))) == []


@pytest.mark.parametrize("name", RUNS)
def test_the_numbers_of_a_suite_are_those_of_its_cases(name: str) -> None:
    suite = suite_of(document(RUNS[name]))
    cases = suite.findall("testcase")
    assert counted(suite) == {
        "tests": len(cases),
        "failures": len(suite.findall("testcase/failure")),
        "errors": len(suite.findall("testcase/error")),
        "skipped": len(suite.findall("testcase/skipped")),
    }
    assert all(len(case) <= 1 for case in cases)
    assert sum(float(case.get("time", "")) for case in cases) == pytest.approx(float(suite.get("time", "")))
    assert len({case.get("name") for case in cases}) == len(cases)


@pytest.mark.parametrize("name", RUNS)
def test_a_suite_is_red_exactly_where_the_verdict_is_no_pass(name: str) -> None:
    found = counted(suite_of(document(RUNS[name])))
    match RUNS[name].verdict.result:
        case Result.PASS:
            assert found["failures"] == found["errors"] == 0
        case Result.FAIL:
            assert found["failures"] > 0
        case Result.INCONCLUSIVE:
            assert found["failures"] == 0
            assert found["errors"] > 0


def test_a_failure_carries_its_finding_with_evidence_and_mending_command() -> None:
    failures = suite_of(document(RUNS["leaking"])).findall("testcase/failure")
    assert [failure.get("type") for failure in failures] == [
        "intruders-processed",
        "intruders-processed",
        "no-filter",
    ]
    assert "eventID" in str(failures[0].text)
    assert "try: Narrow the filter to INSERT: `ddbinsert attach-trigger" in str(failures[0].text)


def test_a_suite_says_where_it_was_run_and_when() -> None:
    suite = suite_of(document(RUNS["healthy"]))
    told = {node.get("name"): node.get("value") for node in suite.findall("properties/property")}
    assert told["verdict"] == "PASS"
    assert told["region"] == "eu-west-1"
    assert told["counts.missing"] == "0"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.get("timestamp", ""))
    assert "PASS: all 8 inserts" in str(suite.findtext("system-out"))


def hostile_documents() -> list[str]:
    bad = replace(
        NO_VERDICT, table=proofs.HOSTILE, message=proofs.HOSTILE, hint=proofs.HOSTILE, code=proofs.HOSTILE
    )
    return [document(proofs.hostile()), error_document(bad)]


@pytest.mark.parametrize("text", hostile_documents())
def test_hostile_text_leaves_the_xml_valid_and_in_shape(text: str) -> None:
    root = parsed(text)
    assert breaches(root) == []
    assert "<script>alert(1)</script>" in "".join(root.itertext())
    assert not re.search("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", text)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\x85\u202e]", text)
    text.encode("utf-8")


def test_a_run_without_a_verdict_is_an_error_and_never_an_empty_suite() -> None:
    suite = suite_of(error_document(replace(NO_VERDICT, hint="Log in again.")))
    assert counted(suite) == {"tests": 1, "failures": 0, "errors": 1, "skipped": 0}
    (error,) = suite.findall("testcase/error")
    assert error.get("type") == "aws"
    assert str(error.text) == "Error: AWS refused.\nTry: Log in again."
    assert breaches(suite) == []


def test_a_run_that_ended_before_its_table_was_known_has_names_all_the_same() -> None:
    suite = suite_of(error_document(replace(NO_VERDICT, table="")))
    assert suite.get("name") == "ddbinsert verify"
    assert suite.find("testcase").get("classname") == "ddbinsert.verify"  # type: ignore[union-attr]


def test_the_xml_declares_its_encoding() -> None:
    assert document(RUNS["healthy"]).startswith('<?xml version="1.0" encoding="UTF-8"?>\n<testsuites ')
