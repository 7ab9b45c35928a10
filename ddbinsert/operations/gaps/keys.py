"""The keys of past inserts on disk, and which of them a log line shows: for functions that write no receipts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ddbinsert.core import receipt as receipts
from ddbinsert.core.proof.gaps.key_spans import core_of, cores_in, shows, texts_of, words_in
from ddbinsert.core.proof.gaps.lines import Line
from ddbinsert.operations.gaps.scratch import scratch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ddbinsert.core.logs.event import LogEvent
    from ddbinsert.operations.gaps.insert_store import Store

_BATCH = 1_000
#: Maximum number of values per query.
_ASKED = 500


class KeyIndex:
    """An index of keys, searched by whole words."""

    def __init__(self) -> None:
        self._db = scratch()
        self._db.executescript(
            "PRAGMA cache_size=-2048;"
            "CREATE TABLE keys(first TEXT, second TEXT, texts TEXT, event_id TEXT, at REAL);"
            "CREATE INDEX by_core ON keys(first, second); BEGIN;"
        )
        self._new: list[tuple[str, str, str, str, float]] = []
        self._lengths: set[int] = set()

    def close(self) -> None:
        self._db.close()

    def add(self, keys: Mapping[str, Any], event_id: str, at: float) -> bool:
        """Add an insert's key; return whether it can be recognized in a log line."""
        texts = texts_of(keys)
        if not texts:
            return False
        cores = [core_of(text) for text in texts]
        self._lengths |= {words_in(core) for core in cores}
        self._new.append((cores[0], cores[1] if len(cores) > 1 else "", json.dumps(texts), event_id, at))
        if len(self._new) >= _BATCH:
            self._flush()
        return True

    def _flush(self) -> None:
        self._db.executemany("INSERT INTO keys VALUES (?, ?, ?, ?, ?)", self._new)
        self._new = []

    def mentions(self, event: LogEvent) -> Iterator[Line]:
        """The inserts that were written before the line, and whose keys it shows."""
        if self._new:
            self._flush()
        at = event.timestamp / 1000
        cores = cores_in(event.message, self._lengths)
        pages = list(_pages(sorted(cores)))
        for first in self._existing_cores(pages):
            for texts, event_id, written in self._rows(first, pages, at):
                if shows(event.message, json.loads(texts)):
                    yield Line(
                        event_id=event_id,
                        sequence="",
                        decision=receipts.PROCESSED,
                        at=max(at, written),
                        request="",
                        stream=event.stream,
                    )

    def _existing_cores(self, pages: list[list[str]]) -> list[str]:
        """The cores among these that a key begins with."""
        return [
            str(row[0])
            for page in pages
            for row in self._db.execute(
                f"SELECT DISTINCT first FROM keys WHERE first IN ({_marks(page)})",  # noqa: S608
                page,
            ).fetchall()
        ]

    def _rows(self, first: str, pages: list[list[str]], at: float) -> list[tuple[str, str, float]]:
        """The keys that consist of this core alone, or of this core and another one of the line."""
        return [
            row
            for page in ([""], *pages)
            for row in self._db.execute(
                "SELECT texts, event_id, at FROM keys "  # noqa: S608
                f"WHERE first = ? AND second IN ({_marks(page)}) AND at <= ?",
                (first, *page, at),
            ).fetchall()
        ]


def index_of(store: Store) -> KeyIndex:
    """The keys of the inserts that an interrupted audit has stored; empty for a new audit."""
    index = KeyIndex()
    for one in store.open_inserts(everything=True):
        index.add(json.loads(one.keys), one.event_id, one.at)
    return index


def _pages(values: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(values), _ASKED):
        yield values[start : start + _ASKED]


def _marks(page: list[str]) -> str:
    return ",".join("?" * len(page))
