"""Why nothing was seen, or not all: the causes that lie between the function and our eyes, and the last resort.

Each is a hole at most: what wasn't seen may have been done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.core.event_counts import (
    OF_MAPPING,
    are_published,
    let_nothing_through,
    polling,
    shown,
    was_invoked,
)
from ddbinsert.core.verdict import Finding, Weight

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ddbinsert.core.circumstances import Circumstances
    from ddbinsert.core.tally import Tally
    from ddbinsert.core.verdict import Symptoms

_GRANT = (
    "Allow logs:CreateLogStream and logs:PutLogEvents on it; `ddbinsert create-function TABLE` writes the policy "
    "of a role of ddbinsert's own again."
)


def is_silent(tally: Tally, around: Circumstances) -> bool:
    """Whether nothing at all was heard of the function."""
    return not (tally.receipts.total() or tally.lines or around.invocations.reports)


def log_not_read(around: Circumstances) -> Iterator[Finding]:
    """The last look at the log wasn't read to its end: anything may stand in the rest, an intruder, too."""
    if not around.log_complete:
        yield Finding(
            code="log-not-read",
            weight=Weight.HOLE,
            text=f"log group {around.log_group} could not be read to its end: CloudWatch Logs throttled, or failed",
            mend="Run it again in a moment.",
        )


def unseen(seen: Symptoms, tally: Tally, around: Circumstances) -> Iterator[Finding]:
    """What keeps the function's work from being seen."""
    del seen
    if is_silent(tally, around):
        yield from silence(around, records=tally.must_leave)
    elif not around.invocations.reports or around.all_failed:
        return  # what fails says nothing
    elif around.by_lines and not tally.lines:
        yield Finding(
            code="no-line-shows-a-key",
            weight=Weight.HOLE,
            text="the function runs, and none of its log lines shows a test item's key",
            mend="Let it log the keys that it works on, or prove the filter apart: `ddbinsert verify TABLE "
            "--wiretap`.",
        )
    elif not around.by_lines and not tally.receipts.total():
        yield Finding(
            code="function-leaves-no-receipt",
            weight=Weight.HOLE,
            text="the function runs and leaves no receipts that ddbinsert knows"
            + (f"; {tally.lines} of its log lines show test items" if tally.lines else ""),
            mend="For code of your own: `ddbinsert verify TABLE --match` goes by any log line that shows an "
            "item's key, `--wiretap` proves the filter with a function of its own.",
        )


def silence(around: Circumstances, *, records: int) -> Iterator[Finding]:
    """Why nothing at all is heard of the function.

    Args:
        records: So many the stream holds, of the run or of what was watched.
    """
    counts, inside = around.counted.counts, around.counted.inside
    invoked = was_invoked(counts)
    count = shown(counts, "Invocations", *OF_MAPPING) if invoked else ()
    unless = "" if was_invoked(inside) else ", unless it was invoked before the run alone"
    function = around.world.function
    telling = [some for some in (counts, inside) if let_nothing_through(some, records=records)]
    if telling and are_published(around.mappings):
        yield Finding(
            code="everything-filtered-out",
            weight=Weight.HOLE,
            text="the mapping polls, and its filter took out everything that it read",
            evidence=shown(telling[0], *OF_MAPPING),
            mend="Try the filter on a record (`ddbinsert filter test`), or have it written anew (`ddbinsert "
            "attach-trigger TABLE`); a filter changed lately may take minutes to count.",
        )
    elif function is not None and function.log_group != around.log_group:
        yield Finding(
            code="log-group-elsewhere",
            weight=Weight.HOLE,
            text=f"the function logs to {function.log_group}; receipts were looked for in {around.log_group}",
            mend=f"`ddbinsert verify TABLE --log-group {function.log_group}`",
        )
    elif around.group_missing:
        yield Finding(
            code="log-group-missing",
            weight=Weight.HOLE,
            text=f"log group {around.log_group} does not exist"
            + (f", though the function was invoked{unless}" if invoked else ""),
            evidence=count,
            mend="`ddbinsert create-function TABLE` makes it again; a role without logs:CreateLogGroup can't.",
        )
    elif "logs" in around.policy_lacks or (invoked and not around.role_known and around.log_complete):
        yield Finding(
            code="role-cannot-write-logs",
            weight=Weight.HOLE,
            text="the function's role can't write to its log group, so nothing can be seen of its work"
            if "logs" in around.policy_lacks
            else "the function was invoked and its log shows nothing: its role can't write there, or the log is late"
            + unless,
            evidence=count,
            mend=_GRANT,
        )
    elif invoked and around.log_complete:
        yield Finding(
            code="log-late",
            weight=Weight.HOLE,
            text="the function was invoked, its role may write logs, and the log shows nothing yet: it is late"
            + unless,
            evidence=count,
            mend="Wait longer: `ddbinsert verify TABLE --timeout 10m`.",
        )


def last_resort(
    seen: Symptoms, tally: Tally, around: Circumstances, found: Sequence[Finding]
) -> Iterator[Finding]:
    """What can be said of missing inserts that nothing else explains."""
    if not seen.missing_count or any(finding.weight is not Weight.NOTE for finding in found):
        return
    states = (
        *(f"{m.uuid}: {m.state}, {m.last_result or 'no result told'}" for m in around.mappings),
        *polling(around.counted, around.mappings),
    )
    if not is_silent(tally, around):
        yield Finding(
            code="handler-drops-records",
            weight=Weight.HOLE,
            text=f"{seen.missing_count} inserts were not processed in time, though others were, and nothing failed: "
            "the function drops them, or they are late",
            evidence=tuple(f"item {one.number}" for one in seen.missing[:5]),
            mend="Wait longer (--timeout 10m); what is missing then, the handler skips without saying so.",
        )
    elif any(m.starting_position == "LATEST" for m in around.mappings):
        yield Finding(
            code="latest-missed-first-writes",
            weight=Weight.HOLE,
            text="nothing was delivered: the mapping starts at LATEST, and is not polling yet",
            evidence=states,
            mend="Verify again in some minutes; where no insert may be missed, attach with "
            "--starting-position TRIM_HORIZON.",
        )
    else:
        yield Finding(
            code="nothing-delivered",
            weight=Weight.HOLE,
            text="nothing was delivered, and nothing shows why: a new or changed mapping may take minutes to poll",
            evidence=states,
            mend="Wait longer: `ddbinsert verify TABLE --timeout 10m`.",
        )
