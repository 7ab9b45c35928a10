"""Layers to one validated value.

Most runs give a table and no more; what checks all else is read only where there is something for it to check.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from ddbinsert.config.connection import ConnectionSpec
from ddbinsert.config.names import FILE_NAME, FILE_VARIABLE, OTHER_VARIABLES, PREFIX, flag_of
from ddbinsert.config.problems import Findings, Place, Problem
from ddbinsert.core.bounds import REMOTE_CODE, TABLE_NAME, TABLE_NAME_LENGTH
from ddbinsert.core.model import FunctionSpec, MappingSpec, Trigger

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ddbinsert.config.layers import Layer

_NO_FLAG_NAMES: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """Everything that the user asked for, validated.

    Attributes:
        trigger: None where no table is named anywhere.
        path: The file that was read, absolute; None where there is none.
        sources: Dotted key to where its value was written; a key that isn't in it has its default.
        values: Dotted key to its value, for the same keys; also where no table makes a trigger of them.
        warnings: What is allowed but doubtful.
    """

    trigger: Trigger | None = None
    connection: ConnectionSpec = field(default_factory=ConnectionSpec)
    path: Path | None = None
    sources: Mapping[str, Place] = field(default_factory=lambda: MappingProxyType({}))
    values: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    warnings: tuple[Problem, ...] = ()


def load(
    path: Path | None,
    *,
    cwd: Path,
    variables: Mapping[str, str],
    flags: Mapping[str, object],
    flag_names: Mapping[str, str] = _NO_FLAG_NAMES,
) -> Configuration:
    """Defaults, then the file, then DDBINSERT_* variables, then flags.

    Args:
        path: The file that --config names; None looks at DDBINSERT_CONFIG, then for ddbinsert.yaml in `cwd`.
        cwd: The working directory, absolute.
        variables: The process environment.
        flags: Dotted key to value; None is not given.
        flag_names: Dotted key to the flag's name in messages; ``--batch-size`` for ``mapping.batch_size``
            otherwise.

    Raises:
        InvalidConfigurationError: With every problem of every layer.
        LookupError: A flag is named like no key: the caller's mistake.
    """
    findings = Findings()
    file = _find(path, cwd, variables, findings)
    if file is None and not findings.warnings:
        bare = _bare(variables, flags, flag_names)
        if bare is not None:
            return bare
    from ddbinsert.config import layers, rules

    from_file = _read(file, cwd, findings) if file else {}
    from_variables = layers.from_variables(variables, findings)
    from_flags = layers.from_flags(flags, flag_names, findings)
    merged: Layer = {}
    for layer, folder in ((from_file, file and file.parent), (from_variables, cwd), (from_flags, cwd)):
        layers.refuse_rivals(layer, findings)
        merged = layers.lay_over(merged, _with_absolute_code(layer, folder or cwd))
    rules.check_together(merged, findings)
    findings.raise_if_any()
    return Configuration(
        trigger=_trigger(merged),
        connection=ConnectionSpec(**_below(merged, "connection.")),
        path=file,
        sources=MappingProxyType({key: given.place for key, given in merged.items()}),
        values=MappingProxyType({key: _frozen(given.value) for key, given in merged.items()}),
        warnings=tuple(findings.warnings),
    )


def _bare(
    variables: Mapping[str, str], flags: Mapping[str, object], flag_names: Mapping[str, str]
) -> Configuration | None:
    """What a table and --local alone make; None where there is more to check."""
    given = {key: value for key, value in flags.items() if value is not None}
    table, is_local = given.get("table"), given.get("connection.local", False)
    if (
        not given.keys() <= {"table", "connection.local"}
        or any(name.startswith(PREFIX) and name not in OTHER_VARIABLES for name in variables)
        or not isinstance(is_local, bool)
        or (table is not None and not _is_name(table))
    ):
        return None
    return Configuration(
        trigger=None if table is None else Trigger(table=str(table)),
        connection=ConnectionSpec(local=is_local),
        sources=MappingProxyType({key: Place(flag_names.get(key, flag_of(key))) for key in given}),
        values=MappingProxyType(given),
    )


def _is_name(table: object) -> bool:
    shortest, longest = TABLE_NAME_LENGTH
    return (
        isinstance(table, str)
        and shortest <= len(table) <= longest
        and re.fullmatch(TABLE_NAME, table) is not None
    )


def _find(path: Path | None, cwd: Path, variables: Mapping[str, str], findings: Findings) -> Path | None:
    """The file to read, absolute; a named one whether it exists or not."""
    named = path or (Path(variables[FILE_VARIABLE]) if variables.get(FILE_VARIABLE) else None)
    if named is not None:
        return cwd / named
    usual = cwd / FILE_NAME
    if usual.exists() or usual.is_symlink():
        return usual
    other = usual.with_suffix(".yml")
    if other.exists():
        findings.warn("", Place(other.name), f"This file is not read; rename it to {FILE_NAME}.")
    return None


def _read(file: Path, cwd: Path, findings: Findings) -> Layer:
    from ddbinsert.config import layers, yaml_file

    root = yaml_file.read(file, _name(file, cwd), findings)
    return {} if root is None else layers.from_file(root, findings)


def _name(file: Path, cwd: Path) -> str:
    """The file as messages call it."""
    name = str(file.relative_to(cwd) if file.is_relative_to(cwd) else file)
    return name if name.isprintable() else repr(name)


def _with_absolute_code(layer: Layer, folder: Path) -> Layer:
    from ddbinsert.config.layers import Given

    given = layer.get("function.code")
    if given is None or not isinstance(given.value, str) or re.fullmatch(REMOTE_CODE, given.value):
        return layer
    return {**layer, "function.code": Given(str(folder / given.value), given.node)}


def _trigger(layer: Layer) -> Trigger | None:
    if "table" not in layer:
        return None
    from ddbinsert.config.keys import RENAMED

    fields = {written: field for field, written in RENAMED.items()}
    own = {fields.get(key, key): value for key, value in _below(layer, "").items() if "." not in key}
    return Trigger(
        **own,
        function=FunctionSpec(**_below(layer, "function.")),
        mapping=MappingSpec(**_below(layer, "mapping.")),
    )


def _below(layer: Layer, prefix: str) -> dict[str, Any]:
    """What is given below a section, as the section's dataclass takes it."""
    return {
        key.removeprefix(prefix): _frozen(given.value)
        for key, given in layer.items()
        if key.startswith(prefix)
    }


def _frozen(value: object) -> object:
    return MappingProxyType(value) if isinstance(value, dict) else value
