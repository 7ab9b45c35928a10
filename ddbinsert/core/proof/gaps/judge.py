"""The outcome of one past insert: a pure function of its log lines and of its circumstances.

``missed`` requires a proof: the log covers the time, the settling time has passed, and the insert can no longer be
delivered. Everything else is waiting, or not judged.

| what is known                                                                        | outcome   |
|--------------------------------------------------------------------------------------|-----------|
| processed, by the rules of ``core.proof.fate``, or its entry is in the sink          | processed |
| processed, and the compared sink contains no entry                                   | missed    |
| a document at the on-failure destination contains it                                 | missed    |
| the log does not cover the time, or a filter cannot be read                          | unjudged  |
| younger than the settling time, or tried within it                                   | waiting   |
| no mapping that is enabled reads its stream                                          | missed    |
| a later record of its shard was processed long enough ago (one batch at a time)      | missed    |
| the mapping is behind, throttled, failing or changing                                | waiting   |
| none of these                                                                        | missed    |
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from ddbinsert.core.model.wanted import StartingPosition
from ddbinsert.core.proof.fate import Fate, of_insert
from ddbinsert.core.proof.gaps.model import GapCause, InsertOutcome
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from ddbinsert.core.model.seen import MappingState
    from ddbinsert.core.proof.gaps.model import Insert, Stretch

#: Seconds within which pollers restart after a change of a mapping: updates take up to 90 s to take effect
#: (docs/aws-facts.md#esm-update-lag), and the first delivery once took 94 s (docs/aws-facts.md#esm-first-delivery).
RESTART = 300.0
_MINUTE = 60


@dataclass(frozen=True, kw_only=True)
class MappingChange:
    """A change of a mapping.

    Attributes:
        at: Epoch seconds.
        text: The change and its source, in words.
    """

    at: float
    text: str


@dataclass(frozen=True, kw_only=True)
class Scene:
    """The circumstances of the inserts of one stream.

    Attributes:
        now: Epoch seconds.
        settle: Seconds after which an insert is normally processed and its line visible.
        mappings: Those that deliver this stream to the function.
        replaced: The stream is not the table's live one, or the function's mappings read another stream.
        blind: Times that the log does not cover.
        filter_unread: Why the inserts that pass the filter are not known; empty if they are.
        last_failure: Epoch seconds of the last failed attempt.
        last_throttle: Epoch seconds of the last throttling of the function.
        age: Age in seconds of the records that the mapping reads (IteratorAge); None if unknown.
        throttled: Minutes (epoch seconds) in which invocations were throttled.
        dropped: Number of records that the mapping discarded, according to its metric.
        changes: Known changes of the mappings.
        blocked: Why the function is not invoked at present; empty if it is.
        older_settings: Epoch seconds up to which inserts were processed before the mapping's last change:
            those not processed by then may have been excluded by the previous filter.
    """

    now: float
    settle: float
    mappings: tuple[MappingState, ...]
    replaced: bool = False
    blind: tuple[Stretch, ...] = ()
    filter_unread: str = ""
    last_failure: float | None = None
    last_throttle: float | None = None
    age: float | None = None
    throttled: tuple[int, ...] = ()
    dropped: float = 0.0
    changes: tuple[MappingChange, ...] = ()
    blocked: str = ""
    older_settings: float | None = None

    @property
    def enabled(self) -> tuple[MappingState, ...]:
        return tuple(one for one in self.mappings if one.is_enabled)

    @property
    def in_order(self) -> bool:
        """Whether one mapping delivers a shard's records one batch after the other."""
        return len(self.enabled) == 1 and self.enabled[0].keeps_order

    def is_recent(self, moment: float | None) -> bool:
        return moment is not None and self.now - moment < self.settle


@dataclass(frozen=True, kw_only=True)
class Around:
    """The evidence about one insert besides its log lines.

    Attributes:
        passed_over: A later record of its shard was processed, longer ago than the time to settle.
        skipped: Records before and after it in its shard were processed by one invocation.
        document: The document at the on-failure destination that names it; empty if none does.
        repaired_at: Epoch seconds at which a repair saw the function process it.
        answered: A repair saw the function fail on it.
        given_at: Epoch seconds at which a repair sent it to the function without receiving the response.
    """

    passed_over: bool = False
    skipped: bool = False
    document: str = ""
    repaired_at: float | None = None
    answered: bool = False
    given_at: float | None = None


@dataclass(frozen=True, kw_only=True)
class JudgedInsert:
    """The outcome of an insert.

    Attributes:
        outcome: The outcome.
        cause: The cause of a missed insert.
        why: Why an insert is waiting or not judged.
    """

    outcome: InsertOutcome
    cause: GapCause | None = None
    why: str = ""


_PROCESSED = JudgedInsert(outcome=InsertOutcome.PROCESSED)


def judge(insert: Insert, scene: Scene, around: Around) -> JudgedInsert:
    """The outcome of an insert that passes the filter."""
    fate = of_insert(insert.deliveries)
    done_at = around.repaired_at if not fate.is_done else max(insert.ok_at or 0.0, around.repaired_at or 0.0)
    if done_at is not None and insert.stored is False and not scene.is_recent(done_at):
        return JudgedInsert(outcome=InsertOutcome.MISSED, cause=GapCause.NOT_STORED)
    if done_at is not None or insert.stored:
        return _PROCESSED
    if around.document:
        return JudgedInsert(outcome=InsertOutcome.MISSED, cause=GapCause.DISCARDED, why=around.document)
    hidden = _hidden(insert.at, scene) or _older_filter(insert, scene, around)
    if hidden:
        return JudgedInsert(outcome=InsertOutcome.UNJUDGED, why=hidden)
    waits = _waits(insert, scene, around, fate)
    if waits:
        return JudgedInsert(outcome=InsertOutcome.WAITING, why=waits)
    return JudgedInsert(outcome=InsertOutcome.MISSED, cause=_cause(insert, scene, around, fate))


def _hidden(at: float, scene: Scene) -> str:
    """Why an insert of this time cannot be judged."""
    if scene.filter_unread:
        return scene.filter_unread
    # A record's time is in whole seconds: it may have been written up to a second later.
    return next((one.why for one in scene.blind if one.since <= at + 1 and at <= one.until), "")


def _older_filter(insert: Insert, scene: Scene, around: Around) -> str:
    """Whether an earlier filter of the mapping may have excluded an insert.

    False if the insert was delivered, if nothing was processed from then until the change (a disabled
    mapping), or if the change was just before or after it (restarting pollers).
    """
    delivered = insert.deliveries or around.skipped or around.answered
    if delivered or scene.older_settings is None or insert.at > scene.older_settings:
        return ""
    return "the mapping was changed since, and the filter that it had then may have excluded them"


def _waits(insert: Insert, scene: Scene, around: Around, fate: Fate) -> str:
    """Why an insert may still be processed; empty if it cannot."""
    if around.answered:
        return ""
    if scene.is_recent(around.given_at):
        return "recently delivered to the function by a repair"
    if scene.is_recent(insert.at):
        return "written recently"
    if scene.is_recent(insert.last_seen):
        return "tried recently"
    if not scene.enabled:
        return ""
    if scene.in_order and around.passed_over:
        return ""
    return _held(insert, scene, fate)


def _held(insert: Insert, scene: Scene, fate: Fate) -> str:
    if scene.blocked:
        return scene.blocked
    if any(scene.is_recent(one.modified) or one.state != "Enabled" for one in scene.enabled):
        return "the mapping was changed recently"
    if scene.age is not None and scene.age + scene.settle >= scene.now - insert.at:
        return "the mapping is behind"
    if scene.is_recent(scene.last_throttle):
        return "the function is throttled"
    if scene.is_recent(scene.last_failure) and (fate is Fate.FAILED or not insert.deliveries):
        return "invocations fail, and are retried"
    return ""


def _cause(insert: Insert, scene: Scene, around: Around, fate: Fate) -> GapCause:
    if fate is Fate.FAILED:
        return GapCause.FUNCTION_ERROR
    if insert.guarded_at is not None or around.skipped:
        return GapCause.HANDLER_SKIPPED
    if not scene.enabled:
        if scene.mappings:
            return GapCause.MAPPING_DISABLED
        return GapCause.STREAM_REPLACED if scene.replaced else GapCause.NO_MAPPING
    if _near(insert.at, scene.throttled):
        return GapCause.THROTTLED
    restart = next((one for one in scene.changes if one.at - RESTART <= insert.at <= one.at + RESTART), None)
    latest = any(one.starting_position == StartingPosition.LATEST for one in scene.enabled)
    if restart is not None:
        return GapCause.LATEST if latest else GapCause.MAPPING_CHANGED
    if scene.dropped:
        return GapCause.DISCARDED
    before = latest and any(insert.at <= (one.modified or 0.0) for one in scene.enabled)
    return GapCause.LATEST if before else GapCause.UNKNOWN


def _near(at: float, minutes: tuple[int, ...]) -> bool:
    """Whether one of the minutes contains a time or soon follows it."""
    place = bisect_left(minutes, int(at) // _MINUTE * _MINUTE)
    return place < len(minutes) and minutes[place] - at <= 2 * _MINUTE


def filters_unread(mappings: tuple[MappingState, ...]) -> str:
    """Why the inserts that pass the mappings' filters are not known; empty if they are."""
    from ddbinsert.core.pattern.matcher import PatternError, compile_pattern

    for mapping in mappings:
        if mapping.filters_hidden:
            return f"the filter of mapping {mapping.uuid} is encrypted and can't be read"
        for text in mapping.filters:
            try:
                compile_pattern(text)
            except PatternError:
                return f"a filter of mapping {mapping.uuid} can't be read"
    return ""
