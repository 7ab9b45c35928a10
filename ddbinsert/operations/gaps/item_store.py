"""A comparison of items with the entries of a sink, on disk: which items have no entry."""

from __future__ import annotations

import hashlib
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ddbinsert.core.attributes import as_json
from ddbinsert.operations.gaps.scratch import disk_space_checked, scratch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_BATCH = 1_000


@contextmanager
def opened() -> Iterator[Pairs]:
    """A comparison whose file is removed at the end.

    Raises:
        PrerequisiteError: There is not enough disk space.
    """
    with disk_space_checked("The comparison", "150 bytes for each item"):
        pairs = Pairs()
        try:
            yield pairs
        finally:
            pairs.close()


class Pairs:
    """Keys of items and of entries: appended in order of arrival, and compared once, in the order of their digests.

    Keys are not looked up one by one: with more keys than fit into memory, each look-up would be a read of the disk.
    """

    def __init__(self) -> None:
        self._db = scratch()
        self._db.executescript(
            "PRAGMA cache_size=-8192;"
            "CREATE TABLE items(digest BLOB, keys TEXT); CREATE TABLE entries(digest BLOB);"
            "CREATE TABLE missing(digest BLOB PRIMARY KEY, keys TEXT) WITHOUT ROWID; BEGIN;"
        )
        self._items: list[tuple[bytes, str]] = []
        self._entries: list[tuple[bytes]] = []
        self._with_entry: int | None = None
        self._without_entry = 0

    def close(self) -> None:
        self._db.close()

    def add(self, keys: Mapping[str, Any]) -> None:
        """Add the key of an item."""
        text = key_text(keys)
        self._items.append((_digest(text), text))
        if len(self._items) >= _BATCH:
            self._write_items()

    def has_entry(self, keys: Mapping[str, Any]) -> None:
        """Add the key of an entry in the sink; a key of no item has no effect."""
        self._entries.append((_digest(key_text(keys)),))
        if len(self._entries) >= _BATCH:
            self._write_entries()

    def _write_items(self) -> None:
        self._db.executemany("INSERT INTO items VALUES (?, ?)", self._items)
        self._items = []

    def _write_entries(self) -> None:
        self._db.executemany("INSERT INTO entries VALUES (?)", self._entries)
        self._entries = []

    def count(self, *, with_entry: bool) -> int:
        self._compare()
        return self._with_entry or 0 if with_entry else self._without_entry

    def without_entry(self) -> Iterator[dict[str, Any]]:
        """The keys of the items without an entry in the sink."""
        self._compare()
        for (text,) in self._db.execute("SELECT keys FROM missing"):
            yield json.loads(text)

    def lacks(self, keys: Mapping[str, Any]) -> bool:
        """Whether an added item has no entry."""
        self._compare()
        found = self._db.execute("SELECT 1 FROM missing WHERE digest = ?", (_digest(key_text(keys)),))
        return found.fetchone() is not None

    def _compare(self) -> None:
        """Compare all keys, on the first call only."""
        if self._with_entry is not None:
            return
        self._write_items()
        self._write_entries()
        self._with_entry = 0
        entries = self._db.execute("SELECT digest FROM entries ORDER BY digest")
        entry = entries.fetchone()
        last = None
        missing: list[tuple[bytes, str]] = []
        for digest, text in self._db.execute("SELECT digest, keys FROM items ORDER BY digest"):
            if digest == last:
                continue
            last = digest
            while entry is not None and entry[0] < digest:
                entry = entries.fetchone()
            if entry is not None and entry[0] == digest:
                self._with_entry += 1
                continue
            self._without_entry += 1
            missing.append((digest, text))
            if len(missing) >= _BATCH:
                self._db.executemany("INSERT INTO missing VALUES (?, ?)", missing)
                missing = []
        self._db.executemany("INSERT INTO missing VALUES (?, ?)", missing)


def key_text(keys: Mapping[str, Any]) -> str:
    """A key in DynamoDB JSON (B as bytes or base64) as a canonical text."""
    return json.dumps({name: as_json(keys[name]) for name in sorted(keys)}, separators=(",", ":"))


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()[:16]
