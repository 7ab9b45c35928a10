"""What a run was to prove, claim by claim, and how each stands: a verdict taken apart for reports.

The claims say together what the verdict says: a FAIL has a claim that is disproven, an INCONCLUSIVE has none of
those and one that is open, a PASS has neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from ddbinsert.core import receipt as receipts
from ddbinsert.core.kinds import deliveries, is_by_lines
from ddbinsert.core.model import EventName
from ddbinsert.core.verdict import Result, Weight

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ddbinsert.core.proof import Proof
    from ddbinsert.core.tally import Tally
    from ddbinsert.core.verdict import Finding


class Standing(StrEnum):
    """How a claim stands after a run."""

    PROVEN = "proven"
    DISPROVEN = "disproven"
    OPEN = "open"
    NOT_JUDGED = "not judged"


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One thing that a run was to prove.

    Attributes:
        id: Stable, kebab-case. text: What it rests on, or why it does not stand.
        findings: Those that disprove it or keep it open.
    """

    id: str
    title: str
    standing: Standing
    text: str
    findings: tuple[Finding, ...] = ()


INSERTS: Final = "every-insert-processed"
STREAM: Final = "stream-holds-what-was-written"
FILTER: Final = "filter-is-insert-only"
NEGATIVES: Final = {EventName.MODIFY: "no-modify-delivered", EventName.REMOVE: "no-remove-delivered"}

_STRAYS = frozenset({"intruders-processed", "filter-leaks", "more-lines-than-inserts"})
_STREAM = frozenset({"stream-differs-from-writes", "receipts-without-record"})
_WIDE = frozenset({"no-filter", "filter-too-wide"})
_FILTER = frozenset({*_WIDE, "filter-never-matches"})
_BY_STANDING = {Weight.PROOF: Standing.DISPROVEN, Weight.HOLE: Standing.OPEN}


def claims(proof: Proof) -> tuple[Claim, ...]:
    """Every claim of a run, in the order in which they are told."""
    tally = proof.tally
    found: tuple[Claim, ...]
    if tally is None:
        found = (_inserts_at_work(proof), _others_at_work(proof), _filter(proof))
        return found if _agree(proof.verdict.result, found) else (*found, _of_the_verdict(proof))
    found = (
        _inserts(proof, tally),
        *(_negative(proof, tally, kind) for kind in NEGATIVES),
        _stream(proof, tally),
        _filter(proof),
        *_others(proof),
    )
    return found if _agree(proof.verdict.result, found) else (*found, _of_the_verdict(proof))


# --- one by one -------------------------------------------------------------------------------------------


def _inserts(proof: Proof, tally: Tally) -> Claim:
    counts = proof.verdict.counts
    missing, expected = counts.get("missing", 0), counts.get("expected_inserts", 0)
    about = tuple(f for f in _weighing(proof) if missing and f.code not in _STRAYS | _STREAM | _WIDE)
    if not _anything_written(tally):
        text = "No test item was written: none could have been processed."
    elif missing:
        processed = counts.get("processed_inserts", 0)
        text = (
            f"{processed:,} of {expected:,} inserts were processed, {proof.verdict.waited:.1f} s after the last "
            f"write; {missing:,} {'is' if missing == 1 else 'are'} missing."
        )
    else:
        text = f"All {expected:,} inserts were processed."
    standing = _standing(about) or (Standing.OPEN if missing else Standing.PROVEN)
    return Claim(id=INSERTS, title="Every insert was processed", standing=standing, text=text, findings=about)


def _negative(proof: Proof, tally: Tally, kind: EventName) -> Claim:
    given = deliveries(tally)
    processed, guarded, failed = (
        given[f"{decision} {kind}"] for decision in (receipts.PROCESSED, receipts.GUARDED, receipts.FAILED)
    )
    delivered = processed + guarded + failed
    made = sum(write.expects is kind for lane in tally.lanes for write, _ in lane.written)
    # Lines that name no event speak of both kinds.
    about = tuple(
        f for f in _weighing(proof) if f.code in _STRAYS and (delivered or not _tells_kinds(tally, f))
    )
    standing, text = _standing(about), ""
    if delivered and standing is not None:
        text = f"{made:,} were made; {_deliveries(processed, guarded, failed)}."
    elif standing is not None:
        text = "The function's log does not say of which kind a line is; some lines are not explained by inserts."
    elif delivered:
        standing = Standing.PROVEN
        text = (
            f"None of {made:,} was processed; {_deliveries(processed, guarded, failed)}, which was allowed."
        )
    elif not made:
        standing, text = Standing.NOT_JUDGED, f"No {kind} was made."
    elif proof.verdict.result is Result.PASS or not (short := _short_of_fence(tally, kind)):
        standing = Standing.PROVEN
        text = f"None of the {made:,} was delivered; the inserts that came after them on the same items were."
        if is_by_lines(tally):
            text = f"{made:,} were made; the function logged nothing that the inserts do not explain."
    else:
        standing = Standing.OPEN
        text = (
            f"None of the {made:,} was seen, but on item{'s'[: len(short) > 1]} {', '.join(map(str, short))} the insert that must follow was "
            "not processed either, so they may still be on their way."
        )
    title = f"No {kind} was processed or delivered"
    return Claim(id=NEGATIVES[kind], title=title, standing=standing, text=text, findings=about)


def _tells_kinds(tally: Tally, finding: Finding) -> bool:
    return finding.code == "filter-leaks" or any(
        count and not name.endswith(f" {EventName.INSERT}") for name, count in deliveries(tally).items()
    )


def _deliveries(processed: int, guarded: int, failed: int) -> str:
    parts = [
        (processed, "processed"),
        (guarded, "delivered and dropped by the guard in the handler's code"),
        (failed, "delivered and failed on"),
    ]
    return ", ".join(f"{count:,} {'was' if count == 1 else 'were'} {what}" for count, what in parts if count)


def _short_of_fence(tally: Tally, kind: EventName) -> list[int]:
    """The items with a write of this kind whose last insert was not seen to be processed."""
    return [lane.lane.number for lane in tally.lanes if kind in lane.lane.expected and not lane.is_fenced]


def _stream(proof: Proof, tally: Tally) -> Claim:
    about = tuple(f for f in _weighing(proof) if f.code in _STREAM)
    side = next((e for e in proof.verdict.evidence if e.side == "stream"), None)
    standing, text = _standing(about), ""
    if standing is not None:
        text = "; ".join(f.text for f in about)
    elif not _anything_written(tally):
        standing, text = Standing.NOT_JUDGED, "No test item was written."
    elif side is None or not side.seen:
        standing, text = Standing.NOT_JUDGED, f"The stream was not read whole: {side.text if side else ''}"
    else:
        standing = Standing.PROVEN
        records = sum(len(lane.records) for lane in tally.lanes)
        text = f"{records:,} records of the scripted items, in the order of the writes that must leave them."
    title = "The stream holds what was written"
    return Claim(id=STREAM, title=title, standing=standing, text=_sentence(text), findings=about)


def _filter(proof: Proof) -> Claim:
    about = tuple(f for f in _weighing(proof) if f.code in _FILTER)
    allowed = [f for f in proof.verdict.findings if f.code in _WIDE and f.weight is Weight.NOTE]
    hidden = [f for f in proof.verdict.findings if f.code == "filter-hidden"]
    standing, text = _standing(about), ""
    if standing is not None:
        text = "; ".join(f.text for f in about)
    elif allowed or hidden:
        standing = Standing.NOT_JUDGED
        text = "; ".join(f.text for f in (*allowed, *hidden)) + (" (allowed)" if allowed else "")
    elif proof.tally is not None and not _anything_written(proof.tally):
        standing, text = Standing.NOT_JUDGED, "Something else decides already."
    else:
        standing = Standing.PROVEN
        text = "Judged by itself, without any write: it lets inserts through, and nothing else."
    title = "The mapping's filter is insert-only"
    return Claim(id=FILTER, title=title, standing=standing, text=_sentence(text), findings=about)


def _others(proof: Proof) -> Iterable[Claim]:
    """Findings that weigh and belong to no claim above."""
    if proof.verdict.counts.get("missing", 0):
        return
    for finding in _weighing(proof):
        if finding.code not in _STRAYS | _STREAM | _FILTER:
            title = _sentence(finding.text).rstrip(".")
            standing = _BY_STANDING[finding.weight]
            yield Claim(
                id=finding.code,
                title=title,
                standing=standing,
                text=_sentence(finding.text),
                findings=(finding,),
            )


# --- of a trigger that was only watched -------------------------------------------------------------------


def _inserts_at_work(proof: Proof) -> Claim:
    counts = proof.verdict.counts
    missing, expected = counts.get("missing", 0), counts.get("expected_inserts", 0)
    about = tuple(f for f in _weighing(proof) if f.code not in _STRAYS | _WIDE)
    return Claim(
        id=INSERTS,
        title="Every insert was processed",
        standing=_standing(about) or (Standing.OPEN if missing or not expected else Standing.PROVEN),
        text=f"{counts.get('processed_inserts', 0):,} of the {expected:,} inserts that came were processed.",
        findings=about,
    )


def _others_at_work(proof: Proof) -> Claim:
    counts = proof.verdict.counts
    intruders, guarded = counts.get("intruders", 0), counts.get("guarded", 0)
    about = tuple(f for f in _weighing(proof) if f.code in _STRAYS)
    told = _deliveries(intruders, guarded, 0) or "none was delivered"
    return Claim(
        id="no-other-change-delivered",
        title="No MODIFY or REMOVE was processed or delivered",
        standing=_standing(about) or Standing.PROVEN,
        text=f"Of the other changes that came, {told}.",
        findings=about,
    )


def _of_the_verdict(proof: Proof) -> Claim:
    """The verdict itself, where nothing else says it."""
    standing = {
        Result.PASS: Standing.PROVEN,
        Result.FAIL: Standing.DISPROVEN,
        Result.INCONCLUSIVE: Standing.OPEN,
    }[proof.verdict.result]
    return Claim(
        id="verdict",
        title="The trigger processes every insert and nothing else",
        standing=standing,
        text=_sentence(proof.verdict.summary),
        findings=_weighing(proof),
    )


# --- what they share --------------------------------------------------------------------------------------


def _weighing(proof: Proof) -> tuple[Finding, ...]:
    return tuple(finding for finding in proof.verdict.findings if finding.weight is not Weight.NOTE)


def _standing(findings: Iterable[Finding]) -> Standing | None:
    weights = {finding.weight for finding in findings}
    return next((standing for weight, standing in _BY_STANDING.items() if weight in weights), None)


def _agree(result: Result, found: Iterable[Claim]) -> bool:
    standings = {claim.standing for claim in found}
    match result:
        case Result.PASS:
            return not standings & {Standing.DISPROVEN, Standing.OPEN}
        case Result.FAIL:
            return Standing.DISPROVEN in standings
        case Result.INCONCLUSIVE:
            return Standing.OPEN in standings and Standing.DISPROVEN not in standings


def _anything_written(tally: Tally) -> bool:
    return bool(tally.bulk_written) or any(lane.written for lane in tally.lanes)


def _sentence(text: str) -> str:
    """The text with a capital letter and a full stop."""
    if not text:
        return text
    begun = text[0].upper() + text[1:]
    return begun if begun.endswith((".", "!", "?")) else f"{begun}."
