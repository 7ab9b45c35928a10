"""The interface by which an operation reports progress; results are returned instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ddbinsert.advice import Advice
    from ddbinsert.core.trigger.steps import Step


class Reporter(Protocol):
    """Receives progress messages, and decides whether and how they are shown."""

    def header(self, *, account: str | None, region: str | None, table: str | None) -> None:
        """Report the account and region of this run; called once, as soon as they are known."""

    def step(self, text: str, advice: Advice | None = None) -> None:
        """Report that something was done, with a hint."""

    def step_done(self, step: Step, stays: str = "") -> None:
        """Report a step of a plan; ``stays`` says why the resource that it was to delete was kept."""

    def waiting(self, what: str, elapsed: float, detail: str = "") -> None:
        """Report that the run is waiting for ``what``, for ``elapsed`` seconds so far; ``detail`` is the progress."""

    def warn(self, text: str, advice: Advice | None = None) -> None:
        """Report a warning with a hint; it is also listed in the result's warnings."""


class Silent:
    """A reporter that shows nothing and keeps the warnings."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def header(self, *, account: str | None, region: str | None, table: str | None) -> None:
        """Show nothing."""

    def step(self, text: str, advice: Advice | None = None) -> None:
        """Show nothing."""

    def step_done(self, step: Step, stays: str = "") -> None:
        """Show nothing."""

    def waiting(self, what: str, elapsed: float, detail: str = "") -> None:
        """Show nothing."""

    def warn(self, text: str, advice: Advice | None = None) -> None:
        """Store the warning."""
        self.warnings.append(text if advice is None else f"{text}; {advice}")
