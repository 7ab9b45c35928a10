"""How many generated examples a test tries: a tenth of them, nightly all (``TEST_CASES=all``).

Of long tables of cases, each of which takes seconds, a run tries some; ``TEST_CASES=all`` tries all (nightly).

``tests/conftest.py`` chooses the profile; ``--hypothesis-profile thorough`` (or ``quick``) overrides it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypeVar

from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Iterable

T = TypeVar("T")

#: Examples of a property without a number of its own, by profile.
PROFILES = {"thorough": 100, "usual": 10, "quick": 10}


def _share() -> float:
    """The part of its examples that each test tries in this run."""
    return min(1.0, settings().max_examples / PROFILES["thorough"])


def examples(number: int) -> settings:
    """Settings of a property that takes ``number`` examples to be believed."""
    return settings(max_examples=max(5, round(number * _share())))


def seeds(number: int) -> range:
    """Seeds of a random generator, for a test that is run once for each."""
    return range(max(1, round(number * _share())))


def some(cases: Iterable[T], *, one_in: int) -> list[T]:
    """Every ``one_in``-th of the cases, the first among them; all of them with ``TEST_CASES=all``."""
    return list(cases)[:: 1 if os.environ.get("TEST_CASES") == "all" else one_in]
