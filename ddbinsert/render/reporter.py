"""Progress on stderr: a line that rewrites itself at a terminal, plain lines elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.core.duration import words
from ddbinsert.render.screen import one_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from ddbinsert.core.steps import Step
    from ddbinsert.render.screen import Screen

#: Where there is no terminal, a wait is mentioned after this many seconds, and then at every doubling.
_FIRST_MENTION = 2.0


class ScreenReporter:
    """Speaks on ``screen`` (stderr); with ``quiet`` only warnings are heard.

    ``endpoint`` is asked when the header is written: by then there is a client that knows.
    """

    def __init__(self, screen: Screen, *, endpoint: Callable[[], str], quiet: bool, live: bool) -> None:
        self.warnings: list[str] = []
        self.screen = screen
        self.endpoint = endpoint
        self._quiet = quiet
        self._live = live
        self._headed = False
        self._next_mention: dict[str, float] = {}
        self._open = False

    def header(self, *, account: str | None, region: str | None, table: str | None) -> None:
        if self._headed:
            return
        self._headed = True
        parts = [
            f"account {account or 'unknown'}",
            f"region {region or 'unknown'}",
            f"endpoint {self.endpoint()}",
            *([f"table {table}"] if table else []),
        ]
        self._say("ddbinsert: " + " · ".join(parts), "dim")

    def step(self, text: str) -> None:
        self._say(text)

    def did(self, step: Step) -> None:
        from ddbinsert.render.steps import past

        self._say(past(step))

    def waiting(self, what: str, elapsed: float, detail: str = "") -> None:
        if self._quiet:
            return
        text = f"waiting for {what} ({words(elapsed)}){': ' if detail else ''}{detail}"
        if self._live:
            self.screen.stream.write("\r\x1b[2K" + one_line(text, 100))
            self.screen.stream.flush()
            self._open = True
        elif elapsed >= self._next_mention.get(what, _FIRST_MENTION):
            self._next_mention[what] = max(elapsed * 2, _FIRST_MENTION)
            self._say(text)

    def warn(self, text: str) -> None:
        if text in self.warnings:
            return
        self.warnings.append(text)
        self._close()
        self.screen.line(f"warning: {text}", "yellow")

    def finish(self) -> None:
        """Leave the terminal with a clean line."""
        self._close()

    def _say(self, text: str, style: str = "") -> None:
        if not self._quiet:
            self._close()
            self.screen.line(text, style)
            self.screen.stream.flush()

    def _close(self) -> None:
        if self._open:
            self.screen.stream.write("\r\x1b[2K")
            self._open = False
