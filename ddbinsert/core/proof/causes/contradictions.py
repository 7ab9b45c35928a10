"""What contradicts a PASS although every insert was seen to be processed: each is a hole in the evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.advice import TABLE, Advice
from ddbinsert.core.proof.causes.catalog import Cause
from ddbinsert.core.proof.causes.filters import update_mapping
from ddbinsert.core.proof.causes.sinks import judge_sink
from ddbinsert.core.proof.mapping_counts import DELIVERED_ON_FAILURE, DROPPED, FAILED_INVOKE, metric_lines
from ddbinsert.core.proof.verdict import Finding, Weight
from ddbinsert.core.words import plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddbinsert.core.proof.circumstances import Circumstances

_SHOWN = 5


def contradictions(around: Circumstances, *, missing: bool, failed_receipts: bool) -> Iterator[Finding]:
    """All evidence around a run that is not consistent with a PASS.

    Args:
        missing: Inserts are missing, which other causes explain.
        failed_receipts: The handler reported a failed record, so failed invocations are expected.
    """
    for cause in (
        _failed,
        _named_failures,
        _ends_unseen,
        _changed,
        _stream_unread,
        _log_elsewhere,
        _shared,
        _excluded,
        _untested,
        _partial_batch,
        _divided,
        _durable,
        _complaints,
    ):
        yield from cause(around)
    yield from _discarded(around)
    yield from judge_sink(around.sink)
    if missing:
        return
    yield from _problem(around)
    if not (around.failures or around.named_failures or failed_receipts):
        yield from _failed_unseen(around)


def _failed(around: Circumstances) -> Iterator[Finding]:
    failures = around.failures
    if not failures:
        return
    timeouts = [end for end in failures if end.timed_out]
    named = tuple(dict.fromkeys(end.error for end in failures if end.error)) or around.invocations.errors
    errors = named or tuple(dict.fromkeys(f"request {end.request}" for end in failures))
    only = len(timeouts) == len(failures)
    yield Finding(
        code=Cause.FUNCTION_TIMES_OUT if only else Cause.FUNCTION_ERRORS,
        weight=Weight.HOLE,
        text=f"{_invocations(len(failures))} {'timed out' if only else 'failed'} during the run, and nothing "
        "shows that the records were processed afterwards",
        evidence=(*errors[:_SHOWN], *metric_lines(around.counted.counts, "Errors", FAILED_INVOKE)),
        mend=Advice("Show the log", ("tail", TABLE, "--since", "15m")),
    )


def _failed_unseen(around: Circumstances) -> Iterator[Finding]:
    """Failures that CloudWatch counts during the run and that the log does not show."""
    inside = around.counted.inside
    unseen = inside.get("Errors", 0) - around.invocations.failed
    failed_invoke = inside.get(FAILED_INVOKE, 0)
    if unseen > 0 or (failed_invoke and not (inside.get("Throttles") or around.invocations.failed)):
        yield Finding(
            code=Cause.FUNCTION_ERRORS,
            weight=Weight.HOLE,
            text="CloudWatch counts failed invocations during the run that the function's log does not explain",
            evidence=metric_lines(inside, "Invocations", "Errors", FAILED_INVOKE),
            mend=Advice("Show the log", ("tail", TABLE, "--since", "15m")),
        )


def _named_failures(around: Circumstances) -> Iterator[Finding]:
    if around.named_failures:
        yield Finding(
            code=Cause.ANSWER_NAMES_FAILURES,
            weight=Weight.HOLE,
            text=f"{around.named_failures} records were delivered to the function again though their invocation ended "
            "without an error: its response listed them in batchItemFailures, while its log says processed",
            mend="Write the receipt after processing a record, with decision failed if it failed.",
        )


def _ends_unseen(around: Circumstances) -> Iterator[Finding]:
    if around.ends_unseen:
        yield Finding(
            code=Cause.INVOCATION_NOT_ENDED,
            weight=Weight.HOLE,
            text=f"{around.ends_unseen} log lines of the run belong to invocations whose end (REPORT line) is not in "
            "the log: they may still fail",
            mend="Wait longer (--timeout); the function may be slow, or CloudWatch Logs late.",
        )


def _changed(around: Circumstances) -> Iterator[Finding]:
    if around.changed:
        yield Finding(
            code=Cause.CHANGED_MEANWHILE,
            weight=Weight.HOLE,
            text="the trigger was changed while verify ran: the proof may no longer be valid",
            evidence=around.changed[:20],
            mend="Run verify again when the trigger is not being changed.",
        )


def _stream_unread(around: Circumstances) -> Iterator[Finding]:
    if around.stream_unread and around.names_itself:
        yield Finding(
            code=Cause.STREAM_NOT_READ,
            weight=Weight.HOLE,
            text="the stream could not be read, so what the function's own code logs about each record could not "
            "be compared with it",
            evidence=(around.stream_unread,),
            mend="Allow dynamodb:DescribeStream, GetShardIterator and GetRecords on the stream for the identity that runs verify.",
        )


def _log_elsewhere(around: Circumstances) -> Iterator[Finding]:
    function = around.world.function
    own = around.own_log_group or (function.log_group if function else "")
    if own and around.log_group and own != around.log_group:
        yield Finding(
            code=Cause.LOG_GROUP_ELSEWHERE,
            weight=Weight.HOLE,
            text=f"the function logs to {own}; the log group that was read is {around.log_group}",
            mend="Leave --log-group out.",
        )


def _shared(around: Circumstances) -> Iterator[Finding]:
    if around.log_shared:
        yield Finding(
            code=Cause.LOG_GROUP_SHARED,
            weight=Weight.HOLE,
            text=f"another function that reads this stream logs to {around.log_group}, too, and the lines do not say "
            "which function wrote them",
            mend="Use a separate log group for each function, or write the function's ARN into the receipts.",
        )


def _excluded(around: Circumstances) -> Iterator[Finding]:
    count, example = around.excluded
    if count:
        yield Finding(
            code=Cause.FILTER_EXCLUDES_INSERTS_SEEN,
            weight=Weight.HOLE,
            text=f"the stream contains {count:,} inserts of others, and none of them passes the filter: only test "
            "items, made to match it, were processed",
            evidence=(
                f"excluded: {example}",
                *(f"filter: {text}" for m in around.mappings for text in m.filters),
            ),
            mend="Compare the filter with an item, by filter test.",
        )


def _untested(around: Circumstances) -> Iterator[Finding]:
    if around.unproven_parts:
        yield Finding(
            code=Cause.FILTER_PART_NOT_TESTED,
            weight=Weight.HOLE,
            text="no record was found that passes a part of the filter, so that part was not tested",
            evidence=around.unproven_parts,
            mend="Show what it matches with filter explain, or give verify an item that passes it (--item FILE).",
        )


def _partial_batch(around: Circumstances) -> Iterator[Finding]:
    if around.partial_batch:
        silent = [m for m in around.mappings if m.is_enabled and not m.report_batch_item_failures]
        yield Finding(
            code=Cause.PARTIAL_BATCH_CONTRADICTION,
            weight=Weight.HOLE if around.partial_batch_loses else Weight.NOTE,
            text="the template's response and the mapping's ReportBatchItemFailures are inconsistent: "
            + (
                "Lambda treats a response that lists failed records as success, so a failing record is lost"
                if around.partial_batch_loses
                else "a failing record is not retried separately"
            ),
            evidence=around.partial_batch,
            mend=update_mapping(
                "Enable them", silent[0], "--function-response-types", "ReportBatchItemFailures"
            )
            if silent and all(map(around.world.is_second, silent))
            else Advice("Enable them", ("attach-trigger", TABLE, "--report-failures", "--yes")),
        )


def _divided(around: Circumstances) -> Iterator[Finding]:
    if around.splits:
        yield Finding(
            code=Cause.ALIAS_DIVIDES_INVOCATIONS,
            weight=Weight.HOLE,
            text="an alias routes invocations to several versions, and this run did not see each of them process a record",
            evidence=around.splits,
            mend=Advice(
                "Finish the deployment, or verify with more items", ("verify", TABLE, "--count", "1000")
            ),
        )


def _durable(around: Circumstances) -> Iterator[Finding]:
    function = around.world.function
    if function is not None and function.durable_timeout is not None:
        yield Finding(
            code=Cause.DURABLE_EXECUTIONS_NOT_CHECKED,
            weight=Weight.NOTE,
            text="the function is durable: the log shows how its invocations ended, not how its executions did, which "
            "may be suspended and continued",
            evidence=(f"DurableConfig.ExecutionTimeout: {function.durable_timeout}",),
            mend="Compare with its executions: aws lambda list-durable-executions-by-function.",
        )


def _complaints(around: Circumstances) -> Iterator[Finding]:
    if around.complaints:
        yield Finding(
            code=Cause.LINES_REPORT_ERRORS,
            weight=Weight.HOLE,
            text="the last line about some inserts reports an error, so it does not show that they were processed",
            evidence=around.complaints[:_SHOWN],
            mend=Advice("Show the log", ("tail", TABLE, "--since", "15m")),
        )


def _discarded(around: Circumstances) -> Iterator[Finding]:
    inside = around.counted.inside
    discarded = inside.get(DROPPED, 0) + inside.get(DELIVERED_ON_FAILURE, 0)
    if discarded or around.arrived:
        count = f"{discarded:,.0f} records" if discarded else "records"
        yield Finding(
            code=Cause.RECORDS_GIVEN_UP,
            weight=Weight.HOLE,
            text=f"the mapping discarded {count} during the run (retries exhausted or too old)",
            evidence=(*metric_lines(inside, DROPPED, DELIVERED_ON_FAILURE), *around.arrived),
            mend=Advice("Show them", ("failures", "list", TABLE))
            if around.has_destination
            else Advice(
                "Keep discarded records", ("attach-trigger", TABLE, "--on-failure", "create", "--yes")
            ),
        )


def _problem(around: Circumstances) -> Iterator[Finding]:
    problems = tuple(f"{m.uuid}: {m.last_result}" for m in around.mappings if "PROBLEM" in m.last_result)
    if problems:
        yield Finding(
            code=Cause.MAPPING_REPORTS_PROBLEM,
            weight=Weight.HOLE,
            text="the mapping reports a problem with its last batch: a record may block a shard",
            evidence=problems,
            mend=Advice("Show the function's log", ("tail", TABLE, "--since", "15m")),
        )


def _invocations(count: int) -> str:
    return plural(count, "invocation")
