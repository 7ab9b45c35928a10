"""How an operation speaks while it works; results are returned, never reported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ddbinsert.core.steps import Step


class Reporter(Protocol):
    """Told what happens; decides itself whether and how anyone sees it."""

    def header(self, *, account: str | None, region: str | None, table: str | None) -> None:
        """Where this run works; once a run, as soon as it is known."""

    def step(self, text: str) -> None:
        """Something was done."""

    def did(self, step: Step) -> None:
        """A step of a plan was carried out."""

    def waiting(self, what: str, elapsed: float, detail: str = "") -> None:
        """Still waiting for ``what``, for ``elapsed`` seconds by now; ``detail`` says how far it is."""

    def warn(self, text: str) -> None:
        """Something that the user should know, and that ends up in the result's warnings, too."""


class Silent:
    """A reporter that nobody listens to; keeps the warnings."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def header(self, *, account: str | None, region: str | None, table: str | None) -> None:
        """Say nothing."""

    def step(self, text: str) -> None:
        """Say nothing."""

    def did(self, step: Step) -> None:
        """Say nothing."""

    def waiting(self, what: str, elapsed: float, detail: str = "") -> None:
        """Say nothing."""

    def warn(self, text: str) -> None:
        """Keep it."""
        self.warnings.append(text)
