"""The inserts of an audit in an SQLite file, so that memory does not grow with their number."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ddbinsert.core import receipt as receipts
from ddbinsert.core.proof.gaps.model import Insert
from ddbinsert.operations.gaps.scratch import disk_space_checked, scratch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from ddbinsert.core.proof.gaps.judge import JudgedInsert
    from ddbinsert.core.proof.gaps.lines import Line

_TABLE = """
CREATE TABLE IF NOT EXISTS inserts(place INTEGER PRIMARY KEY, event_id TEXT NOT NULL, shard INTEGER NOT NULL, sequence TEXT NOT NULL,
  at REAL NOT NULL, keys TEXT NOT NULL, request TEXT, ok_at REAL, ok_ended INTEGER NOT NULL DEFAULT 0, bad_at REAL,
  failed_at REAL, guarded_at REAL, stored INTEGER, outcome TEXT, cause TEXT, why TEXT);
CREATE UNIQUE INDEX IF NOT EXISTS by_event ON inserts(event_id);
CREATE TABLE IF NOT EXISTS progress(id INTEGER PRIMARY KEY CHECK (id = 1), state TEXT NOT NULL);
"""
#: A rollback to the last commit is possible in a file that another run can go on with.
_KEPT = "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL;"
_COLUMNS = (
    "place, event_id, shard, sequence, at, keys, ok_at, ok_ended, bad_at, failed_at, guarded_at, stored"
)
_BATCH = 1_000
#: Open inserts: those that the log does not show as processed, or that failed after being processed.
_OPEN = "(ok_at IS NULL OR failed_at >= ok_at)"
_SAME = "WHERE event_id = :event AND (:sequence = '' OR sequence = :sequence)"
_UPDATES = {
    "ok": "UPDATE inserts SET ok_at = max(ifnull(ok_at, 0), :at), ok_ended = max(ok_ended, :ended), "
    "request = :request ",
    "bad": "UPDATE inserts SET bad_at = max(ifnull(bad_at, 0), :at) ",
    "failed": "UPDATE inserts SET failed_at = max(ifnull(failed_at, 0), :at) ",
    "guarded": "UPDATE inserts SET guarded_at = max(ifnull(guarded_at, 0), :at) ",
}


@contextmanager
def opened(kept: Path | None = None) -> Iterator[Store]:
    """A store whose file is removed at the end.

    Args:
        kept: File that remains after an interruption, so that a later run can go on with it.

    Raises:
        PrerequisiteError: There is not enough disk space.
    """
    with disk_space_checked("The audit", "300 bytes for each insert", kept.parent if kept else None):
        store = (_open_kept(kept) if kept else None) or Store()
        try:
            yield store
        finally:
            store.close()


def _open_kept(path: Path) -> Store | None:
    """A store in a file that is kept; None if it cannot be used, for example because another run uses it."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        return Store(path)
    except (sqlite3.Error, OSError):
        return None


class Store:
    """Inserts, and what the log shows about each.

    Args:
        kept: The file in which commits are durable, so that another run can go on from the last one.
    """

    def __init__(self, kept: Path | None = None) -> None:
        self._kept = kept
        self._db = sqlite3.connect(kept, isolation_level=None, timeout=0.0) if kept else scratch()
        try:
            self._db.executescript(
                (_KEPT if kept else "")
                + "PRAGMA synchronous=OFF; PRAGMA cache_size=-2048; PRAGMA temp_store=FILE;"
            )
            self._db.executescript(_TABLE)
            self._db.execute("BEGIN IMMEDIATE")
        except sqlite3.Error:
            self._db.close()
            raise
        self._new: list[tuple[int, str, int, str, float, str]] = []
        self._seen: dict[str, list[dict[str, object]]] = {kind: [] for kind in _UPDATES}
        (self._count,) = self._db.execute("SELECT ifnull(max(place), 0) FROM inserts").fetchone()

    @property
    def is_kept(self) -> bool:
        """Whether a later run can go on with what was committed."""
        return self._kept is not None

    @property
    def progress(self) -> str:
        """The state that was committed with the inserts; empty in a new store."""
        row = self._db.execute("SELECT state FROM progress").fetchone()
        return str(row[0]) if row else ""

    def commit(self, progress: str = "") -> None:
        """Keep what was added so far, together with a state; without a file that is kept, nothing is done."""
        if self._kept is None:
            return
        self.flush()
        if progress:
            self._db.execute("INSERT OR REPLACE INTO progress VALUES (1, ?)", (progress,))
        self._db.execute("COMMIT")
        self._db.execute("BEGIN IMMEDIATE")

    def clear(self) -> None:
        """Remove everything."""
        self._db.execute("DELETE FROM inserts")
        self._db.execute("DELETE FROM progress")
        self._count = 0

    def finish(self) -> None:
        """Keep nothing: the file is removed, and its content with the store.

        The journal ends first, as SQLite would remove one of that name at the end, which may be another run's by then.
        """
        if self._kept is not None:
            self._db.execute("DELETE FROM progress")
            self._db.execute("COMMIT")
            self._db.execute("PRAGMA journal_mode=OFF")
            self._kept.unlink(missing_ok=True)
            self._kept = None
            self._db.execute("BEGIN")

    def close(self) -> None:
        self._db.close()

    # --- writing ------------------------------------------------------------------------------------------

    def add(self, *, event_id: str, shard: int, sequence: str, at: float, keys: str) -> None:
        """Add an insert; those of one shard must be added in the shard's order."""
        self._count += 1
        self._new.append((self._count, event_id, shard, sequence, at, keys))
        if len(self._new) >= _BATCH:
            self._write_inserts()

    def _write_inserts(self) -> None:
        self._db.executemany(
            "INSERT OR IGNORE INTO inserts(place, event_id, shard, sequence, at, keys) VALUES (?, ?, ?, ?, ?, ?)",
            self._new,
        )
        self._new = []

    def add_line(self, line: Line) -> None:
        """Add a log line; one about an unknown record has no effect."""
        if line.decision == receipts.PROCESSED:
            kind = "bad" if line.ended_well is False else "ok"
        else:
            kind = line.decision
        rows = self._seen[kind]
        rows.append(
            {
                "event": line.event_id,
                "sequence": line.sequence,
                "at": line.at,
                "ended": int(line.ended_well is True),
                "request": line.request,
            }
        )
        if len(rows) >= _BATCH:
            self._write_lines(kind)

    def _write_lines(self, kind: str) -> None:
        self._db.executemany(_UPDATES[kind] + _SAME, self._seen[kind])
        self._seen[kind] = []

    def flush(self) -> None:
        """Write what was added; call it after reading the stream and after reading the log."""
        self._write_inserts()
        for kind in _UPDATES:
            self._write_lines(kind)

    def finish_reading(self) -> None:
        """Create the index for queries about neighbours."""
        self.flush()
        self._db.execute("CREATE INDEX IF NOT EXISTS by_shard ON inserts(shard, place)")

    # --- queries ------------------------------------------------------------------------------------------

    def count_until(self, moment: float) -> int:
        """Number of inserts written up to a time in epoch seconds."""
        return int(self._db.execute("SELECT count(*) FROM inserts WHERE at <= ?", (moment,)).fetchone()[0])

    @property
    def count_open(self) -> int:
        """Number of open inserts, which the log does not clearly show as processed."""
        return int(self._db.execute(f"SELECT count(*) FROM inserts WHERE {_OPEN}").fetchone()[0])  # noqa: S608

    def passed(self, before: float) -> dict[int, int]:
        """Shard to the position of its last insert whose latest success is not after a time in epoch seconds."""
        asked = "SELECT shard, max(place) FROM inserts WHERE ok_at <= ? GROUP BY shard"
        return {int(shard): int(place) for shard, place in self._db.execute(asked, (before,))}

    def last_processed(self, before: float) -> float | None:
        """Write time of the newest processed insert among those written up to a time in epoch seconds."""
        asked = "SELECT max(at) FROM inserts WHERE ok_at IS NOT NULL AND at <= ?"
        return _number(self._db.execute(asked, (before,)).fetchone()[0])

    def neighbours(self, one: Insert) -> tuple[str, str]:
        """The invocations that processed the inserts before and after this one in its shard; empty if there is none."""
        found = []
        for order, sign in (("DESC", "<"), ("ASC", ">")):
            row = self._db.execute(
                f"SELECT request FROM inserts WHERE shard = ? AND place {sign} ? AND ok_at IS NOT NULL "  # noqa: S608
                f"ORDER BY place {order} LIMIT 1",
                (one.shard, one.place),
            ).fetchone()
            found.append(str(row[0] or "") if row else "")
        return found[0], found[1]

    def open_inserts(self, *, everything: bool = False) -> Iterator[Insert]:
        """The open inserts, in order; all inserts with ``everything``."""
        yield from self._read("1" if everything else _OPEN)

    def suspects(self) -> Iterator[Insert]:
        """The inserts to be judged one by one: open, or without an entry in the sink."""
        yield from self._read(f"{_OPEN} OR stored = 0")

    def _read(self, condition: str) -> Iterator[Insert]:
        after = 0
        while True:
            rows = self._db.execute(
                f"SELECT {_COLUMNS} FROM inserts WHERE place > ? AND ({condition}) ORDER BY place LIMIT {_BATCH}",  # noqa: S608
                (after,),
            ).fetchall()
            for row in rows:
                yield _insert(row)
            if len(rows) < _BATCH:
                return
            after = int(rows[-1][0])

    def mark_stored(self, found: Iterable[tuple[str, bool]]) -> None:
        """Store whether the sink contains the entries of these inserts (by eventID)."""
        self._db.executemany(
            "UPDATE inserts SET stored = ? WHERE event_id = ?",
            ((int(there), event_id) for event_id, there in found),
        )

    def mark(self, rows: Iterable[tuple[Insert, JudgedInsert]]) -> None:
        """Store outcomes."""
        self._db.executemany(
            "UPDATE inserts SET outcome = ?, cause = ?, why = ? WHERE place = ?",
            ((judged.outcome, judged.cause, judged.why, one.place) for one, judged in rows),
        )

    def with_outcome(self, outcome: str) -> Iterator[tuple[Insert, str]]:
        """The inserts with this outcome and their causes, by shard and in the shard's order."""
        asked = f"SELECT {_COLUMNS}, cause FROM inserts WHERE outcome = ? ORDER BY shard, place"  # noqa: S608
        for row in self._db.execute(asked, (outcome,)):
            yield _insert(row[:-1]), str(row[-1] or "")


def _insert(row: tuple[object, ...]) -> Insert:
    place, event_id, shard, sequence, at, keys, ok_at, ok_ended, bad_at, failed_at, guarded_at, stored = row
    return Insert(
        place=int(str(place)),
        event_id=str(event_id),
        shard=int(str(shard)),
        sequence=str(sequence),
        at=_number(at) or 0.0,
        keys=str(keys),
        ok_at=_number(ok_at),
        ok_ended=bool(ok_ended),
        bad_at=_number(bad_at),
        failed_at=_number(failed_at),
        guarded_at=_number(guarded_at),
        stored=None if stored is None else bool(stored),
    )


def _number(value: object) -> float | None:
    return value if isinstance(value, float) else None
