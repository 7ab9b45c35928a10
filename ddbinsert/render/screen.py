"""Where words go: plain text for pipes and logs, colours at a terminal; text from outside made harmless."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

# C0 and C1 controls (escape sequences start with one) and the bidirectional overrides that reorder a line.
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def clean(text: str) -> str:
    """``text`` with everything that a terminal would act upon shown as an escape; newline and tab stay."""
    return _UNSAFE.sub(lambda m: m.group().encode("unicode_escape", "surrogatepass").decode("ascii"), text)


def one_line(text: str, limit: int = 500) -> str:
    """``clean`` text on one line, cut at ``limit`` characters."""
    flat = " ".join(clean(text).split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"


def wants_colour(stream: TextIO, variables: Mapping[str, str]) -> bool:
    """NO_COLOR and FORCE_COLOR decide; otherwise whether it is a terminal that can."""
    if variables.get("NO_COLOR"):
        return False
    if variables.get("FORCE_COLOR"):
        return True
    return stream.isatty() and variables.get("TERM") != "dumb"


class Screen:
    """One stream, with or without colours.

    rich is loaded for colours and tables only: a script's run pays nothing for it.
    """

    def __init__(self, stream: TextIO, *, colour: bool = False, width: int | None = None) -> None:
        self.stream = stream
        self.colour = colour
        self._width = width
        self._console: Any = None

    def line(self, text: str = "", style: str = "") -> None:
        """One line (or several) of text; ``style`` is one of rich's, such as ``bold green``."""
        safe = clean(text)
        if not self.colour or not style:
            self.stream.write(_encodable(safe, self.stream) + "\n")
            return
        from rich.text import Text

        self._print(Text(safe, style=style), soft_wrap=True)

    def pairs(self, rows: Iterable[tuple[str, str]], indent: int = 0) -> None:
        """Names and values, the values in one column."""
        known = [(name, value) for name, value in rows if value]
        width = max((len(name) for name, _ in known), default=0)
        for name, value in known:
            self.line(f"{' ' * indent}{name.ljust(width)}  {value}")

    def table(self, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """A table without borders; the last column takes what is left of the line."""
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False, header_style="bold" if self.colour else "")
        for heading in headings:
            table.add_column(heading, overflow="fold")
        for row in rows:
            table.add_row(*(Text(clean(cell)) for cell in row))
        self._print(table)

    def renderable(self, what: Any) -> None:
        """One of rich's own things, such as a tree; the texts in it are `clean`."""
        self._print(what)

    def _print(self, what: Any, **how: Any) -> None:
        """Print with rich, as far as the stream's encoding goes."""
        with self.console.capture() as captured:
            self.console.print(what, **how)
        self.stream.write(_encodable(captured.get(), self.stream))

    @property
    def console(self) -> Any:
        """rich's console on the same stream; markup, emoji and highlighting are off."""
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


def _encodable(text: str, stream: TextIO) -> str:
    """``text`` as far as the stream's encoding goes: a C locale must not end a run with a traceback."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    if encoding.lower().replace("-", "") == "utf8":
        return text
    return text.encode(encoding, "backslashreplace").decode(encoding)
