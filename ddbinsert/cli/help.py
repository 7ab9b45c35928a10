"""The text of a command's ``--help``: options in groups, examples that can be copied."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from typer.core import TyperCommand

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: Groups of options in the order in which a command's help lists them; a command's own options come first.
OPTIONS: Final = "Options"
PANELS: Final = (OPTIONS, "Trigger", "Function", "Mapping", "Connection", "Output")

#: Columns for names and flags; a longer name takes its own line.
_FIRST_COLUMN: Final = 26
_NARROWEST: Final = 20
_EXAMPLE: Final = "Example: "
_HELP: Final = "help"

#: The types that typer appends to the name of an argument.
_ONE: Final = " <str>"
_SEVERAL: Final = " <list[str]>"


class Command(TyperCommand):
    """A command whose help has its options in groups."""

    def format_help_text(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - click's signature
        write_text(self.help or "", formatter)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        write_options(self.get_params(ctx), ctx, formatter)


def summary(text: str) -> str:
    """The first sentence of a command's help."""
    first = " ".join(text.strip().split("\n\n")[0].split())
    return re.split(r"(?<=\.)\s", first, maxsplit=1)[0]


def write_text(text: str, formatter: Any) -> None:
    """Write wrapped paragraphs, but examples unchanged, so that they can be copied."""
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        if not paragraph:
            continue
        formatter.write_paragraph()
        with formatter.indentation():
            if paragraph.startswith(_EXAMPLE):
                lines = "\n  ".join(line.strip() for line in paragraph.splitlines())
                formatter.write(f"  {lines}\n")
            else:
                _write_wrapped(paragraph, formatter)


def write_options(params: Iterable[Any], ctx: Any, formatter: Any) -> None:
    panels: dict[str, list[tuple[str, str]]] = {"Arguments": []}
    for param in params:
        record = param.get_help_record(ctx)
        if record is None:
            continue
        is_argument = param.param_type_name == "argument"
        panel = "Arguments" if is_argument else (getattr(param, "rich_help_panel", None) or OPTIONS)
        if panel == OPTIONS and param.name == "help":
            panel = _HELP
        name, text = record
        panels.setdefault(panel, []).append((argument_name(name) if is_argument else name, text))
    helps = panels.pop(_HELP, [])
    panels.setdefault("Output" if "Output" in panels else OPTIONS, []).extend(helps)
    for panel in dict.fromkeys(("Arguments", *PANELS, *panels)):
        if panels.get(panel):
            with formatter.section(panel):
                write_rows(panels[panel], formatter)


def argument_name(name: str) -> str:
    """An argument's name without its type; ``TABLE...`` if it can be given several times."""
    if name.endswith(_SEVERAL):
        return name.removesuffix(_SEVERAL).removesuffix("...") + "..."
    return name.removesuffix(_ONE)


def write_rows(rows: Sequence[tuple[str, str]], formatter: Any) -> None:
    """Write names and texts in two columns; a name that is too long for its column takes its own line."""
    width = min(_FIRST_COLUMN, max(len(name) for name, _ in rows))
    indent = " " * formatter.current_indent
    room = max(_NARROWEST, formatter.width - len(indent) - width - 2)
    for full_name, text in rows:
        name = full_name if len(full_name) <= width else ""
        lines = _wrapped(text, room) or [""]
        if not name:
            formatter.write(f"{indent}{full_name}\n")
        for first, line in zip([name, *[""] * len(lines)], lines, strict=False):
            formatter.write(f"{indent}{first.ljust(width)}  {line}".rstrip() + "\n")


def _write_wrapped(text: str, formatter: Any) -> None:
    indent = " " * formatter.current_indent
    for line in _wrapped(text, formatter.width - len(indent)):
        formatter.write(f"{indent}{line}\n")


def _wrapped(text: str, width: int) -> list[str]:
    """Wrap a text without breaking words at hyphens (``audit-log``)."""
    import textwrap  # the parser's formatter has already imported it

    return textwrap.wrap(text, width, break_on_hyphens=False, break_long_words=False)
