"""From records to a sink, in calls as large as the service takes; every record gets its own outcome.

What a service refuses for one record (throttled, internal failure) is sent again, alone; what it refuses for
good fails that record. A call that is refused as a whole for its content is cut in two, until the record to
blame stands alone: one poisonous record blocks no other.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from ddbinsert_aws import ServiceError
from ddbinsert_batch import WAITS, item_of
from ddbinsert_settings import choice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ddbinsert_batch import Deliver, Error, Outcomes, Record

_ATTEMPTS = 5
# Every item that `ddbinsert verify` writes has it, and no other.
_TEST_ATTRIBUTE = "ddbinsert_probe"


@dataclass(frozen=True)
class Limits:
    """What a service takes in one call. Bytes as the service counts them (``Sink.size``)."""

    count: int
    call_bytes: int
    entry_bytes: int


# Why an entry was not taken: for what it is, for now (worth another attempt), or because nothing is.
REJECTED = "rejected"
PASSING = "passing"
OUTAGE = "outage"


@dataclass(frozen=True)
class Failure:
    """Why a service did not take one entry: REJECTED, PASSING or OUTAGE, and in its own words."""

    kind: str
    reason: str


def failure_of(error: ServiceError) -> Failure:
    """The failure of a call that was about one entry."""
    return Failure(REJECTED if error.is_rejection else OUTAGE, str(error))


class Sink(Protocol):
    """A service that takes entries, several in a call."""

    limits: Limits

    def size(self, entry: dict[str, Any]) -> int:
        """The entry's share in the limits, in bytes."""

    def send(self, entries: list[dict[str, Any]]) -> list[Failure | None]:
        """Send in one call; the outcome of each entry, in their order."""


class _Batch:
    """Entries that go out in one call, no two of them about the same item: so order holds per item."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.clear()

    def clear(self) -> None:
        self.records: list[Record] = []
        self.entries: list[dict[str, Any]] = []
        self.items: set[str] = set()
        self._bytes = 0

    def has_room(self, item: str, size: int) -> bool:
        full = len(self.entries) >= self._limits.count or self._bytes + size > self._limits.call_bytes
        return not self.entries or not (full or item in self.items)

    def add(self, record: Record, entry: dict[str, Any], item: str, size: int) -> None:
        self.records.append(record)
        self.entries.append(entry)
        self.items.add(item)
        self._bytes += size


def delivering(
    prepare: Callable[[Record], dict[str, Any]],
    open_sink: Callable[[], Sink],
    sleep: Callable[[float], None] = time.sleep,
) -> Deliver:
    """A ``deliver`` that sends each record as the entry that ``prepare`` makes of it.

    Args:
        prepare: Raises for a record that can't be sent.
        open_sink: Called once, at the first batch that has something to send.
        sleep: Waits between attempts; tests hand in their own.
    """
    opened: list[Sink] = []

    def deliver(records: list[Record]) -> Outcomes:
        if not opened:
            opened.append(open_sink())
        return _deliver(records, prepare, opened[0], sleep)

    return deliver


def sparing_test_items(environ: Mapping[str, str], deliver: Deliver) -> Deliver:
    """The same, but with TEST_ITEMS=skip what ``ddbinsert verify`` writes is done with without being sent.

    Such items are told by an attribute, so only where the view type has a new image.
    """
    if choice(environ, "TEST_ITEMS", ("send", "skip")) == "send":
        return deliver

    def spare(records: list[Record]) -> Outcomes:
        real = []
        for record in records:
            if _TEST_ATTRIBUTE in ((record.get("dynamodb") or {}).get("NewImage") or {}):
                yield record, None
            else:
                real.append(record)
        if real:
            yield from deliver(real)

    return spare


def _deliver(
    records: list[Record],
    prepare: Callable[[Record], dict[str, Any]],
    sink: Sink,
    sleep: Callable[[float], None],
) -> Outcomes:
    failed_items: set[str] = set()
    batch = _Batch(sink.limits)

    def flush() -> Iterator[tuple[Record, Error | None]]:
        outcomes = _send(sink, batch.entries, sleep)
        sent = list(zip(batch.records, outcomes, strict=True))
        batch.clear()
        for record, failure in sent:
            if failure is not None:
                failed_items.add(item_of(record))
            yield record, failure and failure.reason
        reasons = [failure.reason for failure in outcomes if failure and failure.kind != REJECTED]
        if sent and len(reasons) == len(sent):
            raise RuntimeError(f"not tried, because nothing before it was taken: {reasons[-1]}")

    for record in records:
        item = item_of(record)
        try:
            entry = prepare(record)
            size = _checked(sink, entry)
        except Exception as error:  # noqa: BLE001 -- whatever is wrong with one record, the batch goes on
            failed_items.add(item)
            yield record, error
            continue
        if not batch.has_room(item, size):
            yield from flush()
        if item in failed_items:
            yield record, WAITS
        else:
            batch.add(record, entry, item, size)
    yield from flush()


def _checked(sink: Sink, entry: dict[str, Any]) -> int:
    size = sink.size(entry)
    if size > sink.limits.entry_bytes:
        raise ValueError(f"{size} bytes are more than the {sink.limits.entry_bytes} that the service takes")
    return size


def _send(sink: Sink, entries: list[dict[str, Any]], sleep: Callable[[float], None]) -> list[Failure | None]:
    """Send, and send again what fails in passing; the outcome of each entry."""
    outcomes: list[Failure | None] = [None] * len(entries)
    waiting = list(range(len(entries)))
    for attempt in range(_ATTEMPTS):
        if attempt:
            sleep(random.uniform(0.5, 1) * 0.1 * 2**attempt)  # noqa: S311 -- spreads retries, keeps no secret
        again = _send_or_split(sink, [entries[i] for i in waiting])
        for index, outcome in zip(waiting, again, strict=True):
            outcomes[index] = outcome
        waiting = [i for i in waiting if (failure := outcomes[i]) and failure.kind == PASSING]
        if not waiting:
            break
    return outcomes


def _send_or_split(sink: Sink, entries: list[dict[str, Any]]) -> list[Failure | None]:
    if not entries:
        return []
    try:
        return sink.send(entries)
    except ServiceError as error:
        if len(entries) == 1 or not error.is_rejection:
            return [failure_of(error)] * len(entries)
    middle = len(entries) // 2
    return _send_or_split(sink, entries[:middle]) + _send_or_split(sink, entries[middle:])
