"""Whether the extra ``local`` is installed, and what to type if it isn't."""

from __future__ import annotations

import importlib.util
import shlex
import shutil
import sys
from typing import TYPE_CHECKING

from ddbinsert.errors import PrerequisiteError

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The MiniStack that was looked into: what it opens, writes and hands on to handlers. As in pyproject.toml.
OLDEST = (1, 5, 33)
BELOW = (1, 6)


def require_extra(environ: Mapping[str, str]) -> None:
    """Raises PrerequisiteError unless a MiniStack that we know how to run safely is installed."""
    version = installed_version()
    if version is None:
        problem = "The local emulator is not installed: it is part of the extra 'local'."
    elif not OLDEST <= version < BELOW:
        problem = f"MiniStack {_dotted(version)} is installed, but {_dotted(OLDEST)} up to {_dotted(BELOW)} is needed."
    else:
        return
    raise PrerequisiteError(problem, hint=f"Run: {install_command(environ)}", code="local-extra-missing")


def installed_version() -> tuple[int, ...] | None:
    """MiniStack's, without what isn't a number; None where it, or the server that it runs on, is missing."""
    if any(importlib.util.find_spec(name) is None for name in ("ministack", "hypercorn")):
        return None
    # Takes longer than all else that finding a running emulator needs.
    from importlib.metadata import PackageNotFoundError, version

    try:
        found = version("ministack")
    except PackageNotFoundError:
        return None
    return tuple(int(part) for part in found.split(".") if part.isdecimal())


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def install_command(environ: Mapping[str, str]) -> str:
    """What to type to install the extra for the interpreter that runs this."""
    if importlib.util.find_spec("pip") is None:
        return f"uv pip install --python {shlex.quote(sys.executable)} 'ddbinsert[local]'"
    return f"{_interpreter(environ)} -m pip install 'ddbinsert[local]'"


def _interpreter(environ: Mapping[str, str]) -> str:
    for name in ("python", "python3"):
        if shutil.which(name, path=environ.get("PATH")) == sys.executable:
            return name
    return shlex.quote(sys.executable)
