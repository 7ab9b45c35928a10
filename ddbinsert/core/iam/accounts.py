"""What commands need in each account, if the table is in another account than the function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ddbinsert.core.iam.grants import ResourceScope
from ddbinsert.core.iam.modes import Mode, needs

if TYPE_CHECKING:
    from ddbinsert.core.iam.grants import Grant

_READ: Final = "stream GetResourcePolicy"
_SEEN: Final = needs(useful={_READ: "whether the policy of the stream lets the function's role read it"})
_WRITTEN: Final = needs(_READ, "stream PutResourcePolicy")
_REMOVED: Final = needs(_READ, "stream PutResourcePolicy", "stream DeleteResourcePolicy")
#: What commands need in addition, for a table of another account.
ADDED: Final = (_SEEN, _WRITTEN, _REMOVED)
_OF_TABLES: Final = (ResourceScope.TABLE, ResourceScope.INDEX, ResourceScope.STREAM)


def across(mode: Mode) -> Mode:
    """A mode with what it needs in addition, if the table is in another account."""
    calls = mode.calls
    if "DeleteEventSourceMapping" in calls:
        return mode.combined_with(_REMOVED)
    if "CreateEventSourceMapping" in calls:
        return mode.combined_with(_WRITTEN)
    if "ListEventSourceMappings" in calls and "DescribeTable" in calls:
        return mode.combined_with(_SEEN)
    return mode


def is_of_table(grant: Grant) -> bool:
    """Whether an action is called with the credentials for the table's account."""
    if grant.scope is ResourceScope.ANY:
        return grant.action.startswith("dynamodb:")
    return grant.scope in _OF_TABLES
