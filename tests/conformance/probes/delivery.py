"""Event source mappings: what reaches the function, and what becomes of what fails."""

from __future__ import annotations

import json
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.conformance import handlers
from tests.conformance.model import Seen, probe
from tests.conformance.probes.mapping_settings import INSERTS, criteria

if TYPE_CHECKING:
    from tests.conformance.lab import Lab

FENCE = "z-fence"
OF_FENCE = json.dumps({"eventName": ["INSERT"], "dynamodb": {"Keys": {"sk": {"S": [FENCE]}}}})


def delivered(lab: Lab, table: str, function: str) -> list[dict[str, Any]]:
    """The records of a table that a recording function was given, once the fence was among them."""
    lab.put(table, FENCE)

    def given() -> list[dict[str, Any]]:
        stream = f"table/{table}/"
        return [one for one in lab.given(function) if stream in one["record"].get("eventSourceARN", "")]

    def is_fenced() -> bool:
        return any(key_of(one) == FENCE for one in given())

    began = time.monotonic()
    assert lab.until(is_fenced, seconds=max(lab.place.patience, 30)), "the fence did not arrive"
    lab.measured.setdefault(
        "seconds from a put to its log line, first delivery", round(time.monotonic() - began, 1)
    )
    time.sleep(5 if lab.is_aws else 0.3)  # lines of other log streams may show later
    return [one for one in given() if key_of(one) != FENCE]


def key_of(one: dict[str, Any]) -> str:
    return str(one["record"]["dynamodb"]["Keys"]["sk"]["S"])


def names(records: list[dict[str, Any]]) -> list[str]:
    return [f"{one['record']['eventName']} {key_of(one)}" for one in records]


def of_every_kind(lab: Lab, table: str) -> None:
    """An insert, a modification and a removal of one item."""
    lab.put(table, "a", v="1")
    lab.put(table, "a", v="2")
    lab.dynamodb.delete_item(TableName=table, Key=lab.key("a"))


@probe("esm-event-name-filter", runs_code=True, seconds=120)
def event_name_filter(lab: Lab) -> Seen:
    table = lab.table()
    lab.mapping(table, lab.recorder, FilterCriteria=criteria(INSERTS))
    of_every_kind(lab, table)
    found = names(delivered(lab, table, lab.recorder))
    return Seen(agrees=found == ["INSERT a"], answer={"delivered": found})


@probe("esm-resumes", runs_code=True, seconds=240)
def resumes(lab: Lab) -> Seen:
    table = lab.table()
    uuid = lab.mapping(table, lab.recorder)
    lab.put(table, "before")
    assert lab.until(lambda: any(f"table/{table}/" in json.dumps(one) for one in lab.given(lab.recorder)))
    lab.lambda_.update_event_source_mapping(UUID=uuid, Enabled=False)
    look = lab.lambda_.get_event_source_mapping
    assert lab.until(lambda: look(UUID=uuid)["State"] == "Disabled")
    lab.put(table, "meanwhile")
    lab.lambda_.update_event_source_mapping(UUID=uuid, Enabled=True)
    found = Counter(names(delivered(lab, table, lab.recorder)))
    return Seen(
        agrees=set(found) == {"INSERT before", "INSERT meanwhile"}, answer={"delivered": sorted(found)}
    )


@probe("role-least-privilege", runs_code=True, seconds=120)
def least_privilege(lab: Lab) -> Seen:
    function = lab.function(handlers.RECORDING, role=lab.role_with(lab.least()))
    table = lab.table()
    lab.mapping(table, function)
    lab.put(table, "a")
    found = names(delivered(lab, table, function))
    return Seen(agrees=found == ["INSERT a"], answer={"delivered": found})


@probe("esm-on-failure", runs_code=True, seconds=180)
def on_failure(lab: Lab) -> Seen:
    table, function, queue = lab.table(), lab.function(handlers.FAILING), _queue(lab)
    attributes = lab.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    lab.mapping(
        table,
        function,
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": attributes["QueueArn"]}},
    )
    lab.put(table, "a")

    def received() -> dict[str, Any]:
        found = lab.sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1 if not lab.is_aws else 10)
        return dict(json.loads(found["Messages"][0]["Body"])) if found.get("Messages") else {}

    document = lab.until(received)
    batch = document.get("DDBStreamBatchInfo") or {}
    condition = (document.get("requestContext") or {}).get("condition")
    answer = {
        "condition": condition,
        "range": sorted(name for name in batch if name.endswith("SequenceNumber")),
    }
    wanted = {"condition": "RetryAttemptsExhausted", "range": ["endSequenceNumber", "startSequenceNumber"]}
    return Seen(agrees=answer == wanted, answer=answer)


def _queue(lab: Lab) -> str:
    url = str(lab.sqs.create_queue(QueueName=lab.name("queue"), tags=lab.tags)["QueueUrl"])
    lab.later("a queue", lambda: lab.gone(lab.sqs.delete_queue, QueueUrl=url))
    return url


@probe("esm-batch-item-failures", runs_code=True, seconds=180)
def batch_item_failures(lab: Lab) -> Seen:
    table, function = lab.table(), lab.function(handlers.NAMING)
    lab.mapping(table, function, MaximumRetryAttempts=1, FunctionResponseTypes=["ReportBatchItemFailures"])
    lab.put(table, "a")
    attempts = _attempts(lab, function)
    return Seen(agrees=attempts["INSERT a"] == 2, answer={"attempts": attempts["INSERT a"]})


def _attempts(lab: Lab, function: str) -> Counter[str]:
    """How often each record was given."""
    return Counter(names(_given(lab, function)))


def _given(lab: Lab, function: str, *, deliveries: int = 2) -> list[dict[str, Any]]:
    """What was given, some time after so many deliveries, or when the time was up."""
    lab.until(lambda: len(lab.given(function)) >= deliveries, seconds=min(lab.place.patience, 90))
    time.sleep(10 if lab.is_aws else 2)  # more may come
    return lab.given(function)


def _of_two(lab: Lab, source: str, *, deliveries: int, **settings: Any) -> dict[str, list[int]]:
    """The sizes of the batches in which each of two records was given that are in one batch at first."""
    table, function = lab.table(), lab.function(source)
    for key in ("a", "b"):
        lab.put(table, key)
    lab.records(lab.stream(table), at_least=2)
    lab.mapping(table, function, MaximumBatchingWindowInSeconds=2, **settings)
    given = _given(lab, function, deliveries=deliveries)
    return {key: [one["of"] for one in given if names([one]) == [f"INSERT {key}"]] for key in ("a", "b")}


@probe("esm-partial-retries", runs_code=True, seconds=180)
def partial_retries(lab: Lab) -> Seen:
    found = _of_two(
        lab,
        handlers.NAMING_LAST,
        deliveries=3,
        MaximumRetryAttempts=1,
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )
    return Seen(agrees=[len(sizes) for sizes in found.values()] == [1, 2], answer=found)


@probe("esm-split-retries", runs_code=True, seconds=180)
def split_retries(lab: Lab) -> Seen:
    found = _of_two(
        lab, handlers.FAILING, deliveries=4, MaximumRetryAttempts=0, BisectBatchOnFunctionError=True
    )
    # Twice each would also be the whole batch twice, as the emulator gives it without end.
    return Seen(agrees=found == {"a": [2, 1], "b": [2, 1]}, answer=found)


@probe("esm-request-id-reused", runs_code=True, seconds=180)
def request_id_reused(lab: Lab) -> Seen:
    table, function = lab.table(), lab.function(handlers.FAILING)
    lab.mapping(table, function, MaximumRetryAttempts=1)
    lab.put(table, "a")
    _attempts(lab, function)
    requests = [one["request"] for one in lab.given(function)]
    return Seen(
        agrees=len(requests) == 2 and len(set(requests)) == 1,
        answer={"attempts": len(requests), "request ids": len(set(requests))},
    )


def _count(lab: Lab, uuid: str, metric: str) -> float | None:
    """The sum of a mapping's EventCount metric; None where it has no datapoint."""
    now = datetime.now(tz=UTC)
    dimensions = [{"Name": "EventSourceMappingUUID", "Value": uuid}]
    asked = {"Namespace": "AWS/Lambda", "MetricName": metric, "Dimensions": dimensions}
    found = lab.cloudwatch.get_metric_data(
        MetricDataQueries=[{"Id": "m", "MetricStat": {"Metric": asked, "Period": 60, "Stat": "Sum"}}],
        StartTime=now - timedelta(minutes=30),
        EndTime=now + timedelta(minutes=2),
    )["MetricDataResults"]
    values = found[0]["Values"] if found else []
    return sum(values) if values else None


_EVENT_COUNT: dict[str, Any] = {"MetricsConfig": {"Metrics": ["EventCount"]}}


@probe("esm-metrics", runs_code=True, seconds=600)
def metrics(lab: Lab) -> Seen:
    table = lab.table()
    uuid = lab.mapping(table, lab.recorder, FilterCriteria=criteria(INSERTS), **_EVENT_COUNT)
    of_every_kind(lab, table)
    delivered(lab, table, lab.recorder)
    wanted = {"PolledEventCount": 4, "FilteredOutEventCount": 2, "InvokedEventCount": 2}
    counted: dict[str, float | None] = {}

    def is_counted() -> bool:
        counted.update({name: _count(lab, uuid, name) for name in wanted})
        return counted == wanted

    lab.until(is_counted, seconds=480 if lab.is_aws else min(lab.place.patience, 10))
    return Seen(agrees=counted == wanted, answer=dict(counted))


@probe("esm-metrics-absence", runs_code=True, seconds=600)
def metrics_absence(lab: Lab) -> Seen:
    filtered, unfiltered = lab.table(), lab.table()
    idle = lab.mapping(lab.table(), lab.recorder, FilterCriteria=criteria(INSERTS), **_EVENT_COUNT)
    with_filter = lab.mapping(filtered, lab.recorder, FilterCriteria=criteria(INSERTS), **_EVENT_COUNT)
    without = lab.mapping(unfiltered, lab.recorder, **_EVENT_COUNT)
    for table in (filtered, unfiltered):
        delivered(lab, table, lab.recorder)
    polled, excluded = "PolledEventCount", "FilteredOutEventCount"
    patience = 480 if lab.is_aws else min(lab.place.patience, 10)
    lab.until(
        lambda: None not in [_count(lab, one, polled) for one in (idle, with_filter, without)],
        seconds=patience,
    )
    answer = {
        "polled by an idle mapping": _count(lab, idle, polled),
        "filtered out where all passed": _count(lab, with_filter, excluded),
        "filtered out without a filter": _count(lab, without, excluded),
    }
    return Seen(agrees=list(answer.values()) == [0, 0, None], answer=answer)
