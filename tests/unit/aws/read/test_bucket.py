"""The token bucket: a burst at once, then a steady rate, and less after a throttle."""

from __future__ import annotations

from ddbinsert.aws.read.bucket import TokenBucket


class PassingClock:
    """Time passes while somebody sleeps, and not otherwise."""

    def __init__(self) -> None:
        self.at = 0.0

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


def _taken(bucket: TokenBucket, count: int) -> None:
    for _ in range(count):
        bucket.take()


def test_a_burst_is_free_and_then_the_rate_holds() -> None:
    clock = PassingClock()
    bucket = TokenBucket(clock, rate=10.0, burst=10.0)
    _taken(bucket, 10)
    assert clock.at == 0.0
    _taken(bucket, 50)
    assert round(clock.at, 6) == 5.0


def test_a_pause_fills_the_bucket_no_further_than_its_burst() -> None:
    clock = PassingClock()
    bucket = TokenBucket(clock, rate=10.0, burst=5.0)
    clock.sleep(100.0)
    _taken(bucket, 15)
    assert round(clock.at, 6) == 101.0


def test_a_throttle_halves_the_rate_and_empties_the_bucket() -> None:
    clock = PassingClock()
    bucket = TokenBucket(clock, rate=8.0, burst=8.0)
    bucket.throttled()
    assert bucket.rate == 4.0
    _taken(bucket, 8)
    assert round(clock.at, 6) == 2.0
    for _ in range(20):
        bucket.throttled()
    assert bucket.rate > 0
