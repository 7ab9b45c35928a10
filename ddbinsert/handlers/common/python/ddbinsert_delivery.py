"""Sends records to a sink, in the largest calls that the service accepts; every record gets its own outcome.

A record that the service rejects temporarily (throttling, internal failure) is sent again, alone; a record that it
rejects for its content fails. A call that is rejected as a whole for its content is split in two, until the record
that causes it is alone, so that an invalid record does not block others. No call starts after the deadline, and the
outcomes known by then count.
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
    """A service's limits for one call. Sizes as the service counts them (``Sink.size``).

    Attributes:
        count: Maximum number of entries.
        call_bytes: Maximum size of all entries.
        entry_bytes: Maximum size of one entry.
    """

    count: int
    call_bytes: int
    entry_bytes: int


# Why an entry was rejected: for its content, temporarily (it is tried again), or because all entries are.
REJECTED = "rejected"
PASSING = "passing"
OUTAGE = "outage"
# The code of log events that are too old or too new.
WRONG_TIME = "RejectedLogEvent"


class Refused(Exception):
    """The service rejects the record for its content."""


@dataclass(frozen=True)
class Failure:
    """Why a service rejected one entry.

    Attributes:
        kind: REJECTED, PASSING or OUTAGE.
        code: AWS's error code.
        message: AWS's message.
    """

    kind: str
    code: str
    message: str = ""

    @property
    def is_for_content(self) -> bool:
        """Whether the service may accept other content."""
        return self.kind == REJECTED and self.code != WRONG_TIME

    def error(self, privacy: Privacy) -> Exception:
        """The failure as a record's error; without the message, which may contain a value, if anything is hidden."""
        text = self.code if privacy.is_active or not self.message else f"{self.code}: {self.message}"
        return Refused(text) if self.kind == REJECTED else Unavailable(text)


def failure_of(error: Exception) -> Failure:
    """The failure of a call with a single entry."""
    if not isinstance(error, ServiceError):
        return Failure(OUTAGE, type(error).__name__, str(error))
    return Failure(REJECTED if error.is_rejection else OUTAGE, error.code, error.reason)


def entry_failure(code: str, message: str, otherwise: str) -> Failure:
    """The failure of one entry in a successful call; its kind is ``otherwise`` for an unknown code."""
    known = PASSING if is_transient(code) else REJECTED if is_rejection(code) else otherwise
    return Failure(known, code, message)


class Sink(Protocol):
    """A service that accepts several entries per call."""

    limits: Limits

    def size(self, entry: Entry) -> int:
        """The entry's size in bytes, as it counts towards the limits."""

    def send(self, entries: list[Entry], deadline: Deadline) -> list[Failure | None]:
        """Send the entries in one call, within the deadline; return each entry's outcome, in order."""


@dataclass(frozen=True)
class Delivery:
    """How records are converted to entries, and where they are sent.

    Attributes:
        prepare: Returns the entry of a record; raises if the record cannot be sent.
        open_sink: Opens the sink; called once, for the first batch with a record to send.
        privacy: What must not be shown.
        smaller: Returns the entry without its large parts; used if the whole entry is rejected.
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
    """The same, but with TEST_ITEMS=skip test items of ``ddbinsert verify`` count as processed and are not sent.

    Only an item that proves to be a test item is skipped (see ``Privacy.test_run_of``), which needs the secret
    TEST_ITEMS_KEY and a view type with a new image. All other items are sent, so that no writer can hide an item.
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
    """Entries of one call, at most one per item, so that order holds per item."""

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
        """Each record with its error, as soon as it is known. Records without an outcome were not started in time.

        Raises:
            Unavailable: The service rejected a whole call, so that no further one is tried.
        """
        batch = _Slice(self._sink.limits)
        for record in records:
            item = item_of(record)
            try:
                entry, size = self._prepared(record)
            except Exception as error:  # noqa: BLE001 -- the batch continues after any error of one record
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
        """The entry, or the smaller one if it is too large; and its size."""
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
        """Send entries that were rejected for their content again, without their large parts."""
        smaller = self._delivery.smaller
        refused = [i for i, failure in enumerate(failures) if failure and failure.is_for_content]
        if smaller is None or not refused:
            return
        again = self._send([smaller(batch.records[i]) for i in refused])
        for index, failure in zip(refused, again, strict=True):
            failures[index] = failure

    def _send(self, entries: list[Entry]) -> list[Failure | None]:
        """Send the entries, and those that fail temporarily again; return each entry's outcome."""
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
        except Exception as error:  # noqa: BLE001 -- entries that were sent before keep their outcome
            failure = failure_of(error)
        if len(entries) == 1 or failure.kind != REJECTED:
            return [failure] * len(entries)
        middle = len(entries) // 2
        return self._send_or_split(entries[:middle]) + self._send_or_split(entries[middle:])
