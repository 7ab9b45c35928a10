"""What test items a run may have left, written down before the first write: so a cleanup can always follow."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ddbinsert.errors import PrerequisiteError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from ddbinsert.core.probe_item import Sample

_RUN_ID = re.compile(r"[0-9a-f]{12}")


@dataclass(frozen=True)
class Ledger:
    """The open runs of one user, a file each; the file goes when the run's items are gone."""

    folder: Path

    def _file(self, run_id: str) -> Path:
        return self.folder / f"{run_id}.json"

    def open(self, run_id: str, *, table: str, items: int, sample: Sample, where: str) -> None:
        """Note a run.

        Raises:
            PrerequisiteError: The folder can't be written.
        """
        note = {
            "run_id": run_id,
            "table": table,
            "items": items,
            "prefixes": dict(sample.prefixes),
            "fixed": dict(sample.fixed),
            "where": where,
        }
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            fresh = self._file(run_id).with_suffix(".new")
            fresh.write_text(json.dumps(note))
            fresh.replace(self._file(run_id))
        except OSError as error:
            raise PrerequisiteError(
                f"The run can't be written down in {self.folder}: {error}",
                hint="Name another place in DDBINSERT_STATE_DIR.",
                code="state-directory",
            ) from error

    def close(self, run_id: str) -> None:
        self._file(run_id).unlink(missing_ok=True)

    def read(self, run_id: str) -> dict[str, Any]:
        """The note of a run.

        Raises:
            UsageError: It is no run id, or the run has left nothing.
        """
        if not _RUN_ID.fullmatch(run_id):
            raise UsageError(f"{run_id!r} is no run id: 12 hexadecimal digits, as verify prints it.")
        try:
            note: dict[str, Any] = json.loads(self._file(run_id).read_text())
        except FileNotFoundError as error:
            raise UsageError(
                f"Run {run_id} is not known here: its items are gone, or it ran on another machine.",
                hint=f"Open runs: {', '.join(self.runs()) or 'none'}.",
                code="unknown-run",
            ) from error
        except (OSError, ValueError) as error:
            raise UsageError(f"The note of run {run_id} can't be read: {error}") from error
        return note

    def runs(self) -> tuple[str, ...]:
        """The runs whose items may still be there."""
        return tuple(sorted(path.stem for path in self.folder.glob("*.json")))
