"""Annotations of GitHub Actions: only here may a line begin with ``::``; all outside text is encoded."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal

from ddbinsert.render.terminal.screen import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

Level = Literal["error", "warning", "notice"]

_PROPERTY: Final = re.compile(r"[%\r\n:,]")
_DATA: Final = re.compile(r"[%\r\n]")


def annotation(level: Level, properties: Mapping[str, str], text: str) -> str:
    """One workflow command, including the line break.

    Args:
        properties: file, line, col, title.
    """
    shown = ",".join(f"{name}={_encoded(_PROPERTY, clean(value))}" for name, value in properties.items())
    return f"::{level} {shown}::{_encoded(_DATA, clean(text))}\n"


def _encoded(unsafe: re.Pattern[str], text: str) -> str:
    """The text percent-encoded as by GitHub's toolkit."""
    return unsafe.sub(lambda found: f"%{ord(found.group()):02X}", text)
