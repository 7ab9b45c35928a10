"""Replacing files atomically."""

from __future__ import annotations

import contextlib
import os
import shutil
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def replace_file(path: Path, content: str | bytes | Iterable[bytes]) -> None:
    """Replace a file atomically; an existing file keeps its permissions. Text is written as UTF-8.

    A link stays a link: its target is replaced. What is no regular file (a pipe, a device) is written to, as replacing
    it would remove it.

    Args:
        content: The content, as a whole or in pieces.

    Raises:
        OSError: The file cannot be written; its previous content is kept.
    """
    whole = content.encode() if isinstance(content, str) else content
    pieces = (whole,) if isinstance(whole, bytes) else whole
    if path.exists() and not path.is_file():
        with path.open("wb") as file:
            file.writelines(pieces)
        return
    path = Path(os.path.realpath(path))  # resolve refuses a loop of links
    fresh = fresh_beside(path)
    try:
        with fresh.open("xb") as file:
            file.writelines(pieces)
        if path.exists():
            shutil.copymode(path, fresh)
        fresh.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise


def fresh_beside(path: Path) -> Path:
    """A new path in the same folder. The name is not derived from the file's, which may have the maximum length."""
    return path.with_name(f".ddbinsert-{uuid.uuid4().hex[:12]}")
