"""Why a run is not a PASS: each cause a small function with a stable code, its evidence and what mends it.

A cause is a PROOF only where what it rests on can't be otherwise by waiting: then a missing insert is a FAIL.
All else is a NOTE beside an INCONCLUSIVE.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.core.causes_unseen import is_silent, last_resort, log_not_read, unseen
from ddbinsert.core.event_counts import DELIVERED_ON_FAILURE, DROPPED, FAILED_INVOKE, shown
from ddbinsert.core.filter_checks import judge_filters
from ddbinsert.core.verdict import Finding, Symptoms, Weight

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ddbinsert.core.circumstances import Circumstances
    from ddbinsert.core.tally import Receipt, Tally

_SHOWN = 5


def findings(
    seen: Symptoms, tally: Tally, around: Circumstances, *, allow_guarded: bool = False
) -> tuple[Finding, ...]:
    """Everything that explains the symptoms, and what is worth knowing beside them."""
    found = [*_strays(seen, around, allow_guarded=allow_guarded), *_stream_differs(seen), *_unexplained(seen)]
    if around.world.table is not None:
        for mapping in around.mappings:
            found += judge_filters(mapping, around.world.table, allow_guarded=allow_guarded)
    found += [*_second_mapping(around), *log_not_read(around)]
    if seen.missing_count:
        for cause in _CAUSES_OF_MISSING:
            found += cause(seen, tally, around)
        found += last_resort(seen, tally, around, found)
    if tally.all_duplicates:
        found.append(
            Finding(
                code="duplicate-deliveries",
                weight=Weight.NOTE,
                text=f"{tally.all_duplicates} records were delivered more than once; Lambda promises at least once",
                mend="Let the function do no harm when it is given a record twice (eventID stays the same).",
            )
        )
    return tuple(found)


def standing_in_the_way(around: Circumstances) -> tuple[Finding, ...]:
    """What certainly keeps every insert from being processed, as the configuration stands."""
    nothing = Symptoms()
    causes = (_mapping_state, _function_state, _concurrency)
    found = [finding for cause in causes for finding in cause(nothing, None, around)]
    return tuple(finding for finding in found if finding.weight is Weight.PROOF)


# --- delivered, and should not have been ------------------------------------------------------------------


def _strays(seen: Symptoms, around: Circumstances, *, allow_guarded: bool) -> Iterator[Finding]:
    if seen.intruders:
        yield Finding(
            code="intruders-processed",
            weight=Weight.PROOF,
            text=f"{_kinds(seen.intruders)} were processed by the function",
            evidence=_shown(seen.intruders),
            mend="Filter the mapping to INSERT: `ddbinsert attach-trigger TABLE` puts the filter back.",
        )
    if seen.leaked:
        yield Finding(
            code="filter-leaks",
            weight=Weight.NOTE if allow_guarded else Weight.PROOF,
            text=f"{_kinds(seen.leaked)} were delivered to the function: the filter leaks, and only the "
            "guard in the handler's code dropped them",
            evidence=_shown(seen.leaked),
            mend="Filter the mapping to INSERT: `ddbinsert attach-trigger TABLE` puts the filter back.",
        )
    if seen.surplus_lines:
        # Without a name in the line it could be one record delivered twice.
        sure = any(one.named for one in seen.surplus_lines) or not around.insert_only
        yield Finding(
            code="intruders-processed" if sure else "more-lines-than-inserts",
            weight=Weight.PROOF if sure else Weight.HOLE,
            text="the function logged more about some items than their inserts explain: "
            + ("it was given their modifications and removals" if sure else "something else, or one twice"),
            evidence=tuple(
                f"item {one.number}: logged {one.lines} times, {one.explained} explained; the stream also holds "
                + (", ".join(f"{r.event_name} {r.event_id}" for r in one.strays) or "nothing else")
                for one in seen.surplus_lines[:_SHOWN]
            ),
            mend="Filter the mapping to INSERT: `ddbinsert attach-trigger TABLE` puts the filter back."
            if sure
            else "Look at the lines (`ddbinsert tail TABLE`), or prove the filter apart: `ddbinsert verify TABLE "
            "--wiretap`.",
        )


def _kinds(receipts: tuple[Receipt, ...]) -> str:
    counts: dict[str, int] = {}
    for one in receipts:
        counts[one.event_name] = counts.get(one.event_name, 0) + 1
    return " and ".join(f"{count} {name}" for name, count in sorted(counts.items()))


def _shown(receipts: tuple[Receipt, ...]) -> tuple[str, ...]:
    lines = [f"{one.event_name} of item {one.number}, eventID {one.event_id}" for one in receipts[:20]]
    return (*lines, *([f"and {len(receipts) - 20} more"] if len(receipts) > 20 else []))


def _stream_differs(seen: Symptoms) -> Iterator[Finding]:
    if seen.stream_differs:
        yield Finding(
            code="stream-differs-from-writes",
            weight=Weight.HOLE,
            text="the stream does not hold the records that the test writes must leave",
            evidence=tuple(
                f"item {number}: expected {', '.join(expected) or 'none'}; recorded {', '.join(got) or 'none'}"
                for number, expected, got in seen.stream_differs[:_SHOWN]
            ),
            mend="Is something else changing items that it did not make (a cleaner, another run)? The embedded "
            "emulator records nothing for PartiQL writes.",
        )


def _unexplained(seen: Symptoms) -> Iterator[Finding]:
    if seen.unexplained:
        yield Finding(
            code="receipts-without-record",
            weight=Weight.HOLE,
            text=f"{len(seen.unexplained)} receipts are of records that the stream does not hold",
            evidence=_shown(seen.unexplained),
            mend="Does the handler give the eventID as it is delivered?",
        )


def _second_mapping(around: Circumstances) -> Iterator[Finding]:
    if len(around.mappings) > 1:
        yield Finding(
            code="second-mapping",
            weight=Weight.NOTE,
            text=f"{len(around.mappings)} mappings deliver this stream to the function: each insert arrives "
            "once for each of them",
            evidence=tuple(f"{m.uuid} ({m.state}) → {m.function_arn}" for m in around.mappings),
            mend="Delete the one that is not wanted.",
        )


# --- missing ----------------------------------------------------------------------------------------------


def _passed_over(seen: Symptoms, tally: Tally, around: Circumstances) -> Iterator[Finding]:
    over = [one for one in seen.missing if one.passed_over and not one.failed]
    if not over:
        return
    latest = any(m.starting_position == "LATEST" for m in around.mappings)
    first_only = all(_is_first(tally, one.number, one.event_id) for one in over)
    evidence = tuple(f"item {one.number}, eventID {one.event_id}" for one in over[:_SHOWN])
    if latest and first_only:
        yield Finding(
            code="latest-missed-first-writes",
            weight=Weight.HOLE,
            text=f"the mapping starts at LATEST and missed {len(over)} of the first writes: it was not polling yet",
            evidence=evidence,
            mend="Verify again now that it polls; where no insert may be missed, attach with "
            "--starting-position TRIM_HORIZON.",
        )
        return
    # The line of an earlier record may show after the later one's: they are in different log streams.
    patient = around.wait_limit >= around.log_patience and not around.lines_to_come
    yield Finding(
        code="handler-drops-records",
        weight=Weight.PROOF if patient else Weight.HOLE,
        text=f"{len(over)} inserts were passed over: a later record of the same item was processed",
        evidence=evidence,
        mend="The filter drops them, or the handler skips records without saying so: `ddbinsert filter test`.",
    )


def _is_first(tally: Tally, number: int, event_id: str) -> bool:
    if number >= len(tally.lanes):
        return False
    recorded = tally.lanes[number].recorded
    return bool(recorded) and recorded[0].event_id == event_id


def _mapping_state(seen: Symptoms, tally: Tally | None, around: Circumstances) -> Iterator[Finding]:
    del seen, tally
    world = around.world
    name = world.table.name if world.table else "TABLE"
    if around.mappings:
        if all(m.state in ("Disabled", "Disabling") for m in around.mappings):
            yield Finding(
                code="mapping-disabled",
                weight=Weight.PROOF,
                text="the event source mapping is disabled: nothing is delivered",
                evidence=tuple(
                    f"{m.uuid}: {m.state} ({m.state_reason or 'no reason'})" for m in around.mappings
                ),
                mend=f"Enable it: `ddbinsert attach-trigger {name} --enabled`.",
            )
        return
    stale = world.stale_mappings
    if stale:
        yield Finding(
            code="mapping-on-stale-stream",
            weight=Weight.PROOF,
            text="the function is mapped to a stream that is no longer the table's live one",
            evidence=tuple(f"{m.uuid} reads {m.stream_arn}" for m in stale),
            mend=f"Attach it to the live stream: `ddbinsert attach-trigger {name} --prune`.",
        )
        return
    yield Finding(
        code="mapping-missing",
        weight=Weight.PROOF,
        text="no event source mapping delivers the table's live stream to the function",
        mend=f"Attach it: `ddbinsert attach-trigger {name}`.",
    )


def _concurrency(seen: Symptoms, tally: Tally | None, around: Circumstances) -> Iterator[Finding]:
    del seen, tally
    function = around.world.function
    if function is not None and function.reserved_concurrency == 0:
        yield Finding(
            code="throttled-concurrency",
            weight=Weight.PROOF,
            text="the function's reserved concurrency is 0: every invocation is throttled",
            evidence=(
                f"{function.name}: ReservedConcurrentExecutions 0",
                *shown(around.counted.counts, "Throttles"),
            ),
            mend=f"`aws lambda delete-function-concurrency --function-name {function.name}`",
        )
    elif around.counted.counts.get("Throttles", 0) > 0:
        yield Finding(
            code="throttled-concurrency",
            weight=Weight.NOTE,
            text="invocations of the function were throttled",
            evidence=shown(around.counted.counts, "Throttles"),
            mend="Raise its reserved concurrency, or the account's.",
        )


def _function_state(seen: Symptoms, tally: Tally | None, around: Circumstances) -> Iterator[Finding]:
    del seen, tally
    function = around.world.function
    if function is None:
        yield Finding(
            code="function-missing",
            weight=Weight.PROOF,
            text="the function does not exist (any more)",
            mend="Create it: `ddbinsert attach-trigger TABLE`.",
        )
    elif function.state in ("Failed", "Inactive"):
        yield Finding(
            code="function-not-active",
            weight=Weight.PROOF if function.state == "Failed" else Weight.NOTE,
            text=f"the function is {function.state}: {function.state_reason or 'no reason given'}",
        )


def _failures(seen: Symptoms, tally: Tally, around: Circumstances) -> Iterator[Finding]:
    nothing_done = not tally.processed_inserts and not tally.lines
    yield from failing(around, nothing_done=nothing_done, failed=sum(one.failed for one in seen.missing))


def failing(around: Circumstances, *, nothing_done: bool, failed: int = 0) -> Iterator[Finding]:
    """What the function failed on.

    That it fails is no proof as long as others' records may be what it fails on: the missing ones may be late.
    It is one where the handler itself says that it failed on them, or where whatever it was given failed.

    Args:
        nothing_done: No insert that is waited for was processed. failed: Of so many the handler says it failed.
    """
    calls = around.invocations
    weight = Weight.PROOF if nothing_done and around.all_failed else Weight.HOLE
    if calls.timeouts:
        limit = around.world.function.timeout if around.world.function else "?"
        yield Finding(
            code="function-times-out",
            weight=weight,
            text=f"{calls.timeouts} invocations were ended by the function's timeout of {limit} s",
            evidence=calls.errors[:_SHOWN],
            mend="Give it more time (function.timeout, --function-timeout), or less to do (--batch-size).",
        )
    errors = around.counted.counts.get("Errors", 0) > calls.timeouts
    if failed or calls.error_count or (errors and not calls.timeouts):
        yield Finding(
            code="function-errors",
            weight=Weight.PROOF if failed else weight,
            text=f"the function was given inserts and failed on them ({calls.error_count or failed} errors logged)"
            if failed or weight is Weight.PROOF
            else f"the function fails at times ({calls.error_count} errors logged): perhaps on what is missing",
            evidence=(*calls.errors[:_SHOWN], *shown(around.counted.counts, "Errors", FAILED_INVOKE)),
            mend="Look at them: `ddbinsert tail TABLE --since 15m`.",
        )
    if (failed or calls.has_failures) and any(m.retries == -1 for m in around.mappings):
        yield Finding(
            code="poison-record-blocks-shard",
            weight=Weight.NOTE,
            text="retries are endless: a record that keeps failing blocks its shard for up to 24 h",
            evidence=tuple(
                f"{m.uuid}: retries -1, bisect {m.bisect}" for m in around.mappings if m.retries == -1
            ),
            mend="Give retries an end and failures a place: `ddbinsert attach-trigger TABLE --retries 5 --bisect "
            "--on-failure ARN`.",
        )


def _given_up(seen: Symptoms, tally: Tally, around: Circumstances) -> Iterator[Finding]:
    del seen, tally
    counts = around.counted.counts
    given_up = counts.get(DROPPED, 0) + counts.get(DELIVERED_ON_FAILURE, 0)
    if given_up:
        yield Finding(
            code="records-given-up",
            weight=Weight.HOLE,
            text=f"the mapping gave up {given_up:,.0f} records, too old or tried too often: perhaps what is missing",
            evidence=shown(counts, DROPPED, DELIVERED_ON_FAILURE),
            mend="`ddbinsert failures list TABLE` shows them."
            if around.has_destination
            else "Give failures a place: `ddbinsert attach-trigger TABLE --on-failure ARN`.",
        )


def _permission(seen: Symptoms, tally: Tally, around: Circumstances) -> Iterator[Finding]:
    del seen
    reports = [f"{m.uuid}: {m.last_result}" for m in around.mappings if "PROBLEM" in m.last_result]
    denied = [text for text in reports if "Cannot access" in text or "assume" in text]
    others = tuple(text for text in reports if text not in denied)
    if others:
        yield Finding(
            code="mapping-reports-problem",
            weight=Weight.NOTE,
            text="the mapping reports a problem",
            evidence=others,
            mend="`ddbinsert failures TABLE` shows what was given up." if around.has_destination else None,
        )
    lack, certain = _lack(around)
    if not lack and not denied:
        return
    silent = is_silent(tally, around)
    # Another policy may grant what ours does not; then the mapping doesn't complain.
    sure = certain or (bool(lack) and bool(denied))
    yield Finding(
        code="role-missing" if around.role_missing else "permission-lost",
        weight=(Weight.PROOF if sure else Weight.HOLE) if silent else Weight.NOTE,
        text=lack or "the mapping can't read the stream",
        evidence=tuple(denied),
        mend="`ddbinsert attach-trigger TABLE` writes the policy of a role of ddbinsert's own again, or makes it.",
    )


def _lack(around: Circumstances) -> tuple[str, bool]:
    """What the function's role lacks, in words, and whether it is certain that nothing can be delivered so."""
    role = around.world.role
    if around.role_missing:
        arn = around.world.function.role_arn if around.world.function else ""
        return f"the function's role does not exist (any more): {arn}", True
    if role is not None and around.role_known and not role.trusts_lambda:
        return f"role {role.name} does not let Lambda assume it", True
    if "stream" in around.policy_lacks and role is not None:
        return f"the policy of role {role.name} does not grant GetRecords on the live stream", False
    return "", False


def _window(seen: Symptoms, tally: Tally, around: Circumstances) -> Iterator[Finding]:
    del seen, tally
    longest = max((m.batching_window for m in around.mappings), default=0)
    if longest and longest >= around.wait_limit * 0.8:
        yield Finding(
            code="batching-window-longer-than-timeout",
            weight=Weight.HOLE,
            text=f"the mapping gathers records for up to {longest} s, and the run waited {around.wait_limit:.0f} s",
            mend=f"`ddbinsert verify TABLE --timeout {longest * 2 + 60}s`",
        )


_CAUSES_OF_MISSING: tuple[Callable[[Symptoms, Tally, Circumstances], Iterator[Finding]], ...] = (
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
