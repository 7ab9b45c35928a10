"""A verdict taken apart into claims: they must never say anything else than the verdict."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ddbinsert.core import receipt
from ddbinsert.core.model.record import EventName
from ddbinsert.core.proof.by_event import counts_by_event
from ddbinsert.core.proof.claims import FILTER, INSERTS, NEGATIVES, STREAM, Claim, Standing, claims
from ddbinsert.core.proof.verdict import Finding, Result, Weight
from tests.unit import proofs

if TYPE_CHECKING:
    from ddbinsert.core.proof.proof import Proof

INSERT, MODIFY, REMOVE = EventName
EVERYTHING = (INSERT, MODIFY, REMOVE)

RUNS = {
    "healthy": proofs.proof_of(),
    "one item": proofs.proof_of(count=1),
    "bulk": proofs.proof_of(count=300),
    "leaking": proofs.proof_of(delivered=EVERYTHING, filters=()),
    "leaking one kind": proofs.proof_of(delivered=(INSERT, REMOVE)),
    "guarded": proofs.proof_of(delivered=EVERYTHING, decision=receipt.GUARDED, filters=()),
    "guarded and allowed": proofs.proof_of(
        delivered=EVERYTHING, decision=receipt.GUARDED, filters=(), allow_guarded=True
    ),
    "lost": proofs.proof_of(lost=frozenset({1, 2})),
    "lost in bulk": proofs.proof_of(count=300, lost=frozenset({77})),
    "all lost": proofs.proof_of(lost=frozenset(range(4))),
    "stream unread": proofs.proof_of(stream_read=False),
    "by lines": proofs.proof_of(by_lines=True, gauged=True),
    "by lines, leaking": proofs.proof_of(by_lines=True, gauged=True, delivered=EVERYTHING),
    "by lines, surely leaking": proofs.proof_of(by_lines=True, gauged=True, delivered=EVERYTHING, filters=()),
    "by lines, lost": proofs.proof_of(by_lines=True, gauged=True, lost=frozenset({0})),
    "refused": proofs.refused(),
    "watched": proofs.watched(),
    "watched, leaking": proofs.watched(Result.FAIL),
}


def by_id(proof: Proof) -> dict[str, Claim]:
    return {claim.id: claim for claim in claims(proof)}


def standings(name: str) -> dict[str, Standing]:
    return {claim.id: claim.standing for claim in claims(RUNS[name])}


@pytest.mark.parametrize("name", RUNS)
def test_claims_say_together_what_the_verdict_says(name: str) -> None:
    found = set(standings(name).values())
    match RUNS[name].verdict.result:
        case Result.PASS:
            assert not found & {Standing.DISPROVEN, Standing.OPEN}
        case Result.FAIL:
            assert Standing.DISPROVEN in found
        case Result.INCONCLUSIVE:
            assert Standing.OPEN in found
            assert Standing.DISPROVEN not in found


@pytest.mark.parametrize("name", RUNS)
def test_each_claim_is_told_once_and_in_whole_sentences(name: str) -> None:
    found = claims(RUNS[name])
    assert len({claim.id for claim in found}) == len(found)
    assert all(claim.text.endswith(".") and claim.title for claim in found)


def test_the_runs_stand_for_all_three_verdicts() -> None:
    assert {proof.verdict.result for proof in RUNS.values()} == set(Result)


def test_a_healthy_run_proves_everything() -> None:
    assert set(standings("healthy").values()) == {Standing.PROVEN}


def test_the_kind_that_leaks_is_disproven_and_the_other_is_not() -> None:
    found = standings("leaking one kind")
    assert found[NEGATIVES[REMOVE]] is Standing.DISPROVEN
    assert found[NEGATIVES[MODIFY]] is Standing.PROVEN
    assert found[INSERTS] is Standing.PROVEN


def test_what_the_guard_dropped_was_delivered_and_told_apart() -> None:
    claim = by_id(RUNS["guarded"])[NEGATIVES[MODIFY]]
    assert claim.standing is Standing.DISPROVEN
    assert "4 were delivered and dropped by the guard" in claim.text


def test_a_guard_that_is_allowed_leaves_the_filter_unjudged() -> None:
    found = standings("guarded and allowed")
    assert found[NEGATIVES[MODIFY]] is Standing.PROVEN
    assert found[FILTER] is Standing.NOT_JUDGED
    assert "allowed" in by_id(RUNS["guarded and allowed"])[NEGATIVES[MODIFY]].text


def test_nothing_is_proven_of_an_item_whose_last_insert_is_missing() -> None:
    found = by_id(RUNS["lost"])
    assert found[NEGATIVES[MODIFY]].standing is Standing.OPEN
    assert "items 1, 2" in found[NEGATIVES[MODIFY]].text
    assert "4 are missing" in found[INSERTS].text


def test_a_stream_that_was_not_read_is_not_judged_and_says_why() -> None:
    claim = by_id(RUNS["stream unread"])[STREAM]
    assert claim.standing is Standing.NOT_JUDGED
    assert "access denied" in claim.text


def test_lines_that_name_no_kind_leave_both_kinds_open() -> None:
    found = standings("by lines, leaking")
    assert {found[NEGATIVES[MODIFY]], found[NEGATIVES[REMOVE]]} == {Standing.OPEN}


def test_where_nothing_was_written_nothing_else_is_claimed() -> None:
    found = standings("refused")
    assert found.pop(INSERTS) is Standing.DISPROVEN
    assert set(found.values()) == {Standing.NOT_JUDGED}


def test_a_finding_that_belongs_to_no_claim_gets_one_of_its_own() -> None:
    healthy = RUNS["healthy"]
    finding = Finding(code="novel-trouble", weight=Weight.HOLE, text="something nobody foresaw")
    verdict = replace(healthy.verdict, result=Result.INCONCLUSIVE, findings=(finding,))
    claim = by_id(replace(healthy, verdict=verdict))["novel-trouble"]
    assert claim.standing is Standing.OPEN
    assert claim.title == "Something nobody foresaw"


@pytest.mark.parametrize("result", [Result.FAIL, Result.INCONCLUSIVE])
def test_a_verdict_that_no_claim_explains_is_a_claim_itself(result: Result) -> None:
    healthy = RUNS["healthy"]
    found = by_id(replace(healthy, verdict=replace(healthy.verdict, result=result)))
    assert found["verdict"].standing is (Standing.DISPROVEN if result is Result.FAIL else Standing.OPEN)


def test_a_run_that_saw_no_insert_proves_nothing_about_inserts() -> None:
    quiet = proofs.watched()
    counts = {**quiet.verdict.counts, "expected_inserts": 0, "processed_inserts": 0}
    verdict = replace(quiet.verdict, counts=counts, result=Result.INCONCLUSIVE)
    assert by_id(replace(quiet, verdict=verdict))[INSERTS].standing is Standing.OPEN


# --- the same in numbers ----------------------------------------------------------------------------------


def numbers(proof: Proof) -> dict[str, tuple[int | None, ...]]:
    return {
        kind.name.value: (
            kind.written,
            kind.recorded,
            kind.processed,
            kind.guarded,
            kind.failed,
            kind.missing,
        )
        for kind in counts_by_event(proof)
    }


def test_a_healthy_run_in_numbers() -> None:
    assert numbers(RUNS["healthy"]) == {
        "INSERT": (8, 8, 8, 0, 0, 0),
        "MODIFY": (4, 4, 0, 0, 0, None),
        "REMOVE": (4, 4, 0, 0, 0, None),
    }


def test_bulk_items_count_as_written_and_processed_inserts() -> None:
    assert numbers(RUNS["bulk"])["INSERT"] == (304, 8, 304, 0, 0, 0)
    assert numbers(RUNS["lost in bulk"])["INSERT"] == (304, 8, 303, 0, 0, 1)


def test_what_was_guarded_is_told_apart_from_what_was_processed() -> None:
    assert numbers(RUNS["guarded"])["MODIFY"] == (4, 4, 0, 4, 0, None)
    assert numbers(RUNS["leaking"])["MODIFY"] == (4, 4, 4, 0, 0, None)


def test_what_cannot_be_told_is_no_zero() -> None:
    assert numbers(RUNS["by lines"])["MODIFY"] == (4, 4, None, None, None, None)
    assert numbers(RUNS["stream unread"])["REMOVE"][1] is None
    assert numbers(RUNS["watched"]) == {}


def test_a_handler_that_calls_a_modification_an_insert_is_counted_by_the_stream() -> None:
    proof = proofs.proof_of(delivered=(INSERT, MODIFY))
    tally = proof.tally
    assert tally is not None
    for lane in tally.lanes:
        lane.receipts[:] = [replace(one, event_name="INSERT") for one in lane.receipts]
    tally.receipts.clear()
    tally.receipts["processed INSERT"] = 12
    assert numbers(proof)["MODIFY"] == (4, 4, 4, 0, 0, None)


def test_a_run_that_wrote_nothing_misses_nothing() -> None:
    """Nothing was written, so nothing can be missing: not in the numbers and not in a claim."""
    proof = RUNS["refused"]
    counts = proof.verdict.counts
    assert (counts["expected_inserts"], counts["processed_inserts"], counts["missing"]) == (0, 0, 0)
    assert all(one.missing in (None, 0) for one in counts_by_event(proof))
    assert by_id(proof)[INSERTS].standing is Standing.DISPROVEN
    assert "missing" not in by_id(proof)[INSERTS].text


def with_hole(code: str) -> Proof:
    """A run that looks well, but for one hole in its evidence."""
    healthy = RUNS["healthy"]
    hole = Finding(code=code, weight=Weight.HOLE, text="something speaks against it")
    verdict = replace(healthy.verdict, result=Result.INCONCLUSIVE, findings=(hole,))
    return replace(healthy, verdict=verdict)


@pytest.mark.parametrize(
    "code",
    [
        "function-errors",
        "function-times-out",
        "answer-names-failures",
        "invocation-not-ended",
        "records-given-up",
        "mapping-reports-problem",
    ],
)
def test_inserts_are_not_proven_processed_while_the_evidence_speaks_against_it(code: str) -> None:
    found = by_id(with_hole(code))
    assert found[INSERTS].standing is Standing.OPEN
    assert "something speaks against it" in found[INSERTS].text
    assert code not in found


@pytest.mark.parametrize("code", ["filter-part-never-matches", "filter-unreadable", "filter-hidden"])
def test_a_filter_that_could_not_be_judged_is_not_proven_insert_only(code: str) -> None:
    assert by_id(with_hole(code))[FILTER].standing is Standing.OPEN


def test_a_stream_that_could_not_be_read_leaves_its_claim_open() -> None:
    assert by_id(with_hole("stream-not-read"))[STREAM].standing is Standing.OPEN


def test_a_hole_of_a_code_that_no_claim_knows_is_a_claim_of_its_own() -> None:
    found = by_id(with_hole("some-new-cause"))
    assert found["some-new-cause"].standing is Standing.OPEN
    assert found[INSERTS].standing is Standing.PROVEN


def test_a_narrower_filter_is_named_with_what_it_keeps_out() -> None:
    text = '{"eventName":["INSERT"],"dynamodb":{"NewImage":{"status":{"S":["NEW"]}}}}'
    narrow, plain = (
        next(one.text for one in claims(proof) if one.id == FILTER)
        for proof in (proofs.proof_of(filters=(text,)), proofs.proof_of())
    )
    assert f"Inserts that it does not match are excluded: {text}." in narrow
    assert "excluded" not in plain
