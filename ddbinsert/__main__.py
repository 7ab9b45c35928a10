"""``python -m ddbinsert``, and the console script."""

from __future__ import annotations

import gc
import os
import sys

# No other import here: until `run` has set what a signal does, Ctrl-C during an import is a traceback.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import NoReturn

#: Number of new objects between two runs of the garbage collector; with Python's 700 it runs 24 times during imports.
_OBJECTS = 100_000
_INTERRUPTED = 130


def run() -> NoReturn:
    """Run the process's command line, and end the process.

    The interpreter's normal shutdown is skipped, because it takes longer than the calls of many commands, and nothing
    depends on it (docs/architecture.md#fast-start).
    """
    _end_at_signals()
    gc.set_threshold(_OBJECTS)
    _open_standard_streams()
    from ddbinsert.interrupts import Interruptible

    code, interrupts = None, Interruptible()
    try:
        with interrupts:
            from ddbinsert.cli import main

            code = main()
            _flush()
    except BaseException as error:
        # Only signals are handled here: `main` reports everything else. One that comes after the command's end, while
        # `main` returns, does not change its result.
        if not (interrupts.received or isinstance(error, KeyboardInterrupt)):
            raise
        if code is None:
            _say("Interrupted.\n")
    os._exit(_INTERRUPTED if code is None else code)


def _end_at_signals() -> None:
    """End at a signal that comes before there is anything to clean up; ignored signals stay ignored."""
    import _signal as signal  # type: ignore[import-not-found]  # `signal` itself imports Python code

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _end)


def _end(_number: int, _frame: FrameType | None) -> None:
    try:
        os.write(2, b"Interrupted.\n")
    finally:
        os._exit(_INTERRUPTED)


def _open_standard_streams() -> None:
    """Open /dev/null for closed standard streams, so that no file or socket gets their numbers."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # uses the lowest free number, which is this one


def _flush() -> None:
    import contextlib

    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # full or closed: `main` has reported it
            if stream is not None:  # closed when the process was started
                stream.flush()


def _say(text: str) -> None:
    import contextlib

    with contextlib.suppress(OSError):
        os.write(2, text.encode())


if __name__ == "__main__":
    # A normal shutdown, for tools that run inside the process (profilers, coverage).
    from ddbinsert.cli import main

    sys.exit(main())
