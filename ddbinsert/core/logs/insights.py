"""Queries by which CloudWatch Logs Insights counts a run's receipts, and the reader of their rows.

A result has at most 10,000 rows, and count_distinct is exact only for few values. So numbers are counted in
bins of some thousand, one row per bin; only bins with missing numbers are queried number by number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.core.model.record import EventName, KeyType
from ddbinsert.core.receipt import PROCESSED
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ddbinsert.core.model.record import KeySchema

#: Maximum number of rows of a result.
ROWS = 10_000
_BIN = 1000
#: Maximum number of bins of one query; a bin may have several rows (intruders).
_BINS = 5_000

Row = dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Bins:
    """The division of a run's numbers into bins.

    Attributes:
        size: Numbers per bin.
    """

    run_id: str
    first: int
    items: int
    size: int

    @property
    def indices(self) -> range:
        return range(self.first // self.size, (self.items - 1) // self.size + 1)

    def numbers(self, index: int) -> range:
        """The bulk numbers of a bin."""
        return range(max(self.first, index * self.size), min(self.items, (index + 1) * self.size))


def bins(run_id: str, numbers: range) -> Bins:
    size = max(_BIN, -(-len(numbers) // _BINS))
    return Bins(run_id=run_id, first=numbers.start, items=numbers.stop, size=size)


def number_pattern(schema: KeySchema, run_id: str) -> str | None:
    """A regular expression with the group ``number``; None if the key has only binary attributes."""
    for attribute in schema.attributes:
        match attribute.type:
            case KeyType.S:
                return rf"ddbinsert:r{run_id}:(?<number>\d{{9}})"
            case KeyType.N:
                return rf"9{int(run_id, 16):015d}(?<number>\d{{10}})"
            case KeyType.B:
                continue
    return None


# A receipt may be inside a JSON log line, where its quotes are escaped.
_DECISION = r'decision\\*":\\*"(?<decision>[a-z]+)'
_EVENT = r'eventName\\*":\\*"(?<event>[A-Z]+)'


def _parsed(pattern: str) -> list[str]:
    needle = pattern.split("(?<number>", maxsplit=1)[0]
    return [
        f"filter @message like /{needle}/",
        f"parse @message /{pattern}/",
        f"parse @message /{_DECISION}/",
        f"parse @message /{_EVENT}/",
    ]


def by_bin(pattern: str, wanted: Bins) -> str:
    """The query for the count of numbers and lines in each bin, by decision and event."""
    measures = "count_distinct(number) as items, count(*) as lines"
    parts = [
        "fields @message",
        *_parsed(pattern),
        f"filter number >= {wanted.first}",
        f"stats {measures} by floor(number / {wanted.size}) as bin, decision, event",
        f"limit {ROWS}",
    ]
    return "\n| ".join(parts)


def by_number(pattern: str, wanted: Bins, index: int) -> str:
    """The query for the numbers of one bin whose insert was processed."""
    numbers = wanted.numbers(index)
    parts = [
        "fields @message",
        *_parsed(pattern),
        f"filter number >= {numbers.start} and number < {numbers.stop}",
        f'filter decision = "{PROCESSED}" and event = "{EventName.INSERT}"',
        "stats count(*) as lines by number",
        f"limit {ROWS}",
    ]
    return "\n| ".join(parts)


@dataclass(frozen=True, kw_only=True)
class CountedRows:
    """The sums of the rows by bin.

    Attributes:
        items: Number of processed inserts by bin.
        lines: Number of their lines, including duplicates.
        strays: Number of all other lines by "decision EVENT".
    """

    items: Mapping[int, int]
    lines: int
    strays: Mapping[str, int]


def read_counts(rows: Iterable[Row]) -> CountedRows:
    """Read the rows of ``by_bin``."""
    items: dict[int, int] = {}
    strays: dict[str, int] = {}
    total = 0
    for row in rows:
        lines = _whole(row.get("lines"))
        decision, event = row.get("decision", ""), row.get("event", "")
        if decision == PROCESSED and event == EventName.INSERT:
            items[_whole(row.get("bin"))] = _whole(row.get("items"))
            total += lines
        elif decision or event:
            strays[f"{decision} {event}"] = strays.get(f"{decision} {event}", 0) + lines
    return CountedRows(items=items, lines=total, strays=strays)


def _whole(text: str | None) -> int:
    return int(float(text)) if text else 0
