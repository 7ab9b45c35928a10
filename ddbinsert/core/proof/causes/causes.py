"""Why a run is not a PASS: one small function for each cause, with a stable code, evidence and a remedy.

A cause is a PROOF only if waiting cannot change its evidence: then a missing insert is a FAIL. All others are a NOTE
beside an INCONCLUSIVE.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.advice import TABLE, Advice
from ddbinsert.core.proof.causes.catalog import Cause
from ddbinsert.core.proof.causes.contradictions import contradictions
from ddbinsert.core.proof.causes.delivered import (
    guard_not_seen,
    second_mapping,
    strays,
    stream_differs,
    too_few,
    unexplained,
)
from ddbinsert.core.proof.causes.filters import judge_filters
from ddbinsert.core.proof.causes.permission import permission
from ddbinsert.core.proof.causes.unseen import last_resort, log_not_read, not_processed, unseen
from ddbinsert.core.proof.mapping_counts import DELIVERED_ON_FAILURE, DROPPED, FAILED_INVOKE, metric_lines
from ddbinsert.core.proof.symptoms import Symptoms
from ddbinsert.core.proof.verdict import Finding, Weight
from ddbinsert.core.receipt import FAILED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ddbinsert.core.proof.circumstances import Circumstances
    from ddbinsert.core.proof.ledger import Ledger

_SHOWN = 5
_NOT_RUNNING = frozenset(
    {"Failed", "Inactive", "Deactivating", "Deactivated", "ActiveNonInvocable", "Deleting"}
)


def findings(
    seen: Symptoms,
    tally: Ledger,
    around: Circumstances,
    *,
    allow_guarded: bool = False,
    watched: bool = False,
) -> tuple[Finding, ...]:
    """Everything that explains the symptoms, and notes.

    Args:
        watched: Nothing was written: existing traffic was observed.
    """
    found = [*strays(seen, around, allow_guarded=allow_guarded), *stream_differs(seen), *unexplained(seen)]
    if around.world.table is not None:
        for mapping in (one for one in around.mappings if one.is_enabled):
            is_second = around.world.is_second(mapping)
            found += judge_filters(
                mapping, around.world.table, allow_guarded=allow_guarded, is_second=is_second
            )
    if allow_guarded and around.by_lines:
        found += guard_not_seen(found)
    found += [*second_mapping(around), *too_few(seen), *log_not_read(around)]
    if seen.missing_count:
        for cause in _CAUSES_OF_MISSING:
            found += cause(seen, tally, around)
        found += not_processed(seen) if watched else last_resort(seen, tally, around, found)
    told = {finding.code for finding in found if finding.weight is not Weight.NOTE}
    failed_receipts = any(name.startswith(f"{FAILED} ") for name in tally.receipts)
    against = contradictions(around, missing=bool(seen.missing_count), failed_receipts=failed_receipts)
    found += [one for one in against if one.code not in told]
    if tally.all_duplicates:
        found.append(
            Finding(
                code=Cause.DUPLICATE_DELIVERIES,
                weight=Weight.NOTE,
                text=f"{tally.all_duplicates} records were delivered more than once; Lambda guarantees at-least-once delivery",
                mend="Make the function idempotent: a redelivered record keeps its eventID.",
            )
        )
    return tuple(found)


def blocking_faults(around: Circumstances) -> tuple[Finding, ...]:
    """Configuration faults that certainly prevent every insert from being processed."""
    nothing = Symptoms()
    causes = (_mapping_state, _function_state, _concurrency)
    found = [finding for cause in causes for finding in cause(nothing, None, around)]
    return tuple(finding for finding in found if finding.weight is Weight.PROOF)


# --- missing ----------------------------------------------------------------------------------------------


def _passed_over(seen: Symptoms, tally: Ledger, around: Circumstances) -> Iterator[Finding]:
    over = [one for one in seen.missing if one.passed_over and not one.failed]
    if not over:
        return
    latest = any(m.starting_position == "LATEST" for m in around.mappings)
    first_only = all(_is_first(tally, one.number, one.event_id) for one in over)
    evidence = tuple(f"item {one.number}, eventID {one.event_id}" for one in over[:_SHOWN])
    if latest and first_only:
        yield Finding(
            code=Cause.LATEST_MISSED_FIRST_WRITES,
            weight=Weight.HOLE,
            text=f"the mapping starts at LATEST and missed {len(over)} of the first writes because it was not polling yet",
            evidence=evidence,
            mend="Run verify again now that it polls; to process every insert, attach with "
            "--starting-position TRIM_HORIZON.",
        )
        return
    # The line of an earlier record may appear after that of a later one: they are in different log streams.
    patient = around.wait_limit >= around.log_patience and not around.lines_to_come
    yield Finding(
        code=Cause.HANDLER_DROPS_RECORDS,
        weight=Weight.PROOF if patient else Weight.HOLE,
        text=f"{len(over)} inserts were skipped: a later record of the same item was processed",
        evidence=evidence,
        mend="The filter drops them, or the handler skips records silently: check with filter test.",
    )


def _is_first(tally: Ledger, number: int, event_id: str) -> bool:
    if number >= len(tally.lanes):
        return False
    recorded = tally.lanes[number].recorded
    return bool(recorded) and recorded[0].event_id == event_id


def _mapping_state(seen: Symptoms, tally: Ledger | None, around: Circumstances) -> Iterator[Finding]:
    del seen, tally
    world = around.world
    if around.mappings:
        if all(m.state in ("Disabled", "Disabling") for m in around.mappings):
            yield Finding(
                code=Cause.MAPPING_DISABLED,
                weight=Weight.PROOF,
                text="the event source mapping is disabled: nothing is delivered",
                evidence=tuple(
                    f"{m.uuid}: {m.state} ({m.state_reason or 'no reason'})" for m in around.mappings
                ),
                mend=Advice("Enable it", ("attach-trigger", TABLE, "--enabled", "--yes")),
            )
        return
    stale = world.stale_mappings
    if stale:
        yield Finding(
            code=Cause.MAPPING_ON_STALE_STREAM,
            weight=Weight.PROOF,
            text="the function is mapped to a stream that is no longer the table's live one",
            evidence=tuple(f"{m.uuid} reads {m.stream_arn}" for m in stale),
            mend=Advice("Attach it to the live stream", ("attach-trigger", TABLE)),
        )
        return
    yield Finding(
        code=Cause.MAPPING_MISSING,
        weight=Weight.PROOF,
        text="no event source mapping delivers the table's live stream to the function",
        mend=Advice("Attach it", ("attach-trigger", TABLE)),
    )


def _concurrency(seen: Symptoms, tally: Ledger | None, around: Circumstances) -> Iterator[Finding]:
    del seen, tally
    function = around.world.function
    if function is not None and function.reserved_concurrency == 0:
        yield Finding(
            code=Cause.THROTTLED_CONCURRENCY,
            weight=Weight.PROOF,
            text="the function's reserved concurrency is 0: every invocation is throttled",
            evidence=(
                f"{function.name}: ReservedConcurrentExecutions 0",
                *metric_lines(around.counted.counts, "Throttles"),
            ),
            mend=f"`aws lambda delete-function-concurrency --function-name {function.name}`",
        )
    elif around.counted.counts.get("Throttles", 0) > 0:
        yield Finding(
            code=Cause.THROTTLED_CONCURRENCY,
            weight=Weight.NOTE,
            text="invocations of the function were throttled",
            evidence=metric_lines(around.counted.counts, "Throttles"),
            mend="Raise its reserved concurrency, or the account's.",
        )


def _function_state(seen: Symptoms, tally: Ledger | None, around: Circumstances) -> Iterator[Finding]:
    del seen, tally
    function = around.world.function
    if function is None:
        yield Finding(
            code=Cause.FUNCTION_MISSING,
            weight=Weight.PROOF,
            text="the function does not exist, or no longer exists",
            mend=Advice("Create it", ("attach-trigger", TABLE)),
        )
    elif function.state in _NOT_RUNNING:
        yield Finding(
            code=Cause.FUNCTION_NOT_ACTIVE,
            # Lambda activates an inactive function at its next invocation.
            weight=Weight.NOTE if function.state == "Inactive" else Weight.PROOF,
            text=f"the function is {function.state}: {function.state_reason or 'no reason given'}",
        )
    elif function.update_status == "Failed":
        yield Finding(
            code=Cause.FUNCTION_NOT_ACTIVE,
            weight=Weight.NOTE,
            text=f"the function's last update failed: {function.update_reason or 'no reason given'}",
        )


def _failures(seen: Symptoms, tally: Ledger, around: Circumstances) -> Iterator[Finding]:
    nothing_done = not tally.processed_inserts and not tally.lines
    yield from failing(around, nothing_done=nothing_done, failed=sum(one.failed for one in seen.missing))


def failing(around: Circumstances, *, nothing_done: bool, failed: int = 0) -> Iterator[Finding]:
    """Failures of the function.

    A failure proves nothing as long as it may be caused by records of others: the missing ones may be late.
    It is a proof if the handler reports that it failed on the missing ones, or if every invocation failed.

    Args:
        nothing_done: No expected insert was processed.
        failed: Number of records on which the handler reports a failure.
    """
    calls = around.invocations
    weight = Weight.PROOF if nothing_done and around.all_failed else Weight.HOLE
    if calls.timeouts:
        limit = around.world.function.timeout if around.world.function else "?"
        yield Finding(
            code=Cause.FUNCTION_TIMES_OUT,
            weight=weight,
            text=f"{calls.timeouts} invocations exceeded the function's timeout of {limit} s",
            evidence=calls.errors[:_SHOWN],
            mend="Raise its timeout (function.timeout, --function-timeout), or lower --batch-size.",
        )
    errors = around.counted.counts.get("Errors", 0) > calls.timeouts
    if failed or calls.error_count or (errors and not calls.timeouts):
        yield Finding(
            code=Cause.FUNCTION_ERRORS,
            weight=Weight.PROOF if failed else weight,
            text=f"the function failed on inserts ({calls.error_count or failed} errors logged)"
            if failed or weight is Weight.PROOF
            else (
                f"some invocations failed ({calls.error_count} errors logged)"
                if calls.failed or calls.crashes or errors
                else f"the function logged {calls.error_count} errors, though no invocation failed"
            )
            + "; the missing inserts may be among their records",
            evidence=(*calls.errors[:_SHOWN], *metric_lines(around.counted.counts, "Errors", FAILED_INVOKE)),
            mend=Advice("Show the log", ("tail", TABLE, "--since", "15m")),
        )
    if (failed or calls.has_failures) and any(m.retries == -1 for m in around.mappings):
        yield Finding(
            code=Cause.POISON_RECORD_BLOCKS_SHARD,
            weight=Weight.NOTE,
            text="the number of retries is not limited: a record that keeps failing blocks its shard for up to 24 h",
            evidence=tuple(
                f"{m.uuid}: retries -1, bisect {m.bisect}" for m in around.mappings if m.retries == -1
            ),
            mend=Advice(
                "Limit the retries and keep failed records",
                ("attach-trigger", TABLE, "--retries", "5", "--bisect", *_destination(around), "--yes"),
            ),
        )


def _destination(around: Circumstances) -> tuple[str, ...]:
    """The option for an on-failure destination, if there is none: an existing one is kept."""
    return () if around.has_destination else ("--on-failure", "create")


def _given_up(seen: Symptoms, tally: Ledger, around: Circumstances) -> Iterator[Finding]:
    del seen, tally
    counts = around.counted.counts
    given_up = counts.get(DROPPED, 0) + counts.get(DELIVERED_ON_FAILURE, 0)
    if given_up:
        yield Finding(
            code=Cause.RECORDS_GIVEN_UP,
            weight=Weight.HOLE,
            text=f"the mapping discarded {given_up:,.0f} records (retries exhausted or too old); the missing inserts may be among them",
            evidence=metric_lines(counts, DROPPED, DELIVERED_ON_FAILURE),
            mend=Advice("Show them", ("failures", "list", TABLE))
            if around.has_destination
            else Advice(
                "Keep discarded records", ("attach-trigger", TABLE, "--on-failure", "create", "--yes")
            ),
        )


def _permission(seen: Symptoms, tally: Ledger, around: Circumstances) -> Iterator[Finding]:
    yield from permission(tally, around, missing=seen.missing_count)


def _window(seen: Symptoms, tally: Ledger, around: Circumstances) -> Iterator[Finding]:
    del seen, tally
    longest = max((m.batching_window for m in around.mappings), default=0)
    if longest and longest >= around.wait_limit * 0.8:
        yield Finding(
            code=Cause.BATCHING_WINDOW_LONGER_THAN_TIMEOUT,
            weight=Weight.HOLE,
            text=f"the mapping's batching window is {longest} s, and the run waited {around.wait_limit:.0f} s",
            mend=Advice("Wait longer", ("verify", TABLE, "--timeout", f"{longest * 2 + 60}s")),
        )


_CAUSES_OF_MISSING: tuple[Callable[[Symptoms, Ledger, Circumstances], Iterator[Finding]], ...] = (
    _mapping_state,
    _function_state,
    _concurrency,
    _permission,
    _failures,
    _given_up,
    _passed_over,
    unseen,
    _window,
)
