"""The pages of the manual, taken apart: their blocks of code, in order, and the commands in these."""

from __future__ import annotations

import itertools
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
#: All pages that are published: each is read by the tests, a new one from its first day on.
PAGES = (
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted(DOCS.rglob("*.md")),
)
_BLOCK = re.compile(
    r"(?P<marks>(?:^<!-- \w+: \S+ -->\n)*)^(?P<fence>```+)(?P<language>\w*)\n(?P<text>.*?)^(?P=fence)$",
    re.MULTILINE | re.DOTALL,
)
_MARK = re.compile(r"<!-- (\w+): (\S+) -->")
#: What ends a command within a line.
_END = frozenset("&|;()")
_ASSIGNMENT = re.compile(r"\w+=.*")


class Block(NamedTuple):
    """A block of code.

    Attributes:
        file: The name under which the reader saves it, from ``<!-- file: NAME -->``.
        exit_code: What its last command ends with, from ``<!-- exit: N -->``.
    """

    line: int
    language: str
    text: str
    file: str = ""
    exit_code: int = 0

    @property
    def first_line(self) -> str:
        return next(iter(self.text.splitlines()), "")


def name_of(page: Path) -> str:
    """Such as ``docs/verify.md``."""
    return page.relative_to(ROOT).as_posix()


def blocks(text: str) -> Iterator[Block]:
    for found in _BLOCK.finditer(text):
        marks = dict(_MARK.findall(found["marks"]))
        assert marks.keys() <= {"file", "exit"}, marks
        line = text.count("\n", 0, found.start("fence")) + 1
        yield Block(
            line, found["language"], found["text"], marks.get("file", ""), int(marks.get("exit", "0"))
        )


def prose(text: str) -> str:
    """A page without its blocks."""
    return _BLOCK.sub("", text)


def lines_of(script: str) -> list[str]:
    """The lines of a script, without comments; continued ones and here documents in one piece."""
    lines: list[str] = []
    end = ""
    for line in script.splitlines():
        if end or (lines and lines[-1].endswith("\\")):
            lines[-1] += f"\n{line}"
            end = "" if line == end else end
        elif line.strip() and not line.lstrip().startswith("#"):
            lines.append(line)
            here = re.search(r"<<-?\s*['\"]?(\w+)", line)
            end = here[1] if here else ""
    return lines


def programs(line: str) -> list[str]:
    """The programs that a line of a shell calls, in order, those in ``$(…)`` included."""
    found: list[str] = []
    for inner in re.findall(r"\$\((.*?)\)", line):
        found += programs(inner)
    lexer = shlex.shlex(line.partition("<<")[0], posix=True, punctuation_chars="&|;()<>")
    lexer.whitespace_split = True
    lexer.commenters = "#"
    for is_end, words in itertools.groupby(lexer, key=lambda word: set(word) <= _END and word != ">&"):
        called = [word for word in words if not is_end and not _ASSIGNMENT.fullmatch(word)]
        if called and called[0] not in {">", ">>"}:
            found.append(called[0])
    return found


class Shown(NamedTuple):
    """A command of a ``console`` block, and the output that the page shows."""

    command: str
    output: str


def sessions(text: str) -> list[Shown]:
    return [Shown(*part.partition("\n")[::2]) for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]]
