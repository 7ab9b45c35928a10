"""The result of verify as CloudWatch metrics, for alarms.

Namespace ``ddbinsert``, dimensions Table and Function. ``Healthy`` is 1 for PASS and 0 otherwise, so an alarm on
its minimum below 1 (missing data treated as breaching) also detects a canary that has stopped.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ddbinsert.aws.errors import translated
from ddbinsert.core.proof.verdict import Result

if TYPE_CHECKING:
    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.proof.proof import Proof

NAMESPACE = "ddbinsert"


def publish(aws: Aws, proof: Proof) -> None:
    """Send one run's metrics.

    Raises:
        AwsError: cloudwatch:PutMetricData was refused.
    """
    with translated("publish metrics"):
        aws.client("cloudwatch").put_metric_data(Namespace=NAMESPACE, MetricData=metric_data(proof))


def metric_data(proof: Proof) -> list[Any]:
    """The data to send: counts, and percentiles of the latency in seconds."""
    verdict = proof.verdict
    counts = verdict.counts
    values: list[tuple[str, float, str]] = [
        ("Healthy", float(verdict.result is Result.PASS), "None"),
        ("Failed", float(verdict.result is Result.FAIL), "None"),
        ("Inconclusive", float(verdict.result is Result.INCONCLUSIVE), "None"),
        ("MissingInserts", float(counts.get("missing", 0)), "Count"),
        ("Intruders", float(counts.get("intruders", 0) + counts.get("guarded", 0)), "Count"),
        ("DuplicateDeliveries", float(counts.get("duplicates", 0)), "Count"),
    ]
    latency = verdict.latency or {}
    values += [
        (f"Latency{name.upper()}", latency[name], "Seconds")
        for name in ("p50", "p99", "max")
        if name in latency
    ]
    dimensions = [
        {"Name": "Table", "Value": proof.trigger.table},
        {"Name": "Function", "Value": proof.function},
    ]
    at = datetime.fromtimestamp(proof.finished, UTC)
    return [
        {"MetricName": name, "Dimensions": dimensions, "Timestamp": at, "Value": value, "Unit": unit}
        for name, value, unit in values
    ]
