"""Creating the tables that a trigger uses: its audit log and its deduplication table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.aws.own_tables import Made, TableSpec, ensure_table
from ddbinsert.core.audit_log import INDEXES, KEY, POSITION, TABLE_INDEX

if TYPE_CHECKING:
    from ddbinsert.aws.context import Context

__all__ = ["Made", "make_audit_table", "make_deduplication_table"]


def make_audit_table(
    context: Context, name: str, *, by_table: bool, expires: bool, kms_key: str | None, protect: bool
) -> Made:
    """Create or complete the table of an audit log.

    Args:
        by_table: Add an index by table and time.
        expires: Entries expire by their attribute ``expires``.
        kms_key: ARN of the KMS key that encrypts it; None for DynamoDB's own.
        protect: Enable point-in-time recovery and deletion protection, and add a policy that denies changes of entries.
    """
    indexes = {**INDEXES, **(dict([TABLE_INDEX]) if by_table else {})}
    spec = TableSpec(
        name=name,
        kind="audit-log",
        key=KEY,
        indexes={index: (partition, POSITION) for index, partition in indexes.items()},
        expires=expires,
        kms_key=kms_key,
        is_protected=protect,
    )
    return ensure_table(context, spec)


def make_deduplication_table(context: Context, name: str, *, kms_key: str | None) -> Made:
    """Create or complete a table of the events that functions have processed."""
    spec = TableSpec(name=name, kind="deduplication", key=KEY, expires=True, kms_key=kms_key)
    return ensure_table(context, spec)
