"""A run of verify as a GitHub Actions job summary: GitHub's Markdown, with everything from outside escaped."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ddbinsert.core.claims import Standing, claims
from ddbinsert.core.duration import words
from ddbinsert.core.kinds import kinds
from ddbinsert.core.verdict import Result
from ddbinsert.render.report import COLUMNS, STANDING_SIGNS, WEIGHT_WORDS, NoVerdict, facts, row, sentence
from ddbinsert.render.screen import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddbinsert.core.proof import Proof
    from ddbinsert.core.verdict import Finding

_EMOJI = {Result.PASS: "✅", Result.FAIL: "❌", Result.INCONCLUSIVE: "⚠️"}
_STANDING_EMOJI = {**STANDING_SIGNS, Standing.PROVEN: "✅", Standing.DISPROVEN: "❌", Standing.OPEN: "⚠️"}
# GitHub cuts a step's summary at 1 MiB; what is longer than these stands in the other reports.
_LONGEST = 500
_LINES = 10
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}


def summary(proof: Proof) -> str:
    """The summary of a run with a verdict; ends in an empty line."""
    return "\n".join(_summary(proof)) + "\n\n"


def error_summary(run: NoVerdict) -> str:
    """The summary of a run that came to no verdict."""
    lines = [
        f"### ⚠️ No verdict: inserts of {_code(run.table)}",
        "",
        f"{_text(sentence(run.message))} ({_code(run.code)}, exit code {run.exit_code})",
    ]
    if run.hint:
        lines += ["", f"Try: {_prose(run.hint)}"]
    return "\n".join(lines) + "\n\n"


def _summary(proof: Proof) -> Iterator[str]:
    verdict = proof.verdict
    name = f"inserts of {_code(proof.trigger.table)} to {_code(proof.function)}"
    yield f"### {_EMOJI[verdict.result]} {verdict.result.value}: {name}"
    yield ""
    yield _text(sentence(verdict.summary))
    yield ""
    yield from (
        f"- {_STANDING_EMOJI[one.standing]} {_text(one.title)}: {one.standing}" for one in claims(proof)
    )
    yield ""
    for finding in verdict.findings:
        yield from _finding(finding)
    if every := kinds(proof):
        yield f"| | {' | '.join(COLUMNS)} |"
        yield f"|---|{'---:|' * len(COLUMNS)}"
        yield from (f"| {kind.name} | {' | '.join(row(kind))} |" for kind in every)
        yield ""
    if latency := verdict.latency:
        told = ", ".join(f"{name} {words(value)}" for name, value in latency.items())
        yield f"From write to log line: {told}."
        yield ""
    yield "<details><summary>Evidence and facts</summary>"
    yield ""
    for side in verdict.evidence:
        yield f"- {_text(side.side)}: {'' if side.seen else 'not seen: '}{_text(side.text)}"
    yield from (f"- {_text(name)}: {_code(value)}" for name, value in facts(proof))
    yield ""
    yield "</details>"


def _finding(finding: Finding) -> Iterator[str]:
    yield f"**{_text(sentence(finding.text))}** {_code(finding.code)} ({WEIGHT_WORDS[finding.weight]})"
    yield ""
    yield from (f"- {_code(line)}" for line in finding.evidence[:_LINES])
    if len(finding.evidence) > _LINES:
        yield f"- and {len(finding.evidence) - _LINES} more"
    if finding.mend:
        yield f"- Mend it: {_prose(finding.mend)}"
    yield ""


def _text(outside: str) -> str:
    """Text on one line, in which nothing is Markdown or HTML."""
    flat = one_line(outside, _LONGEST)
    return _PUNCTUATION.sub(lambda m: _ENTITIES.get(m[0], f"\\{m[0]}"), flat)


def _code(outside: str) -> str:
    # Not in backticks: within them no escape works, and a bar would end a table's cell.
    return f"<code>{_text(outside)}</code>" if outside else ""


def _prose(sentence_of_ours: str) -> str:
    """A sentence of ours, in which `backticks` stand around what is code."""
    parts = sentence_of_ours.split("`")
    if len(parts) % 2 == 0:
        return _text(sentence_of_ours)
    # one_line would take the blanks beside the code away.
    return "".join(_code(part) if place % 2 else _kept_blanks(part) for place, part in enumerate(parts))


def _kept_blanks(part: str) -> str:
    before, after = part[: len(part) - len(part.lstrip())], part[len(part.rstrip()) :]
    return f"{' ' if before else ''}{_text(part)}{' ' if after and part.strip() else ''}"
