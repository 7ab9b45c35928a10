"""A verdict as text for the terminal, and as data for `--output json`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.core.proof.verdict import Result, Weight
from ddbinsert.core.times import format_duration
from ddbinsert.render.verdict.plain_text import plain
from ddbinsert.render.verdict.remedies import command, remedies_after, remedy

if TYPE_CHECKING:
    from ddbinsert.core.proof.proof import Proof
    from ddbinsert.core.proof.tally import LaneTally
    from ddbinsert.core.proof.verdict import Finding
    from ddbinsert.render.terminal.screen import Screen
    from ddbinsert.render.verdict import document

STYLES = {Result.PASS: "bold green", Result.FAIL: "bold red", Result.INCONCLUSIVE: "bold yellow"}
_WEIGHT_STYLES = {Weight.PROOF: "red", Weight.HOLE: "yellow", Weight.NOTE: "dim"}
_MARKS = {Weight.PROOF: "✗", Weight.HOLE: "?", Weight.NOTE: "·"}


def data(proof: Proof) -> document.Verdict:
    """The verdict for the envelope; `document` describes it."""
    verdict = proof.verdict
    return {
        "verdict": verdict.result,
        "run_id": verdict.run_id,
        "summary": verdict.summary,
        "table": proof.trigger.table,
        "function": proof.function,
        "subject": proof.subject,
        "region": proof.world.region,
        "account": proof.world.account,
        "endpoint": proof.endpoint,
        "started": proof.started,
        "finished": proof.finished,
        "waited": round(verdict.waited, 3),
        "counts": verdict.counts,
        "latency_seconds": verdict.latency,
        "findings": [_finding(one) for one in verdict.findings],
        "evidence": [{"side": one.side, "seen": one.seen, "text": one.text} for one in verdict.evidence],
        "items": [_item(lane) for lane in proof.tally.lanes if lane.written] if proof.tally else [],
        "kept": proof.kept,
    }


def _finding(one: Finding) -> document.Finding:
    return {
        "code": one.code,
        "weight": one.weight,
        "text": one.text,
        "evidence": one.evidence,
        "mend": remedy(one) or None,
        "command": command(one) or None,
    }


def _item(lane: LaneTally) -> document.Item:
    """The timeline of a scripted item: writes, stream records, receipts."""
    return {
        "number": lane.lane.number,
        "writes": [
            {"at": at, "method": write.method, "action": write.action, "expects": write.expects}
            for write, at in lane.written
        ],
        "stream": [
            {
                "event_name": one.event_name,
                "event_id": one.event_id,
                "sequence": str(one.sequence),
                "at": one.at,
            }
            for one in lane.recorded
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


def human(screen: Screen, proof: Proof) -> None:
    """The verdict, its findings, the remedies, and the evidence; no line begins with outside text."""
    verdict = proof.verdict
    about = f"{plain(proof.subject)}: " if proof.subject else ""
    screen.line(f"{verdict.result.value}: {about}{plain(verdict.summary)}", STYLES[verdict.result])
    for finding in verdict.findings:
        _show(screen, finding)
        for text in remedies_after(verdict.findings, finding):
            screen.line(f"      try: {plain(text)}")
    latency = verdict.latency
    timing = (
        f"{format_duration(latency['p50'])} median, {format_duration(latency['max'])} maximum, from the write to its log line"
        if latency
        else ""
    )
    screen.pairs(
        [
            *((plain(one.side), _evidence(plain(one.text), seen=one.seen)) for one in verdict.evidence),
            ("latency", timing),
            ("run", plain(verdict.run_id)),
        ],
        indent=2,
    )


def _evidence(text: str, *, seen: bool) -> str:
    return text if seen else f"not checked: {text}"


def _show(screen: Screen, finding: Finding) -> None:
    mark = _MARKS[finding.weight]
    screen.sentence(f"  {mark} {plain(finding.text)} [{finding.code}]", _WEIGHT_STYLES[finding.weight])
    for line in finding.evidence:
        screen.line(f"      - {plain(line)}")
