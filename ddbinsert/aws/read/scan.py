"""A table's items, page by page, at a limited rate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ddbinsert.aws.errors import is_throttle, translated

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.clock import Clock

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 10.0


def scan(
    aws: Aws, table: str, *, clock: Clock, rate: float | None = None, attributes: Sequence[str] = ()
) -> Iterator[dict[str, Any]]:
    """Every item, in DynamoDB JSON as boto3 returns it. Throttled pages are retried with increasing delays.

    Args:
        rate: Maximum number of items per second.
        attributes: Names of the only attributes to read; all by default.

    Raises:
        AwsError: The table may not be read.
    """
    request: dict[str, Any] = {"TableName": table}
    if attributes:
        names = {f"#a{place}": name for place, name in enumerate(attributes)}
        request |= {"ProjectionExpression": ", ".join(names), "ExpressionAttributeNames": names}
    if rate is not None:
        request["Limit"] = max(1, min(1000, int(rate)))
    client: Any = aws.client("dynamodb")
    began, given, pause = clock.monotonic(), 0, _FIRST_PAUSE
    while True:
        try:
            with translated(f"scan table {table}"):
                page = client.scan(**request)
        except Exception as error:
            if not is_throttle(error.__cause__ or error):
                raise
            clock.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
            continue
        pause = _FIRST_PAUSE
        for item in page.get("Items") or ():
            given += 1
            yield item
        last = page.get("LastEvaluatedKey")
        if not last:
            return
        request["ExclusiveStartKey"] = last
        if rate is not None and (early := given / rate - (clock.monotonic() - began)) > 0:
            clock.sleep(early)


def read_units(aws: Aws, table: str) -> float:
    """The approximate read request units of an eventually consistent scan: half a unit per 4 KB."""
    with translated(f"read table {table}"):
        described: Any = aws.client("dynamodb").describe_table(TableName=table)["Table"]
    return float(described.get("TableSizeBytes") or 0) / 4096 / 2
