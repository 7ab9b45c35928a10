"""What became of one insert of the past, row by row; and that less evidence never claims more."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddbinsert.core.model.seen import MappingState
from ddbinsert.core.proof.gaps.judge import Around, JudgedInsert, MappingChange, Scene, judge
from ddbinsert.core.proof.gaps.model import GapCause, Insert, InsertOutcome, Stretch
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


def outcome(one: Insert, scene: Scene = SCENE, **around: Any) -> JudgedInsert:
    return judge(one, scene, Around(**around))


@pytest.mark.parametrize(
    ("one", "around", "expected"),
    [
        (insert(ok_at=OLD + 1, ok_ended=True), {}, (InsertOutcome.PROCESSED, None)),
        (insert(ok_at=OLD + 1), {}, (InsertOutcome.PROCESSED, None)),
        (insert(stored=True), {}, (InsertOutcome.PROCESSED, None)),
        (insert(), {"repaired_at": OLD}, (InsertOutcome.PROCESSED, None)),
        (insert(stored=False), {"repaired_at": OLD}, (InsertOutcome.MISSED, GapCause.NOT_STORED)),
        (insert(stored=False), {"repaired_at": NOW - 1}, (InsertOutcome.PROCESSED, None)),
        (insert(ok_at=OLD + 1, stored=False), {}, (InsertOutcome.MISSED, GapCause.NOT_STORED)),
        (insert(ok_at=NOW - 1, stored=False), {}, (InsertOutcome.PROCESSED, None)),
        (insert(), {"document": "5f"}, (InsertOutcome.MISSED, GapCause.DISCARDED)),
        (insert(at=NOW - 10), {}, (InsertOutcome.WAITING, None)),
        (insert(failed_at=NOW - 10), {}, (InsertOutcome.WAITING, None)),
        (insert(failed_at=OLD + 1), {}, (InsertOutcome.MISSED, GapCause.FUNCTION_ERROR)),
        (insert(ok_at=OLD + 1, failed_at=OLD + 2), {}, (InsertOutcome.MISSED, GapCause.FUNCTION_ERROR)),
        (insert(bad_at=OLD + 1), {}, (InsertOutcome.MISSED, GapCause.FUNCTION_ERROR)),
        (insert(guarded_at=OLD + 1), {}, (InsertOutcome.MISSED, GapCause.HANDLER_SKIPPED)),
        (insert(), {"passed_over": True, "skipped": True}, (InsertOutcome.MISSED, GapCause.HANDLER_SKIPPED)),
        (insert(), {"passed_over": True}, (InsertOutcome.MISSED, GapCause.UNKNOWN)),
        (insert(), {}, (InsertOutcome.MISSED, GapCause.UNKNOWN)),
    ],
)
def test_an_insert(
    one: Insert, around: dict[str, Any], expected: tuple[InsertOutcome, GapCause | None]
) -> None:
    judged = outcome(one, **around)
    assert (judged.outcome, judged.cause) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"mappings": ()}, (InsertOutcome.MISSED, GapCause.NO_MAPPING)),
        ({"mappings": (), "replaced": True}, (InsertOutcome.MISSED, GapCause.STREAM_REPLACED)),
        (
            {"mappings": (replace(ENABLED, state="Disabled"),)},
            (InsertOutcome.MISSED, GapCause.MAPPING_DISABLED),
        ),
        ({"mappings": (replace(ENABLED, state="Updating"),)}, (InsertOutcome.WAITING, None)),
        ({"mappings": (replace(ENABLED, modified=NOW - 10),)}, (InsertOutcome.WAITING, None)),
        ({"blocked": "its reserved concurrency is 0"}, (InsertOutcome.WAITING, None)),
        ({"age": 3_500.0}, (InsertOutcome.WAITING, None)),
        ({"age": 1.0}, (InsertOutcome.MISSED, GapCause.UNKNOWN)),
        ({"last_throttle": NOW - 5}, (InsertOutcome.WAITING, None)),
        ({"last_failure": NOW - 5}, (InsertOutcome.WAITING, None)),
        ({"last_failure": OLD}, (InsertOutcome.MISSED, GapCause.UNKNOWN)),
        ({"filter_unread": "it is encrypted"}, (InsertOutcome.UNJUDGED, None)),
        ({"blind": (Stretch(since=0, until=OLD, why="no log"),)}, (InsertOutcome.UNJUDGED, None)),
        (
            {"blind": (Stretch(since=OLD + 2, until=NOW, why="no log"),)},
            (InsertOutcome.MISSED, GapCause.UNKNOWN),
        ),
        ({"older_settings": OLD + 10}, (InsertOutcome.UNJUDGED, None)),
        ({"older_settings": OLD - 10}, (InsertOutcome.MISSED, GapCause.UNKNOWN)),
        ({"throttled": (int(OLD // 60 * 60),)}, (InsertOutcome.MISSED, GapCause.THROTTLED)),
        ({"dropped": 3.0}, (InsertOutcome.MISSED, GapCause.DISCARDED)),
        (
            {"changes": (MappingChange(at=OLD + 60, text=""),)},
            (InsertOutcome.MISSED, GapCause.MAPPING_CHANGED),
        ),
        (
            {
                "mappings": (replace(ENABLED, starting_position="LATEST"),),
                "changes": (MappingChange(at=OLD + 60, text=""),),
            },
            (InsertOutcome.MISSED, GapCause.LATEST),
        ),
    ],
)
def test_an_insert_that_the_log_does_not_show(
    changes: dict[str, Any], expected: tuple[InsertOutcome, GapCause | None]
) -> None:
    judged = outcome(insert(), replace(SCENE, **changes))
    assert (judged.outcome, judged.cause) == expected


def test_a_later_record_shows_nothing_where_batches_of_a_shard_run_side_by_side() -> None:
    aside = replace(SCENE, mappings=(replace(ENABLED, parallelization=10),), age=3_500.0)
    assert outcome(insert(), aside, passed_over=True).outcome is InsertOutcome.WAITING
    assert outcome(insert(), replace(SCENE, age=3_500.0), passed_over=True).outcome is InsertOutcome.MISSED


def test_what_was_delivered_was_not_excluded_by_an_older_filter() -> None:
    changed = replace(SCENE, older_settings=OLD + 10)
    assert outcome(insert(failed_at=OLD + 1), changed).outcome is InsertOutcome.MISSED
    assert outcome(insert(), changed, skipped=True, passed_over=True).outcome is InsertOutcome.MISSED


def test_of_two_mappings_the_other_one_may_still_deliver_it() -> None:
    two = replace(SCENE, mappings=(ENABLED, replace(ENABLED, uuid="v")), age=3_500.0)
    assert outcome(insert(), two, passed_over=True).outcome is InsertOutcome.WAITING


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
    assert unseen is not InsertOutcome.MISSED
    assert (unseen is InsertOutcome.PROCESSED) == (seen is InsertOutcome.PROCESSED)
