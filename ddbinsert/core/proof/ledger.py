"""What the causes ask of a ledger, whatever it keeps an account of: test items, or the traffic that there is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Sequence

    from ddbinsert.core.logs.ends import InvocationEnd
    from ddbinsert.core.proof.attempts import Attempts
    from ddbinsert.core.proof.tally import LaneTally


class Ledger(Protocol):
    """Sightings of many records, and what became of each."""

    @property
    def attempts(self) -> Attempts:
        """The ends of invocations that are on record."""

    @property
    def lanes(self) -> Sequence[LaneTally]:
        """The scripted items; none if nothing was scripted."""

    @property
    def receipts(self) -> Counter[str]:
        """Receipts by decision and event: ``processed INSERT``."""

    @property
    def lines(self) -> int:
        """Log lines, no receipts, that show an item's key."""

    @property
    def processed_inserts(self) -> int:
        """Inserts that were processed."""

    @property
    def versions_at_work(self) -> frozenset[str]:
        """The function's versions of which an attempt processed an insert, and did not fail."""

    @property
    def all_duplicates(self) -> int:
        """Receipts of records that had been processed before."""

    @property
    def must_leave(self) -> int:
        """Number of records that the stream holds of what is judged."""

    @property
    def ends_unseen(self) -> int:
        """Lines whose attempt has no end on record."""

    @property
    def complaints(self) -> Sequence[str]:
        """Lines that report an error and are the last about an insert."""

    def carried_only_processed(self, end: InvocationEnd) -> bool:
        """Whether everything that a failed attempt is known to have carried was processed since."""
