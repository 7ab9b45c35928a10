"""docs/reports.md: what it says of files, codes and cases is so."""

from __future__ import annotations

import re
from pathlib import Path

from ddbinsert.core.proof.claims import claims
from ddbinsert.core.proof.verdict import Result
from ddbinsert.render.verdict.html import page
from ddbinsert.render.verdict.schema import schema
from tests.unit import proofs

PAGE = (Path(__file__).parents[2] / "docs" / "reports.md").read_text(encoding="utf-8")


def test_the_page_names_every_claim_as_reports_do() -> None:
    for proof in (proofs.proof_of(), proofs.watched()):
        for claim in claims(proof):
            assert claim.title in PAGE


def test_the_page_names_every_section_of_the_html_file_in_its_order() -> None:
    told = re.findall(r"^- \*\*([^*]+)\*\*", PAGE, re.MULTILINE)
    headings = [
        "The verdict",
        *re.findall(r"<h2>([^<]+)</h2>", page(proofs.proof_of(lost=frozenset({1}), filters=()))),
    ]
    assert told == headings


def test_the_exit_codes_on_the_page_are_those_of_the_schema() -> None:
    ties = {
        tie["if"]["properties"]["data"]["properties"]["verdict"]["const"]: tie["then"]["properties"][
            "exit_code"
        ]["const"]
        for tie in schema()["allOf"]
        if "data" in tie["if"]["properties"]
    }
    assert ties.keys() == {result.value for result in Result}
    assert all(f"{verdict} {code}" in PAGE for verdict, code in ties.items())
