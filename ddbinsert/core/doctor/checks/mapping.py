"""Checks of the event source mapping: whether, to which function and when it delivers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.advice import TABLE, Advice
from ddbinsert.core.doctor.checks.words import attach, clock_time, listed, set_mapping, show_log
from ddbinsert.core.doctor.model import FactSource, Severity, Symptom, check
from ddbinsert.core.proof.causes.catalog import Cause
from ddbinsert.core.times import format_duration
from ddbinsert.core.words import plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddbinsert.core.doctor.facts import Facts

_PASSING = frozenset({"Creating", "Enabling", "Disabling", "Updating", "Deleting"})
#: Seconds after which a transitional state should have ended.
_STUCK = 900.0
_LATELY = 900.0
#: The longest execution, in seconds, that a mapping waits for.
_LONGEST_DURABLE = 900


@check(
    Cause.MAPPING_ON_STALE_STREAM, Severity.ERROR, Cause.MAPPING_ON_STALE_STREAM.meaning, FactSource.MAPPINGS
)
def stale(facts: Facts) -> Iterator[Symptom]:
    left = facts.world.stale_mappings
    if facts.table.stream_arn is None or not left:
        return
    if facts.mappings:
        yield Symptom(
            text="another mapping of the function reads a stream that was replaced",
            evidence=tuple(f"mapping {m.uuid} ({m.state}) reads {m.stream_arn}" for m in left),
            advice=attach("Wait until it is drained, then it is removed", "--wait-drained"),
            severity=Severity.NOTE,
        )
        return
    yield Symptom(
        text="the stream was replaced: the function's mapping reads the old one, and nothing is delivered",
        evidence=(
            f"live stream: {facts.table.stream_arn}",
            *(f"mapping {m.uuid} ({m.state}) reads {m.stream_arn}" for m in left),
        ),
        advice=attach("Attach the function to the live stream"),
        is_safe=facts.is_ours,
    )


@check(Cause.MAPPING_MISSING, Severity.ERROR, Cause.MAPPING_MISSING.meaning, FactSource.MAPPINGS)
def missing(facts: Facts) -> Iterator[Symptom]:
    if (
        facts.table.stream_arn is None
        or facts.mappings
        or facts.world.stale_mappings
        or facts.function is None
    ):
        return
    yield Symptom(
        text=f"no event source mapping delivers the stream of {facts.table.name} to {facts.name}: it was deleted, or never created",
        evidence=(f"no mapping of {facts.name} on {facts.table.stream_arn}",),
        advice=attach("Attach the function to the stream"),
        is_safe=facts.is_ours,
    )


@check(Cause.MAPPING_DISABLED, Severity.ERROR, Cause.MAPPING_DISABLED.meaning, FactSource.MAPPINGS)
def disabled(facts: Facts) -> Iterator[Symptom]:
    off = tuple(m for m in facts.mappings if m.state in ("Disabled", "Disabling"))
    if not off:
        return
    every = len(off) == len(facts.mappings)
    yield Symptom(
        text="the event source mapping is disabled: nothing is delivered, and inserts wait in the stream for at most 24 h"
        if every
        else f"{plural(len(off), 'mapping')} of {len(facts.mappings)} is disabled",
        evidence=tuple(
            f"mapping {m.uuid}: {m.state} ({m.state_reason or 'no reason given'}"
            + (f", {clock_time(m.modified)})" if m.modified is not None else ")")
            for m in off
        ),
        advice=set_mapping(facts, off, "Enable it", "--enabled", by_hand=("--enabled",)),
        severity=None if every else Severity.WARNING,
    )


@check(
    "mapping-stuck",
    Severity.WARNING,
    "a mapping has been in a transitional state (Creating, Updating, …) for more than 15 minutes",
    FactSource.MAPPINGS,
)
def stuck(facts: Facts) -> Iterator[Symptom]:
    for one in (*facts.world.mappings, *facts.mappings):
        if one.state in _PASSING and one.modified is not None and facts.now - one.modified > _STUCK:
            yield Symptom(
                text=f"the mapping has been {one.state} for {format_duration(facts.now - one.modified)}",
                evidence=(
                    f"mapping {one.uuid}: {one.state} since {clock_time(one.modified)}, {one.state_reason or 'no reason given'}",
                ),
                advice=Advice(
                    f"Ask AWS Support, or create it again: `aws lambda delete-event-source-mapping --uuid {one.uuid}`"
                ),
            )
            return


@check(Cause.SECOND_MAPPING, Severity.WARNING, Cause.SECOND_MAPPING.meaning, FactSource.MAPPINGS)
def second(facts: Facts) -> Iterator[Symptom]:
    reading = tuple(m for m in facts.mappings if m.is_enabled)
    if len(reading) > 1:
        yield Symptom(
            text=f"{len(reading)} mappings deliver the stream to {facts.name}: it receives every record {len(reading)} times",
            evidence=tuple(f"mapping {m.uuid} to {m.function_arn}" for m in reading),
            advice=Advice(
                f"Delete the one that is not wanted: `aws lambda delete-event-source-mapping --uuid {reading[-1].uuid}`"
            ),
        )


@check(
    Cause.MAPPING_REPORTS_PROBLEM, Severity.ERROR, Cause.MAPPING_REPORTS_PROBLEM.meaning, FactSource.MAPPINGS
)
def problem(facts: Facts) -> Iterator[Symptom]:
    bad = tuple(m for m in facts.mappings if m.is_enabled and "PROBLEM" in m.last_result)
    if bad:
        yield Symptom(
            text="the mapping reports a problem with its last batch",
            evidence=tuple(f"mapping {m.uuid}: {m.last_result}" for m in bad),
            advice=show_log(),
        )


@check(
    "batching-window-delays",
    Severity.NOTE,
    "the batching window makes records wait for a minute or more",
    FactSource.MAPPINGS,
)
def window(facts: Facts) -> Iterator[Symptom]:
    slow = tuple(m for m in facts.mappings if m.batching_window >= 60)
    if slow:
        longest = max(m.batching_window for m in slow)
        yield Symptom(
            text=f"the mapping collects records for up to {longest} s before it invokes the function",
            evidence=tuple(
                f"mapping {m.uuid}: MaximumBatchingWindowInSeconds {m.batching_window}" for m in slow
            ),
            advice=set_mapping(
                facts,
                slow,
                "Remove the batching window",
                "--batching-window",
                "0",
                by_hand=("--maximum-batching-window-in-seconds", "0"),
            ),
        )


@check(
    "latest-changed-lately",
    Severity.NOTE,
    "a mapping that starts at LATEST was created or changed minutes ago: inserts of these minutes may be missed",
    FactSource.MAPPINGS,
)
def latest(facts: Facts) -> Iterator[Symptom]:
    new = tuple(
        m
        for m in facts.mappings
        if m.starting_position == "LATEST"
        and m.modified is not None
        and 0 <= facts.now - m.modified < _LATELY
    )
    if new:
        yield Symptom(
            text="the mapping starts at LATEST and was created or changed minutes ago: an insert before its first poll is never delivered",
            evidence=tuple(f"mapping {m.uuid}: LATEST, changed {clock_time(m.modified or 0.0)}" for m in new),
            advice=Advice("Verify that it polls now", ("verify", TABLE)),
        )


@check(
    "durable-execution-too-long",
    Severity.ERROR,
    "a durable function may run longer than the 15 minutes that a mapping waits",
    FactSource.FUNCTION,
)
def durable(facts: Facts) -> Iterator[Symptom]:
    function = facts.function
    if (
        function is not None
        and function.durable_timeout is not None
        and function.durable_timeout > _LONGEST_DURABLE
        and facts.mappings
    ):
        yield Symptom(
            text=f"the function is durable and may run for {format_duration(function.durable_timeout)}; a mapping waits for 15 minutes at most",
            evidence=(f"DurableConfig.ExecutionTimeout: {function.durable_timeout}",),
            advice=Advice(
                f"Limit it: `aws lambda update-function-configuration --function-name {function.name} --durable-config ExecutionTimeout=900`"
            ),
        )


@check(
    "filters-near-the-limit",
    Severity.NOTE,
    "the mapping has as many filters as the quota allows without a request",
    FactSource.MAPPINGS,
)
def many_filters(facts: Facts) -> Iterator[Symptom]:
    full = tuple(m for m in facts.mappings if len(m.filters) >= 5)
    if full:
        yield Symptom(
            text=f"the mapping has {len(full[0].filters)} filters; the quota is 5, and 10 on request",
            evidence=listed(full),
            advice=Advice("Combine them with $or", ("filter", "lint", "--table", TABLE)),
        )


@check(
    "differs-from-declaration",
    Severity.WARNING,
    "the mapping or its function is different from what the template that --against names declares",
    FactSource.MAPPINGS,
)
def differs(facts: Facts) -> Iterator[Symptom]:
    declared = facts.declared
    if declared is None or not declared.different:
        return
    yield Symptom(
        text=f"{declared.resource} is declared in {declared.place}; live it is different",
        evidence=declared.different,
        advice=Advice(
            "Deploy the declaration again, or change it; compare with",
            ("drift", TABLE, "--against", declared.file),
        ),
    )
