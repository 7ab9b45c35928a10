"""From what was seen to an answer: PASS, FAIL or INCONCLUSIVE, each with its evidence.

The rules, in their order:

    FAIL          a MODIFY or REMOVE was processed, or delivered and caught by the guard in code alone
    FAIL          an insert was passed over: a later record of the same item was processed, this one never
    FAIL          an insert is missing, and the configuration shows why it will stay missing
    INCONCLUSIVE  an insert is missing when the time is up, and nothing shows why
    INCONCLUSIVE  all looks well, but the evidence has a hole that a fault could hide in
    PASS          every insert was processed, every fence was reached, nothing else was delivered
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from ddbinsert.core import receipt as receipts
from ddbinsert.core.model import EventName

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ddbinsert.core.tally import LaneTally, Receipt, StreamRecord, Tally


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
        text: What is the case. evidence: What shows it, a line each.
        mend: The next action.
    """

    code: str
    weight: Weight
    text: str
    evidence: tuple[str, ...] = ()
    mend: str | None = None


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One side from which the run was looked at.

    Attributes:
        seen: False where this side could not be looked at; ``text`` then says why.
    """

    side: str
    seen: bool
    text: str


@dataclass(frozen=True, kw_only=True)
class Missing:
    """An insert that was not processed.

    Attributes:
        passed_over: A later record of the same item was processed.
        failed: The handler was given it and said that it failed.
    """

    number: int
    event_id: str = ""
    passed_over: bool = False
    failed: bool = False


@dataclass(frozen=True, kw_only=True)
class Surplus:
    """An item about which the function logged more than its inserts explain.

    Attributes:
        explained: How often its inserts account for its key. lines: How often the log shows it.
        named: Lines that say MODIFY or REMOVE. strays: The item's records in the stream that are no inserts.
    """

    number: int
    explained: int
    lines: int
    named: int
    strays: tuple[StreamRecord, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Symptoms:
    """What is not as it should be, before anybody asks why."""

    missing: tuple[Missing, ...] = ()
    missing_count: int = 0
    intruders: tuple[Receipt, ...] = ()
    leaked: tuple[Receipt, ...] = ()
    strays_count: int = 0
    surplus_lines: tuple[Surplus, ...] = ()
    stream_differs: tuple[tuple[int, tuple[str, ...], tuple[str, ...]], ...] = ()
    unexplained: tuple[Receipt, ...] = ()

    @property
    def none(self) -> bool:
        return not (
            self.missing_count
            or self.intruders
            or self.leaked
            or self.strays_count
            or self.surplus_lines
            or self.stream_differs
            or self.unexplained
        )


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The answer to one run.

    Attributes:
        counts: What was written, seen and processed, by name.
        latency: From a write's answer to its log line: min, p50, p90, p99, max in seconds.
    """

    result: Result
    run_id: str
    summary: str
    findings: tuple[Finding, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    latency: Mapping[str, float] | None = None
    waited: float = 0.0

    @property
    def causes(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.weight is not Weight.NOTE)


#: Of each kind of symptom, so many are shown with their ids; all are counted.
SHOWN = 20


def symptoms(tally: Tally, *, stream_read: bool, by_lines: bool = False) -> Symptoms:
    """What is not as it should be.

    Args:
        stream_read: Our own reading of the stream is complete, so that it may be held against the writes.
        by_lines: The function leaves no receipts: log lines that show a key are all there is.
    """
    if by_lines:
        return _symptoms_of_lines(tally)
    missing: list[Missing] = []
    intruders: list[Receipt] = []
    leaked: list[Receipt] = []
    for lane in tally.lanes:
        missing += _missing(lane)
        for one in lane.receipts:
            name = lane.name_of(one)
            if name != EventName.INSERT:
                stray = one if name == one.event_name else replace(one, event_name=name)
                (leaked if one.decision == receipts.GUARDED else intruders).append(stray)
    for one in tally.bulk_intruders:
        (leaked if one.decision == receipts.GUARDED else intruders).append(one)
    lanes_missing = len(missing)
    bulk_missing = tally.script.bulk - tally.bulk.count
    if bulk_missing:
        first = len(tally.lanes)
        for place in tally.bulk.absent():
            if len(missing) >= lanes_missing + SHOWN:
                break
            missing.append(Missing(number=first + place, failed=place in tally.bulk_failed))
    return Symptoms(
        missing=tuple(missing),
        missing_count=lanes_missing + bulk_missing,
        intruders=tuple(intruders),
        leaked=tuple(leaked),
        strays_count=tally.bulk_intruders_count,
        stream_differs=tuple(_differing(tally)) if stream_read else (),
        unexplained=tuple(one for lane in tally.lanes for one in lane.unexplained) if stream_read else (),
    )


def _missing(lane: LaneTally) -> list[Missing]:
    processed = lane.processed
    failed = {one.identity for one in lane.receipts if one.decision == receipts.FAILED}
    inserts = [record for record in lane.recorded if record.event_name == EventName.INSERT]
    if len(inserts) != lane.lane.inserts:
        # The stream was not (wholly) read: the count is all there is.
        lacking = lane.lane.inserts - lane.processed_inserts
        return [Missing(number=lane.lane.number, failed=bool(failed))] * max(0, lacking)
    newest = max((one.sequence for one in processed.values()), default=-1)
    return [
        Missing(
            number=lane.lane.number,
            event_id=record.event_id,
            passed_over=newest > record.sequence,
            failed=record.event_id in failed,
        )
        for record in inserts
        if record.event_id not in processed and str(record.sequence) not in processed
    ]


def _differing(tally: Tally) -> list[tuple[int, tuple[str, ...], tuple[str, ...]]]:
    """(number, expected, recorded) of each lane whose stream records are not what its writes must leave."""
    found = []
    for lane in tally.lanes:
        expected = tuple(str(name) for name in lane.lane.expected)
        recorded = tuple(record.event_name for record in lane.recorded)
        if recorded[: len(expected)] != expected:
            found.append((lane.lane.number, expected, recorded))
    return found


def _symptoms_of_lines(tally: Tally) -> Symptoms:
    """By log lines alone: what one insert leaves is seen on items that were inserted and left alone.

    Counted is how often a key is shown, as a line may hold a whole batch. More than that for each insert of
    another item means that something else was processed, too, or the same twice; less, that one was not. A
    line that names its event settles which, unless those of plain inserts have such words in them, too.
    """
    each = tally.mentions_of_one or 1
    telling = not any(_named(lane) for lane in tally.lanes if lane.lane.is_gauge)
    missing: list[Missing] = []
    surplus = []
    for lane in tally.lanes:
        lacking = lane.lane.inserts - lane.mentions // each
        missing += [Missing(number=lane.lane.number)] * max(0, lacking)
        wanted = each * lane.lane.inserts
        named = _named(lane) if telling else 0
        if named or lane.mentions > wanted:
            surplus.append(
                Surplus(
                    number=lane.lane.number,
                    explained=wanted,
                    lines=lane.mentions,
                    named=named,
                    strays=tuple(r for r in lane.recorded if r.event_name != EventName.INSERT),
                )
            )
    return Symptoms(missing=tuple(missing), missing_count=len(missing), surplus_lines=tuple(surplus))


def _named(lane: LaneTally) -> int:
    """How many lines of an item name another event than INSERT."""
    return sum(("MODIFY" in line or "REMOVE" in line) and "INSERT" not in line for _, line in lane.lines)


def judge(
    tally: Tally,
    seen: Symptoms,
    findings: Sequence[Finding],
    evidence: Sequence[Evidence],
    *,
    waited: float,
) -> Verdict:
    """The verdict on what was seen, with the findings of whoever asked why."""
    result = _result(seen, findings)
    return Verdict(
        result=result,
        run_id=tally.script.run_id,
        summary=_summary(result, tally, seen, waited),
        findings=tuple(_by_weight(findings)),
        evidence=tuple(evidence),
        counts=_counts(tally, seen),
        latency=tally.latency.summary(),
        waited=waited,
    )


def also(verdict: Verdict, extra: Sequence[Finding]) -> Verdict:
    """The verdict with further findings: never a better one than before."""
    worse = _result(Symptoms(), extra)
    order = (Result.FAIL, Result.INCONCLUSIVE, Result.PASS)
    return replace(
        verdict,
        result=min(verdict.result, worse, key=order.index),
        findings=tuple(_by_weight([*verdict.findings, *extra])),
    )


def _by_weight(findings: Sequence[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda finding: list(Weight).index(finding.weight))


def _result(seen: Symptoms, findings: Sequence[Finding]) -> Result:
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
        return "no insert can be processed as things stand; no test item was written"
    told = f"{processed} of {expected} inserts were processed, {waited:.1f} s after the last write"
    return f"{told}; {strays} other records were delivered" if strays else told


def _delivered_others(tally: Tally) -> int:
    """Receipts for records that are no inserts."""
    return sum(count for name, count in tally.receipts.items() if not name.endswith(f" {EventName.INSERT}"))


def _counts(tally: Tally, seen: Symptoms) -> dict[str, int]:
    written = [write for lane in tally.lanes for write, _ in lane.written]
    return {
        "items": len({write.number for write in written}) + tally.bulk_written,
        "writes": len(written) + tally.bulk_written,
        "expected_inserts": tally.script.expected_inserts,
        "processed_inserts": max(0, tally.script.expected_inserts - seen.missing_count),
        "missing": seen.missing_count,
        "intruders": len(seen.intruders) + len(seen.surplus_lines),
        "guarded": len(seen.leaked),
        "duplicates": tally.all_duplicates,
        "stream_records": sum(len(lane.records) for lane in tally.lanes) + tally.bulk_streamed.total(),
        "receipts": tally.receipts.total(),
        "log_lines": tally.lines,
    }
