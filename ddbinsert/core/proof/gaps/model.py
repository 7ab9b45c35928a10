"""What an audit of the past answers: what became of each insert, and why those that were missed were missed."""

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
    """What became of an insert that the filter lets through."""

    PROCESSED = "processed"
    WAITING = "waiting"
    MISSED = "missed"
    UNJUDGED = "unjudged"


class GapCause(StrEnum):
    """Why an insert was missed, as far as the evidence shows; the codes are part of the public contract."""

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
    """An INSERT record of the stream, and what the log shows of it.

    Attributes:
        place: Its place among all records that were read: it rises with the sequence number within a shard.
        shard: A number that stands for a shard of a stream.
        at: ApproximateCreationDateTime, epoch seconds, in whole seconds.
        keys: The item's key as JSON.
        ok_at: The last line that says ``processed`` of an attempt that is not known to have failed.
        ok_ended: Such an attempt is on record as ended well.
        bad_at: The last one of an attempt that ended in an error.
        failed_at, guarded_at: The last lines that say ``failed`` and ``guarded``.
        stored: Whether the sink holds its entry; None if that was not looked up.
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
        """The last delivery of each kind: no other one changes the record's fate."""
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
        """When the log last shows it; None if it never does."""
        return max((one.at for one in self.deliveries), default=None)


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """A time about which nothing can be said, and why. Epoch seconds; ``count``: inserts in it that are not judged."""

    since: float
    until: float
    why: str
    count: int = 0


@dataclass(frozen=True, kw_only=True)
class Group:
    """Missed inserts with one cause.

    Attributes:
        count: Number of inserts. first, last: When they were written, epoch seconds.
        evidence: What shows the cause, a line each.
        advice: What removes the cause.
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
        since, until: The time that was audited, epoch seconds.
        inserts: INSERT records in that time that the filter lets through.
        excluded: Those that it does not.
        processed, waiting, missed, unjudged: What became of them.
        repaired: Processed ones of which only a repair's own record shows it.
        waiting_for: Reason to number of inserts.
        test_items: How many of the missed ones are test items of ``verify`` or ``send``.
        evidence: What was read, a line each.
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
        done: Inserts that the function processed.
        failed: eventIDs of those on which it failed, or that wait for an earlier one of their item that failed.
        gone: Inserts that the stream no longer holds.
        problem: The last error, or why the repair ended early.
        untried: Inserts that it did not come to.
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
        """Inserts that are still missed."""
        return len(self.failed) + self.gone + self.untried


@dataclass(kw_only=True)
class Backfill:
    """The result of a backfill.

    Attributes:
        read: Items read.
        excluded: Those that the mapping's filter or a condition does not let through.
        before: Items that were given before.
        given: Those that the function processed (with a dry run: would be given).
        failed: eventIDs of those on which it failed.
        problem: The last error, or why it ended early.
        complete: Every item was read, or the limit was reached.
    """

    run_id: str
    read: int = 0
    excluded: int = 0
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
        items: Items read.
        excluded: Those that the mapping's filter does not let through.
        expires: Why an item may have had an entry that is gone; empty if entries stay.
    """

    table: str
    sink: str
    items: int
    excluded: int
    with_entry: int
    without_entry: int
    expires: str = ""
