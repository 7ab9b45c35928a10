"""Numbers in sentences."""

from __future__ import annotations


def plural(count: float, noun: str) -> str:
    """``1 record``, ``2 records``, ``1,000 records``; the number without a fraction."""
    return f"{count:,.0f} {noun}{'' if count == 1 else 's'}"
