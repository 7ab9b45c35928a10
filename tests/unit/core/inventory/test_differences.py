"""Two looks at an account compared."""

from __future__ import annotations

from typing import Any

from ddbinsert.core.inventory.differences import EntryChange, differences


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
        (one.change, one.entry["id"], dict(one.fields)) for one in differences(before, now, complete=complete)
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


def test_an_entry_of_another_account_or_region_is_another_entry() -> None:
    changes = [
        change for change, _, _ in found([entry("a")], [entry("a", account="2"), entry("a", region="s")])
    ]
    assert changes == [EntryChange.NEW, EntryChange.NEW, EntryChange.GONE]
