"""A verdict at a terminal."""

from __future__ import annotations

import io
import subprocess
import sys
from dataclasses import replace

from ddbinsert.advice import Advice
from ddbinsert.core.proof.verdict import Finding, Weight
from ddbinsert.render.terminal.screen import Screen
from ddbinsert.render.verdict.remedies import remedies
from ddbinsert.render.verdict.text import human
from tests.unit import proofs
from tests.unit.core.proof.test_claims import RUNS


def shown(name: str) -> str:
    written = io.StringIO()
    human(Screen(written), RUNS[name])
    return written.getvalue()


def test_a_remedy_of_several_findings_stands_once_below_the_last_of_them() -> None:
    text = shown("leaking")
    assert text.count("ddbinsert attach-trigger orders") == 1
    assert text.index("[no-filter]") < text.index("try: ") < text.index("  writes ")


def test_what_could_not_be_checked_is_said() -> None:
    assert "metrics  not checked: CloudWatch metrics: none" in shown("healthy")


def test_remedies_with_the_same_commands_are_one_and_those_without_go_by_their_words() -> None:
    def finding(code: str, mend: str | Advice | None) -> Finding:
        return Finding(code=code, weight=Weight.PROOF, text="x", mend=mend)

    found = remedies(
        [
            finding("a", Advice("Filter it", ("attach-trigger", "t"))),
            finding("b", None),
            finding("c", Advice("Put it right", ("attach-trigger", "t"))),
            finding("d", "Wait."),
            finding("e", "Wait longer."),
            finding("f", "Wait."),
        ]
    )
    assert [(one.text, "".join(finding.code for finding in one.findings)) for one in found] == [
        ("Filter it: `ddbinsert attach-trigger t`", "ac"),
        ("Wait.", "df"),
        ("Wait longer.", "e"),
    ]


def test_a_line_of_evidence_never_begins_a_line_of_the_terminal() -> None:
    healthy = proofs.proof_of()
    finding = Finding(code="x", weight=Weight.NOTE, text="y", evidence=("::error::a\n::error::b",))
    written = io.StringIO()
    human(Screen(written), replace(healthy, verdict=replace(healthy.verdict, findings=(finding,))))
    assert "error::a" in written.getvalue()
    assert not [line for line in written.getvalue().splitlines() if line.lstrip().startswith("::")]
    (evidence,) = [line for line in written.getvalue().splitlines() if "error::a" in line]
    assert evidence.startswith("      - ")
    assert evidence.endswith("error::b")


def test_jinja2_is_imported_only_for_the_html_report() -> None:
    """A run without a report must not pay for it."""
    code = (
        "import sys, ddbinsert.cli.verify, ddbinsert.cli.reports, ddbinsert.render.verdict.text\n"
        "import ddbinsert.render.verdict.junit, ddbinsert.render.verdict.github\n"
        "unwanted = {'jinja2', 'markupsafe', 'ddbinsert.render.verdict.document'} & sys.modules.keys()\n"
        "sys.exit(str(unwanted) if unwanted else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
