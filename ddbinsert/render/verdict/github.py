"""A run of verify as a GitHub Actions job summary: GitHub's Markdown, with all outside text escaped."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ddbinsert.core.model.record import EventName
from ddbinsert.core.proof.claims import Standing, claims
from ddbinsert.core.proof.verdict import Result
from ddbinsert.core.times import format_duration
from ddbinsert.render.terminal.screen import one_line
from ddbinsert.render.verdict.common import (
    STANDING_SIGNS,
    WEIGHT_WORDS,
    NoVerdict,
    facts,
    sentence,
)
from ddbinsert.render.verdict.remedies import remedies
from ddbinsert.render.verdict.view import event_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddbinsert.core.proof.proof import Proof
    from ddbinsert.core.proof.verdict import Finding

_EMOJI = {Result.PASS: "✅", Result.FAIL: "❌", Result.INCONCLUSIVE: "⚠️"}
_STANDING_EMOJI = {**STANDING_SIGNS, Standing.PROVEN: "✅", Standing.DISPROVEN: "❌", Standing.OPEN: "⚠️"}
# GitHub limits a step's summary to 1 MiB; longer texts are in the other reports.
_LONGEST = 500
_LINES = 10
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}


def summary(proof: Proof) -> str:
    """The summary of a run with a verdict; ends with an empty line."""
    return "\n".join(_summary(proof)) + "\n\n"


def error_summary(run: NoVerdict) -> str:
    """The summary of a run without a verdict; ends with an empty line."""
    lines = [
        f"### ⚠️ No verdict: inserts of {_code(run.table)}"
        + (f" to {_code(run.function)}" if run.function else ""),
        "",
        f"{_text(sentence(run.message))} ({_code(run.code)}, exit code {run.exit_code})",
    ]
    if run.hint:
        lines += ["", f"Try: {_with_code(run.hint)}"]
    return "\n".join(lines) + "\n\n"


def summary_of(result: Proof | NoVerdict) -> str:
    """The summary of one of several runs."""
    return error_summary(result) if isinstance(result, NoVerdict) else summary(result)


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
    if found := remedies(verdict.findings):
        yield "**What to do**"
        yield ""
        yield from (
            f"- {_with_code(one.text)} (for {', '.join(_code(finding.code) for finding in one.findings)})"
            for one in found
        )
        yield ""
    if rows := event_rows(proof):
        yield f"| records | {' | '.join(EventName)} |"
        yield f"|---|{'---:|' * len(EventName)}"
        yield from (f"| {name} | {' | '.join(cell.text for cell in cells)} |" for name, cells in rows)
        yield ""
    if latency := verdict.latency:
        shares = ", ".join(f"{_text(name)} {format_duration(value)}" for name, value in latency.items())
        yield f"From write to log line: {shares}."
        yield ""
    yield "<details><summary>Evidence and facts</summary>"
    yield ""
    for side in verdict.evidence:
        yield f"- {_text(side.side)}: {'' if side.seen else 'not checked: '}{_text(side.text)}"
    yield from (f"- {_text(name)}: {_code(value)}" for name, value in facts(proof))
    yield ""
    yield "</details>"


def _finding(finding: Finding) -> Iterator[str]:
    yield f"**{_text(sentence(finding.text))}** {_code(finding.code)} ({WEIGHT_WORDS[finding.weight]})"
    yield ""
    yield from (f"- {_code(line)}" for line in finding.evidence[:_LINES])
    if len(finding.evidence) > _LINES:
        yield f"- and {len(finding.evidence) - _LINES} more"
    yield ""


def _text(outside: str) -> str:
    """Outside text on one line, with all Markdown and HTML escaped."""
    flat = one_line(outside, _LONGEST)
    return _PUNCTUATION.sub(lambda m: _ENTITIES.get(m[0], f"\\{m[0]}"), flat)


def _code(outside: str) -> str:
    # Not between backticks: escapes have no effect there, and a bar would end a table's cell.
    return f"<code>{_text(outside)}</code>" if outside else ""


def _with_code(text: str) -> str:
    """A sentence with code between `backticks`."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return _text(text)
    # one_line removes the blanks around the code.
    return "".join(_code(part) if place % 2 else _kept_blanks(part) for place, part in enumerate(parts))


def _kept_blanks(part: str) -> str:
    before, after = part[: len(part) - len(part.lstrip())], part[len(part.rstrip()) :]
    return f"{' ' if before else ''}{_text(part)}{' ' if after and part.strip() else ''}"
