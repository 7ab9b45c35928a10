"""The results of doctor, as text and as data."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from ddbinsert.core.doctor.model import Severity
from ddbinsert.core.times import format_duration
from ddbinsert.core.words import plural
from ddbinsert.render import machine

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ddbinsert.advice import Advice
    from ddbinsert.core.doctor.examine import Examined
    from ddbinsert.core.doctor.model import Check, DoctorFinding
    from ddbinsert.core.doctor.timeline import Timeline
    from ddbinsert.render.terminal.screen import Screen

    Addressed = Callable[[Advice], Advice]

_STYLES: Final = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.NOTE: "bold"}


def checks_data(checks: Sequence[Check]) -> list[dict[str, Any]]:
    """Every check, for --list."""
    return [
        {"id": one.id, "severity": one.severity, "meaning": one.meaning, "source": one.source}
        for one in checks
    ]


def checks_human(screen: Screen, checks: Sequence[Check]) -> None:
    """Every check, one paragraph each, as they do not fit into columns."""
    for one in checks:
        screen.line(f"{one.id} ({one.severity.value})", "bold")
        screen.sentence(f"    {one.meaning}")
    screen.line(f"{len(checks)} checks, in the order of cause and effect")


def data(examined: Examined, addressed: Addressed) -> dict[str, Any]:
    """The result for the envelope."""
    facts, diagnosis = examined.facts, examined.diagnosis
    return {
        "account": facts.world.account,
        "region": facts.world.region,
        "table": facts.table.name,
        "function": facts.name,
        "since": machine.iso_utc(facts.since),
        "counts": {f"{severity.value}s": diagnosis.count(severity) for severity in Severity},
        "findings": [_finding(one, addressed) for one in diagnosis.found],
        "not_checked": [{"id": one.id, "why": one.why} for one in diagnosis.unchecked],
        "passed": diagnosis.passed,
        "timeline": [
            {
                "what": one.what,
                "at": None if one.at is None else machine.iso_utc(one.at),
                "detail": one.detail,
            }
            for one in examined.timeline.moments
        ],
        "waiting": {
            "inserts": examined.timeline.waiting,
            "without_receipt": examined.timeline.passed,
            "at_least": examined.timeline.at_least,
            "oldest_expires": None
            if examined.timeline.expires is None
            else machine.iso_utc(examined.timeline.expires),
        },
    }


def _finding(one: DoctorFinding, addressed: Addressed) -> dict[str, Any]:
    return {
        "id": one.id,
        "severity": one.severity,
        "text": one.text,
        "evidence": one.evidence,
        "source": one.source,
        "advice": machine.advised(addressed(one.advice)),
        "is_safe_to_fix": one.is_safe,
    }


def human(screen: Screen, examined: Examined, addressed: Addressed) -> None:
    """The findings, the timeline, and the checks that were not made."""
    facts, diagnosis = examined.facts, examined.diagnosis
    screen.line(f"{facts.table.name} to {facts.name}: {_summary(examined)}", "bold")
    for one in diagnosis.found:
        screen.line()
        screen.line(f"{one.severity.value.upper()} {one.id}", _STYLES[one.severity])
        screen.sentence(f"  {one.text}")
        for line in one.evidence:
            screen.sentence(f"    {line}")
        advice = addressed(one.advice)
        screen.sentence(f"  {advice.text}" + (":" if advice.command else ""))
        if advice.command:
            screen.line(f"    {advice.line}", "bold")
    screen.line()
    _timeline(screen, examined.timeline, facts.now, addressed)
    if diagnosis.unchecked:
        screen.line()
        screen.line("not checked", "bold")
        reasons: dict[str, list[str]] = {}
        for missing in diagnosis.unchecked:
            reasons.setdefault(missing.why, []).append(missing.id)
        for why, ids in reasons.items():
            screen.sentence(f"  {', '.join(ids)} ({why})")


def _summary(examined: Examined) -> str:
    diagnosis = examined.diagnosis
    counts = [plural(count, severity.value) for severity in Severity if (count := diagnosis.count(severity))]
    unchecked = len({one.id for one in diagnosis.unchecked})
    return f"{', '.join(counts) or 'nothing found'}; {len(diagnosis.passed)} checks passed" + (
        f", {unchecked} not checked" if unchecked else ""
    )


def _timeline(screen: Screen, timeline: Timeline, now: float, addressed: Addressed) -> None:
    from ddbinsert.advice import TABLE, Advice

    screen.line("timeline (UTC)", "bold")
    rows = []
    for one in timeline.moments:
        if one.at is None:
            rows.append((one.what, one.detail or "not known"))
        else:
            ago = format_duration(now - one.at) + " ago" if now >= one.at else "just now"
            rows.append((one.what, f"{_clock(one.at)} ({ago})" + (f": {one.detail}" if one.detail else "")))
    rows.append(("inserts waiting", _waiting(timeline)))
    if timeline.passed:
        advice = addressed(Advice("Find out what happened to them", ("gaps", TABLE)))
        rows.append(("without a receipt", f"{timeline.passed:,} older inserts; to find out: {advice.line}"))
    screen.pairs(rows, indent=2)


def _waiting(timeline: Timeline) -> str:
    match timeline.waiting:
        case None:
            return "not known"
        case 0:
            return "none" + (" in what was read" if timeline.at_least else "")
        case count:
            least = "at least " if timeline.at_least else ""
            expires = (
                "" if timeline.expires is None else f"; the oldest expires at {_clock(timeline.expires)}"
            )
            return f"{least}{count:,}{expires}"


def _clock(epoch: float) -> str:
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%d %H:%M:%S")
