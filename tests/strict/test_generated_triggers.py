"""Generated configurations on an endpoint as strict as AWS: after `up` and after a change of it, the plan is empty."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given

from tests.configurations import configurations, is_settled, runs, written
from tests.functional.command import Ran, ran
from tests.strict.rig import Functions, Mappings, Profile, Roles, Tables

if TYPE_CHECKING:
    from pathlib import Path

    from ddbinsert import local
    from tests.strict.bench import Bench

REGION = "eu-west-1"
Configuration = dict[str, Any]
Try = Callable[[Configuration, Configuration], None]


@pytest.fixture
def tried(bench_of: Callable[..., Bench], emulator: local.Emulator, tmp_path: Path) -> Try:
    """Makes a trigger, changes it to another configuration, and removes it."""
    bench = bench_of(Profile(tables=Tables(), functions=Functions(), roles=Roles(), mappings=Mappings()))
    variables = {
        **emulator.variables(region=REGION),
        "AWS_ENDPOINT_URL": bench.rig.endpoint,
        "HOME": str(tmp_path),
    }

    def run(*words: str) -> Ran:
        return ran(*words, variables=variables, cwd=tmp_path)

    def once(*given: Configuration) -> None:
        table = bench.table(view="NEW_IMAGE")
        for configuration in given:
            written(configuration, tmp_path, table=table, region=REGION)
            is_settled(run, run("up", "--yes"))
        removed = run("down", "--yes")
        assert removed.code == 0, removed.err

    return once


@runs(2)
@given(configurations(), configurations())
def test_after_up_a_plan_is_empty(tried: Try, first: Configuration, then: Configuration) -> None:
    tried(first, then)


@pytest.mark.nightly
@runs(40)
@given(configurations(), configurations())
def test_after_up_a_plan_is_empty_for_many(tried: Try, first: Configuration, then: Configuration) -> None:
    tried(first, then)
