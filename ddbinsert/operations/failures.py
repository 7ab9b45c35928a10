"""Records that Lambda gave up: listed, fetched back, and given to the function again.

Replaying is at least once, and as near to once as can be: records go one by one unless the user says that the
function doesn't mind more, in the stream's order; what is done is taken out of the destination at once, and what
is not stays there, whatever ends the run.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ddbinsert.core.failures import Failure, Listing, Replay, Shown, narrowed, sequence_of
from ddbinsert.core.pattern import PatternError, compile_pattern
from ddbinsert.core.policy import failure_destination
from ddbinsert.errors import DdbInsertError, PrerequisiteError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from concurrent.futures import Future

    from ddbinsert.aws.failures import Place, Stored
    from ddbinsert.aws.session import Aws
    from ddbinsert.core.clock import Clock
    from ddbinsert.core.failures import Record
    from ddbinsert.core.invocation import Invocation
    from ddbinsert.core.model import MappingState, Trigger, World
    from ddbinsert.core.reporter import Reporter


#: Seconds; a message of a queue is held for three times as long.
_RENEWED_EVERY = 300.0


def destination_of(trigger: Trigger, world: World, given: str | None) -> str:
    """The ARN of the place to read: as given, as the live mapping has it, or as the configuration wants it.

    Raises:
        PrerequisiteError: There is none.
    """
    live = world.live_mapping
    wanted = failure_destination(trigger, world.table.arn) if world.table else None
    found = given or (live.on_failure if live else None) or wanted
    if not found:
        raise PrerequisiteError(
            f"The trigger of {trigger.table} has no on-failure destination: what is given up is gone.",
            hint=f"`ddbinsert attach-trigger {trigger.table} --on-failure create` makes a queue for it; "
            "or name another place: --from ARN.",
            code="no-destination",
        )
    return found


@contextlib.contextmanager
def opened(
    aws: Aws, arn: str, mapping: MappingState | None, function: str | None, *, to_replay: bool = False
) -> Iterator[_Opened]:
    """The destination with its documents, held back from others for as long as the block lasts.

    Args:
        function: Only failures of this function; None takes all.
        to_replay: They will be worked on: held back for longer, lest somebody else does the same.
    """
    from ddbinsert.aws.failures import HOLD, LOOK, open_place

    place = open_place(aws, arn, mapping=mapping.uuid if mapping else None)
    try:
        stored = place.read(HOLD if to_replay else LOOK)
        failures = [one for one in stored if one.failure and function in (None, one.failure.function_name)]
        failures.sort(key=lambda one: _order(one.failure))
        yield _Opened(place, failures, sum(1 for one in stored if one.failure is None))
    finally:
        place.release()


@dataclass(frozen=True)
class _Opened:
    place: Place
    stored: list[Stored]
    foreign: int

    def listing(self) -> Listing:
        failures = tuple(one.failure for one in self.stored if one.failure)
        return Listing(destination=self.place.arn, failures=failures, foreign=self.foreign)

    def selected(self, ids: Collection[str]) -> list[tuple[Stored, Failure]]:
        """Those with these ids; all where none are named.

        Raises:
            PrerequisiteError: One isn't there.
        """
        pairs = [(one, one.failure) for one in self.stored if one.failure]
        unknown = set(ids) - {failure.id for _, failure in pairs}
        if unknown:
            raise PrerequisiteError(
                f"There is no failure {', '.join(sorted(unknown))} at {self.place.arn}.",
                hint="`ddbinsert failures list` names those that are there.",
                code="failure-not-found",
            )
        return [(one, failure) for one, failure in pairs if not ids or failure.id in ids]


def _order(failure: Failure | None) -> tuple[str, int]:
    return (failure.shard, int(failure.first)) if failure else ("", 0)


def records_of(aws: Aws, failure: Failure, patterns: Sequence[str], *, clock: Clock) -> list[Record]:
    """What the function was given: of the range's records, those that the mapping's filter lets through.

    Raises:
        PrerequisiteError: They are no longer there.
    """
    from ddbinsert.aws.failures import fetch

    records = fetch(aws, failure, clock=clock)
    matches = _matcher(patterns)
    return [record for record in records if matches(record)]


def _matcher(patterns: Sequence[str]) -> Callable[[Record], bool]:
    """Any of the patterns, and INSERT in any case."""
    compiled = []
    for pattern in patterns:
        with contextlib.suppress(PatternError):
            compiled.append(compile_pattern(pattern))

    def matches(record: Record) -> bool:
        if record.get("eventName") != "INSERT":
            return False
        return not compiled or any(pattern.matches(record) for pattern in compiled)

    return matches


def shown(
    aws: Aws, found: _Opened, ids: Collection[str], patterns: Sequence[str], *, clock: Clock
) -> list[Shown]:
    """The failures with their records."""
    result = []
    for _, failure in found.selected(ids):
        try:
            records = records_of(aws, failure, patterns, clock=clock)
        except PrerequisiteError as error:
            result.append(Shown(failure=failure, problem=error.message))
        else:
            result.append(Shown(failure=failure, records=tuple(records)))
    return result


def replay(
    found: _Opened,
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
