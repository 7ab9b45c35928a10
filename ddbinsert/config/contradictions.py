"""Triggers of one file whose settings contradict each other: each would undo the settings of the other."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from ddbinsert.config.names import TRIGGERS
from ddbinsert.config.nodes import below
from ddbinsert.config.problems import format_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ddbinsert.config.layers import Layer, LayerValue
    from ddbinsert.config.problems import Findings, Place
    from ddbinsert.core.model.wanted import Trigger

_VIEW = "view_type"
_CODE = ("function.code", "function.template")
_RETENTION = "function.log_retention_days"


def one_view_each(given: Mapping[str, Layer]) -> dict[str, Layer]:
    """The triggers without a view type, with that of another trigger of their table, which has one stream."""
    views: dict[object, LayerValue] = {}
    for layer in given.values():
        if _VIEW in layer:
            views.setdefault(layer["table"].value, layer[_VIEW])
    return {
        name: {**layer, _VIEW: views[layer["table"].value]}
        for name, layer in given.items()
        if _VIEW not in layer and layer["table"].value in views
    }


def contradictions(
    wanted: Mapping[str, Trigger],
    given: Mapping[str, Layer],
    places: Mapping[str, Place],
    findings: Findings,
) -> None:
    """Find the triggers that cannot be combined.

    Args:
        wanted: The triggers by name.
        given: The settings that are given for each.
        places: The place where each is written.
    """
    for name, trigger in wanted.items():
        other = next((one for one, its in wanted.items() if its.table == name and one != name), None)
        if other is not None and trigger.table != name:
            message = f"{name} is also the name of the table of trigger {other}."
            findings.add(below(TRIGGERS, name), places[name], f"{message} Give the trigger another name.")
    for first, second in combinations(wanted, 2):
        pair = wanted[first], wanted[second]
        path = below(TRIGGERS, second)
        for key, message in _of_pair(first, pair, (given[first], given[second])):
            place = given[second][key].place if key in given[second] else places[second]
            findings.add(f"{path}.{key}" if key else path, place, message)


def _of_pair(
    first: str, pair: tuple[Trigger, Trigger], given: tuple[Layer, Layer]
) -> Iterator[tuple[str, str]]:
    """The keys of the second trigger that contradict the first, with messages."""
    one, two = pair
    if one.table == two.table:
        yield from _differing(_VIEW, given, f"trigger {first} has the same table, and gives")
    if one.log_group == two.log_group:
        yield from _differing(_RETENTION, given, f"trigger {first} has the same log group, and gives")
    if one.function_name != two.function_name:
        return
    if one.table == two.table:
        yield (
            "function.name",
            f"Trigger {first} has the same table and function {two.function_name}, too. Change one function.name.",
        )
        return
    said = f"trigger {first} has the same function, {two.function_name}, and gives"
    if one.gives_code and two.gives_code and _code(one) != _code(two):
        key = next((key for key in _CODE if key in given[1]), "function.runtime")
        yield key, f"Other code is given: {said} {_code(one)}."
    for key in sorted(given[0].keys() & given[1].keys()):
        if (key.startswith(("function.", "role.")) and key not in (*_CODE, _RETENTION)) or key == "tags":
            yield from _differing(key, given, said)


def _code(trigger: Trigger) -> str:
    return trigger.function.code or f"template {trigger.function.template.value}"


def _differing(key: str, given: tuple[Layer, Layer], said: str) -> Iterator[tuple[str, str]]:
    if any(key not in layer for layer in given):
        return
    one, two = given[0][key].value, given[1][key].value
    if isinstance(one, dict) and isinstance(two, dict):
        names = sorted(name for name in one.keys() & two.keys() if one[name] != two[name])
        if names:
            yield key, f"{', '.join(names)}: {said} another value."
    elif one != two:
        yield key, f"Another value is given: {said} {format_value(one)}."
