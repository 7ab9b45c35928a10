"""Emulator processes: starting, waiting, identifying, ending."""

from __future__ import annotations

import hmac
import json
import os
import secrets
import select
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack, suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from ddbinsert.dataclass import dataclass
from ddbinsert.errors import InconclusiveError, PrerequisiteError
from ddbinsert.local.emulator import HOST, Emulator, new_key
from ddbinsert.local.guard import IDENTITY_PATH, READY_PATH, identity
from ddbinsert.local.process_environment import emulator_environment, folders

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddbinsert.core.clock import Clock

_PAUSE = 0.005
#: Seconds. An emulator that is producing a large response answers late.
_ANSWER_TIMEOUT = 2.0
_END_TIMEOUT = 5.0
#: Seconds. A starting emulator notices the end of its lifeline only after its interpreter has started.
_BEGIN_TIMEOUT = 30.0


@dataclass(frozen=True, kw_only=True)
class Child:
    """A starting process, and the pipes that connect it with this process.

    Attributes:
        lifeline: Closing it ends the child, unless ``DETACH`` was written to it before.
        news: The child reports here that it is ready; ends with the child.
    """

    process: subprocess.Popen[bytes]
    port: int
    key: str
    directory: Path
    lifeline: int
    news: int


#: Written to the lifeline: keep running when it is closed.
DETACH = b"D"


def launch(environ: Mapping[str, str], *, directory: Path, alive: Path | None) -> Child:
    """Start an emulator with its files in ``directory``.

    Args:
        alive: The lock file that it holds while it runs. If given, the emulator detaches itself from this process, but
            not from its lifeline.
    """
    for folder in folders(directory):
        folder.mkdir()
    key = new_key()
    with ExitStack() as inherited, ExitStack() as kept:
        # The socket is inherited, so that no other process can take its port, and early clients wait.
        listener = inherited.enter_context(_listener())
        port = listener.getsockname()[1]
        ours, theirs = os.pipe()
        kept.callback(os.close, ours)
        inherited.callback(os.close, theirs)
        stdin, lifeline = os.pipe()
        # Closed if this fails, which ends a child that may have started.
        kept.callback(os.close, lifeline)
        inherited.callback(os.close, stdin)
        output = inherited.enter_context((directory / "output.log").open("wb"))
        order = {
            "socket": listener.fileno(),
            "news": theirs,
            "directory": str(directory),
            "alive": str(alive) if alive else None,
        }
        process = subprocess.Popen(  # noqa: S603 - ddbinsert's interpreter and module
            [sys.executable, "-m", "ddbinsert.local.server", json.dumps(order)],
            env=emulator_environment(environ, directory=directory, port=port, key=key),
            cwd=directory,
            stdin=stdin,
            stdout=output,
            stderr=output,
            pass_fds=(listener.fileno(), theirs),
            start_new_session=True,
        )
        kept.pop_all()
    return Child(process=process, port=port, key=key, directory=directory, lifeline=lifeline, news=ours)


def _listener() -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.bind((HOST, 0))
    listener.listen(128)
    return listener


def await_ready(child: Child, *, clock: Clock, timeout: float) -> Emulator:
    """Wait until the emulator answers, and return it.

    Raises:
        PrerequisiteError: It ended; with the end of its log.
        InconclusiveError: It was not ready within ``timeout`` seconds.
    """
    started = clock.monotonic()
    readable, _, _ = select.select([child.news], [], [], timeout)
    news = os.read(child.news, 64) if readable else b""
    if readable and not news:
        raise PrerequisiteError(
            f"The local emulator ended while starting.\n{_last_words(child.directory)}".rstrip(),
            hint="Does `python -c 'import ministack.app'` work?",
            code="emulator-failed",
        )
    while news:
        if _http_get(child.port, READY_PATH):
            return Emulator(
                pid=int(news),
                port=child.port,
                started_at=clock.now(),
                key=child.key,
                directory=child.directory,
            )
        if clock.monotonic() - started > timeout:
            break
        clock.sleep(_PAUSE)
    raise InconclusiveError(
        f"The local emulator was not ready within {timeout:g} s.", code="emulator-not-ready"
    )


def _last_words(directory: Path, lines: int = 8) -> str:
    with suppress(OSError):
        return "\n".join((directory / "output.log").read_text(errors="replace").splitlines()[-lines:])
    return ""


def detach(child: Child) -> None:
    """Let the emulator outlive this process."""
    os.write(child.lifeline, DETACH)


def release_child(child: Child) -> None:
    """Close the pipes, which ends an emulator that is not detached, and reap this process's child."""
    os.close(child.lifeline)
    _await_end_of_news(child.news)
    os.close(child.news)
    try:
        child.process.wait(_END_TIMEOUT)
    except subprocess.TimeoutExpired:
        end_group(child.process.pid)
        child.process.wait()


def _await_end_of_news(news: int) -> None:
    """Wait for the end of a starting emulator, which may be an indirect child: the pipe closes when it ends."""
    while select.select([news], [], [], _BEGIN_TIMEOUT)[0]:
        if not os.read(news, 64):
            return


class Responder(StrEnum):
    """What answers at an emulator's endpoint."""

    ITSELF = "itself"
    NOBODY_YET = "nobody-yet"
    STRANGER = "stranger"


def who_answers(emulator: Emulator) -> Responder:
    """Check that the server at the endpoint knows the key, without sending it. NOBODY_YET: no answer in time."""
    nonce = secrets.token_hex(16)
    try:
        answer = _http_get(emulator.port, f"{IDENTITY_PATH}{nonce}")
    except TimeoutError:
        return Responder.NOBODY_YET
    proven = answer is not None and hmac.compare_digest(answer, identity(emulator.key, nonce).encode())
    return Responder.ITSELF if proven else Responder.STRANGER


def _http_get(port: int, path: str) -> bytes | None:
    """The body of a 200 response, else None; not by http.client, whose import takes as long as the request.

    Raises:
        TimeoutError: There was no response in time.
    """
    request = f"GET {path} HTTP/1.1\r\nHost: {HOST}:{port}\r\nConnection: close\r\n\r\n"
    try:
        with socket.create_connection((HOST, port), _ANSWER_TIMEOUT) as connection:
            connection.sendall(request.encode())
            answer = b"".join(iter(lambda: connection.recv(4096), b""))
    except TimeoutError:
        raise
    except (OSError, OverflowError):
        return None
    head, _, body = answer.partition(b"\r\n\r\n")
    return body if head.split(b" ", 2)[1:2] == [b"200"] else None


def end_group(pid: int) -> None:
    """Kill a process and its process group immediately."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)


def send_sigterm(pid: int) -> None:
    """Send SIGTERM: the emulator ends its workers, removes its folder and exits."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)


def end_orphans(directory: Path) -> None:
    """Kill the remaining processes of an emulator that was killed, if /proc identifies them.

    All its processes inherited a variable with its state folder, which identifies them. Without /proc, idle workers
    have already ended at the end of their input; others end after their work.
    """
    mark = f"STATE_DIR={directory / 'state'}".encode()
    for environ in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if mark in environ.read_bytes().split(b"\0"):
                os.kill(int(environ.parent.name), signal.SIGKILL)
