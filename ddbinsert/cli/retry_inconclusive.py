"""verify --retry-inconclusive: retry a run if time may help, and keep the earlier findings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ddbinsert.core.proof.retry import Earlier, earlier_of, final_codes, may_be_made_again, with_earlier
from ddbinsert.core.proof.verdict import Result
from ddbinsert.errors import DdbInsertError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable

    from ddbinsert.core.proof.proof import Proof
    from ddbinsert.core.trigger.reporter import Reporter


def prove_with_retries(
    once: Callable[[], Proof], *, retries: int, reporter: Reporter, keep: Callable[[Proof], None]
) -> Proof:
    """The proof of the last attempt, with the codes of the earlier ones.

    Args:
        retries: Maximum number of further attempts.
        keep: Called with each attempt that is retried.

    Raises:
        DdbInsertError: The last attempt failed.
    """
    earlier: list[Earlier] = []
    while True:
        is_last = len(earlier) >= retries
        try:
            proof = once()
        except DdbInsertError as error:
            if is_last or error.exit_code is not ExitCode.INCONCLUSIVE:
                raise
            earlier.append(Earlier(run_id="", summary=error.message, codes=(error.code,)))
        else:
            if is_last or not may_be_made_again(proof.verdict):
                _say_why(proof, reporter, is_last=is_last)
                return replace(proof, verdict=with_earlier(proof.verdict, earlier))
            earlier.append(earlier_of(proof.verdict))
            keep(proof)
        codes = ", ".join(earlier[-1].codes) or "no cause was found"
        reporter.step(f"attempt {len(earlier)} of {retries + 1} was inconclusive ({codes}); trying again")


def _say_why(proof: Proof, reporter: Reporter, *, is_last: bool) -> None:
    """Report why an inconclusive run is not retried."""
    if proof.verdict.result is Result.INCONCLUSIVE and not is_last:
        codes = ", ".join(final_codes(proof.verdict))
        reporter.step(f"not retried: another attempt would not change, or would hide, {codes}")
