"""verify right after a change: the mapping is Enabled and shows what is wanted, and the old settings still count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.strict.answering import runner
from tests.strict.bench import fresh
from tests.strict.rig import Logs, Mappings, Profile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ddbinsert import local
    from tests.strict.bench import Bench

QUICK = Mappings(creating=0.0, updating=0.0, deleting=0.0, polling_delay=0.0, update_lag=3.0)


def broken_and_mended(bench: Bench, run: Callable[..., tuple[int, dict[str, Any]]]) -> str:
    """A table whose mapping had no filter, in force, until just now."""
    table = fresh("orders")
    assert run("enable-stream", table, "--create-table", "pk:S")[0] == 0
    code, attached = run("attach-trigger", table)
    assert code == 0, attached
    uuid = attached["data"]["mapping_uuid"]
    # Made anew without a filter: what counts from the start is what it was made with.
    old = bench.lambda_.get_event_source_mapping(UUID=uuid)
    bench.lambda_.delete_event_source_mapping(UUID=uuid)
    made = bench.lambda_.create_event_source_mapping(
        EventSourceArn=old["EventSourceArn"],
        FunctionName=old["FunctionArn"],
        StartingPosition="TRIM_HORIZON",
    )
    bench.lambda_.update_event_source_mapping(
        UUID=made["UUID"], FilterCriteria={"Filters": [{"Pattern": '{"eventName":["INSERT"]}'}]}
    )
    return table


@pytest.mark.nightly
@pytest.mark.nightly
def test_a_change_that_does_not_count_yet_is_waited_for_not_failed(
    bench_of: Callable[..., Bench], emulator: local.Emulator, tmp_path: Path
) -> None:
    bench = bench_of(Profile(mappings=QUICK, logs=Logs(lag=0.0, empty_page_every=0)))
    run = runner(bench, emulator, tmp_path)
    table = broken_and_mended(bench, run)
    code, answer = run("verify", table, "--timeout", "60s")
    assert code == 0, answer["data"]


def test_what_still_leaks_when_the_time_is_up_fails_and_says_that_it_may_be_the_old_settings(
    bench_of: Callable[..., Bench], emulator: local.Emulator, tmp_path: Path
) -> None:
    from dataclasses import replace

    slow = replace(QUICK, update_lag=3600.0)
    bench = bench_of(Profile(mappings=slow, logs=Logs(lag=0.0, empty_page_every=0)))
    run = runner(bench, emulator, tmp_path)
    table = broken_and_mended(bench, run)
    code, answer = run("verify", table, "--timeout", "8s")
    assert code == 1
    codes = {finding["code"] for finding in answer["data"]["findings"]}
    assert {"filter-leaks", "mapping-changed-lately"} <= codes
