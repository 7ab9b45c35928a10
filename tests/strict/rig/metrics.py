"""EventCount metrics of the mappings that the rig plays, in CloudWatch; all other metrics are the emulator's.

What is counted when: PolledEventCount at each read, 0 at an empty one, so that a mapping which polls shows a
datapoint in every minute; FilteredOutEventCount where there are criteria, 0 included; InvokedEventCount at each
attempt, retries included; FailedInvokeEventCount at the end of an attempt. What went to an on-failure destination
was not dropped.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from .wire import Answer, Call, Forward, Handler, JsonObject, Protocol, json_answer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .context import Context
    from .mappings import PlayedMapping
    from .profile import Metrics

NAMES = frozenset(
    {
        "PolledEventCount",
        "FilteredOutEventCount",
        "InvokedEventCount",
        "FailedInvokeEventCount",
        "DroppedEventCount",
        "OnFailureDestinationDeliveredEventCount",
    }
)
_DIMENSION = "EventSourceMappingUUID"
_MINUTE = 60


class Count(NamedTuple):
    """So many events, at a moment of the rig's clock (epoch seconds)."""

    at: float
    value: int


Counts = dict[tuple[str, str], list[Count]]


class EventCounts:
    """What mappings count; many pollers write it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[tuple[tuple[str, str], str, str], list[Count]] = defaultdict(list)

    def add(self, mapping: PlayedMapping, settings: JsonObject, at: float, **numbers: int) -> None:
        """Count for a mapping whose settings, as they are now, ask for it; name to number of events."""
        if "EventCount" not in ((settings.get("MetricsConfig") or {}).get("Metrics") or []):
            return
        with self._lock:
            for name, value in numbers.items():
                known = self._counts[mapping.access.scope, mapping.uuid, name]
                # Empty reads are many, and a minute's first says it all.
                if value or not known or known[-1].at // _MINUTE < at // _MINUTE:
                    known.append(Count(at, value))

    def snapshot(self, scope: tuple[str, str], *, until: float) -> Counts:
        """What was counted up to a moment, by mapping and name; all of the same moment."""
        with self._lock:
            return {
                (uuid, name): [count for count in counts if count.at <= until]
                for (owner, uuid, name), counts in self._counts.items()
                if owner == scope
            }


class MetricsBehaviour:
    """GetMetricData and GetMetricStatistics of EventCount metrics."""

    def __init__(self, settings: Metrics, context: Context) -> None:
        self._settings = settings
        self._context = context

    @property
    def handlers(self) -> Mapping[str, Handler]:
        return {"cloudwatch:GetMetricData": self._data, "cloudwatch:GetMetricStatistics": self._statistics}

    def close(self) -> None:
        """Nothing to end."""

    def _data(self, call: Call, forward: Forward) -> Answer:
        """Each query answered by whom it is about, in the order in which they came."""
        request = call.payload
        queries: list[JsonObject] = request.get("MetricDataQueries") or []
        own = {query["Id"]: query["MetricStat"] for query in queries if _is_own(query)}
        if not own or call.protocol is not Protocol.JSON:
            return forward(call)
        others = [query for query in queries if query["Id"] not in own]
        answer = json_answer(call, {"MetricDataResults": [], "Messages": []})
        if others:
            answer = forward(call.with_payload({**request, "MetricDataQueries": others}))
            if not answer.ok:
                return answer
        found = {result["Id"]: result for result in answer.document["MetricDataResults"]}
        counts = self._counts(call)
        found |= {name: _result(call, counts, name, stat) for name, stat in own.items()}
        results = [found[query["Id"]] for query in queries if query["Id"] in found]
        return answer.with_document({**answer.document, "MetricDataResults": results})

    def _statistics(self, call: Call, forward: Forward) -> Answer:
        request = call.payload
        if call.protocol is not Protocol.JSON or not _is_own_metric(request):
            return forward(call)
        asked = request.get("Statistics") or []
        points = [
            {"Timestamp": at, "Unit": "Count", **{name: _statistic(name, values) for name in asked}}
            for at, values in _points(call, self._counts(call), request, int(request["Period"]))
        ]
        return json_answer(call, {"Label": request["MetricName"], "Datapoints": points})

    def _counts(self, call: Call) -> Counts:
        """What shows by now."""
        until = self._context.clock() - self._settings.lag
        return self._context.counts.snapshot(call.access.scope, until=until)


def _result(call: Call, counts: Counts, identity: str, stat: JsonObject) -> JsonObject:
    newest_first = call.payload.get("ScanBy") != "TimestampAscending"
    points = sorted(_points(call, counts, stat["Metric"], int(stat["Period"])), reverse=newest_first)
    return {
        "Id": identity,
        "Label": stat["Metric"]["MetricName"],
        "Timestamps": [at for at, _ in points],
        "Values": [_statistic(stat["Stat"], values) for _, values in points],
        "StatusCode": "Complete",
    }


def _points(call: Call, counts: Counts, metric: JsonObject, period: int) -> Iterator[tuple[int, list[int]]]:
    """(start of a period, what was counted in it) of each period asked for that has a datapoint."""
    start = float(call.payload["StartTime"]) // _MINUTE * _MINUTE  # as CloudWatch rounds it
    end = float(call.payload["EndTime"])
    periods: dict[int, list[int]] = defaultdict(list)
    for count in counts.get((metric["Dimensions"][0]["Value"], metric["MetricName"]), ()):
        periods[int(count.at // period) * period].append(count.value)
    yield from ((at, values) for at, values in periods.items() if start <= at < end)


def _is_own(query: JsonObject) -> bool:
    return "MetricStat" in query and _is_own_metric(query["MetricStat"]["Metric"])


def _is_own_metric(metric: JsonObject) -> bool:
    dimensions = metric.get("Dimensions") or []
    return (
        metric.get("Namespace") == "AWS/Lambda"
        and metric.get("MetricName") in NAMES
        and [one["Name"] for one in dimensions] == [_DIMENSION]
    )


def _statistic(name: str, values: list[int]) -> float:
    match name:
        case "Sum":
            return float(sum(values))
        case "SampleCount":
            return float(len(values))
        case "Average":
            return sum(values) / len(values)
        case "Minimum":
            return float(min(values))
        case "Maximum":
            return float(max(values))
        case _:
            raise NotImplementedError(f"the rig has no statistic {name}")
