"""The clock of a run, which follows AWS's, and what is said about a local clock that is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from ddbinsert.cli.run import Run

#: Seconds of difference that are mentioned: AWS refuses requests from five minutes on.
_MENTIONED: Final = 60.0


def server_clock(clock: Any) -> Any:
    """A clock that follows the answers of AWS; the given one if it does so already."""
    from ddbinsert.core.clock import ServerClock

    return clock if hasattr(clock, "ahead") else ServerClock(clock)


def finish(run: Run, code: str = "") -> None:
    """End the progress output, and warn about a local clock that is wrong.

    Args:
        code: Of the error that ends the run, which may say so already.
    """
    run.reporter.finish()
    ahead = run.clock.ahead
    if abs(ahead) >= _MENTIONED and code != "clock-skew":
        from ddbinsert.core.times import format_duration

        way = "ahead of" if ahead > 0 else "behind"
        run.reporter.warn(
            f"the clock of this machine is {format_duration(abs(ahead))} {way} the endpoint's, which was used "
            "instead: correct it; AWS refuses requests if the difference is 5 minutes or more"
        )
