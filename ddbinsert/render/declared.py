"""The comparison of a live trigger with its declaration, as text and as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ddbinsert.documents.compare import DeclaredDrift
    from ddbinsert.render.terminal.screen import Screen


def data(seen: DeclaredDrift) -> dict[str, Any]:
    """The result for the envelope; ``mapping`` is null if there is none."""
    compared, live = seen.compared, seen.world.live_mapping
    return {
        "table": seen.trigger.table,
        "function": seen.trigger.function_name,
        "account": seen.world.account,
        "region": seen.world.region,
        "mapping": None if live is None else live.uuid,
        "declared": {
            "resource": seen.declared.mapping.name,
            **_place(seen.declared.place),
        },
        "drift": [
            {"field": one.field, "have": one.have, "want": one.want, **_place(one.place)}
            for one in (compared.different if compared is not None else ())
        ],
        "not_compared": [
            {"field": field, "why": why} for field, why in (compared.not_compared if compared else ())
        ],
        "undeclared": [
            {"setting": field, "value": value} for field, value in (compared.undeclared if compared else ())
        ],
    }


def _place(place: str) -> dict[str, Any]:
    file, _, line = place.rpartition(":")
    return {"file": file, "line": int(line)}


def human(screen: Screen, seen: DeclaredDrift) -> None:
    """Each setting that differs from its declaration, old → new as a deployment would change it."""
    declared, compared, live = seen.declared, seen.compared, seen.world.live_mapping
    name = f"{declared.mapping.name}, declared in {declared.place}"
    if compared is None or live is None:
        screen.line(name, "bold")
        function = seen.trigger.function_name
        screen.line(f"  ~ event source mapping missing → one of {function} on the live stream", "yellow")
        return
    if compared.different:
        screen.line(f"{name}: event source mapping {live.uuid} is different", "bold")
    else:
        screen.line(f"No drift: event source mapping {live.uuid} matches {name}.")
    for one in compared.different:
        where = "" if one.place == declared.place else f"   ({one.place})"
        screen.line(f"  ~ {one.field} {one.have} → {one.want}{where}", "yellow")
    for field, why in compared.not_compared:
        screen.sentence(f"  not compared: {field} ({why})", "dim")
    if compared.undeclared:
        listed = ", ".join(f"{field} {value}" for field, value in compared.undeclared)
        screen.sentence(f"  not declared, and not the default: {listed}", "dim")
