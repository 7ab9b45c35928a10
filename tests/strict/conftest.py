"""What the strict tests share: one emulator a test process, and rigs in front of it."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import pytest

from ddbinsert import local
from ddbinsert.environment import SystemClock
from tests.strict.bench import Bench, ManualClock
from tests.strict.rig import StrictRig

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.strict.rig import Profile


@pytest.fixture(scope="session")
def emulator() -> Iterator[local.Emulator]:
    with local.ephemeral(environ=os.environ, clock=SystemClock()) as running:
        yield running


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def bench_of(emulator: local.Emulator) -> Iterator[Callable[..., Bench]]:
    """Benches with the profile (and faults, and clock) of one's choice, all ended with the test."""
    open_ones: list[Bench] = []

    def make(profile: Profile, *, clock: Callable[[], float] = time.time, **more: Any) -> Bench:
        rig = StrictRig(str(more.pop("upstream", emulator.endpoint)), profile=profile, clock=clock, **more)
        rig.__enter__()
        open_ones.append(Bench(rig, emulator, clock))
        return open_ones[-1]

    yield make
    for bench in open_ones:
        bench.close()
        bench.rig.__exit__(None, None, None)
