"""The verdict on observed traffic: the same findings and rules, with its own counts and summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.advice import TABLE, Advice
from ddbinsert.core.proof.causes.catalog import Cause
from ddbinsert.core.proof.verdict import Finding, Verdict, Weight, by_weight, result_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddbinsert.core.proof.observed import Ongoing
    from ddbinsert.core.proof.symptoms import Symptoms
    from ddbinsert.core.proof.verdict import Evidence


def unseen_traffic(ongoing: Ongoing, *, trimmed: bool) -> list[Finding]:
    """Findings that prevent observed traffic from proving anything.

    Args:
        trimmed: Records left the stream before they were read.
    """
    found = []
    if trimmed:
        found.append(
            Finding(
                code=Cause.STREAM_TRIMMED,
                weight=Weight.HOLE,
                text="records left the stream before they were read",
                mend="Run it again.",
            )
        )
    if not ongoing.inserts and ongoing.filtered:
        found.append(
            Finding(
                code=Cause.FILTER_EXCLUDES_INSERTS_SEEN,
                weight=Weight.HOLE,
                text=f"the filter excluded all {ongoing.filtered:,} inserts of the observed period",
                mend="Compare the filter with an item, by filter test.",
            )
        )
    elif not ongoing.inserts:
        found.append(
            Finding(
                code=Cause.NO_INSERTS_SEEN,
                weight=Weight.HOLE,
                text="nothing was inserted in the observed period",
                mend=Advice("Observe for longer (--for), or write test items", ("verify", TABLE)),
            )
        )
    return found


def judge_watched(
    ongoing: Ongoing,
    seen: Symptoms,
    findings: Sequence[Finding],
    evidence: Sequence[Evidence],
    *,
    run_id: str,
    seconds: float,
    looked: bool = True,
) -> Verdict:
    """The verdict on the traffic observed for ``seconds``.

    Args:
        looked: Whether the stream was read; it is not if the configuration decides.
    """
    return Verdict(
        result=result_of(seen, findings),
        run_id=run_id,
        summary=_summary(ongoing, seconds)
        if looked
        else "no insert can be processed in the current configuration; the stream was not read",
        findings=tuple(by_weight(findings)),
        evidence=tuple(evidence),
        counts={
            "stream_records": ongoing.must_leave,
            "filtered_inserts": ongoing.filtered,
            "other_changes": ongoing.others,
            "expected_inserts": ongoing.inserts,
            "processed_inserts": ongoing.matched,
            "missing": ongoing.waiting,
            "intruders": len(ongoing.intruders),
            "guarded": len(ongoing.leaked),
            "duplicates": ongoing.duplicates,
        },
        latency=ongoing.lag.summary(),
        waited=seconds,
    )


def _summary(ongoing: Ongoing, seconds: float) -> str:
    others = (
        f"{ongoing.stray_count:,} other records were delivered"
        if ongoing.stray_count
        else f"none of the {ongoing.others:,} other changes was delivered"
        if ongoing.others
        else "nothing else was written"
    )
    return f"{ongoing.matched:,} of {ongoing.inserts:,} inserts were processed in {seconds:.0f} s; {others}"
