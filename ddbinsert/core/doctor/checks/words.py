"""Words and repairs that several checks share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ddbinsert.advice import TABLE, Advice

if TYPE_CHECKING:
    from ddbinsert.core.model.seen import MappingState


def attach(text: str, *options: str) -> Advice:
    """An advice to run attach-trigger with these options."""
    return Advice(text, ("attach-trigger", TABLE, *options))


def show_log(text: str = "Show the function's log") -> Advice:
    return Advice(text, ("tail", TABLE, "--since", "1h"))


def clock_time(epoch: float) -> str:
    """``2026-11-28 00:16:54 UTC``."""
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def plural(count: float, noun: str) -> str:
    return f"{count:,.0f} {noun}{'' if count == 1 else 's'}"


def listed(mappings: tuple[MappingState, ...]) -> tuple[str, ...]:
    return tuple(f"mapping {m.uuid}: {m.state}" for m in mappings)
