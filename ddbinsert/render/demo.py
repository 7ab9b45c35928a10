"""The output of the demo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.core.proof.verdict import Result, Weight
from ddbinsert.core.times import format_duration
from ddbinsert.render.verdict.text import STYLES

if TYPE_CHECKING:
    from collections.abc import Sequence

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
        self._is_repair = False

    def begin(self) -> None:
        self._line(
            "A trigger is created, proven, broken twice and repaired, on this machine: no AWS account, no Docker."
        )

    def started(self) -> None:
        took = format_duration(self._clock.monotonic() - self._began)
        self._line(f"An embedded AWS emulator is running ({took}).")

    def print_command(
        self,
        command: str,
        lines: Sequence[str] = (),
        *,
        proof: Proof | None = None,
        advice: str = "",
        accident: str = "",
    ) -> None:
        """Print a command and its result.

        Args:
            advice: The command that the proof advises.
            accident: What happened before.
        """
        if accident:
            self._line()
            self._line(accident, "bold yellow")
        elif not self._is_repair:
            self._line()
        self._is_repair = self._is_repair or bool(accident)
        self._line(f"$ ddbinsert {command}", "bold")
        for line in lines:
            self._line(f"  {line}")
        if proof is not None:
            self._proof(proof)
        if advice:
            self._line(f"    repair: {advice}")

    def _proof(self, proof: Proof) -> None:
        verdict = proof.verdict
        self._line(f"  {verdict.result.value}: {verdict.summary}", STYLES[verdict.result])
        for finding in verdict.findings:
            if finding.weight is not Weight.NOTE:
                self._line(f"    {finding.text} [{finding.code}]")
        if verdict.result is Result.PASS and not self._is_repair:
            for evidence in verdict.evidence:
                if evidence.seen:
                    self._line(f"    {evidence.side}: {evidence.text}")

    def end(self, *, good: bool) -> None:
        took = format_duration(self._clock.monotonic() - self._began)
        self._line()
        if not good:
            self._line("This is not the expected result; please report it.", "bold red")
            return
        self._line(f"Everything was removed ({took} in total). With your own table:")
        self._line("  ddbinsert attach-trigger TABLE && ddbinsert verify TABLE", "bold")
        self._line("Without an AWS account, with the embedded emulator:")
        self._line("  ddbinsert attach-trigger orders --create-table pk:S --local", "bold")
        self._line("  ddbinsert verify orders --local", "bold")

    def _line(self, text: str = "", style: str = "") -> None:
        if not self._silent:
            self._screen.sentence(text, style)
            self._screen.stream.flush()
