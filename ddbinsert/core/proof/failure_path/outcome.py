"""What became of a test item that fails, and of the others of its shard: from what was seen to findings."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING

from ddbinsert.advice import TABLE, Advice
from ddbinsert.core.proof.causes.catalog import Cause
from ddbinsert.core.proof.failure_path.settings import splits
from ddbinsert.core.proof.verdict import Finding, Weight
from ddbinsert.core.times import words
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ddbinsert.core.model.seen import MappingState
    from ddbinsert.core.proof.failure_path.settings import Limits


class Stand(StrEnum):
    """Which function was made to fail."""

    OWN = "the function itself"
    TAP = "a temporary function with the same settings"


@dataclass(frozen=True, kw_only=True)
class Try:
    """One attempt at a batch with the failing item in it.

    Attributes:
        at: Epoch seconds of its line. carried: The eventIDs of the run's items in it, the failing one included.
        ok: Whether the attempt itself ended without an error; None if its end is not on record.
    """

    at: float
    carried: frozenset[str]
    ok: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Companion:
    """Another test item of the run.

    Attributes:
        written: Epoch seconds. processed: When it was processed, in an attempt that ended well; None if it was not.
        in_shard: It is in the shard of the failing item; None if that is not known.
        follows: It comes after the failing item there.
    """

    number: int
    event_id: str
    written: float
    processed: float | None = None
    in_shard: bool | None = None
    follows: bool = True


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A document at the destination whose range holds the failing item.

    Attributes:
        id: As `failures list` shows it. condition: Why it was discarded. attempts: As Lambda counted them, about.
        covers: The eventIDs of the run's items in its range. recovered: The failing item's record could be read back.
        why: Why not.
    """

    id: str
    condition: str
    attempts: int
    covers: frozenset[str] = frozenset()
    recovered: bool = False
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class TrialOutcome:
    """What was seen.

    Attributes:
        stand: Which function was made to fail.
        mapping: Its mapping, with the settings that were tried.
        poison: The failing item's eventID; empty if its record was not seen.
        tries: The attempts at it, in order. fixed: It was processed in the end.
        kept: The documents about it. unread: Why the destination was not read.
        barred: Why a tap cannot send to the destination, though the function itself may; empty if it can.
        dropped, delivered: Records that CloudWatch counted as dropped and as sent to the destination; None: not
        counted. is_aws: The endpoint is AWS. waited: Seconds from its first failure to the end. ended: Nothing more
        was tried of it for a while.
    """

    stand: Stand
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
        """The companions that shared a batch or the shard with the failing item."""
        met = frozenset[str]().union(*(one.carried for one in self.tries))
        return tuple(one for one in self.companions if one.in_shard or one.event_id in met)

    @property
    def met(self) -> int:
        """The largest number of other test items that one attempt was given together with the failing one."""
        return max((len(one.carried) - 1 for one in self.tries), default=0)

    @property
    def retries(self) -> int:
        """How often one and the same batch was tried again: a split batch is another one (docs/aws-facts.md#esm-split-retries)."""
        return max(Counter(one.carried for one in self.tries).values(), default=1) - 1

    def hold_up(self, one: Companion) -> float:
        """For how long a companion waited because of the failing item; up to the end where it still waits."""
        if not self.tries:
            return 0.0
        began = max(self.tries[0].at, one.written)
        return max(0.0, (self.tries[0].at + self.waited if one.processed is None else one.processed) - began)

    @property
    def longest(self) -> float:
        """The longest that one of its neighbours waited."""
        return max((self.hold_up(one) for one in self.neighbours), default=0.0)

    @property
    def emulated(self) -> bool:
        """Whether the endpoint is seen to do as Lambda does with a failing batch: it splits, counts or keeps what failed."""
        return self.is_aws or bool(self.kept or self.dropped or self.delivered) or self._shrinks

    @property
    def _shrinks(self) -> bool:
        """Whether an attempt was given a part of an earlier one's batch."""
        return any(
            later.carried < earlier.carried
            for place, earlier in enumerate(self.tries)
            for later in self.tries[place + 1 :]
        )


def judge_outcome(seen: TrialOutcome) -> Iterator[Finding]:
    """What is wrong with the failure path, or not known about it."""
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
    """The endpoint does not do what Lambda does with a batch that fails."""
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
    """Attempts more than allowed that prove nothing.

    Lambda may deliver a batch twice, and of batches that differ in other records than the run's own nothing is known:
    each split of one looks like a retry of it.
    """
    return 1 + ((mapping.batch_size - 1).bit_length() if mapping.bisect else 1)


def _others(seen: TrialOutcome) -> Iterator[Finding]:
    """Of the others of its shard and of its batches: what became of them, and when."""
    lost = [one for one in seen.companions if one.processed is None]
    gone = frozenset[str]().union(*(one.covers for one in seen.kept))
    discarded = [one for one in lost if one.event_id in gone]
    late = [one for one in seen.neighbours if seen.hold_up(one) > seen.limits.hold_up]
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
            text=f"the failing item kept {len(late)} others of its shard waiting for up to {words(seen.longest)}, and "
            f"{words(seen.limits.hold_up)} are allowed (--max-hold-up)",
            evidence=(
                f"{len(seen.tries)} attempts at it in {words(seen.waited)}",
                *(
                    f"item {one.number}: {'still waits' if one.processed is None else words(seen.hold_up(one))}"
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
        f"DroppedEventCount: {_shown(seen.dropped)}, OnFailureDestinationDeliveredEventCount: {_shown(seen.delivered)}",
    )
    unread = seen.barred or seen.unread
    if seen.dropped and not seen.delivered and seen.stand is Stand.TAP and not seen.barred:
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


def _shown(count: float | None) -> str:
    return "not counted" if count is None else f"{count:,.0f}"
