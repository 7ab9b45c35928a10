"""Generated configurations: after `up` the plan is empty, and an export reads back as the trigger that is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given

from tests.configurations import configurations, is_settled, runs, written
from tests.functional.command import Ran, ran

if TYPE_CHECKING:
    from pathlib import Path

    from tests.functional.helpers import Cloud

#: The formats that the reader of templates reads.
FORMATS = ("cloudformation", "sam", "terraform")


Configuration = dict[str, Any]
Try = Callable[[Configuration, Configuration], None]


@pytest.fixture
def tried(cloud: Cloud, variables: dict[str, str], tmp_path: Path) -> Try:
    """Makes a trigger, changes it to another configuration, exports it in each format, and removes it."""

    def run(*words: str) -> Ran:
        return ran(*words, variables=variables, cwd=tmp_path)

    def once(*configurations: Configuration) -> None:
        table = cloud.table("pk:S", view="NEW_IMAGE")
        for configuration in configurations:
            written(configuration, tmp_path, table=table, region=variables["AWS_REGION"])
            is_settled(run, run("up", "--yes"))
            for form in FORMATS:
                reads_back_equal(run, form)
        removed = run("down", "--yes")
        assert removed.code == 0, removed.err
        assert cloud.function(f"{table}-inserts") is None

    return once


def reads_back_equal(run: Callable[..., Ran], form: str) -> None:
    """The export of the live trigger, read back, is the live trigger."""
    exported = run("export", form, "--from-live", "--output-dir", form, "--yes")
    assert exported.code == 0, exported.err
    against = run("drift", "--against", form, "-o", "json")
    left = [against.json["data"][name] for name in ("drift", "not_compared", "undeclared")]
    assert (against.code, left) == (0, [[], [], []]), against.out


@runs(2)
@given(configurations(), configurations())
def test_after_up_a_plan_is_empty_and_an_export_reads_back_equal(
    tried: Try, first: Configuration, then: Configuration
) -> None:
    tried(first, then)


@pytest.mark.nightly
@runs(40)
@given(configurations(), configurations())
def test_after_up_a_plan_is_empty_and_an_export_reads_back_equal_for_many(
    tried: Try, first: Configuration, then: Configuration
) -> None:
    tried(first, then)
