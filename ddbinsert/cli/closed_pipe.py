"""Followers notice that the reader of their output is gone."""

from __future__ import annotations

import select
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO


def refuse_a_closed_pipe(out: TextIO) -> None:
    """Notice that the reader of stdout is gone, also while there is nothing to write.

    Raises:
        BrokenPipeError: It is gone.
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
