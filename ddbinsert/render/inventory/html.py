"""The inventory as one HTML file: complete without network, script or other files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from ddbinsert import __version__
from ddbinsert.render.inventory.text import example_words, summary
from ddbinsert.render.terminal.screen import clean
from ddbinsert.render.verdict.common import format_time

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ddbinsert.core.inventory.model import Unread


def page(entries: Sequence[Mapping[str, Any]], unread: Sequence[Unread], *, at: float) -> str:
    """The report on these entries."""
    environment = Environment(
        loader=PackageLoader("ddbinsert.render.inventory"),
        autoescape=True,
        finalize=lambda value: clean(str(value)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("inventory.html").render(
        summary=summary(entries),
        at=format_time(at),
        version=__version__,
        unread=unread,
        entries=entries,
        words=example_words,
    )
