"""Pages that are read from the top to the bottom with a terminal beside: their files and commands, in order."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_STEP = re.compile(
    r"^(?:<!-- (?P<mark>file|exit): (?P<value>\S+) -->\n)?```(?P<language>\w*)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


class File(NamedTuple):
    """A file that the reader is told to write."""

    name: str
    text: str


class Commands(NamedTuple):
    """A block of commands, and the exit code that the page says it has."""

    text: str
    exit_code: int = 0


def steps(page: Path) -> Iterator[File | Commands]:
    """The steps of a page; the set-up by pip is not one of them."""
    for found in _STEP.finditer(page.read_text(encoding="utf-8")):
        if found["mark"] == "file":
            yield File(found["value"], found["text"])
        elif found["language"] == "sh" and "pip install" not in found["text"]:
            yield Commands(found["text"], int(found["value"] or 0))
