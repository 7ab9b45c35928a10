"""One trial: a failing item, others around it, and the fate of all of them.

All are written in one call, so that they arrive in one batch. When the item was seen to fail, further items are
written, which have to wait behind it: their delay is the time that the failing item blocks its shard.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ddbinsert.aws.errors import translated
from ddbinsert.aws.wait import pauses
from ddbinsert.aws.write.items import ItemWriter
from ddbinsert.aws.write.probe import ProbeTable
from ddbinsert.core import receipt as receipts
from ddbinsert.core.items.item_proof import FAILS, failure_of
from ddbinsert.core.items.run_key import needles, number_in
from ddbinsert.core.logs.ends import InvocationEnd
from ddbinsert.core.proof.failure_path.outcome import Companion, Try
from ddbinsert.core.proof.script import canaries
from ddbinsert.core.proof.tally import Tally
from ddbinsert.errors import AwsError, PrerequisiteError
from ddbinsert.operations.verify.clock import not_before
from ddbinsert.operations.verify.sources.bookmark import StreamBookmark
from ddbinsert.operations.verify.sources.log import LogSource
from ddbinsert.operations.verify.sources.sink import SinkSource

if TYPE_CHECKING:
    from collections.abc import Callable

    from ddbinsert.aws.read.streams import StreamReader
    from ddbinsert.core.logs.event import LogEvent
    from ddbinsert.core.proof.lane import LaneTally
    from ddbinsert.core.proof.probe_item import Sample
    from ddbinsert.core.proof.sighting import Receipt
    from ddbinsert.operations.verify.context import VerifyContext
    from ddbinsert.operations.verify.subject import Subject

#: The number of the failing item: it is in the middle of the items that are written together.
POISON: Final = 0
#: Number of items that are written together, the maximum of one call; and of those written after the failure.
_TOGETHER, _BEHIND = 25, 25
ITEMS: Final = _TOGETHER + _BEHIND
_SKEW = 60.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0
#: Seconds after the last attempt within which a further one would be visible, on AWS and on faster endpoints.
_QUIET, _QUIET_HERE = 90.0, 3.0
_TRIES = 8


class Trial:
    """Writes the items and watches them.

    Args:
        subject: The failing function, with its mapping: the user's own, or the tap.
        sample: Attributes of the items.
        secret: Makes the function's template fail; empty for a tap, which fails without it.
        fails_until: Epoch seconds after which the item no longer fails.

    Attributes:
        tally: What was observed of each item.
    """

    def __init__(
        self,
        context: VerifyContext,
        subject: Subject,
        sample: Sample,
        run_id: str,
        *,
        secret: str = "",
        fails_until: float = 0.0,
    ) -> None:
        self._context = context
        self._subject = subject
        self.secret = secret
        self.fails_until = int(fails_until)
        self.run_id = run_id
        self.started = context.clock.now()
        script = canaries(run_id, ITEMS)
        self.tally = Tally(
            script,
            awaits_ends=subject.running.logs_each_end,
            function=subject.function.name,
            sample=sample,
            key=subject.table.key,
        )
        self.probe = ProbeTable(
            aws=context.aws,
            table=subject.table.name,
            key=subject.table.key,
            run_id=run_id,
            sample=sample,
            clock=context.clock,
        )
        self._log = LogSource(
            context.aws,
            subject.log_group,
            subject.function.name,
            since=self.started - _SKEW,
            needles=needles(subject.table.key, run_id),
        )
        self._sink = SinkSource(context.aws, context.clock, subject, self.tally)
        self._shards: dict[str, str] = {}  # eventID to shard
        self._reader: StreamReader | None = None

    # --- writing and watching ---------------------------------------------------------------------------

    def run(self, *, seconds: float, enough: float, is_kept: Callable[[Trial], bool]) -> None:
        """Write and watch until the item is at the destination and all others were processed, or the time expired.

        Args:
            seconds: Maximum duration.
            enough: Seconds of blocking others after which the blocking is certainly too long.
            is_kept: Returns whether a document about the item is at the destination; called only after the item must
                have been discarded, as all items behind it were processed.

        Raises:
            AwsError: A write, or every read of the log, was refused.
        """
        clock, steps = self._context.clock, pauses(_FIRST_PAUSE, _LONGEST_PAUSE)
        self._open()
        self._write(range(_TOGETHER))
        began, is_behind = clock.monotonic(), False
        while True:
            self._read_sources()
            if not is_behind and self.tries:
                is_behind = True
                self._write(range(_TOGETHER, ITEMS))
                steps = pauses(_FIRST_PAUSE, _LONGEST_PAUSE)
            elapsed = clock.monotonic() - began
            if elapsed >= seconds or (is_behind and self._is_over(enough, is_kept)):
                self._read_sources()
                return
            self._context.reporter.waiting("the failing test item", elapsed, f"{len(self.tries)} attempts")
            clock.sleep(next(steps))

    def _open(self) -> None:
        """Start to read the stream, which shows the items' shards; without it, only batches show shared shards."""
        arn = self._subject.table.stream_arn
        if arn is None or (self._subject.is_crowded and self._context.aws.is_aws):
            return
        try:
            self._reader = StreamBookmark(self._context.aws, self._context.clock).reader(arn)
        except (AwsError, PrerequisiteError):
            self._reader = None

    def _write(self, numbers: range) -> None:
        """Put these items in one call, the failing one in the middle."""
        order = [number for number in numbers if number != POISON]
        if POISON in numbers:
            order.insert(len(order) // 2, POISON)
        left: list[Any] = [{"PutRequest": {"Item": self._item(number)}} for number in order]
        table = self.probe.table
        pause = 0.1
        with translated(f"write test items to table {table}"):
            for _ in range(_TRIES):
                answer = self._context.aws.of_table.client("dynamodb").batch_write_item(
                    RequestItems={table: left}
                )
                left = (answer.get("UnprocessedItems") or {}).get(table) or []
                if not left:
                    break
                self._context.clock.sleep(pause)
                pause *= 2
            else:
                raise TimeoutError(f"DynamoDB left test items unprocessed {_TRIES} times")
        at = self._context.clock.now()
        for number in order:
            self.tally.add_write(self.tally.script.lanes[number].writes[0], at)

    def _item(self, number: int) -> dict[str, Any]:
        item = self.probe.item_of(number, 1)
        if number == POISON and self.secret:
            key = self.probe.key_of(number)
            item[FAILS] = {"S": failure_of(self.secret, key, self.fails_until)}
        return item

    def _read_sources(self) -> None:
        self._read_stream()
        asked = self._context.clock.now()
        for one in self._log.poll():
            self._add_event(one, asked)

    def _add_event(self, one: LogEvent | InvocationEnd, seen: float) -> None:
        if isinstance(one, InvocationEnd):
            if one.at >= not_before(self._context.clock, self.started):
                self.tally.add_end(one)
            return
        self.tally.add_log_line(one.message, one.timestamp / 1000, seen, stream=one.stream)

    def _read_stream(self) -> None:
        if self._reader is None:
            return
        try:
            for shard, record in self._reader.poll_by_shard():
                if number_in((record.get("dynamodb") or {}).get("Keys"), self.run_id) is not None:
                    self.tally.streamed(record)
                    self._shards[str(record.get("eventID") or "")] = shard
        except (AwsError, PrerequisiteError):
            self._reader = None

    def _is_over(self, enough: float, is_kept: Callable[[Trial], bool]) -> bool:
        """Whether the result can no longer change."""
        tries, now = self.tries, self._context.clock.now()
        if any(one.processed is None for one in self.companions):
            return now - tries[0].at > enough
        if is_kept(self):
            return True
        return now - tries[-1].at > (_QUIET if self._context.aws.is_aws else _QUIET_HERE)

    # --- observations -----------------------------------------------------------------------------------

    @property
    def _poison(self) -> LaneTally:
        return self.tally.lanes[POISON]

    @property
    def poison_id(self) -> str:
        """The failing item's eventID; empty while it is unknown."""
        known = [one.event_id for one in self._poison.recorded] or [
            one.event_id for one in self._poison.receipts
        ]
        return known[0] if known else ""

    @property
    def place(self) -> tuple[str, int] | None:
        """The shard and the sequence number of the failing item; None if its record was not read."""
        for record in self._poison.recorded:
            shard = self._shards.get(record.event_id)
            if shard:
                return shard, record.sequence
        return None

    @property
    def fixed(self) -> bool:
        """Whether the failing item was processed in the end."""
        return bool(self._poison.processed)

    @property
    def tries(self) -> tuple[Try, ...]:
        """The attempts to process the failing item, in order."""
        carried: dict[tuple[str, str, float], set[str]] = {}
        for lane in self.tally.lanes:
            for one in lane.receipts:
                carried.setdefault(self._attempt_of(one), set()).add(one.event_id)
        failed = [one for one in self._poison.receipts if one.decision == receipts.FAILED]
        found = []
        for one in sorted(failed, key=lambda each: each.logged):
            end = self.tally.attempts.of(one.stream, one.request, one.logged)
            found.append(
                Try(
                    at=one.logged,
                    carried=frozenset(carried[self._attempt_of(one)]),
                    ok=None if end is None else end.ok,
                )
            )
        return tuple(found)

    def _attempt_of(self, one: Receipt) -> tuple[str, str, float]:
        end = self.tally.attempts.of(one.stream, one.request, one.logged)
        return one.stream, one.request, 0.0 if end is None else end.at

    @property
    def companions(self) -> tuple[Companion, ...]:
        """The other items that were written."""
        return tuple(
            self._companion(lane) for lane in self.tally.lanes if lane.lane.number != POISON and lane.written
        )

    def _companion(self, lane: LaneTally) -> Companion:
        place = self.place
        record = lane.recorded[0] if lane.recorded else None
        shard = self._shards.get(record.event_id) if record else None
        processed = [one.logged for one in lane.processed.values()]
        known = record.event_id if record else next((one.event_id for one in lane.receipts), "")
        return Companion(
            number=lane.lane.number,
            event_id=known,
            written=lane.written[0][1],
            processed=min(processed, default=None),
            in_shard=None if place is None or shard is None else shard == place[0],
            follows=place is None or record is None or record.sequence > place[1],
        )

    # --- cleanup ----------------------------------------------------------------------------------------

    def remove(self) -> None:
        """Delete the test items, and their entries in a table sink.

        Raises:
            AwsError: DynamoDB refused a call.
        """
        for _ in ItemWriter(self._context.aws, self.probe.table, self._context.clock).delete_all(
            self.probe.keys(range(ITEMS))
        ):
            pass
        self._sink.remove()
