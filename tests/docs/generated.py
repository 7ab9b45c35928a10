"""The generated part of a page, between two marks."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

END = "<!-- end -->"


def write_part(path: Path, begin: str, lines: Iterable[str]) -> None:
    """Replace what is between a mark and the next end, at once."""
    before, found, rest = path.read_text(encoding="utf-8").partition(begin)
    _, ended, after = rest.partition(END)
    if not found or not ended:
        raise ValueError(f"{path} has no part {begin} … {END}")
    new = path.with_suffix(".new")
    new.write_text("\n".join([f"{before}{begin}", *lines, f"{END}{after}"]), encoding="utf-8")
    new.replace(path)
