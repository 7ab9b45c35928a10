"""Queries of an audit log: which table it is, and the conditions of the query."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ddbinsert.core.arn import parse_arn
from ddbinsert.core.audit_log import AuditQueryResult, Question, choose, index_value, item_text
from ddbinsert.errors import PrerequisiteError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ddbinsert.aws.context import Context

_VARIABLE = "SINK_ARN"


def audit_table(
    given: str | None, environments: Callable[[], list[Mapping[str, str]]], *, region: str | None
) -> str:
    """The audit table's name, or its ARN if it belongs to another account.

    Args:
        given: As the user named it, by name or ARN.
        environments: The function's variables as configured, then as deployed; called only if nothing is given.
        region: The region that is connected to.

    Raises:
        UsageError: The sink is not a table, or is a table in another region.
        PrerequisiteError: No sink is configured.
    """
    named = given or next((one[_VARIABLE] for one in environments() if one.get(_VARIABLE)), None)
    if named is None:
        raise PrerequisiteError(
            "The trigger's function has no audit table: its SINK_ARN is not set.",
            hint="Specify the table with --audit NAME.",
            code="no-audit-table",
        )
    if not named.startswith("arn:"):
        return named
    parts = parse_arn(named)
    if parts is None or parts.service != "dynamodb":
        raise UsageError(
            f"The audit log is not a table: {named}.",
            hint="Only a table can be queried. A log group can be followed with tail --log-group NAME.",
            code="audit-not-a-table",
        )
    if region and parts.region != region:
        raise UsageError(
            f"The audit table {parts.name} is in {parts.region}, and this command is connected to {region}.",
            hint=f"Query it there: --region {parts.region} --audit {named}.",
            code="audit-elsewhere",
        )
    return named


def question(
    *, key: str | None, user: str | None, table: str | None, since: float | None, until: float | None
) -> Question:
    """The query's conditions; times are epoch seconds.

    Raises:
        UsageError: The key is not valid, or --until is before --since.
    """
    if since is not None and until is not None and until < since:
        raise UsageError("--until is before --since.", hint="Swap them.")
    return Question(
        item=item_text(key) if key is not None else None,
        user=None if user is None else index_value(user),
        table=table,
        since=_iso(since),
        until=_iso(until),
    )


def _iso(moment: float | None) -> str | None:
    """A time as the template writes it."""
    if moment is None:
        return None
    try:
        at = datetime.fromtimestamp(moment, UTC)
    except (OverflowError, ValueError, OSError) as error:
        raise UsageError(f"{moment} is not a time that a table can hold.") from error
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def query_audit_log(
    context: Context, audit: str, asked: Question, *, limit: int, test_items: bool = False
) -> AuditQueryResult:
    """The newest entries, read from the index that needs the fewest reads.

    Args:
        test_items: Include entries of verify's test items.
    """
    from ddbinsert.aws.audit_table import query_entries as read
    from ddbinsert.aws.audit_table import read_indexes

    index = choose(asked, read_indexes(context.aws, audit))
    if index is None:
        context.reporter.step(f"no index of {audit} answers this query: reading the whole table")
    entries, left_out = read(context.aws, audit, asked, index, limit=limit + 1, test_items=test_items)
    return AuditQueryResult(
        audit=audit,
        index=index.name if index else None,
        entries=tuple(entries[:limit]),
        more=len(entries) > limit,
        test_items=left_out,
    )
