"""Observed traffic of a function that writes no receipts: inserts are found by their keys in any log line.

This shows less than receipts: a line does not say which record it is about, so other deliveries are judged
only by the filter.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import field
from typing import TYPE_CHECKING, Any, NamedTuple

from ddbinsert.core import receipt as receipts
from ddbinsert.core.logs import line
from ddbinsert.core.model.record import EventName
from ddbinsert.core.proof.gaps.key_spans import readings
from ddbinsert.core.proof.observed import NO_NUMBER, Ongoing, written_at
from ddbinsert.core.proof.sighting import Receipt
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

#: Shorter keys appear in lines by chance.
_SHORTEST = 6
#: Number of recent lines that are kept, as a line may appear before its record is read from the stream.
_RECENT = 1_000


@dataclass(slots=True)
class _Line:
    """A recent line, also without escapes, and the keys that it was counted for."""

    message: str
    at: float
    stream: str
    readings: tuple[str, ...]
    used: set[tuple[str, ...]] = field(default_factory=set)


class _Key(NamedTuple):
    """The texts of an item's key, and the expressions that find them in a line."""

    texts: tuple[str, ...]
    patterns: tuple[re.Pattern[str], ...]

    def is_in(self, readings: Sequence[str]) -> bool:
        return any(all(pattern.search(one) for pattern in self.patterns) for one in readings)


class OngoingByLines(Ongoing):
    """Matches records and log lines by the texts of keys as they arrive.

    An item may be inserted several times: a line that shows its key counts for the newest insert before it that has
    no line yet, unless it shows an insert's eventID. So an insert that was dropped is left over, if a function logs
    one line for each insert; with the oldest one, the line of the next insert would count for it.
    """

    def __init__(
        self,
        wanted: Callable[[Mapping[str, Any]], bool],
        *,
        awaits_ends: bool = False,
        copies: Callable[[Mapping[str, Any]], int] | None = None,
    ) -> None:
        super().__init__(wanted, awaits_ends=awaits_ends, copies=copies)
        self._complaints: dict[str, str] = {}
        self._keys: OrderedDict[str, _Key] = OrderedDict()
        self._counted: OrderedDict[str, str] = OrderedDict()
        self._recent: list[_Line] = []
        self._later: dict[str, float] = {}

    @property
    def complaints(self) -> tuple[str, ...]:
        """Lines that report an error and are the last ones about an insert."""
        return tuple(self._complaints.values())

    def streamed(self, record: Mapping[str, Any]) -> None:
        """Add a record of the stream; an insert's key is searched in recent and in later lines."""
        waiting = self.waiting
        super().streamed(record)
        if record.get("eventName") != EventName.INSERT or self.waiting == waiting:
            return
        key = _key_of(record)
        if key is None:
            self.unrecognizable += 1
            return
        event_id = str(record.get("eventID"))
        self._keys[event_id] = key
        texts, written = key.texts, self._due[event_id]
        for one in self._recent:
            if texts in one.used or one.at < written or not key.is_in(one.readings):
                continue
            if event_id in self._keys:
                self._show(event_id, one)
            elif self._counted.get(event_id) == one.stream and _complains(one) != (
                event_id in self._complaints
            ):
                self._apply_later_line(event_id, one, texts)

    def streamed_later(self, record: Mapping[str, Any]) -> None:
        """Add a record from after the end: a line about it counts for no insert before, and it is not judged itself."""
        if record.get("eventName") != EventName.INSERT or not self._wanted(record):
            return
        key = _key_of(record)
        if key is not None:
            event_id = str(record.get("eventID"))
            self._keys[event_id] = key
            self._later[event_id] = written_at(record)

    def _apply_later_line(self, event_id: str, one: _Line, texts: tuple[str, ...]) -> None:
        """Apply a later line of the invocation that reported an insert: it reports an error, or success."""
        one.used.add(texts)
        if _complains(one):
            self._complaints[event_id] = one.message
        else:
            del self._complaints[event_id]

    def add_log_line(self, message: str, at: float, *, stream: str = "") -> None:
        """Add a log line of the handler."""
        one = _Line(message, at, stream, readings(message))
        self._recent.append(one)
        del self._recent[:-_RECENT]
        groups: dict[tuple[str, ...], list[str]] = {}
        for event_id, key in self._keys.items():
            if self._matches(event_id, one):
                groups.setdefault(key.texts, []).append(event_id)
        self.lines += bool(groups)
        for waiting in groups.values():
            for event_id in self._inserts_of_line(waiting, one):
                if event_id in self._later:
                    del self._later[event_id], self._keys[event_id]
                else:
                    self._show(event_id, one)

    def _matches(self, event_id: str, one: _Line) -> bool:
        """Whether a line shows an insert's key; an earlier line is about an earlier item with this key."""
        shared = self._shared.get(event_id)
        unless_due = shared.written if shared else self._later.get(event_id, float("inf"))
        written = self._due.get(event_id, unless_due)  # in whole seconds
        return one.at >= written and self._keys[event_id].is_in(one.readings)

    def _inserts_of_line(self, waiting: list[str], one: _Line) -> list[str]:
        """The inserts of one key that a line counts for."""
        if named := [event_id for event_id in waiting if event_id in one.message]:
            return named
        here = [event_id for event_id in waiting if self._counted.get(event_id) == one.stream]
        if here and _complains(one):
            return here[-1:]  # it continues an earlier line of the same invocation
        return ([event_id for event_id in waiting if event_id not in self._counted] or waiting)[-1:]

    def _show(self, event_id: str, one: _Line) -> None:
        """Count a line for an insert; a line that reports an error does not show that it was processed."""
        one.used.add(self._keys[event_id].texts)
        if _complains(one):
            self._complaints[event_id] = one.message
            return
        self._complaints.pop(event_id, None)
        self._remember(self._counted, event_id, one.stream)
        self._mention(event_id, one.at, one.stream)

    def _mention(self, event_id: str, at: float, stream: str) -> None:
        self._add_receipt(
            Receipt(
                number=NO_NUMBER,
                decision=receipts.PROCESSED,
                event_id=event_id,
                event_name=EventName.INSERT.value,
                sequence=-1,
                logged=at,
                request="",
                stream=stream,
            )
        )
        if event_id not in self._due and event_id not in self._shared:
            self._keys.pop(event_id, None)


def _key_of(record: Mapping[str, Any]) -> _Key | None:
    """The key of a record's item; None if it is too short to be recognized."""
    texts = tuple(
        str(content)
        for value in ((record.get("dynamodb") or {}).get("Keys") or {}).values()
        for content in value.values()
    )
    if sum(map(len, texts)) < _SHORTEST:
        return None
    return _Key(texts, tuple(re.compile(rf"(?<!\w){re.escape(text)}(?!\w)") for text in texts))


def _complains(one: _Line) -> bool:
    return line.read(one.message).failed
