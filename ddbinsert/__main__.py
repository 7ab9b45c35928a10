"""``python -m ddbinsert``, and the console script."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from typing import NoReturn

#: Number of new objects between two runs of the garbage collector; with Python's 700 it runs 24 times during imports.
_OBJECTS = 100_000
_INTERRUPTED = 130


def run() -> NoReturn:
    """Run the process's command line, and end the process.

    The interpreter's normal shutdown is skipped, because it takes longer than the calls of many commands, and nothing
    depends on it (docs/architecture.md#fast-start).
    """
    gc.set_threshold(_OBJECTS)
    _open_standard_streams()
    from ddbinsert.interrupts import Interruptible

    code = _INTERRUPTED
    with Interruptible() as interrupts:
        try:
            from ddbinsert.cli import main

            code = main()
            _flush()
        except BaseException:
            # Only signals are handled here: `main` reports everything else.
            if not interrupts.received:
                raise
            _say("Interrupted.\n")
    os._exit(code)


def _open_standard_streams() -> None:
    """Open /dev/null for closed standard streams, so that no file or socket gets their numbers."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # uses the lowest free number, which is this one


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # full or closed: `main` has reported it
            if stream is not None:  # closed when the process was started
                stream.flush()


def _say(text: str) -> None:
    with contextlib.suppress(OSError):
        os.write(2, text.encode())


if __name__ == "__main__":
    # A normal shutdown, for tools that run inside the process (profilers, coverage).
    from ddbinsert.cli import main

    sys.exit(main())
