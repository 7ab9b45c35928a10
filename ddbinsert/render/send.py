"""The result of `send`, as text and as data."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ddbinsert.core.times import format_duration
from ddbinsert.core.words import plural
from ddbinsert.render.keys import key_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ddbinsert.core.items.convert import Item
    from ddbinsert.core.items.samples import Sent
    from ddbinsert.render.terminal.screen import Screen

_SHOWN = 5


def data(sent: Sent, undo: str | None) -> dict[str, Any]:
    """The result for the envelope; keys in DynamoDB JSON.

    Args:
        undo: The command that removes the remaining items; None if they can only be removed by their own keys.
    """
    fields = asdict(sent)
    return {
        **fields,
        "seconds": round(sent.seconds, 3),
        "rate": None if sent.rate is None else round(sent.rate, 1),
        "remove_with": undo if sent.left else None,
    }


def human(screen: Screen, sent: Sent, undo: str | None) -> None:
    pace = f", {sent.rate:.0f} per second" if sent.rate and sent.inserted > 1 else ""
    rows = [
        ("inserted", f"{_items(sent.inserted)} in {format_duration(sent.seconds)}{pace}, run {sent.run_id}"),
        ("modified", _items(sent.modified) if sent.modified else ""),
        ("removed", _items(sent.removed) if sent.removed else ""),
        ("cleaned up", _items(sent.cleaned) if sent.cleaned else ""),
        ("keys", _keys(sent.keys[:1], sent.inserted + len(sent.existing))),
        ("left", _left_text(sent, undo) if sent.left else ""),
    ]
    screen.pairs(rows)


def _left_text(sent: Sent, undo: str | None) -> str:
    way = "they have your own keys, so remove them by key" if undo is None else f"remove them with: {undo}"
    return f"{_items(sent.left)}; {way}"


def keys_line(keys: Sequence[Item]) -> str:
    """The first few of several keys on one line."""
    return _keys(keys[:_SHOWN], len(keys))


def _keys(keys: Sequence[Item], of: int) -> str:
    return ", ".join(key_words(key) for key in keys) + (", …" if of > len(keys) else "")


def _items(count: int) -> str:
    return plural(count, "item")
