"""Checks of how the event source mapping handles failing records: retries, discards, destinations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ddbinsert.advice import TABLE, Advice
from ddbinsert.core.doctor.checks.words import attach, listed, set_mapping
from ddbinsert.core.doctor.model import FactSource, Severity, Symptom, check
from ddbinsert.core.proof.causes.catalog import Cause
from ddbinsert.core.proof.mapping_counts import DELIVERED_ON_FAILURE, DROPPED
from ddbinsert.core.trigger.partial_batch import VARIABLE, contradicts
from ddbinsert.core.words import plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddbinsert.core.doctor.facts import Facts

#: Seconds for which a discarded record counts as a present fault; older ones are past losses.
_LATELY = 3600.0


@check(
    Cause.RECORDS_GIVEN_UP,
    Severity.ERROR,
    "the mapping discarded records: retries exhausted or records too old",
    FactSource.METRICS,
    FactSource.MAPPINGS,
)
def discarded(facts: Facts) -> Iterator[Symptom]:
    dropped = facts.metrics.total(DROPPED)
    kept = facts.metrics.total(DELIVERED_ON_FAILURE)
    if dropped or kept:
        yield Symptom(
            text=f"the mapping discarded {plural(dropped + kept, 'record')}"
            + (f", {kept:,.0f} of them to its on-failure destination" if kept else "; they are lost"),
            evidence=(f"{DROPPED}: {dropped:,.0f}", f"{DELIVERED_ON_FAILURE}: {kept:,.0f}"),
            advice=Advice("List them", ("failures", "list", TABLE))
            if kept
            else attach("Keep discarded records from now on", "--on-failure", "create", "--yes"),
            severity=None if facts.metrics.total(DROPPED, since=facts.now - _LATELY) else Severity.WARNING,
        )


@check(
    Cause.ENDLESS_RETRIES,
    Severity.WARNING,
    Cause.ENDLESS_RETRIES.meaning,
    FactSource.MAPPINGS,
)
def endless(facts: Facts) -> Iterator[Symptom]:
    risky = tuple(m for m in facts.mappings if m.is_enabled and m.retries == -1 and m.record_age == -1)
    if risky:
        yield Symptom(
            text="retries are not limited: one record that keeps failing blocks its shard until it expires after 24 h, and the records after it are late or lost",
            evidence=tuple(
                f"mapping {m.uuid}: MaximumRetryAttempts -1, MaximumRecordAgeInSeconds -1" for m in risky
            ),
            advice=set_mapping(
                facts,
                risky,
                "Limit the retries and keep failed records",
                "--retries",
                "5",
                "--bisect",
                "--on-failure",
                "create",
                by_hand=("--maximum-retry-attempts", "5", "--bisect-batch-on-function-error"),
            ),
        )


@check(
    Cause.NO_ON_FAILURE,
    Severity.NOTE,
    Cause.NO_ON_FAILURE.meaning,
    FactSource.MAPPINGS,
)
def no_destination(facts: Facts) -> Iterator[Symptom]:
    lossy = tuple(
        m
        for m in facts.mappings
        if m.is_enabled and m.on_failure is None and (m.retries != -1 or m.record_age != -1)
    )
    if lossy:
        yield Symptom(
            text="the mapping has no on-failure destination: a record that still fails after all retries is lost",
            evidence=listed(lossy),
            advice=set_mapping(
                facts,
                lossy,
                "Keep discarded records in a queue",
                "--on-failure",
                "create",
                by_hand=("--destination-config", "OnFailure={Destination=ARN}"),
            ),
        )


@check(
    "failure-destination-unused",
    Severity.NOTE,
    "the on-failure destination receives no records in time, because retries are not limited",
    FactSource.MAPPINGS,
)
def unused_destination(facts: Facts) -> Iterator[Symptom]:
    idle = tuple(
        m for m in facts.mappings if m.is_enabled and m.on_failure and m.retries == -1 and m.record_age == -1
    )
    if idle:
        yield Symptom(
            text="the on-failure destination receives a record only after 24 h, because retries are not limited",
            evidence=tuple(f"mapping {m.uuid}: {m.on_failure}" for m in idle),
            advice=set_mapping(
                facts,
                idle,
                "Limit the retries",
                "--retries",
                "5",
                by_hand=("--maximum-retry-attempts", "5"),
            ),
        )


@check(
    Cause.FAILURE_DESTINATION_MISSING,
    Severity.ERROR,
    Cause.FAILURE_DESTINATION_MISSING.meaning,
    FactSource.DESTINATION,
)
def destination_missing(facts: Facts) -> Iterator[Symptom]:
    for one in facts.destinations:
        if one.missing:
            yield Symptom(
                text="the mapping's on-failure destination does not exist: discarded records are lost",
                evidence=(f"{one.arn}: {one.problem}",),
                advice=attach("Create a queue for them", "--on-failure", "create", "--yes"),
            )


@check(
    "failure-destination-holds-records",
    Severity.WARNING,
    "discarded records wait in the on-failure queue",
    FactSource.DESTINATION,
)
def destination_full(facts: Facts) -> Iterator[Symptom]:
    for one in facts.destinations:
        if one.messages:
            yield Symptom(
                text=f"{plural(one.messages, 'message')} about discarded records in the on-failure queue",
                evidence=(f"{one.arn}: ApproximateNumberOfMessages {one.messages}",),
                advice=Advice("List them", ("failures", "list", TABLE)),
            )


@check(
    "batch-item-failures-ignored",
    Severity.ERROR,
    "the handler returns batchItemFailures, but the mapping ignores them: failed records count as processed",
    FactSource.MAPPINGS,
    FactSource.FUNCTION,
    FactSource.OWNER,
)
def partial_batch(facts: Facts) -> Iterator[Symptom]:
    function = facts.function
    reading = tuple(m for m in facts.mappings if m.is_enabled)
    if function is None or not facts.runs_template or not reading:
        return
    silent = [m for m in reading if not m.report_batch_item_failures]
    is_reported = not silent
    says_false = function.environment.get(VARIABLE, "").strip().lower() == "false"
    if contradicts(function.environment, is_reported=is_reported) or (not is_reported and not says_false):
        yield Symptom(
            text="the handler and the mapping disagree about batchItemFailures"
            + (
                ""
                if is_reported
                else ": Lambda treats the handler's response as success, and records that failed are lost"
            ),
            evidence=(
                f"FunctionResponseTypes: {'ReportBatchItemFailures' if is_reported else 'none'}",
                f"{VARIABLE}: {function.environment.get(VARIABLE, 'not set (true)')}",
            ),
            advice=set_mapping(
                facts,
                silent or reading,
                "Enable ReportBatchItemFailures on the mapping",
                "--report-failures",
                by_hand=("--function-response-types", "ReportBatchItemFailures"),
            ),
            severity=Severity.WARNING if is_reported else None,
        )
