"""A verdict for people and as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ddbinsert.core.duration import words
from ddbinsert.core.verdict import Result, Weight

if TYPE_CHECKING:
    from ddbinsert.core.proof import Proof
    from ddbinsert.core.verdict import Finding
    from ddbinsert.render.screen import Screen

STYLES = {Result.PASS: "bold green", Result.FAIL: "bold red", Result.INCONCLUSIVE: "bold yellow"}
_MARKS = {Weight.PROOF: "✗", Weight.HOLE: "?", Weight.NOTE: "·"}


def data(proof: Proof) -> dict[str, Any]:
    """The verdict for the envelope; docs/verify.md describes it."""
    verdict = proof.verdict
    return {
        "verdict": verdict.result,
        "run_id": verdict.run_id,
        "summary": verdict.summary,
        "table": proof.trigger.table,
        "function": proof.function,
        "region": proof.world.region,
        "account": proof.world.account,
        "endpoint": proof.endpoint,
        "started": proof.started,
        "finished": proof.finished,
        "waited": round(verdict.waited, 3),
        "counts": verdict.counts,
        "latency_seconds": verdict.latency,
        "findings": verdict.findings,
        "evidence": verdict.evidence,
        "items": _items(proof),
        "kept": proof.kept,
    }


def _items(proof: Proof) -> list[dict[str, Any]]:
    """The timeline of each scripted item: writes, stream records, receipts."""
    if proof.tally is None:
        return []
    return [
        {
            "number": lane.lane.number,
            "writes": [
                {
                    "at": at,
                    "method": write.method,
                    "action": write.action,
                    "expects": write.expects,
                }
                for write, at in lane.written
            ],
            "stream": [
                {"event_name": r.event_name, "event_id": r.event_id, "sequence": str(r.sequence), "at": r.at}
                for r in lane.recorded
            ],
            "receipts": [
                {
                    "event_name": one.event_name,
                    "decision": one.decision,
                    "event_id": one.event_id,
                    "logged": one.logged,
                    "request": one.request,
                }
                for one in lane.receipts
            ],
            "lines": len(lane.lines),
        }
        for lane in proof.tally.lanes
    ]


def human(screen: Screen, proof: Proof) -> None:
    verdict = proof.verdict
    screen.line(f"{verdict.result.value}: {verdict.summary}", STYLES[verdict.result])
    for finding in verdict.findings:
        _finding(screen, finding)
    latency = verdict.latency
    timing = (
        f"{words(latency['p50'])} median, {words(latency['max'])} at most, from the write to its log line"
        if latency
        else ""
    )
    screen.pairs(
        [
            *((evidence.side, _evidence(evidence.text, seen=evidence.seen)) for evidence in verdict.evidence),
            ("latency", timing),
            ("run", verdict.run_id),
        ],
        indent=2,
    )


def _evidence(text: str, *, seen: bool) -> str:
    return text if seen else f"not seen: {text}"


def _finding(screen: Screen, finding: Finding) -> None:
    style = {Weight.PROOF: "red", Weight.HOLE: "yellow", Weight.NOTE: "dim"}[finding.weight]
    screen.line(f"  {_MARKS[finding.weight]} {finding.text} [{finding.code}]", style)
    for line in finding.evidence:
        screen.line(f"      {line}")
    if finding.mend:
        screen.line(f"      try: {finding.mend}")
