"""The output of the demo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.core.proof.verdict import Result, Weight
from ddbinsert.core.times import words
from ddbinsert.render.verdict.text import STYLES

if TYPE_CHECKING:
    from ddbinsert.core.clock import Clock
    from ddbinsert.core.proof.proof import Proof
    from ddbinsert.render.terminal.screen import Screen


class Narrator:
    """Prints the demo's steps as they are completed.

    Args:
        silent: Print nothing, because the result is printed as JSON.
    """

    def __init__(self, screen: Screen, *, clock: Clock, silent: bool) -> None:
        self._screen = screen
        self._clock = clock
        self._silent = silent
        self._began = clock.monotonic()

    def begin(self) -> None:
        self._line("Creates and verifies an insert trigger on this machine: no AWS account, no Docker.")

    def started(self) -> None:
        took = words(self._clock.monotonic() - self._began)
        self._line(f"An embedded AWS emulator is running ({took}).")

    def tell(self, command: str, text: str, proof: Proof | None) -> None:
        self._line()
        self._line(f"$ ddbinsert {command}", "bold")
        self._line(f"  {text}")
        if proof is not None:
            self._proof(proof)

    def _proof(self, proof: Proof) -> None:
        verdict = proof.verdict
        self._line(f"  {verdict.result.value}: {verdict.summary}", STYLES[verdict.result])
        for finding in verdict.findings:
            if finding.weight is not Weight.NOTE:
                self._line(f"    {finding.text} [{finding.code}]")
        if verdict.result is Result.PASS:
            for evidence in verdict.evidence:
                if evidence.seen:
                    self._line(f"    {evidence.side}: {evidence.text}")

    def end(self, *, good: bool) -> None:
        took = words(self._clock.monotonic() - self._began)
        self._line()
        if not good:
            self._line("This is not the expected result; please report it.", "bold red")
            return
        self._line(f"Everything was removed ({took} in total). With your own table:")
        self._line("  ddbinsert attach-trigger TABLE && ddbinsert verify TABLE", "bold")
        self._line("or, without an AWS account, with the embedded emulator:")
        self._line("  ddbinsert enable-stream orders --create-table pk:S --local", "bold")
        self._line("  ddbinsert attach-trigger orders --local && ddbinsert verify orders --local", "bold")

    def _line(self, text: str = "", style: str = "") -> None:
        if not self._silent:
            self._screen.line(text, style)
            self._screen.stream.flush()
