"""The folder of a user's emulator state."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ddbinsert.errors import PrerequisiteError

if TYPE_CHECKING:
    from collections.abc import Mapping


def state_directory(environ: Mapping[str, str]) -> Path:
    """The folder ``local`` in ``$DDBINSERT_STATE_DIR`` or the XDG state home; nothing is created.

    Raises:
        PrerequisiteError: The variable is a path relative to a working directory that was deleted.
    """
    if chosen := environ.get("DDBINSERT_STATE_DIR"):
        folder = Path(os.path.expanduser(chosen))  # noqa: PTH111 - Path's own raises for an unknown user
        try:
            return folder.absolute() / "local"
        except OSError as error:
            raise PrerequisiteError(
                f"DDBINSERT_STATE_DIR ({chosen}) can't be used: the working directory does not exist.",
                hint="Change to another folder, or set DDBINSERT_STATE_DIR to an absolute path.",
                code="state-directory",
            ) from error
    xdg = environ.get("XDG_STATE_HOME", "")
    if Path(xdg).is_absolute():  # The XDG specification says to ignore a relative path.
        return Path(xdg) / "ddbinsert" / "local"
    home = environ.get("HOME") or os.path.expanduser("~")  # noqa: PTH111
    return Path(home) / ".local" / "state" / "ddbinsert" / "local"
