"""From records to a sink, in calls as large as the service takes; every record gets its own outcome.

What a service refuses for one record in passing (throttled, internal failure) is sent again, alone; what it refuses
for its content fails that record. A call that is refused as a whole for its content is split in two, until the
record to blame stands alone: one poisonous record blocks no other. Nothing is begun after the deadline, and what
is known by then counts.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from ddbinsert_aws import ServiceError, is_rejection, is_transient
from ddbinsert_batch import item_of
from ddbinsert_item import table_arn_of
from ddbinsert_settings import choice
from ddbinsert_tally import WAITS, Unavailable, log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ddbinsert_batch import Deliver, Invocation, Outcomes
    from ddbinsert_deadline import Deadline
    from ddbinsert_privacy import Privacy
    from ddbinsert_tally import Error, Record

    Entry = dict[str, Any]
    Prepare = Callable[[Record], Entry]

_ATTEMPTS = 5


@dataclass(frozen=True)
class Limits:
    """What a service takes in one call. Bytes as the service counts them (``Sink.size``)."""

    count: int
    call_bytes: int
    entry_bytes: int


# Why an entry was not taken: for its content, for a moment (worth another attempt), or because nothing is taken.
REJECTED = "rejected"
PASSING = "passing"
OUTAGE = "outage"
# The code of log events that are too old or too new.
WRONG_TIME = "RejectedLogEvent"


class Refused(Exception):
    """The service refuses the record for its content."""


@dataclass(frozen=True)
class Failure:
    """Why a service did not take one entry: REJECTED, PASSING or OUTAGE; its error code and message."""

    kind: str
    code: str
    message: str = ""

    @property
    def is_for_content(self) -> bool:
        """Whether other content may be accepted."""
        return self.kind == REJECTED and self.code != WRONG_TIME

    def error(self, privacy: Privacy) -> Exception:
        """The failure as a record's error. The message, which may repeat a value, only where nothing is hidden."""
        text = self.code if privacy.is_active or not self.message else f"{self.code}: {self.message}"
        return Refused(text) if self.kind == REJECTED else Unavailable(text)


def failure_of(error: Exception) -> Failure:
    """The failure of a call that was about one entry."""
    if not isinstance(error, ServiceError):
        return Failure(OUTAGE, type(error).__name__, str(error))
    return Failure(REJECTED if error.is_rejection else OUTAGE, error.code, error.reason)


def entry_failure(code: str, message: str, otherwise: str) -> Failure:
    """The failure of one entry of a call that went well otherwise; ``otherwise`` for a code that is not known."""
    known = PASSING if is_transient(code) else REJECTED if is_rejection(code) else otherwise
    return Failure(known, code, message)


class Sink(Protocol):
    """A service that takes entries, several in a call."""

    limits: Limits

    def size(self, entry: Entry) -> int:
        """The entry's share in the limits, in bytes."""

    def send(self, entries: list[Entry], deadline: Deadline) -> list[Failure | None]:
        """Send in one call; the outcome of each entry, in their order. Does not go beyond the deadline."""


@dataclass(frozen=True)
class Delivery:
    """How records become entries, and where they go.

    Attributes:
        prepare: The entry of a record; raises for a record that cannot be sent.
        open_sink: Opens the sink; called once, at the first batch that has something to send.
        privacy: What must not be shown.
        smaller: The entry of a record without what makes it large; used where the whole one is not taken.
        tables: ARNs of the tables that this function writes to.
    """

    prepare: Prepare
    open_sink: Callable[[], Sink]
    privacy: Privacy
    smaller: Prepare | None = None
    tables: tuple[str, ...] = ()


def delivering(delivery: Delivery) -> Deliver:
    """A ``deliver`` that sends each record as its entry."""
    opened: list[Sink] = []

    def deliver(records: list[Record], invocation: Invocation) -> Outcomes:
        for record in records:
            if table_arn_of(record) in delivery.tables:
                raise Unavailable(
                    "the sink is the table that the records come from: every entry would be a new item, in an "
                    "endless loop"
                )
        if not opened:
            opened.append(delivery.open_sink())
        return _Run(delivery, opened[0], invocation.work_until).outcomes(records)

    return deliver


def sparing_test_items(environ: Mapping[str, str], privacy: Privacy, deliver: Deliver) -> Deliver:
    """The same, but with TEST_ITEMS=skip the test items of ``ddbinsert verify`` count as processed and are not sent.

    Only an item that proves it is skipped (see ``Privacy.test_run_of``): with the secret TEST_ITEMS_KEY, and a view
    type that has a new image. Everything else is sent, so that nobody can hide an item.
    """
    if choice(environ, "TEST_ITEMS", ("send", "skip")) == "send":
        return deliver
    if not privacy.test_key:
        log("WARNING", "TEST_ITEMS=skip needs TEST_ITEMS_KEY: without it no item is skipped")
        return deliver

    def spare(records: list[Record], invocation: Invocation) -> Outcomes:
        real = []
        for record in records:
            if privacy.test_run_of(record) is None:
                real.append(record)
            else:
                yield record, None
        if real:
            yield from deliver(real, invocation)

    return spare


class _Slice:
    """Entries that go out in one call, no two of them about the same item: so order holds per item."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.records: list[Record] = []
        self.entries: list[Entry] = []
        self.items: set[str] = set()
        self._bytes = 0

    def has_room(self, item: str, size: int) -> bool:
        full = len(self.entries) >= self._limits.count or self._bytes + size > self._limits.call_bytes
        return not self.entries or not (full or item in self.items)

    def add(self, record: Record, entry: Entry, item: str, size: int) -> None:
        self.records.append(record)
        self.entries.append(entry)
        self.items.add(item)
        self._bytes += size


class _Run:
    """The delivery of one batch."""

    def __init__(self, delivery: Delivery, sink: Sink, deadline: Deadline) -> None:
        self._delivery = delivery
        self._sink = sink
        self._deadline = deadline
        self._failed_items: set[str] = set()

    def outcomes(self, records: list[Record]) -> Outcomes:
        """Each record with its error, as soon as it is known. What is missing at the end was not begun in time.

        Raises:
            Unavailable: Nothing of a call was taken, so that nothing after it is tried.
        """
        batch = _Slice(self._sink.limits)
        for record in records:
            item = item_of(record)
            try:
                entry, size = self._prepared(record)
            except Exception as error:  # noqa: BLE001 -- whatever is wrong with one record, the batch goes on
                self._failed_items.add(item)
                yield record, error
                continue
            if not batch.has_room(item, size):
                yield from self._flush(batch)
                batch = _Slice(self._sink.limits)
            if self._deadline.is_over():
                return
            if item in self._failed_items:
                yield record, WAITS
            else:
                batch.add(record, entry, item, size)
        yield from self._flush(batch)

    def _prepared(self, record: Record) -> tuple[Entry, int]:
        """The entry, the smaller one where the whole one is too large; and its size."""
        most = self._sink.limits.entry_bytes
        entry = self._delivery.prepare(record)
        size = self._sink.size(entry)
        if size > most and self._delivery.smaller is not None:
            entry = self._delivery.smaller(record)
            size = self._sink.size(entry)
        if size > most:
            raise Refused(f"{size} bytes are more than the service's limit of {most}")
        return entry, size

    def _flush(self, batch: _Slice) -> Iterator[tuple[Record, Error | None]]:
        if not batch.entries or self._deadline.is_over():
            return
        failures = self._send(batch.entries)
        self._send_smaller(batch, failures)
        for record, failure in zip(batch.records, failures, strict=True):
            if failure is not None:
                self._failed_items.add(item_of(record))
            yield record, None if failure is None else failure.error(self._delivery.privacy)
        hopeless = [failure for failure in failures if failure is not None and failure.kind != REJECTED]
        if len(hopeless) == len(failures):
            raise Unavailable(
                f"not tried, because every entry before it was rejected: {hopeless[-1].error(self._delivery.privacy)}"
            )

    def _send_smaller(self, batch: _Slice, failures: list[Failure | None]) -> None:
        """What was refused for its content goes again without what makes it large."""
        smaller = self._delivery.smaller
        refused = [i for i, failure in enumerate(failures) if failure and failure.is_for_content]
        if smaller is None or not refused:
            return
        again = self._send([smaller(batch.records[i]) for i in refused])
        for index, failure in zip(refused, again, strict=True):
            failures[index] = failure

    def _send(self, entries: list[Entry]) -> list[Failure | None]:
        """Send, and send again what fails in passing; the outcome of each entry."""
        outcomes: list[Failure | None] = [None] * len(entries)
        waiting = list(range(len(entries)))
        for attempt in range(_ATTEMPTS):
            if attempt:
                self._deadline.sleep(random.uniform(0.5, 1) * 0.1 * 2**attempt)  # noqa: S311 -- spreads retries
                if self._deadline.is_over():
                    break
            again = self._send_or_split([entries[i] for i in waiting])
            for index, outcome in zip(waiting, again, strict=True):
                outcomes[index] = outcome
            waiting = [i for i in waiting if (failure := outcomes[i]) and failure.kind == PASSING]
            if not waiting:
                break
        return outcomes

    def _send_or_split(self, entries: list[Entry]) -> list[Failure | None]:
        try:
            return self._sink.send(entries, self._deadline)
        except Exception as error:  # noqa: BLE001 -- what was sent before keeps its outcome
            failure = failure_of(error)
        if len(entries) == 1 or failure.kind != REJECTED:
            return [failure] * len(entries)
        middle = len(entries) // 2
        return self._send_or_split(entries[:middle]) + self._send_or_split(entries[middle:])
