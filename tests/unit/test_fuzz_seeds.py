"""Every seed of the fuzzing (`python -m tests.fuzz`), those that once were findings among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fuzz.model import SEEDS
from tests.fuzz.targets import TARGETS

if TYPE_CHECKING:
    from tests.fuzz.model import Target

_SEEDS = [(target, seed) for target in TARGETS.values() for seed in target.seeds]


def test_every_target_has_seeds_and_they_are_few() -> None:
    assert sorted(TARGETS) == sorted(folder.name for folder in SEEDS.iterdir())
    assert sum(path.stat().st_size for path in SEEDS.rglob("*") if path.is_file()) < 400_000


@pytest.mark.parametrize(("target", "seed"), _SEEDS, ids=[f"{target.name} {seed}" for target, seed in _SEEDS])
def test_a_seed_is_read_without_a_crash(target: Target, seed: str) -> None:
    target.check(target.seeds[seed])
