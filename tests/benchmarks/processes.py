"""What benchmarks start: measured processes, scripted endpoints, and an emulator."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from typing import TYPE_CHECKING, NamedTuple

from ddbinsert import local
from ddbinsert.environment import SystemClock

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

#: As the console script begins.
PROGRAM = (sys.executable, "-c", "from ddbinsert.__main__ import run; run()")


class Taken(NamedTuple):
    """What a process took: seconds, seconds of processor time, KiB of memory at its peak; and its stdout."""

    wall: float
    processor: float
    memory: int
    output: str


def run(command: Sequence[str], variables: Mapping[str, str], *, code: int = 0) -> Taken:
    """What a process takes that must end with ``code``."""
    with tempfile.TemporaryFile() as errors:
        before = time.perf_counter()
        with subprocess.Popen(
            command, env=variables, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors
        ) as process:
            assert process.stdout is not None
            output = process.stdout.read().decode()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - before
        errors.seek(0)
        said = errors.read().decode(errors="replace")
    assert process.returncode == code, f"{command}: {process.returncode}\n{output[-2000:]}{said[-4000:]}"
    return Taken(wall, usage.ru_utime + usage.ru_stime, int(usage.ru_maxrss), output)


def plain_environment() -> dict[str, str]:
    """This process's environment, without settings of AWS tools or of ddbinsert."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "DDBINSERT_"))},
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_COLOR": "1",
    }


@contextlib.contextmanager
def endpoint(module: str, *arguments: object) -> Iterator[dict[str, str]]:
    """The environment of a client of a scripted endpoint, a module of this package, in a process of its own."""
    with subprocess.Popen(
        [sys.executable, "-m", f"tests.benchmarks.{module}", *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        try:
            yield {
                **plain_environment(),
                "AWS_ACCESS_KEY_ID": "x",
                "AWS_SECRET_ACCESS_KEY": "x",
                "AWS_REGION": "us-east-1",
                "AWS_DEFAULT_REGION": "us-east-1",
                "AWS_ENDPOINT_URL": f"http://127.0.0.1:{int(server.stdout.readline())}",
            }
        finally:
            server.stdin.close()


@contextlib.contextmanager
def emulator(state: Path) -> Iterator[dict[str, str]]:
    """The environment of a client of an embedded emulator of its own; with ``--local`` commands use it, too."""
    bare = {**plain_environment(), "DDBINSERT_STATE_DIR": str(state)}
    place = local.state_directory(bare)
    running = local.start(place, environ=bare, clock=SystemClock())
    try:
        yield {**bare, **running.variables()}
    finally:
        local.stop(place, clock=SystemClock())
