"""Three properties of every ledger: order does not matter, fewer sources never make a PASS, nothing is forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbinsert.core import receipt
from ddbinsert.core.logs.ends import InvocationEnd
from ddbinsert.core.proof.causes.causes import findings
from ddbinsert.core.proof.observed import Ongoing
from ddbinsert.core.proof.symptoms import symptoms
from ddbinsert.core.proof.tally import Tally
from ddbinsert.core.proof.verdict import Result, judge
from tests.unit.runs import INSERT, START, Record, around, codes, script_of, stream_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ddbinsert.core.proof.script import Script
    from ddbinsert.core.proof.verdict import Verdict

PLANS = (script_of(1), script_of(4), script_of(9))


@dataclass(frozen=True, kw_only=True)
class Line:
    """A receipt in a log stream."""

    text: str
    at: float
    stream: str


Sighting = Record | Line | InvocationEnd


def attempt(record: Record, place: int, *, decision: str, ok: bool) -> list[Sighting]:
    """One attempt at an invocation with one record: its receipt, and its end a moment later."""
    stream, at = f"2026/11/27/[$LATEST]{place:032x}", START + place
    line = receipt.line(record, decision, f"request-{record['eventID']}")
    end = InvocationEnd(request=f"request-{record['eventID']}", stream=stream, at=at + 0.5, ok=ok)
    return [Line(text=line, at=at, stream=stream), end]


@st.composite
def runs(draw: st.DrawFn) -> tuple[Script, list[Sighting]]:
    """A script, and what the sources saw: each insert in one attempt or several, each of which may end badly.

    Some modifications and removals get through.
    """
    plan = draw(st.sampled_from(PLANS))
    seen: list[Sighting] = [*stream_of(plan)]
    place = 0
    for record in stream_of(plan):
        is_insert = record["eventName"] == INSERT
        usual = [(receipt.PROCESSED, True)] if is_insert else []
        odd = st.lists(
            st.tuples(st.sampled_from((receipt.PROCESSED, receipt.FAILED, receipt.GUARDED)), st.booleans()),
            max_size=3,
        )
        for decision, ok in draw(odd if draw(st.integers(0, 9)) == 0 else st.just(usual)):
            seen += attempt(record, place, decision=decision, ok=ok)
            place += 1
    return plan, seen


def tally_of(plan: Script, seen: Iterable[Sighting]) -> Tally:
    tally = Tally(plan, awaits_ends=True)
    for lane in plan.lanes:
        for write in lane.writes:
            tally.add_write(write, START)
    tally.wrote_bulk(plan.bulk)
    for one in seen:
        match one:
            case Line():
                tally.add_log_line(one.text, one.at, stream=one.stream)
            case InvocationEnd():
                tally.add_end(one)
            case _:
                tally.streamed(one)
    return tally


def verdict_of(plan: Script, seen: Sequence[Sighting]) -> Verdict:
    """The verdict as the operation comes to it, on code of the user's own."""
    tally = tally_of(plan, seen)
    read = any(isinstance(one, dict) for one in seen)
    failures = tally.attempts.unexplained(splits=False, retries=True, settled=tally.carried_only_processed)
    surroundings = around(
        failures=failures,
        all_ended_badly=tally.attempts.all_failed,
        named_failures=tally.named_failures,
        ends_unseen=tally.ends_unseen,
        stream_unread="" if read else "it may not be read",
        names_itself=not read,
    )
    symptoms_of_it = symptoms(tally, stream_read=read)
    return judge(tally, symptoms_of_it, findings(symptoms_of_it, tally, surroundings), (), waited=1.0)


def outline(verdict: Verdict) -> tuple[Any, ...]:
    counts = {name: verdict.counts[name] for name in ("processed_inserts", "missing", "intruders", "guarded")}
    return verdict.result, codes(verdict), counts


@given(st.data(), runs())
def test_the_order_of_sightings_changes_no_verdict(
    data: st.DataObject, run: tuple[Script, list[Sighting]]
) -> None:
    plan, seen = run
    assert outline(verdict_of(plan, data.draw(st.permutations(seen)))) == outline(verdict_of(plan, seen))


@given(st.data(), runs())
def test_the_order_of_sightings_changes_no_fate(
    data: st.DataObject, run: tuple[Script, list[Sighting]]
) -> None:
    plan, seen = run
    one, other = tally_of(plan, seen), tally_of(plan, data.draw(st.permutations(seen)))
    for lane, same in zip(one.lanes, other.lanes, strict=True):
        assert {name: lane.fate_of(name) for name in lane.records} == {
            name: same.fate_of(name) for name in same.records
        }
    assert list(one.bulk.processed.absent()) == list(other.bulk.processed.absent())
    assert one.bulk.intruder_count == other.bulk.intruder_count


@given(runs(), st.sampled_from((dict, Line, InvocationEnd)))
def test_a_source_less_never_makes_a_pass(run: tuple[Script, list[Sighting]], lost: type[Sighting]) -> None:
    plan, seen = run
    if verdict_of(plan, seen).result is not Result.PASS:
        left = [one for one in seen if not isinstance(one, lost)]
        assert verdict_of(plan, left).result is not Result.PASS


@given(st.data(), runs())
def test_nothing_that_is_seen_later_makes_an_intruder_forgotten(
    data: st.DataObject, run: tuple[Script, list[Sighting]]
) -> None:
    plan, seen = run
    seen = data.draw(st.permutations(seen))
    stop = data.draw(st.integers(0, len(seen)))
    before, after = (verdict_of(plan, part).counts for part in (seen[:stop], seen))
    assert after["intruders"] + after["guarded"] >= before["intruders"] + before["guarded"]


# --- watched traffic --------------------------------------------------------------------------------------


def watched(seen: Iterable[Sighting]) -> Ongoing:
    ongoing = Ongoing(lambda _record: True, awaits_ends=True)
    for one in seen:
        match one:
            case Line():
                ongoing.add_log_line(one.text, one.at, stream=one.stream)
            case InvocationEnd():
                ongoing.add_end(one)
            case _:
                ongoing.streamed(one)
    return ongoing


@given(st.data(), runs())
def test_the_order_of_sightings_changes_nothing_that_is_watched(
    data: st.DataObject, run: tuple[Script, list[Sighting]]
) -> None:
    _, seen = run
    one, other = watched(seen), watched(data.draw(st.permutations(seen)))
    assert (one.matched, one.waiting, one.stray_count) == (other.matched, other.waiting, other.stray_count)


@given(st.data(), runs())
def test_nothing_that_is_watched_later_makes_an_intruder_forgotten(
    data: st.DataObject, run: tuple[Script, list[Sighting]]
) -> None:
    _, seen = run
    stop = data.draw(st.integers(0, len(seen)))
    assert watched(seen).stray_count >= watched(seen[:stop]).stray_count


@pytest.mark.parametrize("later", [receipt.PROCESSED, receipt.FAILED])
@pytest.mark.parametrize("is_late", [False, True])
def test_of_many_items_the_last_decision_counts_in_the_order_of_the_log(later: str, *, is_late: bool) -> None:
    plan = script_of(5)
    record = stream_of(plan)[-1]
    earlier = receipt.FAILED if later == receipt.PROCESSED else receipt.PROCESSED
    first = attempt(record, 1, decision=earlier, ok=True)
    second = attempt(record, 2, decision=later, ok=True)
    tally = tally_of(plan, [*second, *first] if is_late else [*first, *second])
    assert (0 in tally.bulk.processed) is (later == receipt.PROCESSED)
