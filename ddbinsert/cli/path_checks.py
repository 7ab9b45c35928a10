"""Checks of option values that are files and folders, without creating anything."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from ddbinsert.errors import ConfigurationError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ddbinsert.environment import Environment

#: Codes of errors, on which scripts may rely.
CODES: Final[Mapping[str, str]] = {
    "--sink": "variable-wrong",
    "--plan": "plan-unreadable",
    "--diff": "diff-file",
    "--checkpoint": "checkpoint-file",
    "--report": "report-file",
    "--junit": "report-file",
    "--bundle": "report-file",
    "--from": "destination-not-readable",
}
#: Placeholders of files and folders.
_PATHS: Final[Sequence[str]] = ("FILE", "DIR", "FILE|DIR", "PLACE")
#: Options of files for which ``-`` is standard input or output. A command's
#: result is written to standard output, and no other document with it.
_STREAMS: Final[Sequence[str]] = (
    "--item",
    "--event",
    "--record",
    "--records",
    "--output-file",
)


def refuse_stream(name: str, placeholder: str | None, value: str) -> None:
    """Refuse ``-`` for an option that takes a file, but neither reads standard input nor writes to standard output."""
    if value == "-" and placeholder in _PATHS and name not in _STREAMS:
        raise UsageError(
            f"{name} -: this takes the name of a file or folder, not standard input or output.",
            hint="Use another name.",
            code=CODES.get(name, "not-a-stream"),
        )


def read_file(name: str, value: str, environment: Environment) -> None:
    if value == "-":
        return  # standard input
    path = environment.cwd / value
    try:
        with path.open("rb"):
            pass
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{name} {value}: {_reason(error)}.",
            hint="Check the path.",
            code=CODES.get(name, "not-readable"),
        ) from None


def configuration(name: str, value: str, environment: Environment) -> None:
    """Check the configuration file, even if the command does not read it."""
    try:
        read_file(name, value, environment)
    except UsageError as error:
        raise ConfigurationError(error.message, hint=error.hint) from None


def folder(name: str, value: str, environment: Environment) -> None:
    try:
        is_folder = (environment.cwd / value).is_dir()
    except (OSError, ValueError):
        is_folder = False
    if not is_folder:
        raise UsageError(
            f"{name} {value}: there is no such folder.", hint="Check the path.", code="not-readable"
        )


def made_folder(name: str, value: str, environment: Environment) -> None:
    _refuse_unless_writable(name, value, environment.cwd / value, folder=True, makes_folders=True)


def file_or_folder(name: str, value: str, environment: Environment) -> None:
    if not (environment.cwd / value).is_dir():
        read_file(name, value, environment)


def written_file(name: str, value: str, environment: Environment) -> None:
    _refuse_unless_writable(name, value, environment.cwd / value)


def checkpoint(name: str, value: str, environment: Environment) -> None:
    path = environment.cwd / value
    _refuse_unless_writable(name, value, path)
    if path.exists() and not path.is_file():  # such as /dev/zero, which has no end
        raise UsageError(
            f"{name} {value}: this is not a regular file.", hint="Use a regular file.", code=CODES[name]
        )


def report(name: str, value: str, environment: Environment) -> None:
    _refuse_unless_writable(name, value, environment.cwd / value, makes_folders=True)


def output_file(name: str, value: str, environment: Environment) -> None:
    if value != "-":  # standard output
        report(name, value, environment)


def _refuse_unless_writable(
    name: str,
    value: str,
    path: Path,
    *,
    folder: bool = False,
    makes_folders: bool = False,
) -> None:
    """Check that a path is writable, without creating anything."""
    try:
        place = path if path.exists() else path.parent
        if makes_folders:
            place = next(one for one in (place, *place.parents) if one.exists())
        if path.exists() and path.is_dir() is not folder:
            problem = "this is not a folder" if folder else "this is a folder"
        elif place != path and not place.is_dir():
            problem = f"{place} is not a folder" if place.exists() else f"{place} does not exist"
        else:
            problem = "" if os.access(place, os.W_OK) else f"{place} is write-protected"
    except OSError as error:
        problem = _reason(error)
    if problem:
        raise UsageError(
            f"{name} {value}: it can't be written: {problem}.",
            hint="Use another path.",
            code=CODES.get(name, "not-writable"),
        )


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)
