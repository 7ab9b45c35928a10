"""Audit entries, for people."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ddbinsert.core.audit import Answer
    from ddbinsert.render.screen import Screen


def answer(screen: Screen, said: Answer, *, images: bool) -> None:
    """A row an entry, newest first; with ``images``, the item below it."""
    if not said.entries:
        screen.line("No entry fits.")
        return
    if images:
        for one in said.entries:
            screen.line(f"{one.time}  {one.table}  {one.item}  {one.user or '-'}", "bold")
            screen.line(f"  {json.dumps(one.image, ensure_ascii=False)}")
    else:
        rows = [(one.time, one.table, one.user or "-", one.item) for one in said.entries]
        screen.table(("time", "table", "user", "item"), rows)
    if said.more:
        screen.line("There are older ones: --limit, or --until.")
