"""Temporary databases on disk that leave nothing behind, however the process ends."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ddbinsert.errors import PrerequisiteError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: There is nothing to roll back to, and nothing to keep.
TEMPORARY = "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA temp_store=FILE;"


def scratch() -> sqlite3.Connection:
    """An empty database in a file of its own, in $SQLITE_TMPDIR, $TMPDIR, /var/tmp or /tmp.

    SQLite removes the file from its folder as soon as it is open, so that no kill leaves it there. With --match, it
    contains keys of items.
    """
    database = sqlite3.connect("", isolation_level=None)
    database.executescript(TEMPORARY)
    return database


def _remedy(folder: Path | None) -> str:
    if folder is None:
        return "Set TMPDIR to a folder with more space."
    return f"Free some space in {folder}, and in the folder for temporary files or set TMPDIR to another one."


@contextmanager
def disk_space_checked(what: str, per_row: str, folder: Path | None = None) -> Iterator[None]:
    """Report a database that cannot be written.

    Args:
        what: What cannot be stored, with an article.
        per_row: The space that is needed, in words.
        folder: A folder that is used besides the one for temporary files.

    Raises:
        PrerequisiteError: There is not enough disk space.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise PrerequisiteError(
            f"{what} cannot be stored on disk: {error}.",
            hint=f"It needs about {per_row}. {_remedy(folder)}",
            code="no-room",
        ) from error
