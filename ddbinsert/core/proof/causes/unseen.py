"""Why the evidence is missing or incomplete: causes that hide the function's work, and the finding of last resort.

Each is a hole at most: work that was not seen may have been done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.advice import TABLE, Advice
from ddbinsert.core.arn import resource_name
from ddbinsert.core.proof.causes.catalog import Cause
from ddbinsert.core.proof.mapping_counts import (
    OF_MAPPING,
    are_published,
    filtered_everything,
    metric_lines,
    polling,
    was_invoked,
)
from ddbinsert.core.proof.verdict import Finding, Weight

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ddbinsert.core.proof.circumstances import Circumstances
    from ddbinsert.core.proof.ledger import Ledger
    from ddbinsert.core.proof.symptoms import Symptoms


def is_silent(tally: Ledger, around: Circumstances) -> bool:
    """Whether there is no evidence of the function at all."""
    return not (tally.receipts.total() or tally.lines or around.invocations.reports)


def log_not_read(around: Circumstances) -> Iterator[Finding]:
    """The last read of the log was incomplete: the rest may contain anything, also an intruder."""
    if not around.log_complete:
        yield Finding(
            code=Cause.LOG_NOT_READ,
            weight=Weight.HOLE,
            text=f"log group {around.log_group} could not be read completely: CloudWatch Logs throttled the requests or failed",
            mend="Run it again in a moment.",
        )


def unseen(seen: Symptoms, tally: Ledger, around: Circumstances) -> Iterator[Finding]:
    """The causes that hide the function's work."""
    del seen
    if is_silent(tally, around):
        yield from silence(around, records=tally.must_leave)
    elif not around.invocations.reports or around.all_failed:
        return  # a failing function may not log
    elif around.unrecognizable:
        yield Finding(
            code=Cause.NO_LINE_SHOWS_A_KEY,
            weight=Weight.HOLE,
            text=f"the keys of {around.unrecognizable:,} inserts are too short to be recognized in log lines: they have "
            "fewer than 6 characters",
            mend=Advice("Use test items, whose keys are longer", ("verify", TABLE, "--match")),
        )
    elif around.by_lines and not tally.lines:
        yield Finding(
            code=Cause.NO_LINE_SHOWS_A_KEY,
            weight=Weight.HOLE,
            text="the function runs, but none of its log lines shows the key of an item",
            evidence=_suppressed(around),
            mend=Advice(
                "Log the keys of the records in the function, or prove only the filter",
                ("verify", TABLE, "--wiretap"),
            ),
        )
    elif around.is_template and not (tally.receipts.total() or tally.lines):
        yield Finding(
            code=Cause.LOG_LATE,
            weight=Weight.HOLE,
            text="the function was invoked, and no receipt of the expected inserts shows yet: its invocations take "
            "longer, or the log is late",
            mend=Advice("Wait longer", ("verify", TABLE, "--timeout", "10m")),
        )
    elif not around.by_lines and not tally.receipts.total():
        yield Finding(
            code=Cause.FUNCTION_LEAVES_NO_RECEIPT,
            weight=Weight.HOLE,
            text="the function runs and logs no receipts that ddbinsert recognizes"
            + (f"; {tally.lines} of its log lines show test items" if tally.lines else ""),
            evidence=_suppressed(around),
            mend=Advice(
                "Prove the filter with a separate function (--wiretap), or accept any log line that shows an "
                "item's key",
                ("verify", TABLE, "--match"),
            ),
        )


def _suppressed(around: Circumstances) -> tuple[str, ...]:
    """A log level that suppresses lines of the function, in the JSON log format."""
    function = around.world.function
    level = function.application_log_level if function is not None else ""
    if level not in ("WARN", "ERROR", "FATAL"):
        return ()
    return (
        f"the function's ApplicationLogLevel is {level}: lines that a logger writes below it are not in the log",
    )


def silence(around: Circumstances, *, records: int) -> Iterator[Finding]:
    """Why there is no evidence of the function at all.

    Args:
        records: Number of records in the stream, of the run or of the observed traffic.
    """
    counts, inside = around.counted.counts, around.counted.inside
    invoked = was_invoked(counts)
    count = metric_lines(counts, "Invocations", *OF_MAPPING) if invoked else ()
    unless = "" if was_invoked(inside) else ", unless only before the run"
    function = around.world.function
    telling = [some for some in (counts, inside) if filtered_everything(some, records=records)]
    if telling and are_published(around.mappings):
        yield Finding(
            code=Cause.EVERYTHING_FILTERED_OUT,
            weight=Weight.HOLE,
            text="the mapping polls, and its filter excluded everything that it read",
            evidence=metric_lines(telling[0], *OF_MAPPING),
            mend="Test the filter with a record (filter test), or give another (attach-trigger with --filter); a "
            "changed filter can take minutes to take effect.",
        )
    elif function is not None and function.log_group != around.log_group:
        yield Finding(
            code=Cause.LOG_GROUP_ELSEWHERE,
            weight=Weight.HOLE,
            text=f"the function logs to {function.log_group}; receipts were searched in {around.log_group}",
            mend=Advice("Read that log group", ("verify", TABLE, "--log-group", function.log_group)),
        )
    elif around.group_missing:
        yield Finding(
            code=Cause.LOG_GROUP_MISSING,
            weight=Weight.HOLE,
            text=f"log group {around.log_group} does not exist"
            + (f", though the function was invoked{unless}" if invoked else ""),
            evidence=count,
            mend=_create_group(around),
        )
    elif "logs" in around.policy_lacks or (invoked and not around.role_known and around.log_complete):
        yield Finding(
            code=Cause.ROLE_CANNOT_WRITE_LOGS,
            weight=Weight.HOLE,
            text="the function's role cannot write to its log group, so its work cannot be observed"
            if "logs" in around.policy_lacks
            else "the function was invoked and its log shows nothing: its role cannot write there, or the log is late"
            + unless,
            evidence=count,
            mend=_grant(around),
        )
    elif invoked and around.log_complete:
        yield Finding(
            code=Cause.LOG_LATE,
            weight=Weight.HOLE,
            text="the function was invoked, its role may write logs, and the log shows nothing yet: it is late"
            + unless,
            evidence=count,
            mend=Advice("Wait longer", ("verify", TABLE, "--timeout", "10m")),
        )


def _create_group(around: Circumstances) -> Advice:
    if around.world.function is not None and not around.world.function.is_ours:
        return Advice(f"Create it: `aws logs create-log-group --log-group-name {around.log_group}`")
    return Advice("Create it again; a role without logs:CreateLogGroup cannot", ("create-function", TABLE))


def _grant(around: Circumstances) -> Advice:
    """The advice; no command changes a role that ddbinsert did not create."""
    if around.role_restored:
        return Advice("Restore the policy of the role that ddbinsert created", ("create-function", TABLE))
    role = resource_name(around.world.function.role_arn) if around.world.function else ""
    return Advice(f"Allow role {role} logs:CreateLogStream and logs:PutLogEvents on {around.log_group}")


def last_resort(
    seen: Symptoms, tally: Ledger, around: Circumstances, found: Sequence[Finding]
) -> Iterator[Finding]:
    """The finding about missing inserts that nothing else explains."""
    # An unreadable filter is a hole of its own and does not explain a missing insert.
    reasons = [one for one in found if one.weight is not Weight.NOTE and one.code != "filter-hidden"]
    if not seen.missing_count or reasons:
        return
    states = (
        *(f"{m.uuid}: {m.state}, {m.last_result or 'no result reported'}" for m in around.mappings),
        *polling(around.counted, around.mappings),
    )
    if not is_silent(tally, around):
        yield Finding(
            code=Cause.HANDLER_DROPS_RECORDS,
            weight=Weight.HOLE,
            text=f"{seen.missing_count} inserts were not processed in time, although others were, and nothing failed: "
            "the function drops them, or they are late",
            evidence=tuple(f"item {one.number}" for one in seen.missing[:5]),
            mend="Wait longer (--timeout 10m); inserts that are still missing then are skipped by the handler.",
        )
    elif any(m.starting_position == "LATEST" for m in around.mappings):
        yield Finding(
            code=Cause.LATEST_MISSED_FIRST_WRITES,
            weight=Weight.HOLE,
            text="nothing was delivered: the mapping starts at LATEST, and is not polling yet",
            evidence=states,
            mend="Run verify again in a few minutes; to process every insert, attach with "
            "--starting-position TRIM_HORIZON.",
        )
    else:
        yield Finding(
            code=Cause.NOTHING_DELIVERED,
            weight=Weight.HOLE,
            text="nothing was delivered, and no cause was found: a new or changed mapping may take minutes to poll",
            evidence=states,
            mend=Advice("Wait longer", ("verify", TABLE, "--timeout", "10m")),
        )


def not_processed(seen: Symptoms) -> Iterator[Finding]:
    """Inserts of others that were not processed during the observation."""
    yield Finding(
        code=Cause.INSERTS_NOT_PROCESSED,
        weight=Weight.HOLE,
        text=f"{seen.missing_count:,} inserts were not processed in time, according to the function's log",
        evidence=tuple(f"INSERT {one.event_id}" for one in seen.missing),
        mend=Advice("Find the cause with test items", ("verify", TABLE)),
    )
