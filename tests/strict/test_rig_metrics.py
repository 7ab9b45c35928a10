"""EventCount metrics on the rig: right counts of those mappings that ask for them, late, and absent rather than 0."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.strict.bench import until
from tests.strict.rig import Mappings, Metrics, Profile, Roles
from tests.strict.rig.metrics import NAMES as PLAYED
from tests.strict.test_rig_mappings import FRAGILE, INSERTS, NAMING, QUICK, attached, given

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.strict.bench import Bench, ManualClock

AT_ONCE = Profile(mappings=QUICK, metrics=Metrics(lag=0.0))
COUNTED = {"MetricsConfig": {"Metrics": ["EventCount"]}}
NAMES = sorted(PLAYED)


def stat_of(uuid: str, name: str, stat: str = "Sum") -> dict[str, Any]:
    metric = {
        "Namespace": "AWS/Lambda",
        "MetricName": name,
        "Dimensions": [{"Name": "EventSourceMappingUUID", "Value": uuid}],
    }
    return {"Metric": metric, "Period": 60, "Stat": stat}


def around(bench: Bench) -> dict[str, datetime]:
    """Ten minutes on either side of the bench's now, and so all that a test did."""
    now = datetime.fromtimestamp(bench.clock(), UTC)
    return {"StartTime": now - timedelta(minutes=10), "EndTime": now + timedelta(minutes=10)}


def counts(bench: Bench, uuid: str) -> dict[str, float]:
    """What CloudWatch has of a mapping by now; without what has no datapoint."""
    queries = [{"Id": name.lower(), "MetricStat": stat_of(uuid, name)} for name in NAMES]
    results = bench.cloudwatch.get_metric_data(MetricDataQueries=queries, **around(bench))[
        "MetricDataResults"
    ]
    assert [result["Id"] for result in results] == [name.lower() for name in NAMES]
    assert {result["StatusCode"] for result in results} == {"Complete"}
    found = zip(NAMES, results, strict=True)
    return {name: sum(result["Values"]) for name, result in found if result["Values"]}


def settles(bench: Bench, uuid: str, wanted: dict[str, float]) -> bool:
    """Whether the counts come to these. They never fall, so that what isn't passed by stays."""
    return until(lambda: counts(bench, uuid) == wanted)


def test_reads_filtered_records_and_invocations_are_counted(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(AT_ONCE)
    table, function = bench.table(), bench.function()
    uuid = attached(bench, table, function, FilterCriteria=INSERTS, **COUNTED)
    bench.put(table, "a")
    bench.put(table, "a", changed="yes")
    bench.put(table, "a", changed="again")
    bench.put(table, "b")
    wanted = {"PolledEventCount": 4.0, "FilteredOutEventCount": 2.0, "InvokedEventCount": 2.0}
    assert settles(bench, uuid, wanted)
    assert sorted(given(bench, function)) == ["INSERT a", "INSERT b"]


def test_a_mapping_that_polls_and_finds_nothing_counts_0_and_one_that_does_not_counts_nothing(
    bench_of: Callable[..., Bench],
) -> None:
    bench = bench_of(AT_ONCE)
    idle = attached(bench, bench.table(), bench.function(), FilterCriteria=INSERTS, **COUNTED)
    assert settles(bench, idle, {"PolledEventCount": 0.0})
    disabled = attached(bench, bench.table(), bench.function(), Enabled=False, **COUNTED)
    silent = attached(bench, bench.table(), bench.function())
    later = attached(bench, bench.table(), bench.function(), **COUNTED)
    assert settles(bench, later, {"PolledEventCount": 0.0})
    assert (counts(bench, disabled), counts(bench, silent)) == ({}, {})


def test_a_filter_that_takes_nothing_out_counts_0_and_no_filter_counts_nothing(
    bench_of: Callable[..., Bench],
) -> None:
    bench = bench_of(AT_ONCE)
    table = bench.table()
    filtered = attached(bench, table, bench.function(), FilterCriteria=INSERTS, **COUNTED)
    free = attached(bench, table, bench.function(), **COUNTED)
    bench.put(table, "a")
    moved = {"PolledEventCount": 1.0, "InvokedEventCount": 1.0}
    assert settles(bench, filtered, {**moved, "FilteredOutEventCount": 0.0})
    assert settles(bench, free, moved)


def test_a_function_that_fails_is_counted_at_each_attempt_and_what_is_given_up_is_dropped(
    bench_of: Callable[..., Bench],
) -> None:
    bench = bench_of(AT_ONCE)
    table = bench.table()
    uuid = attached(bench, table, bench.function(FRAGILE), MaximumRetryAttempts=2, **COUNTED)
    bench.put(table, "poison")
    wanted = {
        "PolledEventCount": 1.0,
        "InvokedEventCount": 3.0,
        "FailedInvokeEventCount": 3.0,
        "DroppedEventCount": 1.0,
    }
    assert settles(bench, uuid, wanted)


def test_what_goes_to_a_destination_is_not_dropped(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(AT_ONCE)
    table = bench.table()
    sqs = bench.upstream("sqs")
    url = sqs.create_queue(QueueName=f"failures-of-{table}")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    uuid = attached(
        bench,
        table,
        bench.function(NAMING),
        MaximumRetryAttempts=0,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        DestinationConfig={"OnFailure": {"Destination": queue}},
        **COUNTED,
    )
    bench.put(table, "poison")
    wanted = {
        "PolledEventCount": 1.0,
        "InvokedEventCount": 1.0,
        "FailedInvokeEventCount": 1.0,
        "OnFailureDestinationDeliveredEventCount": 1.0,
    }
    assert settles(bench, uuid, wanted)


def test_a_datapoint_shows_only_after_its_lag(bench_of: Callable[..., Bench], clock: ManualClock) -> None:
    bench = bench_of(Profile(mappings=QUICK, metrics=Metrics(lag=120.0)), clock=clock)
    table, function = bench.table(), bench.function()
    uuid = attached(bench, table, function, **COUNTED)
    bench.put(table, "a")
    assert until(lambda: given(bench, function))
    assert counts(bench, uuid) == {}
    clock.advance(119.0)
    assert counts(bench, uuid) == {}
    clock.advance(1.0)
    assert counts(bench, uuid) == {"PolledEventCount": 1.0, "InvokedEventCount": 1.0}


def test_minutes_are_apart_and_only_those_asked_for_are_told(
    bench_of: Callable[..., Bench], clock: ManualClock
) -> None:
    bench = bench_of(AT_ONCE, clock=clock)
    table, function = bench.table(), bench.function()
    uuid = attached(bench, table, function, **COUNTED)
    first = datetime.fromtimestamp(clock() // 60 * 60, UTC)
    bench.put(table, "a")
    assert until(lambda: len(given(bench, function)) == 1)
    clock.advance(60.0)
    for key in "bcd":
        bench.put(table, key)
    assert until(lambda: len(given(bench, function)) == 4)
    second = first + timedelta(minutes=1)

    def read(**more: Any) -> list[tuple[datetime, float]]:
        query = {"Id": "polled", "MetricStat": stat_of(uuid, "PolledEventCount")}
        (result,) = bench.cloudwatch.get_metric_data(
            **{"MetricDataQueries": [query], **around(bench), **more}
        )["MetricDataResults"]
        return list(zip(result["Timestamps"], result["Values"], strict=True))

    assert read() == [(second, 3.0), (first, 1.0)]
    assert read(ScanBy="TimestampAscending") == [(first, 1.0), (second, 3.0)]
    assert read(EndTime=second) == [(first, 1.0)]
    assert read(StartTime=second + timedelta(seconds=59)) == [(second, 3.0)]
    metric = stat_of(uuid, "InvokedEventCount")["Metric"]
    told = bench.cloudwatch.get_metric_statistics(
        **metric, **around(bench), Period=60, Statistics=["Sum", "Maximum"]
    )
    points = {point["Timestamp"]: (point["Sum"], point["Unit"]) for point in told["Datapoints"]}
    assert (told["Label"], points) == ("InvokedEventCount", {first: (1.0, "Count"), second: (3.0, "Count")})
    assert all(point["Maximum"] <= point["Sum"] for point in told["Datapoints"])


def test_all_other_metrics_are_the_emulators(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(AT_ONCE)
    table, function = bench.table(), bench.function()
    uuid = attached(bench, table, function, **COUNTED)
    bench.put(table, "a")
    metric = {"Namespace": "AWS/Lambda", "MetricName": "Invocations"}
    invoked = {**metric, "Dimensions": [{"Name": "FunctionName", "Value": function}]}
    queries = [
        {"Id": "mapping", "MetricStat": stat_of(uuid, "PolledEventCount")},
        {"Id": "function", "MetricStat": {"Metric": invoked, "Period": 60, "Stat": "Sum"}},
    ]

    def read() -> dict[str, float]:
        answer = bench.cloudwatch.get_metric_data(MetricDataQueries=queries, **around(bench))
        return {result["Id"]: sum(result["Values"]) for result in answer["MetricDataResults"]}

    assert until(lambda: read() == {"mapping": 1.0, "function": 1.0})
    answer = bench.cloudwatch.get_metric_statistics(**invoked, **around(bench), Period=60, Statistics=["Sum"])
    assert sum(point["Sum"] for point in answer["Datapoints"]) == 1.0


def test_metrics_begin_and_end_with_the_mappings_wish(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(AT_ONCE)
    table, function = bench.table(), bench.function()
    uuid = attached(bench, table, function)
    bench.put(table, "before")
    assert until(lambda: given(bench, function))
    change = bench.lambda_.update_event_source_mapping
    assert change(UUID=uuid, **COUNTED)["MetricsConfig"] == COUNTED["MetricsConfig"]
    bench.put(table, "a")
    wanted = {"PolledEventCount": 1.0, "InvokedEventCount": 1.0}
    assert settles(bench, uuid, wanted)
    change(UUID=uuid, MetricsConfig={"Metrics": []})
    bench.put(table, "after")
    assert until(lambda: "INSERT after" in given(bench, function))
    assert counts(bench, uuid) == wanted
    with pytest.raises(ClientError, match="EventCount"):
        change(UUID=uuid, MetricsConfig={"Metrics": ["KafkaMetrics"]})


def test_a_role_that_may_not_read_polls_nothing(bench_of: Callable[..., Bench]) -> None:
    profile = Profile(
        mappings=QUICK, roles=Roles(propagation=0.0, policy_propagation=0.0), metrics=Metrics(lag=0.0)
    )
    bench = bench_of(profile)
    role = bench.role()
    table, function = bench.table(), bench.function(role=role)
    bench.iam.update_assume_role_policy(
        RoleName=role.rsplit("/", 1)[-1], PolicyDocument='{"Version":"2012-10-17","Statement":[]}'
    )
    uuid = attached(bench, table, function, **COUNTED)
    look = bench.lambda_.get_event_source_mapping
    assert until(lambda: "PROBLEM" in look(UUID=uuid)["LastProcessingResult"])
    assert counts(bench, uuid) == {}


def test_what_waits_for_its_window_is_read_and_not_invoked_yet(
    bench_of: Callable[..., Bench], clock: ManualClock
) -> None:
    bench = bench_of(AT_ONCE, clock=clock)
    table = bench.table()
    uuid = attached(bench, table, bench.function(), MaximumBatchingWindowInSeconds=60, **COUNTED)
    bench.put(table, "a")
    assert settles(bench, uuid, {"PolledEventCount": 1.0})


def test_a_doubled_batch_is_invoked_twice(bench_of: Callable[..., Bench]) -> None:
    doubling = Mappings(creating=0.0, polling_delay=0.0, duplicate_every=1)
    bench = bench_of(Profile(mappings=doubling, metrics=Metrics(lag=0.0)))
    table = bench.table()
    uuid = attached(bench, table, bench.function(), **COUNTED)
    bench.put(table, "a")
    assert settles(bench, uuid, {"PolledEventCount": 1.0, "InvokedEventCount": 2.0})
