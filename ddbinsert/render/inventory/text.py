"""The inventory as text, as JSON lines and as CSV."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any, Final

from ddbinsert.core.inventory.differences import EntryChange
from ddbinsert.core.inventory.model import ConsumerKind, InsertOnly, InventorySeverity
from ddbinsert.render import machine
from ddbinsert.render.keys import key_words
from ddbinsert.render.terminal.screen import clean, one_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ddbinsert.core.inventory.differences import Difference
    from ddbinsert.core.inventory.model import InventoryEntry, Unread
    from ddbinsert.render.terminal.screen import Screen

_STYLES: Final = {
    InventorySeverity.ERROR: "red",
    InventorySeverity.WARNING: "yellow",
    InventorySeverity.NOTE: "dim",
}
_MARKS: Final = {InventorySeverity.ERROR: "✗", InventorySeverity.WARNING: "!", InventorySeverity.NOTE: "·"}
_SIGNS: Final = {EntryChange.NEW: "+", EntryChange.GONE: "-", EntryChange.CHANGED: "~"}
_WORDS: Final = {
    InsertOnly.YES: "insert-only",
    InsertOnly.NO: "NOT insert-only",
    InsertOnly.UNKNOWN: "not known whether insert-only",
}
#: The columns of CSV.
COLUMNS: Final = (
    "profile", "account", "region", "table", "view", "kind", "consumer", "insert_only", "filter", "state",
    "owner", "changed", "severity", "findings", "example", "stream_arn", "id",
)  # fmt: skip
#: Spreadsheets interpret a cell that begins with one of these as a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def data(entry: InventoryEntry) -> dict[str, Any]:
    """An entry as one JSON object."""
    return {"type": "consumer", **machine.jsonable(entry), "severity": entry.worst}


def unread_data(unread: Unread) -> dict[str, Any]:
    """What could not be read, as one JSON object."""
    return {"type": "unread", **machine.jsonable(unread)}


def difference_data(difference: Difference) -> dict[str, Any]:
    """A difference as one JSON object."""
    fields = {name: {"old": old, "new": new} for name, (old, new) in difference.fields.items()}
    return {"type": "difference", "change": difference.change, "fields": fields, "entry": difference.entry}


def human(screen: Screen, entry: Mapping[str, Any]) -> None:
    """``orders → audit (Enabled): insert-only; INSERT records pass``, and each finding on its own line."""
    screen.sentence(_title(entry), "bold")
    if entry["kind"] != ConsumerKind.NOTHING and entry["table"]:
        screen.sentence(
            f"    {_WORDS[InsertOnly(entry['insert_only'])]}: {_flat(entry['filter'] or 'no filter')}"
        )
    about = [
        _flat(f"{name} {entry[key]}")
        for name, key in (("view", "view"), ("owner:", "owner"), ("changed", "changed"), ("id", "id"))
        if entry.get(key)
    ]
    screen.sentence(f"    {', '.join(about)}", "dim")
    if entry.get("example"):
        screen.sentence(f"    for example {example_words(entry['example'])}")
    for one in entry["findings"]:
        severity = InventorySeverity(one["severity"])
        screen.sentence(f"    {_MARKS[severity]} {_flat(one['text'])} [{one['code']}]", _STYLES[severity])


def difference(screen: Screen, found: Difference) -> None:
    """One entry that was added, removed or changed."""
    screen.sentence(f"{_SIGNS[found.change]} {_title(found.entry)}", "bold")
    for name, (old, new) in found.fields.items():
        screen.sentence(f"    {name}: {_flat(json.dumps(old))} → {_flat(json.dumps(new))}")


def unread(screen: Screen, one: Unread) -> None:
    """What could not be read."""
    place = f"profile {one.profile}, {one.region}" if one.profile else one.region
    screen.sentence(f"not read: {_flat(one.what)} in {place}: {_flat(one.reason)}", "yellow")


def summary(entries: Sequence[Mapping[str, Any]]) -> str:
    """The number of entries by severity."""
    worst = [one.get("severity") for one in entries]
    counted = [
        f"{worst.count(severity)} with {severity}s" for severity in InventorySeverity if worst.count(severity)
    ]
    plural = "y" if len(entries) == 1 else "ies"
    return f"{len(entries):,} entr{plural}{': ' + ', '.join(counted) if counted else ''}"


def csv_line(cells: Sequence[object]) -> str:
    """A line of CSV; no cell is interpreted as a formula or by a terminal."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow([_cell(one) for one in cells])
    return out.getvalue()


def row(entry: Mapping[str, Any]) -> list[str]:
    """The cells of an entry, in the order of ``COLUMNS``."""
    special = {
        "findings": "; ".join(f"{one['code']}: {one['text']}" for one in entry["findings"]),
        "example": example_words(entry["example"]) if entry.get("example") else "",
    }
    return [str(special.get(name, entry.get(name)) or "") for name in COLUMNS]


def example_words(record: Mapping[str, Any]) -> str:
    """An example record on one line."""
    change = record.get("dynamodb") or {}
    images = {name: change[name] for name in ("NewImage", "OldImage") if name in change}
    more = f" {json.dumps(images)}" if images else ""
    return _flat(f"{record.get('eventName')} {key_words(change.get('Keys'))}{more}")


def _title(entry: Mapping[str, Any]) -> str:
    to = f" → {entry['consumer']}" if entry.get("consumer") else ""
    kind = "" if entry["kind"] in (ConsumerKind.FUNCTION, ConsumerKind.NOTHING) else f"{entry['kind']} "
    where = f"{entry['profile']} " if entry.get("profile") else ""
    return _flat(
        f"{where}{entry['region']} {entry['table'] or '(no table)'}{to} ({kind}{entry['state'] or 'state unknown'})"
    )


def _cell(value: object) -> str:
    text = one_line(clean(str(value)), 2000)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _flat(text: str) -> str:
    return one_line(text, 300)
