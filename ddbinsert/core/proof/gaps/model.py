"""The results of an audit of the past: the outcome of each insert, and the causes of missed ones."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum
from typing import TYPE_CHECKING

from ddbinsert.core import receipt as receipts
from ddbinsert.core.proof.fate import Delivery
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddbinsert.advice import Advice


class InsertOutcome(StrEnum):
    """The outcome of an insert that passes the filter."""

    PROCESSED = "processed"
    WAITING = "waiting"
    MISSED = "missed"
    UNJUDGED = "unjudged"


class GapCause(StrEnum):
    """The cause of a missed insert, as far as the evidence shows; the codes are a public interface."""

    DISCARDED = "discarded"
    FUNCTION_ERROR = "function-error"
    HANDLER_SKIPPED = "handler-skipped"
    NOT_STORED = "not-stored"
    MAPPING_DISABLED = "mapping-disabled"
    STREAM_REPLACED = "stream-replaced"
    NO_MAPPING = "no-mapping"
    LATEST = "latest-mapping"
    MAPPING_CHANGED = "mapping-changed"
    THROTTLED = "throttled"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True, slots=True)
class Insert:
    """An INSERT record of the stream, and its evidence in the log.

    Attributes:
        place: Its index among all records that were read; it increases with the sequence number within a shard.
        shard: A number that identifies a shard of a stream.
        at: ApproximateCreationDateTime, epoch seconds, in whole seconds.
        keys: The item's key as JSON.
        ok_at: Epoch seconds of the last ``processed`` line of an attempt that is not known to have failed.
        ok_ended: Such an attempt is known to have succeeded.
        bad_at: Epoch seconds of the last ``processed`` line of a failed attempt.
        failed_at, guarded_at: Epoch seconds of the last ``failed`` and ``guarded`` lines.
        stored: Whether the sink contains its entry; None if it was not looked up.
    """

    place: int
    event_id: str
    shard: int
    sequence: str
    at: float
    keys: str
    ok_at: float | None = None
    ok_ended: bool = False
    bad_at: float | None = None
    failed_at: float | None = None
    guarded_at: float | None = None
    stored: bool | None = None

    @property
    def deliveries(self) -> tuple[Delivery, ...]:
        """The last delivery of each kind; the others do not affect the record's fate."""
        kinds = (
            (self.ok_at, receipts.PROCESSED, True if self.ok_ended else None),
            (self.bad_at, receipts.PROCESSED, False),
            (self.failed_at, receipts.FAILED, None),
            (self.guarded_at, receipts.GUARDED, None),
        )
        return tuple(
            Delivery(decision=decision, at=at, ended_well=ended)
            for at, decision, ended in kinds
            if at is not None
        )

    @property
    def last_seen(self) -> float | None:
        """Epoch seconds of its last line in the log; None if there is none."""
        return max((one.at for one in self.deliveries), default=None)


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """A period that cannot be judged.

    Attributes:
        since, until: Its bounds, epoch seconds.
        why: The reason.
        count: Number of inserts in it that are not judged.
    """

    since: float
    until: float
    why: str
    count: int = 0


@dataclass(frozen=True, kw_only=True)
class Group:
    """Missed inserts with one cause.

    Attributes:
        count: Number of inserts.
        first, last: Epoch seconds of the first and the last write.
        evidence: The evidence of the cause, a line each.
        advice: The remedy.
        examples: The first few.
    """

    cause: GapCause
    count: int
    first: float
    last: float
    evidence: tuple[str, ...] = ()
    advice: Advice | None = None
    examples: tuple[Insert, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Gaps:
    """The result of an audit.

    Attributes:
        since, until: The audited period, epoch seconds.
        inserts: Number of INSERT records in the period that pass the filter.
        excluded: Number of INSERT records that do not pass.
        processed, waiting, missed, unjudged: Number of inserts by outcome.
        repaired: Number of processed inserts that only a repair's own record shows.
        waiting_for: Number of waiting inserts by reason.
        test_items: Number of missed inserts that are test items of ``verify`` or ``send``.
        evidence: The sources that were read, a line each.
    """

    table: str
    function: str
    log_group: str
    since: float
    until: float
    inserts: int
    excluded: int
    processed: int
    waiting: int
    missed: int
    unjudged: int
    repaired: int = 0
    test_items: int = 0
    waiting_for: Mapping[str, int] = field(default_factory=dict)
    groups: tuple[Group, ...] = ()
    stretches: tuple[Stretch, ...] = ()
    evidence: tuple[str, ...] = ()


@dataclass(kw_only=True)
class Repair:
    """The result of a repair.

    Attributes:
        done: Number of inserts that the function processed.
        failed: eventIDs of inserts on which it failed, or that wait for a failed earlier insert of their item.
        gone: Number of inserts that are no longer in the stream.
        problem: The last error, or why the repair ended early.
        untried: Number of inserts that were not tried.
    """

    done: int = 0
    failed: list[str] = field(default_factory=list)
    gone: int = 0
    untried: int = 0
    problem: str = ""

    @property
    def tried(self) -> int:
        return self.done + len(self.failed)

    @property
    def left(self) -> int:
        """Number of inserts that are still missed."""
        return len(self.failed) + self.gone + self.untried


@dataclass(kw_only=True)
class Backfill:
    """The result of a backfill.

    Attributes:
        read: Number of items read.
        excluded: Number of items that do not pass the mapping's filter or a condition.
        with_entry: Number of items that have an entry in the sink, if that was asked.
        before: Number of items that were sent before.
        given: Number of items that the function processed (with a dry run: that would be sent).
        failed: eventIDs of items on which it failed.
        problem: The last error, or why it ended early.
        complete: Every item was read, or the limit was reached.
    """

    run_id: str
    read: int = 0
    excluded: int = 0
    with_entry: int = 0
    before: int = 0
    given: int = 0
    failed: list[str] = field(default_factory=list)
    problem: str = ""
    complete: bool = False

    @property
    def ok(self) -> bool:
        return self.complete and not self.failed


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Items compared with the entries of a sink.

    Attributes:
        items: Number of items read.
        excluded: Number of items that do not pass the mapping's filter.
        expires: Why an entry may have existed and expired; empty if entries do not expire.
        since: Epoch seconds, if only the items of a period were read.
        until: Epoch seconds, likewise.
    """

    table: str
    sink: str
    items: int
    excluded: int
    with_entry: int
    without_entry: int
    expires: str = ""
    since: float | None = None
    until: float | None = None
