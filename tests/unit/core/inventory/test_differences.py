"""Two looks at an account compared."""

from __future__ import annotations

from typing import Any

import pytest

from ddbinsert.core.inventory.differences import EntryChange, differences, reading


def entry(name: str, **more: Any) -> dict[str, Any]:
    return {
        "account": "1",
        "region": "r",
        "table": "t",
        "id": name,
        "state": "Enabled",
        "findings": [],
        **more,
    }


def found(before: list[dict[str, Any]], now: list[dict[str, Any]], *, complete: bool = True) -> list[Any]:
    return [
        (one.change, one.entry["id"], dict(one.fields))
        for one in differences(before, now, was_read=lambda _entry: complete)
    ]


def test_the_same_look_twice_has_no_difference() -> None:
    assert found([entry("a"), entry("b")], [entry("b"), entry("a", changed="later")]) == []


def test_new_gone_and_changed_entries_are_told_apart() -> None:
    now = [entry("b", state="Disabled"), entry("c")]
    assert found([entry("a"), entry("b")], now) == [
        (EntryChange.CHANGED, "b", {"state": ("Enabled", "Disabled")}),
        (EntryChange.NEW, "c", {}),
        (EntryChange.GONE, "a", {}),
    ]


def test_an_incomplete_look_takes_nothing_for_gone() -> None:
    assert found([entry("a")], [], complete=False) == []


def test_a_further_finding_is_a_difference_by_itself() -> None:
    now = [entry("a", findings=[{"code": "mapping-problem"}])]
    assert found([entry("a")], now) == [(EntryChange.CHANGED, "a", {"findings": ([], ["mapping-problem"])})]


def test_a_finding_is_told_beside_another_change() -> None:
    now = [entry("a", state="Disabled", findings=[{"code": "mapping-disabled"}])]
    assert found([entry("a")], now) == [
        (
            EntryChange.CHANGED,
            "a",
            {"state": ("Enabled", "Disabled"), "findings": ([], ["mapping-disabled"])},
        )
    ]


def test_what_could_not_be_read_is_no_change() -> None:
    """Of a table that may not be described, neither view type nor findings are known."""
    old = entry("a", view="NEW_IMAGE", owner="terraform", findings=[{"code": "stream-replaced"}])
    now = entry("a", view=None, owner="unknown", state="Disabled")
    (only,) = differences([old], [now], was_read=lambda _entry: False, in_part={"r"})
    assert dict(only.fields) == {"state": ("Enabled", "Disabled")}


def test_an_entry_of_another_account_or_region_is_another_entry() -> None:
    changes = [
        change for change, _, _ in found([entry("a")], [entry("a", account="2"), entry("a", region="s")])
    ]
    assert changes == [EntryChange.NEW, EntryChange.NEW, EntryChange.GONE]


@pytest.mark.parametrize(
    ("places", "unread", "now", "expected"),
    [
        ([("p", "r")], [], [], True),
        ([("p", "r")], ["r"], [], False),
        ([("p", "r")], ["s"], [], True),
        ([("p", "s")], [], [], False),
        ([("q", "r")], [], [], False),
        ([("q", "r")], [], [entry("b", profile="q")], True),
        ([("p", "r")], [], [entry("b", profile="p", account="2")], False),
    ],
    ids=[
        "it was listed",
        "a part of its region was not read",
        "a part of another region was not read",
        "its region was not listed",
        "its profile was not listed",
        "another profile of its account was listed",
        "its profile is of another account now",
    ],
)
def test_an_earlier_entry_can_be_gone_only_where_everything_was_read(
    places: list[tuple[str, str]], unread: list[str], now: list[dict[str, Any]], *, expected: bool
) -> None:
    assert reading(places, unread, now)(entry("a", profile="p")) is expected
