"""What somebody else does during the tour, without ddbinsert."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.functional.command import until

if TYPE_CHECKING:
    from collections.abc import Callable

_WIDE = '{"eventName":["INSERT","MODIFY"]}'


def widen_the_filter(client: Callable[[str], Any], table: str) -> None:
    """Change the mapping's filter in place, and wait until the change is in force."""
    lambda_ = client("lambda")
    (mapping,) = lambda_.list_event_source_mappings(FunctionName=f"{table}-inserts")["EventSourceMappings"]
    lambda_.update_event_source_mapping(
        UUID=mapping["UUID"], FilterCriteria={"Filters": [{"Pattern": _WIDE}]}
    )
    settled = until(
        lambda: lambda_.get_event_source_mapping(UUID=mapping["UUID"])["State"] == "Enabled", seconds=300.0
    )
    if not settled:
        raise TimeoutError(f"mapping {mapping['UUID']} is not enabled again")


def delete_the_audit_table(client: Callable[[str], Any], table: str) -> None:
    """Delete the tour's audit table; its protection against deletion is removed first."""
    dynamodb, name = client("dynamodb"), f"{table}-audit"
    try:
        dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
    except dynamodb.exceptions.ResourceNotFoundException:
        return
    until(lambda: dynamodb.describe_table(TableName=name)["Table"]["TableStatus"] == "ACTIVE", seconds=300.0)
    dynamodb.delete_table(TableName=name)
