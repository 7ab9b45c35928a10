"""Limits of options that several commands have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.errors import UsageError

if TYPE_CHECKING:
    from ddbinsert.cli.run import Run

#: Maximum seconds of --since: CloudWatch keeps metrics of single minutes for 15 days.
_LONGEST = 14 * 86_400.0


def check_batches(*, batch_size: int, attempts: int) -> None:
    """Check the limits of commands that invoke the function with records.

    Raises:
        UsageError: --batch-size or --attempts is out of range.
    """
    if not 1 <= batch_size <= 10_000:
        raise UsageError(f"--batch-size {batch_size}: must be between 1 and 10000.")
    if not 1 <= attempts <= 100:
        raise UsageError(f"--attempts {attempts}: must be between 1 and 100.")


def seconds_since(run: Run, since: str) -> float:
    """The seconds between --since and now.

    Raises:
        UsageError: It is not a valid time, or out of range.
    """
    from ddbinsert.core.times import parse_time

    now = run.clock.now()
    seconds = float(now - parse_time(since, now))
    if not 60 <= seconds <= _LONGEST:
        raise UsageError(f"--since {since}: must be between one minute and 14 days ago.")
    return seconds
