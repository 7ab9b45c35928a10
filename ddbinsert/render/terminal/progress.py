"""Progress on stderr: one line that is updated in place on a terminal, plain lines otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ddbinsert.core.times import format_duration
from ddbinsert.render.terminal.screen import clean

if TYPE_CHECKING:
    from collections.abc import Callable

    from ddbinsert.advice import Advice
    from ddbinsert.core.trigger.steps import Step
    from ddbinsert.render.terminal.screen import Screen

#: Without a terminal, a wait is reported after this number of seconds, and again each time that it has doubled.
_FIRST_MENTION = 2.0


class ScreenReporter:
    """Writes progress to ``screen`` (stderr); with ``quiet`` only warnings.

    Attributes:
        warnings: The warnings, with the command that each advises.
        advice: The commands that the warnings advise, ready to be typed.
    """

    def __init__(
        self,
        screen: Screen,
        *,
        endpoint: Callable[[], str],
        quiet: bool,
        live: bool,
        addressed: Callable[[Advice], Advice] = lambda advice: advice,
    ) -> None:
        """A reporter.

        Args:
            endpoint: Called when the header is written, when the client and so the endpoint is known.
            live: The screen is a terminal on which a line can be updated.
            addressed: Completes the command of an advice for this run.
        """
        self.warnings: list[str] = []
        self.advice: list[Advice] = []
        self._addressed = addressed
        self.screen = screen
        self.endpoint = endpoint
        #: The table's account, if the function is in another one.
        self.table_account = ""
        self._quiet = quiet
        self._is_live = live
        self._headed = False
        self._next_mention: dict[str, float] = {}
        self._live: Any = None

    def header(self, *, account: str | None, region: str | None, table: str | None) -> None:
        if self._headed:
            return
        self._headed = True
        elsewhere = f" in account {self.table_account}" if self.table_account else ""
        parts = [
            f"account {account or 'unknown'}",
            f"region {region or 'unknown'}",
            f"endpoint {self.endpoint()}",
            *([f"table {table}{elsewhere}"] if table else [f"tables{elsewhere}"] if elsewhere else []),
        ]
        self._say("ddbinsert: " + " · ".join(parts), "dim")

    def step(self, text: str, advice: Advice | None = None) -> None:
        self._say(text if advice is None else f"{text}; {self._addressed(advice)}")

    def step_done(self, step: Step, stays: str = "") -> None:
        from ddbinsert.render.steps import past, resource_of

        self._say(f"{resource_of(step)} stays: {stays}" if stays else past(step))

    def waiting(self, what: str, elapsed: float, detail: str = "") -> None:
        if self._quiet:
            return
        text = f"waiting for {what} ({format_duration(elapsed)}){': ' if detail else ''}{detail}"
        if self._is_live:
            self._update(text)
        elif elapsed >= self._next_mention.get(what, _FIRST_MENTION):
            self._next_mention[what] = max(elapsed * 2, _FIRST_MENTION)
            self._say(text)

    def warn(self, text: str, advice: Advice | None = None) -> None:
        if advice is not None:
            advice = self._addressed(advice)
            text = f"{text}; {advice}"
        if text in self.warnings:
            return
        if advice is not None and advice.command:
            self.advice.append(advice)
        self.warnings.append(text)
        self._close()
        self.screen.sentence(f"warning: {text}", "yellow")

    def finish(self) -> None:
        """Remove the line that is updated in place."""
        self._close()

    def _say(self, text: str, style: str = "") -> None:
        if not self._quiet:
            self._close()
            self.screen.sentence(text, style)
            self.screen.stream.flush()

    def _update(self, text: str) -> None:
        from rich.text import Text

        line = Text(" ".join(clean(text).split()), no_wrap=True, overflow="ellipsis")
        if self._live is None:
            self._live = _live_line(self.screen)
            self._live.start()
        self._live.update(line, refresh=True)

    def _close(self) -> None:
        live, self._live = self._live, None
        if live is not None:
            live.stop()


def _live_line(screen: Screen) -> Any:
    """A line that is updated in place and removed at the end; it does not redirect the process's streams."""
    from rich.console import Console
    from rich.live import Live

    class Steady(Console):
        def show_cursor(self, show: bool = True) -> bool:  # noqa: ARG002 - a killed process would leave the cursor hidden
            return False

    console = Steady(
        file=screen.stream, force_terminal=True, no_color=True, markup=False, emoji=False, highlight=False
    )
    return Live(
        console=console, transient=True, auto_refresh=False, redirect_stdout=False, redirect_stderr=False
    )
