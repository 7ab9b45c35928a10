"""Reading an audit table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ddbinsert.advice import Advice
from ddbinsert.aws.errors import is_not_found, translated
from ddbinsert.core.attributes import as_json
from ddbinsert.core.audit_log import (
    KEY,
    POSITION,
    TIME,
    AuditEntry,
    Index,
    Question,
    choose,
    entry_of,
    newest,
    requests,
)
from ddbinsert.errors import PrerequisiteError, table_not_found

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ddbinsert.aws.session.session import Aws


def read_indexes(aws: Aws, table: str) -> tuple[Index, ...]:
    """The table's global indexes that hold whole entries.

    Raises:
        PrerequisiteError: The table does not exist, or is not an audit table.
    """
    with translated(f"read table {table}"):
        try:
            described: Any = aws.client("dynamodb").describe_table(TableName=table)["Table"]
        except Exception as error:
            if not is_not_found(error):
                raise
            create = Advice("Create it", ("audit", "create-table", table))
            raise table_not_found(table, aws.region, what="The audit table", hint=create) from error
    if KEY not in _key_of(described).values():
        raise PrerequisiteError(
            f"{table} is not an audit table: {KEY} is not in its key.",
            hint="Specify the table that the audit-log template writes to: --audit NAME.",
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


def query_entries(
    aws: Aws,
    table: str,
    question: Question,
    index: Index | None,
    *,
    limit: int,
    test_items: bool = False,
) -> tuple[list[AuditEntry], int]:
    """The newest matching entries, newest first; and the number of test items' entries that were left out.

    Args:
        index: None reads the whole table.
        test_items: Include entries of verify's test items.
    """
    found: list[AuditEntry] = []
    left_out = 0
    for parameters in requests(question, index):
        of_this = 0
        for page in _pages(aws, table, parameters, by_query=index is not None):
            entries = [
                entry_of({name: as_json(value) for name, value in item.items()}) for item in page["Items"]
            ]
            kept = [one for one in entries if test_items or one.test is None]
            left_out += len(entries) - len(kept)
            of_this += len(kept)
            found += kept
            if of_this >= limit and index is not None and index.sort in (POSITION, TIME):
                break  # they come newest first
            if len(found) > 4 * limit:
                found = newest(found, limit)
    return newest(found, limit), left_out


def read_items(aws: Aws, audit: str, table: str) -> Iterator[str]:
    """The attribute ``item`` of each entry of a table; the entries are not kept in memory."""
    question = Question(table=table)
    index = choose(question, read_indexes(aws, audit))
    for parameters in requests(question, index):
        names = {**parameters.get("ExpressionAttributeNames", {}), "#item": "item"}
        asked = {**parameters, "ProjectionExpression": "#item", "ExpressionAttributeNames": names}
        for page in _pages(aws, audit, asked, by_query=index is not None):
            yield from (str(item["item"]["S"]) for item in page["Items"] if "S" in item.get("item", {}))


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
