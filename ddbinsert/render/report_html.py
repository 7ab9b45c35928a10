"""A run of verify as one HTML file to hand on: needs no network, no script, and nothing beside it."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

from ddbinsert import __version__
from ddbinsert.core.claims import claims
from ddbinsert.core.kinds import kinds
from ddbinsert.core.verdict import Result
from ddbinsert.render import report_sections as sections
from ddbinsert.render.markup import Markup, element, prose
from ddbinsert.render.report import RESULT_SIGNS, NoVerdict, facts, moment, sentence
from ddbinsert.render.report_timeline import timeline

if TYPE_CHECKING:
    from ddbinsert.core.proof import Proof

#: Should anything slip past the escaping, a browser still runs no script and fetches nothing.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_TONES = {Result.PASS: "pass", Result.FAIL: "fail", Result.INCONCLUSIVE: "open"}
_UNWRITTEN = "No test item was written: the configuration decides."
_WATCHED = "This run only watched, and wrote nothing of its own."


def page(proof: Proof) -> str:
    """The report on a run with a verdict."""
    verdict = proof.verdict
    drawn, every = timeline(proof), claims(proof)
    return _document(
        f"{verdict.result.value}: inserts of {proof.trigger.table}",
        _banner(
            _TONES[verdict.result],
            RESULT_SIGNS[verdict.result],
            verdict.result.value,
            sentence(verdict.summary),
            f"Table {proof.trigger.table} → function {proof.function}",
        ),
        sections.figures(proof, every),
        sections.findings(verdict.findings),
        sections.proven(every),
        element("div", sections.by_kind(kinds(proof)), sections.latency(proof), class_="pair"),
        sections.timeline(drawn, empty=_UNWRITTEN if proof.tally else _WATCHED),
        sections.every_write(proof),
        sections.evidence(verdict.evidence),
        sections.facts(facts(proof)),
        at=proof.started,
    )


def error_page(run: NoVerdict) -> str:
    """The report on a run that came to no verdict."""
    hint = () if run.hint is None else (element("p", "Try: ", prose(run.hint)),)
    return _document(
        f"No verdict: inserts of {run.table}",
        _banner("open", "!", "NO VERDICT", sentence(run.message), f"Table {run.table}"),
        element(
            "section",
            element("h2", "What happened"),
            element("p", "The run ended before it could judge, so this is neither a pass nor a failure."),
            *hint,
            element("p", "Error code ", element("code", run.code), f", exit code {run.exit_code}."),
        ),
        at=run.at,
    )


def _document(title: str, *parts: Markup | None, at: float) -> str:
    style = resources.files("ddbinsert.render").joinpath("report.css").read_text(encoding="utf-8")
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("meta", name="generator", content=f"ddbinsert {__version__}"),
        element("title", title),
        Markup(f"<style>\n{style}</style>"),
    )
    header = element(
        "header", element("span", "ddbinsert verify", class_="name"), element("span", moment(at))
    )
    footer = element("footer", f"Written by ddbinsert {__version__}. Times are UTC.")
    body = element("body", header, element("main", *parts), footer)
    return "<!DOCTYPE html>\n" + element("html", head, body, lang="en") + "\n"


def _banner(tone: str, sign: str, word: str, told: str, about: str) -> Markup:
    return element(
        "section",
        element("span", sign, class_="sign", aria_hidden="true"),
        element(
            "div",
            element("h1", word),
            element("p", told, class_="told"),
            element("p", about, class_="about"),
        ),
        class_=f"banner {tone}",
    )
