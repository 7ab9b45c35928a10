"""Applies filters to recorded changes: how many records they would have delivered, and the savings.

A mapping reads every record, with or without filters; a filter saves invocations. Their number depends on the
batches, so two numbers are given: for full batches (best), and for one record each (worst).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import field
from typing import TYPE_CHECKING, Any, Final

from ddbinsert.core.pattern.matcher import compile_pattern
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

Record = dict[str, Any]

#: USD per request and per GB second (Lambda's list prices, x86_64 in us-east-1, without the free tier).
PER_REQUEST: Final = 0.20 / 1_000_000
PER_GB_SECOND: Final = 0.0000166667

#: The year 9999: a larger number is not a time.
_LATEST: Final = 253_402_300_799


@dataclass(frozen=True, kw_only=True)
class Assumed:
    """The assumptions of the cost estimate.

    Attributes:
        batch_size: Maximum number of records of an invocation.
        memory: Memory in MB.
        seconds: Duration of an invocation in seconds.
    """

    batch_size: int = 100
    memory: int = 128
    seconds: float = 0.1

    @property
    def usd(self) -> float:
        """The cost of an invocation in USD."""
        return PER_REQUEST + self.seconds * self.memory / 1024 * PER_GB_SECOND


@dataclass(frozen=True, kw_only=True)
class InvocationCounts:
    """The number of invocations for one size of batches, and what the filters save.

    Attributes:
        without: Without filters.
        delivered: With the filters.
    """

    without: int
    delivered: int
    usd_saved: float

    @property
    def saved(self) -> int:
        return self.without - self.delivered


@dataclass(kw_only=True)
class Sampled:
    """Records counted by event, with the first few of each.

    Attributes:
        most: Number of records of each event that are kept.
        counts: Number of records by event.
        records: The records that are kept.
    """

    most: int
    counts: Counter[str] = field(default_factory=Counter)
    records: list[Record] = field(default_factory=list)

    def add(self, event: str, record: Record) -> None:
        self.counts[event] += 1
        if self.counts[event] <= self.most:
            self.records.append(record)

    @property
    def total(self) -> int:
        return self.counts.total()


@dataclass(frozen=True, kw_only=True)
class Backtest:
    """The result of applying filters to records.

    Attributes:
        patterns: The filters, ORed.
        by_filter: Number of records that each filter matched.
        first, last: ApproximateCreationDateTime of the oldest and the newest record; None if no record has one.
        complete: Every record of the period was read.
    """

    patterns: tuple[str, ...]
    delivered: Sampled
    dropped: Sampled
    by_filter: tuple[int, ...]
    first: float | None
    last: float | None
    complete: bool = True

    @property
    def records(self) -> int:
        return self.delivered.total + self.dropped.total

    def invocations(self, assumed: Assumed) -> tuple[InvocationCounts, InvocationCounts]:
        """The numbers for full batches (best) and for one record each (worst)."""
        return self._in_batches(assumed.batch_size, assumed.usd), self._in_batches(1, assumed.usd)

    def _in_batches(self, size: int, usd: float) -> InvocationCounts:
        without, delivered = -(-self.records // size), -(-self.delivered.total // size)
        return InvocationCounts(without=without, delivered=delivered, usd_saved=(without - delivered) * usd)


@dataclass(frozen=True, kw_only=True)
class BacktestComparison:
    """Two sets of filters on the same records.

    Attributes:
        gained: Records that only the new filters deliver.
        lost: Records that only the old filters deliver.
    """

    old: tuple[str, ...]
    new: tuple[str, ...]
    both: int
    neither: int
    gained: Sampled
    lost: Sampled
    complete: bool = True

    @property
    def records(self) -> int:
        return self.both + self.neither + self.gained.total + self.lost.total


def backtest(patterns: Sequence[str], records: Iterable[Record], *, samples: int = 2) -> Backtest:
    """Apply filters to records.

    Args:
        samples: How many records to keep of each event, delivered and dropped.

    Raises:
        PatternError: AWS would reject a pattern.
    """
    matchers = [compile_pattern(pattern).matches for pattern in patterns]
    matched = [0] * len(matchers)
    delivered, dropped = Sampled(most=samples), Sampled(most=samples)
    period = _Period()
    for record in period.over(records):
        passes = False
        for index, matches in enumerate(matchers):
            if matches(record):
                matched[index] += 1
                passes = True
        (delivered if passes else dropped).add(_event(record), record)
    return Backtest(
        patterns=tuple(patterns),
        delivered=delivered,
        dropped=dropped,
        by_filter=tuple(matched),
        first=period.first,
        last=period.last,
    )


def compare(
    old: Sequence[str], new: Sequence[str], records: Iterable[Record], *, samples: int = 2
) -> BacktestComparison:
    """Apply two sets of filters to the same records.

    Raises:
        PatternError: AWS would reject a pattern.
    """
    passes_old, passes_new = _any_of(old), _any_of(new)
    gained, lost = Sampled(most=samples), Sampled(most=samples)
    both = neither = 0
    for record in records:
        before, after = passes_old(record), passes_new(record)
        if before and after:
            both += 1
        elif after:
            gained.add(_event(record), record)
        elif before:
            lost.add(_event(record), record)
        else:
            neither += 1
    return BacktestComparison(
        old=tuple(old), new=tuple(new), both=both, neither=neither, gained=gained, lost=lost
    )


def _any_of(patterns: Sequence[str]) -> Callable[[Record], bool]:
    matchers = [compile_pattern(pattern).matches for pattern in patterns]
    if len(matchers) == 1:
        return matchers[0]
    return lambda record: any(matches(record) for matches in matchers)


def _event(record: Record) -> str:
    event = record.get("eventName")
    return event if isinstance(event, str) else "(none)"


class _Period:
    """The time that records span."""

    def __init__(self) -> None:
        self.first: float | None = None
        self.last: float | None = None

    def over(self, records: Iterable[Record]) -> Iterator[Record]:
        for record in records:
            at = created(record)
            if at is not None:
                if self.first is None or at < self.first:
                    self.first = at
                if self.last is None or at > self.last:
                    self.last = at
            yield record


def created(record: Record) -> float | None:
    """Epoch seconds of a record's creation; None if it has no usable time."""
    change = record.get("dynamodb")
    at = change.get("ApproximateCreationDateTime") if isinstance(change, dict) else None
    is_time = isinstance(at, (int, float)) and not isinstance(at, bool) and 0 <= at <= _LATEST
    return at if is_time else None


def since(records: Iterable[Record], moment: float) -> Iterator[Record]:
    """The records created at or after a time, and those without a time."""
    for record in records:
        at = created(record)
        if at is None or at >= moment:
            yield record
