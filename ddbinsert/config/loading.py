"""Loading the configuration: one validated value for each trigger.

Most runs give only a table; the modules that check the rest are imported only if there is more to check.
"""

from __future__ import annotations

import re
from dataclasses import field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from ddbinsert.config.connection import ConnectionSpec
from ddbinsert.config.names import FILE_NAME, FILE_VARIABLE, OTHER_VARIABLES, PREFIX, flag_of
from ddbinsert.config.problems import Findings, Place, Problem
from ddbinsert.core.model.bounds import TABLE_NAME, TABLE_NAME_LENGTH
from ddbinsert.core.model.wanted import Trigger
from ddbinsert.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_NO_FLAG_NAMES: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """The validated configuration of one trigger.

    Attributes:
        trigger: The trigger; None if no table is specified.
        name: The trigger's name in a file with several; None if the file describes one, or does not describe it.
        rivals: In a file with several: the names of the triggers of which one must be chosen, if none was. The
            trigger then has the common settings of those of the named table, or is None.
        path: The absolute path of the file that was read; None if there is none.
        sources: The place where each value was written, by dotted key; missing keys have their defaults.
        values: Values by dotted key, for the same keys; also without a table, and so without a trigger.
        warnings: Settings that are allowed but questionable.
    """

    trigger: Trigger | None = None
    name: str | None = None
    rivals: tuple[str, ...] = ()
    connection: ConnectionSpec = field(default_factory=ConnectionSpec)
    path: Path | None = None
    sources: Mapping[str, Place] = field(default_factory=lambda: MappingProxyType({}))
    values: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Configurations:
    """The selected triggers of a file with one or several triggers, or without a file.

    Attributes:
        chosen: The configuration of each trigger, in the order of the words, else in that of the file.
        names: The names of all triggers of the file; empty if it describes one.
        unknown: The words that are neither the name nor the table of a trigger of a file with several. Each is the
            table of a configuration in `chosen`, with the settings that all triggers share.
    """

    chosen: tuple[Configuration, ...]
    names: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


class Request(NamedTuple):
    """The sources of a configuration; see `load`.

    Attributes:
        file: The absolute path of the file to read; None for no file.
    """

    file: Path | None
    cwd: Path
    variables: Mapping[str, str]
    flags: Mapping[str, object]
    flag_names: Mapping[str, str]
    unset: Sequence[str]


def load(
    path: Path | None,
    *,
    cwd: Path,
    variables: Mapping[str, str],
    flags: Mapping[str, object],
    flag_names: Mapping[str, str] = _NO_FLAG_NAMES,
    unset: Sequence[str] = (),
) -> Configuration:
    """Load the configuration of one trigger from defaults, file, DDBINSERT_* variables and flags.

    Args:
        path: The file that --config names; None uses DDBINSERT_CONFIG, else ddbinsert.yaml in `cwd`.
        cwd: The working directory, absolute.
        unset: Dotted keys of settings to clear (``--unset``).
        variables: The process environment.
        flags: Values by dotted key; None for flags that were not given. ``table`` may be the name of a trigger of a
            file with several.
        flag_names: Names of flags in messages, by dotted key; the default for ``mapping.batch_size`` is
            ``--batch-size``.

    Raises:
        InvalidConfigurationError: A setting is not valid; lists every problem of every layer.
        LookupError: A flag does not belong to any key, which is an error of the caller.
    """
    findings = Findings()
    request = Request(_find(path, cwd, variables, findings), cwd, variables, flags, flag_names, unset)
    bare = _bare(request, findings)
    if bare is not None:
        return bare
    from ddbinsert.config.selection import Sources, select_only_trigger

    return select_only_trigger(Sources.read(request, findings))


def load_every(
    path: Path | None,
    *,
    cwd: Path,
    variables: Mapping[str, str],
    flags: Mapping[str, object],
    words: Sequence[str] = (),
    flag_names: Mapping[str, str] = _NO_FLAG_NAMES,
    unset: Sequence[str] = (),
) -> Configurations:
    """Load the configuration of each selected trigger; see `load`. Without ``words``, of all triggers of the file.

    Args:
        words: Names of triggers, or tables. ``flags`` has no table.

    Raises:
        InvalidConfigurationError: A setting is not valid, or triggers cannot be combined; lists every problem.
        UsageError: No trigger of the file has the function that a flag or a variable names.
        LookupError: A flag does not belong to any key, which is an error of the caller.
    """
    findings = Findings()
    request = Request(_find(path, cwd, variables, findings), cwd, variables, flags, flag_names, unset)
    if len(words) <= 1:
        table = {"table": words[0]} if words else {}
        bare = _bare(request._replace(flags={**flags, **table}), findings)
        if bare is not None:
            return Configurations(chosen=(bare,))
    from ddbinsert.config.selection import Sources, select_triggers

    return select_triggers(Sources.read(request, findings), words)


def _bare(request: Request, findings: Findings) -> Configuration | None:
    """The configuration if only a table and --local are given; None if there is more to check."""
    given = {key: value for key, value in request.flags.items() if value is not None}
    table, is_local = given.get("table"), given.get("connection.local", False)
    if (
        request.file is not None
        or findings.warnings
        or request.unset
        or not given.keys() <= {"table", "connection.local"}
        or any(name.startswith(PREFIX) and name not in OTHER_VARIABLES for name in request.variables)
        or not isinstance(is_local, bool)
        or (table is not None and not _is_name(table))
    ):
        return None
    return Configuration(
        trigger=None if table is None else Trigger(table=str(table)),
        connection=ConnectionSpec(local=is_local),
        sources=MappingProxyType({key: Place(request.flag_names.get(key, flag_of(key))) for key in given}),
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
    """The absolute path of the file to read; a file that is named explicitly need not exist."""
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
