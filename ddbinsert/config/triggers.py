"""A file with several triggers: ``triggers:`` has settings by name, which override those of ``defaults:``."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from ddbinsert.config import keys, layers
from ddbinsert.config.check import is_written_null
from ddbinsert.config.names import DEFAULTS, TRIGGERS
from ddbinsert.config.nodes import Entries, Reading, Scalar, below
from ddbinsert.config.problems import Findings, Place

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddbinsert.config.layers import Layer
    from ddbinsert.config.nodes import KeyedNode, Node

#: Pattern of a trigger's name, which is used as a word of command lines.
NAME: Final = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}"
NAME_MEANING: Final = "1 to 64 of the characters a-z A-Z 0-9 _ . -, not beginning with . or -"


class Declared(NamedTuple):
    """One trigger of a file.

    Attributes:
        name: Its name; None in a file that describes one trigger.
        place: The place where it is written.
        layers: Its checked settings, the lowest layer first.
    """

    name: str | None
    place: Place
    layers: tuple[Layer, ...]

    @property
    def path(self) -> str:
        """The dotted path of its section; empty in a file that describes one trigger."""
        return "" if self.name is None else below(TRIGGERS, self.name)


def declared_triggers(root: Entries, findings: Findings) -> tuple[Declared, ...]:
    """The triggers of a file; one without a name if the file does not have ``triggers``.

    Args:
        findings: Problems are added to it, with the trigger's path.
    """
    named = {entry.key: entry for entry in root.entries}
    if TRIGGERS not in named:
        if DEFAULTS in named:
            message = f"{DEFAULTS} requires {TRIGGERS}, which is missing."
            findings.add(DEFAULTS, named[DEFAULTS].place, message)
            root = Entries(root.place, tuple(entry for entry in root.entries if entry.key != DEFAULTS))
        layer = layers.from_file(root, findings)
        layers.refuse_rivals(layer, findings)
        return (Declared(None, root.place, (layer,)),)
    _refuse_settings(root, findings)
    shared = _connection(root, findings)
    defaults = _defaults(named.get(DEFAULTS), findings)
    return tuple(
        _declared(entry, shared, defaults, findings) for entry in _entries(named[TRIGGERS], findings)
    )


def prefixed(findings: Findings, path: str, into: Findings) -> None:
    """Add findings to other findings, with a prefix for their paths."""
    for found, all_of_them in ((findings.problems, into.problems), (findings.warnings, into.warnings)):
        for problem in found:
            whole = f"{path}.{problem.path}" if path and problem.path else path or problem.path
            moved = replace(problem, path=whole)
            if moved not in all_of_them:
                all_of_them.append(moved)


def _refuse_settings(root: Entries, findings: Findings) -> None:
    for entry in root.entries:
        if entry.key in keys.trigger().members:
            message = f"{TRIGGERS} and {entry.key} cannot be combined; put settings that all triggers share under {DEFAULTS}."
            findings.add(entry.key, entry.place, message)
        elif entry.key not in (TRIGGERS, DEFAULTS, "connection") and not entry.key.startswith(
            layers.EXTENSION
        ):
            findings.add(
                entry.key,
                entry.place,
                "Unknown key.",
                allowed=f"{TRIGGERS}, {DEFAULTS}, connection",
                nearest=layers.nearest_key(keys.trigger(), entry.key),
            )


def _connection(root: Entries, findings: Findings) -> Layer:
    kept = tuple(entry for entry in root.entries if entry.key == "connection")
    layer = layers.from_file(Entries(root.place, kept), findings)
    layers.refuse_rivals(layer, findings)
    return layer


def _defaults(entry: KeyedNode | None, findings: Findings) -> Layer:
    if entry is None:
        return {}
    own = Findings()
    layer = layers.of_section(keys.trigger(), entry.node, own)
    layers.refuse_rivals(layer, own)
    prefixed(own, DEFAULTS, findings)
    return layer


def _entries(entry: KeyedNode, findings: Findings) -> tuple[KeyedNode, ...]:
    """The triggers' entries; empty, with a finding, if it is not a mapping."""
    if not isinstance(entry.node, Entries) or not entry.node.entries:
        message = "A mapping of names to the settings of each trigger is expected."
        findings.add(TRIGGERS, entry.place, message, allowed="orders: {table: orders}, for example")
        return ()
    return entry.node.entries


def _declared(entry: KeyedNode, shared: Layer, defaults: Layer, findings: Findings) -> Declared:
    own = Findings()
    if not re.fullmatch(NAME, entry.key):
        message = f"{entry.key!r:.80} is not a valid name of a trigger."
        findings.add(TRIGGERS, entry.place, message, allowed=NAME_MEANING)
    if _is_null(entry.node) and "table" not in defaults:
        own.add("", entry.place, "The trigger is empty.", allowed="at least its table")
    layer = layers.of_section(keys.trigger(), entry.node, own)
    layers.refuse_rivals(layer, own)
    if "table" not in layer and "table" not in defaults and not _is_null(entry.node):
        own.add("table", entry.place, "The trigger has no table.", allowed="the name of its table")
    declared = Declared(entry.key, entry.place, (shared, _shared_with(layer, defaults), layer))
    prefixed(own, declared.path, findings)
    return declared


def _shared_with(own: Layer, defaults: Layer) -> Layer:
    """The defaults that apply to a trigger: null in the trigger clears a default, whatever its value is."""
    return {path: given for path, given in defaults.items() if path not in own or not _clears(own, path)}


def _clears(layer: Layer, path: str) -> bool:
    return is_written_null(layer[path].node)


def _is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.reading is Reading.NULL


def of_table(matching: Mapping[str, Layer], table: str) -> Layer:
    """The common settings of the triggers of one table, for commands that need only the table."""
    every = list(matching.values())
    first, *others = every
    common = {
        path: given
        for path, given in first.items()
        if all(path in other and other[path].value == given.value for other in others)
    }
    views = {path: layer[path] for layer in every for path in ("view_type",) if path in layer}
    return {
        **common,
        **views,
        "table": next(layer["table"] for layer in every if layer["table"].value == table),
    }
