"""How far back the log reaches."""

from __future__ import annotations

from ddbinsert.core.model.seen import LogGroupState
from ddbinsert.core.proof.gaps.reach import log_begins

NOW = 1_795_870_000.0


def test_an_insert_of_the_second_in_which_the_log_group_was_created_is_judged() -> None:
    group = LogGroupState(name="g", arn="", retention_days=14, created=NOW - 99.4)
    assert log_begins(group, NOW) == NOW - 100


def test_lines_older_than_the_retention_are_gone() -> None:
    group = LogGroupState(name="g", arn="", retention_days=1, created=NOW - 5 * 86_400)
    assert log_begins(group, NOW) == NOW - 86_400
