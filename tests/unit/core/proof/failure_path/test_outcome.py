"""From attempts, others' progress and documents to findings."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ddbinsert.core.model.seen import MappingState
from ddbinsert.core.proof.failure_path.outcome import (
    Companion,
    FailingFunction,
    Kept,
    TrialOutcome,
    Try,
    judge_outcome,
)
from ddbinsert.core.proof.failure_path.settings import Limits
from ddbinsert.core.proof.verdict import Weight

PROOF, HOLE, NOTE = Weight.PROOF, Weight.HOLE, Weight.NOTE
MAPPING = MappingState(
    uuid="u",
    stream_arn="arn:aws:dynamodb:eu-west-1:111122223333:table/orders/stream/s",
    function_arn="arn:aws:lambda:eu-west-1:111122223333:function:f",
    state="Enabled",
    retries=2,
    bisect=True,
    on_failure="arn:aws:sqs:eu-west-1:111122223333:failures",
)


def tries(*carried: str) -> tuple[Try, ...]:
    return tuple(Try(at=100.0 + place, carried=frozenset(one.split())) for place, one in enumerate(carried))


GOOD = TrialOutcome(
    stand=FailingFunction.TAP,
    mapping=MAPPING,
    limits=Limits(hold_up=60.0),
    poison="p",
    tries=tries("p a b", "p a", "p", "p", "p"),
    companions=(
        Companion(number=1, event_id="a", written=99.0, processed=103.0, in_shard=True, follows=False),
        Companion(number=2, event_id="b", written=99.0, processed=104.0, in_shard=True),
        Companion(number=3, event_id="c", written=102.0, processed=109.0, in_shard=True),
        Companion(number=4, event_id="d", written=99.0, processed=99.5, in_shard=False),
    ),
    kept=(Kept(id="k", condition="RetryAttemptsExhausted", attempts=3, recovered=True),),
    waited=10.0,
)


def judged(seen: TrialOutcome) -> dict[str, Weight]:
    return {one.code: one.weight for one in judge_outcome(seen)}


def test_all_is_well() -> None:
    assert judged(GOOD) == {}
    assert (GOOD.retries, GOOD.met, len(GOOD.neighbours)) == (2, 2, 3)
    assert GOOD.longest == pytest.approx(7.0)


def test_the_wait_is_counted_from_the_first_failure_or_the_write_whichever_is_later() -> None:
    assert judged(replace(GOOD, limits=Limits(hold_up=6.9))) == {"poison-held-up-others": PROOF}
    assert judged(replace(GOOD, limits=Limits(hold_up=7.1))) == {}


def still_waiting(seen: TrialOutcome, *names: str) -> TrialOutcome:
    return replace(
        seen,
        companions=tuple(
            replace(one, processed=None) if one.event_id in names else one for one in seen.companions
        ),
    )


def test_one_that_still_waits_is_held_up_once_the_time_is_over_and_a_hole_before() -> None:
    waiting = still_waiting(GOOD, "c")
    assert judged(waiting) == {"handler-drops-records": HOLE}
    assert judged(replace(waiting, waited=70.0)) == {"poison-held-up-others": PROOF}


def test_one_that_was_discarded_with_it_is_lost_and_one_that_was_processed_is_not() -> None:
    kept = (replace(GOOD.kept[0], covers=frozenset("pab")),)
    assert judged(replace(still_waiting(GOOD, "b"), kept=kept)) == {"poison-not-isolated": PROOF}
    assert judged(replace(GOOD, kept=kept)) == {}  # with bisection Lambda puts several documents together
    answered = replace(
        GOOD, kept=kept, mapping=replace(MAPPING, bisect=False, report_batch_item_failures=True)
    )
    assert judged(answered) == {"poison-not-isolated": NOTE}


def test_retries_beyond_what_is_set_or_demanded_are_found() -> None:
    many = replace(GOOD, tries=tries(*["p a"] * 2, *["p"] * 20))
    assert judged(many) == {"poison-retried-too-often": PROOF}
    assert judged(replace(many, mapping=replace(MAPPING, retries=19))) == {}
    asked = replace(many, mapping=replace(MAPPING, retries=19), limits=Limits(retries=3))
    assert judged(asked) == {"poison-retried-too-often": PROOF}


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (replace(GOOD, kept=()), {"poison-not-at-destination": HOLE}),
        (replace(GOOD, kept=(), delivered=1.0), {"poison-not-at-destination": HOLE}),
        (replace(GOOD, kept=(), dropped=1.0), {"poison-not-at-destination": PROOF}),
        (replace(GOOD, kept=(), dropped=1.0, stand=FailingFunction.OWN), {"poison-not-at-destination": HOLE}),
        (replace(GOOD, kept=(), dropped=1.0, barred="not for a tap"), {"failure-destination-not-read": HOLE}),
        (replace(GOOD, kept=(), unread="a topic"), {"failure-destination-not-read": HOLE}),
        (replace(GOOD, kept=(), unread="a topic", dropped=1.0), {"poison-not-at-destination": PROOF}),
        (
            replace(GOOD, kept=(replace(GOOD.kept[0], recovered=False, why="gone"),)),
            {"failed-record-not-recoverable": PROOF},
        ),
    ],
)
def test_a_document_that_is_not_there(seen: TrialOutcome, expected: dict[str, Weight]) -> None:
    """Other people's records may be among those that a function's own mapping dropped: that is no proof."""
    assert judged(seen) == expected


def test_nothing_is_concluded_where_it_did_not_fail_or_was_alone() -> None:
    assert judged(replace(GOOD, tries=())) == {"poison-not-given": HOLE}
    assert judged(replace(GOOD, fixed=True)) == {"poison-not-given": HOLE}
    alone = replace(GOOD, tries=tries("p", "p"))
    assert judged(alone) == {"poison-was-alone": HOLE}
    assert judged(replace(alone, mapping=replace(MAPPING, batch_size=1))) == {}
    apart = replace(GOOD, companions=GOOD.companions[3:])
    assert judged(apart) == {"poison-was-alone": HOLE}


def test_an_endpoint_that_only_tries_again_emulates_nothing() -> None:
    idle = replace(
        still_waiting(GOOD, "c"), kept=(), is_aws=False, waited=99.0, tries=tries("p a", "p a", "p a b")
    )
    assert judged(idle) == {"failure-handling-not-emulated": HOLE}
    assert judged(replace(idle, tries=tries("p a", "p"))).keys() >= {"poison-held-up-others"}
    assert judged(replace(idle, is_aws=True)).keys() >= {"poison-held-up-others"}
