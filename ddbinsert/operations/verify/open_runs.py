"""Records of the test items that a run may leave, made before the first write so that a cleanup is possible."""

from __future__ import annotations

import json
import re
from dataclasses import field
from typing import TYPE_CHECKING, Any

from ddbinsert.dataclass import dataclass
from ddbinsert.errors import PrerequisiteError, UsageError
from ddbinsert.operations.run_locks import RunLocks, is_held

if TYPE_CHECKING:
    from pathlib import Path

    from ddbinsert.core.proof.probe_item import Sample

_RUN_ID = re.compile(r"[0-9a-f]{12}")


def _key_parts(sample: Sample) -> dict[str, Any]:
    """The parts of test items' keys that come from the sample."""
    return {
        "prefixes": dict(sample.prefixes),
        "suffixes": dict(sample.suffixes),
        "fixed": dict(sample.fixed),
    }


@dataclass(frozen=True)
class OpenRuns:
    """The open runs of one user, one file each; a file is removed when the run's items are removed."""

    folder: Path
    locks: RunLocks = field(default_factory=RunLocks, compare=False)

    def _file(self, run_id: str) -> Path:
        return self.folder / f"{run_id}.json"

    def open(self, run_id: str, *, table: str, arn: str, items: int, sample: Sample, where: str) -> None:
        """Record a run.

        Args:
            table: The table's name.
            arn: Its ARN: the run's items are removed only from this table.

        Raises:
            PrerequisiteError: The folder cannot be written.
        """
        note = {
            "run_id": run_id,
            "table": table,
            "arn": arn,
            "items": items,
            **_key_parts(sample),
            "variants": {str(number): _key_parts(one) for number, one in sample.variants.items()},
            "where": where,
        }
        try:
            self.locks.record(self._file(run_id), json.dumps(note))
        except OSError as error:
            raise PrerequisiteError(
                f"The run cannot be recorded in {self.folder}: {error}",
                hint="Set DDBINSERT_STATE_DIR to another folder.",
                code="state-directory",
            ) from error

    def close(self, run_id: str) -> None:
        self._file(run_id).unlink(missing_ok=True)
        self.locks.release(self._file(run_id))

    def end(self, run_id: str) -> None:
        """The run has ended; its record stays, as its items may be left."""
        self.locks.release(self._file(run_id))

    def is_in_progress(self, run_id: str) -> bool:
        """Whether the process of a run is still running, so that it removes its items itself."""
        return is_held(self._file(run_id))

    def read(self, run_id: str) -> dict[str, Any]:
        """The record of a run.

        Raises:
            UsageError: It is not a valid run ID, or the run has left nothing.
        """
        if not _RUN_ID.fullmatch(run_id):
            raise UsageError(
                f"{run_id!r} is not a valid run ID: expected 12 hexadecimal digits, as verify prints them."
            )
        try:
            note: dict[str, Any] = json.loads(self._file(run_id).read_text())
        except FileNotFoundError as error:
            raise UsageError(
                f"Run {run_id} is not recorded on this machine: its items are deleted already, or it ran on "
                "another machine.",
                hint=f"Open runs: {', '.join(self.runs()) or 'none'}.",
                code="unknown-run",
            ) from error
        except (OSError, ValueError) as error:
            raise UsageError(f"The record of run {run_id} cannot be read: {error}") from error
        return note

    def runs(self) -> tuple[str, ...]:
        """The runs whose items may still exist."""
        return tuple(sorted(path.stem for path in self.folder.glob("*.json")))
