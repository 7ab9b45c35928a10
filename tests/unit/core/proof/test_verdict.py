"""The judgement, held by properties: no order, no duplicate, no loss and no intruder gets the wrong word out of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbinsert.core import receipt
from ddbinsert.core.proof.symptoms import Symptoms
from ddbinsert.core.proof.verdict import Finding, Result, Weight, explained, judge, with_findings
from tests.unit.runs import (
    INSERT,
    MODIFY,
    REMOVE,
    around,
    codes,
    judged,
    mapping,
    of,
    said,
    script_of,
    stream_of,
    tally_of,
)

if TYPE_CHECKING:
    from ddbinsert.core.proof.script import Script
    from tests.unit.runs import Record

PLANS = (script_of(1), script_of(4), script_of(4, partiql=True, expired=True), script_of(12))
plans = st.sampled_from(PLANS)
#: Whether our own reading of the stream is there to be held against the receipts.
reads = st.booleans()


def inserts_of(plan: Script) -> list[str]:
    return [said(record) for record in of(stream_of(plan), INSERT)]


def stream_if(plan: Script, *, read: bool) -> list[Record]:
    return stream_of(plan) if read else []


# --- healthy ----------------------------------------------------------------------------------------------


@given(st.data(), plans, reads)
def test_receipts_in_any_order_and_however_often_are_a_pass(
    data: st.DataObject, plan: Script, read: bool
) -> None:
    lines = inserts_of(plan)
    again = data.draw(st.lists(st.sampled_from(lines), max_size=20))
    verdict = judged(plan, data.draw(st.permutations([*lines, *again])), stream_if(plan, read=read))
    assert (verdict.result, codes(verdict)) == (Result.PASS, set())
    assert verdict.counts["duplicates"] == len(again)


@given(st.data(), plans, reads)
def test_what_others_log_changes_nothing(data: st.DataObject, plan: Script, read: bool) -> None:
    others = script_of(4)
    strange = [said(record).replace("0123456789ab", "ba9876543210") for record in stream_of(others)]
    noise = data.draw(st.lists(st.text() | st.sampled_from(strange) | st.just("DDBINSERT {}"), max_size=20))
    lines = data.draw(st.permutations([*inserts_of(plan), *noise]))
    assert judged(plan, lines, stream_if(plan, read=read)).result is Result.PASS


@given(st.data(), plans, reads)
def test_what_failed_and_was_processed_later_is_a_pass(data: st.DataObject, plan: Script, read: bool) -> None:
    records = of(stream_of(plan), INSERT)
    failed = [said(record, receipt.FAILED) for record in data.draw(st.lists(st.sampled_from(records)))]
    lines = [*failed, *inserts_of(plan)]
    assert judged(plan, lines, stream_if(plan, read=read)).result is Result.PASS


@given(plans)
def test_a_receipt_without_an_event_id_is_told_by_its_sequence_number(plan: Script) -> None:
    lines = [said(record, eventID=None) for record in of(stream_of(plan), INSERT)]
    assert judged(plan, lines, stream_of(plan)).result is Result.PASS


# --- lost -------------------------------------------------------------------------------------------------


@given(st.data(), plans, reads)
def test_without_any_one_receipt_it_is_never_a_pass(data: st.DataObject, plan: Script, read: bool) -> None:
    lines = inserts_of(plan)
    lost = data.draw(st.sampled_from(lines))
    left = data.draw(st.permutations([line for line in lines if line != lost]))
    again = data.draw(st.lists(st.sampled_from(left), max_size=5)) if left else []
    verdict = judged(plan, [*left, *again], stream_if(plan, read=read))
    assert verdict.result is not Result.PASS
    assert verdict.counts["missing"] == 1
    assert verdict.causes, "a cause is named"


@given(st.data(), plans)
def test_an_insert_that_a_later_one_of_its_item_overtook_is_a_fail(data: st.DataObject, plan: Script) -> None:
    number = data.draw(st.sampled_from([lane.number for lane in plan.lanes if lane.inserts > 1]))
    records = stream_of(plan)
    first = next(
        record for record in of(records, INSERT) if said(record) in inserts_of(plan) and _is(record, number)
    )
    lines = [line for line in inserts_of(plan) if line != said(first)]
    verdict = judged(plan, lines, records)
    assert verdict.result is Result.FAIL
    assert codes(verdict) == {"handler-drops-records"}


@given(st.data(), plans)
def test_an_insert_that_nothing_overtook_may_yet_come(data: st.DataObject, plan: Script) -> None:
    number = data.draw(st.sampled_from(range(plan.items)))
    records = stream_of(plan)
    last = [record for record in of(records, INSERT) if _is(record, number)][-1]
    lines = [line for line in inserts_of(plan) if line != said(last)]
    verdict = judged(plan, lines, records)
    assert verdict.result is Result.INCONCLUSIVE


@given(plans, reads)
def test_nothing_at_all_is_inconclusive_and_has_a_cause(plan: Script, read: bool) -> None:
    verdict = judged(plan, [], stream_if(plan, read=read))
    assert verdict.result is Result.INCONCLUSIVE
    assert codes(verdict) == {"nothing-delivered"}
    assert verdict.counts["missing"] == plan.expected_inserts


@given(st.data(), plans)
def test_a_failed_receipt_alone_is_a_fail(data: st.DataObject, plan: Script) -> None:
    records = of(stream_of(plan), INSERT)
    failing = data.draw(st.sampled_from(records))
    lines = [said(record, receipt.FAILED if record is failing else receipt.PROCESSED) for record in records]
    verdict = judged(plan, lines, stream_of(plan))
    assert verdict.result is Result.FAIL
    assert "function-errors" in codes(verdict)


@given(st.data(), plans)
def test_a_duplicate_makes_up_for_no_loss(data: st.DataObject, plan: Script) -> None:
    lines = inserts_of(plan)
    lost = data.draw(st.sampled_from(lines))
    kept = [line for line in lines if line != lost]
    if kept:
        verdict = judged(plan, kept * 3, stream_of(plan))
        assert verdict.result is not Result.PASS


# --- intruders --------------------------------------------------------------------------------------------


@given(st.data(), plans, reads, st.sampled_from([receipt.PROCESSED, receipt.GUARDED, receipt.FAILED]))
def test_any_one_modify_or_remove_is_always_a_fail(
    data: st.DataObject, plan: Script, read: bool, decision: str
) -> None:
    intruder = data.draw(st.sampled_from(of(stream_of(plan), MODIFY, REMOVE)))
    lines = data.draw(st.permutations([*inserts_of(plan), said(intruder, decision)]))
    verdict = judged(plan, lines, stream_if(plan, read=read))
    assert verdict.result is Result.FAIL
    expected = "filter-leaks" if decision == receipt.GUARDED else "intruders-processed"
    assert codes(verdict) == {expected}


@given(st.data(), plans)
def test_an_intruder_is_a_fail_whatever_its_receipt_calls_it(data: st.DataObject, plan: Script) -> None:
    intruder = data.draw(st.sampled_from(of(stream_of(plan), MODIFY, REMOVE)))
    lines = [*inserts_of(plan), said(intruder, eventName="INSERT")]
    verdict = judged(plan, lines, stream_of(plan))
    assert verdict.result is Result.FAIL
    (finding,) = verdict.causes
    assert finding.code == "intruders-processed"
    assert intruder["eventName"] in finding.text


@given(st.data(), plans)
def test_an_intruder_is_a_fail_where_inserts_are_missing_too(data: st.DataObject, plan: Script) -> None:
    intruder = data.draw(st.sampled_from(of(stream_of(plan), MODIFY, REMOVE)))
    lines = data.draw(st.lists(st.sampled_from(inserts_of(plan)), unique=True))
    assert judged(plan, [*lines, said(intruder)], stream_of(plan)).result is Result.FAIL


@given(st.data(), plans)
def test_a_guarded_intruder_may_be_allowed_a_processed_one_never(data: st.DataObject, plan: Script) -> None:
    intruder = data.draw(st.sampled_from(of(stream_of(plan), MODIFY, REMOVE)))
    guarded = [*inserts_of(plan), said(intruder, receipt.GUARDED)]
    allowed = judged(plan, guarded, stream_of(plan), allow_guarded=True)
    assert allowed.result is Result.PASS
    assert "filter-leaks" in {finding.code for finding in allowed.findings}
    processed = [*inserts_of(plan), said(intruder)]
    assert judged(plan, processed, stream_of(plan), allow_guarded=True).result is Result.FAIL


@pytest.mark.parametrize("decision", [receipt.PROCESSED, receipt.GUARDED])
@pytest.mark.parametrize("name", ["MODIFY", "REMOVE"])
def test_a_change_of_a_bulk_item_is_an_intruder_like_any_other(name: str, decision: str) -> None:
    """Nobody but the function's side can have made it up, or somebody changed our item: either is told."""
    plan = script_of(9)
    intruder = said({**stream_of(plan)[-1], "eventName": name, "eventID": "f" * 32}, decision)
    verdict = judged(plan, [*inserts_of(plan), intruder], stream_of(plan))
    assert verdict.result is Result.FAIL
    assert name in verdict.causes[0].text


def test_a_receipt_of_a_record_that_the_stream_does_not_hold_is_a_hole() -> None:
    plan = script_of(1)
    made_up = said(of(stream_of(plan), INSERT)[0], eventID="f" * 32)
    verdict = judged(plan, [*inserts_of(plan), made_up], stream_of(plan))
    assert verdict.result is Result.INCONCLUSIVE
    assert codes(verdict) == {"receipts-without-record"}


@pytest.mark.parametrize("name", ["", "insert", "UPSERT", "INSERT "])
def test_a_receipt_of_no_known_event_is_no_insert(name: str) -> None:
    plan = script_of(1)
    lines = [said(record, eventName=name) for record in of(stream_of(plan), INSERT)]
    assert judged(plan, lines).result is Result.FAIL


# --- the stream -------------------------------------------------------------------------------------------


@given(st.data(), plans)
def test_a_stream_that_lacks_a_record_is_a_hole(data: st.DataObject, plan: Script) -> None:
    records = stream_of(plan)
    scripted = [record for record in records if any(_is(record, lane.number) for lane in plan.lanes)]
    lacking = data.draw(st.sampled_from(scripted))
    verdict = judged(plan, inserts_of(plan), [record for record in records if record is not lacking])
    assert verdict.result is Result.INCONCLUSIVE
    assert "stream-differs-from-writes" in codes(verdict)


@given(st.data(), plans)
def test_the_stream_may_be_read_in_any_order_and_twice(data: st.DataObject, plan: Script) -> None:
    records = data.draw(st.permutations(stream_of(plan) * 2))
    assert judged(plan, inserts_of(plan), records).result is Result.PASS


# --- by lines ---------------------------------------------------------------------------------------------

gauged = script_of(4, gauged=True)


def key_text(record: Record) -> str:
    return str(record["dynamodb"]["Keys"]["pk"]["S"])


@given(st.data(), st.integers(1, 5))
def test_any_steady_number_of_lines_an_insert_is_a_pass(data: st.DataObject, each: int) -> None:
    lines = [f"order {key_text(record)}" for record in of(stream_of(gauged), INSERT)] * each
    verdict = judged(gauged, data.draw(st.permutations(lines)), stream_of(gauged), by_lines=True)
    assert verdict.result is Result.PASS


@given(st.data(), st.integers(1, 5))
def test_an_insert_without_its_lines_is_never_a_pass(data: st.DataObject, each: int) -> None:
    inserts = of(stream_of(gauged), INSERT)
    lost = data.draw(st.integers(0, len(inserts) - 1))
    left = [record for place, record in enumerate(inserts) if place != lost]
    lines = [f"order {key_text(record)}" for record in left] * each
    assert judged(gauged, lines, stream_of(gauged), by_lines=True).result is not Result.PASS


@given(st.data(), st.integers(1, 3))
def test_lines_of_modifications_are_never_a_pass(data: st.DataObject, each: int) -> None:
    records = stream_of(gauged)
    intruder = data.draw(st.sampled_from(of(records, MODIFY, REMOVE)))
    lines = [f"order {key_text(record)}" for record in [*of(records, INSERT), intruder]] * each
    assert judged(gauged, lines, records, by_lines=True).result is not Result.PASS
    wide = around(mapping(filters=()))
    verdict = judged(gauged, lines, records, by_lines=True, circumstances=wide)
    assert verdict.result is Result.FAIL


@given(st.data())
def test_a_doubled_gauge_hides_no_intruder(data: st.DataObject) -> None:
    """Were the larger gauge believed, two lines an insert would explain the modifications away."""
    records = stream_of(gauged)
    everything = [f"order {key_text(record)}" for record in records]
    doubled = data.draw(st.sampled_from([lane.number for lane in gauged.lanes if lane.is_gauge]))
    twice = [line for line in everything if line.endswith(f"{doubled:09d}")]
    verdict = judged(gauged, [*everything, *twice], records, by_lines=True)
    assert verdict.result is not Result.PASS
    assert codes(verdict) == {"more-lines-than-inserts"}
    assert verdict.counts["missing"] == 0


def test_whole_batches_in_a_line_are_counted_by_what_they_hold() -> None:
    records = stream_of(gauged)
    inserts = of(records, INSERT)
    by_item: dict[str, list[Record]] = {}
    for record in inserts:
        by_item.setdefault(key_text(record), []).append(record)
    lines = [json.dumps({"Records": batch}) for batch in by_item.values()]
    assert judged(gauged, lines, records, by_lines=True).result is Result.PASS


def test_a_line_that_names_a_removal_settles_it() -> None:
    records = stream_of(gauged)
    lines = [f"order {key_text(record)}" for record in of(records, INSERT)]
    named = f"REMOVE of {key_text(of(records, REMOVE)[0])}"
    verdict = judged(gauged, [*lines, named], records, by_lines=True)
    assert verdict.result is Result.FAIL
    assert codes(verdict) == {"intruders-processed"}


def test_words_that_every_line_has_name_nothing() -> None:
    records = stream_of(gauged)
    lines = [f"status=REMOVED_LATER order {key_text(record)}" for record in of(records, INSERT)]
    assert judged(gauged, lines, records, by_lines=True).result is Result.PASS


# --- from findings to a word ------------------------------------------------------------------------------

weights = st.lists(st.sampled_from(Weight))


@given(weights, st.booleans())
def test_a_proof_fails_a_hole_holds_back_a_note_does_nothing(given_: list[Weight], symptom: bool) -> None:
    tally = tally_of(script_of(1), [])
    seen = Symptoms(missing_count=1) if symptom else Symptoms()
    found = [Finding(code="x", weight=weight, text="x") for weight in given_]
    verdict = judge(tally, seen, found, (), waited=0.0)
    if Weight.PROOF in given_:
        assert verdict.result is Result.FAIL
    elif Weight.HOLE in given_ or symptom:
        assert verdict.result is Result.INCONCLUSIVE
    else:
        assert verdict.result is Result.PASS
    assert [f.weight for f in verdict.findings] == sorted(given_, key=list(Weight).index)


@given(weights, weights)
def test_further_findings_never_make_a_verdict_better(before: list[Weight], more: list[Weight]) -> None:
    tally = tally_of(script_of(1), [])

    def of_weights(given_: list[Weight]) -> list[Finding]:
        return [Finding(code="x", weight=weight, text="x") for weight in given_]

    first = judge(tally, Symptoms(), of_weights(before), (), waited=0.0)
    both = judge(tally, Symptoms(), of_weights([*before, *more]), (), waited=0.0)
    told = with_findings(first, of_weights(more))
    assert told.result is both.result
    assert [f.weight for f in told.findings] == [f.weight for f in both.findings]


HOLE = Finding(code="alias-divides-invocations", weight=Weight.HOLE, text="not each was seen", mend="Wait.")


@pytest.mark.parametrize(
    ("seen", "others", "result"),
    [
        (Symptoms(), [], Result.PASS),
        (
            Symptoms(),
            [Finding(code="changed-meanwhile", weight=Weight.HOLE, text="changed")],
            Result.INCONCLUSIVE,
        ),
        (Symptoms(), [Finding(code="no-filter", weight=Weight.PROOF, text="none")], Result.FAIL),
        (Symptoms(missing_count=1), [], Result.INCONCLUSIVE),
    ],
    ids=["nothing else", "another hole", "a proof", "a missing insert"],
)
def test_a_hole_that_is_explained_later_leaves_a_pass_only_where_nothing_else_is_wrong(
    seen: Symptoms, others: list[Finding], result: Result
) -> None:
    tally = tally_of(script_of(1), [])
    verdict = explained(
        judge(tally, seen, [HOLE, *others], (), waited=0.0), tally, HOLE.code, "each was seen"
    )
    assert verdict.result is result
    told = [one for one in verdict.findings if one.code == HOLE.code]
    assert [(one.weight, one.text) for one in told] == [(Weight.NOTE, "each was seen")]


def test_a_run_that_wrote_nothing_says_so() -> None:
    tally = tally_of(script_of(1), [], written=False)
    verdict = judge(tally, Symptoms(missing_count=2), [], (), waited=0.0)
    assert "no test item was written" in verdict.summary
    assert verdict.counts["writes"] == 0


def test_the_summary_of_a_pass_counts_what_was_kept_out() -> None:
    plan = script_of(4)
    verdict = judged(plan, inserts_of(plan), stream_of(plan))
    assert verdict.summary == (
        "all 8 inserts were processed, and none of the 8 modifications and removals was delivered"
    )


def _is(record: Record, number: int) -> bool:
    return key_text(record).endswith(f":{number:09d}")
