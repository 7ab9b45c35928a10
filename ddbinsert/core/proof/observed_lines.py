"""Watched traffic of a function that leaves no receipts: its inserts are found by their keys in any log line.

This sees less than receipts do: a line does not say which record it is about, so other deliveries are judged only by
the filter.
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
from ddbinsert.core.proof.observed import NO_NUMBER, Ongoing
from ddbinsert.core.proof.sighting import Receipt
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

#: A key with fewer characters stands in lines by chance.
_SHORTEST = 6
#: The last lines are kept, as one may show before our own reading comes to its record.
_RECENT = 1_000


@dataclass(slots=True)
class _Line:
    """A recent line: what it says, without escapes, too, and which keys it was counted for already."""

    message: str
    at: float
    stream: str
    readings: tuple[str, ...]
    used: set[tuple[str, ...]] = field(default_factory=set)


class _Key(NamedTuple):
    """The texts of an item's key, and what finds each in a line."""

    texts: tuple[str, ...]
    patterns: tuple[re.Pattern[str], ...]

    def is_in(self, readings: Sequence[str]) -> bool:
        return any(all(pattern.search(one) for pattern in self.patterns) for one in readings)


class OngoingByLines(Ongoing):
    """Records as they come, matched by the texts of their keys.

    An item may be inserted several times: a line that shows its key counts for one of the inserts, the oldest that no
    line was counted for, unless it shows an insert's eventID.
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

    @property
    def complaints(self) -> tuple[str, ...]:
        """Lines that report an error and are the last about an insert."""
        return tuple(self._complaints.values())

    def streamed(self, record: Mapping[str, Any]) -> None:
        """Take a record of the stream; an insert's key is looked for in the lines from now on, and in recent ones."""
        waiting = self.waiting
        super().streamed(record)
        if record.get("eventName") != EventName.INSERT or self.waiting == waiting:
            return
        texts = tuple(
            str(content)
            for value in ((record.get("dynamodb") or {}).get("Keys") or {}).values()
            for content in value.values()
        )
        if sum(map(len, texts)) < _SHORTEST:
            self.unrecognizable += 1
            return
        event_id = str(record.get("eventID"))
        patterns = tuple(re.compile(rf"(?<!\w){re.escape(text)}(?!\w)") for text in texts)
        key = self._keys[event_id] = _Key(texts, patterns)
        written = self._due[event_id]
        for one in self._recent:
            if texts in one.used or one.at < written or not key.is_in(one.readings):
                continue
            if event_id in self._keys:
                self._show(event_id, one)
            elif self._counted.get(event_id) == one.stream and _complains(one) != (
                event_id in self._complaints
            ):
                self._change_mind(event_id, one, texts)

    def _change_mind(self, event_id: str, one: _Line, texts: tuple[str, ...]) -> None:
        """Take a later line of the invocation that told of an insert: it reports an error, or that there is none."""
        one.used.add(texts)
        if _complains(one):
            self._complaints[event_id] = one.message
        else:
            del self._complaints[event_id]

    def logged(self, message: str, at: float, *, stream: str = "") -> None:
        """Take a log line of the handler."""
        one = _Line(message, at, stream, readings(message))
        self._recent.append(one)
        del self._recent[:-_RECENT]
        groups: dict[tuple[str, ...], list[str]] = {}
        for event_id, key in self._keys.items():
            if self._matches(event_id, one):
                groups.setdefault(key.texts, []).append(event_id)
        self.lines += bool(groups)
        for waiting in groups.values():
            for event_id in self._meant(waiting, one):
                self._show(event_id, one)

    def _matches(self, event_id: str, one: _Line) -> bool:
        """Whether a line shows an insert's key; one from before is about an earlier item of this key."""
        shared = self._shared.get(event_id)
        written = self._due.get(event_id, shared.written if shared else float("inf"))  # in whole seconds
        return one.at >= written and self._keys[event_id].is_in(one.readings)

    def _meant(self, waiting: list[str], one: _Line) -> list[str]:
        """The inserts of one key that a line counts for."""
        if named := [event_id for event_id in waiting if event_id in one.message]:
            return named
        here = [event_id for event_id in waiting if self._counted.get(event_id) == one.stream]
        if here and _complains(one):
            return here[-1:]  # it is about what the same invocation told of before
        return ([event_id for event_id in waiting if event_id not in self._counted] or waiting)[:1]

    def _show(self, event_id: str, one: _Line) -> None:
        """Count a line for an insert; one that reports an error is no sign that it was processed."""
        one.used.add(self._keys[event_id].texts)
        if _complains(one):
            self._complaints[event_id] = one.message
            return
        self._complaints.pop(event_id, None)
        self._remember(self._counted, event_id, one.stream)
        self._mention(event_id, one.at, one.stream)

    def _mention(self, event_id: str, at: float, stream: str) -> None:
        self._take(
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


def _complains(one: _Line) -> bool:
    return line.read(one.message).failed
