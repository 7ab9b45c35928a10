"""Whether the process that recorded a run is still at it: it holds a lock on the record, which ends with the process."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class RunLocks:
    """The records that this process holds, at most as long as this object exists."""

    def __init__(self) -> None:
        self._held: dict[Path, int] = {}

    def __del__(self) -> None:
        for path in tuple(self._held):
            self.release(path)

    def record(self, path: Path, text: str) -> None:
        """Write a record and hold it until `release`.

        Raises:
            OSError: It cannot be written.
        """
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = path.with_suffix(".new")
        fresh.write_text(text, encoding="utf-8")
        held = os.open(fresh, os.O_RDONLY)
        with suppress(OSError):  # a file system without locks: the run counts as ended
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self.release(path)
        self._held[path] = held
        fresh.replace(path)

    def release(self, path: Path) -> None:
        held = self._held.pop(path, None)
        if held is not None:
            os.close(held)


def is_held(path: Path) -> bool:
    """Whether a process that is still running holds this record."""
    try:
        with path.open(encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
