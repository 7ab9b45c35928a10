"""Text output: plain for pipes and logs, coloured on a terminal; control characters in outside text are escaped."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

# C0 and C1 controls (escape sequences start with one); marks and overrides that reorder a line; characters without a
# width (also used to hide text): soft hyphen, joiners, separators, fillers, byte order mark, tags; lone surrogates.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e0fff\ud800-\udfff]"
)
# What GitHub's runner interprets as a command: `::name …::` at the start of a line (after blanks), and `##[` anywhere
# (github.com/actions/runner, ActionCommand.cs).
_COMMAND = re.compile(r"^([^\S\n]*):(?=:[^\S\n]*[A-Za-z][^\n]*::)", re.MULTILINE)
_OLD_COMMAND = "##["
#: The words of a sentence; a command between backticks is one word, so that it can be copied.
_WORDS = re.compile(r"`[^`\n]*`\S*|\S+")
_NARROWEST = 30


def clean(text: str) -> str:
    """``text`` with everything escaped that a terminal or a CI system would interpret.

    Newlines and tabs are kept.
    """
    if text.isascii() and text.isprintable() and "::" not in text and _OLD_COMMAND not in text:
        return text  # most lines of a log
    safe = _UNSAFE.sub(lambda m: m.group().encode("unicode_escape", "surrogatepass").decode("ascii"), text)
    return _COMMAND.sub(r"\1\\x3a", safe).replace(_OLD_COMMAND, r"#\x23[")


def wrapped(text: str, width: int) -> str:
    """``text`` with each line broken at ``width``; continued lines are indented by two more than their first."""
    return "\n".join(
        piece for line in text.split("\n") for piece in _wrapped_line(line, max(width, _NARROWEST))
    )


def _wrapped_line(line: str, width: int) -> list[str]:
    if len(line) <= width:
        return [line]
    indent = line[: len(line) - len(line.lstrip())]
    made: list[str] = []
    current = indent
    for match in _WORDS.finditer(line):
        word = match.group()
        space = "" if not current.strip() else line[_end_before(line, match.start()) : match.start()]
        if current.strip() and len(current) + len(space) + len(word) > width:
            made.append(current)
            current, space = f"{indent}  ", ""
        current += space + word
    return [*made, current]


def _end_before(line: str, place: int) -> int:
    """The end of the word before ``place``."""
    return len(line[:place].rstrip())


def one_line(text: str, limit: int = 500) -> str:
    """``clean`` text on one line, cut at ``limit`` characters."""
    flat = " ".join(clean(text).split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"


def wants_colour(stream: TextIO, variables: Mapping[str, str]) -> bool:
    """Whether to use colours: as NO_COLOR or FORCE_COLOR says, else if the terminal supports them."""
    if variables.get("NO_COLOR"):
        return False
    if variables.get("FORCE_COLOR"):
        return True
    return stream.isatty() and variables.get("TERM") != "dumb"


class Screen:
    """One stream, with or without colours.

    rich is imported only for colours, tables and wrapped lines, so that scripts do not wait for it.
    """

    def __init__(self, stream: TextIO, *, colour: bool = False, width: int | None = None) -> None:
        self.stream = stream
        self.colour = colour
        self._width = width
        self._console: Any = None

    def line(self, text: str = "", style: str = "") -> None:
        """Print one or several lines of text; ``style`` is a style of rich, such as ``bold green``."""
        safe = clean(text)
        if not self.colour or not style:
            self.stream.write(_encodable(safe, self.stream) + "\n")
            return
        from rich.text import Text

        self._print(Text(safe, style=style), soft_wrap=True)

    def sentence(self, text: str, style: str = "") -> None:
        """Like ``line``; on a terminal, a long line is wrapped with a hanging indent."""
        self.line(wrapped(text, self.console.width - 1) if _is_terminal(self.stream) else text, style)

    def pairs(self, rows: Iterable[tuple[str, str]], indent: int = 0) -> None:
        """Names and values, the values in one column; on a terminal, long values are wrapped in it."""
        known = [(name, value) for name, value in rows if value]
        width = max((len(name) for name, _ in known), default=0)
        for name, value in known:
            label = f"{' ' * indent}{name.ljust(width)}  "
            room = " " * len(label)
            shown = (
                wrapped(room + value, self.console.width - 1) if _is_terminal(self.stream) else room + value
            )
            self.line(label + shown[len(label) :])

    def table(self, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """A table without borders; the last column takes the rest of the line."""
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False, header_style="bold" if self.colour else "")
        for heading in headings:
            table.add_column(heading, overflow="fold")
        for row in rows:
            table.add_row(*(Text(clean(cell)) for cell in row))
        self._print(table)

    def renderable(self, what: Any) -> None:
        """An object of rich, such as a tree; the texts in it are ``clean``."""
        self._print(what)

    def _print(self, what: Any, **how: Any) -> None:
        """Print with rich; characters that the stream's encoding lacks are replaced."""
        with self.console.capture() as captured:
            self.console.print(what, **how)
        self.stream.write(_encodable(captured.get(), self.stream))

    @property
    def console(self) -> Any:
        """The console of rich on the same stream; markup, emoji and highlighting are off."""
        if self._console is None:
            from rich.console import Console

            self._console = Console(
                file=self.stream,
                force_terminal=self.colour,
                no_color=not self.colour,
                markup=False,
                emoji=False,
                highlight=False,
                width=self._width if self._width or self.stream.isatty() else 120,
            )
        return self._console


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except ValueError:  # closed
        return False


def _encodable(text: str, stream: TextIO) -> str:
    """``text`` with characters replaced that the stream's encoding lacks, so that a C locale causes no traceback."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    if encoding == "utf-8" or encoding.lower().replace("-", "") == "utf8":
        return text
    return text.encode(encoding, "backslashreplace").decode(encoding)
