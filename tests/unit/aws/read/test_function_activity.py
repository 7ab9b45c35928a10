"""What a function's log says of its invocations: every failure once, and a caught error is no crash."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbinsert.aws.read.function_activity import read_metrics, summarized
from ddbinsert.aws.read.logs import is_of_another
from ddbinsert.core.proof.mapping_counts import MetricCounts

if TYPE_CHECKING:
    from ddbinsert.aws.session.session import Aws

ID = "8f507cfc-xmpl-4697-b07a-ac58fc914c95"
START = f"START RequestId: {ID} Version: $LATEST"
END = f"END RequestId: {ID}"
REPORT = f"REPORT RequestId: {ID}\tDuration: 15.74 ms\tBilled Duration: 16 ms\tMemory Size: 128 MB\tMax Memory Used: 56 MB"
COLD = f"{REPORT}\tInit Duration: 130.49 ms"
FAILED = f"{REPORT}\tStatus: error\tError Type: Runtime.ExitError"
TIMED_OUT = f"{REPORT}\tStatus: timeout"


def platform(status: str, milliseconds: float = 15.74) -> str:
    record = {"requestId": ID, "status": status, "metrics": {"durationMs": milliseconds}}
    return json.dumps({"time": "2026-01-01T00:00:00Z", "type": "platform.report", "record": record})


def application(level: str, **more: Any) -> str:
    return json.dumps({"timestamp": "2026-01-01T00:00:00Z", "level": level, "message": "x", **more})


PYTHON = "[ERROR] ValueError: no such column\nTraceback (most recent call last):\n  File ..."
NODE = f'2026-01-01T00:00:00.000Z\t{ID}\tERROR\tInvoke Error \t{{"errorType":"Error"}}'.replace(
    "Error \t{", "Error\t{"
)
LOGGED = f"[ERROR]\t2026-01-01T00:00:00.000Z\t{ID}\tpayment refused, tried again"


@pytest.mark.parametrize(
    ("lines", "reports", "timeouts", "crashes", "errors"),
    [
        ([], 0, 0, 0, 0),
        ([START, "hello", END, REPORT], 1, 0, 0, 0),
        ([START, PYTHON, END, REPORT], 1, 0, 1, 1),
        ([START, NODE, END, REPORT], 1, 0, 1, 1),
        ([START, LOGGED, END, REPORT], 1, 0, 0, 1),
        ([START, "Traceback (most recent call last):", END, REPORT], 1, 0, 0, 1),
        ([START, f"RequestId: {ID} Error: Runtime exited", END, FAILED], 1, 0, 1, 0),
        ([START, "[ERROR] Runtime.ExitError", END, FAILED], 1, 0, 1, 1),
        ([f"2026-01-01T00:00:00.000Z {ID} Task timed out after 3.00 seconds", END, REPORT], 1, 1, 0, 0),
        ([f"2026-01-01T00:00:00.000Z {ID} Task timed out after 3.00 seconds", END, TIMED_OUT], 1, 1, 0, 0),
        ([TIMED_OUT], 1, 1, 0, 0),
        ([platform("success")], 1, 0, 0, 0),
        ([application("ERROR", errorType="ValueError"), platform("error")], 1, 0, 1, 1),
        ([application("ERROR"), platform("success")], 1, 0, 0, 1),
        ([platform("timeout")], 1, 1, 0, 0),
        ([application("INFO"), platform("failure"), platform("success")], 2, 0, 1, 0),
    ],
)
def test_each_failure_is_counted_once(
    lines: list[str], reports: int, timeouts: int, crashes: int, errors: int
) -> None:
    found = summarized(lines)
    assert (found.reports, found.timeouts, found.crashes, found.error_count) == (
        reports,
        timeouts,
        crashes,
        errors,
    )


def test_durations_are_seconds_and_cold_starts_are_counted() -> None:
    found = summarized([REPORT, COLD, platform("success", 1500)])
    assert (found.longest, found.cold_starts) == (1.5, 1)
    assert summarized([]).longest is None


def test_the_newest_errors_are_kept_and_cut() -> None:
    found = summarized([f"[ERROR] Number{number}: {'x' * 900}\n y" for number in range(30)])
    assert found.error_count == 30
    assert len(found.errors) == 10
    assert found.errors[-1].startswith("Number29")
    assert all(len(line) <= 400 and "\n" not in line for line in found.errors)


@given(st.lists(st.text()))
def test_no_line_is_too_strange(lines: list[str]) -> None:
    found = summarized(lines)
    assert found.crashes <= len(lines)


@pytest.mark.parametrize(
    ("stream", "other"),
    [
        ("2026/01/01/[$LATEST]0123", False),
        ("2026/01/01/mine[$LATEST]0123", False),
        ("2026/01/01/mine[7]0123", False),
        ("2026/01/01/theirs[$LATEST]0123", True),
        ("2026/01/01/mine-too[1]0123", True),
        ("theirs[$LATEST]", True),
        ("of their own making", False),
        ("", False),
    ],
)
def test_another_functions_stream_is_told_by_its_name(stream: str, other: bool) -> None:
    assert is_of_another(stream, "mine") is other


# --- CloudWatch ---------------------------------------------------------------------------------------------

MINUTE = 1_795_600_020.0  # a whole one
BEGAN = MINUTE + 42.5


class CloudWatch:
    """Answers in pages: a page is datapoints (metric, epoch seconds, value) of the first mapping, or the function."""

    def __init__(self, *pages: list[tuple[str, float, float]], is_aws: bool = True) -> None:
        self.is_aws = is_aws
        self.asked: list[dict[str, Any]] = []
        self._pages = pages

    def client(self, name: str) -> CloudWatch:
        assert name == "cloudwatch"
        return self

    def get_metric_data(self, **request: Any) -> dict[str, Any]:
        place = len(self.asked)
        self.asked.append(dict(request))
        results: dict[str, dict[str, Any]] = {}
        ids = {
            query["MetricStat"]["Metric"]["MetricName"]: query["Id"]
            for query in reversed(request["MetricDataQueries"])
        }
        for name, at, value in self._pages[place]:
            one = results.setdefault(name, {"Id": ids[name], "Timestamps": [], "Values": []})
            one["Timestamps"].append(datetime.fromtimestamp(at, UTC))
            one["Values"].append(value)
        more = {"NextToken": f"{place + 1}"} if place + 1 < len(self._pages) else {}
        return {"MetricDataResults": list(results.values()), **more}

    def read(self) -> MetricCounts:
        return read_metrics(cast("Aws", self), "f", ["u-1", "u-2"], since=BEGAN, until=BEGAN + 200)


def test_the_minute_in_which_a_run_begins_is_counted_and_told_apart() -> None:
    cloudwatch = CloudWatch(
        [
            ("Errors", MINUTE, 2.0),
            ("Errors", MINUTE + 60, 1.0),
            ("PolledEventCount", MINUTE, 7.0),
            ("FilteredOutEventCount", MINUTE + 120, 0.0),
        ]
    )
    counted = cloudwatch.read()
    assert counted.counts == {"Errors": 3.0, "PolledEventCount": 7.0, "FilteredOutEventCount": 0.0}
    assert counted.inside == {"Errors": 1.0, "FilteredOutEventCount": 0.0}
    (request,) = cloudwatch.asked
    assert request["StartTime"] == datetime.fromtimestamp(MINUTE, UTC)
    assert request["EndTime"].timestamp() >= BEGAN + 200
    asked = [query["MetricStat"]["Metric"]["Dimensions"][0] for query in request["MetricDataQueries"]]
    assert [one["Value"] for one in asked] == ["f"] * 3 + ["u-1"] * 6 + ["u-2"] * 6


def test_an_emulator_is_asked_from_the_very_start_on() -> None:
    cloudwatch = CloudWatch([("Errors", MINUTE, 2.0), ("PolledEventCount", MINUTE, 3.0)], is_aws=False)
    counted = cloudwatch.read()
    assert counted.counts == {"Errors": 2.0, "PolledEventCount": 3.0}
    assert counted.inside == {"Errors": 2.0}
    assert cloudwatch.asked[0]["StartTime"] == datetime.fromtimestamp(BEGAN, UTC)


def test_every_page_of_datapoints_counts_and_pages_without_end_are_left() -> None:
    page = [("Errors", MINUTE + 60, 1.0)]
    cloudwatch = CloudWatch(page, [], page)
    assert cloudwatch.read().counts == {"Errors": 2.0}
    assert [request.get("NextToken") for request in cloudwatch.asked] == [None, "1", "2"]
    endless = CloudWatch(*[page] * 1000)
    endless.read()
    assert len(endless.asked) < 100


def test_no_datapoint_is_no_zero() -> None:
    assert CloudWatch([]).read() == MetricCounts()
