"""The findings of a run of verify as annotations of GitHub Actions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ddbinsert.core.proof.verdict import Result, Weight
from ddbinsert.render.terminal.screen import one_line
from ddbinsert.render.verdict.common import NoVerdict, sentence
from ddbinsert.render.verdict.remedies import remedies_after
from ddbinsert.render.workflow_commands import annotation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ddbinsert.core.proof.proof import Proof
    from ddbinsert.core.proof.verdict import Finding
    from ddbinsert.render.workflow_commands import Level

_LEVELS: Final[Mapping[Weight, Level]] = {
    Weight.PROOF: "error",
    Weight.HOLE: "warning",
    Weight.NOTE: "notice",
}
#: GitHub shows at most ten annotations per level and step; the job summary has all.
_MOST: Final = 10
_LONGEST: Final = 1_000


def annotated(result: Proof | NoVerdict) -> str:
    """One line for the verdict unless it is a PASS, and one for each finding."""
    return "".join(_lines(result))


def _lines(result: Proof | NoVerdict) -> Iterator[str]:
    if isinstance(result, NoVerdict):
        title = f"ddbinsert: no verdict for {result.table or 'the table'} ({result.code})"
        hint = f" Try: {result.hint}" if result.hint else ""
        yield annotation("error", {"title": title}, one_line(f"{sentence(result.message)}{hint}", _LONGEST))
        return
    verdict = result.verdict
    name = f"{result.trigger.table} to {result.function}"
    level: Level = "warning" if verdict.result is Result.INCONCLUSIVE else "error"
    if verdict.result is not Result.PASS:
        title = f"{verdict.result.value}: inserts of {name}"
        yield annotation(level, {"title": title}, one_line(sentence(verdict.summary), _LONGEST))
    for finding in verdict.findings[: _MOST - 1]:
        yield annotation(
            _LEVELS[finding.weight], {"title": f"{finding.code}: {name}"}, _text(verdict.findings, finding)
        )


def _text(every: tuple[Finding, ...], finding: Finding) -> str:
    tries = "".join(f" Try: {one}" for one in remedies_after(every, finding))
    return one_line(f"{sentence(finding.text)}{tries}", _LONGEST)
