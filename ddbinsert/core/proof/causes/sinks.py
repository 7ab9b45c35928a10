"""Whether the entries that a template sends arrive: the claim "stored", in addition to "processed"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.advice import TABLE, Advice
from ddbinsert.core.proof.causes.catalog import Cause
from ddbinsert.core.proof.verdict import Finding, Weight
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, kw_only=True)
class SinkState:
    """The sink of a function at the end of a run.

    Attributes:
        arn: The sink's ARN; empty if the function has none.
        needed: Whether the function runs a template that does nothing without a sink.
        unchecked: Why its entries were not read back; empty if they were.
        expected: Number of entries that must exist.
        absent: eventIDs without an entry.
        doubtful: The entries were searched, and their absence is not certain.
        missing: The sink does not exist.
        is_templates: A template reads the variable; how code of the user's own uses it is not known.
        own_log: Without a sink, the template writes its entries to the function's own log.
        granted: Resources to which the function's role may write although no sink is set: one was set earlier.
    """

    arn: str = ""
    needed: bool = False
    unchecked: str = ""
    expected: int = 0
    absent: tuple[str, ...] = ()
    doubtful: bool = False
    missing: bool = False
    is_templates: bool = True
    own_log: bool = False
    granted: tuple[str, ...] = ()


def judge_sink(sink: SinkState) -> Iterator[Finding]:
    """Faults of a function's sink, and what is not known about it."""
    if sink.own_log and sink.granted:
        yield Finding(
            code=Cause.SINK_MISSING,
            weight=Weight.PROOF,
            text="SINK_ARN is not set, though the function's role may write to a sink: entries go to the function's "
            "own log instead",
            evidence=sink.granted,
            mend="Set it: attach-trigger with --sink NAME, or --env SINK_ARN=ARN.",
        )
    elif sink.missing:
        yield Finding(
            code=Cause.SINK_MISSING,
            weight=Weight.PROOF if sink.is_templates else Weight.HOLE,
            text="the sink does not exist: nothing can be stored in it",
            evidence=(sink.arn,) if sink.arn else (),
            mend="Create it, or set another one: attach-trigger with --sink NAME, or --env SINK_ARN=ARN.",
        )
    elif sink.needed and not sink.arn:
        yield Finding(
            code=Cause.SINK_MISSING,
            weight=Weight.PROOF,
            text="the function runs a template that needs a sink, and SINK_ARN is not set: nothing is stored or sent",
            mend="Set one: attach-trigger with --sink NAME, or --env SINK_ARN=ARN.",
        )
    elif sink.absent:
        yield Finding(
            code=Cause.NOT_STORED_IN_SINK,
            weight=Weight.PROOF,
            text=f"{len(sink.absent)} of {sink.expected} inserts were processed, and their entries are not in "
            + ("the function's log" if sink.own_log else "the sink"),
            evidence=(
                *([sink.arn] if sink.arn else []),
                *(f"no entry with eventID {name}" for name in sink.absent[:5]),
            ),
            mend=Advice("Show the function's log", ("tail", TABLE, "--since", "15m")),
        )
    elif sink.unchecked:
        yield Finding(
            code=Cause.SINK_NOT_CHECKED,
            weight=Weight.HOLE if sink.doubtful else Weight.NOTE,
            text=f"the sink was not checked: {sink.unchecked}",
            evidence=(sink.arn,) if sink.arn else (),
        )
