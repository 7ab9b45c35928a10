"""What changed around a trigger between two looks at it: functions, aliases, and what an alias divides."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ddbinsert.core.arn import qualified_name
from ddbinsert.core.logs.ends import InvocationEnd
from ddbinsert.core.proof.attempts import Attempts
from ddbinsert.core.proof.changes import of_function, of_targets
from ddbinsert.core.proof.target import Target, is_qualified
from tests.unit import worlds
from tests.unit.runs import function

ALIAS = f"{worlds.FUNCTION_ARN}:live"
BEFORE = Target(arn=ALIAS, function=function(version="3"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"code_sha256": "other"}, "code changed"),
        ({"log_format": "JSON"}, "log format changed: Text → JSON"),
        ({"system_log_level": "WARN"}, "system log level"),
        ({"timeout": 1}, "timeout"),
        ({"modified": "later"}, "shows the same settings again"),
    ],
)
def test_a_change_of_the_function_is_said(change: dict[str, Any], said: str) -> None:
    (line,) = of_function(function(), function(**change))
    assert said in line


def test_a_function_that_was_still_being_changed_says_nothing_of_when() -> None:
    pending = function(update_status="InProgress")
    assert not list(of_function(pending, function(modified="later")))


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (Target(arn=ALIAS, function=function(version="4")), "pointed to version 3, and points to 4"),
        (Target(arn=ALIAS, function=None), "points to nothing"),
        (replace(BEFORE, weights=(("4", 0.05),)), "routing to versions none → 4: 5%"),
        (Target(arn=ALIAS, function=function(version="3", timeout=1)), "timeout"),
    ],
)
def test_a_change_of_an_alias_is_said(after: Target, said: str) -> None:
    (line,) = of_targets([BEFORE], [after])
    assert "orders-inserts:live" in line
    assert said in line


def test_an_alias_that_stays_or_whose_mapping_is_gone_is_no_change() -> None:
    assert not list(of_targets([BEFORE], [BEFORE]))
    assert not list(of_targets([BEFORE], []))


def test_names_carry_the_qualifier() -> None:
    assert qualified_name(ALIAS) == "orders-inserts:live"
    assert qualified_name(worlds.FUNCTION_ARN) == "orders-inserts"
    assert is_qualified(ALIAS)
    assert not is_qualified(f"{worlds.FUNCTION_ARN}:$LATEST")
    assert replace(BEFORE, weights=(("4", 0.5), ("5", 0.0))).versions == ("3", "4")


def test_versions_are_seen_by_the_names_of_log_streams() -> None:
    attempts = Attempts()
    for stream, ok in (
        ("2026/11/27/[3]6f1d", True),
        ("2026/11/27/orders-inserts[4]6f1d", False),
        ("2026/11/27/orders-inserts[5]6f1d", True),
        ("no version", True),
    ):
        attempts.add(InvocationEnd(request=stream, stream=stream, at=1.0, ok=ok))
    assert attempts.versions == {"3", "5"}
