"""Recent activity of a function: its log and its metrics."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ddbinsert.aws.errors import is_not_found, translated
from ddbinsert.aws.read.logs import is_of_another, pattern_of
from ddbinsert.core.arn import parse_arn, resource_name
from ddbinsert.core.doctor.checks.sink import SINK_THROTTLES
from ddbinsert.core.doctor.facts import LogSeen, Metrics, ReceiptSeen
from ddbinsert.core.logs.ends import NEEDLES, EndReader
from ddbinsert.core.proof.mapping_counts import OF_FUNCTION, OF_MAPPING
from ddbinsert.core.receipt import MARK, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.logs.ends import InvocationEnd

#: Seconds before now at which the windows of the log end. They are read concurrently; the newest matters most.
_ENDS: Final = (0.0, 600.0, 3600.0)
#: Maximum number of pages that are read of a window: AWS returns empty pages, too.
_PAGES: Final = 3
#: An answer with this number of events and no token was cut by the emulator (docs/aws-facts.md#emulator-logs).
_FULL: Final = 10_000
#: Approximate number of datapoints to request of a series.
_POINTS: Final = 60


class Window(NamedTuple):
    """The epoch seconds between which the log is read."""

    start: float
    end: float


class Lines(NamedTuple):
    """The events of one window, oldest first.

    Attributes:
        whole: Whether the window was read to its end.
    """

    events: list[Any]
    whole: bool


def windows(since: float, now: float) -> tuple[Window, ...]:
    """The windows between two times, newest first, without gaps."""
    bounds = [now + 60.0, *(now - ago for ago in _ENDS[1:])]
    starts = [max(since, bound) for bound in bounds[1:]] + [since]
    return tuple(Window(start, end) for start, end in zip(starts, bounds, strict=True) if start < end)


def read_window(aws: Aws, group: str, function: str, window: Window) -> Lines:
    """The log lines of a function with receipts and ends of invocations; none if the log group does not exist.

    Raises:
        AwsError: The log may not be read.
    """
    request: dict[str, Any] = {
        "logGroupName": group,
        "startTime": int(window.start * 1000),
        "endTime": int(window.end * 1000),
    }
    pattern = pattern_of((MARK.strip(), *NEEDLES), is_aws=aws.is_aws)
    if pattern:
        request["filterPattern"] = pattern
    events: list[Any] = []
    with translated(f"read log group {group}"):
        for _ in range(_PAGES):
            try:
                page = aws.client("logs").filter_log_events(**request)
            except Exception as error:
                if is_not_found(error):
                    return Lines([], whole=True)
                raise
            found = page["events"]
            events += [one for one in found if not is_of_another(one.get("logStreamName", ""), function)]
            if not page.get("nextToken"):
                return Lines(events, whole=len(found) < _FULL)
            request["nextToken"] = page["nextToken"]
    return Lines(events, whole=False)


def log_seen(parts: Sequence[Lines]) -> LogSeen:
    """The receipts and invocation ends in the windows, which are given newest first."""
    reader = EndReader()
    ends: list[InvocationEnd] = []
    receipts: list[ReceiptSeen] = []
    for part in reversed(parts):
        for event in part.events:
            at, message = event.get("timestamp", 0) / 1000, event.get("message", "").rstrip("\n")
            heard = reader.feed(event.get("logStreamName", ""), at, message)
            if heard.end is not None:
                ends.append(heard.end)
            receipt = parse(message) if MARK in message else None
            if receipt is not None:
                receipts.append(
                    ReceiptSeen(
                        at=at,
                        decision=str(receipt["decision"]),
                        event_id=receipt["eventID"] or "",
                        event_name=receipt["eventName"] or "",
                        sequence=receipt["seq"] or "",
                    )
                )
    return LogSeen(
        ends=tuple(sorted(ends, key=lambda end: end.at)),
        receipts=tuple(sorted(receipts, key=lambda one: one.at)),
        whole=all(part.whole for part in parts),
    )


def read_metrics(
    aws: Aws, function: str, mappings: Iterable[str], sink: str, *, since: float, now: float
) -> Metrics:
    """CloudWatch's datapoints of a function, of its mappings and of its sink, if that is a table.

    Raises:
        AwsError: They may not be read.
    """
    period = max(60, int((now - since) / _POINTS) // 60 * 60)
    asked = [("AWS/Lambda", name, "FunctionName", function, "Sum") for name in OF_FUNCTION]
    asked.append(("AWS/Lambda", "IteratorAge", "FunctionName", function, "Maximum"))
    asked += [
        ("AWS/Lambda", name, "EventSourceMappingUUID", uuid, "Sum")
        for uuid in mappings
        for name in OF_MAPPING
    ]
    parts = parse_arn(sink)
    if parts is not None and parts.service == "dynamodb":
        asked.append(("AWS/DynamoDB", "WriteThrottleEvents", "TableName", resource_name(sink), "Sum"))
    request: dict[str, Any] = {
        "MetricDataQueries": [
            {"Id": f"m{place}", "MetricStat": _statistic(one, period)} for place, one in enumerate(asked)
        ],
        "StartTime": datetime.fromtimestamp(since // period * period, UTC),
        "EndTime": datetime.fromtimestamp(int(now) + 60, UTC),
        "ScanBy": "TimestampAscending",
    }
    sums: dict[str, dict[float, float]] = defaultdict(lambda: defaultdict(float))
    with translated("read the metrics"):
        for _ in range(_PAGES):
            answer = aws.client("cloudwatch").get_metric_data(**request)
            for result in answer.get("MetricDataResults", ()):
                name = asked[int(result["Id"][1:])][1]
                for at, value in zip(result.get("Timestamps", ()), result.get("Values", ()), strict=False):
                    sums[SINK_THROTTLES if name == "WriteThrottleEvents" else name][at.timestamp()] += value
            if not answer.get("NextToken"):
                break
            request["NextToken"] = answer["NextToken"]
    return Metrics(series={name: tuple(sorted(points.items())) for name, points in sums.items()})


def _statistic(asked: tuple[str, str, str, str, str], period: int) -> Any:
    namespace, name, dimension, value, stat = asked
    metric = {"Namespace": namespace, "MetricName": name, "Dimensions": [{"Name": dimension, "Value": value}]}
    return {"Metric": metric, "Period": period, "Stat": stat}
