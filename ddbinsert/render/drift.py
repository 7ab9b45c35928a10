"""Drift, as text and as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ddbinsert.render import steps as words
from ddbinsert.render.machine import iso_utc

if TYPE_CHECKING:
    from ddbinsert.advice import Advice
    from ddbinsert.core.trigger.drift import DriftSeen, LastChange
    from ddbinsert.render.terminal.screen import Screen

_NOTHING = "No drift: all configured settings match."


def data(seen: DriftSeen) -> dict[str, Any]:
    """The result for the envelope."""
    world, trigger = seen.world, seen.trigger
    return {
        "table": trigger.table,
        "function": trigger.function_name,
        "account": world.account,
        "region": world.region,
        "drift": [
            {
                "part": one.part.value,
                "name": one.name,
                "field": one.field,
                "have": one.have,
                "want": one.want,
                **_changed(seen.changes.get(one.part)),
            }
            for one in seen.found
        ],
        "steps": [{"step": type(step).__name__, "text": words.future(step)} for step in seen.steps],
        "left_as_is": [{"setting": c.field, "value": c.have, "default": c.want} for c in seen.kept],
        "cloudtrail": {"asked": bool(seen.found) and not seen.unasked, "why_not": seen.unasked or None},
    }


def _changed(change: LastChange | None) -> dict[str, Any]:
    return {
        "changed_at": None if change is None or change.at is None else iso_utc(change.at),
        "changed_by": None if change is None else change.who,
        "changed_with": None if change is None else change.what,
    }


def human(screen: Screen, seen: DriftSeen, advice: Advice) -> None:
    """Each drifted part with its fields, old → new as `up` would change them.

    Args:
        advice: The command that removes the drift.
    """
    if not seen.found:
        screen.line(_NOTHING)
        return
    for part in dict.fromkeys((one.part, one.name) for one in seen.found):
        change = seen.changes.get(part[0])
        screen.line(f"{part[0].value} {part[1]}{_last_change_text(change)}", "bold")
        for one in seen.found:
            if (one.part, one.name) == part:
                screen.line(f"  ~ {one.field} {one.have} → {one.want}", "yellow")
    if seen.unasked:
        screen.sentence(f"The author of the change is unknown: {seen.unasked.rstrip('.')}.", "dim")
    screen.line(f"{advice.text}: {advice.line}", "bold")


def _last_change_text(change: LastChange | None) -> str:
    if change is None or change.at is None:
        return ""
    by = f" by {change.who} ({change.what})" if change.who else ""
    return f", last changed {iso_utc(change.at)}{by}"
