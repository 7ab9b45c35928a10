"""What verify makes of EventCount metrics: right numbers, what could not be seen, causes; never the verdict itself."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.strict.bench import until
from tests.strict.rig import Fault, FaultKind, Metrics
from tests.strict.sabotage import handlers
from tests.strict.sabotage.ground import FAST, Ground

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ddbinsert import local
    from tests.strict.rig import Profile
    from tests.strict.sabotage.ground import Judged

LATE = replace(FAST, name="metrics after the run", metrics=Metrics(lag=3600.0))
KEY = "arn:aws:kms:eu-west-1:000000000000:key/1"
NEVER = '{"eventName":["insert"]}'


@pytest.fixture
def ground_of(emulator: local.Emulator, tmp_path: Path) -> Iterator[Callable[[Profile], Ground]]:
    open_ones: list[Ground] = []

    def make(profile: Profile) -> Ground:
        open_ones.append(Ground(emulator, tmp_path, profile).__enter__())
        return open_ones[-1]

    yield make
    for ground in open_ones:
        ground.__exit__(None, None, None)


def seen(judged: Judged) -> tuple[bool, str]:
    """The evidence from the metrics: whether there was any, and its text."""
    (one,) = [one for one in judged.answer.json["data"]["evidence"] if one["side"] == "metrics"]
    return one["seen"], one["text"]


def numbers(judged: Judged) -> dict[str, int]:
    return {name: int(value) for name, value in re.findall(r"(\w+EventCount) (\d+)", seen(judged)[1])}


def evidence_of(judged: Judged, code: str) -> list[str]:
    (one,) = [one for one in judged.answer.json["data"]["findings"] if one["code"] == code]
    lines: list[str] = one["evidence"]
    return lines


def test_a_pass_lists_what_the_mapping_counted(ground_of: Callable[[Profile], Ground]) -> None:
    ground = ground_of(FAST)
    ground.attach()
    judged = ground.verify("--keep")  # else the mapping reads the removals, too, or some of them
    counts = judged.answer.json["data"]["counts"]
    assert judged.result == "PASS", judged.summary
    assert numbers(judged) == {
        "PolledEventCount": counts["stream_records"],
        "FilteredOutEventCount": counts["stream_records"] - counts["expected_inserts"],
        "InvokedEventCount": counts["expected_inserts"],
    }
    assert seen(judged)[0]


def test_a_mapping_without_metrics_passes_and_the_verdict_says_what_was_not_seen(
    ground_of: Callable[[Profile], Ground],
) -> None:
    ground = ground_of(FAST)
    ground.attach("--no-metrics")
    judged = ground.verify()
    assert judged.result == "PASS", judged.summary
    assert not numbers(judged)
    assert "the mapping publishes no EventCount metrics" in seen(judged)[1]


def test_metrics_that_may_not_be_read_change_nothing_and_the_verdict_says_so(
    ground_of: Callable[[Profile], Ground],
) -> None:
    ground = ground_of(FAST)
    ground.attach()
    ground.rig.inject(Fault(operation="cloudwatch:GetMetricData", kind=FaultKind.ACCESS_DENIED))
    judged = ground.verify()
    assert judged.result == "PASS", judged.summary
    was_seen, text = seen(judged)
    assert not was_seen
    assert text.startswith("CloudWatch metrics: ")
    assert "cloudwatch:GetMetricData" in text


def test_metrics_that_come_after_the_run_take_nothing_from_a_pass(
    ground_of: Callable[[Profile], Ground],
) -> None:
    ground = ground_of(LATE)
    ground.attach()
    judged = ground.verify()
    assert judged.result == "PASS", judged.summary
    assert not numbers(judged)
    assert "datapoints" in seen(judged)[1]


def test_a_fail_is_a_fail_however_late_the_metrics(ground_of: Callable[[Profile], Ground]) -> None:
    ground = ground_of(LATE)
    ground.attach()
    ground.filter_by()
    judged = ground.verify("--timeout", "5s")
    assert judged.result == "FAIL", judged.summary
    assert judged.causes == {"no-filter", "filter-leaks"}
    assert not numbers(judged)


def test_without_datapoints_nothing_is_made_up(ground_of: Callable[[Profile], Ground]) -> None:
    """A filter that nobody can read and that takes everything out looks like a mapping that doesn't poll."""
    ground = ground_of(LATE)
    ground.attach()
    ground.change_mapping(KMSKeyArn=KEY, FilterCriteria={"Filters": [{"Pattern": NEVER}]})
    judged = ground.verify("--timeout", "3s")
    assert judged.result == "INCONCLUSIVE", judged.summary
    assert judged.causes == {"nothing-delivered", "filter-hidden"}
    assert any("or CloudWatch is late" in line for line in evidence_of(judged, "nothing-delivered"))


def test_others_records_in_the_same_minute_are_no_alarm(ground_of: Callable[[Profile], Ground]) -> None:
    ground = ground_of(FAST)
    ground.attach()
    ground.write_on()
    assert until(lambda: ground.aws.messages(ground.log_group))
    judged = ground.verify("--timeout", "30s")
    assert judged.result == "PASS", judged.summary
    assert not judged.causes
    assert numbers(judged)["PolledEventCount"] > judged.answer.json["data"]["counts"]["stream_records"]


def failures_counted(ground: Ground) -> float:
    now = datetime.now(UTC)
    answer = ground.aws.cloudwatch.get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName="Errors",
        Dimensions=[{"Name": "FunctionName", "Value": ground.function}],
        StartTime=now - timedelta(minutes=5),
        EndTime=now + timedelta(minutes=5),
        Period=60,
        Statistics=["Sum"],
    )
    return float(sum(point["Sum"] for point in answer["Datapoints"]))


def test_what_failed_before_the_run_in_its_first_minute_fails_no_run(
    ground_of: Callable[[Profile], Ground],
) -> None:
    """A function that was mended, and then verified at once."""
    ground = ground_of(FAST)
    ground.attach_code(handlers.FAILS_ON_OTHERS, "--retries", "0")
    ground.put()
    assert until(lambda: failures_counted(ground))
    ground.change_mapping(MaximumBatchingWindowInSeconds=60)
    judged = ground.verify("--timeout", "3s")
    assert judged.result == "INCONCLUSIVE", judged.summary


def test_watching_lists_them_too(ground_of: Callable[[Profile], Ground]) -> None:
    ground = ground_of(FAST)
    ground.attach()
    ground.write_on()
    watched = ground.verify("--observe", "--for", "1s")
    assert watched.result == "PASS", watched.summary
    assert numbers(watched)["InvokedEventCount"] > 0
