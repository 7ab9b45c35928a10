"""Whether the extra ``local`` is installed, and the command that installs it."""

from __future__ import annotations

import importlib.util
import shlex
import shutil
import sys
from typing import TYPE_CHECKING

from ddbinsert.errors import PrerequisiteError

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The reviewed versions of MiniStack (its ports, files, and what it passes to handlers), as in pyproject.toml.
OLDEST = (1, 5, 33)
BELOW = (1, 6)


def require_extra(environ: Mapping[str, str]) -> None:
    """Check that a supported version of MiniStack is installed.

    Raises:
        PrerequisiteError: It is not.
    """
    version = installed_version()
    if version is None:
        problem = "The local emulator is not installed: it is part of the extra 'local'."
    elif not OLDEST <= version < BELOW:
        problem = f"MiniStack {_dotted(version)} is installed, but {_dotted(OLDEST)} up to {_dotted(BELOW)} is needed."
    else:
        return
    raise PrerequisiteError(problem, hint=f"Run: {install_command(environ)}", code="local-extra-missing")


def installed_version() -> tuple[int, ...] | None:
    """MiniStack's version, its numeric parts only; None if MiniStack or the server that it runs on is missing."""
    if any(importlib.util.find_spec(name) is None for name in ("ministack", "hypercorn")):
        return None
    # This import takes longer than everything else that finding a running emulator needs.
    from importlib.metadata import PackageNotFoundError, version

    try:
        found = version("ministack")
    except PackageNotFoundError:
        return None
    return tuple(int(part) for part in found.split(".") if part.isdecimal())


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def install_command(environ: Mapping[str, str]) -> str:
    """The command that installs the extra for the running interpreter."""
    if importlib.util.find_spec("pip") is None:
        return f"uv pip install --python {shlex.quote(sys.executable)} 'ddbinsert[local]'"
    return f"{_interpreter(environ)} -m pip install 'ddbinsert[local]'"


def _interpreter(environ: Mapping[str, str]) -> str:
    for name in ("python", "python3"):
        if shutil.which(name, path=environ.get("PATH")) == sys.executable:
            return name
    return shlex.quote(sys.executable)
