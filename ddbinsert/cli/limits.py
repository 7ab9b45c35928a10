"""Limits of options that several commands have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.errors import UsageError

if TYPE_CHECKING:
    from ddbinsert.cli.run import Run

#: CloudWatch keeps metrics of single minutes for 15 days.
_LONGEST = 14 * 86_400.0


def check_batches(*, batch_size: int, attempts: int) -> None:
    """The limits of commands that give records to the function themselves.

    Raises:
        UsageError: --batch-size or --attempts is outside them.
    """
    if not 1 <= batch_size <= 10_000:
        raise UsageError(f"--batch-size {batch_size}: must be between 1 and 10000.")
    if not 1 <= attempts <= 100:
        raise UsageError(f"--attempts {attempts}: must be between 1 and 100.")


def looked_back(run: Run, since: str) -> float:
    """The seconds that --since lies back.

    Raises:
        UsageError: It is not a moment, or outside the time that metrics are kept for.
    """
    from ddbinsert.core.times import moment

    now = run.clock.now()
    seconds = float(now - moment(since, now))
    if not 60 <= seconds <= _LONGEST:
        raise UsageError(f"--since {since}: must be between one minute and 14 days ago.")
    return seconds
