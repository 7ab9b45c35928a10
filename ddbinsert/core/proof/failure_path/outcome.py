"""The fate of a failing test item and of the others of its shard, and the findings about it."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING

from ddbinsert.advice import TABLE, Advice
from ddbinsert.core.proof.causes.catalog import Cause
from ddbinsert.core.proof.failure_path.settings import splits
from ddbinsert.core.proof.verdict import Finding, Weight
from ddbinsert.core.times import format_duration
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddbinsert.core.model.seen import MappingState
    from ddbinsert.core.proof.failure_path.settings import Limits


class FailingFunction(StrEnum):
    """The function that was made to fail."""

    OWN = "the function itself"
    TAP = "a temporary function with the same settings"


@dataclass(frozen=True, kw_only=True)
class Try:
    """One attempt at a batch that contains the failing item.

    Attributes:
        at: Epoch seconds of its line.
        carried: The eventIDs of the run's items in it, including the failing one.
        ok: Whether the attempt ended without an error; None if its end is not known.
    """

    at: float
    carried: frozenset[str]
    ok: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Companion:
    """Another test item of the run.

    Attributes:
        written: Epoch seconds of its write.
        processed: Epoch seconds of its processing in a successful attempt; None if it was not processed.
        in_shard: It is in the failing item's shard; None if unknown.
        follows: It comes after the failing item in the shard.
    """

    number: int
    event_id: str
    written: float
    processed: float | None = None
    in_shard: bool | None = None
    follows: bool = True


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A document at the destination whose range contains the failing item.

    Attributes:
        id: As shown by `failures list`.
        condition: Why the batch was discarded.
        attempts: Lambda's approximate count of attempts.
        covers: The eventIDs of the run's items in its range.
        recovered: The failing item's record could be read back.
        why: Why it could not be read back.
    """

    id: str
    condition: str
    attempts: int
    covers: frozenset[str] = frozenset()
    recovered: bool = False
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class TrialOutcome:
    """The observed handling of a failing item.

    Attributes:
        stand: The function that was made to fail.
        mapping: Its mapping, with the tested settings.
        poison: The failing item's eventID; empty if its record was not seen.
        tries: The attempts at it, in order.
        fixed: It was processed in the end.
        kept: The documents about it.
        unread: Why the destination was not read.
        barred: Why a temporary function cannot send to the destination; empty if it can.
        dropped, delivered: CloudWatch's counts of records, dropped and sent to the destination; None: not counted.
        waited: Seconds from the first failure to the end of the observation.
        ended: There were no further attempts for a while.
    """

    stand: FailingFunction
    mapping: MappingState
    limits: Limits
    poison: str = ""
    tries: tuple[Try, ...] = ()
    fixed: bool = False
    companions: tuple[Companion, ...] = ()
    kept: tuple[Kept, ...] = ()
    unread: str = ""
    barred: str = ""
    dropped: float | None = None
    delivered: float | None = None
    is_aws: bool = True
    waited: float = 0.0
    ended: bool = False

    @property
    def neighbours(self) -> tuple[Companion, ...]:
        """The other test items that shared a batch or the shard with the failing item."""
        met = frozenset[str]().union(*(one.carried for one in self.tries))
        return tuple(one for one in self.companions if one.in_shard or one.event_id in met)

    @property
    def met(self) -> int:
        """The largest number of other test items in one attempt with the failing one."""
        return max((len(one.carried) - 1 for one in self.tries), default=0)

    @property
    def retries(self) -> int:
        """Number of retries of one batch; its parts are other batches (docs/aws-facts.md#esm-split-retries)."""
        return max(Counter(one.carried for one in self.tries).values(), default=1) - 1

    def delay_of(self, one: Companion) -> float:
        """Seconds that another item waited because of the failing one; until the end if it still waits."""
        if not self.tries:
            return 0.0
        began = max(self.tries[0].at, one.written)
        return max(0.0, (self.tries[0].at + self.waited if one.processed is None else one.processed) - began)

    @property
    def longest(self) -> float:
        """The longest wait of a neighbour in seconds."""
        return max((self.delay_of(one) for one in self.neighbours), default=0.0)

    @property
    def emulated(self) -> bool:
        """Whether the endpoint was seen to handle a failing batch as Lambda does: it splits, counts or keeps it."""
        return self.is_aws or bool(self.kept or self.dropped or self.delivered) or self._shrinks

    @property
    def _shrinks(self) -> bool:
        """Whether an attempt received a part of an earlier attempt's batch."""
        return any(
            later.carried < earlier.carried
            for place, earlier in enumerate(self.tries)
            for later in self.tries[place + 1 :]
        )


def judge_outcome(seen: TrialOutcome) -> Iterator[Finding]:
    """Faults of the failure path, and what is not known about it."""
    if not seen.tries or seen.fixed:
        yield _not_given(seen)
        return
    if not seen.emulated:
        yield not_emulated(
            f"the failing item was delivered to the function {len(seen.tries)} times, and nothing else happened to it"
        )
        return
    yield from _too_often(seen)
    yield from _others(seen)
    yield from _alone(seen)
    yield from _document(seen)


def not_emulated(evidence: str) -> Finding:
    """The finding that the endpoint does not handle a failing batch as Lambda does."""
    return Finding(
        code=Cause.FAILURE_HANDLING_NOT_EMULATED,
        weight=Weight.HOLE,
        text="not emulated here: this endpoint does not retry, split and discard batches as Lambda does, so the failure path "
        "cannot be proven on it",
        evidence=(evidence,),
        mend="Run it on AWS.",
    )


def _not_given(seen: TrialOutcome) -> Finding:
    return Finding(
        code=Cause.POISON_NOT_GIVEN,
        weight=Weight.HOLE,
        text="the function received the failing test item and processed it: the failure path was not tested"
        if seen.fixed
        else "the failing test item was not delivered to the function in time",
        evidence=(
            f"mapping {seen.mapping.uuid}: {seen.mapping.state}, {seen.mapping.last_result or 'no result'}",
        ),
        mend=Advice("First verify that inserts are delivered", ("verify", TABLE)),
    )


def _too_often(seen: TrialOutcome) -> Iterator[Finding]:
    demanded = seen.limits.retries
    limit = seen.mapping.retries if demanded is None else demanded
    more = seen.retries - limit
    if limit >= 0 and more > _slack(seen.mapping):
        yield Finding(
            code=Cause.POISON_RETRIED_TOO_OFTEN,
            weight=Weight.PROOF,
            text=f"the failing item was retried {seen.retries} times in one batch, and {limit} were allowed",
            evidence=tuple(
                f"{one.at:.3f}: with {len(one.carried) - 1} other test items" for one in seen.tries[:20]
            ),
            mend=Advice("Limit the retries", ("attach-trigger", TABLE, "--retries", str(limit), "--yes")),
        )


def _slack(mapping: MappingState) -> int:
    """The number of additional attempts that prove nothing.

    Lambda may deliver a batch twice. Batches that differ only in records of others look the same, so each
    split looks like a retry.
    """
    return 1 + ((mapping.batch_size - 1).bit_length() if mapping.bisect else 1)


def _others(seen: TrialOutcome) -> Iterator[Finding]:
    """Findings about the other items of its shard and batches: their fate and delay."""
    lost = [one for one in seen.companions if one.processed is None]
    gone = frozenset[str]().union(*(one.covers for one in seen.kept))
    discarded = [one for one in lost if one.event_id in gone]
    late = [one for one in seen.neighbours if seen.delay_of(one) > seen.limits.hold_up]
    if discarded:
        yield Finding(
            code=Cause.POISON_NOT_ISOLATED,
            weight=Weight.PROOF,
            text=f"{len(discarded)} other test items were discarded together with the failing one, and never processed",
            evidence=tuple(f"item {one.number}: {one.event_id}" for one in discarded[:20]),
            mend=Advice("Split a batch that fails", ("attach-trigger", TABLE, "--bisect", "--yes")),
        )
    if late:
        yield Finding(
            code=Cause.POISON_HELD_UP_OTHERS,
            weight=Weight.PROOF,
            text=f"the failing item kept {len(late)} others of its shard waiting for up to {format_duration(seen.longest)}, and "
            f"{format_duration(seen.limits.hold_up)} are allowed (--max-hold-up)",
            evidence=(
                f"{len(seen.tries)} attempts at it in {format_duration(seen.waited)}",
                *(
                    f"item {one.number}: {'still waits' if one.processed is None else format_duration(seen.delay_of(one))}"
                    for one in late[:20]
                ),
            ),
            mend=Advice("Limit the retries", ("attach-trigger", TABLE, "--retries", "2", "--yes")),
        )
    rest = [one for one in lost if one not in discarded and one not in late]
    if rest:
        yield Finding(
            code=Cause.HANDLER_DROPS_RECORDS,
            weight=Weight.HOLE,
            text=f"{len(rest)} other test items were not processed in time",
            evidence=tuple(f"item {one.number}: {one.event_id}" for one in rest[:20]),
            mend="Run it again with a longer --timeout.",
        )
    both = [
        one
        for one in seen.neighbours
        if one.processed is not None and one.event_id in gone and not splits(seen.mapping)
    ]
    if both:
        yield Finding(
            code=Cause.POISON_NOT_ISOLATED,
            weight=Weight.NOTE,
            text=f"{len(both)} other test items are in the range of the failing one's document, though they were processed: "
            "without bisection a batch is discarded from its first failing record on, and a replay leaves out "
            "what receipts "
            "show as processed",
            evidence=tuple(f"item {one.number}: {one.event_id}" for one in both[:5]),
        )


def _alone(seen: TrialOutcome) -> Iterator[Finding]:
    if not any(one.follows for one in seen.neighbours):
        what = (
            "no other test item was in the shard of the failing one: how long it delays others is not known"
        )
    elif not seen.met and seen.mapping.batch_size > 1:
        what = "no attempt received another test item together with the failing one, so its isolation was not observed"
    else:
        return
    yield Finding(
        code=Cause.POISON_WAS_ALONE,
        weight=Weight.HOLE,
        text=what,
        evidence=(f"{len(seen.tries)} attempts, {len(seen.companions)} other test items",),
        mend="Run it again; a batching window (--batching-window) leads to larger batches.",
    )


def _document(seen: TrialOutcome) -> Iterator[Finding]:
    place = seen.mapping.on_failure or "the destination"
    if any(one.recovered for one in seen.kept):
        return
    if seen.kept:
        yield Finding(
            code=Cause.FAILED_RECORD_NOT_RECOVERABLE,
            weight=Weight.PROOF,
            text="the document about the failing item arrived, and its record could not be read back",
            evidence=tuple(f"{one.id}: {one.why}" for one in seen.kept),
            mend=Advice("Look at it", ("failures", "show", TABLE)),
        )
        return
    counted = (
        f"DroppedEventCount: {_format_count(seen.dropped)}, OnFailureDestinationDeliveredEventCount: {_format_count(seen.delivered)}",
    )
    unread = seen.barred or seen.unread
    if seen.dropped and not seen.delivered and seen.stand is FailingFunction.TAP and not seen.barred:
        yield Finding(
            code=Cause.POISON_NOT_AT_DESTINATION,
            weight=Weight.PROOF,
            text=f"the failing item was dropped: no document about it was delivered to {place}",
            evidence=counted,
            mend="Check that the function's role may send to the destination, and that the policies of the destination and its key allow it.",
        )
    elif unread:
        yield Finding(
            code=Cause.FAILURE_DESTINATION_NOT_READ,
            weight=Weight.HOLE,
            text=f"whether the document about the failing item arrived is not known: {unread}",
            evidence=(place, *counted),
        )
    else:
        yield Finding(
            code=Cause.POISON_NOT_AT_DESTINATION,
            weight=Weight.HOLE,
            text=f"no document about the failing item was found at {place}"
            + (
                ", though CloudWatch counts it as delivered: another consumer may have received it"
                if seen.delivered
                else " in time"
            ),
            evidence=counted,
            mend="Run it again with a longer --timeout, while no other consumer reads the destination.",
        )


def _format_count(count: float | None) -> str:
    return "not counted" if count is None else f"{count:,.0f}"
