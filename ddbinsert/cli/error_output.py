"""Errors as text on stderr."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.errors import DdbInsertError, ExitCode

if TYPE_CHECKING:
    from ddbinsert.render.terminal.screen import Screen


class Interrupted(DdbInsertError):
    """Ctrl-C, or another signal that ends a run."""

    exit_code = ExitCode.INTERRUPTED
    default_code = "interrupted"

    def __init__(self) -> None:
        super().__init__("Interrupted.")


def explain(error: DdbInsertError, screen: Screen) -> None:
    """Print what happened, then what to do."""
    screen.sentence(f"error: {error.message}", "bold red")
    if error.hint:
        screen.sentence(f"  try: {error.hint}")
    screen.stream.flush()
