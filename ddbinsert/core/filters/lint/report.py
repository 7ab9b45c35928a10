"""What `lint` reports about filters, as values."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum
from typing import TYPE_CHECKING

from ddbinsert.core.filters.reach.answer import KnownStream, Passes, Reachability
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddbinsert.core.pattern.model import Pattern

__all__ = [
    "CheckedFilter",
    "Correction",
    "Expectation",
    "KnownStream",
    "LintFinding",
    "LintReport",
    "LintSeverity",
    "dotted",
]


class LintSeverity(StrEnum):
    """ERROR: AWS rejects the filter, or no insert can pass. WARNING: probably a mistake. NOTE: superfluous."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Expectation(StrEnum):
    """The purpose of the filters, as far as it is known.

    INSERTS: an insert trigger, such as ddbinsert's own. OTHERS: a mapping of others, which may be intended
    for changes or deletions. ANYTHING: a mapping in a template, in which an explicit eventName is assumed to
    be intended.
    """

    INSERTS = "inserts"
    OTHERS = "others"
    ANYTHING = "anything"


@dataclass(frozen=True, kw_only=True)
class Correction:
    """A change of a pattern that corrects a finding.

    Attributes:
        path: Path of the value that is replaced, or of the member whose key is replaced.
        text: JSON text of the new value; or the new key.
        is_key: The key is replaced, not the value.
    """

    path: tuple[str | int, ...]
    text: str
    is_key: bool = False


@dataclass(frozen=True, kw_only=True)
class LintFinding:
    """One finding, with its position.

    Attributes:
        rule: A stable kebab-case identifier.
        filter: The filter's number, from 1; None if it concerns all of them.
        path: Keys and indexes from the pattern's root.
        position: Character offset in the pattern's text.
        key: The member whose key is wrong, if it is not the value.
        correction: A correction, if it is unambiguous.
    """

    rule: str
    severity: LintSeverity
    message: str
    hint: str | None = None
    filter: int | None = None
    path: tuple[str | int, ...] = ()
    position: int | None = None
    key: tuple[str | int, ...] | None = None
    correction: Correction | None = None


@dataclass(frozen=True, kw_only=True)
class CheckedFilter:
    """One filter's summary.

    Attributes:
        pattern: Its text.
        parsed: The parsed pattern; None if AWS would reject it.
        leaks: Whether a MODIFY or REMOVE passes.
        inserts: Whether an INSERT passes. None if it is invalid.
    """

    pattern: str
    parsed: Pattern | None = field(default=None, compare=False, repr=False)
    leaks: Reachability | None = None
    inserts: Reachability | None = None

    @property
    def valid(self) -> bool:
        return self.parsed is not None

    @property
    def insert_only(self) -> bool | None:
        """True: proven. False: a MODIFY or REMOVE passes. None: not known, or invalid."""
        return _decided(self.leaks, yes=False)

    @property
    def takes_inserts(self) -> bool | None:
        """True: an INSERT passes. False: it is proven that none does. None: not known, or invalid."""
        return _decided(self.inserts, yes=True)

    @property
    def counterexample(self) -> Reachability | None:
        """A MODIFY or REMOVE that passes."""
        return self.leaks if self.leaks is not None and self.leaks.passes is Passes.YES else None


def _decided(answer: Reachability | None, *, yes: bool) -> bool | None:
    if answer is None or answer.passes is Passes.UNKNOWN:
        return None
    return (answer.passes is Passes.YES) is yes


@dataclass(frozen=True, kw_only=True)
class LintReport:
    """The report about the filters of one mapping.

    Attributes:
        findings: All findings.
        filters: The summary of each filter.
    """

    filters: tuple[CheckedFilter, ...]
    findings: tuple[LintFinding, ...]

    def count(self, severity: LintSeverity) -> int:
        return sum(finding.severity is severity for finding in self.findings)

    @property
    def insert_only(self) -> bool | None:
        """Whether a mapping with these filters, which are ORed, receives inserts only; without filters it does not."""
        answers = [judged.insert_only for judged in self.filters]
        if not answers or False in answers:
            return False
        return True if all(answers) else None


def dotted(path: Sequence[str | int]) -> str:
    """`dynamodb.NewImage.n.N[0].numeric`."""
    steps = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return steps.removeprefix(".")
