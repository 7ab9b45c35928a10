"""Records that Lambda gave up: found at the destination, and fetched back from the stream."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ddbinsert.core.failures import Failure, Listing, Shown
from ddbinsert.core.pattern import PatternError, compile_pattern
from ddbinsert.core.policy import failure_destination
from ddbinsert.errors import PrerequisiteError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from ddbinsert.aws.failures import Place, Stored
    from ddbinsert.aws.session import Aws
    from ddbinsert.core.clock import Clock
    from ddbinsert.core.failures import Record
    from ddbinsert.core.model import MappingState, Trigger, World


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
) -> Iterator[Opened]:
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
        yield Opened(place, failures, sum(1 for one in stored if one.failure is None))
    finally:
        place.release()


@dataclass(frozen=True)
class Opened:
    """A destination that was read: its documents about the function, in the order of their shards."""

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
    aws: Aws, found: Opened, ids: Collection[str], patterns: Sequence[str], *, clock: Clock
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
