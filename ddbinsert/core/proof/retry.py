"""Whether an inconclusive run may be repeated, and what the verdict of the later run keeps of it.

A run is repeated only if time or another attempt can supply the missing evidence. Signs of a fault (an insert
that was not processed although others were, a failed invocation, a discarded record) are never hidden by a
later, better run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ddbinsert.core.proof.causes.catalog import Cause
from ddbinsert.core.proof.verdict import Finding, Result, Verdict, Weight, with_findings
from ddbinsert.core.words import plural
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Findings that another attempt may resolve: the evidence was late or thin, or settings were being changed.
PASSING: Final = frozenset(
    {
        Cause.ALIAS_DIVIDES_INVOCATIONS,
        Cause.CHANGED_MEANWHILE,
        Cause.FUNCTION_NOT_ACTIVE,
        Cause.INVOCATION_NOT_ENDED,
        Cause.LATEST_MISSED_FIRST_WRITES,
        Cause.LOG_GROUP_MISSING,
        Cause.LOG_LATE,
        Cause.LOG_NOT_READ,
        Cause.MAPPING_CHANGED_LATELY,
        Cause.MAPPING_DELIVERS_NOTHING,
        Cause.NOTHING_DELIVERED,
        Cause.NO_INSERTS_SEEN,
        Cause.STREAM_NOT_READ,
        Cause.STREAM_TRIMMED,
        Cause.THROTTLED_CONCURRENCY,
    }
)
#: Findings that do not prevent a repetition if they are notes: they do not indicate a fault.
HARMLESS: Final = frozenset(
    {
        Cause.DUPLICATE_DELIVERIES,
        Cause.DURABLE_EXECUTIONS_NOT_CHECKED,
        Cause.FILTER_HIDDEN,
        Cause.MAPPING_DISABLED,
        Cause.PARTIAL_BATCH_CONTRADICTION,
        Cause.SECOND_MAPPING,
        Cause.SINK_NOT_CHECKED,
        Cause.EARLIER_INCONCLUSIVE,
    }
)


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """An attempt that was repeated.

    Attributes:
        run_id: The run's id; empty if it ended without a verdict.
        codes: The codes of its findings, or of the error that ended it.
    """

    run_id: str
    summary: str
    codes: tuple[str, ...] = ()


def final_codes(verdict: Verdict) -> tuple[str, ...]:
    """The codes of findings that another attempt would not change, or must not hide; empty if it may help."""
    return tuple(
        dict.fromkeys(
            one.code
            for one in verdict.findings
            if one.code not in PASSING and not (one.weight is Weight.NOTE and one.code in HARMLESS)
        )
    )


def may_be_made_again(verdict: Verdict) -> bool:
    """Whether another attempt may give a better verdict."""
    return verdict.result is Result.INCONCLUSIVE and not final_codes(verdict)


def earlier_of(verdict: Verdict) -> Earlier:
    """What the verdict of a later attempt keeps of an attempt."""
    codes = tuple(dict.fromkeys(one.code for one in verdict.findings))
    return Earlier(run_id=verdict.run_id, summary=verdict.summary, codes=codes)


def with_earlier(verdict: Verdict, earlier: Sequence[Earlier]) -> Verdict:
    """The verdict of the last attempt, with a note about those before it."""
    if not earlier:
        return verdict
    count = plural(len(earlier), "earlier attempt")
    note = Finding(
        code=Cause.EARLIER_INCONCLUSIVE,
        weight=Weight.NOTE,
        text=f"{count} of this run {'was' if len(earlier) == 1 else 'were'} inconclusive",
        evidence=tuple(
            f"{f'run {one.run_id}' if one.run_id else 'no verdict'}: {one.summary}"
            + (f" ({', '.join(one.codes)})" if one.codes else "")
            for one in earlier
        ),
    )
    return with_findings(verdict, [note])
