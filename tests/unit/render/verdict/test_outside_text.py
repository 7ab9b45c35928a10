"""Text from outside is data in every report: no terminal escape, no markup, no command for a CI system's log."""

from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ddbinsert.render import machine
from ddbinsert.render.terminal.screen import Screen
from ddbinsert.render.verdict import github, html, junit
from ddbinsert.render.verdict import text as verdict_text
from ddbinsert.render.verdict.common import NoVerdict
from ddbinsert.render.verdict.plain_text import plain
from tests.unit import proofs
from tests.unit.render.verdict import test_github, test_html, test_junit

if TYPE_CHECKING:
    from ddbinsert.core.proof.proof import Proof

FRAGMENTS = (
    *(
        "\n",
        "\r",
        "\r\n",
        "\t",
        "\v",
        "\x1b[2J",
        "\x1b]0;x\x07",
        "\x9b31m",
        "\x00",
        "\x7f",
        "\u2028",
        "\u202e",
        "\ud800",
    ),
    *(
        "::error::x",
        "::add-mask::x",
        "::stop-commands::x",
        "##[error]x",
        "##[add-mask]",
        "##",
        "#",
        "[",
        ":",
        "::",
    ),
    *(
        "<script>",
        "</style>",
        "</title>",
        "<!--",
        "-->",
        "]]>",
        "<![CDATA[",
        '" onload="x',
        "' x='",
        "&lt;",
        "&#60;",
        "&",
    ),
    *(
        "{{ 7 * 7 }}",
        "{% raw %}",
        "{#",
        "`",
        "``",
        "|",
        "\\",
        "* x",
        "# x",
        "[a](b)",
        "![a](b)",
        "| a |",
        "---",
        "    x",
    ),
)
CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
outside = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=8), max_size=8).map("".join)


def terminal(proof: Proof) -> str:
    written = io.StringIO()
    verdict_text.human(Screen(written), proof)
    return written.getvalue()


def document(proof: Proof) -> dict[str, Any]:
    return machine.envelope("verify", 1, data=verdict_text.data(proof))


def reports(text: str) -> dict[str, str]:
    """Every report in which the text stands wherever text from outside may stand."""
    proof = proofs.hostile(text)
    ended = NoVerdict(table=text, at=0, exit_code=4, code=text, message=text, hint=text)
    return {
        "page": html.page(proof),
        "page without a verdict": html.error_page(ended),
        "junit": junit.document(proof),
        "junit without a verdict": junit.error_document(ended),
        "summary": github.summary(proof),
        "summary without a verdict": github.error_summary(ended),
        "terminal": terminal(proof),
        "json": machine.dumps(document(proof)),
        "json line": machine.dumps(document(proof), indent=None),
    }


def commands_in(text: str) -> list[str]:
    """The lines that GitHub's runner would take for a command: it skips the blanks before ``::``."""
    lines = re.split(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]", text)
    return [line for line in lines if line.lstrip().startswith("::") or "##[" in line]


def shape(page: str) -> set[tuple[str, frozenset[str]]]:
    """The elements of a page, each with the names of its attributes."""
    read = test_html.Reader(page)
    assert read.problems == []
    assert read.comments == []
    return {(tag, frozenset(found)) for tag, found in read.tags}


EXPECTED = shape(html.page(proofs.hostile("x")))


@pytest.mark.nightly
@settings(max_examples=40)
@given(outside)
@example("\n::error::x")
@example("::error::x")
@example("x\n   ::add-mask::y")
@example("##[error]x")
@example("###[error]x")
@example("`\n::error::x`")
@example("{{ 7 * 7 }}")
@example("</style><script>")
@example("")
def test_outside_text_is_text_in_every_report(text: str) -> None:
    made = reports(text)
    for name, report in made.items():
        assert not CONTROLS.search(report), name
        assert commands_in(report) == [], name
        report.encode("utf-8")
    assert shape(made["page"]) <= EXPECTED
    assert plain(text) in test_html.Reader(made["page"]).text
    for name in ("junit", "junit without a verdict"):
        assert test_junit.breaches(test_junit.parsed(made[name])) == []
    for name in ("summary", "summary without a verdict"):
        assert test_github.elements(test_github.rendered(made[name])) <= test_github.OURS


@settings(max_examples=40)
@given(outside.filter(lambda text: not re.search("[\ud800-\udfff]", text)))
@example("##[error]")
@example("\\##[")
@example("###[[")
def test_json_holds_the_text_as_it_was(text: str) -> None:
    data = json.loads(machine.dumps(document(proofs.hostile(text))))["data"]
    assert data["summary"] == data["function"] == data["findings"][0]["evidence"][0] == text


@pytest.mark.parametrize("text", ["##[error]x", "###[x", "a##[", "##[##["])
def test_plain_text_breaks_the_form_that_is_a_command_anywhere(text: str) -> None:
    assert "##[" not in plain(text)
