"""The fate of one record: the same table for every mode of verify.

| evidence about an INSERT that passes the filter                                    | fate        |
|------------------------------------------------------------------------------------|-------------|
| no delivery, and a later record of the item was processed                          | passed over |
| no delivery, and the time is not up / is up                                        | pending / missing |
| the last delivery says ``failed``, or every one that says ``processed`` is of an attempt that ended in an error | failed |
| a delivery says ``processed``, and its attempt ended well                          | processed   |
| the same, and the end of its attempt is not known                                  | end unseen  |

| evidence about any other record                                                    | fate        |
|------------------------------------------------------------------------------------|-------------|
| a delivery that the handler's guard dropped, and no other                          | guarded     |
| any other delivery, also one that failed                                           | intruder    |
| no delivery                                                                        | excluded    |
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from ddbinsert.core import receipt as receipts
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable


class Fate(StrEnum):
    """The fate of a record."""

    EXCLUDED = "excluded"
    PENDING = "pending"
    MISSING = "missing"
    PASSED_OVER = "passed over"
    FAILED = "failed"
    END_UNSEEN = "processed, end unseen"
    PROCESSED = "processed"
    GUARDED = "guarded"
    INTRUDER = "intruder"

    @property
    def is_done(self) -> bool:
        """Whether the function received the record and no evidence shows that it failed on it."""
        return self in (Fate.PROCESSED, Fate.END_UNSEEN)


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """One delivery of a record to the function.

    Attributes:
        decision: processed, guarded or failed, as reported by the handler.
        at: Epoch seconds of its line.
        ended_well: Whether the attempt ended without an error; None if its end is not known.
    """

    decision: str
    at: float
    ended_well: bool | None = None


def of_insert(
    deliveries: Iterable[Delivery], *, overtaken: bool = False, time_up: bool = True, wanted: bool = True
) -> Fate:
    """The fate of an INSERT.

    Args:
        overtaken: A later record of the same item was processed.
        wanted: The record passes the filter.
    """
    given = sorted(deliveries, key=lambda one: (one.at, one.decision == receipts.FAILED))
    if not given:
        if not wanted:
            return Fate.EXCLUDED
        if overtaken:
            return Fate.PASSED_OVER
        return Fate.MISSING if time_up else Fate.PENDING
    done = [one for one in given if one.decision == receipts.PROCESSED and one.ended_well is not False]
    if given[-1].decision == receipts.FAILED or (
        not done and any(one.decision != receipts.GUARDED for one in given)
    ):
        return Fate.FAILED
    if not done:
        # A guard dropped the insert: it was delivered and not processed.
        return Fate.PASSED_OVER if overtaken else Fate.MISSING
    return Fate.PROCESSED if any(one.ended_well for one in done) else Fate.END_UNSEEN


def of_other(deliveries: Iterable[Delivery]) -> Fate:
    """The fate of a MODIFY or REMOVE."""
    decisions = {one.decision for one in deliveries}
    if not decisions:
        return Fate.EXCLUDED
    return Fate.GUARDED if decisions == {receipts.GUARDED} else Fate.INTRUDER
