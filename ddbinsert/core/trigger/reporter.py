"""How an operation reports progress; results are returned, never reported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ddbinsert.advice import Advice
    from ddbinsert.core.trigger.steps import Step


class Reporter(Protocol):
    """Receives what happens, and decides whether and how it is shown."""

    def header(self, *, account: str | None, region: str | None, table: str | None) -> None:
        """Where this run works; once a run, as soon as it is known."""

    def step(self, text: str, advice: Advice | None = None) -> None:
        """Something was done, and what may be done about it."""

    def did(self, step: Step, stays: str = "") -> None:
        """A step of a plan was carried out; ``stays`` says why what it was to delete is still there."""

    def waiting(self, what: str, elapsed: float, detail: str = "") -> None:
        """Still waiting for ``what``, for ``elapsed`` seconds by now; ``detail`` says how far it is."""

    def warn(self, text: str, advice: Advice | None = None) -> None:
        """Something that the user should know, and what to do about it; also listed in the result's warnings."""


class Silent:
    """A reporter that shows nothing and keeps the warnings."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def header(self, *, account: str | None, region: str | None, table: str | None) -> None:
        """Say nothing."""

    def step(self, text: str, advice: Advice | None = None) -> None:
        """Say nothing."""

    def did(self, step: Step, stays: str = "") -> None:
        """Say nothing."""

    def waiting(self, what: str, elapsed: float, detail: str = "") -> None:
        """Say nothing."""

    def warn(self, text: str, advice: Advice | None = None) -> None:
        """Keep it."""
        self.warnings.append(text if advice is None else f"{text}; {advice}")
