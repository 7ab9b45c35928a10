"""Missed inserts by their likely cause, with its evidence and remedy."""

from __future__ import annotations

from dataclasses import field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, assert_never

from ddbinsert.advice import TABLE, Advice
from ddbinsert.core.proof.gaps.judge import RESTART
from ddbinsert.core.proof.gaps.model import GapCause, Group
from ddbinsert.core.proof.gaps.recorded import changes_behind
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ddbinsert.core.proof.gaps.judge import JudgedInsert, Scene
    from ddbinsert.core.proof.gaps.model import Insert
    from ddbinsert.core.proof.gaps.recorded import RecordedChange

_DOCUMENTS = 5


@dataclass
class _Growing:
    count: int = 0
    first: float = float("inf")
    last: float = 0.0
    examples: list[Insert] = field(default_factory=list)
    streams: dict[str, None] = field(default_factory=dict)
    documents: dict[str, None] = field(default_factory=dict)
    guarded: int = 0


class Grouping:
    """Groups missed inserts by cause, keeping the first few of each.

    Args:
        scenes: The scenes, by the stream's ARN.
        dropped: Number of records that the mappings discarded, according to their metric.
        errors: Error messages of failed attempts.
        most: Maximum number of inserts that each group shows.
    """

    def __init__(
        self, scenes: Mapping[str, Scene], dropped: float, *, errors: tuple[str, ...], most: int
    ) -> None:
        self._scenes, self._dropped, self._errors, self._most = scenes, dropped, errors, most
        self._groups: dict[GapCause, _Growing] = {}

    def add(self, one: Insert, judged: JudgedInsert, stream: str) -> None:
        """Add a missed insert of a stream."""
        group = self._groups.setdefault(judged.cause or GapCause.UNKNOWN, _Growing())
        group.count += 1
        group.first, group.last = min(group.first, one.at), max(group.last, one.at)
        group.streams.setdefault(stream)
        group.guarded += one.guarded_at is not None
        if judged.why and len(group.documents) < _DOCUMENTS:
            group.documents.setdefault(judged.why)
        if len(group.examples) < self._most:
            group.examples.append(one)

    @property
    def span(self) -> tuple[float, float] | None:
        """Epoch seconds of the first and the last missed insert; None if there is none."""
        groups = self._groups.values()
        if not groups:
            return None
        return min(one.first for one in groups), max(one.last for one in groups)

    def groups(self, recorded: Iterable[RecordedChange] = ()) -> tuple[Group, ...]:
        """The groups, the largest first.

        Args:
            recorded: Changes of the trigger, which become evidence of the causes that they can have led to.
        """
        changes = tuple(recorded)
        made = (
            Group(
                cause=cause,
                count=one.count,
                first=one.first,
                last=one.last,
                evidence=(*self._evidence(cause, one), *_of_recorded(changes, cause, one)),
                advice=_ADVICE.get(cause),
                examples=tuple(one.examples),
            )
            for cause, one in self._groups.items()
        )
        return tuple(sorted(made, key=lambda group: (-group.count, group.cause)))

    def _evidence(self, cause: GapCause, group: _Growing) -> Iterator[str]:
        scenes = [self._scenes[arn] for arn in group.streams]
        match cause:
            case GapCause.DISCARDED | GapCause.FUNCTION_ERROR:
                yield from self._of_failures(cause, group)
            case GapCause.HANDLER_SKIPPED:
                yield from _of_skipped(group)
            case GapCause.LATEST | GapCause.MAPPING_CHANGED:
                yield from _of_changes(scenes, group, latest=cause is GapCause.LATEST)
            case GapCause.MAPPING_DISABLED:
                yield from _of_mappings(scenes)
            case GapCause.STREAM_REPLACED:
                yield from (f"no mapping of the function reads {arn}" for arn in group.streams)
            case GapCause.THROTTLED:
                yield from _of_throttles(scenes, group)
            case GapCause.NO_MAPPING:
                yield "no mapping delivers the stream to the function"
            case GapCause.NOT_STORED:
                yield "the log says that they were processed, but the sink has no entries for them"
            case GapCause.UNKNOWN:
                yield "no cause was found in what could be read"
            case _:
                assert_never(cause)

    def _of_failures(self, cause: GapCause, group: _Growing) -> Iterator[str]:
        if cause is GapCause.FUNCTION_ERROR:
            yield "every invocation that received them failed"
            yield from (error for error in self._errors if error)
        for document in group.documents:
            yield f"failure {document} at the on-failure destination"
        if self._dropped:
            yield f"metric DroppedEventCount: {self._dropped:,.0f}"


def _of_recorded(changes: tuple[RecordedChange, ...], cause: GapCause, group: _Growing) -> Iterator[str]:
    for one in changes_behind(changes, cause, first=group.first, last=group.last):
        yield f"{one.text} at {format_time(one.at)} (CloudTrail)"


def _of_skipped(group: _Growing) -> Iterator[str]:
    if group.guarded:
        yield f"{group.guarded:,} were dropped by the guard in the handler's code"
    if group.count > group.guarded:
        yield "one invocation processed the inserts before and after, and logged nothing about these"


def _of_mappings(scenes: list[Scene]) -> Iterator[str]:
    for scene in scenes:
        for one in scene.mappings:
            yield f"mapping {one.uuid} is {one.state}{_changed(one.modified)}"


def _of_throttles(scenes: list[Scene], group: _Growing) -> Iterator[str]:
    minutes = [at for scene in scenes for at in scene.throttled if at >= group.first - RESTART]
    if minutes:
        yield f"invocations were throttled between {format_time(minutes[0])} and {format_time(minutes[-1])}"


def _of_changes(scenes: list[Scene], group: _Growing, *, latest: bool) -> Iterator[str]:
    for scene in scenes:
        for change in scene.changes:
            if change.at + RESTART >= group.first:
                yield f"{change.text} at {format_time(change.at)}"
    if latest:
        yield "its starting position is LATEST: what is written while it starts, or restarts after a change, may be skipped"


def _changed(at: float | None) -> str:
    return "" if at is None else f" since {format_time(at)}"


def format_time(at: float) -> str:
    """A readable time in UTC."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S}Z"


_ADVICE = {
    GapCause.MAPPING_DISABLED: Advice(
        "Enable the mapping; it continues where it stopped", ("attach-trigger", TABLE, "--enabled", "--yes")
    ),
    GapCause.STREAM_REPLACED: Advice("Map the live stream to the function", ("attach-trigger", TABLE)),
    GapCause.NO_MAPPING: Advice("Map the live stream to the function", ("attach-trigger", TABLE)),
    GapCause.DISCARDED: Advice("Show what was discarded", ("failures", "list", TABLE)),
    GapCause.FUNCTION_ERROR: Advice("Show the function's errors", ("tail", TABLE, "--errors")),
}
