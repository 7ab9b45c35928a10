"""The claims of a run, each with its standing: the parts of a verdict for reports.

The claims agree with the verdict: a FAIL has a disproven claim, an INCONCLUSIVE has no disproven and at least one
unproven claim, a PASS has neither.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from ddbinsert.core import receipt as receipts
from ddbinsert.core.filters.insert_only import INSERT_ONLY
from ddbinsert.core.model.record import EventName
from ddbinsert.core.proof.by_event import deliveries, is_by_lines
from ddbinsert.core.proof.causes.catalog import About, Cause, codes_about
from ddbinsert.core.proof.verdict import Result, Weight
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ddbinsert.core.proof.proof import Proof
    from ddbinsert.core.proof.tally import Tally
    from ddbinsert.core.proof.verdict import Finding


class Standing(StrEnum):
    """The standing of a claim after a run."""

    PROVEN = "proven"
    DISPROVEN = "disproven"
    OPEN = "open"
    NOT_JUDGED = "not judged"


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One claim that a run had to prove.

    Attributes:
        id: Stable, kebab-case.
        title: The claim as a sentence without a full stop.
        standing: Whether it was proven.
        text: Its evidence, or why it is not proven, in whole sentences.
        findings: The findings that disprove it or leave it unproven.
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

_STRAYS = codes_about(About.OTHERS)
_STREAM = codes_about(About.STREAM)
_FILTER = codes_about(About.FILTER)
_WIDE = frozenset({Cause.NO_FILTER.value, Cause.FILTER_TOO_WIDE.value})
#: Findings against the processing of inserts, whether or not an insert is missing.
_WORK = frozenset(
    cause.value
    for cause in (
        Cause.FUNCTION_ERRORS,
        Cause.FUNCTION_TIMES_OUT,
        Cause.ANSWER_NAMES_FAILURES,
        Cause.INVOCATION_NOT_ENDED,
        Cause.LINES_REPORT_ERRORS,
        Cause.ALIAS_DIVIDES_INVOCATIONS,
        Cause.RECORDS_GIVEN_UP,
        Cause.MAPPING_REPORTS_PROBLEM,
        Cause.NOT_STORED_IN_SINK,
    )
)
BY_STANDING = {Weight.PROOF: Standing.DISPROVEN, Weight.HOLE: Standing.OPEN}


def claims(proof: Proof) -> tuple[Claim, ...]:
    """Every claim of a run, in the order in which reports list them."""
    if proof.failure_path is not None:
        from ddbinsert.core.proof.failure_path.claims import claims_of

        return tuple(claims_of(proof, proof.failure_path))
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
    written = _anything_written(tally)
    about = tuple(
        f
        for f in main_findings(proof)
        if f.code in _WORK or ((missing or not written) and f.code not in _STRAYS | _STREAM | _WIDE)
    )
    if not written:
        certain = ": none could have been processed" if proof.verdict.result is Result.FAIL else ""
        text = f"No test item was written{certain}."
    elif missing:
        processed = counts.get("processed_inserts", 0)
        text = (
            f"{processed:,} of {expected:,} inserts were processed, {proof.verdict.waited:.1f} s after the last "
            f"write; {missing:,} {'is' if missing == 1 else 'are'} missing."
        )
    elif about:
        text = f"The function says that it processed all {expected:,} inserts, but: {'; '.join(f.text for f in about)}."
    else:
        text = f"All {expected:,} inserts were processed."
    without_cause = Standing.OPEN if missing else Standing.PROVEN if written else Standing.NOT_JUDGED
    standing = standing_from(about) or without_cause
    return Claim(id=INSERTS, title="Every insert was processed", standing=standing, text=text, findings=about)


def _negative(proof: Proof, tally: Tally, kind: EventName) -> Claim:
    given = deliveries(tally)
    processed, guarded, failed = (
        given[f"{decision} {kind}"] for decision in (receipts.PROCESSED, receipts.GUARDED, receipts.FAILED)
    )
    delivered = processed + guarded + failed
    made = sum(write.expects is kind for lane in tally.lanes for write, _ in lane.written)
    # Lines without an event name count for both events.
    about = tuple(
        f
        for f in main_findings(proof)
        if f.code in _STRAYS and (delivered or not _shows_event_names(tally, f))
    )
    standing, text = standing_from(about), ""
    if delivered and standing is not None:
        text = f"{made:,} were made; {_deliveries(processed, guarded, failed)}."
    elif standing is not None:
        text = "The function's log lines do not name the event, and inserts do not explain all of them."
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
            text = f"{made:,} were made; the inserts explain everything that the function logged."
    else:
        standing = Standing.OPEN
        text = (
            f"None of the {made:,} was seen, but on item{'s'[: len(short) > 1]} {', '.join(map(str, short))} the insert that must follow was "
            "not processed either, so they may still be delivered."
        )
    title = f"No {kind} was processed or delivered"
    return Claim(id=NEGATIVES[kind], title=title, standing=standing, text=text, findings=about)


def _shows_event_names(tally: Tally, finding: Finding) -> bool:
    return finding.code == "filter-leaks" or any(
        count and not name.endswith(f" {EventName.INSERT}") for name, count in deliveries(tally).items()
    )


def _deliveries(processed: int, guarded: int, failed: int) -> str:
    parts = [
        (processed, "processed"),
        (guarded, "delivered and dropped by the guard in the handler's code"),
        (failed, "delivered, and the handler failed"),
    ]
    return ", ".join(f"{count:,} {'was' if count == 1 else 'were'} {what}" for count, what in parts if count)


def _short_of_fence(tally: Tally, kind: EventName) -> list[int]:
    """Items with a write of this kind whose last insert was not seen to be processed."""
    return [lane.lane.number for lane in tally.lanes if kind in lane.lane.expected and not lane.is_fenced]


def _stream(proof: Proof, tally: Tally) -> Claim:
    about = tuple(f for f in main_findings(proof) if f.code in _STREAM)
    side = next((e for e in proof.verdict.evidence if e.side == "stream"), None)
    standing, text = standing_from(about), ""
    if standing is not None:
        text = "; ".join(f.text for f in about)
    elif not _anything_written(tally):
        standing, text = Standing.NOT_JUDGED, "No test item was written."
    elif side is None or not side.seen:
        standing, text = (
            Standing.NOT_JUDGED,
            f"The stream was not read completely: {side.text if side else ''}",
        )
    else:
        standing = Standing.PROVEN
        records = sum(len(lane.records) for lane in tally.lanes)
        text = (
            f"{records:,} records of the scripted items, in the order of the writes that must produce them."
        )
    title = "The stream holds what was written"
    return Claim(id=STREAM, title=title, standing=standing, text=sentence(text), findings=about)


def _filter(proof: Proof) -> Claim:
    about = tuple(f for f in main_findings(proof) if f.code in _FILTER)
    allowed = [f for f in proof.verdict.findings if f.code in _WIDE and f.weight is Weight.NOTE]
    hidden = [f for f in proof.verdict.findings if f.code == "filter-hidden"]
    standing, text = standing_from(about), ""
    if standing is not None:
        text = "; ".join(f.text for f in about)
    elif allowed or hidden:
        standing = Standing.NOT_JUDGED
        text = "; ".join(f.text for f in (*allowed, *hidden)) + (" (allowed)" if allowed else "")
    elif proof.tally is not None and not _anything_written(proof.tally):
        standing, text = Standing.NOT_JUDGED, "Not judged, because another finding decides."
    else:
        standing = Standing.PROVEN
        text = f"Judged by its definition: inserts pass, and nothing else.{_excluded(proof)}"
    title = "The mapping's filter is insert-only"
    return Claim(id=FILTER, title=title, standing=standing, text=sentence(text), findings=about)


def _excluded(proof: Proof) -> str:
    """The inserts that the user's own clauses exclude, as a sentence; empty if every insert passes."""
    table = proof.world.table
    narrower = [
        m.filters
        for m in proof.world.mappings
        if m.is_enabled and m.filters and INSERT_ONLY not in m.filters and table is not None
        if m.stream_arn == table.stream_arn
    ]
    shown = " and ".join(" or ".join(filters) for filters in narrower)
    return f" Inserts that it does not match are excluded: {shown}." if shown else ""


def _others(proof: Proof) -> Iterable[Claim]:
    """Weighty findings that belong to no claim above."""
    if proof.verdict.counts.get("missing", 0) or (proof.tally and not _anything_written(proof.tally)):
        return  # listed under the first claim
    for finding in main_findings(proof):
        if finding.code not in _STRAYS | _STREAM | _FILTER | _WORK:
            title = sentence(finding.text).rstrip(".")
            standing = BY_STANDING[finding.weight]
            yield Claim(
                id=finding.code,
                title=title,
                standing=standing,
                text=sentence(finding.text),
                findings=(finding,),
            )


# --- observed traffic -------------------------------------------------------------------


def _inserts_at_work(proof: Proof) -> Claim:
    counts = proof.verdict.counts
    missing, expected = counts.get("missing", 0), counts.get("expected_inserts", 0)
    about = tuple(f for f in main_findings(proof) if f.code not in _STRAYS | _WIDE)
    return Claim(
        id=INSERTS,
        title="Every insert was processed",
        standing=standing_from(about) or (Standing.OPEN if missing or not expected else Standing.PROVEN),
        text=f"{counts.get('processed_inserts', 0):,} of the {expected:,} observed inserts were processed.",
        findings=about,
    )


def _others_at_work(proof: Proof) -> Claim:
    counts = proof.verdict.counts
    intruders, guarded = counts.get("intruders", 0), counts.get("guarded", 0)
    about = tuple(f for f in main_findings(proof) if f.code in _STRAYS)
    told = _deliveries(intruders, guarded, 0)
    others = counts.get("other_changes", 0)
    standing, text = standing_from(about), f"Of the {others:,} other changes, {told or 'none was delivered'}."
    if standing is None and not others and not told:
        standing, text = Standing.NOT_JUDGED, "Nothing was modified or removed in the observed period."
    return Claim(
        id="no-other-change-delivered",
        title="No MODIFY or REMOVE was processed or delivered",
        standing=standing or Standing.PROVEN,
        text=text,
        findings=about,
    )


def _of_the_verdict(proof: Proof) -> Claim:
    """A claim for the verdict itself, if no other claim states it."""
    standing = {
        Result.PASS: Standing.PROVEN,
        Result.FAIL: Standing.DISPROVEN,
        Result.INCONCLUSIVE: Standing.OPEN,
    }[proof.verdict.result]
    return Claim(
        id="verdict",
        title="The trigger processes every insert and nothing else",
        standing=standing,
        text=sentence(proof.verdict.summary),
        findings=main_findings(proof),
    )


# --- shared helpers --------------------------------------------------------------------------------------


def main_findings(proof: Proof) -> tuple[Finding, ...]:
    """The findings that affect the verdict."""
    return tuple(finding for finding in proof.verdict.findings if finding.weight is not Weight.NOTE)


def standing_from(findings: Iterable[Finding]) -> Standing | None:
    """The standing of a claim by the findings about it; None if none affects the verdict."""
    weights = {finding.weight for finding in findings}
    return next((standing for weight, standing in BY_STANDING.items() if weight in weights), None)


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


def sentence(text: str) -> str:
    """The text with a capital letter and a full stop."""
    if not text:
        return text
    begun = text[0].upper() + text[1:]
    return begun if begun.endswith((".", "!", "?")) else f"{begun}."
