"""What a run has seen so far, from every side, in bounded memory.

A lane keeps every record and receipt (there are few). Bulk items keep a bit each: one put, one receipt.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ddbinsert.core import receipt as receipts
from ddbinsert.core.latency import Histogram
from ddbinsert.core.model import EventName
from ddbinsert.core.probe import Lane
from ddbinsert.core.probe_key import mentions_in, number_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ddbinsert.core.probe import Script, Write

#: Of what goes wrong in bulk, so many are kept with their ids; all are counted.
KEPT = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class StreamRecord:
    """A record that we read from the stream ourselves."""

    event_id: str
    event_name: str
    sequence: int
    at: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """A receipt in the logs.

    Attributes:
        logged: Epoch seconds of the log event.
        sequence: -1 where the receipt has none.
    """

    number: int
    decision: str
    event_id: str
    event_name: str
    sequence: int
    logged: float
    request: str
    again: bool = False

    @property
    def identity(self) -> str:
        """What tells two deliveries of one record from two records."""
        return self.event_id or str(self.sequence)


@dataclass(kw_only=True)
class LaneTally:
    """What was seen of one lane.

    Attributes:
        lines: Log lines, no receipts, that show the item's key. mentions: How often they show it.
    """

    lane: Lane
    written: list[tuple[Write, float]] = field(default_factory=list)
    records: dict[str, StreamRecord] = field(default_factory=dict)
    receipts: list[Receipt] = field(default_factory=list)
    lines: list[tuple[float, str]] = field(default_factory=list)
    mentions: int = 0

    @property
    def recorded(self) -> tuple[StreamRecord, ...]:
        """The stream's records of this item, in the order of the writes."""
        return tuple(sorted(self.records.values(), key=lambda record: record.sequence))

    @property
    def processed(self) -> dict[str, Receipt]:
        """The first receipt of each record that was processed."""
        found: dict[str, Receipt] = {}
        for one in self.receipts:
            if one.decision == receipts.PROCESSED:
                found.setdefault(one.identity, one)
        return found

    def name_of(self, one: Receipt) -> str:
        """What happened to the item: as the stream has it, where we read that record; else as the receipt says."""
        record = self.records.get(one.event_id)
        return one.event_name if record is None else record.event_name

    @property
    def processed_inserts(self) -> int:
        return sum(self.name_of(one) == EventName.INSERT for one in self.processed.values())

    @property
    def unexplained(self) -> tuple[Receipt, ...]:
        """Receipts of records that the stream doesn't hold."""
        return tuple(one for one in self.receipts if one.event_id and one.event_id not in self.records)

    @property
    def is_fenced(self) -> bool:
        """Whether the insert that ends the lane was processed."""
        inserts = [r for r in self.recorded if r.event_name == EventName.INSERT]
        if inserts and len(inserts) == self.lane.inserts:
            return inserts[-1].event_id in self.processed or str(inserts[-1].sequence) in self.processed
        return self.processed_inserts >= self.lane.inserts

    @property
    def is_complete(self) -> bool:
        return self.processed_inserts >= self.lane.inserts and self.is_fenced


class Bits:
    """A set of numbers below a bound, a bit each."""

    def __init__(self, bound: int) -> None:
        self._bytes = bytearray((bound + 7) // 8)
        self.bound = bound
        self.count = 0

    def add(self, number: int) -> bool:
        """Whether it is new."""
        place, bit = number >> 3, 1 << (number & 7)
        if self._bytes[place] & bit:
            return False
        self._bytes[place] |= bit
        self.count += 1
        return True

    def __contains__(self, number: int) -> bool:
        return bool(self._bytes[number >> 3] & 1 << (number & 7))

    def absent(self) -> Iterator[int]:
        """The numbers that are not in it."""
        for place, byte in enumerate(self._bytes):
            if byte != 0xFF:
                start = place << 3
                yield from (n for n in range(start, min(start + 8, self.bound)) if not byte & 1 << (n & 7))


class Tally:
    """What was seen of one script's writes.

    Attributes:
        log_lag: The longest that a line took to show, from its timestamp on, seconds.
        latency: From the write's answer to the receipt's log event, seconds; where both are known.
        duplicates: Receipts of a record that had been processed before.
        foreign: Receipts of this run's keys that no write of the script explains.
    """

    def __init__(self, script: Script) -> None:
        self.script = script
        self.lanes = [LaneTally(lane=lane) for lane in script.lanes]
        self.bulk = Bits(script.bulk)
        self.bulk_written = 0
        self.bulk_streamed = Counter[str]()
        self.bulk_intruders: list[Receipt] = []
        self.bulk_intruders_count = 0
        self.bulk_failed = Bits(script.bulk)
        self.duplicates = 0
        self.bulk_counted = 0
        self.bulk_duplicates = 0
        self.bulk_strays = Counter[str]()
        self.receipts = Counter[str]()
        self.lines = 0
        self.latency = Histogram()
        self.log_lag = 0.0

    # --- what comes in ----------------------------------------------------------------------------------

    def wrote(self, write: Write, at: float) -> None:
        self.lanes[write.number].written.append((write, at))

    def wrote_bulk(self, count: int) -> None:
        self.bulk_written += count

    def streamed(self, record: Mapping[str, Any]) -> bool:
        """Take a record of the stream; whether it is one of this run's."""
        change = record.get("dynamodb") or {}
        number = number_in(change.get("Keys"), self.script.run_id)
        if number is None or number >= self.script.items:
            return False
        name = str(record.get("eventName"))
        if number >= len(self.lanes):
            self.bulk_streamed[name] += 1
            return True
        event_id = str(record.get("eventID") or "")
        self.lanes[number].records[event_id] = StreamRecord(
            event_id=event_id,
            event_name=name,
            sequence=int(change.get("SequenceNumber") or -1),
            at=change.get("ApproximateCreationDateTime"),
        )
        return True

    def logged(self, message: str, at: float, seen: float | None = None, *, swept: bool = False) -> bool:
        """Take a log line, logged at ``at`` and seen at ``seen`` (epoch seconds); whether it is of this run.

        Args:
            swept: The line may have been given before.
        """
        mine = self._take_line(message, at, swept=swept)
        if mine and seen is not None:
            self.log_lag = max(self.log_lag, seen - at)
        return mine

    def counted(self, *, lines: int, items: int, strays: Mapping[str, int]) -> None:
        """Take what was counted of the bulk elsewhere, in place of any earlier count.

        Args:
            lines: Receipts of processed inserts. items: How many items they are of.
            strays: "decision EVENT" to receipts, of all else; one of each kind stands for all.
        """
        self.bulk_counted = lines
        self.bulk_duplicates = max(0, lines - items)
        self.bulk_strays = Counter(strays)
        self.bulk_intruders_count = sum(strays.values())
        self.bulk_intruders = [
            Receipt(
                number=len(self.lanes),
                decision=kind.partition(" ")[0],
                event_id=f"({count} counted)",
                event_name=kind.partition(" ")[2],
                sequence=-1,
                logged=0.0,
                request="",
            )
            for kind, count in strays.items()
            if not kind.startswith(receipts.FAILED)
        ]

    def _take_line(self, message: str, at: float, *, swept: bool) -> bool:
        found = receipts.parse(message)
        if found is not None:
            return self._take_receipt(found, at, swept=swept)
        found_in = mentions_in(message, self.script.run_id)
        numbers = [n for n in found_in if n < self.script.items]
        for number in numbers:
            lane = self.lanes[number] if number < len(self.lanes) else None
            if swept and (lane is None or (at, message) in lane.lines):
                continue
            self.lines += 1
            if lane is not None:
                lane.lines.append((at, message))
                lane.mentions += found_in[number]
        return bool(numbers)

    def _take_receipt(self, found: Mapping[str, Any], at: float, *, swept: bool) -> bool:
        number = number_in(found.get("keys"), self.script.run_id)
        if number is None or number >= self.script.items:
            return False
        one = Receipt(
            number=number,
            decision=str(found.get("decision")),
            event_id=str(found.get("eventID") or ""),
            event_name=str(found.get("eventName")),
            sequence=_whole(found.get("seq")),
            logged=at,
            request=str(found.get("request") or ""),
            again=bool(found.get("again")),
        )
        if swept and self._is_known(one):
            return True
        self.receipts[f"{one.decision} {one.event_name}"] += 1
        if number < len(self.lanes):
            self._take_lane_receipt(self.lanes[number], one)
        else:
            self._take_bulk_receipt(number - len(self.lanes), one)
        return True

    def _is_known(self, one: Receipt) -> bool:
        if one.number < len(self.lanes):
            return one in self.lanes[one.number].receipts
        place = one.number - len(self.lanes)
        if one.event_name != EventName.INSERT:
            return one in self.bulk_intruders
        return place in self.bulk or (one.decision == receipts.FAILED and place in self.bulk_failed)

    def _take_lane_receipt(self, tally: LaneTally, one: Receipt) -> None:
        if one.decision == receipts.PROCESSED:
            if one.identity in tally.processed:
                self.duplicates += 1
            elif one.event_name == EventName.INSERT:
                self._time(tally, one)
        tally.receipts.append(one)

    def _time(self, tally: LaneTally, one: Receipt) -> None:
        earlier = tally.processed_inserts
        acknowledged = [at for write, at in tally.written if write.expects is EventName.INSERT]
        if earlier < len(acknowledged):
            self.latency.add(max(0.0, one.logged - acknowledged[earlier]))

    def _take_bulk_receipt(self, place: int, one: Receipt) -> None:
        if one.decision == receipts.PROCESSED and one.event_name == EventName.INSERT:
            if not self.bulk.add(place):
                self.duplicates += 1
        elif one.decision == receipts.FAILED:
            self.bulk_failed.add(place)
        else:
            self.bulk_intruders_count += 1
            if len(self.bulk_intruders) < KEPT:
                self.bulk_intruders.append(one)

    def leave_out(self, number: int) -> None:
        """A lane that could not be written: nothing is expected of it."""
        self.lanes[number] = LaneTally(lane=Lane(number=number, writes=()))

    # --- how far it is ----------------------------------------------------------------------------------

    @property
    def processed_inserts(self) -> int:
        return self.bulk.count + sum(tally.processed_inserts for tally in self.lanes)

    @property
    def all_duplicates(self) -> int:
        return self.duplicates + self.bulk_duplicates

    @property
    def is_complete(self) -> bool:
        """Whether every expected insert was processed and every lane's fence was reached."""
        return self.bulk.count >= self.script.bulk and all(tally.is_complete for tally in self.lanes)

    @property
    def mentions_of_one(self) -> int | None:
        """How often lines show an item's key because of one insert, as the items inserted and left alone tell.

        The least of them: one of these may have been delivered twice. None as long as one has no line.
        """
        gauges = [lane.mentions for lane in self.lanes if lane.lane.is_gauge]
        return min(gauges, default=1) or None

    @property
    def is_told(self) -> bool:
        """Whether, by log lines alone, every insert of the scripted items has left as many as one leaves."""
        each = self.mentions_of_one
        return each is not None and all(lane.mentions >= each * lane.lane.inserts for lane in self.lanes)

    @property
    def must_leave(self) -> int:
        """How many records the writes must leave in the stream."""
        return self.bulk_written + sum(len(tally.lane.expected) for tally in self.lanes)

    @property
    def is_streamed(self) -> bool:
        """Whether the stream has given every record that the writes made so far must leave."""
        return all(len(tally.records) >= len(tally.lane.expected) for tally in self.lanes)


def _whole(value: object) -> int:
    return int(value) if isinstance(value, str) and value.isdecimal() else -1
