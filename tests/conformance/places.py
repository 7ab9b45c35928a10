"""The endpoints that are on this machine: the embedded emulator, the rig in front of it, and moto's server."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

from ddbinsert import local
from ddbinsert.environment import SystemClock
from tests.conformance.lab import Place
from tests.strict.rig import rig_for

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCAL = ("rig", "emulator", "moto")
_REGION = "eu-west-1"
_PATIENCE = 20.0


@contextlib.contextmanager
def place_of(kind: str) -> Iterator[Place]:
    """One of the endpoints of ``LOCAL``, for as long as the block."""
    with contextlib.ExitStack() as stack:
        if kind == "moto":
            endpoint, keys = stack.enter_context(_moto()), ("testing", "testing")
        else:
            emulator = stack.enter_context(local.ephemeral(environ=os.environ, clock=SystemClock()))
            endpoint, keys = emulator.endpoint, (emulator.access_key_id, emulator.secret_access_key)
        if kind == "rig":
            endpoint = stack.enter_context(rig_for(endpoint, "aws")).endpoint
        place = Place(kind, endpoint=endpoint, region=_REGION, keys=keys, patience=_PATIENCE)
        stack.callback(place.close)
        yield place


@contextlib.contextmanager
def _moto() -> Iterator[str]:
    """The address of moto's server, which is a process of its own: moto changes botocore where it is imported."""
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.stderr is not None
    try:
        said = []
        for line in server.stderr:
            said.append(line)
            if found := re.search(r"Running on (http://127\.0\.0\.1:\d+)", line):
                break
        else:
            raise RuntimeError("moto's server does not start: " + "".join(said))
        log = threading.Thread(target=server.stderr.read)
        log.start()
        yield found[1]
    finally:
        server.kill()
        server.wait()
        log.join()
        server.stderr.close()
