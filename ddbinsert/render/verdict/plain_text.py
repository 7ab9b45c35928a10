"""Outside text, cleaned for every report."""

from __future__ import annotations

from ddbinsert.render.terminal.screen import one_line

#: Maximum length of outside text in a report, in characters.
_LONGEST = 4000


def plain(text: object, limit: int = _LONGEST) -> str:
    """Outside text on one line, without anything that a terminal or a CI system's log interprets (see `clean`)."""
    return one_line(str(text), limit)
