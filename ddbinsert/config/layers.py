"""The layers of a configuration: file, variables, flags. Each is checked as a whole, then laid over the one before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from ddbinsert.config import keys
from ddbinsert.config.check import INVALID, check, is_written_null, nearest
from ddbinsert.config.keys import Key, Section
from ddbinsert.config.names import DEFAULTS, OTHER_VARIABLES, PREFIX, TRIGGERS, flag_of
from ddbinsert.config.nodes import (
    Entries,
    KeyedNode,
    Node,
    Reading,
    Scalar,
    below,
    from_python,
    plain_scalar,
    text_scalar,
)
from ddbinsert.config.problems import Findings, Place, format_value
from ddbinsert.config.value_types import Kind, ListOf, MapOf, takes_text

#: Top-level keys that hold anchors for the rest of the file, as in Docker Compose.
EXTENSION: Final = "x-"

#: Keys which, if a higher layer gives them, replace these other keys of lower layers.
DISPLACES: Final[Mapping[str, tuple[str, ...]]] = {
    "function.template": ("function.code", "function.handler"),
    "function.code": ("function.template",),
    "connection.local": ("connection.endpoint_url",),
    "connection.endpoint_url": ("connection.local",),
}

#: AWS's names of keys outside the mapping section, in lower case; the mapping's settings have their own.
_AWS_NAMES: Final[Mapping[str, str]] = {
    "tablename": "table",
    "streamviewtype": "view_type",
    "functionname": "function.name",
    "memorysize": "function.memory",
    "retentionindays": "function.log_retention_days",
}
_TUMBLING = (
    "Tumbling windows are not supported: AWS does not allow them with filters, which insert-only needs."
)


class LayerValue(NamedTuple):
    """A value that one layer gives for one key; `INVALID` if it is not valid."""

    value: object
    node: Node

    @property
    def place(self) -> Place:
        return self.node.place


Layer = Mapping[str, LayerValue]


def from_file(root: Entries, findings: Findings) -> Layer:
    """The settings in a document that describes one trigger."""
    entries = [entry for entry in root.entries if not entry.key.startswith(EXTENSION)]
    return of_section(keys.document(), Entries(root.place, tuple(entries)), findings)


def of_section(section: Section, node: Node, findings: Findings) -> Layer:
    """The settings in one section, by their dotted paths."""
    layer: dict[str, LayerValue] = {}
    _read_section(section, node, layer, findings)
    return layer


def from_variables(variables: Mapping[str, str], findings: Findings) -> Layer:
    """The settings in DDBINSERT_* variables; an empty variable counts as not given."""
    layer: dict[str, LayerValue] = {}
    known = keys.by_variable()
    for name in sorted(variables):
        if not name.startswith(PREFIX) or name in OTHER_VARIABLES or not variables[name]:
            continue
        if name not in known:
            message = f"Unknown variable {format_value(name)}."
            close = nearest(name.removeprefix(PREFIX), [n.removeprefix(PREFIX) for n in known])
            place = Place(name if name.isprintable() else repr(name))
            findings.add("", place, message, nearest=close and PREFIX + close)
            continue
        key = known[name]
        node = _variable_node(key, variables[name], Place(name), findings)
        if node is not None:
            layer[key.path] = LayerValue(check(key.kind, node, key.path, findings), node)
    return layer


def from_flags(flags: Mapping[str, object], names: Mapping[str, str], findings: Findings) -> Layer:
    """The settings from flags; None counts as not given.

    Raises:
        LookupError: A flag does not belong to any key, which is an error of the caller, not of the user.
    """
    layer: dict[str, LayerValue] = {}
    for path, value in flags.items():
        if path not in keys.by_path():
            raise LookupError(f"Unknown key {path!r}.")
        if value is None:
            continue
        key = keys.by_path()[path]
        node = from_python(value, Place(names.get(path, flag_of(path))))
        layer[path] = LayerValue(check(key.kind, node, path, findings), node)
    return layer


def lay_over(lower: Layer, upper: Layer) -> Layer:
    """Combine two layers: `upper` overrides `lower`. Mappings are merged by key, lists and values replaced."""
    displaced = {
        other for path, others in DISPLACES.items() if _is_chosen(upper, path) for other in others
    } - set(upper)
    merged = {path: given for path, given in lower.items() if path not in displaced}
    for path, given in upper.items():
        under = merged.get(path)
        if under and isinstance(under.value, dict) and isinstance(given.value, dict):
            merged[path] = LayerValue({**under.value, **given.value}, given.node)
        else:
            merged[path] = given
    return merged


def refuse_rivals(layer: Layer, findings: Findings) -> None:
    """Report keys of one layer that exclude each other."""
    for path, rival in (
        ("function.code", "function.template"),
        ("connection.local", "connection.endpoint_url"),
    ):
        if _is_chosen(layer, path) and _is_chosen(layer, rival):
            findings.add(
                path, layer[path].place, f"{path} and {rival} cannot be combined; remove one of them."
            )


def _is_chosen(layer: Layer, path: str) -> bool:
    return path in layer and layer[path].value is not INVALID and bool(layer[path].value)


def _variable_node(key: Key, text: str, place: Place, findings: Findings) -> Node | None:
    if takes_text(key.kind):
        return text_scalar(text, place)
    if not _is_collection(key.kind):
        return plain_scalar(text.strip(), place)
    from ddbinsert.config import yaml_file

    return yaml_file.parse(text, key.path, place.source, findings)


def _is_collection(kind: Kind) -> bool:
    return isinstance(kind, ListOf | MapOf)


def _read_section(section: Section, node: Node, layer: dict[str, LayerValue], findings: Findings) -> None:
    if isinstance(node, Scalar) and node.reading is Reading.NULL:
        layer |= _cleared_section(section, node)
        return
    if not isinstance(node, Entries):
        findings.add(
            section.path,
            node.place,
            "The section must be a mapping of keys.",
            allowed=", ".join(section.members),
        )
        return
    for entry in node.entries:
        member = section.members.get(entry.key)
        if member is None:
            _refuse_unknown(section, entry, findings)
        elif isinstance(member, Section):
            _read_section(member, entry.node, layer, findings)
        elif _is_cleared(member, entry.node):
            layer[member.path] = LayerValue(member.default, entry.node)
        elif not _is_absent(member, entry.node):
            value = check(member.kind, entry.node, member.path, findings)
            layer[member.path] = LayerValue(value, entry.node)


def _cleared_section(section: Section, node: Scalar) -> dict[str, LayerValue]:
    """The settings of a section that is null as a whole, if that clears them."""
    from ddbinsert.config.clearing import SECTIONS

    if section.path not in SECTIONS or not is_written_null(node):
        return {}
    return {key.path: LayerValue(key.default, node) for key in section.leaves()}


def _is_absent(key: Key, node: Node) -> bool:
    return key.path == "table" and isinstance(node, Scalar) and node.reading is Reading.NULL


def _is_cleared(key: Key, node: Node) -> bool:
    """Whether the node is a null that clears the setting, because it is not a valid value of the key."""
    from ddbinsert.config.clearing import CLEARABLE
    from ddbinsert.config.json_schema import takes_null

    return (
        is_written_null(node)
        and key.path in CLEARABLE
        and not _is_collection(key.kind)
        and not takes_null(key.kind)
    )


def _refuse_unknown(section: Section, entry: KeyedNode, findings: Findings) -> None:
    path = below(section.path, entry.key)
    if entry.key.replace("_", "").casefold().startswith("tumblingwindow"):
        findings.add(path, entry.place, _TUMBLING)
        return
    findings.add(
        path,
        entry.place,
        "Unknown key.",
        allowed=", ".join(section.members),
        nearest=nearest_key(section, entry.key),
    )


def nearest_key(section: Section, word: str) -> str | None:
    """The known key that is most similar, if one is similar enough."""
    aws = _of_aws(word.replace("_", "").casefold())
    is_document = "connection" in section.members
    here = nearest(word, [*section.members, *((TRIGGERS, DEFAULTS) if is_document else ())])
    if here or aws:
        return aws or here
    leaves: dict[str, str] = {path.rpartition(".")[2]: path for path in keys.by_path()}
    elsewhere = nearest(word, list(leaves))
    return elsewhere and leaves[elsewhere]


def _of_aws(word: str) -> str | None:
    """The key that has this name in AWS."""
    from ddbinsert.core.trigger.settings import MAPPING_SETTINGS

    settings = {each.aws.casefold(): each for each in MAPPING_SETTINGS}
    if word in settings and settings[word].name.replace("_", "") != word:
        return settings[word].key
    return _AWS_NAMES.get(word)
