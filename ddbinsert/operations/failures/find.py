"""Records that Lambda discarded: find them at the destination, and read them back from the stream."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from ddbinsert.advice import TABLE, Advice
from ddbinsert.core.failed_records import (
    Failure,
    Listing,
    OddDocument,
    Shown,
    left_out_words,
    select,
    why_odd,
)
from ddbinsert.core.pattern.matcher import PatternError, compile_pattern
from ddbinsert.core.trigger.policy import failure_destination
from ddbinsert.dataclass import dataclass
from ddbinsert.errors import DdbInsertError, PrerequisiteError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from ddbinsert.aws.failure_places import Destination
    from ddbinsert.aws.failure_places import StoredFailure as StoredFailure  # noqa: PLC0414 - handed to commands
    from ddbinsert.aws.read.failed_ranges import RangeReader
    from ddbinsert.aws.session.session import Aws
    from ddbinsert.core.clock import Clock
    from ddbinsert.core.failed_records import Record, Selection
    from ddbinsert.core.model.seen import MappingState, World
    from ddbinsert.core.model.wanted import Trigger


def destination_of(trigger: Trigger, world: World, given: str | None) -> str:
    """The ARN of the destination: the given one, that of the live mapping, or that of the configuration.

    Raises:
        PrerequisiteError: There is no destination.
    """
    live = world.live_mapping
    wanted = failure_destination(trigger, world.table.function_place) if world.table else None
    found = given or (live.on_failure if live else None) or wanted
    if not found:
        raise PrerequisiteError(
            f"The trigger of {trigger.table} has no on-failure destination: discarded records are lost.",
            hint=Advice(
                "Use another destination (--from ARN), or create a queue for future records",
                ("attach-trigger", TABLE, "--on-failure", "create"),
            ),
            code="no-destination",
        )
    return found


@contextlib.contextmanager
def opened(
    aws: Aws, arn: str, mapping: MappingState | None, function: str | None, *, to_replay: bool = False
) -> Iterator[Opened]:
    """The destination with its documents, which are hidden from other readers until the block ends.

    Args:
        function: Only failures of this function; None for all.
        to_replay: The documents will be replayed: hide them for longer, so that no other run replays them at the same
            time.
    """
    from ddbinsert.aws.failure_places import HOLD, LOOK, open_destination

    place = open_destination(aws, arn, mapping=mapping.uuid if mapping else None)
    try:
        stored = place.read(HOLD if to_replay else LOOK)
        failures = [one for one in stored if one.failure and function in (None, one.failure.function_name)]
        failures.sort(key=lambda one: _order(one.failure))
        odd = tuple(
            OddDocument(name=one.name, why=why_odd(one.text)) for one in stored if one.failure is None
        )
        yield Opened(place, failures, odd)
    finally:
        place.unhide()


@dataclass(frozen=True)
class Opened:
    """A destination that was read.

    Attributes:
        place: The destination.
        stored: The documents about the function, in the order of their shards.
        odd: The other documents.
    """

    place: Destination
    stored: list[StoredFailure]
    odd: tuple[OddDocument, ...]

    def listing(self) -> Listing:
        failures = tuple(one.failure for one in self.stored if one.failure)
        return Listing(destination=self.place.arn, failures=failures, odd=self.odd)

    def selected(self, ids: Collection[str]) -> list[tuple[StoredFailure, Failure]]:
        """The failures with these IDs; all if none is given.

        Raises:
            PrerequisiteError: An ID does not exist.
        """
        pairs = [(one, one.failure) for one in self.stored if one.failure]
        unknown = set(ids) - {failure.id for _, failure in pairs}
        if unknown:
            raise PrerequisiteError(
                f"There is no failure {', '.join(sorted(unknown))} at {self.place.arn}.",
                hint=Advice("List the failures", ("failures", "list", TABLE)),
                code="failure-not-found",
            )
        return [(one, failure) for one, failure in pairs if not ids or failure.id in ids]


def _order(failure: Failure | None) -> tuple[str, int]:
    return (failure.shard, int(failure.first)) if failure else ("", 0)


def passing(patterns: Sequence[str]) -> Callable[[Record], bool]:
    """Whether a record passes one of the mapping's filter patterns; every record passes if there are none."""
    compiled = []
    for pattern in patterns:
        with contextlib.suppress(PatternError):
            compiled.append(compile_pattern(pattern))

    def matches(record: Record) -> bool:
        return not compiled or any(pattern.matches(record) for pattern in compiled)

    return matches


def reader_of(aws: Aws, clock: Clock) -> RangeReader:
    """A reader of failures' records."""
    from ddbinsert.aws.read.failed_ranges import RangeReader

    return RangeReader(aws, clock)


def selection_of(
    reader: RangeReader, failure: Failure, passes: Callable[[Record], bool], *, everything: bool = False
) -> Selection:
    """The records of a failure, and which of them to send to the function; see ``select``.

    Raises:
        PrerequisiteError: The records expired, or could not be read.
    """
    return select(failure, reader.fetch(failure), passes, everything=everything)


def describe_failures(
    aws: Aws, found: Opened, ids: Collection[str], patterns: Sequence[str], *, clock: Clock
) -> list[Shown]:
    """The failures with the records that a replay would send; a problem with one does not hide the others."""
    reader = reader_of(aws, clock)
    passes = passing(patterns)
    result = []
    for _, failure in found.selected(ids):
        try:
            selection = select(failure, reader.fetch(failure), passes)
        except DdbInsertError as error:
            result.append(Shown(failure=failure, problem=error.message))
        else:
            problem = selection.problem or "; ".join(
                left_out_words(selection.left_out.values(), selection.trimmed)
            )
            result.append(Shown(failure=failure, records=selection.given, problem=problem))
    return result
