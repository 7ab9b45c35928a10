"""The GitHub job summary: what GitHub's Markdown makes of it, hostile text included."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from ddbinsert.core.proof.verdict import Finding, Result, Weight
from ddbinsert.render.terminal.screen import one_line
from ddbinsert.render.verdict.common import NoVerdict
from ddbinsert.render.verdict.github import error_summary, summary
from tests.unit import proofs
from tests.unit.core.proof.test_claims import RUNS

MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
#: The elements that a summary is made of; anything else came out of the text.
OURS = {
    *("h3", "p", "ul", "li", "code", "strong", "details", "summary"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
NO_VERDICT = NoVerdict(
    table="orders", at=0, exit_code=4, code="aws", message="AWS refused.", hint="Try `this`."
)


def rendered(text: str) -> str:
    return str(MARKDOWN.render(text))


def elements(html: str) -> set[str]:
    return set(re.findall(r"<([a-z0-9]+)", html))


def words(html: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", html))


@pytest.mark.parametrize("name", RUNS)
def test_a_summary_says_the_verdict_and_every_claim(name: str) -> None:
    html = rendered(summary(RUNS[name]))
    assert elements(html) <= OURS
    assert f"{RUNS[name].verdict.result.value}: inserts of" in words(html)
    assert html.count("<details>") == html.count("</details>") == 1


def test_a_summary_has_the_table_by_event() -> None:
    html = rendered(summary(RUNS["leaking"]))
    assert html.count("<tr>") == 7
    assert "<td>processed</td>\n<td" in html
    assert re.search(r"<td[^>]*>8</td>\s*<td[^>]*>4</td>\s*<td[^>]*>4</td>", html)


def test_a_remedy_stands_once_and_its_command_can_be_copied() -> None:
    assert rendered(summary(RUNS["leaking"])).count("ddbinsert attach-trigger") == 1
    assert re.search(
        r"Narrow the filter to INSERT: <code>ddbinsert attach-trigger orders --filter .*? --yes</code>",
        rendered(summary(RUNS["leaking"])),
    )


@pytest.mark.parametrize(
    "text",
    [
        summary(proofs.hostile()),
        error_summary(replace(NO_VERDICT, table=proofs.HOSTILE, message=proofs.HOSTILE, hint=proofs.HOSTILE)),
    ],
)
def test_hostile_text_becomes_words_alone(text: str) -> None:
    html = rendered(text)
    assert elements(html) <= OURS
    assert one_line(proofs.HOSTILE) in words(html)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", text)


@given(st.text(max_size=60))
@example("`")
@example("a|b")
@example("1. x")
@example("&lt;")
@example("\\")
@example("www.example.com")
@example("    indented")
def test_any_text_comes_out_as_it_went_in(outside: str) -> None:
    html = rendered(error_summary(replace(NO_VERDICT, message=f"X{outside}", hint=None)))
    assert elements(html) <= OURS
    assert one_line(f"X{outside}") in " ".join(words(html).split())


@pytest.mark.nightly
def test_a_summary_stays_far_below_what_github_takes() -> None:
    healthy = RUNS["healthy"]
    finding = Finding(code="x", weight=Weight.PROOF, text="y" * 10**6, evidence=("z" * 10**5,) * 1000)
    verdict = replace(healthy.verdict, result=Result.FAIL, findings=(finding,) * 20)
    assert len(summary(replace(healthy, verdict=verdict)).encode()) < 512 * 1024


def test_a_run_without_a_verdict_is_neither_pass_nor_fail() -> None:
    told = words(rendered(error_summary(NO_VERDICT)))
    assert "No verdict: inserts of orders" in told
    assert "AWS refused. (aws, exit code 4)" in told
    assert "Try: Try this." in told
    assert not {"PASS", "FAIL"} & set(told.split())


def test_summaries_of_several_runs_stand_one_below_the_other() -> None:
    html = rendered(summary(RUNS["healthy"]) + summary(RUNS["leaking"]))
    assert html.count("<h3>") == 2
    assert html.count("<table>") == 2
