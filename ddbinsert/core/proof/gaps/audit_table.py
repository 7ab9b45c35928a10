"""What comparing an audit table answers: which inserts, or which items, have no entry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ddbinsert.dataclass import dataclass
from ddbinsert.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddbinsert.core.proof.gaps.model import Stretch


@dataclass(frozen=True, kw_only=True)
class Absent:
    """An insert, or an item, without an entry.

    Attributes:
        keys: In DynamoDB JSON.
        at: Epoch seconds. event_id, at: Empty and None for an item of the table.
    """

    keys: Mapping[str, Any]
    event_id: str = ""
    at: float | None = None


@dataclass(frozen=True, kw_only=True)
class AuditComparison:
    """The result of comparing an audit table.

    Attributes:
        source: ``stream`` or ``table``: what it was compared with.
        since, until: The time that was compared, epoch seconds; None for a table.
        compared: Inserts that the filter lets through, or items.
        excluded: Inserts that it does not.
        stored: Those with an entry.
        waiting: Younger ones without an entry.
        missing: Older ones without an entry.
        test_items: Test items of ``verify`` or ``send`` without an entry; ``verify`` removes theirs, so they do not count.
        absent: The first of the missing ones.
        stretches: What could not be compared, and why.
    """

    table: str
    audit: str
    source: str
    since: float | None = None
    until: float | None = None
    compared: int = 0
    excluded: int = 0
    stored: int = 0
    waiting: int = 0
    missing: int = 0
    test_items: int = 0
    absent: tuple[Absent, ...] = ()
    stretches: tuple[Stretch, ...] = ()
    evidence: tuple[str, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """By what has no entry, and by what can't be said."""
        if self.missing:
            return ExitCode.NO
        return ExitCode.INCONCLUSIVE if self.stretches else ExitCode.OK
