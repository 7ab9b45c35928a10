"""The bulk items of a run in bounded memory: each is put once, and a few bits store the fate of its insert."""

from __future__ import annotations

import math
from array import array
from collections import Counter
from typing import TYPE_CHECKING

from ddbinsert.core import receipt as receipts
from ddbinsert.core.model.record import EventName
from ddbinsert.core.proof.attempts import versions_of
from ddbinsert.core.proof.sighting import Receipt

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ddbinsert.core.logs.ends import InvocationEnd
    from ddbinsert.core.proof.attempts import Attempts

#: Number of faulty bulk records that are kept with their ids; all are counted.
KEPT = 1000


class Bits:
    """A set of numbers below a bound, stored as bits."""

    def __init__(self, bound: int) -> None:
        self._bytes = bytearray((bound + 7) // 8)
        self.bound = bound
        self.count = 0

    def add(self, number: int) -> bool:
        """Add a number, and return whether it is new."""
        place, bit = number >> 3, 1 << (number & 7)
        if self._bytes[place] & bit:
            return False
        self._bytes[place] |= bit
        self.count += 1
        return True

    def discard(self, number: int) -> None:
        place, bit = number >> 3, 1 << (number & 7)
        if self._bytes[place] & bit:
            self._bytes[place] ^= bit
            self.count -= 1

    def __contains__(self, number: int) -> bool:
        return bool(self._bytes[number >> 3] & 1 << (number & 7))

    def absent(self) -> Iterator[int]:
        """The numbers that are not in the set."""
        for place, byte in enumerate(self._bytes):
            if byte != 0xFF:
                start = place << 3
                yield from (n for n in range(start, min(start + 8, self.bound)) if not byte & 1 << (n & 7))


class Bulk:
    """The evidence about the bulk items.

    Attributes:
        processed: Indexes (0 for the first bulk item) of inserts that were processed.
        failed: Indexes of inserts that were delivered to a failed attempt, or on which the handler reports a failure.
        intruders: The first receipts of records that are not inserts.
        intruder_count: Number of all such receipts.
        strange: Receipts of inserts under another eventID than the item's first one: a second record, which
            no write of the run explains.
        duplicates: Number of receipts of an insert that had been processed before.
        largest_batch: The largest number of bulk items that one attempt is known to have carried.
        event_ids: The eventIDs of the receipts, if ``keeps_ids`` is set: about 80 bytes each.
    """

    def __init__(self, size: int, attempts: Attempts) -> None:
        self.processed = Bits(size)
        self.failed = Bits(size)
        self.intruders: list[Receipt] = []
        self.intruder_count = 0
        self.strange = 0
        self.duplicates = 0
        self.largest_batch = 0
        self.streamed = Counter[str]()
        self.strays = Counter[str]()
        self.counted = 0
        self.counted_duplicates = 0
        self._attempts = attempts
        self._sure = Bits(size)
        self._done_at = array("f", [-math.inf]) * size
        self._failed_at: array[float] | None = None
        self._began: float | None = None
        self._marks = bytearray(size)  # 8 bits of the eventID's hash; 0 for none yet
        self.event_ids: set[str] = set()
        self.keeps_ids = False
        self._open: dict[str, array[int]] = {}
        self._at_work: set[str] = set()

    def add_receipt(self, place: int, one: Receipt) -> None:
        """Add a receipt of the bulk item with the index ``place``."""
        if one.event_name != EventName.INSERT:
            self.intruder_count += 1
            if len(self.intruders) < KEPT:
                self.intruders.append(one)
            return
        if one.decision == receipts.GUARDED:
            return  # the handler's own protection against duplicates; the first delivery decides
        if one.decision != receipts.FAILED:
            self.take_processed(place, one.event_id, one.request, one.logged, one.stream)
            return
        self._take_id(place, one.event_id)
        self._fail(place, self._seconds(one.logged))

    def take_processed(self, place: int, event_id: str, request: str, logged: float, stream: str) -> None:
        """Add a receipt of a processed insert."""
        self._take_id(place, event_id)
        at = self._seconds(logged)
        end = self._attempts.of(stream, request, logged) if stream else None
        if end is not None and not end.ok:
            self.failed.add(place)
            return
        if self._failed_at is not None and self._failed_at[place] > at:
            return  # a later decision about it is known
        self._done_at[place] = max(self._done_at[place], at)
        if end is not None or not stream:
            self._sure.add(place)
            self._at_work |= versions_of([stream])
        elif (places := self._open.get(stream)) is not None:
            places.append(place)
        else:
            self._open[stream] = array("I", (place,))
        if not self.processed.add(place):
            self.duplicates += 1

    def _take_id(self, place: int, event_id: str) -> None:
        self.identify(place, event_id)
        if self.keeps_ids and event_id:
            self.event_ids.add(event_id)

    def _fail(self, place: int, at: float) -> None:
        """Add a failure that the handler reports: the last decision in the order of the log counts."""
        self.failed.add(place)
        if self._failed_at is None:
            self._failed_at = array("f", [-math.inf]) * self.processed.bound
        self._failed_at[place] = max(self._failed_at[place], at)
        if self._done_at[place] <= at:
            self.processed.discard(place)
            self._sure.discard(place)

    def _seconds(self, at: float) -> float:
        """Seconds since the first receipt: small numbers, for which four bytes are precise enough."""
        if self._began is None:
            self._began = at
        return at - self._began

    def identify(self, place: int, event_id: str) -> None:
        """Compare a record's eventID with the first one of this item."""
        if not event_id:
            return
        mark = hash(event_id) % 255 + 1
        known = self._marks[place]
        if not known:
            self._marks[place] = mark
        elif known != mark:
            self.strange += 1

    def is_known(self, place: int, one: Receipt) -> bool:
        """Whether a receipt may have been added before."""
        if one.event_name != EventName.INSERT:
            return one in self.intruders
        return place in self.processed or place in self.failed

    def add_end(self, end: InvocationEnd) -> None:
        """Add the end of an attempt: the records that it carried are processed, or failed."""
        self.largest_batch = max(self.largest_batch, len(self._open.get(end.stream, ())))
        if end.ok and end.stream in self._open:
            self._at_work |= versions_of([end.stream])
        for place in self._open.pop(end.stream, ()):
            if end.ok:
                self._sure.add(place)
            else:
                self.failed.add(place)
                if place not in self._sure and self._done_at[place] <= self._seconds(end.at):
                    self.processed.discard(place)

    @property
    def versions_at_work(self) -> frozenset[str]:
        """The versions of the function that processed an insert in an attempt that did not fail."""
        return frozenset(self._at_work) | versions_of(self._open)

    @property
    def ends_unseen(self) -> int:
        """Inserts whose receipt belongs to an attempt whose end is not known."""
        return sum(len(places) for places in self._open.values())

    def count_elsewhere(self, *, lines: int, items: int, strays: Mapping[str, int], first: int) -> None:
        """Set the counts that were made elsewhere, replacing earlier ones: see ``Tally.set_counts``."""
        self.counted = lines
        self.counted_duplicates = max(0, lines - items)
        self.strays = Counter(strays)
        others = {kind: count for kind, count in strays.items() if not _is_failed_insert(kind)}
        self.intruder_count = sum(others.values())
        self.intruders = [
            Receipt(
                number=first,
                decision=kind.partition(" ")[0],
                event_id=f"({count} counted)",
                event_name=kind.partition(" ")[2],
                sequence=-1,
                logged=0.0,
                request="",
            )
            for kind, count in others.items()
        ]


def _is_failed_insert(kind: str) -> bool:
    return kind == f"{receipts.FAILED} {EventName.INSERT}"
