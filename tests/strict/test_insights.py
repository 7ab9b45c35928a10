"""verify --via insights: the bulk counted by CloudWatch Logs Insights, the rest read line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ddbinsert.core.logs import insights
from ddbinsert.core.model.record import KeyAttribute, KeySchema, KeyType
from tests.strict.answering import runner
from tests.strict.bench import fresh
from tests.strict.rig import Logs, Profile
from tests.strict.rig.insights import run as run_query

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ddbinsert import local
    from tests.strict.bench import Bench

PROFILE = Profile(logs=Logs(lag=0.1, page=1000, empty_page_every=0))


@pytest.fixture
def invoke(
    bench_of: Callable[..., Bench], emulator: local.Emulator, tmp_path: Path
) -> Callable[..., tuple[int, dict[str, Any]]]:
    """Runs a command through the rig; its exit code and JSON answer."""
    return runner(bench_of(PROFILE), emulator, tmp_path)


@pytest.mark.parametrize("key", ["pk:S", "pk:N", "pk:B,sk:S"])
def test_counting_by_insights_gives_the_same_verdict(
    invoke: Callable[..., tuple[int, dict[str, Any]]], key: str
) -> None:
    table = fresh("insights")
    assert invoke("enable-stream", table, "--create-table", key)[0] == 0
    assert invoke("attach-trigger", table)[0] == 0
    code, answer = invoke("verify", table, "--count", "300", "--via", "insights", "--timeout", "60s")
    assert code == 0, answer
    assert answer["data"]["counts"]["processed_inserts"] == 304


def test_binary_keys_alone_are_refused_with_the_way_out(
    invoke: Callable[..., tuple[int, dict[str, Any]]],
) -> None:
    table = fresh("insights")
    assert invoke("enable-stream", table, "--create-table", "pk:B")[0] == 0
    assert invoke("attach-trigger", table)[0] == 0
    code, answer = invoke("verify", table, "--count", "300", "--via", "insights")
    assert code == 5
    assert answer["errors"][0]["code"] == "no-insights"


SCHEMA = KeySchema(partition=KeyAttribute(name="pk", type=KeyType.S))
RUN = "0123456789ab"


def receipt(number: int, event: str = "INSERT", decision: str = "processed") -> str:
    return (
        f'DDBINSERT {{"v":1,"decision":"{decision}","eventID":"e{number}","eventName":"{event}","seq":"1",'
        f'"keys":{{"pk":{{"S":"ddbinsert:r{RUN}:{number:09d}"}}}},"at":1,"request":"r"}}'
    )


def test_rows_tell_items_from_lines_and_name_what_is_no_insert() -> None:
    pattern = insights.number_pattern(SCHEMA, RUN)
    assert pattern is not None
    wanted = insights.bins(RUN, range(4, 2500))
    messages = [receipt(n) for n in range(2500)] + [receipt(7), receipt(9, "MODIFY", "guarded")]
    found = insights.read_counts(run_query(insights.by_bin(pattern, wanted), messages))
    assert found.items == {0: 996, 1: 1000, 2: 500}
    assert found.lines == 2497
    assert found.strays == {"guarded MODIFY": 1}


def test_a_bin_with_a_gap_is_asked_for_number_by_number() -> None:
    pattern = insights.number_pattern(SCHEMA, RUN)
    assert pattern is not None
    wanted = insights.bins(RUN, range(4, 2500))
    messages = [receipt(n) for n in range(2500) if n != 1234]
    rows = run_query(insights.by_number(pattern, wanted, 1), messages)
    assert {int(row["number"]) for row in rows} == set(range(1000, 2000)) - {1234}


def test_receipts_inside_json_log_lines_are_counted_too() -> None:
    import json

    pattern = insights.number_pattern(SCHEMA, RUN)
    assert pattern is not None
    wanted = insights.bins(RUN, range(4, 10))
    messages = [json.dumps({"level": "INFO", "message": receipt(n)}) for n in range(4, 10)]
    assert insights.read_counts(run_query(insights.by_bin(pattern, wanted), messages)).items == {0: 6}


def test_bins_stay_within_one_answer_however_many_items_there_are() -> None:
    wanted = insights.bins(RUN, range(4, 100_000_000))
    assert len(wanted.indices) <= insights.ROWS / 2
    assert sum(len(wanted.numbers(index)) for index in wanted.indices) == 100_000_000 - 4
