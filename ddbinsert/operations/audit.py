"""Reading an audit log back: where it lies, and what was asked."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ddbinsert.core.audit import Answer, Question, choose, item_text
from ddbinsert.errors import PrerequisiteError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ddbinsert.aws.session import Aws
    from ddbinsert.core.reporter import Reporter

_VARIABLE = "SINK_ARN"


def audit_table(given: str | None, environments: Callable[[], list[Mapping[str, str]]]) -> str:
    """The audit table's name: as given, or from the first environment that names a sink.

    Args:
        environments: The function's variables as configured, then as deployed; looked at if needed.

    Raises:
        UsageError: The sink is no table. PrerequisiteError: No sink is named anywhere.
    """
    named = given or next((one[_VARIABLE] for one in environments() if one.get(_VARIABLE)), None)
    if named is None:
        raise PrerequisiteError(
            "The trigger's function has no audit table: its SINK_ARN is not set.",
            hint="Name the table: --audit NAME.",
            code="no-audit-table",
        )
    if not named.startswith("arn:"):
        return named
    parts = named.split(":", 5)
    if len(parts) < 6 or parts[2] != "dynamodb":
        raise UsageError(
            f"The audit log is no table: {named}.",
            hint="Only tables can be asked. A log group can be followed: `ddbinsert tail --log-group NAME`.",
            code="audit-not-a-table",
        )
    return named.partition(":table/")[2].partition("/")[0]


def question(
    *, key: str | None, user: str | None, table: str | None, since: float | None, until: float | None
) -> Question:
    """What is asked; moments are epoch seconds.

    Raises:
        UsageError: The key is none, or the time ends before it begins.
    """
    if since is not None and until is not None and until < since:
        raise UsageError("--until lies before --since.", hint="Swap them.")
    return Question(
        item=item_text(key) if key is not None else None,
        user=user,
        table=table,
        since=_iso(since),
        until=_iso(until),
    )


def _iso(moment: float | None) -> str | None:
    """As the template writes times."""
    if moment is None:
        return None
    try:
        at = datetime.fromtimestamp(moment, UTC)
    except (OverflowError, ValueError, OSError) as error:
        raise UsageError(f"{moment} is no moment that a table could hold.") from error
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def ask(aws: Aws, audit: str, asked: Question, *, limit: int, reporter: Reporter) -> Answer:
    """The newest entries, by the index that reads least."""
    from ddbinsert.aws.audit import ask as read
    from ddbinsert.aws.audit import read_indexes

    index = choose(asked, read_indexes(aws, audit))
    if index is None:
        reporter.step(f"no index of {audit} answers this: reading the whole table")
    entries = read(aws, audit, asked, index, limit=limit + 1)
    return Answer(
        audit=audit,
        index=index.name if index else None,
        entries=tuple(entries[:limit]),
        more=len(entries) > limit,
    )
