"""The results of comparing an audit table: the inserts, or items, without an entry."""

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
        keys: The key in DynamoDB JSON.
        at: Epoch seconds; None for an item of the table.
        event_id: The eventID; empty for an item of the table.
    """

    keys: Mapping[str, Any]
    event_id: str = ""
    at: float | None = None


@dataclass(frozen=True, kw_only=True)
class AuditComparison:
    """The result of comparing an audit table.

    Attributes:
        source: ``stream`` or ``table``: the compared source.
        since, until: The compared period, epoch seconds; None for a table.
        compared: Number of items, or of inserts that pass the filter.
        excluded: Number of inserts that do not pass.
        stored: Number of them with an entry.
        waiting: Number of recent ones without an entry.
        missing: Number of older ones without an entry.
        test_items: Number of test items without an entry; they do not count, as ``verify`` removes theirs.
        absent: The first of the missing ones.
        stretches: Periods that could not be compared, with the reason.
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
        """The exit code, by missing entries and by parts that could not be compared."""
        if self.missing:
            return ExitCode.NO
        return ExitCode.INCONCLUSIVE if self.stretches else ExitCode.OK
