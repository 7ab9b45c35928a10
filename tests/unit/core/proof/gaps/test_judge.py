"""What became of one insert of the past, row by row; and that less evidence never claims more."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbinsert.core.model.seen import MappingState
from ddbinsert.core.proof.gaps.judge import Around, Judged, MappingChange, Scene, judge
from ddbinsert.core.proof.gaps.model import Cause, Insert, Outcome, Stretch
from tests.unit.worlds import FUNCTION_ARN, LIVE

NOW = 1_000_000.0
OLD = NOW - 3_600.0
ENABLED = MappingState(
    uuid="u", stream_arn=LIVE, function_arn=FUNCTION_ARN, state="Enabled", modified=OLD - 86_400.0
)
SCENE = Scene(now=NOW, settle=300.0, mappings=(ENABLED,))


def insert(**more: Any) -> Insert:
    given_: dict[str, Any] = {"at": OLD, **more}
    return Insert(place=1, event_id="e", shard=0, sequence="1", keys="{}", **given_)


def outcome(one: Insert, scene: Scene = SCENE, **around: Any) -> Judged:
    return judge(one, scene, Around(**around))


@pytest.mark.parametrize(
    ("one", "around", "expected"),
    [
        (insert(ok_at=OLD + 1, ok_ended=True), {}, (Outcome.PROCESSED, None)),
        (insert(ok_at=OLD + 1), {}, (Outcome.PROCESSED, None)),
        (insert(stored=True), {}, (Outcome.PROCESSED, None)),
        (insert(), {"repaired_at": OLD}, (Outcome.PROCESSED, None)),
        (insert(stored=False), {"repaired_at": OLD}, (Outcome.MISSED, Cause.NOT_STORED)),
        (insert(stored=False), {"repaired_at": NOW - 1}, (Outcome.PROCESSED, None)),
        (insert(ok_at=OLD + 1, stored=False), {}, (Outcome.MISSED, Cause.NOT_STORED)),
        (insert(ok_at=NOW - 1, stored=False), {}, (Outcome.PROCESSED, None)),
        (insert(), {"document": "5f"}, (Outcome.MISSED, Cause.DISCARDED)),
        (insert(at=NOW - 10), {}, (Outcome.WAITING, None)),
        (insert(failed_at=NOW - 10), {}, (Outcome.WAITING, None)),
        (insert(failed_at=OLD + 1), {}, (Outcome.MISSED, Cause.FUNCTION_ERROR)),
        (insert(ok_at=OLD + 1, failed_at=OLD + 2), {}, (Outcome.MISSED, Cause.FUNCTION_ERROR)),
        (insert(bad_at=OLD + 1), {}, (Outcome.MISSED, Cause.FUNCTION_ERROR)),
        (insert(guarded_at=OLD + 1), {}, (Outcome.MISSED, Cause.HANDLER_SKIPPED)),
        (insert(), {"passed_over": True, "skipped": True}, (Outcome.MISSED, Cause.HANDLER_SKIPPED)),
        (insert(), {"passed_over": True}, (Outcome.MISSED, Cause.UNKNOWN)),
        (insert(), {}, (Outcome.MISSED, Cause.UNKNOWN)),
    ],
)
def test_an_insert(one: Insert, around: dict[str, Any], expected: tuple[Outcome, Cause | None]) -> None:
    judged = outcome(one, **around)
    assert (judged.outcome, judged.cause) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"mappings": ()}, (Outcome.MISSED, Cause.NO_MAPPING)),
        ({"mappings": (), "replaced": True}, (Outcome.MISSED, Cause.STREAM_REPLACED)),
        ({"mappings": (replace(ENABLED, state="Disabled"),)}, (Outcome.MISSED, Cause.MAPPING_DISABLED)),
        ({"mappings": (replace(ENABLED, state="Updating"),)}, (Outcome.WAITING, None)),
        ({"mappings": (replace(ENABLED, modified=NOW - 10),)}, (Outcome.WAITING, None)),
        ({"blocked": "its reserved concurrency is 0"}, (Outcome.WAITING, None)),
        ({"age": 3_500.0}, (Outcome.WAITING, None)),
        ({"age": 1.0}, (Outcome.MISSED, Cause.UNKNOWN)),
        ({"last_throttle": NOW - 5}, (Outcome.WAITING, None)),
        ({"last_failure": NOW - 5}, (Outcome.WAITING, None)),
        ({"last_failure": OLD}, (Outcome.MISSED, Cause.UNKNOWN)),
        ({"filter_unread": "it is encrypted"}, (Outcome.UNJUDGED, None)),
        ({"blind": (Stretch(since=0, until=OLD, why="no log"),)}, (Outcome.UNJUDGED, None)),
        ({"blind": (Stretch(since=OLD + 2, until=NOW, why="no log"),)}, (Outcome.MISSED, Cause.UNKNOWN)),
        ({"older_settings": OLD + 10}, (Outcome.UNJUDGED, None)),
        ({"older_settings": OLD - 10}, (Outcome.MISSED, Cause.UNKNOWN)),
        ({"throttled": (int(OLD // 60 * 60),)}, (Outcome.MISSED, Cause.THROTTLED)),
        ({"dropped": 3.0}, (Outcome.MISSED, Cause.DISCARDED)),
        ({"changes": (MappingChange(at=OLD + 60, text=""),)}, (Outcome.MISSED, Cause.MAPPING_CHANGED)),
        (
            {
                "mappings": (replace(ENABLED, starting_position="LATEST"),),
                "changes": (MappingChange(at=OLD + 60, text=""),),
            },
            (Outcome.MISSED, Cause.LATEST),
        ),
    ],
)
def test_an_insert_that_the_log_does_not_show(
    changes: dict[str, Any], expected: tuple[Outcome, Cause | None]
) -> None:
    judged = outcome(insert(), replace(SCENE, **changes))
    assert (judged.outcome, judged.cause) == expected


def test_a_later_record_shows_nothing_where_batches_of_a_shard_run_side_by_side() -> None:
    aside = replace(SCENE, mappings=(replace(ENABLED, parallelization=10),), age=3_500.0)
    assert outcome(insert(), aside, passed_over=True).outcome is Outcome.WAITING
    assert outcome(insert(), replace(SCENE, age=3_500.0), passed_over=True).outcome is Outcome.MISSED


def test_what_was_delivered_was_not_excluded_by_an_older_filter() -> None:
    changed = replace(SCENE, older_settings=OLD + 10)
    assert outcome(insert(failed_at=OLD + 1), changed).outcome is Outcome.MISSED
    assert outcome(insert(), changed, skipped=True, passed_over=True).outcome is Outcome.MISSED


def test_of_two_mappings_the_other_one_may_still_deliver_it() -> None:
    two = replace(SCENE, mappings=(ENABLED, replace(ENABLED, uuid="v")), age=3_500.0)
    assert outcome(insert(), two, passed_over=True).outcome is Outcome.WAITING


times = st.one_of(st.none(), st.floats(OLD, NOW))


@given(
    one=st.builds(
        insert, ok_at=times, bad_at=times, failed_at=times, guarded_at=times, at=st.floats(OLD, NOW)
    ),
    passed=st.booleans(),
)
def test_what_the_log_does_not_show_is_never_missed(one: Insert, passed: bool) -> None:
    blind = replace(SCENE, blind=(Stretch(since=0.0, until=NOW, why="no log"),))
    seen, unseen = (judge(one, scene, Around(passed_over=passed)).outcome for scene in (SCENE, blind))
    assert unseen is not Outcome.MISSED
    assert (unseen is Outcome.PROCESSED) == (seen is Outcome.PROCESSED)
