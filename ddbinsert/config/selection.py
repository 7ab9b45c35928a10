"""Selecting triggers of a file, and building validated values from their layers."""

from __future__ import annotations

import re
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from ddbinsert.config import clearing, keys, layers, rules, triggers, yaml_file
from ddbinsert.config.check import nearest
from ddbinsert.config.connection import ConnectionSpec
from ddbinsert.config.contradictions import contradictions, one_view_each
from ddbinsert.config.keys import RENAMED
from ddbinsert.config.layers import LayerValue
from ddbinsert.config.loading import Configuration, Configurations, Request
from ddbinsert.config.problems import Findings, Place
from ddbinsert.config.triggers import Declared
from ddbinsert.core.model.bounds import REMOTE_CODE
from ddbinsert.core.model.wanted import FunctionSpec, MappingSpec, RoleSpec, Trigger
from ddbinsert.core.trigger.function_settings import with_values
from ddbinsert.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ddbinsert.config.layers import Layer

_TABLE, _FUNCTION = "table", "function.name"


class Sources(NamedTuple):
    """The triggers to choose from, and the layers that are laid over them.

    Attributes:
        declared: The triggers of the file; one without a name if the file describes a single one, or does not exist.
        above: The layers above those of the file (variables, flags), without the table.
        word: The table that a flag or a variable names, with its checked layer.
    """

    request: Request
    declared: tuple[Declared, ...]
    above: tuple[Layer, ...]
    word: tuple[str, Layer] | None
    findings: Findings

    @classmethod
    def read(cls, request: Request, findings: Findings) -> Sources:
        """Read and check every layer separately; problems are added to the findings."""
        declared = _declared(request.file, request.cwd, findings)
        from_variables = layers.from_variables(request.variables, findings)
        word: tuple[str, Layer] | None = None
        if _TABLE in from_variables:
            name = keys.by_path()[_TABLE].variable
            word = request.variables[name], {_TABLE: from_variables[_TABLE]}
        flags = {path: value for path, value in request.flags.items() if path != _TABLE}
        from_flags = layers.from_flags(flags, request.flag_names, findings)
        if request.flags.get(_TABLE) is not None:
            word = str(request.flags[_TABLE]), {}
        above: list[Layer] = []
        for layer in (from_variables, from_flags):
            layers.refuse_rivals(layer, findings)
            kept = {path: given for path, given in layer.items() if path != _TABLE}
            above.append(_with_absolute_code(kept, request.cwd))
        return cls(request, declared, tuple(above), word, findings)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the triggers of a file with several."""
        return tuple(one.name for one in self.declared if one.name is not None)

    def table(self, word: str) -> Layer:
        """A word as the checked layer of a table."""
        return layers.from_flags({_TABLE: word}, self.request.flag_names, self.findings)


def check_flags(flags: Mapping[str, object], flag_names: Mapping[str, str]) -> None:
    """Check the values of flags by themselves, without file and variables.

    Raises:
        InvalidConfigurationError: A value is not valid.
    """
    findings = Findings()
    layers.from_flags(flags, flag_names, findings)
    findings.raise_if_any()


def of_text(text: str, name: str, cwd: Path) -> Configurations:
    """The configuration of each trigger of a file with this text, without variables and flags.

    Args:
        name: The file's name in messages.
        cwd: The folder that the file will be in.

    Raises:
        InvalidConfigurationError: A setting is not valid.
    """
    findings = Findings()
    root = yaml_file.read_text(text, name, findings)
    declared = () if root is None else triggers.declared_triggers(root, findings)
    findings.raise_if_any()
    request = Request(None, cwd, {}, {}, {}, ())
    return select_triggers(Sources(request, declared, (), None, findings), ())


def select_only_trigger(sources: Sources) -> Configuration:
    """The configuration of a command's only trigger; see `Configuration.rivals`."""
    word = sources.word
    found = select_triggers(sources, ())
    if len(found.chosen) == 1:
        return found.chosen[0]
    if word is None:
        first = found.chosen[0]
        return replace(first, trigger=None, name=None, rivals=found.names, sources={}, values={})
    names = tuple(one.name for one in found.chosen if one.name is not None)
    every = {name: one for name, one in _every(sources).items() if name in names}
    common = triggers.of_table(every, word[0])
    whole = _configuration(sources, None, common, common)
    return replace(whole, rivals=names, warnings=found.chosen[0].warnings)


def select_triggers(sources: Sources, words: Sequence[str]) -> Configurations:
    """The configuration of each selected trigger."""
    if not sources.names:
        return _of_one(sources, words)
    every = _every(sources)
    words = tuple(words) or (() if sources.word is None else (sources.word[0],))
    chosen = _matching(words, {name: str(layer[_TABLE].value) for name, layer in every.items()})
    unknown = tuple(word for word in dict.fromkeys(words) if not chosen.get(word))
    names = _with_function(
        sources, every, tuple(dict.fromkeys(name for found in chosen.values() for name in found)), unknown
    )
    final = {**every, **{name: _laid_over(sources, name) for name in names}}
    final |= one_view_each(final)
    _refuse_contradictions(sources, final)
    found = [_configuration(sources, name, final[name], *_own(sources, name)) for name in names]
    shared = sources.declared[0].layers[:2]
    for word in unknown:
        # The settings that all triggers share, except the name of the function.
        base = [{path: given for path, given in layer.items() if path != _FUNCTION} for layer in shared]
        layer = _over(base, (*sources.above, sources.table(word)))
        found.append(_configuration(sources, None, layer, *base))
    sources.findings.raise_if_any()
    return Configurations(chosen=_with_warnings(sources, found), names=sources.names, unknown=unknown)


def _of_one(sources: Sources, words: Sequence[str]) -> Configurations:
    """The trigger of a file that describes one, for each of the given tables."""
    declared = sources.declared[0]
    named: list[Layer] = [sources.table(word) for word in dict.fromkeys(words)]
    if not named and sources.word is not None:
        named = [sources.word[1] or sources.table(sources.word[0])]
    found = []
    for table in named or [{}]:
        merged = _over(declared.layers, (*sources.above, table))
        rules.check_together(merged, sources.findings)
        sources.findings.raise_if_any()
        found.append(_configuration(sources, None, merged, *declared.layers))
    return Configurations(chosen=_with_warnings(sources, found))


# --- choosing -------------------------------------------------------------------------------------------


def _every(sources: Sources) -> dict[str, Layer]:
    """The valid settings from file and variables for each trigger of the file.

    Raises:
        InvalidConfigurationError: A setting is not valid.
    """
    every: dict[str, Layer] = {}
    for one in sources.declared:
        own = Findings()
        merged = _over(one.layers, [_without_function(layer) for layer in sources.above[:1]])
        rules.check_together(merged, own)
        triggers.prefixed(own, one.path, sources.findings)
        every[one.name or ""] = merged
    sources.findings.raise_if_any()
    return every


def _matching(words: Sequence[str], tables: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The names of the triggers that each word selects: the one with that name, or all of that table."""
    if not words:
        return {"": tuple(tables)}
    return {
        word: (word,) if word in tables else tuple(name for name, table in tables.items() if table == word)
        for word in words
    }


def _with_function(
    sources: Sources, every: Mapping[str, Layer], names: tuple[str, ...], unknown: tuple[str, ...]
) -> tuple[str, ...]:
    """The triggers, of several, with the function that a flag or a variable names.

    Raises:
        UsageError: No trigger has this function.
    """
    given = next((layer[_FUNCTION].value for layer in reversed(sources.above) if _FUNCTION in layer), None)
    if given is None or len(names) + len(unknown) < 2:
        return names
    functions = {name: _trigger(every[name], frozenset()) for name in names}
    found = tuple(name for name, one in functions.items() if one and one.function_name == given)
    if not found:
        near = nearest(str(given), [one.function_name for one in functions.values() if one])
        raise UsageError(
            f"No trigger of {', '.join(names)} has function {given}.",
            hint=f"Did you mean {near}?" if near else "Specify one trigger to change its function.",
            code="unknown-trigger",
        )
    return found


def _refuse_contradictions(sources: Sources, final: Mapping[str, Layer]) -> None:
    wanted = {name: _trigger(layer, frozenset()) for name, layer in final.items()}
    every = {name: trigger for name, trigger in wanted.items() if trigger is not None}
    contradictions(every, final, {one.name or "": one.place for one in sources.declared}, sources.findings)


# --- layers to values -----------------------------------------------------------------------------------


def _own(sources: Sources, name: str) -> tuple[Layer, ...]:
    return next(one.layers for one in sources.declared if one.name == name)


def _laid_over(sources: Sources, name: str) -> Layer:
    merged = _over(_own(sources, name), sources.above)
    own = Findings()
    rules.check_together(merged, own)
    path = next(one.path for one in sources.declared if one.name == name)
    triggers.prefixed(own, path, sources.findings)
    return merged


def _over(lowest: Sequence[Layer], above: Sequence[Layer]) -> Layer:
    together: Layer = {}
    for layer in (*lowest, *above):
        together = layers.lay_over(together, layer)
    return together


def _without_function(layer: Layer) -> Layer:
    """The layer without the function, which selects one of several triggers instead of applying to all."""
    return {path: given for path, given in layer.items() if path != _FUNCTION}


def _configuration(sources: Sources, name: str | None, merged: Layer, *from_file: Layer) -> Configuration:
    merged = clearing.without(merged, sources.request.unset)
    cleared = clearing.cleared_keys((*from_file, *([merged] if sources.request.unset else [])), merged)
    merged = _without_cleared(merged)
    return Configuration(
        trigger=_trigger(merged, cleared),
        name=name,
        connection=ConnectionSpec(**_below(merged, "connection.")),
        path=sources.request.file,
        sources=MappingProxyType({key: given.place for key, given in merged.items()}),
        values=MappingProxyType({key: _frozen(given.value) for key, given in merged.items()}),
    )


def _with_warnings(sources: Sources, found: Sequence[Configuration]) -> tuple[Configuration, ...]:
    return tuple(replace(one, warnings=tuple(sources.findings.warnings)) for one in found)


def _without_cleared(layer: Layer) -> Layer:
    """The layer without those entries of mappings that are null."""
    return {
        path: given._replace(value={name: text for name, text in given.value.items() if text is not None})
        if isinstance(given.value, dict)
        else given
        for path, given in layer.items()
    }


def _trigger(layer: Layer, cleared: frozenset[str]) -> Trigger | None:
    if _TABLE not in layer:
        return None
    fields = {written: field for field, written in RENAMED.items()}
    own = {fields.get(key, key): value for key, value in _below(layer, "").items() if "." not in key}
    return Trigger(
        **own,
        function=with_values(FunctionSpec(), _below(layer, "function.")),
        role=RoleSpec(**_below(layer, "role.")),
        mapping=MappingSpec(**_below(layer, "mapping.")),
        explicit=clearing.explicit_keys(layer),
        cleared=cleared,
    )


def _below(layer: Layer, prefix: str) -> dict[str, Any]:
    """The settings of a section, as arguments of its dataclass."""
    return {
        key.removeprefix(prefix): _frozen(given.value)
        for key, given in layer.items()
        if key.startswith(prefix)
    }


def _frozen(value: object) -> object:
    return MappingProxyType(value) if isinstance(value, dict) else value


# --- the file -------------------------------------------------------------------------------------------


def _declared(file: Path | None, cwd: Path, findings: Findings) -> tuple[Declared, ...]:
    root = None if file is None else yaml_file.read(file, _name(file, cwd), findings)
    if file is None or root is None:
        return (Declared(None, Place(""), ({},)),)
    return tuple(
        one._replace(layers=tuple(_with_absolute_code(layer, file.parent) for layer in one.layers))
        for one in triggers.declared_triggers(root, findings)
    ) or (Declared(None, root.place, ({},)),)


def _name(file: Path, cwd: Path) -> str:
    """The file's name in messages."""
    name = str(file.relative_to(cwd) if file.is_relative_to(cwd) else file)
    return name if name.isprintable() else repr(name)


def _with_absolute_code(layer: Layer, folder: Path) -> Layer:
    given = layer.get("function.code")
    if given is None or not isinstance(given.value, str) or re.fullmatch(REMOTE_CODE, given.value):
        return layer
    return {**layer, "function.code": LayerValue(str(folder / given.value), given.node)}
