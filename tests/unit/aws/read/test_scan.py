"""A scan returns every item once, in one segment or in several, throttled or not."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.exceptions import ClientError

from ddbinsert.aws.read.scan import scan, segments_of
from ddbinsert.errors import AwsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.clock import Clock

ITEMS, PAGE = 1_003, 100


class Table:
    """A table in pages; every third call is throttled."""

    def __init__(self, pool: ThreadPoolExecutor, *, denied: bool = False) -> None:
        self._pool, self._denied = pool, denied
        self.calls: list[dict[str, Any]] = []
        self._lock = threading.Lock()

    @property
    def of_table(self) -> Table:
        return self

    def client(self, _name: str) -> Table:
        return self

    def start(self, call: Callable[[], Any]) -> Any:
        return self._pool.submit(call)

    def scan(self, **request: Any) -> dict[str, Any]:
        with self._lock:
            self.calls.append(request)
            throttled = len(self.calls) % 3 == 0
        if self._denied or throttled:
            code = "AccessDeniedException" if self._denied else "ProvisionedThroughputExceededException"
            raise ClientError({"Error": {"Code": code, "Message": ""}}, "Scan")
        total = request.get("TotalSegments", 1)
        mine = range(request.get("Segment", 0), ITEMS, total)
        start = int(request.get("ExclusiveStartKey", {"pk": {"N": "0"}})["pk"]["N"])
        page = mine[start : start + min(PAGE, request.get("Limit", PAGE))]
        last = (
            {"LastEvaluatedKey": {"pk": {"N": str(start + len(page))}}}
            if start + len(page) < len(mine)
            else {}
        )
        return {"Items": [{"pk": {"N": str(one)}} for one in page], **last}


class Still:
    """A clock on which time passes by sleeping only."""

    def __init__(self) -> None:
        self.slept = 0.0

    def monotonic(self) -> float:
        return self.slept

    def sleep(self, seconds: float) -> None:
        self.slept += seconds


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as made:
        yield made


@pytest.mark.parametrize("segments", [1, 3])
@pytest.mark.parametrize("rate", [None, 50.0])
def test_every_item_is_returned_once(pool: ThreadPoolExecutor, segments: int, rate: float | None) -> None:
    table, clock = Table(pool), Still()
    found = scan(cast("Aws", table), "t", clock=cast("Clock", clock), rate=rate, segments=segments)
    assert sorted(int(one["pk"]["N"]) for one in found) == list(range(ITEMS))
    assert {one.get("Segment") for one in table.calls} == ({None} if segments == 1 else {0, 1, 2})
    assert rate is None or clock.slept >= ITEMS / rate - 1


def test_a_scan_that_is_denied_ends(pool: ThreadPoolExecutor) -> None:
    table = Table(pool, denied=True)
    with pytest.raises(AwsError):
        list(scan(cast("Aws", table), "t", clock=cast("Clock", Still()), segments=2))


def test_only_large_tables_are_read_in_segments() -> None:
    assert [segments_of(items) for items in (0, 249_999, 250_000, 10**9)] == [1, 1, 2, 4]
