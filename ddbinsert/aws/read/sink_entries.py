"""Looking up the entries that templates write to a table sink, by eventID."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ddbinsert.aws.errors import translated
from ddbinsert.aws.read.resources import read_table
from ddbinsert.core.arn import arn_parts, resource_name
from ddbinsert.core.audit_log import KEY
from ddbinsert.core.model.record import KeyType
from ddbinsert.errors import AwsError, DdbInsertError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from ddbinsert.aws.session.session import Aws

_PAGE = 100
#: Maximum number of attempts to read keys that DynamoDB left unprocessed.
_TRIES = 10


def why_unreadable(aws: Aws, sink: str, beside: str) -> str:
    """Why the entries of a sink cannot be looked up; empty if they can.

    Args:
        sink: The sink's ARN.
        beside: The ARN of the table whose inserts the sink holds.
    """
    try:
        parts, here = arn_parts(sink), arn_parts(beside)
    except (DdbInsertError, ValueError):
        return f"{sink} is not a valid ARN"
    if parts.service != "dynamodb":
        return f"entries in {parts.service} can't be looked up"
    if (parts.account, parts.region) != (here.account, here.region):
        return f"{sink} is in another account or region"
    try:
        table = read_table(aws.of_function, resource_name(sink))
    except AwsError as error:
        return error.message
    if table is None:
        return f"table {resource_name(sink)} does not exist"
    first, *others = table.key.attributes
    is_ours = first.name == KEY and first.type is KeyType.S and not others
    return "" if is_ours else f"table {resource_name(sink)} is not keyed by {KEY}"


def find_entries(aws: Aws, sink: str, event_ids: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """Each eventID, and whether the sink holds its entry.

    Raises:
        AwsError: The table may not be read, or returns only a part of the keys.
    """
    page: list[str] = []
    for event_id in event_ids:
        page.append(event_id)
        if len(page) == _PAGE:
            yield from _page(aws, resource_name(sink), page)
            page = []
    if page:
        yield from _page(aws, resource_name(sink), page)


def _page(aws: Aws, table: str, ids: Collection[str]) -> Iterator[tuple[str, bool]]:
    asked: Any = {
        table: {
            "Keys": [{KEY: {"S": one}} for one in dict.fromkeys(ids)],
            "ConsistentRead": True,
            "ProjectionExpression": KEY,
        }
    }
    found: set[str] = set()
    for _ in range(_TRIES):
        with translated(f"read table {table}"):
            answer: Any = aws.client("dynamodb").batch_get_item(RequestItems=asked)
        found |= {item[KEY]["S"] for item in answer.get("Responses", {}).get(table, ())}
        asked = answer.get("UnprocessedKeys") or {}
        if not asked:
            yield from ((one, one in found) for one in dict.fromkeys(ids))
            return
    raise AwsError(f"Table {table} returned only a part of the keys.", code="throttled")
