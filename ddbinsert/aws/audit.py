"""Reading an audit table, and making one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ddbinsert.aws.errors import is_not_found, translated
from ddbinsert.aws.wait import until
from ddbinsert.core.audit import INDEXES, KEY, TABLE_INDEX, TIME, Entry, Index, entry_of, newest, request
from ddbinsert.core.sample_event import as_json
from ddbinsert.errors import PrerequisiteError, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ddbinsert.aws.session import Aws
    from ddbinsert.core.audit import Question
    from ddbinsert.core.clock import Clock


def read_indexes(aws: Aws, table: str) -> tuple[Index, ...]:
    """The table's global indexes that hold whole entries.

    Raises:
        PrerequisiteError: There is no such table, or it is no audit table.
    """
    with translated(f"read table {table}"):
        try:
            described: Any = aws.client("dynamodb").describe_table(TableName=table)["Table"]
        except Exception as error:
            if not is_not_found(error):
                raise
            raise PrerequisiteError(
                f"The audit table {table} does not exist{f' in {aws.region}' if aws.region else ''}.",
                hint="`ddbinsert audit create-table NAME` makes one.",
                code="table-not-found",
            ) from error
    if KEY not in _key_of(described).values():
        raise PrerequisiteError(
            f"{table} is no audit table: {KEY} is not in its key.",
            hint="Name the table that the audit-log template writes to: --audit NAME.",
            code="no-audit-table",
        )
    return tuple(_indexes(described))


def _indexes(described: Mapping[str, Any]) -> Iterator[Index]:
    for one in described.get("GlobalSecondaryIndexes") or ():
        whole = (one.get("Projection") or {}).get("ProjectionType") == "ALL"
        if whole and one.get("IndexStatus", "ACTIVE") == "ACTIVE":
            key = _key_of(one)
            yield Index(name=one["IndexName"], partition=key["HASH"], sort=key.get("RANGE"))


def _key_of(described: Mapping[str, Any]) -> dict[str, str]:
    return {part["KeyType"]: part["AttributeName"] for part in described["KeySchema"]}


def ask(
    aws: Aws,
    table: str,
    question: Question,
    index: Index | None,
    *,
    limit: int,
    progress: Callable[[int], None] | None = None,
) -> list[Entry]:
    """The newest entries that the question fits, newest first.

    Args:
        index: None reads the whole table.
        progress: Told how many items were looked at, after each page.
    """
    found: list[Entry] = []
    looked = 0
    for page in _pages(aws, table, request(question, index), by_query=index is not None):
        looked += int(page.get("ScannedCount") or 0)
        found += [entry_of({name: as_json(value) for name, value in item.items()}) for item in page["Items"]]
        if progress:
            progress(looked)
        if len(found) >= limit and index is not None and index.sort == TIME:
            break  # they come newest first
        if len(found) > 4 * limit:
            found = newest(found, limit)
    return newest(found, limit)


def _pages(aws: Aws, table: str, parameters: dict[str, Any], *, by_query: bool) -> Iterator[dict[str, Any]]:
    client: Any = aws.client("dynamodb")
    call = client.query if by_query else client.scan
    start: dict[str, Any] = {}
    while True:
        with translated(f"read audit table {table}"):
            page = call(TableName=table, **parameters, **start)
        yield page
        if not page.get("LastEvaluatedKey"):
            return
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def create_table(aws: Aws, name: str, *, by_table: bool, clock: Clock, timeout: float) -> str:
    """Make an audit table, on demand, with indexes by item and user; its ARN once it is active.

    Args:
        by_table: An index by table, too: every entry of a table in one partition, which takes some 1,000 writes
            a second.

    Raises:
        Refused: There is a table of this name.
    """
    indexes = {**INDEXES, **(dict([TABLE_INDEX]) if by_table else {})}
    client: Any = aws.client("dynamodb")
    with translated(f"create table {name}"):
        try:
            client.create_table(
                TableName=name,
                BillingMode="PAY_PER_REQUEST",
                KeySchema=[{"AttributeName": KEY, "KeyType": "HASH"}],
                AttributeDefinitions=[
                    {"AttributeName": one, "AttributeType": "S"} for one in (KEY, TIME, *indexes.values())
                ],
                GlobalSecondaryIndexes=[
                    {
                        "IndexName": index,
                        "KeySchema": [
                            {"AttributeName": partition, "KeyType": "HASH"},
                            {"AttributeName": TIME, "KeyType": "RANGE"},
                        ],
                        "Projection": {"ProjectionType": "ALL"},
                    }
                    for index, partition in indexes.items()
                ],
            )
        except client.exceptions.ResourceInUseException as error:
            raise Refused(
                f"A table {name} exists already.", hint="Take another name.", code="table-exists"
            ) from error

    def look() -> str | None:
        with translated(f"read table {name}"):
            described = client.describe_table(TableName=name)["Table"]
        return str(described["TableArn"]) if described["TableStatus"] == "ACTIVE" else None

    return until(look, clock=clock, timeout=timeout, what=f"table {name} to be active")
