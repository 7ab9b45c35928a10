"""The ledger of a run of test writes: it collects every sighting and derives the fate of each record.

A lane keeps every record and receipt (there are few). Bulk items take a few bits each (``core.proof.bulk``).
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from ddbinsert.core import receipt as receipts
from ddbinsert.core.arn import resource_name
from ddbinsert.core.attributes import same_value
from ddbinsert.core.items.run_key import mentions_in, number_in
from ddbinsert.core.model.record import EventName
from ddbinsert.core.proof.attempts import Attempts, versions_of
from ddbinsert.core.proof.bulk import KEPT, Bits, Bulk
from ddbinsert.core.proof.bulk_receipts import BulkReceipts
from ddbinsert.core.proof.histogram import Histogram
from ddbinsert.core.proof.lane import LaneTally
from ddbinsert.core.proof.script import Lane
from ddbinsert.core.proof.sighting import Mention, Receipt, StreamRecord, receipt_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddbinsert.core.logs.ends import InvocationEnd
    from ddbinsert.core.model.record import KeySchema
    from ddbinsert.core.proof.probe_item import Sample
    from ddbinsert.core.proof.script import Script, Write

_PROCESSED_INSERT = f"{receipts.PROCESSED} {EventName.INSERT}"

__all__ = ["KEPT", "Bits", "LaneTally", "Receipt", "StreamRecord", "Tally"]


class Tally:
    """The evidence about the writes of one script.

    Attributes:
        attempts: The known ends of invocations, of this run's records and others.
        awaits_ends: The function's log contains a line for each end, so a missing one is still expected.
        copies: Number of expected deliveries of each insert: one by each mapping.
        copies_of: The same for individual items.
        sample, key: The form of the test items' keys, so that AUDIT#KEY is not recognized as one; without
            them, every key that contains the run's id is.
        function: The function's name; receipts of others are ignored. unsigned: Number of those that name none.
        log_lag: The longest delay in seconds from a line's timestamp until it was read.
        latency: Seconds from the write's response to the receipt's log event, if both are known.
        duplicates: Number of receipts of records that had been processed before.
    """

    def __init__(
        self,
        script: Script,
        *,
        awaits_ends: bool = False,
        copies: int = 1,
        copies_of: Mapping[int, int] | None = None,
        function: str = "",
        sample: Sample | None = None,
        key: KeySchema | None = None,
    ) -> None:
        self.script = script
        self._copies = copies
        self._copies_of = copies_of or {}
        self.function = function
        self.unsigned = 0
        self._sample = sample
        self._key = key
        self.attempts = Attempts()
        self.awaits_ends = awaits_ends
        self.lanes = [self._lane(lane) for lane in script.lanes]
        self.bulk = Bulk(script.bulk, self.attempts)
        self._bulk_receipts = BulkReceipts(script.run_id, sample=sample, key=key, function=function)
        self.bulk_written = 0
        self.receipts = Counter[str]()
        self.lines = 0
        self.latency = Histogram()
        self.log_lag = 0.0
        self._duplicates = 0

    def _lane(self, lane: Lane) -> LaneTally:
        copies = self._copies_of.get(lane.number, self._copies)
        return LaneTally(lane=lane, attempts=self.attempts, awaits_ends=self.awaits_ends, copies=copies)

    # --- input ------------------------------------------------------------------------------------------

    def add_write(self, write: Write, at: float) -> None:
        self.lanes[write.number].written.append((write, at))

    def wrote_bulk(self, count: int) -> None:
        self.bulk_written += count

    def add_end(self, end: InvocationEnd) -> None:
        """Add the end of an invocation attempt, of this run's records or others."""
        if self.attempts.add(end):
            self.bulk.add_end(end)

    def streamed(self, record: Mapping[str, Any]) -> bool:
        """Add a record of the stream, and return whether it is one of this run's."""
        change = record.get("dynamodb") or {}
        number = number_in(change.get("Keys"), self.script.run_id)
        if number is None or number >= self.script.items or not self._is_ours(change.get("Keys"), number):
            return False
        name = str(record.get("eventName"))
        event_id = str(record.get("eventID") or "")
        if number >= len(self.lanes):
            self.bulk.streamed[name] += 1
            if name == EventName.INSERT:
                self.bulk.identify(number - len(self.lanes), event_id)
            return True
        self.lanes[number].records[event_id] = StreamRecord(
            event_id=event_id,
            event_name=name,
            sequence=int(change.get("SequenceNumber") or -1),
            at=change.get("ApproximateCreationDateTime"),
        )
        return True

    def add_log_line(
        self, message: str, at: float, seen: float | None = None, *, swept: bool = False, stream: str = ""
    ) -> bool:
        """Add a log line, logged at ``at`` and read at ``seen`` (epoch seconds); return whether it is of this run.

        Args:
            swept: The line may have been added before.
            stream: The log stream's name.
        """
        mine = self._take_line(message, at, swept=swept, stream=stream)
        if mine and seen is not None:
            self.log_lag = max(self.log_lag, seen - at)
        return mine

    def set_counts(self, *, lines: int, items: int, strays: Mapping[str, int]) -> None:
        """Set the counts of bulk items that were made elsewhere, replacing earlier ones.

        Args:
            lines: Number of receipts of processed inserts.
            items: Number of their items.
            strays: All other receipts, by "decision EVENT"; one of each kind represents all.
        """
        self.bulk.count_elsewhere(lines=lines, items=items, strays=strays, first=len(self.lanes))

    def _take_line(self, message: str, at: float, *, swept: bool, stream: str) -> bool:
        usual = None if swept else self._bulk_receipts.read(message)
        if usual is not None and len(self.lanes) <= usual[0] < self.script.items:
            number, event_id, request = usual
            self.receipts[_PROCESSED_INSERT] += 1
            self.bulk.take_processed(number - len(self.lanes), event_id, request, at, stream)
            return True
        found = receipts.parse(message)
        if found is not None:
            return self._take_receipt(found, at, swept=swept, stream=stream)
        found_in = mentions_in(message, self.script.run_id, alone=self._is_bare)
        numbers = [n for n in found_in if n < self.script.items]
        if not numbers:
            return False
        from ddbinsert.core.logs import line

        for number in numbers:
            lane = self.lanes[number] if number < len(self.lanes) else None
            if swept and (lane is None or (at, message) in lane.lines):
                continue
            self.lines += 1
            self.unsigned += 1
            if lane is not None:
                lane.mentioned.append(
                    Mention(
                        text=message,
                        logged=at,
                        times=found_in[number],
                        stream=stream,
                        complains=line.read(message).failed,
                    )
                )
        return True

    def _take_receipt(self, found: Mapping[str, Any], at: float, *, swept: bool, stream: str) -> bool:
        number = number_in(found.get("keys"), self.script.run_id)
        if number is None or number >= self.script.items or self._is_of_another(found):
            return False
        if not self._is_ours(found.get("keys"), number):
            return False
        one = receipt_of(found, number=number, logged=at, stream=stream)
        if swept and self._is_known(one):
            return True
        self.receipts[f"{one.decision} {one.event_name}"] += 1
        if number < len(self.lanes):
            self._take_lane_receipt(self.lanes[number], one)
        else:
            self.bulk.add_receipt(number - len(self.lanes), one)
        return True

    @property
    def _is_bare(self) -> bool:
        """Whether test items' keys have no prefix."""
        return self._sample is not None and self._sample.is_bare

    def _is_ours(self, keys: Any, number: int) -> bool:
        """Whether a key is the test item's own, not another one that contains it."""
        if self._sample is None or self._key is None:
            return True
        wanted = self._sample.key(self._key, self.script.run_id, number)
        return all(same_value(keys.get(name), value) for name, value in wanted.items())

    def _is_of_another(self, found: Mapping[str, Any]) -> bool:
        """Whether a receipt names another function, which happens if two share a log group."""
        arn = found.get("function")
        if not arn or not self.function:
            self.unsigned += 1
            return False
        return resource_name(str(arn)) != self.function

    def _is_known(self, one: Receipt) -> bool:
        if one.number < len(self.lanes):
            return one in self.lanes[one.number].receipts
        return self.bulk.is_known(one.number - len(self.lanes), one)

    def _take_lane_receipt(self, tally: LaneTally, one: Receipt) -> None:
        if one.decision == receipts.PROCESSED:
            if any(
                known.decision == one.decision and known.identity == one.identity for known in tally.receipts
            ):
                self._duplicates += 1
            elif one.event_name == EventName.INSERT:
                self._time(tally, one)
        tally.receipts.append(one)

    def _time(self, tally: LaneTally, one: Receipt) -> None:
        earlier = tally.processed_inserts
        acknowledged = [at for write, at in tally.written if write.expects is EventName.INSERT]
        if earlier < len(acknowledged):
            self.latency.add(max(0.0, one.logged - acknowledged[earlier]))

    def leave_out(self, number: int) -> None:
        """Exclude a lane that could not be written: nothing is expected of it."""
        self.lanes[number] = self._lane(Lane(number=number, writes=()))

    # --- progress ---------------------------------------------------------------------------------------

    @property
    def expected_inserts(self) -> int:
        """Number of inserts that must be processed, without those of lanes that were left out."""
        return self.script.bulk + sum(tally.lane.inserts for tally in self.lanes)

    @property
    def processed_inserts(self) -> int:
        return self.bulk.processed.count + sum(tally.processed_inserts for tally in self.lanes)

    @property
    def duplicates(self) -> int:
        return self._duplicates + self.bulk.duplicates

    @property
    def all_duplicates(self) -> int:
        return self.duplicates + self.bulk.counted_duplicates

    @property
    def ends_unseen(self) -> int:
        """Number of lines of this run whose attempt's end is not known."""
        return self.bulk.ends_unseen + sum(tally.ends_unseen for tally in self.lanes)

    @property
    def versions_at_work(self) -> frozenset[str]:
        """The versions of the function that processed an insert in an attempt that did not fail."""
        streams = (stream for lane in self.lanes for stream in lane.processing_log_streams)
        return versions_of(streams) | self.bulk.versions_at_work

    @property
    def is_complete(self) -> bool:
        """Whether every expected insert was processed and every lane's fence was reached."""
        return (
            self.bulk.processed.count >= self.script.bulk
            and all(tally.is_complete for tally in self.lanes)
            and not (self.awaits_ends and self.bulk.ends_unseen)
        )

    def carried_only_processed(self, end: InvocationEnd) -> bool:
        """Whether a failed attempt is known to have carried inserts of the lanes and all were processed later."""
        carried = [
            (tally, one)
            for tally in self.lanes
            for one in tally.receipts
            if self.attempts.of(one.stream, one.request, one.logged) is end
        ]
        return bool(carried) and all(one.identity in tally.processed for tally, one in carried)

    @property
    def complaints(self) -> tuple[str, ...]:
        """Lines that report an error and are the last ones about a scripted item."""
        return tuple(text for lane in self.lanes if (text := lane.complaint))

    @property
    def largest_batch(self) -> int:
        """The largest number of items that one invocation is known to have received; 0 if lines do not show it."""
        carried = Counter[tuple[str, str, float]]()
        for lane in self.lanes:
            lines: list[Receipt | Mention] = [*lane.receipts, *lane.mentioned]
            carried.update({self._attempt_of(one) for one in lines if one.stream})
        return max(self.bulk.largest_batch, max(carried.values(), default=0))

    def _attempt_of(self, one: Receipt | Mention) -> tuple[str, str, float]:
        end = self.attempts.of(one.stream, one.request, one.logged)
        return one.stream, one.request, 0.0 if end is None else end.at

    @property
    def named_failures(self) -> int:
        """Number of lane records that were delivered again with the same request although the attempt had succeeded.

        Only a response with batchItemFailures causes that. A handler that logs such failures, or that
        recognizes the record, is correct.
        """
        if any(name.startswith(f"{receipts.FAILED} ") for name in self.receipts):
            return 0
        return sum(lane.was_named for lane in self.lanes)

    @property
    def mentions_of_one(self) -> int | None:
        """How often lines show an item's key for one insert, measured with items that are inserted and not changed.

        The minimum is used, as one of them may have been delivered twice. None as long as one has no line.
        """
        gauges = [lane.mentions for lane in self.lanes if lane.lane.is_gauge]
        return min(gauges, default=1) or None

    @property
    def is_seen_in_lines(self) -> bool:
        """Whether, by log lines only, every scripted insert has as many mentions as one insert causes."""
        each = self.mentions_of_one
        return (
            each is not None
            and all(lane.mentions >= each * lane.lane.inserts for lane in self.lanes)
            and not any(lane.too_few_by_lines for lane in self.lanes)
            and not (self.awaits_ends and self.ends_unseen)
        )

    @property
    def must_leave(self) -> int:
        """Number of records that the writes must create in the stream."""
        return self.bulk_written + sum(len(tally.lane.expected) for tally in self.lanes)

    @property
    def is_streamed(self) -> bool:
        """Whether every record that the writes must create was read from the stream, or one that they cannot."""
        return not any(tally.is_streamed is False for tally in self.lanes)
