"""Giving records that Lambda gave up to the function again.

At least once, and as near to once as can be: records go one by one unless the user says that the function doesn't
mind more, in the stream's order; what is done is taken out of the destination at once, and what is not stays
there, whatever ends the run.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ddbinsert.core.failures import Failure, Replay, narrowed, sequence_of
from ddbinsert.errors import DdbInsertError, PrerequisiteError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from concurrent.futures import Future

    from ddbinsert.aws.failures import Place, Stored
    from ddbinsert.aws.session import Aws
    from ddbinsert.core.clock import Clock
    from ddbinsert.core.failures import Record
    from ddbinsert.core.invocation import Invocation
    from ddbinsert.core.reporter import Reporter
    from ddbinsert.operations.failures import Opened

#: Seconds; a message of a queue is held for three times as long.
_RENEWED_EVERY = 300.0


def replay(
    found: Opened,
    ids: Collection[str],
    *,
    fetch: Callable[[Failure], list[Record]],
    call: Call,
    reporter: Reporter,
    clock: Clock,
    batch_size: int = 1,
    attempts: int = 3,
) -> Iterator[Replay]:
    """Give the failures' records to the function again, one failure after the other.

    Args:
        fetch: The records of a failure. call: Calls the function.
        batch_size: Records an invocation. More than one may be given again where one of them fails.
        attempts: Invocations of a record before it counts as failing still.

    Yields:
        What became of each failure, as soon as it is known.
    """
    failed_items: set[str] = set()
    for stored, failure in found.selected(ids):
        hold = _Hold(found.place, stored, clock)
        try:
            hold.renew()
            records = fetch(failure)
        except PrerequisiteError as error:
            yield Replay(failure=failure, problem=error.message)
            continue
        giver = _Giver(call, records, failed_items, attempts=attempts)
        try:
            reporter.step(f"replaying failure {failure.id}: {len(records)} records")
            for start in range(0, len(records), batch_size):
                hold.renew()
                giver.give(records[start : start + batch_size])
        except DdbInsertError as error:
            giver.problem = error.message
        finally:
            # Also on Ctrl-C: what was done is never given again, what was not stays.
            _settle(found.place, stored, failure, records, giver.remaining)
        left = [
            str(one["dynamodb"]["SequenceNumber"]) for one in records if sequence_of(one) in giver.remaining
        ]
        yield Replay(
            failure=failure,
            done=len(records) - len(left),
            left=left,
            problem=giver.problem if left else "",
        )


def _settle(
    place: Place, stored: Stored, failure: Failure, records: Sequence[Record], remaining: set[int]
) -> None:
    if len(remaining) == len(records) and records:
        return  # nothing was done: the document stands as it is
    place.replace(stored, narrowed(failure, records, remaining))


class Call:
    """Calls the function; Ctrl-C waits for the answer, so that what was done under it is known.

    Args:
        invoke: One call. A second Ctrl-C breaks it off.
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
        if self._interrupted:
            raise KeyboardInterrupt


class _Hold:
    """Keeps a document from others for as long as the work on it takes."""

    def __init__(self, place: Place, stored: Stored, clock: Clock) -> None:
        self._place, self._stored, self._clock = place, stored, clock
        self._renewed = float("-inf")

    def renew(self) -> None:
        if self._clock.monotonic() - self._renewed > _RENEWED_EVERY:
            self._place.hold(self._stored)
            self._renewed = self._clock.monotonic()


class _Giver:
    """Gives records in order, and knows which were taken.

    Args:
        failed_items: Items of which a record failed in this run: their later records wait.
    """

    def __init__(
        self,
        call: Call,
        records: Sequence[Record],
        failed_items: set[str],
        *,
        attempts: int,
    ) -> None:
        self._call = call
        self._attempts = attempts
        self._failed_items = failed_items
        self.remaining = {sequence_of(record) for record in records}
        self.problem = ""

    def give(self, batch: list[Record]) -> None:
        self._give(batch, self._attempts)

    def _give(self, batch: list[Record], attempts: int) -> None:
        """One batch, then what failed of it in halves, and a single record ``attempts`` times."""
        waiting = [record for record in batch if self._waits(record)]
        batch = [record for record in batch if record not in waiting]
        if waiting:
            self.problem = self.problem or "waits for an earlier record of the same item, which failed"
        if not batch:
            return
        outcome = self._call({"Records": batch})
        failing = self._failing(batch, outcome)
        self.remaining -= {sequence_of(record) for record in batch if record not in failing}
        self._call.end_if_interrupted()
        if not failing:
            return
        self.problem = _said(outcome)
        if len(failing) == 1 and len(batch) == 1:
            if attempts > 1:
                self._give(failing, attempts - 1)
            else:
                self._failed_items.add(_item_of(failing[0]))
            return
        middle = max(1, len(failing) // 2)
        self._give(failing[:middle], attempts)
        self._give(failing[middle:], attempts)

    def _waits(self, record: Record) -> bool:
        """Order holds per item: what comes after a record that fails still is not given before it."""
        return _item_of(record) in self._failed_items

    @staticmethod
    def _failing(batch: list[Record], outcome: Invocation) -> list[Record]:
        """As Lambda sees it: everything from the lowest failing record on."""
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


def _said(outcome: Invocation) -> str:
    if outcome.error is not None:
        return f"{outcome.error.get('errorType', 'Error')}: {outcome.error.get('errorMessage', '')}"
    return "the function names them as failed"
