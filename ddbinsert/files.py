"""Files that are replaced whole or not at all."""

from __future__ import annotations

import contextlib
import shutil
import uuid
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def replace_file(path: Path, content: str | bytes | Iterable[bytes]) -> None:
    """Replace a file atomically; an existing file keeps its permissions. Text is written as UTF-8.

    Args:
        content: Whole, or in pieces.

    Raises:
        OSError: It can't be written; what was there before stays.
    """
    fresh = fresh_beside(path)
    try:
        with fresh.open("xb") as file:
            whole = content.encode() if isinstance(content, str) else content
            file.writelines((whole,) if isinstance(whole, bytes) else whole)
        if path.exists():
            shutil.copymode(path, fresh)
        fresh.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise


def fresh_beside(path: Path) -> Path:
    """A new name in the same folder; not derived from the file's own, which may be as long as the system allows."""
    return path.with_name(f".ddbinsert-{uuid.uuid4().hex[:12]}")
