"""How fast many calls go on: fewer at once after a throttle, more again after successes, and a rate that is kept."""

from __future__ import annotations

from ddbinsert.aws.write.parallel_calls import Pace


class Timer:
    def __init__(self) -> None:
        self.at = 0.0

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


def width(pace: Pace) -> int:
    """How many calls may be in flight."""
    return next(n for n in range(100) if not pace.room(n))


def throttle(pace: Pace) -> None:
    """A call that is started now is turned down, and the pause after it is over."""
    pace.throttled(pace.start(1))
    pace.sleep_until_due()


def test_a_throttle_halves_what_is_in_flight_down_to_one_call() -> None:
    pace = Pace(Timer(), width=8, rate=None)
    seen = [width(pace)]
    for _ in range(5):
        throttle(pace)
        seen.append(width(pace))
    assert seen == [8, 4, 2, 1, 1, 1]


def test_nothing_is_started_before_the_pause_is_over() -> None:
    timer = Timer()
    pace = Pace(timer, width=8, rate=None)
    pace.throttled(pace.start(1))
    assert not pace.room(0)
    pace.sleep_until_due()
    assert pace.room(0)
    assert timer.at == 0.05


def test_several_throttles_of_calls_from_before_count_once() -> None:
    timer = Timer()
    pace = Pace(timer, width=8, rate=None)
    timer.at = 1.0
    started = [pace.start(1) for _ in range(8)]
    timer.at = 2.0
    for at in started:
        pace.throttled(at)
    assert timer.at == 2.0
    pace.sleep_until_due()
    assert (timer.at, width(pace)) == (2.05, 4)


def test_successes_widen_it_again_up_to_the_limit_and_end_the_pauses() -> None:
    timer = Timer()
    pace = Pace(timer, width=8, rate=None)
    for _ in range(3):
        throttle(pace)
    for _ in range(100):
        pace.succeeded()
    assert width(pace) == 8
    before = timer.at
    throttle(pace)
    assert round(timer.at - before, 6) == 0.05


def test_a_slow_rate_asks_for_small_portions_and_a_fast_one_for_whole_batches() -> None:
    portions = {
        rate: Pace(Timer(), width=8, rate=rate).portion(25) for rate in (0.5, 2.0, 20.0, 1000.0, None)
    }
    assert portions == {0.5: 1, 2.0: 1, 20.0: 5, 1000.0: 25, None: 25}


def test_time_that_was_lost_is_not_made_up_for_in_a_burst() -> None:
    timer = Timer()
    pace = Pace(timer, width=8, rate=10.0)
    pace.start(1)
    timer.at = 60.0
    burst = 0
    while pace.room(0):
        pace.start(1)
        burst += 1
    assert burst <= 4
