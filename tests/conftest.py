"""What all tests share: which generated examples are tried, and how many tests run at once.

Examples are the same in every run. ``pytest --hypothesis-profile exploring`` looks for new ones.
"""

from __future__ import annotations

import math
import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, settings

from tests.examples import PROFILES

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

#: Cases of one test that a run of whole folders tries, where each needs an emulator, and where each starts processes.
_MOST_CASES = 2
_MOST_CASES_OF_PROCESSES = 3
#: Fixtures that are an emulator, or start one.
_EMULATORS = frozenset({"emulator", "local_variables"})
#: A file with more tests than this that need an emulator is tried by every fourth one of them.
_MANY_TESTS = 4
_ONE_IN = 4
#: No deadlines: a busy machine is not a failure.
_PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

settings.register_profile("exploring", _PATIENT)
for _name, _number in PROFILES.items():
    settings.register_profile(_name, _PATIENT, derandomize=True, database=None, max_examples=_number)


def pytest_configure(config: pytest.Config) -> None:
    """Choose the profile, unless the command line names one: ``quick`` where only unit tests are asked for.

    ``TEST_CASES=all`` (nightly) makes it ``thorough``.
    """
    if not config.getoption("--hypothesis-profile"):
        is_quick = all(map(_is_unit, config.args))
        usual = "thorough" if os.environ.get("TEST_CASES") == "all" else "usual"
        settings.load_profile("quick" if is_quick else usual)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In a run of whole folders, try a part of what runs on an emulator: all of it takes half an hour.

    A file, or a test, that is named is run whole; ``TEST_CASES=all`` (nightly) runs all of everything.
    """
    if os.environ.get("TEST_CASES") == "all" or any(
        "::" in one or one.endswith(".py") for one in config.args
    ):
        return
    left = {*_most_of_long_tables(items), *_most_of_large_files(items)}
    left |= {id(item) for item in items if item.get_closest_marker("nightly")}
    config.hook.pytest_deselected(items=[item for item in items if id(item) in left])
    items[:] = [item for item in items if id(item) not in left]


def _most_of_long_tables(items: list[pytest.Item]) -> Iterator[int]:
    """The ids of all but some cases, evenly spread, of each test whose cases need an emulator or start processes."""
    tables: dict[tuple[str, str, int], list[int]] = {}
    for item in items:
        if not hasattr(item, "callspec"):
            continue
        if _needs_emulator(item):
            most = _MOST_CASES
        elif not _is_unit(str(item.path)):
            most = _MOST_CASES_OF_PROCESSES
        else:
            continue
        name = str(getattr(item, "originalname", item.name))
        tables.setdefault((str(item.path), name, most), []).append(id(item))
    for (_, _, most), cases in tables.items():
        for number, found in enumerate(cases):
            if number % math.ceil(len(cases) / most):
                yield found


def _most_of_large_files(items: list[pytest.Item]) -> Iterator[int]:
    """The ids of three quarters of the tests of each file that has many which need an emulator."""
    files: dict[str, dict[str, list[int]]] = {}
    for item in items:
        if _needs_emulator(item):
            name = str(getattr(item, "originalname", item.name))
            files.setdefault(str(item.path), {}).setdefault(name, []).append(id(item))
    for tests in files.values():
        if len(tests) > _MANY_TESTS:
            for number, found in enumerate(tests.values()):
                if number % _ONE_IN:
                    yield from found


def _needs_emulator(item: pytest.Item) -> bool:
    return not _EMULATORS.isdisjoint(getattr(item, "fixturenames", ()))


@cache
def _is_unit(argument: str) -> bool:
    folder = Path(__file__).parent / "unit"
    return Path(argument.partition("::")[0]).resolve().is_relative_to(folder)


def pytest_xdist_auto_num_workers() -> int:
    """What ``-n auto`` means: five workers for two processors, as the tests wait most of their time."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(2, 5 * cores // 2)
