"""The evidence about one scripted item: its writes, its records, their receipts and lines, and their fates."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from ddbinsert.core import receipt as receipts
from ddbinsert.core.model.record import EventName
from ddbinsert.core.proof import fate
from ddbinsert.core.proof.attempts import Attempts
from ddbinsert.core.proof.fate import Delivery, Fate
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddbinsert.core.logs.ends import InvocationEnd
    from ddbinsert.core.proof.script import Lane, Write
    from ddbinsert.core.proof.sighting import Mention, Receipt, StreamRecord


@dataclass(kw_only=True)
class LaneTally:
    """The evidence about one lane.

    Attributes:
        mentioned: Log lines other than receipts that show the item's key.
        attempts: The known ends of invocations.
        awaits_ends: The end of each invocation is expected in the log.
        copies: Number of expected deliveries of each insert: one by each mapping.
    """

    lane: Lane
    written: list[tuple[Write, float]] = field(default_factory=list)
    records: dict[str, StreamRecord] = field(default_factory=dict)
    receipts: list[Receipt] = field(default_factory=list)
    mentioned: list[Mention] = field(default_factory=list)
    attempts: Attempts = field(default_factory=Attempts)
    awaits_ends: bool = False
    copies: int = 1

    @property
    def too_few(self) -> int:
        """Number of processed inserts with fewer known deliveries than mappings."""
        if self.copies < 2:
            return 0
        return sum(
            len({(one.stream, one.request) for one in self.receipts if one.identity == name}) < self.copies
            for name, first in self.processed.items()
            if self.name_of(first) == EventName.INSERT
        )

    @property
    def too_few_by_lines(self) -> int:
        """The number of missing deliveries, if fewer attempts show the item's key than mappings deliver it."""
        if self.copies < 2 or not self.lane.inserts:
            return 0
        ends = [(one.stream, self._end_of(one)) for one in self._lines_that_count()]
        return max(0, self.copies - len({(stream, end and end.at) for stream, end in ends}))

    @property
    def processing_log_streams(self) -> frozenset[str]:
        """The log streams of the successful attempts that processed one of the inserts."""
        work: list[Receipt | Mention] = [
            one
            for one in self.receipts
            if one.decision == receipts.PROCESSED and self.name_of(one) == EventName.INSERT
        ]
        work += [one for one in self.mentioned if not one.complains]
        return frozenset(one.stream for one in work if not self._failed(one))

    @property
    def lines(self) -> list[tuple[float, str]]:
        """The lines that show the item's key, each with its time in epoch seconds."""
        return [(one.logged, one.text) for one in self.mentioned]

    @property
    def mentions(self) -> int:
        """How often lines show the item's key, without lines of failed attempts and lines that report an error."""
        return sum(one.times for one in self._lines_that_count())

    def _lines_that_count(self) -> Iterator[Mention]:
        """A line with the eventID of only one insert counts once: a second delivery repeats it."""
        inserts = [one.event_id for one in self.records.values() if one.event_name == EventName.INSERT]
        others = [one.event_id for one in self.records.values() if one.event_name != EventName.INSERT]
        known: set[str] = set()
        for one in self.mentioned:
            if one.complains or self._failed(one):
                continue
            if any(name in one.text for name in inserts) and not any(name in one.text for name in others):
                if one.text in known:
                    continue
                known.add(one.text)
            yield one

    @property
    def complaint(self) -> str:
        """The last line about the item if it reports an error; otherwise empty."""
        last = max(self.mentioned, key=lambda one: one.logged, default=None)
        if last is None:
            return ""
        # Of several lines with one timestamp, the one that was read last.
        last = next(one for one in reversed(self.mentioned) if one.logged == last.logged)
        later = any(one.logged >= last.logged for one in self.receipts)
        return last.text if last.complains and not later else ""

    @property
    def failed_mentions(self) -> int:
        """How often lines of failed attempts show the item's key."""
        return sum(one.times for one in self.mentioned if self._failed(one))

    def _end_of(self, one: Receipt | Mention) -> InvocationEnd | None:
        return self.attempts.of(one.stream, one.request, one.logged)

    def _failed(self, one: Receipt | Mention) -> bool:
        end = self._end_of(one)
        return end is not None and not end.ok

    @property
    def recorded(self) -> tuple[StreamRecord, ...]:
        """The stream's records of this item, in the order of the writes."""
        return tuple(sorted(self.records.values(), key=lambda record: record.sequence))

    @property
    def is_streamed(self) -> bool | None:
        """Whether the stream contains the records that the writes must create; None if it contains others.

        Another writer may change new items (an enricher).
        """
        expected, place = self.lane.expected, 0
        for record in self.recorded:
            if place < len(expected) and record.event_name == expected[place]:
                place += 1
            elif record.event_name != EventName.MODIFY and place < len(expected):
                return None
        return place == len(expected)

    def fate_of(self, identity: str) -> Fate:
        """The fate of one INSERT, as far as its deliveries show."""
        given = [one for one in self.receipts if one.identity == identity]
        ends = [self._end_of(one) for one in given]
        return fate.of_insert(
            Delivery(decision=one.decision, at=one.logged, ended_well=None if end is None else end.ok)
            for one, end in zip(given, ends, strict=True)
        )

    @property
    def processed(self) -> dict[str, Receipt]:
        """The receipt of each processed record: the first one from an attempt that did not fail."""
        found: dict[str, Receipt] = {}
        for one in self.receipts:
            if one.decision == receipts.PROCESSED and not self._failed(one):
                found.setdefault(one.identity, one)
        # For an insert a later failure counts; a MODIFY that was processed once is an intruder.
        return {
            name: one
            for name, one in found.items()
            if self.name_of(one) != EventName.INSERT or self.fate_of(name).is_done
        }

    @property
    def failed(self) -> frozenset[str]:
        """The inserts that were delivered and on which the function failed."""
        inserts = {one.identity for one in self.receipts if self.name_of(one) == EventName.INSERT}
        return frozenset(name for name in inserts if self.fate_of(name) is Fate.FAILED)

    @property
    def ends_unseen(self) -> int:
        """Number of lines of this item whose attempt's end is not known."""
        lines: list[Receipt | Mention] = [*self.receipts, *self.mentioned]
        return sum(self._end_of(one) is None for one in lines)

    @property
    def was_named(self) -> bool:
        """Whether a record was delivered again with the same request although the earlier attempt succeeded."""
        seen: dict[tuple[str, str], InvocationEnd] = {}
        for one in sorted(self.receipts, key=lambda one: one.logged):
            end = self._end_of(one)
            if end is None or not one.request or one.again:
                continue
            earlier = seen.setdefault((one.identity, one.request), end)
            if earlier is not end and earlier.ok:
                return True
        return False

    def name_of(self, one: Receipt) -> str:
        """The event name of a receipt's record: from the stream if it was read there, otherwise from the receipt."""
        record = self.records.get(one.event_id)
        return one.event_name if record is None else record.event_name

    @property
    def processed_inserts(self) -> int:
        return sum(self.name_of(one) == EventName.INSERT for one in self.processed.values())

    @property
    def unexplained(self) -> tuple[Receipt, ...]:
        """Receipts of records that the stream does not contain."""
        return tuple(one for one in self.receipts if one.event_id and one.event_id not in self.records)

    @property
    def is_fenced(self) -> bool:
        """Whether the last insert of the lane was processed."""
        inserts = [r for r in self.recorded if r.event_name == EventName.INSERT]
        if inserts and len(inserts) == self.lane.inserts:
            return inserts[-1].event_id in self.processed or str(inserts[-1].sequence) in self.processed
        return self.processed_inserts >= self.lane.inserts

    @property
    def is_complete(self) -> bool:
        return (
            self.processed_inserts >= self.lane.inserts
            and self.is_fenced
            and not (self.awaits_ends and self.ends_unseen)
            and not self.too_few
        )
