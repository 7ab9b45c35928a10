"""The waiting loop: look first, then sleep, ever longer, never past the end."""

from __future__ import annotations

from itertools import islice
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddbinsert.aws.wait import FIRST_PAUSE, LONGEST_PAUSE, pauses, until
from ddbinsert.errors import ExitCode, InconclusiveError


class Watch:
    """A clock that passes only while somebody sleeps; it notes every sleep."""

    def __init__(self) -> None:
        self.passed = 1000.0
        self.sleeps: list[float] = []

    def now(self) -> float:
        return 1_700_000_000.0 + self.passed

    def monotonic(self) -> float:
        return self.passed

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.sleeps.append(seconds)
        self.passed += max(seconds, 1e-6)  # a real clock never stands still


def test_what_is_there_at_once_is_had_without_a_sleep() -> None:
    watch = Watch()
    assert until(lambda: 7, clock=watch, timeout=0, what="x") == 7
    assert watch.sleeps == []


@pytest.mark.parametrize("answer", [0, "", False, ()])
def test_an_answer_is_anything_but_none(answer: object) -> None:
    assert until(lambda: answer, clock=Watch(), timeout=0, what="x") == answer


def test_the_first_looks_are_tight_and_the_later_ones_are_not() -> None:
    watch = Watch()
    answers = iter([None] * 30 + [1])
    until(lambda: next(answers), clock=watch, timeout=1000, what="x")
    assert watch.sleeps[0] == FIRST_PAUSE
    assert watch.sleeps == sorted(watch.sleeps)
    assert watch.sleeps[-1] == LONGEST_PAUSE
    assert sum(watch.sleeps[:3]) < 0.15


@given(st.floats(0.01, 5), st.floats(0.1, 60), st.floats(0, 60))
@settings(deadline=None)
def test_it_gives_up_at_the_time_that_was_given_and_looks_once_more_right_then(
    first: float, longest: float, timeout: float
) -> None:
    watch = Watch()
    looks: list[float] = []

    def look() -> None:
        looks.append(watch.passed)

    with pytest.raises(InconclusiveError):
        until(look, clock=watch, timeout=timeout, what="x", first=first, longest=longest)
    assert watch.passed - 1000 == pytest.approx(timeout, abs=1e-5)
    assert looks[-1] == watch.passed
    assert len(looks) < 1000
    assert max(watch.sleeps, default=0) <= longest


def test_a_look_that_takes_longer_than_the_time_is_the_last() -> None:
    watch = Watch()

    def look() -> None:
        watch.passed += 100

    with pytest.raises(InconclusiveError, match="after 100 s"):
        until(look, clock=watch, timeout=30, what="x")
    assert watch.sleeps == []


def test_giving_up_tells_what_was_waited_for_what_was_seen_and_what_to_do() -> None:
    seen = iter(["CREATING", "UPDATING"])
    with pytest.raises(InconclusiveError) as error:
        until(lambda: None, clock=Watch(), timeout=3, what="table t to be active", seen=lambda: next(seen))
    assert error.value.message == "Timed out after 3 s waiting for table t to be active; last seen: CREATING."
    assert error.value.code == "timeout"
    assert error.value.exit_code is ExitCode.INCONCLUSIVE
    assert "--timeout" in str(error.value.hint)
    with pytest.raises(InconclusiveError) as error:
        until(lambda: None, clock=Watch(), timeout=0, what="x", hint="Look elsewhere.")
    assert error.value.hint == "Look elsewhere."


def test_progress_counts_down_before_every_sleep_and_tells_the_latest_state() -> None:
    watch = Watch()
    told: list[tuple[str, float, str]] = []
    answers = iter([None, None, None, 1])

    def wait(**more: Any) -> None:
        until(
            lambda: next(answers),
            clock=watch,
            timeout=9,
            what="x",
            first=0.1,
            progress=lambda *word: told.append(word),
            **more,
        )

    wait()
    assert [what for what, _, _ in told] == ["x"] * 3
    assert [elapsed for _, elapsed, _ in told] == pytest.approx([0, watch.sleeps[0], sum(watch.sleeps[:2])])
    assert [left for _, _, left in told] == ["9.0 s left", "8.9 s left", "8.8 s left"]
    told.clear()
    answers = iter([None, 1])
    wait(seen=lambda: "Creating")
    assert told == [("x", 0, "9.0 s left, Creating")]


def test_an_error_in_a_look_ends_the_wait() -> None:
    watch = Watch()
    with pytest.raises(ZeroDivisionError):
        until(lambda: 1 // 0, clock=watch, timeout=9, what="x")
    assert watch.sleeps == []


def test_pauses_never_end() -> None:
    assert list(islice(pauses(1, 3), 5)) == pytest.approx([1, 1.5, 2.25, 3, 3])
    assert list(islice(pauses(9, 3), 2)) == [3, 3]
