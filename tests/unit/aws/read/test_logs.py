"""A log that is written fast: what shows up late is found all the same."""

from __future__ import annotations

from typing import Any, cast

import pytest

from ddbinsert.operations.tail import reader_of


class BusyLog:
    """A log group on a clock of its own, in pages of 10,000 events as CloudWatch gives them."""

    is_aws = True
    listener = None

    def __init__(self) -> None:
        self.now = 1_000_000
        self.events: list[dict[str, Any]] = []
        self.calls = 0

    def client(self, _name: str) -> BusyLog:
        return self

    def write(self, message: str, *, ago: float = 0.0) -> None:
        self.events.append(
            {
                "timestamp": self.now - int(ago * 1000),
                "ingestionTime": self.now,
                "logStreamName": "a",
                "message": message,
                "eventId": str(len(self.events)),
            }
        )

    def filter_log_events(self, *, startTime: int, nextToken: str = "0", **_more: object) -> dict[str, Any]:  # noqa: N803
        self.calls += 1
        found = sorted((e for e in self.events if e["timestamp"] >= startTime), key=lambda e: e["timestamp"])
        begin = int(nextToken)
        page = {"events": found[begin : begin + 10_000]}
        return page if begin + 10_000 >= len(found) else {**page, "nextToken": str(begin + 10_000)}


@pytest.mark.parametrize("rate", [3, pytest.param(420, marks=pytest.mark.nightly)])
def test_lines_that_show_most_of_a_minute_late_are_found_at_any_rate(rate: int) -> None:
    log = BusyLog()
    reader = reader_of(cast("Any", log), "group", since=0.0)
    given: list[str] = []
    for second in range(200):
        log.now += 1000
        for number in range(rate):
            log.write(f"{second}: {number}")
        log.write(f"late {second}", ago=57.0)
        if second % 2:
            given += [event.message for event in reader.poll()]
    for _ in range(2):
        log.now += 31_000
        log.write("end")
        given += [event.message for event in reader.poll()]
    assert {f"late {second}" for second in range(200)} <= set(given)
    assert len(given) == 200 * (rate + 1) + 2
    # A look costs little more than the new lines: the whole window is read now and then only.
    assert log.calls < 2.5 * 102
