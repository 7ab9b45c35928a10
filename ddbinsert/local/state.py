"""Where a user's emulator is written down, and the locks that make the note trustworthy.

    emulator.json  what a client needs (the key too: 0600)
    alive.lock     held by the emulator as long as it lives, its pid inside; the kernel lets go of it
                   however it ends, so a recycled pid is never taken for it
    turn.lock      held by a command while it starts or stops one
    run-…/         the emulator's folder

The folder is the user's alone (0700).
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from ddbinsert.errors import InconclusiveError, PrerequisiteError
from ddbinsert.local.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddbinsert.core.clock import Clock

_FORMAT = 1
_PAUSE = 0.01


@dataclass(frozen=True)
class StateFolder:
    """The state of one user's emulator, on disk."""

    path: Path

    @property
    def record(self) -> Path:
        return self.path / "emulator.json"

    @property
    def alive(self) -> Path:
        return self.path / "alive.lock"

    def prepare(self) -> None:
        """Make the folder, for the user alone.

        Raises:
            PrerequisiteError: it can't be made, or is another user's.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not self._is_ours():
                raise PrerequisiteError(
                    f"{self.path} belongs to another user.", hint=_ELSEWHERE, code="state-directory"
                )
            self.path.chmod(0o700)
            self.alive.touch(0o600)
        except OSError as error:
            raise PrerequisiteError(
                f"The folder for the local emulator's state can't be used: {error}",
                hint=_ELSEWHERE,
                code="state-directory",
            ) from error

    def _is_ours(self) -> bool:
        # Another user's folder could lead us to another user's emulator.
        return self.path.stat().st_uid == os.geteuid()

    def read(self) -> Emulator | None:
        """What is written down, whether it still lives or not; None for what can't be read as such."""
        try:
            return _parsed(json.loads(self.record.read_bytes())) if self._is_ours() else None
        except (OSError, ValueError, TypeError, KeyError, OverflowError, RecursionError):
            return None

    def is_written_down(self) -> bool:
        return os.path.lexists(self.record)

    def write(self, emulator: Emulator) -> None:
        """Write it down, in one step."""
        fresh = self.record.with_suffix(".new")
        with contextlib.suppress(FileNotFoundError):
            fresh.unlink()
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(_plain(emulator), file)
        fresh.replace(self.record)

    def is_alive(self) -> bool:
        """Whether an emulator that was started from here lives."""
        try:
            with self.alive.open("r+b") as file:
                # Shared: two that look at once don't take each other for the emulator.
                return not _locked(file, fcntl.LOCK_SH)
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            return False

    def living_pid(self) -> int | None:
        """The process that holds ``alive.lock``; only to be believed while ``is_alive()``."""
        try:
            pid = int(self.alive.read_bytes())
        except (OSError, ValueError):
            return None
        return pid if pid > 1 else None

    @contextlib.contextmanager
    def turn(self, clock: Clock, timeout: float) -> Iterator[None]:
        """One command at a time.

        Raises:
            InconclusiveError: another has been at it for ``timeout`` seconds.
        """
        started = clock.monotonic()
        # Never removed, because two could then hold the same lock, each on a file of its own.
        with _opened_for_us_alone(self.path / "turn.lock") as file:
            while not _locked(file, fcntl.LOCK_EX):
                if clock.monotonic() - started > timeout:
                    raise InconclusiveError(
                        f"Another ddbinsert has been starting or stopping the local emulator for {timeout:g} s.",
                        hint=f"It holds {file.name}.",
                        code="emulator-busy",
                    )
                clock.sleep(_PAUSE)
            yield

    def new_run(self) -> Path:
        """A folder for an emulator to live in."""
        return Path(tempfile.mkdtemp(prefix="run-", dir=self.path))

    def runs(self) -> tuple[Path, ...]:
        """The folders of all emulators that were begun here and not cleared away."""
        return tuple(self.path.glob("run-*"))

    def forget(self) -> None:
        """Remove every trace of what has ended."""
        self.record.unlink(missing_ok=True)
        for run in self.runs():
            shutil.rmtree(run, ignore_errors=True)


def _opened_for_us_alone(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b")


_ELSEWHERE = "Name another place in DDBINSERT_STATE_DIR."


def _locked(file: IO[bytes], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _plain(emulator: Emulator) -> dict[str, Any]:
    return {
        "format": _FORMAT,
        "pid": emulator.pid,
        "port": emulator.port,
        "started_at": emulator.started_at,
        "key": emulator.key,
        "directory": str(emulator.directory),
    }


def _parsed(record: Any) -> Emulator:
    """Raises ValueError, TypeError, KeyError or OverflowError for what is no record of ours."""
    if record["format"] != _FORMAT:
        raise ValueError("another format")
    return Emulator(
        pid=int(record["pid"]),
        port=int(record["port"]),
        started_at=float(record["started_at"]),
        key=str(record["key"]),
        directory=Path(record["directory"]),
    )
