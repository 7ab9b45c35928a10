"""The record on disk of what repairs sent to a function.

It is written before each call and after its answer, so that an interrupted repair resumes where it stopped and sends
no answered record again. There is one file per function, table and endpoint in the state folder; a repair locks it.
"""

from __future__ import annotations

import hashlib
import sqlite3
from enum import StrEnum
from typing import TYPE_CHECKING

from ddbinsert.dataclass import dataclass
from ddbinsert.errors import PrerequisiteError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from ddbinsert.core.clock import Clock
    from ddbinsert.core.failed_records import Record

_TABLE = """
CREATE TABLE IF NOT EXISTS given(event_id TEXT PRIMARY KEY, state TEXT NOT NULL, at REAL NOT NULL,
  calls INTEGER NOT NULL, sequence TEXT NOT NULL) WITHOUT ROWID
"""
_SENT = (
    "INSERT INTO given VALUES (?, 'sent', ?, 1, ?) "
    "ON CONFLICT(event_id) DO UPDATE SET state = 'sent', at = excluded.at, calls = calls + 1"
)


class State(StrEnum):
    """The state of a record that was sent."""

    SENT = "sent"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Given:
    """A record that was sent to the function.

    Attributes:
        state: Whether the last call was answered, and how.
        at: Time of the last call or answer, in epoch seconds.
        calls: Number of calls with this record.
    """

    state: State
    at: float
    calls: int


def ledger_path(folder: Path, *, endpoint: str, table_arn: str, function_arn: str) -> Path:
    """The path of the ledger of a function and a table."""
    what = f"{endpoint}\n{table_arn}\n{function_arn}"
    return folder / f"{hashlib.sha256(what.encode()).hexdigest()[:16]}.sqlite"


class RepairLedger:
    """The records that were sent to one function.

    Args:
        alone: For a repair: lock the file against other repairs. Otherwise read-only, and empty if there is no file.

    Raises:
        PrerequisiteError: The file cannot be used, or another repair has locked it.
    """

    def __init__(self, path: Path, clock: Clock, *, alone: bool) -> None:
        self._clock = clock
        self._path = path
        self._db: sqlite3.Connection | None = None
        if not alone and not path.exists():
            return
        try:
            if alone:
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._db = sqlite3.connect(path, isolation_level=None, timeout=0.0)
            if alone:
                self._db.execute("PRAGMA synchronous=FULL")
                self._db.execute("PRAGMA locking_mode=EXCLUSIVE")
                self._db.execute("BEGIN EXCLUSIVE")
                self._db.execute(_TABLE)
                self._db.execute("COMMIT")
            else:
                self._db.execute("SELECT 1 FROM given LIMIT 1")
        except (OSError, sqlite3.Error) as error:
            self.close()
            raise _unusable(path, error) from error

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    def find(self, event_id: str) -> Given | None:
        """The state of a record; None if it was never sent."""
        if self._db is None:
            return None
        row = self._db.execute(
            "SELECT state, at, calls FROM given WHERE event_id = ?", (event_id,)
        ).fetchone()
        return None if row is None else Given(state=State(row[0]), at=row[1], calls=row[2])

    def last_unanswered(self) -> float | None:
        """Time of the last call without a known answer, in epoch seconds."""
        if self._db is None:
            return None
        row = self._db.execute("SELECT max(at) FROM given WHERE state = 'sent'").fetchone()
        return None if row[0] is None else float(row[0])

    def unanswered(self) -> dict[str, float]:
        """The records of calls without a known answer, and the times of the calls."""
        if self._db is None:
            return {}
        return dict(self._db.execute("SELECT event_id, at FROM given WHERE state = 'sent'").fetchall())

    def settle(self, done: Iterable[str]) -> None:
        """Mark records as processed, as their receipts show."""
        now = self._clock.now()
        self._write(
            "UPDATE given SET state = ?, at = ? WHERE event_id = ?",
            [(State.DONE, now, event_id) for event_id in done],
        )

    # --- a repair's journal -------------------------------------------------------------------------------

    def before_call(self, batch: Sequence[Record]) -> None:
        """These records are about to be sent to the function."""
        now = self._clock.now()
        self._write(_SENT, [(one["eventID"], now, str(one["dynamodb"]["SequenceNumber"])) for one in batch])

    def after_answer(self, done: Sequence[Record], failed: Sequence[Record]) -> None:
        """The function has answered."""
        now = self._clock.now()
        rows = [(State.DONE, now, one["eventID"]) for one in done]
        rows += [(State.FAILED, now, one["eventID"]) for one in failed]
        self._write("UPDATE given SET state = ?, at = ? WHERE event_id = ?", rows)

    def _write(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        if self._db is None:
            raise AssertionError("the ledger is read only")
        try:
            self._db.execute("BEGIN")
            self._db.executemany(statement, rows)
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            raise _unusable(self._path, error) from error


def _unusable(path: Path, error: Exception) -> PrerequisiteError:
    if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
        return PrerequisiteError(
            "Another repair or backfill of this function is running on this machine.",
            hint="Wait for its end, and run the command again.",
            code="repair-running",
        )
    return PrerequisiteError(
        f"The record of repairs {path} can't be used: {error}.",
        hint="Set DDBINSERT_STATE_DIR to another folder. Without the record, only receipts show what was repaired.",
        code="state-directory",
    )
