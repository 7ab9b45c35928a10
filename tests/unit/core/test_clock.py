"""A clock that follows the Date headers of answers."""

from __future__ import annotations

from email.utils import formatdate

import pytest

from ddbinsert.core.clock import ServerClock

NOW = 1_800_000_000.0


class Still:
    def now(self) -> float:
        return NOW

    def monotonic(self) -> float:
        return 7.0

    def sleep(self, seconds: float) -> None: ...


def after(*answers: tuple[str, str]) -> ServerClock:
    clock = ServerClock(Still())
    for service, date in answers:
        clock.answered(service, date)
    return clock


def date(seconds: float) -> str:
    return formatdate(NOW + seconds, usegmt=True)


@pytest.mark.parametrize("seconds", [-86_400.0, -240.0, 240.0, 86_400.0])
def test_it_is_as_late_as_the_endpoint(seconds: float) -> None:
    clock = after(("dynamodb", date(seconds)))
    assert clock.now() == pytest.approx(NOW + seconds, abs=1)
    assert clock.ahead == pytest.approx(-seconds, abs=1)
    assert clock.monotonic() == 7.0


@pytest.mark.parametrize(
    "said", ["", "yesterday", "Fri, 99 May 2026 12:00:00 GMT", date(0), date(-1), date(1)]
)
def test_it_is_the_local_one_until_another_time_is_known(said: str) -> None:
    assert after(("dynamodb", said)).now() == NOW


def test_it_follows_one_service_and_does_not_jump() -> None:
    clock = after(("lambda", date(240)), ("dynamodb", date(-500)), ("lambda", date(241)))
    assert clock.now() == pytest.approx(NOW + 240, abs=1)
