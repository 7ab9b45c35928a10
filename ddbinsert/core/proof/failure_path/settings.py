"""Judges a mapping's failure path by its settings alone, without a failing record."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from ddbinsert.advice import TABLE, Advice
from ddbinsert.core.proof.causes.catalog import Cause
from ddbinsert.core.proof.verdict import Finding, Weight
from ddbinsert.core.times import format_duration
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddbinsert.core.model.seen import MappingState


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The required limits.

    Attributes:
        retries: Maximum number of retries of a failing record; None uses the mapping's setting.
        hold_up: Maximum delay of others of its shard in seconds.
    """

    retries: int | None = None
    hold_up: float = 300.0


class Naming(StrEnum):
    """Whether a function's responses list failed records (batchItemFailures)."""

    ALWAYS = "always"
    NEVER = "never"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Answers:
    """The knowledge about a function's responses.

    Attributes:
        naming: Whether they list failed records.
        evidence: How this is known, a line each.
    """

    naming: Naming = Naming.UNKNOWN
    evidence: tuple[str, ...] = ()


def splits(mapping: MappingState) -> bool:
    """Whether a failing record is separated from others, whatever the function returns."""
    return mapping.bisect or mapping.batch_size == 1


def judge_settings(mapping: MappingState, answers: Answers, limits: Limits) -> Iterator[Finding]:
    """Faults of a mapping's failure path, and what is not known about it, without a failing record."""
    yield from _limited(mapping, limits)
    yield from _isolated(mapping, answers)
    if mapping.on_failure is None:
        yield Finding(
            code=Cause.NO_ON_FAILURE,
            weight=Weight.PROOF,
            text="the mapping has no on-failure destination: a record that still fails after all retries is lost",
            evidence=(f"mapping {mapping.uuid}: no DestinationConfig.OnFailure",),
            mend=_attach("Keep discarded records in a queue", "--on-failure", "create"),
        )


def _attach(text: str, *options: str) -> Advice:
    return Advice(text, ("attach-trigger", TABLE, *options, "--yes"))


def _limited(mapping: MappingState, limits: Limits) -> Iterator[Finding]:
    shown = (
        f"mapping {mapping.uuid}: MaximumRetryAttempts {mapping.retries}, "
        f"MaximumRecordAgeInSeconds {mapping.record_age}"
    )
    if mapping.retries == -1 and mapping.record_age == -1:
        yield Finding(
            code=Cause.ENDLESS_RETRIES,
            weight=Weight.PROOF,
            text="retries are not limited: a record that keeps failing blocks its shard until it expires after 24 h, and "
            "the records behind it are late or lost",
            evidence=(shown,),
            mend=_attach("Limit the retries", "--retries", "5"),
        )
        return
    if limits.retries is not None and (mapping.retries == -1 or mapping.retries > limits.retries):
        often = "until it is too old" if mapping.retries == -1 else f"{mapping.retries:,} times"
        yield Finding(
            code=Cause.POISON_RETRIED_TOO_OFTEN,
            weight=Weight.PROOF,
            text=f"a failing record is retried {often}, and {limits.retries:,} times are allowed",
            evidence=(shown,),
            mend=_attach("Limit the retries", "--retries", str(limits.retries)),
        )
    if mapping.retries == -1 and mapping.record_age > limits.hold_up:
        yield Finding(
            code=Cause.POISON_HELD_UP_OTHERS,
            weight=Weight.PROOF,
            text=f"only its age limits how often a failing record is retried: it blocks its shard for {format_duration(mapping.record_age)}, "
            f"and {format_duration(limits.hold_up)} are allowed (--max-hold-up)",
            evidence=(shown,),
            mend=_attach("Limit the retries", "--retries", "5"),
        )


def _isolated(mapping: MappingState, answers: Answers) -> Iterator[Finding]:
    reports = mapping.report_batch_item_failures
    shown = (
        f"mapping {mapping.uuid}: BisectBatchOnFunctionError {str(mapping.bisect).lower()}, "
        f"FunctionResponseTypes {'ReportBatchItemFailures' if reports else 'none'}, BatchSize {mapping.batch_size}"
    )
    if not reports and answers.naming is Naming.ALWAYS:
        yield Finding(
            code=Cause.PARTIAL_BATCH_CONTRADICTION,
            weight=Weight.PROOF,
            text="the function names the records that failed in its answer, and the mapping has no ReportBatchItemFailures: "
            "Lambda treats the response as success, and the records are lost",
            evidence=(shown, *answers.evidence),
            mend=_attach("Enable ReportBatchItemFailures on the mapping", "--report-failures"),
        )
        return
    never = reports and answers.naming is Naming.NEVER
    bisect = _attach("Split a batch that fails", "--bisect")
    if splits(mapping):
        if never:
            yield Finding(
                code=Cause.PARTIAL_BATCH_NEVER_ANSWERED,
                weight=Weight.NOTE,
                text="the mapping has ReportBatchItemFailures, but the function never returns batchItemFailures; a "
                "failing record is isolated all the same, because batches are split",
                evidence=(shown, *answers.evidence),
            )
    elif not reports:
        yield Finding(
            code=Cause.FAILED_BATCH_NOT_ISOLATED,
            weight=Weight.PROOF,
            text=f"a failing record is not isolated: its whole batch, up to {mapping.batch_size:,} records, is retried and then "
            "discarded with it",
            evidence=(shown,),
            mend=bisect,
        )
    elif never:
        yield Finding(
            code=Cause.PARTIAL_BATCH_NEVER_ANSWERED,
            weight=Weight.PROOF,
            text="a failing record is not isolated: the mapping relies on batchItemFailures in the function's response, but the function never returns any",
            evidence=(shown, *answers.evidence),
            mend=bisect,
        )
    elif answers.naming is Naming.UNKNOWN:
        yield Finding(
            code=Cause.PARTIAL_BATCH_NOT_TRIED,
            weight=Weight.HOLE,
            text="a failing record is isolated only if the function answers with batchItemFailures, and a function that is not "
            "ddbinsert's is not made to fail",
            evidence=(shown, *answers.evidence),
            mend=_attach("Do not depend on the function's responses: split a batch that fails", "--bisect"),
        )
