"""The emulator's process: ``python -m ddbinsert.local.server ORDER``, started only by ``process.launch``.

It runs as long as its lifeline (its standard input) is open, or, after it received ``DETACH``, as long as its lock file
exists. It ends its whole process group, including Lambda workers.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import sys
import threading
import time
import traceback
import warnings
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from ddbinsert.dataclass import dataclass
from ddbinsert.local.emulator import ACCOUNT_ID
from ddbinsert.local.process import DETACH
from ddbinsert.local.state import remove_run
from ddbinsert.local.warm_up import warm_up

if TYPE_CHECKING:
    from ddbinsert.local.guard import Asgi, Message, Receive, Scope, Send

#: Seconds between two checks whether a detached emulator's lock file still exists.
_LOOK = 2.0
#: Seconds for workers to end by themselves.
_GRACE = 0.5
_LOG_BYTES = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Order:
    """The arguments that the parent process passes to the emulator's process.

    Attributes:
        socket: File descriptor of the listening socket.
        news: File descriptor of the pipe that reports readiness.
        directory: Folder of the emulator's files.
        alive: File whose removal ends the emulator.
    """

    socket: int
    news: int
    directory: Path
    alive: Path | None


def main(argument: str) -> None:
    """Serve until the end of the lifeline, or SIGTERM."""
    values = json.loads(argument)
    alive = values["alive"]
    order = Order(
        socket=values["socket"],
        news=values["news"],
        directory=Path(values["directory"]),
        alive=Path(alive) if alive else None,
    )
    lock = _detach(order.alive) if order.alive else None
    life = _Life(order.directory, lock)
    signal.signal(signal.SIGTERM, lambda *_: life.end())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    threading.Thread(target=life.watch, daemon=True, name="lifeline").start()
    try:
        _serve(order)
    except BaseException:  # noqa: BLE001 - logged before the process ends
        traceback.print_exc()
        sys.stderr.flush()
        # The waiting parent reads the log from the folder, and then removes the folder.
        life.end(clear=False)
    life.end()


def _detach(alive: Path) -> int:
    """Detach from the parent, and hold the lock until this process ends."""
    if os.fork():
        os._exit(0)
    os.setsid()
    lock = os.open(alive, os.O_RDWR | os.O_CREAT, 0o600)
    # Waits for processes that are checking it; no other one holds it, as the parent has the turn.
    fcntl.flock(lock, fcntl.LOCK_EX)
    os.ftruncate(lock, 0)
    os.write(lock, f"{os.getpid()}\n".encode())
    return lock


class _Life:
    """Controls when and how the process ends."""

    def __init__(self, directory: Path, lock: int | None) -> None:
        self._directory = directory
        self._lock = lock
        self._ending = threading.Lock()

    def watch(self) -> None:
        """End when the lifeline closes, or after DETACH when the lock file no longer exists."""
        if os.read(0, 1) == DETACH and self._lock is not None:
            while self._is_in_place(self._lock):
                time.sleep(_LOOK)
        self.end()

    def _is_in_place(self, lock: int) -> bool:
        return os.fstat(lock).st_nlink > 0

    def end(self, *, clear: bool = True) -> None:
        """End this process and its process group; returns only to a second caller.

        Args:
            clear: Also remove the folder.
        """
        if not self._ending.acquire(blocking=False):
            return
        leads = os.getpgrp() == os.getpid()
        if leads:
            os.killpg(0, signal.SIGTERM)
            _reap(time.monotonic() + _GRACE)
        if clear:
            _remove_after_death(self._directory, leads=leads)
        if leads:
            os.killpg(0, signal.SIGKILL)
        os._exit(0)


def _remove_after_death(directory: Path, *, leads: bool) -> None:
    """Let a process outside the group remove the folder after this process has ended.

    Threads of this process cannot be stopped, and would write files (a log, the emulator's state) into a folder that
    is being removed. The new process inherits the lock and the news pipe, so that waiting for their release includes
    the removal.
    """
    emulator = os.getpid()
    with warnings.catch_warnings():
        # Python 3.12 warns of a fork while threads are running; the new process uses none of their locks.
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            remover = os.fork()
        except OSError:
            remove_run(directory)
            return
    # Both processes do it, so that the new process has left the group before the group is killed.
    with suppress(OSError):
        os.setpgid(remover, remover)
    if remover:
        return
    try:
        with suppress(ProcessLookupError, PermissionError):
            (os.killpg if leads else os.kill)(emulator, signal.SIGKILL)
        while os.getppid() == emulator:
            time.sleep(0.001)
        remove_run(directory)
    finally:
        os._exit(0)


def _reap(deadline: float) -> None:
    """Wait until no child is left, or until the deadline."""
    with suppress(ChildProcessError):
        while time.monotonic() < deadline:
            if os.waitpid(-1, os.WNOHANG) == (0, 0):
                time.sleep(0.005)


def _serve(order: Order) -> None:
    _log_to(order.directory / "emulator.log")
    _raise_descriptor_limit()
    import asyncio

    from hypercorn.asyncio import serve
    from hypercorn.config import Config
    from ministack.app import app  # type: ignore[import-untyped]  # it has no annotations

    from ddbinsert.local.guard import Guard

    os.environ.pop(
        "LOG_LEVEL", None
    )  # was read above; handlers inherit the environment, and their loggers would use it
    config = Config()
    config.bind = [f"fd://{order.socket}"]
    config.keep_alive_timeout = 75
    config.errorlog = None
    port = int(os.environ["GATEWAY_PORT"])
    guard = Guard(app, key=os.environ["AWS_SESSION_TOKEN"], port=port, account_id=ACCOUNT_ID)
    # Without this shutdown trigger, hypercorn would handle SIGTERM itself and wait for open connections.
    framework: Any = _announcing(guard, order.news)
    asyncio.run(serve(framework, config, shutdown_trigger=asyncio.Event().wait))


def _announcing(app: Asgi, news: int) -> Asgi:
    """``app``, which reports its start to the parent, and warms up after the parent has seen that it is ready."""
    starting = [warm_up]

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        async def announced(message: Message) -> None:
            await send(message)
            if message["type"] == "lifespan.startup.complete":
                os.write(news, str(os.getpid()).encode())
                os.close(news)

        await app(scope, receive, announced)
        if starting:
            starting.pop()()

    return wrapped


def _log_to(path: Path) -> None:
    """Log to this path with a limited size, as a handler that always fails is logged every second."""
    import logging.handlers

    file = logging.handlers.RotatingFileHandler(path, maxBytes=_LOG_BYTES, backupCount=1)
    # Set before MiniStack is imported, whose own basicConfig then has no effect.
    logging.basicConfig(
        handlers=[file], level=logging.WARNING, format="%(asctime)s %(levelname)s [%(name)s] %(message)s"
    )


def _raise_descriptor_limit() -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _usage() -> NoReturn:
    sys.exit("This is run by ddbinsert itself; see the help of its command local.")


if __name__ == "__main__":
    main(sys.argv[1]) if len(sys.argv) == 2 else _usage()
