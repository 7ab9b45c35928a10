"""The record of a user's emulator on disk, and the locks that make it reliable.

    emulator.json  what a client needs (including the key: mode 0600)
    alive.lock     held by the emulator while it runs, and contains its pid; the kernel releases it however the emulator
                   ends, so that a reused pid is not mistaken for it
    turn.lock      held by a command while it starts or stops an emulator
    run-…/         the emulator's folder; the file ``.ddbinsert-run`` in it marks it as ddbinsert's

Only the user can read the folder (mode 0700). A folder of that name that ddbinsert did not create, or that is a symbolic
link, is refused; in ddbinsert's own folder, only marked folders are removed.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import stat
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from ddbinsert.dataclass import dataclass
from ddbinsert.errors import InconclusiveError, PrerequisiteError
from ddbinsert.local.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddbinsert.core.clock import Clock

_FORMAT = 1
_PAUSE = 0.01
#: The file that marks an emulator's folder.
_MARK = ".ddbinsert-run"
_FILES = frozenset(("alive.lock", "emulator.json", "emulator.new", "turn.lock"))


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
        """Create the folder, for the user only.

        Raises:
            PrerequisiteError: It cannot be created, belongs to another user, or is not a state folder of ddbinsert.
        """
        try:
            with suppress(FileExistsError):
                self.path.mkdir(parents=True, mode=0o700)
            problem = self._problem()
            if problem:
                raise PrerequisiteError(f"{self.path} {problem}.", hint=_ELSEWHERE, code="state-directory")
            self.path.chmod(0o700)
            self.alive.touch(0o600)
        except OSError as error:
            raise PrerequisiteError(
                f"The folder for the embedded emulator's state can't be used: {error}",
                hint=_ELSEWHERE,
                code="state-directory",
            ) from error

    def _problem(self) -> str:
        """Why the folder must not be used; empty if it can be used."""
        if self.path.is_symlink():
            return "is a symbolic link"
        if not self.path.is_dir():
            return "is not a folder"
        if not self._is_ours():
            return "belongs to another user"
        # In this order, because another process that is preparing the folder writes its lock file first.
        strangers = [entry.name for entry in self.path.iterdir() if entry.name not in _FILES]
        if strangers and not self.alive.is_file():
            return "contains files that are not ddbinsert's"
        return ""

    def _is_ours(self) -> bool:
        # Another user's folder, or a link, could lead to another user's emulator.
        return self.path.lstat().st_uid == os.geteuid() and not self.path.is_symlink()

    def read(self) -> Emulator | None:
        """The recorded emulator, running or not; None if the record is missing or invalid."""
        try:
            return _parsed(json.loads(self.record.read_bytes())) if self._is_ours() else None
        except (OSError, ValueError, TypeError, KeyError, OverflowError, RecursionError):
            return None

    def is_written_down(self) -> bool:
        return os.path.lexists(self.record)

    def write(self, emulator: Emulator) -> None:
        """Write the record atomically."""
        fresh = self.record.with_suffix(".new")
        with suppress(FileNotFoundError):
            fresh.unlink()
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(_plain(emulator), file)
        fresh.replace(self.record)

    def is_alive(self) -> bool:
        """Whether an emulator of this folder is running."""
        try:
            with self.alive.open("r+b") as file:
                # Shared, so that two concurrent checks are not mistaken for the emulator.
                return not _locked(file, fcntl.LOCK_SH)
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            return False

    def living_pid(self) -> int | None:
        """The process that holds ``alive.lock``; only valid while ``is_alive()``."""
        try:
            pid = int(self.alive.read_bytes())
        except (OSError, ValueError):
            return None
        return pid if pid > 1 else None

    @contextmanager
    def turn(self, clock: Clock, timeout: float) -> Iterator[None]:
        """Lock out other commands.

        Raises:
            InconclusiveError: Another command held the lock for ``timeout`` seconds.
        """
        started = clock.monotonic()
        # Never removed, because two processes could then hold the lock, each on its own file.
        with _opened_for_us_alone(self.path / "turn.lock") as file:
            while not _locked(file, fcntl.LOCK_EX):
                if clock.monotonic() - started > timeout:
                    raise InconclusiveError(
                        f"Another ddbinsert has been starting or stopping the local emulator for {timeout:g} s.",
                        hint=f"It holds the lock {file.name}.",
                        code="emulator-busy",
                    )
                clock.sleep(_PAUSE)
            yield

    def new_run(self) -> Path:
        """A new folder for an emulator.

        It is renamed to its final name after the mark was written, so that an interruption leaves no folder without a
        mark, which would count as foreign.
        """
        made = Path(tempfile.mkdtemp(prefix="new-", dir=self.path))
        try:
            (made / _MARK).touch(0o600)
            return made.rename(self.path / f"run-{made.name.removeprefix('new-')}")
        except BaseException:
            shutil.rmtree(made, ignore_errors=True)
            raise

    def runs(self) -> tuple[Path, ...]:
        """The remaining folders of all emulators that were started here."""
        return tuple(path for path in self.path.glob("run-*") if self._is_run(path))

    def _is_run(self, path: Path) -> bool:
        with suppress(OSError):
            return (
                not path.is_symlink()
                and path.is_dir()
                and path.stat().st_uid == os.geteuid()
                and stat.S_ISREG((path / _MARK).lstat().st_mode)
            )
        return False

    def forget(self) -> None:
        """Remove the records of emulators that have ended."""
        self.record.unlink(missing_ok=True)
        for run in self.runs():
            remove_run(run)


def remove_run(directory: Path) -> None:
    """Remove an emulator's folder, the mark last, so that an interrupted removal can be continued."""
    with suppress(OSError):
        for entry in list(directory.iterdir()):
            if entry.name == _MARK:
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                entry.unlink(missing_ok=True)
        if [entry.name for entry in directory.iterdir()] == [_MARK]:
            (directory / _MARK).unlink()
        directory.rmdir()


def _opened_for_us_alone(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b")


_ELSEWHERE = "Set DDBINSERT_STATE_DIR to another folder."


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
    """The emulator in a record; raises ValueError, TypeError, KeyError or OverflowError for an invalid record."""
    if record["format"] != _FORMAT:
        raise ValueError("another format")
    return Emulator(
        pid=int(record["pid"]),
        port=int(record["port"]),
        started_at=float(record["started_at"]),
        key=str(record["key"]),
        directory=Path(record["directory"]),
    )
