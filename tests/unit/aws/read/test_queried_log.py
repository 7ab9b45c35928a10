"""A log read by Insights: each line once and in order, however many there are in a second."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from ddbinsert.aws.read.queried_log import QueriedLog

if TYPE_CHECKING:
    from collections.abc import Iterator

START = 1_700_000_000


class Events:
    """A log group with these events (epoch ms, message), and the calls that were made."""

    is_aws = False
    listener = None

    def __init__(self, events: list[tuple[int, str]], *, exists: bool = True) -> None:
        self.events = sorted(events)
        self.exists = exists
        self.calls: list[str] = []
        self._asked: dict[str, Any] = {}

    def client(self, _name: str) -> Events:
        return self

    def start_query(self, **request: Any) -> dict[str, str]:
        self.calls.append("query")
        if not self.exists:
            raise ClientError(
                {"Error": {"Code": "ResourceNotFoundException", "Message": "no group"}}, "StartQuery"
            )
        self._asked = request
        return {"queryId": "q"}

    def get_query_results(self, queryId: str) -> dict[str, Any]:  # noqa: N803 - boto3's name
        assert queryId == "q"
        start, end = self._asked["startTime"] * 1000, self._asked["endTime"] * 1000
        (wanted,) = re.findall(r"like /(.+)/\n", self._asked["queryString"])
        found = [one for one in self.events if start <= one[0] <= end and re.search(wanted, one[1])]
        # Insights keeps no order within a millisecond.
        found.sort(key=lambda one: (one[0], one[1][::-1]))
        return {
            "status": "Complete",
            "results": [list(_cells(*one)) for one in found[: self._asked["limit"]]],
        }

    def filter_log_events(self, **request: Any) -> dict[str, Any]:
        self.calls.append("read")
        if not self.exists:
            raise ClientError(
                {"Error": {"Code": "ResourceNotFoundException", "Message": "no group"}}, "FilterLogEvents"
            )
        end = request.get("endTime", 10**15)
        found = [one for one in self.events if request["startTime"] <= one[0] <= end]
        place = int(request.get("nextToken", 0))
        page = found[place : place + 2_000]
        more = {"nextToken": str(place + 2_000)} if place + 2_000 < len(found) else {}
        events = [
            {"timestamp": at, "logStreamName": "s", "message": text, "eventId": f"{at}{text}"}
            for at, text in page
        ]
        return {"events": events, **more}


def _cells(at: int, text: str) -> Iterator[dict[str, str]]:
    shown = datetime.fromtimestamp(at / 1000, UTC).strftime("%F %T.%f")[:-3]
    yield from (
        {"field": name, "value": value}
        for name, value in (("@timestamp", shown), ("@logStream", "s"), ("@message", text))
    )


class Now:
    def __init__(self, at: float) -> None:
        self._at = at

    def now(self) -> float:
        return self._at

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, _seconds: float) -> None:
        """No time passes."""


def reading(aws: Any, *, seconds: int) -> QueriedLog:
    clock: Any = Now(START + seconds)
    return QueriedLog(aws, "g", since=START, needles=("WORK ", "REPORT RequestId:"), overlap=2.0, clock=clock)


def test_each_line_is_given_once_and_in_order_and_the_rest_is_left_out() -> None:
    lines = [(START * 1000 + number * 700, f"WORK {number}") for number in range(25_000)]
    others = [(at + 1, "something else") for at, _ in lines]
    log = reading(Events(lines + others), seconds=20_000)
    assert [(one.timestamp, one.message) for one in log.poll()] == lines
    assert log.complete


@pytest.mark.nightly
def test_a_second_with_more_lines_than_an_answer_holds_is_read_line_by_line() -> None:
    crowded = [((START + 50) * 1000 + number % 1000, f"WORK {number}") for number in range(12_345)]
    sparse = [((START + second) * 1000, f"WORK at {second}") for second in range(100)]
    aws = Events(crowded + sparse)
    log = reading(aws, seconds=100)
    found = [one.message for one in log.poll()]
    assert sorted(found) == sorted(text for _, text in crowded + sparse)
    assert "read" in aws.calls


def test_the_end_of_an_invocation_comes_after_its_lines_of_the_same_millisecond() -> None:
    at = START * 1000 + 5
    lines = [(at, "REPORT RequestId: a\tDuration: 1 ms"), *((at, f"WORK {number}") for number in range(20))]
    found = [one.message for one in reading(Events(lines), seconds=10).poll()]
    assert found[-1].startswith("REPORT")
    assert len(found) == 21


def test_lines_that_come_while_it_is_read_are_given_too() -> None:
    lines = [(START * 1000, "WORK old"), ((START + 10) * 1000 + 1, "WORK new")]
    assert [one.message for one in reading(Events(lines), seconds=10).poll()] == ["WORK old", "WORK new"]


@pytest.mark.parametrize("seconds", [0, 10])
def test_a_group_that_is_not_there_is_said_so(seconds: int) -> None:
    log = reading(Events([], exists=False), seconds=seconds)
    assert list(log.poll()) == []
    assert log.group_missing
    assert log.complete
