"""Where a user's emulator is written down."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def state_directory(environ: Mapping[str, str]) -> Path:
    """``$DDBINSERT_STATE_DIR``, else the XDG state home, with ``local`` below; made by nobody yet."""
    if chosen := environ.get("DDBINSERT_STATE_DIR"):
        return Path(chosen).expanduser().absolute() / "local"
    xdg = environ.get("XDG_STATE_HOME", "")
    if Path(xdg).is_absolute():  # The XDG specification: a relative path is to be ignored.
        return Path(xdg) / "ddbinsert" / "local"
    home = Path(environ["HOME"]) if environ.get("HOME") else Path.home()
    return home / ".local" / "state" / "ddbinsert" / "local"
