"""The interface of a ledger that the causes use, both for test items and for observed traffic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Sequence

    from ddbinsert.core.logs.ends import InvocationEnd
    from ddbinsert.core.proof.attempts import Attempts
    from ddbinsert.core.proof.tally import LaneTally


class Ledger(Protocol):
    """Sightings of records, and the fate of each."""

    @property
    def attempts(self) -> Attempts:
        """The known ends of invocations."""

    @property
    def lanes(self) -> Sequence[LaneTally]:
        """The scripted items; none without a script."""

    @property
    def receipts(self) -> Counter[str]:
        """Number of receipts by decision and event: ``processed INSERT``."""

    @property
    def lines(self) -> int:
        """Number of log lines other than receipts that show an item's key."""

    @property
    def processed_inserts(self) -> int:
        """Number of inserts that were processed."""

    @property
    def versions_at_work(self) -> frozenset[str]:
        """The versions of the function that processed an insert in an attempt that did not fail."""

    @property
    def all_duplicates(self) -> int:
        """Number of receipts of records that had been processed before."""

    @property
    def must_leave(self) -> int:
        """Number of judged records that the stream contains."""

    @property
    def ends_unseen(self) -> int:
        """Number of lines whose attempt's end is not known."""

    @property
    def complaints(self) -> Sequence[str]:
        """Lines that report an error and are the last ones about an insert."""

    def carried_only_processed(self, end: InvocationEnd) -> bool:
        """Whether all records that a failed attempt is known to have carried were processed later."""
