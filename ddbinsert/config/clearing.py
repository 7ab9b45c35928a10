"""Clearing a setting: ``null`` in the file, or ``--unset KEY``.

A setting that is not given stays as it is if the trigger exists, so a setting can only be removed in this way. A
cleared setting has its default: no destination, no layers, no variable of that name, batches of 100.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ddbinsert.config import keys
from ddbinsert.config.check import is_written_null, nearest
from ddbinsert.config.layers import Layer, LayerValue
from ddbinsert.config.nodes import Reading, Scalar
from ddbinsert.config.problems import Place
from ddbinsert.core.trigger.function_settings import FUNCTION_SETTINGS
from ddbinsert.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: Keys whose entries are cleared individually: ``function.environment.NAME``.
ENTRIES: Final = ("function.environment", "role.tags", "tags")
#: Settings of a trigger's parts that can be cleared; other keys are names or belong to the connection.
CLEARABLE: Final = frozenset(
    (
        *("function.alias", "function.layers", "function.memory", "function.timeout", "function.environment"),
        *("function.log_group", "function.log_retention_days", "function.role"),
        *(each.key for each in FUNCTION_SETTINGS if each.read is not None),
        "role.boundary",
        *(
            path
            for path in keys.by_path()
            if path.startswith("mapping.") and path != "mapping.starting_position"
        ),
    )
)
#: Sections that can also be cleared as a whole: ``function.vpc: null``, ``--unset function.vpc``.
SECTIONS: Final = ("function.vpc",)
#: Keys for which None means that the setting is absent.
_ABSENT_WHEN_NONE: Final = ("function.name", "function.code", "function.code_bucket", "function.handler")


def without(layer: Layer, unset: Iterable[str]) -> Layer:
    """The layer with the settings cleared that ``--unset`` names.

    Raises:
        UsageError: A name is not a setting that can be cleared.
    """
    cleared = dict(layer)
    place = Place("--unset")
    for name in (key for given in unset for key in members(given)):
        section, _, entry = _entry(name)
        if entry:
            under = cleared.get(section)
            entries = dict(under.value) if under is not None and isinstance(under.value, dict) else {}
            cleared[section] = LayerValue({**entries, entry: None}, _null(place))
        elif name in CLEARABLE:
            cleared[name] = LayerValue(keys.by_path()[name].default, _null(place))
        else:
            raise _not_clearable(name)
    return cleared


def members(name: str) -> tuple[str, ...]:
    """The settings of a section that is cleared as a whole; otherwise the name itself."""
    if name not in SECTIONS:
        return (name,)
    return tuple(path for path in keys.by_path() if path.startswith(f"{name}."))


def _entry(name: str) -> tuple[str, str, str]:
    for section in ENTRIES:
        if name.startswith(f"{section}."):
            return section, ".", name.removeprefix(f"{section}.")
    return name, "", ""


def _null(place: Place) -> Scalar:
    return Scalar(place, Reading.NULL, "null", None)


def _not_clearable(name: str) -> UsageError:
    known = sorted((*CLEARABLE, *SECTIONS, *(f"{section}.NAME" for section in ENTRIES)))
    close = nearest(name, known)
    return UsageError(
        f"--unset {name}: there is no setting of this name that can be cleared.",
        hint=f"Did you mean {close}?" if close else f"Settings that can be cleared: {', '.join(known)}.",
        code="not-clearable",
    )


def explicit_keys(layer: Layer) -> frozenset[str]:
    """The keys of a trigger that are given, including cleared ones."""
    return frozenset(
        path
        for path, given in layer.items()
        if path != "table"
        and not path.startswith("connection.")
        and not (given.value is None and path in _ABSENT_WHEN_NONE)
    )


def cleared_keys(layers: Iterable[Layer], merged: Layer) -> frozenset[str]:
    """The settings and single entries (``function.environment.NAME``) that are null."""
    found = {
        f"{section}.{name}"
        for section in ENTRIES
        for name, value in _mapping(merged, section).items()
        if value is None
    }
    if any(_is_null(layer.get("function.environment")) for layer in layers):
        found.add("function.environment")
    found.update(
        path
        for path, given in merged.items()
        if path in CLEARABLE and path not in ENTRIES and is_written_null(given.node)
    )
    return frozenset(found)


def _mapping(layer: Layer, path: str) -> Mapping[str, object]:
    given = layer.get(path)
    return given.value if given is not None and isinstance(given.value, dict) else {}


def _is_null(given: LayerValue | None) -> bool:
    return given is not None and is_written_null(given.node) and not given.value
