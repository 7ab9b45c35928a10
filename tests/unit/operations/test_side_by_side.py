"""Several consumers side by side: one error ends one run, an interruption ends all, and each cleans up."""

from __future__ import annotations

import signal
import threading
from functools import partial

import pytest

from ddbinsert.environment import SystemClock
from ddbinsert.errors import AwsError
from ddbinsert.operations.side_by_side import Stop, side_by_side

AT_ONCE = 4


def test_the_error_of_one_consumer_leaves_the_others_alone() -> None:
    def prove(number: int) -> int:
        if number == 1:
            raise AwsError("refused for f1")
        return number

    ended = side_by_side([partial(prove, number) for number in range(3)], Stop(), at_once=AT_ONCE)
    assert [one.value for one in ended] == [0, None, 2]
    assert [one.error.message for one in ended if one.error] == ["refused for f1"]


def test_an_interruption_ends_each_run_once_and_lets_it_clean_up() -> None:
    stop, begun = Stop(), threading.Barrier(AT_ONCE, action=lambda: signal.raise_signal(signal.SIGINT))
    cleaned: list[str] = []

    def prove(number: int) -> int:
        clock = stop.clock(SystemClock())
        try:
            begun.wait(timeout=30)
            clock.sleep(60.0)
        finally:
            clock.sleep(0.001)  # what is cleaned up sleeps as ever
            cleaned.append(f"f{number}")
        raise AssertionError("the sleep was to end")

    with pytest.raises(KeyboardInterrupt):
        side_by_side([partial(prove, number) for number in range(AT_ONCE + 3)], stop, at_once=AT_ONCE)
    assert sorted(cleaned) == [f"f{number}" for number in range(AT_ONCE)]
