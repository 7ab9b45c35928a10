"""The claims of a run with a failing record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.core.proof.causes.catalog import codes_about
from ddbinsert.core.proof.claims import BY_STANDING, Claim, Standing, main_findings, sentence, standing_from
from ddbinsert.core.proof.failure_path import report
from ddbinsert.core.proof.verdict import Result

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ddbinsert.core.proof.failure_path.report import FailurePath
    from ddbinsert.core.proof.proof import Proof


def claims_of(proof: Proof, path: FailurePath) -> Iterable[Claim]:
    """The four claims of a run with a failing record, and a claim for other weighty findings."""
    known: set[str] = set()
    holes = proof.verdict.result is not Result.PASS
    for about, title in report.CLAIMS.items():
        known |= codes_about(about)
        found = tuple(one for one in main_findings(proof) if one.code in codes_about(about))
        seen = report.evidence_for(about, path)
        # If another finding prevents all evidence, no claim is proven.
        unshown = (
            Standing.NOT_JUDGED if not seen or (holes and not found and not _tried(path)) else Standing.PROVEN
        )
        text = "; ".join(one.text for one in found) if found else seen or "No failing record was written."
        yield Claim(
            id=about.name.lower().replace("_", "-"),
            title=title,
            standing=standing_from(found) or unshown,
            text=sentence(text),
            findings=found,
        )
    for finding in main_findings(proof):
        if finding.code not in known:
            yield Claim(
                id=finding.code,
                title=sentence(finding.text).rstrip("."),
                standing=BY_STANDING[finding.weight],
                text=sentence(finding.text),
                findings=(finding,),
            )


def _tried(path: FailurePath) -> bool:
    """Whether a record failed under each mapping as intended."""
    return bool(path.outcomes) and all(seen.tries and seen.emulated for seen in path.outcomes)
