"""Detecting that the reader of stdout has exited, for commands that follow a stream or log."""

from __future__ import annotations

import select
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO


def refuse_a_closed_pipe(out: TextIO) -> None:
    """Check whether the reader of stdout has exited, even if there is nothing to write.

    Raises:
        BrokenPipeError: It has exited.
    """
    if getattr(out, "failure", None) is not None:
        raise BrokenPipeError
    try:
        number = out.fileno()
    except (OSError, ValueError, AttributeError):
        return  # stdout is not a file
    watch = select.poll()
    watch.register(number, 0)
    if any(what & select.POLLERR for _, what in watch.poll(0)):
        raise BrokenPipeError
