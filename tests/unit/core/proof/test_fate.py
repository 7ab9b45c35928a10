"""The table of fates, row by row, and what holds for every record."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbinsert.core.logs.ends import InvocationEnd
from ddbinsert.core.proof.attempts import Attempts
from ddbinsert.core.proof.fate import Delivery, Fate, of_insert, of_other

deliveries = st.lists(
    st.builds(
        Delivery,
        decision=st.sampled_from(["processed", "guarded", "failed"]),
        at=st.integers(0, 5).map(float),
        ended_well=st.sampled_from([True, False, None]),
    ),
    max_size=6,
)


def given_(decision: str, at: float = 1.0, ended_well: bool | None = True) -> Delivery:
    return Delivery(decision=decision, at=at, ended_well=ended_well)


DONE, UNSEEN, BROKEN = (
    given_("processed"),
    given_("processed", ended_well=None),
    given_("processed", ended_well=False),
)


@pytest.mark.parametrize(
    ("seen", "circumstances", "expected"),
    [
        ([], {"wanted": False}, Fate.EXCLUDED),
        ([], {"overtaken": True}, Fate.PASSED_OVER),
        ([], {"time_up": False}, Fate.PENDING),
        ([], {}, Fate.MISSING),
        ([DONE], {}, Fate.PROCESSED),
        ([DONE, DONE], {}, Fate.PROCESSED),
        ([UNSEEN], {}, Fate.END_UNSEEN),
        ([BROKEN], {}, Fate.FAILED),
        ([BROKEN, given_("processed", 2.0)], {}, Fate.PROCESSED),
        ([DONE, given_("processed", 2.0, ended_well=False)], {}, Fate.PROCESSED),
        ([given_("failed")], {}, Fate.FAILED),
        ([given_("failed"), given_("processed", 2.0)], {}, Fate.PROCESSED),
        ([DONE, given_("failed", 2.0)], {}, Fate.FAILED),
        ([DONE, given_("guarded", 2.0)], {}, Fate.PROCESSED),
        ([given_("guarded")], {}, Fate.MISSING),
    ],
)
def test_the_fate_of_an_insert(seen: list[Delivery], circumstances: dict[str, bool], expected: Fate) -> None:
    assert of_insert(seen, **circumstances) is expected


@pytest.mark.parametrize(
    ("decisions", "expected"),
    [
        ([], Fate.EXCLUDED),
        (["guarded"], Fate.GUARDED),
        (["processed"], Fate.INTRUDER),
        (["failed"], Fate.INTRUDER),
        (["guarded", "processed"], Fate.INTRUDER),
    ],
)
def test_the_fate_of_any_other_record(decisions: list[str], expected: Fate) -> None:
    assert of_other(map(given_, decisions)) is expected


@given(deliveries, st.randoms())
def test_the_order_of_sightings_never_changes_a_fate(seen: list[Delivery], random: st.DataObject) -> None:
    mixed = [*seen]
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert of_insert(mixed) is of_insert(seen)
    assert of_other(mixed) is of_other(seen)


@given(deliveries)
def test_a_sighting_that_is_repeated_changes_nothing(seen: list[Delivery]) -> None:
    assert of_insert([*seen, *seen]) is of_insert(seen)
    assert of_other([*seen, *seen]) is of_other(seen)


@given(deliveries, deliveries)
def test_a_later_sighting_never_forgets_an_intruder(seen: list[Delivery], later: list[Delivery]) -> None:
    if of_other(seen) is Fate.INTRUDER:
        assert of_other([*seen, *later]) is Fate.INTRUDER


@given(deliveries)
def test_what_was_never_processed_well_is_not_done(seen: list[Delivery]) -> None:
    if not any(one.decision == "processed" and one.ended_well is not False for one in seen):
        assert not of_insert(seen).is_done


# --- which failures are explained -------------------------------------------------------------------------


def end(request: str, at: float, *, ok: bool, stream: str = "") -> InvocationEnd:
    return InvocationEnd(request=request, stream=stream or f"{request}-{at}", at=at, ok=ok)


def unexplained(*ends: InvocationEnd, splits: bool = False, retries: bool = True) -> list[str]:
    attempts = Attempts()
    for one in ends:
        attempts.add(one)
    found = attempts.unexplained(splits=splits, retries=retries, settled=lambda _: False)
    return [one.request for one in found]


def test_a_failure_that_the_same_request_made_up_for_is_explained() -> None:
    assert unexplained(end("a", 1.0, ok=False), end("a", 2.0, ok=True)) == []
    assert unexplained(end("a", 1.0, ok=True), end("a", 2.0, ok=False)) == ["a"]
    assert unexplained(end("a", 1.0, ok=False), end("b", 2.0, ok=True)) == ["a"]


def test_a_batch_that_was_split_is_explained_by_its_parts() -> None:
    whole, parts = end("a", 1.0, ok=False), [end("b", 2.0, ok=True), end("c", 3.0, ok=True)]
    assert unexplained(whole, *parts, splits=True) == []
    assert unexplained(whole, *parts) == ["a"]
    assert unexplained(whole, *parts, splits=True, retries=False) == ["a"]
    assert unexplained(whole, parts[0], splits=True) == ["a"]
    poison = [end("d", 2.5, ok=False), end("d", 4.0, ok=False)]
    assert unexplained(whole, *parts, *poison, splits=True) == ["d", "d"]


def test_a_part_that_fails_in_its_turn_needs_two_parts_of_its_own() -> None:
    first, second = end("a", 1.0, ok=False), end("b", 3.0, ok=False)
    parts = [end("c", 2.0, ok=True), end("d", 4.0, ok=True), end("e", 5.0, ok=True)]
    assert unexplained(first, second, *parts, splits=True) == []
    assert unexplained(first, second, *parts[:2], splits=True) == ["a", "b"]


def test_an_end_belongs_to_what_was_logged_before_it_in_its_stream() -> None:
    attempts = Attempts()
    first, second = end("a", 1.0, ok=False, stream="s"), end("a", 3.0, ok=True, stream="s")
    assert attempts.add(second)
    assert attempts.add(first)
    assert not attempts.add(first)
    assert attempts.of("s", "a", 0.5) is first
    assert attempts.of("s", "a", 2.0) is second
    assert attempts.of("s", "", 2.0) is second
    assert attempts.of("s", "a", 4.0) is None
    assert attempts.of("t", "a", 0.5) is None
