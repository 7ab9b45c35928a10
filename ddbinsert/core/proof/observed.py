"""The ledger of observed traffic: the records of the stream, and the function's log lines about each.

It implements the interface that the causes use, so observed traffic is judged by the same rules as test
items. It keeps unresolved records and a limited number of resolved ones in memory.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from dataclasses import field
from typing import TYPE_CHECKING, Any

from ddbinsert.core import receipt as receipts
from ddbinsert.core.items.run_key import is_test_key
from ddbinsert.core.model.record import EventName
from ddbinsert.core.proof.attempts import Attempts, versions_of
from ddbinsert.core.proof.histogram import Histogram
from ddbinsert.core.proof.sighting import Receipt
from ddbinsert.core.proof.symptoms import Missing, Symptoms
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ddbinsert.core.logs.ends import InvocationEnd
    from ddbinsert.core.proof.tally import LaneTally

#: Number of resolved records that are kept to recognize a second delivery; older ones are dropped.
_REMEMBERED = 100_000
_SHOWN = 20
#: Number of processed inserts whose entries are read back from a sink.
_SAMPLED = 100
#: The item number in receipts of observed traffic, which has no test items.
NO_NUMBER = -1


@dataclass(slots=True)
class _Deliveries:
    """The attempts that are known to have processed an insert that several mappings deliver.

    Attributes:
        written: Epoch seconds of the record.
    """

    written: float
    copies: int
    attempts: set[tuple[str, str, float]] = field(default_factory=set)


def written_at(record: Mapping[str, Any]) -> float:
    """When a record was written, in whole epoch seconds; 0 if that is unknown."""
    return float((record.get("dynamodb") or {}).get("ApproximateCreationDateTime") or 0.0)


class Ongoing:
    """Matches records and receipts by eventID as they arrive.

    Args:
        wanted: Returns whether a record passes the mapping's filters: excluded inserts are not expected.
        awaits_ends: The function's log contains a line for the end of each invocation; a receipt counts once
            its attempt has ended.
        copies: Number of mappings that deliver each record; None if there is only one.

    Attributes:
        filtered: Number of INSERT records that the filters exclude.
        inserts: Number of INSERT records read from the stream.
        others: Number of records of other kinds.
        matched: Number of inserts that were processed.
        intruders, leaked: Receipts of records that are not inserts.
        last_stray: Time of the last of them, in epoch seconds.
        lag: Seconds from the write (its stream record's time, in whole seconds) to the receipt.
        receipts: Number of receipts by decision and event.
        lines: Number of log lines without a receipt that count; 0 here.
        unrecognizable: Number of inserts whose key is too short to be recognized in a line; 0 here.
    """

    def __init__(
        self,
        wanted: Callable[[Mapping[str, Any]], bool],
        *,
        awaits_ends: bool = False,
        copies: Callable[[Mapping[str, Any]], int] | None = None,
    ) -> None:
        self._wanted = wanted
        self._copies = copies
        self._shared: dict[str, _Deliveries] = {}
        self._awaits_ends = awaits_ends
        self.attempts = Attempts()
        self.lanes: tuple[LaneTally, ...] = ()
        self.lines = 0
        self.unrecognizable = 0
        self.receipts = Counter[str]()
        self.filtered = 0
        self.inserts = 0
        self.others = 0
        self.matched = 0
        self.duplicates = 0
        self.intruders: list[Receipt] = []
        self.leaked: list[Receipt] = []
        self.stray_count = 0
        self.last_stray = 0.0
        self.failed = Counter[str]()
        self.named = 0
        self.lag = Histogram()
        self._due: OrderedDict[str, float] = OrderedDict()
        self._early: OrderedDict[str, list[Receipt]] = OrderedDict()
        self._done: OrderedDict[str, tuple[str, InvocationEnd | None, float]] = OrderedDict()
        self._failed_at: OrderedDict[str, float] = OrderedDict()
        self._other_names: OrderedDict[str, str] = OrderedDict()
        self._of_tests: OrderedDict[str, None] = OrderedDict()
        self._open: dict[str, list[Receipt]] = {}
        self._at_work: set[str] = set()
        self._failed_in: dict[str, list[InvocationEnd]] = {}

    # --- the interface of a ledger ------------------------------------------------------------------------

    @property
    def waiting(self) -> int:
        """Inserts that are not processed yet."""
        return len(self._due)

    @property
    def too_few(self) -> int:
        """Number of processed inserts with fewer known deliveries than mappings."""
        return sum(event_id not in self._due for event_id in self._shared)

    @property
    def must_leave(self) -> int:
        """Number of records read from the stream."""
        return self.inserts + self.filtered + self.others

    @property
    def processed_inserts(self) -> int:
        return self.matched

    @property
    def last_processed(self) -> list[str]:
        """The eventIDs of the last processed inserts, without verify's own test items."""
        return [name for name in self._done if name and name not in self._of_tests][-_SAMPLED:]

    @property
    def all_duplicates(self) -> int:
        return self.duplicates

    @property
    def versions_at_work(self) -> frozenset[str]:
        """The versions of the function that processed an insert in an attempt that did not fail."""
        return frozenset(self._at_work)

    @property
    def ends_unseen(self) -> int:
        """Number of receipts whose attempt's end is not known."""
        return sum(len(waiting) for waiting in self._open.values())

    @property
    def complaints(self) -> tuple[str, ...]:
        """Lines that report an error and are the last ones about an insert: none, as receipts are read."""
        return ()

    def carried_only_processed(self, end: InvocationEnd) -> bool:
        """Whether all records that a failed attempt is known to have carried were processed later."""
        carried = [event_id for event_id, failed in self._failed_in.items() if end in failed]
        return bool(carried) and not any(event_id in self._due for event_id in carried)

    def symptoms(self) -> Symptoms:
        """The symptoms: differences from the expected behaviour."""
        missing = tuple(
            Missing(number=NO_NUMBER, event_id=event_id, failed=event_id in self.failed)
            for event_id, _ in zip(self._due, range(_SHOWN), strict=False)
        )
        return Symptoms(
            missing=missing,
            missing_count=self.waiting,
            intruders=tuple(self.intruders),
            leaked=tuple(self.leaked),
            strays_count=self.stray_count,
            too_few=self.too_few,
        )

    # --- input --------------------------------------------------------------------------------------------

    def streamed(self, record: Mapping[str, Any]) -> None:
        """Add a record of the stream."""
        event_id, name = str(record.get("eventID")), str(record.get("eventName"))
        early = self._early.pop(event_id, [])
        if name != EventName.INSERT:
            self.others += 1
            self._remember(self._other_names, event_id, name)
        elif not self._wanted(record):
            self.filtered += 1
            self._remember(self._other_names, event_id, name)
        else:
            self.inserts += 1
            if is_test_key((record.get("dynamodb") or {}).get("Keys") or {}):
                self._remember(self._of_tests, event_id, None)
            written = written_at(record)
            self._due[event_id] = written
            if self._copies is not None and (copies := self._copies(record)) > 1:
                self._shared[event_id] = _Deliveries(written, copies)
        for one in early:
            self._add_receipt(one)

    def streamed_later(self, record: Mapping[str, Any]) -> None:
        """Add a record from after the end; a receipt names its record, so nothing has to be known of others."""

    def add_log_line(self, message: str, at: float, *, stream: str = "") -> None:
        """Add a log line, logged at ``at`` (epoch seconds)."""
        found = receipts.parse(message)
        if found is None:
            return
        one = Receipt(
            number=NO_NUMBER,
            decision=str(found.get("decision")),
            event_id=str(found.get("eventID") or ""),
            event_name=str(found.get("eventName")),
            sequence=-1,
            logged=at,
            request=str(found.get("request") or ""),
            again=bool(found.get("again")),
            stream=stream,
        )
        self.receipts[f"{one.decision} {one.event_name}"] += 1
        self._add_receipt(one)

    def add_end(self, end: InvocationEnd) -> None:
        """Add the end of an invocation attempt."""
        if self.attempts.add(end):
            for one in self._open.pop(end.stream, ()):
                self._decide(one, end)

    def _add_receipt(self, one: Receipt) -> None:
        if one.event_id in self._other_names:
            self._add_other_receipt(one, self._other_names[one.event_id])
        elif one.event_id in self._due or one.event_id in self._done:
            end = self.attempts.of(one.stream, one.request, one.logged)
            if end is None and self._awaits_ends and one.stream:
                self._open.setdefault(one.stream, []).append(one)
            else:
                self._decide(one, end)
        else:
            # Its record is from before the start, not read from the stream yet, or does not exist.
            self._early.setdefault(one.event_id, []).append(one)
            while len(self._early) > _REMEMBERED:
                self._early.popitem(last=False)

    def _add_other_receipt(self, one: Receipt, name: str) -> None:
        if name == EventName.INSERT:
            return  # delivered although we evaluate the filter to exclude it: not a MODIFY or REMOVE
        self.stray_count += 1
        self.last_stray = max(self.last_stray, one.logged)
        kept = self.leaked if one.decision == receipts.GUARDED else self.intruders
        if len(kept) < _SHOWN:
            kept.append(
                Receipt(
                    number=NO_NUMBER,
                    decision=one.decision,
                    event_id=one.event_id,
                    event_name=name,
                    sequence=-1,
                    logged=one.logged,
                    request=one.request,
                )
            )

    def _decide(self, one: Receipt, end: InvocationEnd | None) -> None:
        """Apply a receipt of an expected insert, with the end of its attempt if it is known."""
        name = one.event_id
        if one.decision == receipts.FAILED or (end is not None and not end.ok):
            self._fail(one, end)
        elif one.decision == receipts.PROCESSED and one.logged >= self._failed_at.get(name, 0.0):
            self._deliver(one, end)
            if name in self._done:
                self.duplicates += 1
                request, earlier, at = self._done[name]
                self._done[name] = (request, earlier, max(at, one.logged))
                again = (
                    bool(request) and request == one.request and earlier is not None and earlier is not end
                )
                self.named += again and not one.again and not self.failed.total()
            elif name in self._due:
                self._match(one, self._due.pop(name), end)

    def _fail(self, one: Receipt, end: InvocationEnd | None) -> None:
        name = one.event_id
        self.failed[name] += 1
        if end is not None and not end.ok:
            self._failed_in.setdefault(name, []).append(end)
        if one.decision != receipts.FAILED:
            return
        # The last decision in the order of the log counts.
        self._remember(self._failed_at, name, max(one.logged, self._failed_at.get(name, 0.0)))
        if name in self._done and self._done[name][2] <= one.logged:
            del self._done[name]
            self.matched -= 1
            self._due[name] = 0.0

    def _deliver(self, one: Receipt, end: InvocationEnd | None) -> None:
        """Count an attempt that processed an insert that several mappings deliver."""
        shared = self._shared.get(one.event_id)
        if shared is not None:
            shared.attempts.add((one.stream, one.request, 0.0 if end is None else end.at))
            if len(shared.attempts) >= shared.copies:
                del self._shared[one.event_id]

    def _match(self, one: Receipt, written: float, end: InvocationEnd | None) -> None:
        self.matched += 1
        self._at_work |= versions_of([one.stream])
        self.failed.pop(one.event_id, None)
        if written:
            self.lag.add(max(0.0, one.logged - written))
        self._remember(self._done, one.event_id, (one.request, end, one.logged))

    @staticmethod
    def _remember(known: OrderedDict[str, Any], name: str, value: object) -> None:
        known[name] = value
        while len(known) > _REMEMBERED:
            known.popitem(last=False)
