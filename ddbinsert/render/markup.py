"""HTML and SVG that can't be broken by what is put into it: text is escaped unless this module made it."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from ddbinsert.render.screen import clean

if TYPE_CHECKING:
    from collections.abc import Iterable


class Markup(str):
    """Text that is markup already. Only `element` and `joined` make it, and whoever writes it out by hand."""

    __slots__ = ()


#: What an element may hold; None holds nothing.
Child = str | None

_VOID = frozenset({"meta", "br", "hr", "link", "col"})


def text(value: str) -> Markup:
    """Outside text as markup: escaped, and with every control character shown as an escape sequence."""
    return value if isinstance(value, Markup) else Markup(escape(clean(value)))


def element(name: str, /, *children: Child, **attributes: str | float | None) -> Markup:
    """An element. Attributes that are None are left out.

    Args:
        attributes: An underscore at the end is dropped, another is written as a hyphen.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(clean(_plain(value)))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{joined(children)}</{name}>")


def joined(children: Iterable[Child], between: str = "") -> Markup:
    return Markup(text(between).join(text(child) for child in children if child is not None))


def prose(value: str) -> Markup:
    """A sentence of ours, in which `backticks` stand around what is code."""
    parts = value.split("`")
    if len(parts) % 2 == 0:
        return text(value)
    return joined(element("code", part) if place % 2 else part for place, part in enumerate(parts))


def _plain(value: str | float) -> str:
    """Numbers without what a drawing can't show."""
    return value if isinstance(value, str) else f"{round(value, 2):g}"
