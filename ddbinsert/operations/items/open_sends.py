"""Runs of send that may have left items, recorded before the first write, so that a killed run can be cleaned up."""

from __future__ import annotations

import json
from dataclasses import field
from typing import TYPE_CHECKING

from ddbinsert.dataclass import dataclass
from ddbinsert.errors import PrerequisiteError
from ddbinsert.operations.run_locks import RunLocks, is_held

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class OpenSend:
    """A run of send that may have left items.

    Attributes:
        count: Number of items that the run was to write.
        undo: Arguments of the command that removes them, or looks for those with keys of the user's own.
        has_own_keys: Whether all items have keys of the user's own.
        where: Endpoint of the run, as text.
    """

    run_id: str
    table: str
    count: int
    undo: tuple[str, ...]
    where: str
    has_own_keys: bool = False


@dataclass(frozen=True)
class OpenSends:
    """The recorded runs of one user, one file each; a file is removed when the run's items are removed."""

    folder: Path
    locks: RunLocks = field(default_factory=RunLocks, compare=False)

    def open(self, run: OpenSend) -> None:
        """Record a run.

        Raises:
            PrerequisiteError: The folder cannot be written.
        """
        document = {
            "table": run.table,
            "count": run.count,
            "undo": list(run.undo),
            "has_own_keys": run.has_own_keys,
            "where": run.where,
        }
        try:
            self.locks.record(self.folder / f"{run.run_id}.json", json.dumps(document))
        except OSError as error:
            raise PrerequisiteError(
                f"The run can't be recorded in {self.folder}: {error}",
                hint="Set DDBINSERT_STATE_DIR to another folder.",
                code="state-directory",
            ) from error

    def close(self, run_id: str) -> None:
        """Remove the record of a run whose items are removed."""
        (self.folder / f"{run_id}.json").unlink(missing_ok=True)

    def end(self, run_id: str) -> None:
        """The run has ended; its record stays, as its items may be left."""
        self.locks.release(self.folder / f"{run_id}.json")

    def is_in_progress(self, run_id: str) -> bool:
        """Whether the process of a run is still running, so that it removes its items itself."""
        return is_held(self.folder / f"{run_id}.json")

    def of_table(self, table: str) -> list[OpenSend]:
        """The ended runs that may have left items in a table; unreadable records are left out."""
        found = []
        for path in sorted(self.folder.glob("*.json")):
            if is_held(path):
                continue
            try:
                document = json.loads(path.read_text())
                run = OpenSend(
                    run_id=path.stem,
                    table=str(document["table"]),
                    count=int(document["count"]),
                    undo=tuple(map(str, document["undo"])),
                    where=str(document["where"]),
                    has_own_keys=bool(document.get("has_own_keys", not document["undo"])),
                )
            except (OSError, ValueError, TypeError, KeyError):
                continue
            if run.table == table:
                found.append(run)
        return found
