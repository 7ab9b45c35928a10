"""From what was seen to an answer: PASS, FAIL or INCONCLUSIVE, each with its evidence.

The rules, in their order:

    FAIL          a MODIFY or REMOVE was processed, or delivered and caught by the guard in code alone
    FAIL          an insert was passed over: a later record of the same item was processed, this one never
    FAIL          an insert is missing, and the configuration shows why it will stay missing
    INCONCLUSIVE  an insert is missing when the time is up, and no cause was found
    INCONCLUSIVE  all looks well, but the evidence has a hole that a fault could hide in
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
    """What a finding means for the verdict.

    PROOF makes it a FAIL, HOLE keeps it from being a PASS, NOTE changes nothing.
    """

    PROOF = "proof"
    HOLE = "hole"
    NOTE = "note"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong, or worth knowing, with its evidence and the command that mends it.

    Attributes:
        code: Stable, kebab-case; see docs/verify.md.
        text: What is the case.
        evidence: What shows it, a line each.
        mend: The next action; an ``Advice`` where a command carries it out.
    """

    code: str
    weight: Weight
    text: str
    evidence: tuple[str, ...] = ()
    mend: str | Advice | None = None


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One side from which the run was looked at.

    Attributes:
        seen: False if this side could not be looked at; ``text`` then says why.
    """

    side: str
    seen: bool
    text: str


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The answer to one run.

    Attributes:
        counts: What was written, seen and processed, by name.
        latency: From a write's answer to its log line: min, p50, p90, p99, max in seconds.
        in_order: All that was seen is as it should be: whatever keeps this from a PASS is among the findings.
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
    """The verdict on what was seen, with the findings of whoever asked why."""
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


def also(verdict: Verdict, extra: Sequence[Finding]) -> Verdict:
    """The verdict with further findings: never a better one than before."""
    worse = result_of(Symptoms(), extra)
    order = (Result.FAIL, Result.INCONCLUSIVE, Result.PASS)
    return replace(
        verdict,
        result=min(verdict.result, worse, key=order.index),
        findings=tuple(by_weight([*verdict.findings, *extra])),
    )


def explained(verdict: Verdict, tally: Tally, code: str, text: str) -> Verdict:
    """The verdict after further looks filled a hole: its finding is a note from now on, which says how.

    Args:
        tally: What the verdict is about.
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
    """PASS, FAIL or INCONCLUSIVE: the only place where it is decided."""
    weights = {finding.weight for finding in findings}
    if Weight.PROOF in weights:
        return Result.FAIL
    if Weight.HOLE in weights or not seen.none:
        return Result.INCONCLUSIVE
    return Result.PASS


def _summary(result: Result, tally: Tally, seen: Symptoms, waited: float) -> str:
    expected = tally.script.expected_inserts
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
        return "no insert can be processed in the current configuration; no test item was written"
    told = f"{processed} of {expected} inserts were processed, {waited:.1f} s after the last write"
    return f"{told}; {strays} other records were delivered" if strays else told


def _delivered_others(tally: Tally) -> int:
    """Receipts for records that are not inserts."""
    return sum(count for name, count in tally.receipts.items() if not name.endswith(f" {EventName.INSERT}"))


def _counts(tally: Tally, seen: Symptoms) -> dict[str, int]:
    """The run in numbers; where nothing was written, no insert is expected and none is missing."""
    written = [write for lane in tally.lanes for write, _ in lane.written]
    expected = tally.script.expected_inserts if written or tally.bulk_written else 0
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
