"""A function's invocations, according to its log and to CloudWatch's metrics."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ddbinsert.aws.errors import is_not_found, translated
from ddbinsert.aws.read.logs import is_of_another
from ddbinsert.core.logs.ends import last_line
from ddbinsert.core.proof.circumstances import Invocations
from ddbinsert.core.proof.mapping_counts import OF_FUNCTION, OF_MAPPING, MetricCounts
from ddbinsert.errors import AwsError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ddbinsert.aws.session.session import Aws

#: Maximum number of pages of the log to read; a longer log is reported as cut.
_PAGES = 10
#: The same for a successful run; more than one, because an empty page is not always the last.
_FEW_PAGES = 3
_FEW_LINES = 1_000
#: An answer with this number of events and no token was cut by the emulator (docs/aws-facts.md#emulator-logs).
_FULL_PAGE = 10_000
_KEPT = 10
_LONGEST_LINE = 400

_REPORT = re.compile(r"^REPORT RequestId: \S+\s+Duration: ([\d.]+) ms")
_JSON_REPORT = re.compile(r'"type"\s*:\s*"platform\.report"')
_JSON_DURATION = re.compile(r'"durationMs"\s*:\s*([\d.]+)')
_TIMEOUT = re.compile(r"Task timed out after|\"status\"\s*:\s*\"timeout\"|Status: timeout")
_ERROR = re.compile(
    r"^\[ERROR\]|^Traceback|Runtime\.\w+|errorType|Unhandled|\"level\"\s*:\s*\"ERROR\"|\"status\"\s*:\s*\"error\""
)
_EXCEPTION = re.compile(r"[A-Za-z_][\w.]*(?:: |$)")
#: Text that only Lambda's runtimes write; an application's logger puts a tab after its level.
_CRASH = re.compile(
    r"^\[ERROR\] [^\t]|\tERROR\t(?:Invoke Error|Uncaught Exception|Unhandled Promise Rejection)\t"
    r"|\bRuntime\.(?:ExitError|ImportModuleError|HandlerNotFound|UserCodeSyntaxError|Unknown)\b"
    r"|\"status\"\s*:\s*\"(?:error|failure)\""
)
#: CloudWatch's filter for these lines; an emulator may ignore it, so each line is checked again.
_PATTERN = '?REPORT ?"platform.report" ?"timed out" ?ERROR ?Traceback ?errorType ?Runtime ?Unhandled'


def read_invocations(
    aws: Aws, group: str, function: str, *, since: float, everything: bool = True
) -> Invocations:
    """The invocations of a function since an epoch second, without those of other functions in its log group.

    Raises:
        AwsError: The log may not be read. A missing log group is not an error: it counts as empty.
    """
    request: dict[str, Any] = {"logGroupName": group, "startTime": int(since * 1000)}
    if aws.is_aws:
        request["filterPattern"] = _PATTERN
    elif not everything:
        # Emulators do not support alternatives; for a successful run, only the reports are needed.
        request |= {"filterPattern": "REPORT", "limit": _FEW_LINES}
    lines: list[str] = []
    cut = False
    with translated(f"read log group {group}"):
        try:
            for _ in range(_PAGES if everything else _FEW_PAGES):
                page = aws.client("logs").filter_log_events(**request)
                lines += [
                    event.get("message", "")
                    for event in page["events"]
                    if not is_of_another(event.get("logStreamName", ""), function)
                ]
                if not page.get("nextToken"):
                    cut = len(page["events"]) >= request.get("limit", _FULL_PAGE)
                    break
                request["nextToken"] = page["nextToken"]
            else:
                cut = True
        except Exception as error:
            if not is_not_found(error):
                raise
    return summarized(lines, cut=cut)


def summarized(lines: Iterable[str], *, cut: bool = False) -> Invocations:
    """A summary of the invocations in these log lines."""
    counts = Counter[str]()
    longest: float | None = None
    kept: list[str] = []
    in_traceback = False
    for line in lines:
        if in_traceback:
            if line.startswith(" "):
                continue
            in_traceback = False
            if _EXCEPTION.match(line):  # a traceback printed line by line: this line has the exception
                kept.append(line)
                continue
        duration = _duration(line)
        if duration is not None:
            counts["reports"] += 1
            longest = max(longest or 0.0, duration)
            counts["cold"] += "Init Duration" in line or "initDurationMs" in line
        # A failure may be in a line and in a report: the larger count of the two is taken, never their sum.
        told = "lines" if duration is None else "reports"
        if _TIMEOUT.search(line):
            counts[f"timeouts by {told}"] += 1
            kept.append(line)
            continue
        counts[f"crashes by {told}"] += _CRASH.search(line) is not None
        if duration is None and _ERROR.search(line):
            counts["errors"] += 1
            in_traceback = line.startswith("Traceback") and "\n" not in line.strip()
            if not in_traceback:
                kept.append(last_line(line))
    return Invocations(
        reports=counts["reports"],
        timeouts=max(counts["timeouts by lines"], counts["timeouts by reports"]),
        error_count=counts["errors"],
        crashes=max(counts["crashes by lines"], counts["crashes by reports"]),
        errors=tuple(" ".join(line.split())[:_LONGEST_LINE] for line in kept[-_KEPT:]),
        longest=longest,
        cold_starts=counts["cold"],
        cut=cut,
    )


def _duration(line: str) -> float | None:
    """Seconds that an invocation took, in a REPORT line of either log format."""
    found = _REPORT.match(line)
    if found is None and _JSON_REPORT.search(line):
        found = _JSON_DURATION.search(line)
    return float(found[1]) / 1000 if found else None


def read_metrics(
    aws: Aws, function: str, mappings: Iterable[str], *, since: float, until: float
) -> MetricCounts:
    """CloudWatch's counts for the time of the run (epoch seconds). Datapoints arrive minutes late.

    They are of whole minutes; an emulator's counts of a function begin exactly at the requested time.
    """
    exact = frozenset[str]() if aws.is_aws else frozenset(OF_FUNCTION)
    asked = [(name, "FunctionName", function) for name in OF_FUNCTION]
    asked += [(name, "EventSourceMappingUUID", uuid) for uuid in mappings for name in OF_MAPPING]
    request: dict[str, Any] = {
        "MetricDataQueries": [
            {"Id": f"m{place}", "MetricStat": _sum(*metric)} for place, metric in enumerate(asked)
        ],
        "StartTime": datetime.fromtimestamp(since if exact else since // 60 * 60, UTC),
        "EndTime": datetime.fromtimestamp(int(until) + 60, UTC),
    }
    results: list[Any] = []
    try:
        with translated("read the metrics"):
            for _ in range(_PAGES):
                answer = aws.client("cloudwatch").get_metric_data(**request)
                results += answer.get("MetricDataResults", ())
                if not answer.get("NextToken"):
                    break
                request["NextToken"] = answer["NextToken"]
    except AwsError as error:
        return MetricCounts(why=f"CloudWatch metrics: {error.message}")
    counts, inside = Counter[str](), Counter[str]()
    for result in results:
        name, _, _ = asked[int(result["Id"][1:])]
        for at, value in zip(result.get("Timestamps", ()), result.get("Values", ()), strict=False):
            counts[name] += value
            if name in exact or at.timestamp() >= since:
                inside[name] += value
    return MetricCounts(counts=counts, inside=inside)


def _sum(name: str, dimension: str, value: str) -> dict[str, Any]:
    metric = {
        "Namespace": "AWS/Lambda",
        "MetricName": name,
        "Dimensions": [{"Name": dimension, "Value": value}],
    }
    return {"Metric": metric, "Period": 60, "Stat": "Sum"}
