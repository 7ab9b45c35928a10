"""A table's items, page by page, at a limited rate; a large table in several segments at the same time."""

from __future__ import annotations

from collections import deque
from concurrent.futures import FIRST_COMPLETED, Future, wait
from functools import partial
from typing import TYPE_CHECKING, Any

from ddbinsert.aws.errors import is_throttle, translated
from ddbinsert.errors import AwsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.clock import Clock

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 10.0
#: Items for which a further segment is read, and the largest number of segments: more take a table's capacity from others.
_SEGMENT, _MOST_SEGMENTS = 250_000, 4


def segments_of(items: int) -> int:
    """The number of segments in which a table with so many items is read."""
    return min(_MOST_SEGMENTS, 1 + items // _SEGMENT)


def scan(
    aws: Aws,
    table: str,
    *,
    clock: Clock,
    rate: float | None = None,
    attributes: Sequence[str] = (),
    segments: int = 1,
) -> Iterator[dict[str, Any]]:
    """Every item, in DynamoDB JSON as boto3 returns it. Throttled pages are retried with increasing delays.

    Args:
        rate: Maximum number of items per second.
        attributes: Names of the only attributes to read; all by default.
        segments: Number of segments whose pages are requested at the same time.

    Raises:
        AwsError: The table may not be read.
    """
    request: dict[str, Any] = {"TableName": table}
    if attributes:
        names = {f"#a{place}": name for place, name in enumerate(attributes)}
        request |= {"ProjectionExpression": ", ".join(names), "ExpressionAttributeNames": names}
    if rate is not None:
        request["Limit"] = max(1, min(1000, int(rate / segments)))
    if segments == 1:
        starts = [request]
    else:
        starts = [{**request, "Segment": number, "TotalSegments": segments} for number in range(segments)]
    began, given = clock.monotonic(), 0
    for page in paged(aws, starts, clock):
        yield from page
        given += len(page)
        if rate is not None and (early := given / rate - (clock.monotonic() - began)) > 0:
            clock.sleep(early)


def paged(aws: Aws, starts: Sequence[dict[str, Any]], clock: Clock) -> Iterator[list[dict[str, Any]]]:
    """The pages of several scans or queries; the next page of each is requested when its last one was used."""
    running: dict[Future[Any], dict[str, Any]] = {}
    waiting, pause = deque(starts), _FIRST_PAUSE
    while waiting or running:
        while waiting:
            request = waiting.popleft()
            running[aws.start(partial(_page, aws, request))] = request
        answered, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in answered:
            request = running.pop(future)
            try:
                page = future.result()
            except Exception as error:
                if not is_throttle(error.__cause__ or error):
                    raise
                clock.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
                waiting.append(request)
                continue
            pause = _FIRST_PAUSE
            last = page.get("LastEvaluatedKey")
            yield list(page.get("Items") or ())
            if last:
                waiting.append({**request, "ExclusiveStartKey": last})


def _page(aws: Aws, request: dict[str, Any]) -> Any:
    if "KeyConditionExpression" in request:
        with translated(f"query table {request['TableName']}"):
            return aws.of_table.client("dynamodb").query(**request)
    with translated(f"scan table {request['TableName']}"):
        return aws.of_table.client("dynamodb").scan(**request)


def read_units(aws: Aws, table: str) -> float:
    """The approximate read request units of an eventually consistent scan: half a unit per 4 KB."""
    return units_of(float(described_table(aws, table).get("TableSizeBytes") or 0))


def units_of(size: float) -> float:
    """The read request units of eventually consistent pages with so many bytes."""
    return size / 4096 / 2


def item_count(aws: Aws, table: str) -> int:
    """The approximate number of items, which DynamoDB counts every six hours; 0 if the table may not be described."""
    try:
        return int(described_table(aws, table).get("ItemCount") or 0)
    except AwsError:
        return 0


def described_table(aws: Aws, table: str) -> dict[str, Any]:
    """A table as DynamoDB describes it.

    Raises:
        AwsError: It may not be described.
    """
    with translated(f"read table {table}"):
        return dict(aws.of_table.client("dynamodb").describe_table(TableName=table)["Table"])
