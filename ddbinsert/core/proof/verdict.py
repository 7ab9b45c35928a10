"""Derives the verdict from the evidence: PASS, FAIL or INCONCLUSIVE.

The rules, in their order:

    FAIL          a MODIFY or REMOVE was processed, or delivered and caught by the guard in code alone
    FAIL          an insert was skipped: a later record of the same item was processed, this one was not
    FAIL          an insert is missing, and the configuration shows why it will stay missing
    INCONCLUSIVE  an insert is missing when the time is up, and no cause was found
    INCONCLUSIVE  there are no symptoms, but a hole in the evidence could hide a fault
    PASS          every insert was processed, every fence was reached, nothing else was delivered
"""

from __future__ import annotations

from dataclasses import field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from ddbinsert.core.model.record import EventName
from ddbinsert.core.proof.symptoms import Symptoms
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ddbinsert.advice import Advice
    from ddbinsert.core.proof.tally import Tally


class Result(StrEnum):
    PASS = "PASS"  # noqa: S105 - a verdict, no password
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"


class Weight(StrEnum):
    """The effect of a finding on the verdict.

    PROOF makes it a FAIL, HOLE prevents a PASS, NOTE has no effect.
    """

    PROOF = "proof"
    HOLE = "hole"
    NOTE = "note"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A fault or a note, with its evidence and remedy.

    Attributes:
        code: Stable, kebab-case; see docs/verify.md.
        text: The finding as a sentence.
        evidence: Its evidence, a line each.
        mend: The next action; an ``Advice`` if a command carries it out.
    """

    code: str
    weight: Weight
    text: str
    evidence: tuple[str, ...] = ()
    mend: str | Advice | None = None


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One source of evidence.

    Attributes:
        seen: False if this source could not be read; ``text`` then says why.
    """

    side: str
    seen: bool
    text: str


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The verdict of one run.

    Attributes:
        counts: Numbers of written, seen and processed items and records, by name.
        latency: Seconds from a write's response to its log line: min, p50, p90, p99, max.
        in_order: There are no symptoms: if the result is not PASS, a finding is the reason.
    """

    result: Result
    run_id: str
    summary: str
    findings: tuple[Finding, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    latency: Mapping[str, float] | None = None
    waited: float = 0.0
    in_order: bool = False

    @property
    def causes(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.weight is not Weight.NOTE)


def judge(
    tally: Tally,
    seen: Symptoms,
    findings: Sequence[Finding],
    evidence: Sequence[Evidence],
    *,
    waited: float,
) -> Verdict:
    """The verdict from the symptoms and the findings about their causes."""
    result = result_of(seen, findings)
    return Verdict(
        result=result,
        run_id=tally.script.run_id,
        summary=_summary(result, tally, seen, waited),
        findings=tuple(by_weight(findings)),
        evidence=tuple(evidence),
        counts=_counts(tally, seen),
        latency=tally.latency.summary(),
        waited=waited,
        in_order=seen.none,
    )


def with_findings(verdict: Verdict, extra: Sequence[Finding]) -> Verdict:
    """The verdict with further findings; its result never improves."""
    worse = result_of(Symptoms(), extra)
    order = (Result.FAIL, Result.INCONCLUSIVE, Result.PASS)
    result = min(verdict.result, worse, key=order.index)
    passed = verdict.result is Result.PASS and result is not Result.PASS
    return replace(
        verdict,
        result=result,
        summary=f"{verdict.summary}; see the findings" if passed else verdict.summary,
        findings=tuple(by_weight([*verdict.findings, *extra])),
    )


def explained(verdict: Verdict, tally: Tally, code: str, text: str) -> Verdict:
    """The verdict after further reads closed a hole: its finding becomes a note that says how.

    Args:
        tally: The ledger of the verdict.
    """
    found = [
        replace(one, weight=Weight.NOTE, text=text, mend=None)
        if one.code == code and one.weight is Weight.HOLE
        else one
        for one in verdict.findings
    ]
    result = result_of(Symptoms(), found)
    if not verdict.in_order or result is not Result.PASS:
        return replace(verdict, findings=tuple(by_weight(found)))
    summary = _summary(result, tally, Symptoms(), verdict.waited)
    return replace(verdict, result=result, summary=summary, findings=tuple(by_weight(found)))


def by_weight(findings: Sequence[Finding]) -> list[Finding]:
    """Proofs first, then holes, then notes."""
    return sorted(findings, key=lambda finding: list(Weight).index(finding.weight))


def result_of(seen: Symptoms, findings: Sequence[Finding]) -> Result:
    """PASS, FAIL or INCONCLUSIVE; decided only here."""
    weights = {finding.weight for finding in findings}
    if Weight.PROOF in weights:
        return Result.FAIL
    if Weight.HOLE in weights or not seen.none:
        return Result.INCONCLUSIVE
    return Result.PASS


def _summary(result: Result, tally: Tally, seen: Symptoms, waited: float) -> str:
    expected = tally.expected_inserts
    processed = max(0, expected - seen.missing_count)
    others = sum(name is not EventName.INSERT for lane in tally.lanes for name in lane.lane.expected)
    delivered = _delivered_others(tally)
    strays = max(len(seen.intruders) + len(seen.leaked) + len(seen.surplus_lines), seen.strays_count)
    if result is Result.PASS:
        negative = (
            f"none of the {others} modifications and removals was processed; the handler's guard dropped the "
            f"{delivered} that were delivered"
            if delivered
            else f"none of the {others} modifications and removals was delivered"
        )
        return f"all {expected} inserts were processed, and {negative}"
    if not any(lane.written for lane in tally.lanes):
        certain = "no insert can be processed in the current configuration; " if result is Result.FAIL else ""
        return f"{certain}no test item was written"
    told = f"{processed} of {expected} inserts were processed, {waited:.1f} s after the last write"
    return f"{told}; {strays} other records were delivered" if strays else told


def _delivered_others(tally: Tally) -> int:
    """Number of receipts of records that are not inserts."""
    return sum(count for name, count in tally.receipts.items() if not name.endswith(f" {EventName.INSERT}"))


def _counts(tally: Tally, seen: Symptoms) -> dict[str, int]:
    """The run in numbers; if nothing was written, no insert is expected and none is missing."""
    written = [write for lane in tally.lanes for write, _ in lane.written]
    expected = tally.expected_inserts if written or tally.bulk_written else 0
    missing = min(seen.missing_count, expected)
    return {
        "items": len({write.number for write in written}) + tally.bulk_written,
        "writes": len(written) + tally.bulk_written,
        "expected_inserts": expected,
        "processed_inserts": expected - missing,
        "missing": missing,
        "intruders": len(seen.intruders) + len(seen.surplus_lines),
        "guarded": len(seen.leaked),
        "duplicates": tally.all_duplicates,
        "stream_records": sum(len(lane.records) for lane in tally.lanes) + tally.bulk.streamed.total(),
        "receipts": tally.receipts.total(),
        "log_lines": tally.lines,
    }
