"""What a lint says of filters, as values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddbinsert.core.filter_reach import Passing
    from ddbinsert.core.model import KeySchema, StreamView


class Severity(StrEnum):
    """ERROR: AWS refuses it, or it keeps out every insert. WARNING: hardly meant. NOTE: superfluous."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong, with its place.

    Args:
        rule: A stable kebab-case identifier.
        filter: The filter's number, from 1; None where it concerns all of them.
        path: Keys and indexes from the pattern's root.
        position: Character offset in the pattern's text.
    """

    rule: str
    severity: Severity
    message: str
    hint: str | None = None
    filter: int | None = None
    path: tuple[str | int, ...] = ()
    position: int | None = None


@dataclass(frozen=True, kw_only=True)
class Table:
    """What is known of the stream that the filters stand on; None is not known."""

    view: StreamView | None = None
    key: KeySchema | None = None


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One filter's summary.

    Args:
        pattern: Its text.
        valid: Whether AWS takes it.
        insert_only: Whether neither MODIFY nor REMOVE passes it; None where it is invalid.
        takes_inserts: Whether some INSERT of this stream passes it; None where it is invalid.
        counterexample: A MODIFY or REMOVE that passes.
    """

    pattern: str
    valid: bool
    insert_only: bool | None = None
    takes_inserts: bool | None = None
    counterexample: Passing | None = None


@dataclass(frozen=True, kw_only=True)
class Report:
    """All of it."""

    filters: tuple[Judged, ...]
    findings: tuple[Finding, ...]

    def count(self, severity: Severity) -> int:
        return sum(finding.severity is severity for finding in self.findings)

    @property
    def insert_only(self) -> bool:
        """Whether a mapping with these filters gets inserts only; one without filters gets everything."""
        return bool(self.filters) and all(judged.insert_only for judged in self.filters)


def dotted(path: Sequence[str | int]) -> str:
    """`dynamodb.NewImage.n.N[0].numeric`."""
    steps = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return steps.removeprefix(".")
