"""Which inconclusive runs are made again, and what the last one says of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ddbinsert.cli.retry_inconclusive import prove_with_retries
from ddbinsert.core.proof.causes.catalog import Cause
from ddbinsert.core.proof.proof import Proof
from ddbinsert.core.proof.retry import HARMLESS, PASSING, final_codes, may_be_made_again
from ddbinsert.core.proof.verdict import Finding, Result, Verdict, Weight
from ddbinsert.core.trigger.reporter import Silent
from ddbinsert.errors import AwsError, DdbInsertError, InconclusiveError
from tests.unit import proofs


def verdict_of(
    result: Result, *codes: Cause, weight: Weight = Weight.HOLE, run_id: str = "0" * 12
) -> Verdict:
    findings = tuple(Finding(code=code, weight=weight, text="it is so") for code in codes)
    return Verdict(result=result, run_id=run_id, summary="a summary", findings=findings)


def proof_of(verdict: Verdict) -> Proof:
    return replace(proofs.proof_of(), verdict=verdict)


OPEN = verdict_of(Result.INCONCLUSIVE, Cause.LOG_LATE, run_id="1" * 12)
GOOD = verdict_of(Result.PASS, run_id="2" * 12)
BAD = verdict_of(Result.FAIL, Cause.NO_FILTER, weight=Weight.PROOF, run_id="3" * 12)


@pytest.mark.parametrize("code", sorted(Cause))
def test_only_what_may_pass_is_made_again(code: Cause) -> None:
    assert may_be_made_again(verdict_of(Result.INCONCLUSIVE, code)) is (code in PASSING)
    as_note = verdict_of(Result.INCONCLUSIVE, code, weight=Weight.NOTE)
    assert may_be_made_again(as_note) is (code in PASSING | HARMLESS)


@pytest.mark.parametrize("verdict", [GOOD, BAD])
def test_a_verdict_is_never_asked_for_again(verdict: Verdict) -> None:
    assert not may_be_made_again(verdict)


def test_one_fault_among_passing_causes_stands_against_another_try() -> None:
    verdict = verdict_of(Result.INCONCLUSIVE, Cause.LOG_LATE, Cause.RECORDS_GIVEN_UP)
    assert final_codes(verdict) == ("records-given-up",)


def attempts(
    *ends: Verdict | DdbInsertError, retries: int = 2
) -> tuple[Proof | DdbInsertError, list[str], int]:
    """How a run with these attempts ends, the attempts that were kept, and the number of those not made."""
    left, kept = list(ends), []

    def once() -> Proof:
        end = left.pop(0)
        if isinstance(end, DdbInsertError):
            raise end
        return proof_of(end)

    def keep(proof: Proof) -> None:
        kept.append(proof.verdict.run_id)

    try:
        return prove_with_retries(once, retries=retries, reporter=Silent(), keep=keep), kept, len(left)
    except DdbInsertError as error:
        return error, kept, len(left)


def test_a_pass_after_an_inconclusive_attempt_names_it() -> None:
    last, kept, _ = attempts(OPEN, GOOD)
    assert isinstance(last, Proof)
    assert last.verdict.result is Result.PASS
    (note,) = last.verdict.findings
    assert note.code == "earlier-inconclusive"
    assert note.evidence == (f"run {'1' * 12}: a summary (log-late)",)
    assert kept == ["1" * 12]


def test_a_fail_ends_the_attempts() -> None:
    last, _, unmade = attempts(OPEN, BAD, GOOD)
    assert isinstance(last, Proof)
    assert last.verdict.result is Result.FAIL
    assert unmade == 1


def test_after_the_last_attempt_it_stays_inconclusive() -> None:
    last, kept, unmade = attempts(OPEN, OPEN, OPEN, GOOD)
    assert isinstance(last, Proof)
    assert last.verdict.result is Result.INCONCLUSIVE
    assert len(kept) == 2
    assert unmade == 1


def test_a_fault_that_was_seen_is_not_tried_away() -> None:
    fault = verdict_of(Result.INCONCLUSIVE, Cause.FUNCTION_ERRORS)
    last, kept, unmade = attempts(fault, GOOD)
    assert isinstance(last, Proof)
    assert last.verdict.result is Result.INCONCLUSIVE
    assert (kept, unmade) == ([], 1)


def test_a_time_out_without_a_verdict_counts_as_an_attempt_and_a_refusal_ends_the_run() -> None:
    last, _, _ = attempts(InconclusiveError("No answer.", code="timeout"), GOOD)
    assert isinstance(last, Proof)
    assert last.verdict.findings[0].evidence == ("no verdict: No answer. (timeout)",)
    refused = AwsError("No.")
    assert attempts(refused, GOOD)[0] is refused
    assert isinstance(attempts(OPEN, InconclusiveError("No."), retries=1)[0], InconclusiveError)
