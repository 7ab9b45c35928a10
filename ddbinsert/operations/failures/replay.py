"""Replaying records that Lambda discarded: the function is invoked with them again.

Delivery is at least once, and as close to once as possible: records are sent one by one unless the user allows more,
in the stream's order. Records that were processed are removed from the destination at once; the others stay there,
however the run ends. Records processed now, processed before, and left at the destination add up to the failure's.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

from ddbinsert.core.failed_records import Failure, Replay, remainder, sequence_of
from ddbinsert.core.words import plural
from ddbinsert.errors import DdbInsertError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from concurrent.futures import Future

    from ddbinsert.aws.context import Context
    from ddbinsert.aws.failure_places import Destination, StoredFailure
    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.clock import Clock
    from ddbinsert.core.failed_records import Record, Selection
    from ddbinsert.core.logs.invocation import Invocation
    from ddbinsert.operations.failures.find import Opened

#: Seconds between two extensions; a queue's message is hidden for three times this.
_RENEWED_EVERY = 300.0


def replay(
    context: Context,
    found: Opened,
    ids: Collection[str],
    *,
    choose: Callable[[Failure], Selection],
    processed: Callable[[Failure, Sequence[Record]], Collection[str]],
    call: Call,
    batch_size: int = 1,
    attempts: int = 3,
    keep: Callable[[StoredFailure, Failure], None] | None = None,
) -> Iterator[Replay]:
    """Send the failures' records to the function again, one failure after the other.

    Args:
        choose: Returns the records of a failure, and which of them to send.
        processed: Returns which of these records (by eventID) were processed in the meantime.
        call: Calls the function.
        batch_size: Number of records per invocation. With more than one, some may be sent twice if one of them fails.
        attempts: Number of invocations of a record before it counts as failed again.
        keep: Called with each document before its first record is sent.

    Yields:
        The result for each failure, as soon as it is known.
    """
    failed_items: set[str] = set()
    for stored, failure in found.selected(ids):
        hold = _Hold(found.place, stored, context.clock)
        try:
            hold.renew()
            selection = choose(failure)
            done_before = processed(failure, selection.given) if selection.given else ()
            if keep is not None and selection.given:
                keep(stored, failure)
        except DdbInsertError as error:
            yield Replay(failure=failure, problem=error.message)
            continue
        giver = Giver(call, selection.given, failed_items, attempts=attempts)
        already = giver.skip(done_before)
        to_give = [one for one in selection.given if sequence_of(one) in giver.remaining]
        try:
            context.reporter.step(f"replaying failure {failure.id}: {plural(len(to_give), 'record')}")
            for start in range(0, len(to_give), batch_size):
                hold.renew()
                giver.send(to_give[start : start + batch_size])
        except DdbInsertError as error:
            giver.problem = error.message
        finally:
            # Also on Ctrl-C: processed records are never sent again, the others stay.
            _settle(found.place, stored, failure, selection, giver.remaining)
        yield _result(failure, selection, giver, already)


def _result(failure: Failure, selection: Selection, giver: Giver, already: int) -> Replay:
    problem = giver.problem if giver.remaining else selection.problem
    if not selection.records and not problem:
        problem = "the document contains no records"
    return Replay(
        failure=failure,
        done=len(selection.given) - len(giver.remaining) - already,
        already=already,
        left=[str(number) for number in sorted(giver.remaining)],
        left_out={str(number): reason for number, reason in sorted(selection.left_out.items())},
        trimmed=selection.trimmed,
        problem=problem,
    )


def _settle(
    place: Destination,
    stored: StoredFailure,
    failure: Failure,
    selection: Selection,
    remaining: Collection[int],
) -> None:
    """Reduce the destination's document to the remaining records; leave it unchanged if none was processed."""
    if len(remaining) < len(selection.given):
        place.replace(stored, remainder(failure, selection, remaining))


def call_of(aws: Aws, function: str) -> Call:
    """Calls of a deployed function."""
    from ddbinsert.aws.invoke import invoke

    return Call(aws, lambda event: invoke(aws, function, event))


class Call:
    """Calls the function; Ctrl-C waits for the answer, so that the outcome of the call is known.

    Args:
        invoke: Makes one call. A second Ctrl-C ends it.
    """

    def __init__(self, aws: Aws, invoke: Callable[[dict[str, Any]], Invocation]) -> None:
        self._aws = aws
        self._invoke = invoke
        self._interrupted = False

    def __call__(self, event: dict[str, Any]) -> Invocation:
        answer: Future[Invocation] = self._aws.start(lambda: self._invoke(event))
        try:
            return answer.result()
        except KeyboardInterrupt:
            self._interrupted = True
            return answer.result()

    def end_if_interrupted(self) -> None:
        """Raise KeyboardInterrupt if Ctrl-C was pressed during a call."""
        if self._interrupted:
            raise KeyboardInterrupt


class Journal(Protocol):
    """A persistent record of the calls: what was sent, and the result."""

    def before_call(self, batch: Sequence[Record]) -> None:
        """These records are about to be sent to the function."""

    def after_answer(self, done: Sequence[Record], failed: Sequence[Record]) -> None:
        """The function has answered: it processed some records, and failed on others."""


class _Hold:
    """Keeps a document hidden from other readers while it is processed."""

    def __init__(self, place: Destination, stored: StoredFailure, clock: Clock) -> None:
        self._place, self._stored, self._clock = place, stored, clock
        self._renewed = float("-inf")

    def renew(self) -> None:
        if self._clock.monotonic() - self._renewed > _RENEWED_EVERY:
            self._place.keep_hidden(self._stored)
            self._renewed = self._clock.monotonic()


class Giver:
    """Sends records in order, and tracks which were processed.

    Args:
        failed_items: Items with a record that failed in this run: their later records are not sent.
        journal: Called before each call, and with its answer.

    Attributes:
        remaining: Sequence numbers of the records that are not processed yet.
        problem: The last error.
    """

    def __init__(
        self,
        call: Call,
        records: Sequence[Record],
        failed_items: set[str],
        *,
        attempts: int,
        journal: Journal | None = None,
    ) -> None:
        self._call = call
        self._journal = journal
        self._attempts = attempts
        self._failed_items = failed_items
        self._records = records
        self.remaining = {sequence_of(record) for record in records}
        self.problem = ""

    def skip(self, events: Collection[str]) -> int:
        """Count records that were processed before as done; return how many."""
        known = {sequence_of(one) for one in self._records if one.get("eventID") in events}
        self.remaining -= known
        return len(known)

    def send(self, batch: list[Record]) -> None:
        """Send some records, in one call if none fails."""
        self._send_batch(batch, self._attempts)

    def _send_batch(self, batch: list[Record], attempts: int) -> None:
        """Send a batch, then its failed records in halves, and a single record up to ``attempts`` times."""
        waiting = [record for record in batch if self._waits(record)]
        batch = [record for record in batch if record not in waiting]
        if waiting:
            self.problem = self.problem or "waits for an earlier record of the same item, which failed"
        if not batch:
            return
        outcome = self._called(batch)
        failing = self._failing(batch, outcome)
        self.remaining -= {sequence_of(record) for record in batch if record not in failing}
        if self._journal is not None:
            self._journal.after_answer([one for one in batch if one not in failing], failing)
        self._call.end_if_interrupted()
        if not failing:
            return
        self.problem = _error_text(outcome)
        if len(failing) == 1 and len(batch) == 1:
            if attempts > 1:
                self._send_batch(failing, attempts - 1)
            else:
                self._failed_items.add(_item_of(failing[0]))
            return
        middle = max(1, len(failing) // 2)
        self._send_batch(failing[:middle], attempts)
        self._send_batch(failing[middle:], attempts)

    def _called(self, batch: list[Record]) -> Invocation:
        if self._journal is not None:
            self._journal.before_call(batch)
        return self._call({"Records": batch})

    def _waits(self, record: Record) -> bool:
        """Whether an earlier record of the same item failed: order holds per item, so this one is not sent before it."""
        return _item_of(record) in self._failed_items

    @staticmethod
    def _failing(batch: list[Record], outcome: Invocation) -> list[Record]:
        """The failed records by Lambda's rule: everything from the lowest failed record on."""
        if outcome.failed_from is None:
            return []
        if not outcome.failed_from:
            return batch
        lowest = int(outcome.failed_from)
        if lowest not in {sequence_of(record) for record in batch}:
            return batch
        return [record for record in batch if sequence_of(record) >= lowest]


def _item_of(record: Record) -> str:
    return json.dumps(record["dynamodb"].get("Keys"), sort_keys=True)


def _error_text(outcome: Invocation) -> str:
    if outcome.error is not None:
        return f"{outcome.error.get('errorType', 'Error')}: {outcome.error.get('errorMessage', '')}"
    return "the function reports them as failed"
