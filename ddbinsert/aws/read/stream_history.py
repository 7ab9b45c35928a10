"""Historic data of AWS: a table's streams, the number of their records, and CloudWatch's counts per minute."""

from __future__ import annotations

from dataclasses import field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ddbinsert.aws.errors import translated
from ddbinsert.aws.read.streams import StreamReader
from ddbinsert.core.proof.mapping_counts import DROPPED
from ddbinsert.dataclass import dataclass
from ddbinsert.errors import AwsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.clock import Clock

_PAGES = 200
_MINUTE = 60
#: Metrics of the function, each with its statistic.
_OF_FUNCTION = {"Invocations": "Sum", "Throttles": "Sum", "IteratorAge": "Maximum"}


def streams_of(aws: Aws, table: str) -> tuple[str, ...]:
    """The table's streams, with disabled ones as long as AWS lists them; empty if they may not be listed."""
    found: list[str] = []
    request: dict[str, Any] = {"TableName": table}
    try:
        with translated(f"list the streams of table {table}"):
            for _ in range(_PAGES):
                answer = aws.of_table.client("dynamodbstreams").list_streams(**request)
                found += [str(one["StreamArn"]) for one in answer["Streams"]]
                last = answer.get("LastEvaluatedStreamArn")
                if not last:
                    break
                request["ExclusiveStartStreamArn"] = last
    except AwsError:
        return ()
    return tuple(dict.fromkeys(found))


@dataclass(frozen=True, kw_only=True)
class StreamHistory:
    """The content of a stream.

    Attributes:
        inserts: Number of INSERT records that were read.
        records: Number of all records that were read.
        at_least: Whether there may be more, because reading stopped early.
    """

    inserts: int
    records: int
    at_least: bool


def history(aws: Aws, stream_arn: str, *, clock: Clock, seconds: float = 5.0) -> StreamHistory:
    """The number of records that a new mapping would replay from the start; reads for at most about ``seconds``."""
    started = clock.monotonic()
    inserts = records = 0
    reader = StreamReader(aws, stream_arn, clock=clock, pace=0.25 if aws.is_aws else 0.0)
    reader.open()
    while not reader.caught_up:
        for record in reader.poll():
            records += 1
            inserts += record.get("eventName") == "INSERT"
        if clock.monotonic() - started >= seconds:
            return StreamHistory(inserts=inserts, records=records, at_least=True)
        clock.sleep(reader.wait)
    return StreamHistory(inserts=inserts, records=records, at_least=False)


@dataclass(frozen=True, kw_only=True)
class MinuteCounts:
    """CloudWatch's counts per minute, by the epoch second of its beginning. Minutes without a datapoint are absent.

    Attributes:
        age: IteratorAge of the newest minutes, in seconds; None if it has no datapoint.
        dropped: Number of records that the mappings discarded.
        why: Why the metrics could not be read; empty if they were.
    """

    invocations: Mapping[int, float] = field(default_factory=dict)
    throttles: Mapping[int, float] = field(default_factory=dict)
    age: float | None = None
    dropped: float = 0.0
    why: str = ""


def read_minutes(
    aws: Aws, function: str, mappings: Iterable[str], *, since: float, until: float, recent: float
) -> MinuteCounts:
    """The counts of a function and of its mappings, minute by minute.

    Args:
        since: Start in epoch seconds.
        until: End in epoch seconds.
        recent: Seconds before ``until`` from which the age is taken.
    """
    asked = [(name, "FunctionName", function, stat) for name, stat in _OF_FUNCTION.items()]
    asked += [(DROPPED, "EventSourceMappingUUID", uuid, "Sum") for uuid in mappings]
    request: dict[str, Any] = {
        "MetricDataQueries": [
            {"Id": f"m{place}", "MetricStat": _stat(*one)} for place, one in enumerate(asked)
        ],
        "StartTime": datetime.fromtimestamp(since // _MINUTE * _MINUTE, UTC),
        "EndTime": datetime.fromtimestamp(int(until) + _MINUTE, UTC),
    }
    counts: dict[str, dict[int, float]] = {}
    try:
        with translated("read the metrics"):
            for _ in range(_PAGES):
                answer = aws.client("cloudwatch").get_metric_data(**request)
                for result in answer.get("MetricDataResults", ()):
                    kept = counts.setdefault(asked[int(result["Id"][1:])][0], {})
                    for at, value in zip(
                        result.get("Timestamps", ()), result.get("Values", ()), strict=False
                    ):
                        minute = int(at.timestamp()) // _MINUTE * _MINUTE
                        kept[minute] = kept.get(minute, 0.0) + value
                if not answer.get("NextToken"):
                    break
                request["NextToken"] = answer["NextToken"]
    except AwsError as error:
        return MinuteCounts(why=f"CloudWatch metrics: {error.message}")
    ages = [value for at, value in counts.get("IteratorAge", {}).items() if at + _MINUTE >= until - recent]
    return MinuteCounts(
        invocations=counts.get("Invocations", {}),
        throttles={at: value for at, value in counts.get("Throttles", {}).items() if value},
        age=max(ages) / 1000 if ages else None,
        dropped=sum(counts.get(DROPPED, {}).values()),
    )


def _stat(name: str, dimension: str, value: str, statistic: str) -> dict[str, Any]:
    metric = {
        "Namespace": "AWS/Lambda",
        "MetricName": name,
        "Dimensions": [{"Name": dimension, "Value": value}],
    }
    return {"Metric": metric, "Period": _MINUTE, "Stat": statistic}
