"""Starting, finding and stopping the emulator, as the commands do it."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from ddbinsert.dataclass import dataclass
from ddbinsert.errors import InconclusiveError
from ddbinsert.interrupts import deferred
from ddbinsert.local import process
from ddbinsert.local.extra import require_extra
from ddbinsert.local.state import StateFolder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ddbinsert.core.clock import Clock
    from ddbinsert.local.emulator import Emulator

#: Seconds. On an idle machine, the emulator is ready after a third of a second.
READY_TIMEOUT = 30.0
_GRACE = 5.0
_PAUSE = 0.005


class Health(StrEnum):
    """The health of the user's emulator."""

    STOPPED = "stopped"
    READY = "ready"
    UNRESPONSIVE = "unresponsive"
    STALE = "stale"


@dataclass(frozen=True, kw_only=True)
class EmulatorStatus:
    """The status of the user's emulator.

    Attributes:
        health: UNRESPONSIVE: it runs and does not answer. STALE: the record belongs to one that was not ended by
            ``stop``, or it is unreadable; ``start`` and ``stop`` correct that.
        emulator: The emulator; None unless READY or UNRESPONSIVE.
    """

    health: Health
    emulator: Emulator | None = None


def find(state_dir: Path) -> Emulator | None:
    """The running emulator; None if there is none. Changes nothing."""
    folder = StateFolder(state_dir)
    emulator = folder.read()
    if emulator is None or not folder.is_alive():
        return None
    # An emulator that is too busy to answer in time still holds its lock.
    return None if process.who_answers(emulator) is process.Responder.STRANGER else emulator


def start(
    state_dir: Path, *, environ: Mapping[str, str], clock: Clock, timeout: float = READY_TIMEOUT
) -> Emulator:
    """The running emulator, or a new one, which outlives this process. Concurrent calls return the same one.

    Args:
        environ: The caller's environment; ``process_environment`` selects the few variables that are passed on.

    Raises:
        PrerequisiteError: The extra is not installed, the state folder cannot be used, or the emulator does not start.
        InconclusiveError: It was not ready within ``timeout`` seconds.
    """
    if found := find(state_dir):
        return found
    require_extra(environ)
    folder = StateFolder(state_dir)
    folder.prepare()
    with folder.turn(clock, timeout):
        if found := find(state_dir):
            return found
        _clear(folder, clock, _GRACE)
        return _begin(folder, environ=environ, clock=clock, timeout=timeout)


def _begin(folder: StateFolder, *, environ: Mapping[str, str], clock: Clock, timeout: float) -> Emulator:
    child: process.Child | None = None
    try:
        with deferred():
            child = process.launch(environ, directory=folder.new_run(), alive=folder.alive)
        emulator = process.await_ready(child, clock=clock, timeout=timeout)
        # Recorded before it is detached, so that no emulator runs without a record.
        folder.write(emulator)
        process.detach(child)
    except BaseException:
        if child is not None:
            process.release_child(child)
        # It removes its folder itself; if both did it at once, each might leave something to the other.
        if child is None or _dies(folder, clock, _GRACE):
            folder.forget()
        raise
    process.release_child(child)
    return emulator


def stop(state_dir: Path, *, clock: Clock, grace: float = _GRACE) -> bool:
    """End the emulator and its workers, and remove its folder; False if none was running.

    Args:
        grace: Number of seconds for it to end by itself.

    Raises:
        PrerequisiteError: The state folder cannot be used.
        InconclusiveError: It does not end.
    """
    if not state_dir.exists():
        return False
    folder = StateFolder(state_dir)
    folder.prepare()
    with folder.turn(clock, READY_TIMEOUT):
        return _clear(folder, clock, grace)


def status(state_dir: Path) -> EmulatorStatus:
    """The status of the emulator. Changes nothing."""
    folder = StateFolder(state_dir)
    emulator = folder.read()
    alive = folder.is_alive()
    if emulator is None or not alive:
        return EmulatorStatus(health=Health.STALE if alive or folder.is_written_down() else Health.STOPPED)
    match process.who_answers(emulator):
        case process.Responder.ITSELF:
            return EmulatorStatus(health=Health.READY, emulator=emulator)
        case process.Responder.NOBODY_YET:
            return EmulatorStatus(health=Health.UNRESPONSIVE, emulator=emulator)
        case process.Responder.STRANGER:
            return EmulatorStatus(health=Health.STALE)


def _clear(folder: StateFolder, clock: Clock, grace: float) -> bool:
    """End a running emulator and remove remaining files; return whether one was running."""
    lived = folder.is_alive()
    if lived:
        _end(folder, clock, grace)
    for run in folder.runs():
        process.end_orphans(run)
    folder.forget()
    return lived


def _end(folder: StateFolder, clock: Clock, grace: float) -> None:
    # The holder of the lock wrote its pid into it, so this cannot be another process with a reused pid.
    pid = folder.living_pid()
    for end, patience in ((process.send_sigterm, grace), (process.end_group, _GRACE)):
        if pid is not None:
            end(pid)
        if _dies(folder, clock, patience):
            return
    raise InconclusiveError(
        f"The local emulator (process {pid or 'unknown'}) doesn't end.",
        hint=f"Remove {folder.alive}: it ends by itself when that is gone.",
        code="emulator-busy",
    )


def _dies(folder: StateFolder, clock: Clock, patience: float) -> bool:
    started = clock.monotonic()
    while folder.is_alive():
        if clock.monotonic() - started > patience:
            return False
        clock.sleep(_PAUSE)
    return True


@contextmanager
def ephemeral(
    *, environ: Mapping[str, str], clock: Clock, timeout: float = READY_TIMEOUT
) -> Iterator[Emulator]:
    """A private emulator, which ends with the block or with this process, however that ends.

    Raises:
        PrerequisiteError: The extra is not installed, or the emulator does not start.
        InconclusiveError: It was not ready within ``timeout`` seconds.
    """
    require_extra(environ)
    directory = Path(tempfile.mkdtemp(prefix="ddbinsert-", dir=environ.get("TMPDIR") or None)).resolve()
    try:
        child = process.launch(environ, directory=directory, alive=None)
        try:
            yield process.await_ready(child, clock=clock, timeout=timeout)
        finally:
            process.release_child(child)
            process.end_orphans(directory)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
