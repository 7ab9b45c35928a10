"""Running a CloudWatch Logs Insights query until it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ddbinsert.aws.errors import translated
from ddbinsert.aws.wait import until
from ddbinsert.errors import AwsError, InconclusiveError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.clock import Clock

#: Maximum seconds; a query may run for 60 minutes, but one over a few minutes of log takes seconds.
_LONGEST = 900.0


def query(
    aws: Aws,
    group: str,
    text: str,
    *,
    since: float,
    until_time: float,
    clock: Clock,
    progress: Callable[[str, float, str], None] | None = None,
) -> list[dict[str, str]]:
    """The rows of a query over a log group, each as text by field.

    Args:
        since: Start in epoch seconds.
        until_time: End in epoch seconds, inclusive.

    Raises:
        AwsError: The query was refused, or failed.
    """
    client = aws.client("logs")
    with translated(f"query log group {group}"):
        started = client.start_query(
            logGroupName=group,
            startTime=int(since),
            endTime=int(until_time) + 1,
            queryString=text,
            limit=10_000,
        )

    def read_if_complete() -> Any:
        with translated(f"query log group {group}"):
            answer = client.get_query_results(queryId=started["queryId"])
        status = answer.get("status", "Unknown")
        if status in ("Failed", "Cancelled", "Timeout"):
            raise AwsError(f"The query of log group {group} ended: {status}.", code="query-failed")
        return answer if status == "Complete" else None

    try:
        answer = until(
            read_if_complete,
            clock=clock,
            timeout=_LONGEST,
            what="CloudWatch Logs Insights",
            progress=progress,
            first=0.2,
        )
    except InconclusiveError:
        with translated(f"stop the query of log group {group}"):
            client.stop_query(queryId=started["queryId"])
        raise
    return [
        {str(cell.get("field")): str(cell.get("value")) for cell in row if cell.get("value") is not None}
        for row in answer.get("results", ())
    ]
